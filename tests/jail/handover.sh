#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# An upgrade: kenneld is killed or stopped, and the next one has other BPF programs. A plugin that opens files as fast as
# it can, before, while and after they take the place of the old ones, is let through to nothing.
# tests: runner/sandbox/pinset.c runner/sandbox/pinload.c
. "$(dirname "$0")/lib.sh"
for need in handover handover-next kenneld-next; do
	[ -x "$KENNEL_BUILD/tests-vm/$need" ] || { not_ok "$need is built" "run: make tests-build"; finish; }
done

hammer() { # starts a plugin that does; sets id, pid, tally
	id=$(id_of "$(d start acme word-count "$HEX" 2 1 w:data:)")
	is "$1: it opens what it may and what it may not" ok "$(tell "$id" hammer "/canary /plugin/manifest.json")"
	pid=$(program_of acme/word-count "$id")
	tally=$STATE/data/acme/word-count/tally
	wait_tries 500
}
sums() { od -An -v -w8 -t u8 "$tally" | tr -d ' ' | paste -sd ' '; }
wait_tries() { # until so many more of each kind were made
	local passed refused opened rest most
	read -r passed refused opened rest <<<"$(sums)"
	most=$((refused + $1))
	for _ in $(seq 300); do
		read -r passed refused opened rest <<<"$(sums)"
		[ "$refused" -ge "$most" ] && return 0
		sleep 0.1
	done
	not_ok "it goes on" "$refused refused, $opened opened"
}
# judged NAME: of all tries until now
judged() {
	local passed refused opened withheld odd
	read -r passed refused opened withheld odd <<<"$(sums)"
	is "$1: none is let through, nothing odd" "0 0" "$passed $odd"
	[ "$refused" -gt 0 ] && [ "$opened" -gt 0 ] && ok "$1: it tried" || not_ok "$1: it tried" "$refused refused, $opened opened"
	echo "# $1: $refused refused, $opened opened, $withheld withheld"
}
pinned() { find "$PINS/guard" -mindepth 1 -maxdepth 1 -name 'gen_*' -printf '%f ' | sed 's/ $//'; }
tag() { bpftool -j link show pinned "$PINS/guard/$(pinned)/guard_open" | jq .prog_id | xargs bpftool -j prog show id | jq -r .tag; }
load() { "$KENNEL_BUILD/tests-vm/$1" "$PINS" "$CG/plugins" 2 "${@:2}"; } # as kenneld does at its start
build_is() { cp --remove-destination "$KENNEL_BUILD/$1" "$BIN/kenneld"; }
export PATH=$PATH:/usr/sbin:/sbin

make_host
start_kenneld || { not_ok "kenneld boots" "see above"; finish; }
make_plugin word-count
first=$(tag)

# ---- killed; the jail outlives it, and so many generations take each other's place ----
hammer "kill -9"
kill -9 "$KENNELD"
wait "$KENNELD" 2>/dev/null
for next in handover-next handover handover-next; do
	load $next && ok "$next takes over" || not_ok "$next takes over" "it failed"
	wait_tries 200
done
is "one generation stands, of other programs" "gen_4 other" "$(pinned) $([ "$(tag)" = "$first" ] || echo other)"
kill -0 "$pid" 2>/dev/null && ok "the plugin outlives it all" || not_ok "the plugin outlives it all" "it is gone"
build_is tests-vm/kenneld-next
restart_kenneld || { not_ok "the next kenneld boots" "see above"; finish; }
judged "kill -9"
is "the next kenneld finds its programs" gen_4 "$(pinned)"
kill -0 "$pid" 2>/dev/null && not_ok "and ends the plugin" "$pid lives" || ok "and ends the plugin"

# ---- stopped and killed, by kenneld's own start; each start takes long in emulation, so in the soak run ----
by_its_own_start() {
	hammer "SIGTERM"
	stop_kenneld
	judged "SIGTERM"
	build_is kenneld
	restart_kenneld || { not_ok "the one before boots" "see above"; finish; }
	is "it brings its own programs back" "gen_5 $first" "$(pinned) $(tag)"
	hammer "kill -9, at once"
	kill -9 "$KENNELD"
	wait "$KENNELD" 2>/dev/null
	build_is tests-vm/kenneld-next
	restart_kenneld || { not_ok "the next kenneld boots again" "see above"; finish; }
	judged "kill -9, at once"
	is "with its own programs" "gen_6 other" "$(pinned) $([ "$(tag)" = "$first" ] || echo other)"
}
if [ -n "${KENNEL_SOAK:-}" ]; then by_its_own_start; else echo "# by kenneld's own start, stopped and killed: in make soak"; fi

# ---- else nothing here would notice ----
hammer "the wrong order"
load handover wrong
read -r passed _ <<<"$(sums)"
[ "$passed" -gt 0 ] && ok "the wrong order is noticed" || not_ok "the wrong order is noticed" "$passed let through"
echo "# the wrong order: $passed let through"
kill -9 "$KENNELD"
wait "$KENNELD" 2>/dev/null
build_is kenneld
restart_kenneld || not_ok "and mended by the next start" "see above"
is "nothing is left of it" "" "$(find "$CG/plugins" -mindepth 1 -type d)"
stop_kenneld
finish
