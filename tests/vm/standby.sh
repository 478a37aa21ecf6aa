#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A plugin that had to be replaced gets a standby: frozen, sealed, under the same policy, and it takes over when the
# first one is killed again. It goes with everything that ends or changes the plugin.
# tests: runner/supervise/standby.c runner/broker/peer.c
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
P=dawdler
GROUPS_OF=/sys/fs/cgroup/kennel/plugins/default/$P

tell_plugin() { kennel emit onCommandPalette --plugin $P --command "$1" --wait --json 2>&1; }
field() { kennel ps --json | jq -r ".plugins[] | select(.plugin == \"$P\") | .$1"; }
groups() { find "$GROUPS_OF" -mindepth 1 -maxdepth 1 -type d -printf '%f\n' 2>/dev/null | sort; }
stands_by() { # COUNT SECONDS
	for _ in $(seq $(($2 * 5))); do
		[ "$(field standby)" = "$1" ] && return 0
		sleep 0.2
	done
	return 1
}
wait_groups() { # COUNT
	for _ in $(seq 150); do
		[ "$(groups | wc -l)" = "$1" ] && return 0
		sleep 0.2
	done
	return 1
}
other_group() { groups | grep -vx "i$(field instance)"; }
package() { # FILE COUNTER LIMITS
	cp -r "$KENNEL_BUILD/plugins/escape-artist" "$B/$1"
	jq --arg n $P --argjson l "$3" --arg v "1.0.$2" '.name = $n | .limits = $l | .version = $v' \
		"$KENNEL_BUILD/plugins/escape-artist/manifest.json" >"$B/$1/manifest.json"
	pack "$1" "$1.kennel" one "$2"
}

begin
try "a key is trusted" kennel trust add "$B/one.key.pub" --label one
package twin 1 '{"runtime": "700ms", "memory": "32M"}'
try "a plugin is installed" kennel install "$B/twin.kennel" --grant 'readNotes=**'
is "without demand none stands by" null "$(field standby)"
is "there is one instance" 1 "$(groups | wc -l)"

tell_plugin loop >/dev/null
wait_state $P up 60
if stands_by 1 60; then ok "one that was killed gets a standby"; else not_ok "one that was killed gets a standby" "$(kennel ps --json)"; fi
is "there are two instances" 2 "$(groups | wc -l)"
spare=$(other_group)
sleep 0.5
is "the standby is frozen" "frozen 1" "$(grep '^frozen' "$GROUPS_OF/$spare/cgroup.events")"
is "ps says so" 1 "$(kennel ps | grep -c '1 ready to take over')"
answer=$(tell_plugin memory-bomb)
if [[ $answer == *'"ok": true'* ]]; then ok "events reach the one that works"; else not_ok "events reach the one that works" "$answer"; fi
is "and leave the standby frozen" "frozen 1" "$(grep '^frozen' "$GROUPS_OF/$spare/cgroup.events")"

tell_plugin loop >/dev/null
wait_state $P up 60
is "when it is killed again the standby takes over" "$spare" "i$(field instance)"
is "that is told" 1 "$(kennel events $P --json | jq -s '[.. | objects | select(.text? == "one that stood by takes over")] | length')"
answer=$(tell_plugin memory-bomb)
if [[ $answer == *'"ok": true'* ]]; then ok "and it answers"; else not_ok "and it answers" "$answer"; fi
try "what it is is what the policy says" kennel inspect $P
if stands_by 1 60; then ok "another one stands by"; else not_ok "another one stands by" "$(kennel ps --json)"; fi

spare=$(other_group)
echo 1 >"$GROUPS_OF/$spare/cgroup.kill"
if wait_groups 1; then ok "one that dies is gone"; else not_ok "one that dies is gone" "$(groups)"; fi
is "and the plugin is up all the same" up "$(state_of $P)"
is "it is not replaced before there is a need" null "$(field standby)"

tell_plugin loop >/dev/null
wait_state $P up 60
stands_by 1 60
spare=$(other_group)
try "its grant changes" kennel grant $P --grant 'readNotes=Projects/**'
wait_state $P up 60
if [ "i$(field instance)" != "$spare" ]; then ok "a standby under the old policy does not take over"; else not_ok "a standby under the old policy does not take over" "$spare"; fi
kennel start $P >/dev/null 2>&1
wait_state $P up 60
try "stopping ends all of them" kennel stop $P
if nothing_runs; then ok "nothing runs"; else not_ok "nothing runs" "$(plugin_pids)"; fi
is "and no group is left" 0 "$(groups | wc -l)"

try "it is started" kennel start $P
tell_plugin loop >/dev/null
wait_state $P up 60
stands_by 1 60
kill -9 "$(pid_of kennel-broker)"
wait_state $P up 90
answer=$(tell_plugin memory-bomb)
if [[ $answer == *'"ok": true'* ]]; then ok "it comes back after its broker was killed"; else not_ok "it comes back after its broker was killed" "$answer"; fi
try "it is removed" kennel remove $P
if nothing_runs; then ok "with everything of it"; else not_ok "with everything of it" "$(plugin_pids)"; fi

package single 2 '{"runtime": "700ms", "memory": "32M", "instances": 1}'
try "one that wants no standby is installed" kennel install "$B/single.kennel" --grant 'readNotes=**'
tell_plugin loop >/dev/null
wait_state $P up 60
sleep 2
is "it has none" "1 null" "$(groups | wc -l) $(field standby)"
host_stop
try "the log is intact" kennel audit verify
exit 0
