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
is "it ends with its own status" "ended exit 7" "$(tell "$id" exit 7 >/dev/null; d wait "$id" | cut -d' ' -f1-3)"
stop_kenneld
is "kenneld ends as asked" 0 $?
finish
