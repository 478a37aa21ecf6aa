#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A plugin without work is frozen, then stopped, and its next event finds it: no event is lost on either way, and
# what ends meanwhile leaves nothing.
# tests: runner/broker/quiet.c runner/supervise/plugin.c runner/supervise/launch.c
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
P=word-count
GROUPS_OF=/sys/fs/cgroup/kennel/plugins/default/$P

lazy() { # BUNDLE FREEZE-AFTER STOP-AFTER COUNTER
	jq --arg f "$2" --arg s "$3" --arg v "1.0.$4" '.limits.freezeAfter = $f | .limits.stopAfter = $s | .version = $v' \
		"$KENNEL_BUILD/plugins/$P/manifest.json" >"$B/$P/manifest.json"
	pack $P "$1.kennel" one "$4"
}
ask() { kennel emit onNoteSave --plugin $P --note 'Daily/2026-05-02.md' --wait --json 2>&1; }
answered() { if [[ $(ask) == *'"ok": true'* ]]; then ok "$1"; else not_ok "$1" "$(ask | tail -n 1)"; fi; }
field() { kennel ps --json | jq -r ".plugins[] | select(.plugin == \"$P\") | .$1"; }
frozen() { grep -h '^frozen' "$GROUPS_OF"/i*/cgroup.events 2>/dev/null; }
done_events() { kennel stats --json | jq ".plugins[] | select(.plugin == \"$P\") | .events"; }
reaches() { if wait_state $P "$2" "$3"; then ok "$1"; else not_ok "$1" "it is $(state_of $P)"; fi; }

nothing_of() { # PIDS
	local pid
	for pid in $1; do wait_gone "$pid" || return 1; done
}

begin
try "a key is trusted" kennel trust add "$B/one.key.pub" --label one
lazy sleepy 1s 30m 11
try "a plugin that sleeps soon is installed" kennel install "$B/sleepy.kennel" --grant 'readNotes=**'
reaches "without work it is idle" idle 30
sleep 0.5
is "the kernel holds it" "frozen 1" "$(frozen)"
is "explain says so" "1s" "$(kennel explain $P --json | jq -r '[.. | objects | .limits? | arrays | .[] | select(.name == "freezeAfter")][0].text')"
try "inspect finds what the policy says" kennel inspect $P
is "and leaves it frozen" "frozen 1" "$(frozen)"
answered "its next event is answered"
is "it was the same instance" 0 "$(field restarts)"
reaches "and it is idle again" idle 30

before=$(done_events)
note=Daily/2026-05-02.md
echo "one more line" | cat "$HOST_VAULT/$note" - >"$B/note"
host_save "$note" <"$B/note"
for _ in $(seq 100); do [ "$(done_events)" -gt "$before" ] && break; sleep 0.2; done
is "a save wakes it" $((before + 1)) "$(done_events)"

bad=0
for n in $(seq 12); do # on both sides of the moment in which it is frozen
	sleep "0.$((90 + n))" # and what the call itself takes
	[[ $(ask) == *'"ok": true'* ]] || bad=$((bad + 1))
done
is "no event is lost around the moment of freezing" 0 $bad
is "and it is still the same instance" 0 "$(field restarts)"
reaches "it is idle once more" idle 30
begin_ms=$(date +%s%3N)
try "a frozen one stops as asked" kennel stop $P
echo "# in $(($(date +%s%3N) - begin_ms)) ms"
if nothing_runs; then ok "nothing of it is left"; else not_ok "nothing of it is left" "$(plugin_pids)"; fi
is "one that a person stopped does not rest" null "$(field rests)"

lazy napper 1s 2s 12
try "one that is stopped soon is installed" kennel install "$B/napper.kennel"
try "and started" kennel start $P
reaches "without work it is stopped" stopped 30
is "to rest" true "$(field rests)"
is "ps says what wakes it" 1 "$(kennel ps | grep -c 'was idle; its next event starts it')"
if nothing_runs; then ok "it holds no process"; else not_ok "it holds no process" "$(plugin_pids)"; fi
is "and no group" 0 "$(find "$GROUPS_OF" -mindepth 1 -type d 2>/dev/null | wc -l)"
answered "its next event starts it"
bad=0
for n in 1 2 3 4; do # on its way to rest, too
	sleep "2.$((n * 2))"
	[[ $(ask) == *'"ok": true'* ]] || bad=$((bad + 1))
done
is "no event is lost around the moment of stopping" 0 $bad
reaches "it rests again" stopped 30

kill -9 "$(pid_of kennel-broker)"
for _ in $(seq 300); do [[ $(state_of $P) == @(up|idle) ]] && break; sleep 0.2; done
if [[ $(state_of $P) == @(up|idle|stopped) ]] && [ "$(field restarts)" -gt 0 ]; then ok "without its broker nobody would hear its events: it comes back"; else
	not_ok "without its broker nobody would hear its events: it comes back" "it is $(state_of $P)"; fi
before=$(done_events)
echo "another line" | cat "$B/note" - >"$B/note2"
host_save "$note" <"$B/note2"
for _ in $(seq 100); do [ "$(done_events)" -gt "$before" ] && break; sleep 0.2; done
if [ "$(done_events)" -gt "$before" ]; then ok "and hears them"; else not_ok "and hears them" "$(done_events) events"; fi

reaches "it is idle" idle 30
was=$(plugin_pids)
pkill -9 -x kenneld
restart_host # what is frozen sees no end of its wire: the next kenneld ends it
if nothing_of "$was"; then ok "a frozen one that kill -9 of kenneld left is ended by the next"; else not_ok "a frozen one that kill -9 of kenneld left is ended by the next" "$(plugin_pids)"; fi
for _ in $(seq 60); do [[ $(ask) == *'"ok": true'* ]] && break; sleep 1; done
answered "and the plugin is served again"
exit 0
