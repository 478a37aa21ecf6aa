#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# installs.sh - bundles installed one after another, each started and up before the next comes: first so many
# plugins, then so many versions of one. No installation leaves anything behind but what was installed, and kenneld
# does not grow. In the soak run it is 1,000 of each, and the last 100 take at most 1.2 x as long as the first 100.
# shellcheck disable=SC2317 # what makes the bundles is called by name
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
count=5
[ -z "${KENNEL_SOAK:-}" ] || count=1000
tenth=$(((count + 9) / 10))
most_kib=1024
[ -x "$KENNEL_BUILD/tests-vm/quiet" ] || { not_ok "$KENNEL_BUILD/tests-vm/quiet" "it is not built; run: make tests-build"; exit 1; }

mkdir "$B/quiet"
cp "$KENNEL_BUILD/tests-vm/quiet" "$B/quiet/quiet"
bundle() { # NAME VERSION COUNTER: into $B/next.kennel
	printf '{"name":"%s","schemaVersion":"1.0","version":"%s","entry":"quiet","runtime":"native","permissions":["readNotes"],%s}' \
		"$1" "$2" '"scopes":{"readNotes":{"allow":["Garden/**"]}}' >"$B/quiet/manifest.json"
	"$KENNEL_BUILD/kennel" bundle pack "$B/quiet" --native -o "$B/next.kennel" --key "$B/one.key" --counter "$3" >/dev/null
}

host_prepare tests/vault
sed -i 's/"runtimes": \[[^]]*\]/"runtimes": ["native"]/; s/"count": 1000/"count": 3000/' "$HOST_DIR/kennel.json"
host_start || { not_ok "kenneld starts"; exit 1; }
trap 'host_stop >/dev/null 2>&1' EXIT
kennel trust add "$B/one.key.pub" --label one --native >/dev/null
kennel native approve "$("$KENNEL_BUILD/kennel" key show "$B/one.key.pub" --json | jq -r .fingerprint)" >/dev/null

children_of() { # PID: it and all below it, but nothing of a jail
	local child
	echo "$1"
	# shellcheck disable=SC2013 # one line of numbers
	for child in $(cat "/proc/$1/task/$1/children" 2>/dev/null); do
		case $(cat "/proc/$child/comm" 2>/dev/null) in kennel-init | quiet) ;; *) children_of "$child" ;; esac
	done
}
resident() { # "kenneld=KIB kennel-audit=KIB ..."
	local pid
	for pid in $(children_of "$HOST_PID"); do
		sed -n 's/^Name:\t\(.*\)/\1=/p; s/^VmRSS:[^0-9]*\([0-9]*\) kB/\1 /p' "/proc/$pid/status" | tr -d '\n'
	done
}
of() { sed -n "s/.*\b$1=\([0-9]*\).*/\1/p" <<<"$2"; } # NAME RESIDENT
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

# each KIND COMMAND...: COMMAND I makes next.kennel and says what it is called; sets times, before, after
each() {
	local kind=$1 name begin end out failures=0
	shift
	: >"$B/times"
	for i in $(seq "$count"); do
		name=$("$@" "$i")
		begin=${EPOCHREALTIME/./}
		kennel install "$B/next.kennel" --grant 'readNotes=Garden/**' --json >"$B/out" 2>&1
		end=${EPOCHREALTIME/./}
		echo $((end - begin)) >>"$B/times"
		out=$(<"$B/out")
		[[ $out == *'"state"'*'"up"'* ]] || { failures=$((failures + 1)) && echo "# $name: ${out:0:300}"; }
		[ "$kind" = versions ] || kennel stop "$name" >/dev/null # a thousand jails at once are another matter
		[ "$i" != "$tenth" ] || before=$(resident)
	done
	after=$(resident)
	is "$count $kind: each is installed and up" 0 "$failures"
	first=$(head -n "$tenth" "$B/times" | median) last=$(tail -n "$tenth" "$B/times" | median)
	echo "# $count $kind: the first $tenth took $first us each, the last $tenth $last us (medians): x $(awk "BEGIN { printf \"%.2f\", $last / $first }")"
	echo "# $count $kind: resident KiB after $tenth: $before; after all: $after"
	[ -z "${KENNEL_SOAK:-}" ] || is "$count $kind: the last take at most 1.2 x as long" yes \
		"$([ $((last * 10)) -le $((first * 12)) ] && echo yes || echo "$first us, then $last us")"
}
grown() { # NAME: KiB
	echo $(($(of "$1" "$after") - $(of "$1" "$before")))
}
stays() { # KIND NAME...
	local kind=$1 name
	for name in "${@:2}"; do
		if [ "$(grown "$name")" -le "$most_kib" ]; then ok "$count $kind: $name grows by at most $most_kib KiB"; else
			not_ok "$count $kind: $name grows by at most $most_kib KiB" "by $(grown "$name")"; fi
	done
}

new_plugin() { bundle "plugin-$1" 1.0.0 1 && echo "plugin-$1"; }
new_version() { bundle plugin-1 "1.1.$1" $((1 + $1)) && echo plugin-1; }
each plugins new_plugin
stays plugins kenneld kennel-audit kennel-broker
each versions new_version
stays versions kenneld kennel-audit kennel-broker kennel-supervis

is "every one is on record" "$count" "$(find "$HOST_STATE/supervisor/registry" -name 'default.*.json' | wc -l)"
is "of the versions three are kept" 3 "$(find "$HOST_STATE/supervisor/store/plugin-1" -mindepth 1 -maxdepth 1 -type d | wc -l)"
is "nothing is left in staging" 0 "$(staged)"
is "the store is clean" true "$(kennel store verify --json | jq .clean)"
host_stop
if nothing_runs; then ok "nothing runs in the end"; else not_ok "nothing runs in the end" "$(plugin_pids)"; fi
is "and the log is whole" 0 "$(kennel audit verify >/dev/null; echo $?)"
exit 0
