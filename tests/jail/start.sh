#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A jail starts, answers, and ends; nothing is left behind.
# tests: runner/sandbox/seed.c runner/sandbox/netns.c
# tests: runner/sandbox/spawn.c runner/sandbox/instances.c runner/sandbox/mounts.c runner/init/init.c
. "$(dirname "$0")/lib.sh"

make_host
start_kenneld || { not_ok "kenneld boots" "see above"; finish; }
ok "kenneld boots"
make_plugin word-count

a=$(d start acme word-count "$HEX" 2 1)
like "a static stub starts" "started * * *" "$a"
echo "# $a"
id=$(id_of "$a")
is "it answers on its wire" "pid 2 ppid 1 uid 300001 gid 300001 groups 0 host kennel" "$(tell "$id" names)"
other=$(id_of "$(d start acme word-count "$HEX" 2 1)")
tell "$other" names >/dev/null
networks() { for i; do readlink "/proc/$(program_of acme/word-count "$i")/ns/net"; done | sort -u | wc -l; }
is "a second jail beside it has a network of its own" 2 "$(networks "$id" "$other")"
is "the launcher is back in the host's" "$(readlink /proc/self/ns/net)" "$(readlink "/proc/$KENNELD/ns/net")"
wasm=$(id_of "$(d start acme word-count "$HEX" 1 1)")
tell "$wasm" names >/dev/null
is "the memory of a compiled module comes in small pages" 0 "$(sed -n 's/^THP_enabled:[[:space:]]*//p' "/proc/$(program_of acme/word-count "$wasm")/status")"
d kill "$wasm" >/dev/null
d wait "$wasm" >/dev/null
d kill "$other" >/dev/null
d wait "$other" >/dev/null
is "it ends with its own status" "ended exit 7" "$(tell "$id" exit 7 >/dev/null; d wait "$id" | cut -d' ' -f1-3)"
stop_kenneld
is "kenneld ends as asked" 0 $?
finish
