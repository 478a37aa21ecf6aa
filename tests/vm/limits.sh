#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limits.cpuTime and limits.runtime hold for each event, on a real kernel: a plugin that spins is ended with a
# named reason on record, and one whose events are short is not, however much they use together.
# tests: runner/supervise/budget.c
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# Far above what one short event uses on a slow emulated processor that shares its host.
BUDGET=800

# limited NAME LIMITS: a bundle of the plugin that spins when told
limited() {
	cp -r "$KENNEL_BUILD/plugins/escape-artist" "$B/$1"
	jq --arg n "$1" --argjson l "$2" '.name = $n | .limits = $l' "$KENNEL_BUILD/plugins/escape-artist/manifest.json" >"$B/$1/manifest.json"
	pack "$1" "$1.kennel" one 1
	try "$1 is installed" kennel install "$B/$1.kennel" --grant 'readNotes=**'
}
tell_plugin() { kennel emit onCommandPalette --plugin "$1" --command "$2" --wait --json 2>&1; }
cpu_of() { kennel stats --json | jq --arg p "$1" '.plugins[] | select(.plugin == $p) | .cpuMs'; }
killed() { cat "$HOST_STATE"/audit/*/*.jsonl | jq -r --arg p "$1" 'select(.ev == "kill" and .plugin == $p) | "\(.res) \(.detail // .params // "")"' | tail -n 1; }

begin
try "a key is trusted" kennel trust add "$B/one.key.pub" --label one
limited spender "{\"cpuTime\": \"${BUDGET}ms\", \"runtime\": \"25s\", \"cpu\": 100}"
limited dawdler '{"cpuTime": "20s", "runtime": "700ms", "cpu": 5}'
is "explain says who counts" 1 "$(kennel explain spender --json | jq '[.. | objects | .limits? | arrays | .[] | select(.name == "cpuTime" and (.enforced | contains("meter")))] | length')"

# many short events use more than one event may, and nothing happens; how many that takes is the machine's speed
start=$(cpu_of spender)
for n in $(seq 3000); do
	answer=$(tell_plugin spender memory-bomb)
	[[ $answer == *'"ok": true'* ]] || break # a jq for each would cost more than the event
	[ $((n % 10)) = 0 ] || continue
	used=$(($(cpu_of spender) - start))
	[ "$used" -gt "$BUDGET" ] && break
done
echo "# $n short events used ${used:-0} ms, the limit of one is $BUDGET ms"
if [ "${used:-0}" -gt "$BUDGET" ]; then ok "short events may use more together"; else not_ok "short events may use more together" "$answer"; fi
is "and none of them is ended for it" "" "$(killed spender)"
is "it is the same instance" 0 "$(kennel ps --json | jq '.plugins[] | select(.plugin == "spender") | .restarts')"

before=$(cpu_of spender)
answer=$(tell_plugin spender loop)
like_reason="E_LIMIT used * ms CPU of $BUDGET for one event*"
reason=$(killed spender)
echo "# $reason"
# shellcheck disable=SC2053 # a pattern is meant
if [[ $reason == $like_reason ]]; then ok "one that spins is ended by its CPU time"; else not_ok "one that spins is ended by its CPU time" "$reason; $answer"; fi
used=$(sed -n 's/.*used \([0-9]*\) ms.*/\1/p' <<<"$reason")
if [ "${used:-0}" -ge $BUDGET ] && [ "${used:-0}" -le $((BUDGET * 2)) ]; then ok "at its limit, not long after"; else not_ok "at its limit, not long after" "$used ms"; fi
wait_state spender up 30
after=$(cpu_of spender)
echo "# the spinning event and the new start used $((after - before)) ms"
if wait_state spender up 30; then ok "it is started again"; else not_ok "it is started again" "$(state_of spender)"; fi

tell_plugin dawdler loop >/dev/null
reason=$(killed dawdler)
echo "# $reason"
# shellcheck disable=SC2053 # a pattern is meant
if [[ $reason == 'E_TIMEOUT '*'its runtime is 700 ms'* ]]; then ok "one that takes too long is ended by its runtime"; else not_ok "one that takes too long is ended by its runtime" "$reason"; fi
exit 0
