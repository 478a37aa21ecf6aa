#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# kennel inspect: a running plugin fits its policy; whatever root changes behind Kennel's back is named, is
# on record, and ends with 126. kennel selftest: nothing gets through; and the same tries without a jail do.
# tests: runner/sandbox/inspect.c runner/supervise/inspect.c runner/supervise/inspect_json.c
# tests: runner/sandbox/selftest_run.c runner/supervise/selftest.c runner/init/tries.c
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
export PATH=$PATH:/usr/sbin:/sbin

jq '.files = [{"path": "vault:/Garden", "access": "read"}, {"path": "data:/", "access": "write"}] | .version = "1.1.0"' \
	"$KENNEL_BUILD/plugins/word-count/manifest.json" >"$B/word-count/manifest.json"
pack word-count files.kennel one 8
begin
try "a key is trusted" kennel trust add "$B/one.key.pub" --label one
try "a plugin with files of its own is installed" kennel install "$B/files.kennel" --grant 'readNotes=**' --grant-files
if wait_state word-count up 30; then ok "it is up"; else not_ok "it is up" "$(state_of word-count)"; fi

look_now() { # sets found, status
	found=$(kennel inspect word-count --json 2>"$B/said")
	status=$?
	found=$(jq -r '.differences[] | "\(.what): \(.expected), \(.found)"' <<<"$found")
}
# named NAME PATTERN: inspect ends with 126, says E_POSTURE, and its first difference fits
named() {
	look_now
	is "$1: refused" "126 E_POSTURE" "$status $(grep -o E_POSTURE "$B/said")"
	# shellcheck disable=SC2053 # a pattern is meant
	if [[ ${found%%$'\n'*} == $2 ]]; then ok "$1: named"; else not_ok "$1: named" "$found"; fi
	echo "# ${found%%$'\n'*}"
}
fits() {
	look_now
	is "$1" "0 " "$status $found"
}
on_record() { cat "$HOST_STATE"/audit/*/*.jsonl | jq -r 'select(.ev == "inspect") | .res' | sort | uniq -c | tr -s ' '; }

# ---- untouched ----
kennel inspect word-count | sed 's/^/# /'
fits "a plugin as it was started fits its policy"
all=$(kennel inspect word-count --json)
look() { jq -c "$1" <<<"$all"; }
is "both processes are told" '[1,2]' "$(look '[.processes[].pidInside]')"
is "their capabilities are empty" '["0000000000000000"]' "$(look '[.processes[].capabilities[]] | unique')"
is "they are in no namespace of the launcher's" 0 "$(look '.hostNamespaces as $h | [.processes[].namespaces | to_entries[] | select($h[.key] == .value)] | length')"
is "the program's descriptors" '["device","pipe","pipe","socket"]' "$(look '[.processes[1].descriptors[].kind]')"
is "the mounts" '["/","/data","/dev","/exec","/plugin","/proc","/tmp","/vault","/vault/Garden"]' "$(look '[.mounts[].at] | sort')"
is "the labels" '["--- canary","r-- root /plugin","r-- root /proc","r-- root /vault","r-- root /vault/Garden","r-x root /","r-x root /exec","rw- root /data","rw- root /dev","rw- root /tmp"]' \
	"$(look '[.labels[] | if .place == "canary" then "\(.rights) canary" else "\(.rights) \(.place) \(.mount)" end] | sort')"
is "the vault is mapped to its id" true "$(look '.mounts[] | select(.at == "/vault/Garden") | .flags | contains(["idmapped", "ro"])')"
is "its filter can be read" 'true "plugin_wasm" "ENOSYS"' \
	"$(jq -r '.seccomp | "\(.allowed | contains(["read"])) \(.profile | tojson) \(.otherwise | tojson)"' <<<"$all")"
is "/data is bounded" true "$(look '.dataMaxBytes > 0')"
is "it goes on after it was held still" up "$(state_of word-count)"
is "and answers" 1 "$(kennel emit onNoteSave --plugin word-count --note "$(cd "$HOST_VAULT" && find Garden -name '*.md' | head -n 1)" --wait --json | jq '.results | length')"
is "nothing of that is a difference on record" "" "$(on_record)"

# ---- behind its back, one thing at a time ----
pid=$(pid_of plugin)
[ -n "$pid" ] || pid=$(plugin_pids | tail -n 1)
leaf=/sys/fs/cgroup$(sed 's/^0:://' "/proc/$pid/cgroup")
inside() { # SYSCALL-LINE: perl in its mount namespace
	perl -e 'my $p = shift; open(my $f, "<", "/proc/$p/ns/mnt") or die; syscall(308, fileno($f), 0x20000) == 0 or die "setns: $!";
		my ($a, $b, $c) = ("none", shift, "tmpfs"); my $flags = shift;
		my $r = $flags eq "umount" ? syscall(166, $b, 2) : syscall(165, $a, $b, $c, $flags + 0, 0); $r == 0 or die "mount: $!"' "$pid" "$@"
}
memory=$(cat "$leaf/memory.max")
echo max >"$leaf/memory.max"
named "no limit on its memory" "cgroup of the instance: memory.max: $memory, unlimited"
echo "$memory" >"$leaf/memory.max"
tasks=$(cat "$leaf/../pids.max")
echo 4000 >"$leaf/../pids.max"
named "more tasks for the plugin" "cgroup of the plugin: pids.max: $tasks, 4000"
echo "$tasks" >"$leaf/../pids.max"
fits "put back, it fits again"

inside /tmp 0
named "something mounted over /tmp" "/tmp: one mount, tmpfs"
inside /tmp umount
inside /plugin $((32 | 4096)) # MS_REMOUNT | MS_BIND, and nothing else
named "its bundle writable and executable" "/plugin: ro,nosuid,nodev,noexec, rw,suid,dev,exec"
inside /plugin $((32 | 4096 | 1 | 2 | 4 | 8))
fits "remounted as it was, it fits again"

prlimit --pid "$pid" --nofile=4096:4096
named "more descriptors" "process 2 (*): rlimit nofile: at most 256, 4096"
prlimit --pid "$pid" --nofile=256:256

labels=$(find /sys/fs/bpf/kennel -name labels | head -n 1)
cgroup=$(stat -c %i "$leaf")
bytes() { printf '%0*x\n' $(($2 * 2)) "$1" | fold -w2 | tac | sed 's/^/0x/' | tr '\n' ' '; }
# a label on the host's /etc: key is cgroup, inode, device, 0; value is rights, rule
rights="$(bytes 3 4)$(bytes 0 4)"
key="$(bytes "$cgroup" 8)$(bytes "$(stat -c %i /etc)" 8)$(bytes 77 4)$(bytes 0 4)"
# shellcheck disable=SC2086 # bytes are words
bpftool map update pinned "$labels" key $key value $rights || echo "# the label was not set"
named "a label on something else" "label on a file or folder outside its mounts: no label, rw-"
# shellcheck disable=SC2086
bpftool map delete pinned "$labels" key $key
fits "without it, it fits again"

sleep 300 &
stranger=$!
sleep 0.5 # it has what it needs of the disk
echo $stranger >"$leaf/cgroup.procs"
named "a process of root's in its group" "process $stranger (sleep): real uid: *, 0"
is "its capabilities and namespaces are told too" true \
	"$(grep '(sleep)' <<<"$found" | grep -c 'CapEff\|seccomp mode\|net namespace' | awk '{ print ($1 >= 3 ? "true" : $1) }')"
kill -9 $stranger
wait $stranger 2>/dev/null
sleep 0.5
fits "when it is gone, it fits again"
on_record | sed 's/^/# on record:/'
is "each difference is on record" 7 "$(on_record | awk '$2 == "E_POSTURE" { print $1 }')"
is "and in the events" true "$(kennel events --last 50 --json 2>/dev/null | jq -s 'length > 0')"

# ---- frozen by hand ----
events_say() { # WORD
	for _ in $(seq 200); do
		grep -qx "$1" "$leaf/cgroup.events" && return 0
		sleep 0.1
	done
	return 1
}
note=$(cd "$HOST_VAULT" && find Garden -name '*.md' | head -n 1)
echo 1 >"$leaf/cgroup.freeze"
try "it can be frozen" events_say "frozen 1"
fits "a frozen one fits its policy"
is "and stays frozen" "1 frozen 1" "$(cat "$leaf/cgroup.freeze") $(grep frozen "$leaf/cgroup.events")"
kennel emit onNoteSave --plugin word-count --note "$note" --wait --json >"$B/answer" 2>&1 &
emitting=$!
sleep 0.5
is "an event waits while it is frozen" 0 "$(wc -c <"$B/answer")"
echo 0 >"$leaf/cgroup.freeze"
wait $emitting
is "and is answered when it is thawed" true "$(jq -r '.results[0].ok' "$B/answer")"
fits "thawed, it fits"
is "and runs" 0 "$(cat "$leaf/cgroup.freeze")"
echo 1 >"$leaf/cgroup.freeze"
try "it can be frozen again" events_say "frozen 1"
try "a frozen one can be stopped" kennel stop word-count
if nothing_runs; then ok "nothing of it runs"; else not_ok "nothing of it runs" "$(plugin_pids)"; fi
is "its group is gone" gone "$([ -e "$leaf" ] && echo there || echo gone)"
refused "one that is stopped" E_STATE 125 kennel inspect word-count
refused "one that is not there" E_NOT_FOUND 127 kennel inspect nobody

# ---- selftest ----
is "kenneld has tried itself before it served" 1 "$(grep -c 'msg="selftest: 2 jails' "$HOST_DIR/kenneld.log")"
grep selftest "$HOST_DIR/kenneld.log" | sed 's/^/# /'
out=$(kennel selftest --json)
is "nothing gets through" "0 0" "$(jq -r '"\(.through) \(.accepted)"' <<<"$out")"
is "in both kinds of jail" '["wasm","native"]' "$(jq -c '[.jails[].image]' <<<"$out")"
jq -r '.jails[1].tries[] | select(.error != "ENOSYS") | "# \(.try): \(.error)"' <<<"$out"
tries=$(jq '.jails[0].tries | length' <<<"$out")
is "a native jail's own refusals are not the filter's alone" true "$(jq '[.jails[1].tries[] | select(.error != "ENOSYS")] | length > 15' <<<"$out")"
is "it is on record" true "$(cat "$HOST_STATE"/audit/*/*.jsonl | jq -s '[.[] | select(.ev == "selftest")] | length == 1')"
is "nothing of it stays" "" "$(ls -d /sys/fs/cgroup/kennel/plugins/_selftest 2>/dev/null)"

# The same tries with no jail around them, by an ordinary user in namespaces of its own: what can succeed there does.
cat >"$B/control" <<'SH'
mount -t tmpfs -o size=128m none /tmp
exec "$1" --selftest
SH
cp "$KENNEL_BUILD/kennel-init" "$B/init"
chmod 755 "$B" "$B/init"
control=$(cd / && setpriv --reuid 64999 --regid 64999 --clear-groups unshare -U --map-root-user -m -p --fork bash "$B/control" "$B/init" 2>/dev/null |
	od -An -v -w8 -t u2 | awk '$2 == 2 { n++ } END { print n + 0 " of " NR }')
echo "# without a jail: $control got through"
is "the control tries as many" "$tries" "${control#*of }"
if [ "${control%% *}" -ge 25 ]; then ok "most of them get through without a jail"; else not_ok "most of them get through without a jail" "$control"; fi

# An init that says that something got through: kenneld does not serve.
host_stop
cat >"$B/lies.c" <<'C'
#include <unistd.h>
#include "proto/selftest.h"
int main(void)
{
	for (unsigned i = 0; i < SELFTEST_TRIES; i++) {
		struct selftest_result r = { (uint16_t)i, i == TRY_BPF ? SELFTEST_THROUGH : SELFTEST_REFUSED, 0 };
		if (write(1, &r, sizeof(r)) != sizeof(r))
			return 1;
	}
	return 0;
}
C
gcc -static -Irunner -o "$B/lies" "$B/lies.c"
HOST_IMAGES_KEPT=$HOST_IMAGES
cp -a "$HOST_IMAGES" "$HOST_DIR/images2" 2>/dev/null || { mkdir -p "$HOST_DIR/images2"; cp -a "$HOST_IMAGES"/{wasm,native,compile} "$HOST_DIR/images2/"; }
sed -i "s|\"images\": \"$HOST_IMAGES_KEPT\"|\"images\": \"$HOST_DIR/images2\"|" "$HOST_DIR/kennel.json"
serves() { host_start >/dev/null 2>&1; wait "$HOST_PID"; echo "$? $(grep -o 'E_SELFTEST' "$HOST_DIR/kenneld.log" | head -n 1)"; }
cp "$B/lies" "$HOST_DIR/images2/wasm/init"
is "what gets through keeps kenneld from serving" "126 E_SELFTEST" "$(serves)"
grep E_SELFTEST "$HOST_DIR/kenneld.log" | sed 's/^/# /'
exit 0
