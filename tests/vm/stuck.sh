#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Plugins that sleep in the kernel where no signal reaches them: they write to /data, whose file system is frozen.
# Killed, they are stuck by name and on record; whoever asks for their end, kenneld's own included, waits a bounded
# time; the others are served, also by the next kenneld; and when the freeze ends, nothing of them is left.
# tests: runner/supervise/plugin.c runner/sandbox/instances.c runner/sandbox/leftovers.c
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
export PATH=$PATH:/usr/sbin:/sbin
[ -x "$KENNEL_BUILD/tests-vm/moody" ] || { echo "not ok $0: $KENNEL_BUILD/tests-vm/moody is not built; run: make all tests-build"; exit 1; }
CG=/sys/fs/cgroup/kennel/plugins

for name in sleeper dozer calm late; do
	mkdir -p "$B/$name/bin"
	cp "$KENNEL_BUILD/tests-vm/moody" "$B/$name/bin/$name"
	files='' runtime=60s
	case $name in sleeper | dozer) files='"files": [{"path": "data:/", "access": "write"}],' ;; esac
	[ $name != sleeper ] || runtime=1s
	cat >"$B/$name/manifest.json" <<-JSON
		{ "name": "$name", "schemaVersion": "1.0", "version": "1.0.0", "runtime": "native", "entry": "bin/$name",
		  "permissions": ["readNotes"], $files "limits": {"runtime": "$runtime"}, "events": ["onCommandPalette"] }
	JSON
	"$KENNEL_BUILD/kennel" bundle pack "$B/$name" --native -o "$B/$name.kennel" --key "$B/two.key" --counter 1 >/dev/null
done
key=$("$KENNEL_BUILD/kennel" key show "$B/two.key.pub" | awk '$1 == "fingerprint" { print $2 }')

# bounded NAME SECONDS COMMAND...: ends in that time, whatever it says
bounded() {
	local name=$1 most=$2 began=$SECONDS
	shift 2
	"$@" >"$B/said" 2>&1
	if [ $((SECONDS - began)) -le "$most" ]; then ok "$name"; else not_ok "$name" "$((SECONDS - began)) s, wanted at most $most"; fi
	echo "# $name: $((SECONDS - began)) s: $(tail -n 1 "$B/said")"
}
asked() { timeout 100 "$KENNEL_BUILD/kennel" "$@"; } # what must not hang for ever
export KENNEL_STATE='' KENNEL_RUN=''
sleeps() { # PLUGIN: in state D
	for _ in $(seq 300); do
		for pid in $(pgrep -x "$1"); do
			[ "$(awk '{ print $3 }' "/proc/$pid/stat")" = D ] && return 0
		done
		sleep 0.1
	done
	return 1
}
groups_of() { find "$CG" -mindepth 1 -path "*/$1/i*" -type d | wc -l; }
served() { kennel emit onCommandPalette --plugin "$1" --command hello --wait --json 2>&1 | jq -c '.results[0].text | fromjson? // .'; }
on_record() { cat "$HOST_STATE"/audit/*/*.jsonl | jq -r --arg e "$1" --arg p "$2" 'select(.ev == $e and .plugin == $p) | .ev' | wc -l; }
entries() { bpftool map dump pinned "/sys/fs/bpf/kennel/$1" -j | jq length; }

host_prepare tests/vault
sed -i 's/"runtimes": \[[^]]*\]/"runtimes": ["wasm", "native"]/' "$HOST_DIR/kennel.json"
KENNEL_STATE=$HOST_STATE KENNEL_RUN=$HOST_DIR/run
DATA=$HOST_STATE/data
mkdir -p "$DATA"
truncate -s 64M "$B/disk"
mkfs.ext4 -q -O quota,project -E quotatype=prjquota "$B/disk" && mount -o loop,prjquota "$B/disk" "$DATA" && rmdir "$DATA/lost+found" && chmod 711 "$DATA" ||
	{ not_ok "a disk for the data"; exit 1; }
# Whatever happens: a machine with a frozen file system does not go down.
trap 'fsfreeze -u "$DATA" 2>/dev/null; host_stop >/dev/null 2>&1' EXIT
host_start || { not_ok "kenneld starts"; exit 1; }
kennel trust add "$B/two.key.pub" --label native --native >/dev/null
kennel native approve "$key" >/dev/null
for name in sleeper dozer calm; do
	try "$name is installed" kennel install "$B/$name.kennel" --grant-files
	wait_state $name up 30 || { not_ok "$name is up" "$(kennel ps --json)"; exit 1; }
done

# ---- stuck: one that is killed for its runtime, one that is asked to stop ----
kennel emit onCommandPalette --plugin sleeper --command write >/dev/null
kennel emit onCommandPalette --plugin dozer --command write >/dev/null
for _ in $(seq 100); do [ -s "$DATA/default/sleeper/written" ] && [ -s "$DATA/default/dozer/written" ] && break; sleep 0.1; done
fsfreeze -f "$DATA" || { not_ok "the data is frozen"; exit 1; }
try "one sleeps where no signal reaches it" sleeps sleeper
try "so does the other" sleeps dozer
bounded "stop ends in a bounded time" 40 asked stop dozer
is "and says why it did not" 1 "$(grep -c 'dozer is stuck: .*does not let go' "$B/said")"
if wait_state sleeper stuck 30; then ok "killed for its runtime: stuck by name"; else not_ok "killed for its runtime: stuck by name" "$(state_of sleeper)"; fi
is "asked to stop: stuck by name" stuck "$(state_of dozer)"
is "ps says it to people, too" 2 "$(kennel ps | grep -c stuck)"
is "on record" "1 1" "$(on_record stuck sleeper) $(on_record stuck dozer)"
is "with a reason" 2 "$(cat "$HOST_STATE"/audit/*/*.jsonl | jq -r 'select(.ev == "stuck") | .detail' | grep -c 'does not let go')"
is "in the operator's log" 2 "$(grep -c 'the kernel has not let go of it' "$HOST_DIR/kenneld.log")"
bounded "a second stop is answered at once" 5 asked stop dozer
refused "start is refused" E_STATE 125 asked start dozer
refused "remove is refused" E_STATE 125 asked remove dozer
is "its jail is as it was" "1 1" "$(groups_of sleeper) $(groups_of dozer)"

# ---- the others ----
is "another one is served" '{"well":true}' "$(served calm)"
try "one more is installed" asked install "$B/late.kennel"
if wait_state late up 30; then ok "and runs"; else not_ok "and runs" "$(state_of late)"; fi
bounded "stats" 20 asked stats
bounded "inspect" 30 asked inspect calm
kill -9 "$(pid_of kennel-broker)"
for _ in $(seq 100); do [ "$(state_of calm)" = up ] || break; sleep 0.1; done
if wait_state calm up 40; then ok "kennel-broker killed: the others come back"; else not_ok "kennel-broker killed: the others come back" "$(state_of calm)"; fi
is "the stuck ones stay that" "stuck stuck" "$(state_of sleeper) $(state_of dozer)"

# ---- kenneld ends, and starts, with them ----
began=$SECONDS
kill -TERM "$HOST_PID"
wait "$HOST_PID"
status=$?
if [ $((SECONDS - began)) -le 30 ]; then ok "kenneld ends in a bounded time"; else not_ok "kenneld ends in a bounded time" "$((SECONDS - began)) s"; fi
is "and says that not all of it went" 125 $status
echo "# kenneld asked to end: $((SECONDS - began)) s"
is "nobody else is left" "dozer sleeper" "$(for p in $(plugin_pids); do cat "/proc/$p/comm"; done | grep -vx init | sort | paste -sd ' ')"
for victim in "" kennel-supervisor kennel-audit kenneld; do
	if [ -n "$victim" ]; then
		kill -9 "$(pid_of $victim)"
		try "$victim killed: kenneld ends, in a bounded time" wait_gone "$HOST_PID"
	fi
	began=$SECONDS
	host_start >/dev/null 2>&1
	what=${victim:+$victim killed: }
	if wait_state calm up 40; then ok "${what}the next kenneld serves the others"; else
		not_ok "${what}the next kenneld serves the others" "$(tail -n 3 "$HOST_DIR/kenneld.log")"; fi
	echo "# the next kenneld took $((SECONDS - began)) s"
	if wait_state sleeper stuck 30; then ok "${what}stuck is what is wanted and cannot be"; else
		not_ok "${what}stuck is what is wanted and cannot be" "$(kennel ps --json)"; fi
	is "${what}their jails stand, and have no second" "1 1" "$(groups_of sleeper) $(groups_of dozer)"
	[ -n "${KENNEL_SOAK:-}" ] || [ -z "$victim" ] || break
done
refused "nor does start make one" E_STATE 125 asked start dozer

# ---- the freeze ends ----
fsfreeze -u "$DATA"
if wait_state sleeper stopped 30 && wait_state dozer stopped 30; then ok "the freeze ends: they are stopped"; else
	not_ok "the freeze ends: they are stopped" "$(state_of sleeper) $(state_of dozer)"; fi
for _ in $(seq 50); do [ "$(groups_of sleeper) $(groups_of dozer)" = "0 0" ] && break; sleep 0.1; done
is "their groups are gone" "0 0" "$(groups_of sleeper) $(groups_of dozer)"
is "their processes, too" "" "$(pgrep -x 'sleeper|dozer')"
is "no entry of the guard or the meter is left" "2 2" "$(entries guard/maps/policies) $(entries meter/maps/usages)"
try "one is started again" asked start sleeper
is "and serves" '{"well":true}' "$(served sleeper)"
try "the other is removed" asked remove dozer
is "nothing got out" "" "$(find "$DATA" -name escaped)"
host_stop && ok "kenneld ends" || not_ok "kenneld ends" "$(tail -n 3 "$HOST_DIR/kenneld.log")"
umount "$DATA" && ok "nothing holds the disk" || not_ok "nothing holds the disk"
kennel audit verify >/dev/null && status=0 || status=$?
case $status in 0 | 21) ok "the log is not tampered with" ;; *) not_ok "the log is not tampered with" "exit status $status" ;; esac
exit 0
