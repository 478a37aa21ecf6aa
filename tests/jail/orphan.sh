#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# kill -9 of kenneld while a plugin runs that outlives its wire: the plugin goes on, and is refused what it
# was refused before; the next start finds it and ends it.
# tests: runner/sandbox/pinset.c runner/sandbox/instances.c
. "$(dirname "$0")/lib.sh"

make_host
start_kenneld || { not_ok "kenneld boots" "see above"; finish; }
make_plugin word-count
id=$(id_of "$(d start acme word-count "$HEX" 2 1)")
is "the canary is refused" "errno 13" "$(tell "$id" open r /canary)"
is "it goes on by itself" ok "$(tell "$id" linger /canary)"
pid=$(program_of acme/word-count "$id")
tries=/proc/$pid/root/tmp/tries
sleep 1
kill -9 "$KENNELD"
wait "$KENNELD" 2>/dev/null
at_kill=$(stat -c %s "$tries")
is "no role of ours is left" 0 "$(pgrep -fc "$BIN/kennel-")"
sleep 2
kill -0 "$pid" 2>/dev/null && ok "the plugin outlives kenneld" || not_ok "the plugin outlives kenneld" "it is gone"
later=$(stat -c %s "$tries" 2>/dev/null || echo 0)
[ "$later" -gt "$at_kill" ] && ok "it went on trying" || not_ok "it went on trying" "$at_kill tries, then $later"
is "every try was refused, before and after" "r" "$(fold -w1 "$tries" | sort -u | tr -d '\n')"
echo "# $at_kill tries before the kill, $((later - at_kill)) after it"
is "it is still in its group" "0::/kennel-jail/plugins/acme/word-count/i$id" "$(grep ^0:: "/proc/$pid/cgroup")"
is "it has no network, no capability" "lo 0000000000000000" \
	"$(awk -F: 'NR > 2 { gsub(/ /, "", $1); printf "%s", $1 }' "/proc/$pid/net/dev") $(awk '$1 == "CapBnd:" { print $2 }' "/proc/$pid/status")"
restart_kenneld || { not_ok "kenneld boots again" "see above"; finish; }
kill -0 "$pid" 2>/dev/null && not_ok "the next start ends it" "$pid lives" || ok "the next start ends it"
is "and removes its group" "" "$(find "$CG/plugins" -mindepth 1 -type d)"
stop_kenneld
finish
