#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every way out that is known here, tried four times: with all layers off (it must go through, or say why it is not
# tried), under the guard alone, in a jail without the guard, and in a jail. In a jail none may go through; without
# the guard none but what only the guard refuses, which $here/guard-only names.
# tests: bpf/guard.bpf.c runner/sandbox/enter.c
# Mounts of its own: it lays others over /tmp and what the machine says of its security modules.
[ -n "${ESCAPE_OWN_MOUNTS:-}" ] || ESCAPE_OWN_MOUNTS=1 exec unshare --mount --propagation private "$0"
. tests/jail/lib.sh
here=tests/escape
out=$J/escape
for need in attempts escape-alone jail-drive; do
	[ -x "$KENNEL_BUILD/tests-vm/$need" ] || { not_ok "$need" "it is not built; run: make tests-build"; exit 1; }
done
make_host
mkdir -p "$out" "$J/tools"
# The tree may lie below /tmp, which is about to be covered.
cp "$KENNEL_BUILD"/tests-vm/{attempts,escape-alone} "$J/tools/"

# ---- the same names on the machine itself, for the first two; on a disk, as in a jail ----
for folder in plugin data vault; do
	mkdir -p "/$folder" "$J/here/$folder"
	mount --bind "$J/here/$folder" "/$folder"
done
mount -t tmpfs tmpfs /tmp
mkdir -p /vault/Projects/sub /vault/Private
cp "$J/tools/attempts" /plugin/plugin
echo "deep" >/vault/Projects/sub/b.md
echo "secret" >/vault/Private/c.md
touch /canary
echo canary >"$J/here/canary"
mount --bind "$J/here/canary" /canary
# Listeners of the host, among the notes and in the abstract.
listen() { # FOLDER
	rm -f "$1/socket" "$1/datagrams"
	python3 - "$1" <<'PY' &
import socket, sys, time
s = [socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)]
s[0].bind(sys.argv[1] + "/socket")
s[2].bind(sys.argv[1] + "/datagrams")
s[0].listen(8)
try:
    s[1].bind("\0kennel-escape")
    s[1].listen(8)
except OSError:
    pass
time.sleep(3600)
PY
	for _ in $(seq 400); do [ -S "$1/datagrams" ] && break; sleep 0.1; done
	chmod 666 "$1/socket" "$1/datagrams"
}
listen /vault/Projects
listen "$VAULT/Projects"
names() { cut -f 1,2 "$1"; }
with() { awk -F '\t' -v o="$2" '$3 == o' "$1"; } # FILE OUTCOME
count() { with "$1" "$2" | wc -l; }
show() { with "$1" "$2" | sed "s/^/# $3 /"; }

# ---- all layers off ----
KENNEL_VM=1 /plugin/plugin --control >"$out/control" 2>&1
is "all layers off: each goes through, or says why it is not tried" 0 \
	"$(($(wc -l <"$out/control") - $(count "$out/control" through) - $(count "$out/control" skipped)))"
awk -F '\t' '$3 != "through" && $3 != "skipped"' "$out/control" | sed 's/^/# not through with all layers off: /'
rm -rf /data/* /tmp/* /plugin/link /plugin/f*
# ---- the guard alone ----
"$J/tools/escape-alone" >"$out/alone" 2>"$out/alone.err"
status=$?
sed 's/^/# /' "$out/alone.err"
is "the guard alone: it ran to its end" "0 $(wc -l <"$out/control")" "$status $(grep -vc '^#' "$out/alone")"
grep '^#' "$out/alone"
"$J/tools/attempts" --rows >"$out/rows"
# What is the guard's to refuse, by the rows, must be refused; the kernel's own hooks need what root alone cannot show.
awk -F '\t' 'NR == FNR { if ($3 ~ /ebpf:/) his[$1 FS $2] = 1; next } ($1 FS $2) in his && $3 == "through"' "$out/rows" "$out/alone" >"$out/alone.through"
sed 's/^/# through the guard alone: /' "$out/alone.through"
is "the guard alone: what is its to refuse is refused" 0 "$(wc -l <"$out/alone.through")"

# ---- in a jail ----
total=$(wc -l <"$out/control")
attempts_in_jail() { # FILE: all attempts, in as many jails as it takes
	local from=0 a id last
	: >"$1"
	for _ in $(seq 12); do
		a=$(d start acme hostile "$HEX" 2 1 w:data: r:vault:Projects)
		id=$(id_of "$a")
		[ -n "$id" ] || { echo "# a jail does not start: $a"; return 1; }
		last=$(d attempts "$id" "$from" | tee -a "$1" | tail -n 1)
		d kill "$id" >/dev/null
		d wait "$id" >/dev/null
		[ "$last" != end ] || break
		# the jail ended with the attempt: that is a refusal too
		from=${last#closed }
		[[ $from =~ ^[0-9]+$ ]] || { echo "# no answer: $last"; return 1; }
		sed -i '$d' "$1"
		sed -n "$((from + 1))p" "$out/rows" | awk -F '\t' '{ print $1 FS $2 FS "killed" FS "the jail" FS 0 }' >>"$1"
		from=$((from + 1))
	done
	sed -i '/^end$/d' "$1"
}
run_jail() { # TITLE FILE
	if ! start_kenneld; then not_ok "$1: kenneld starts" "see above"; return; fi
	make_plugin hostile "$J/tools/attempts"
	attempts_in_jail "$2"
	is "$1: every attempt was made" "$total" "$(grep -c . "$2")"
	stop_kenneld
}

# A guard outlives its kenneld; here there must be none.
rm -rf /sys/fs/bpf/kennel-*
for _ in $(seq 200); do bpftool link show | grep -q lsm_mac || break; sleep 0.1; done
is "a jail without the guard: no program of the kind is attached" 0 "$(bpftool link show | grep -c lsm_mac)"
echo "lockdown,capability,landlock" >"$out/lsm"
mount --bind "$out/lsm" /sys/kernel/security/lsm
write_config '"accept":["no-bpf-lsm"],'
run_jail "a jail without the guard" "$out/unguarded"
umount /sys/kernel/security/lsm
is "a jail without the guard: nothing of the guard was there" 0 "$(awk -F '\t' '{ n += $5 } END { print n + 0 }' "$out/unguarded")"
with "$out/unguarded" through | cut -f 1,2 | sort >"$out/unguarded.through"
grep -v '^#' "$here/guard-only" | sort >"$out/guard-only"
comm -23 "$out/unguarded.through" "$out/guard-only" | sed 's/^/# through a jail without the guard: /'
is "a jail without the guard: only what the guard alone refuses goes through" 0 "$(comm -23 "$out/unguarded.through" "$out/guard-only" | wc -l)"

write_config
LOG_FROM=$(($(wc -l <"$J/log") + 1))
run_jail "a jail" "$out/both"
show "$out/both" through "through a jail:"
show "$out/both" hung "no end in a jail:"
is "a jail: nothing goes through" 0 "$(($(count "$out/both" through) + $(count "$out/both" hung)))"

# ---- who refused what ----
awk -F '\t' '
	function layer() {
		if ($3 == "killed") return $4 == "SIGSYS" ? "seccomp" : "killed"
		if ($5 > 0) return "guard"
		if ($4 == "ENOSYS") return "seccomp"
		if ($4 == "ENOENT" || $4 == "ENOTDIR") return "mount tree"
		if ($4 == "EROFS") return "read-only mount"
		if ($4 == "EACCES") return "modes or Landlock"
		if ($4 ~ /EAGAIN|fork/) return "cgroup"
		if ($4 ~ /ENOSPC|EDQUOT|EFBIG|EMFILE|ENOMEM/) return "limit"
		if ($4 ~ /ECONNREFUSED|ESRCH/) return "namespace"
		return "kernel, without capabilities"
	}
	$3 != "through" { l = layer(); by[l]++; of[$1] = of[$1]; c[$1 SUBSEP l]++; f[$1]++ }
	END {
		for (x in f) {
			line = ""
			for (l in by) if (c[x SUBSEP l]) line = line (line ? ", " : "") c[x SUBSEP l] " " l
			printf "# family %s: %d refused: %s\n", x, f[x], line
		}
		for (l in by) printf "# layer %s: %d\n", l, by[l]
	}' "$out/both" | sort
echo "summary $(uname -r | cut -d. -f1,2): $total ways out, $(($(count "$out/both" through) + $(count "$out/both" hung))) escaped;" \
	"controls: $(count "$out/control" through) went through, $(count "$out/control" skipped) not tried;" \
	"refused by the guard alone: $(($(count "$out/alone" refused) + $(count "$out/alone" killed))), by a jail without it: $((total - $(wc -l <"$out/unguarded.through")))"
[ -z "${ESCAPE_OUT:-}" ] || cp "$out"/* "$ESCAPE_OUT"/
finish
