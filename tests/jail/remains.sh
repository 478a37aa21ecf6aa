#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# However a jail or the launcher ends, nothing stays: mounts, groups, processes, map entries, files.
# tests: runner/sandbox/instances.c runner/sandbox/launcher.c runner/sandbox/cgroup.c runner/sandbox/requests.c
# tests: runner/sandbox/roles.c runner/sandbox/spawn.c
. "$(dirname "$0")/lib.sh"

map_entries() { # NAME: of the pinned map
	local pin
	pin=$(find "$PINS" -name "$1" 2>/dev/null | head -1)
	[ -n "$pin" ] || { echo none; return; }
	bpftool map dump pinned "$pin" -j 2>/dev/null | jq length
}
snapshot() {
	echo "groups: $(find "$CG" -type d | sort | tr '\n' ' ')"
	echo "mounts: $(wc -l <"/proc/$KENNELD/mountinfo") $(wc -l </proc/self/mountinfo)"
	echo "processes: $(pgrep -fc "^($J|/init|/exec/)|^kennel-")"
	echo "descriptors: $(count_fds "$KENNELD")"
	echo "entries: policies $(map_entries policies) labels $(map_entries labels) usages $(map_entries usages)"
	echo "files: $(cd "$J" && find state run -not -path '*/audit/*' | sort | md5sum)"
}
# unchanged NAME: compares with the snapshot taken before
unchanged() {
	local after diff
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		after=$(snapshot)
		[ "$after" = "$before" ] && break
		sleep 0.2
	done
	if [ "$after" = "$before" ]; then
		ok "$1: nothing is left"
	else
		diff=$(diff <(echo "$before") <(echo "$after") | tr '\n' '~')
		not_ok "$1: nothing is left" "$diff"
	fi
}

export PATH=$PATH:/usr/sbin:/sbin
make_host
start_kenneld || { not_ok "kenneld boots" "see above"; finish; }
make_plugin word-count
make_plugin other
make_plugin broken /bin/true # dynamic: its interpreter is not in the image
mkdir -p "$STATE/supervisor/store/empty/$HEX/root"
mkdir -p "$STATE/supervisor/store/linked/$HEX" && ln -s /etc "$STATE/supervisor/store/linked/$HEX/root"
cp -r "$STATE/supervisor/store/word-count/$HEX/exec" "$STATE/supervisor/store/linked/$HEX/exec"
# the first start makes the folders that stay
id=$(id_of "$(d start acme word-count "$HEX" 2 1 w:data: r:vault:Projects)") # the id map it caches stays
tell "$id" exit 0 >/dev/null
d wait "$id" >/dev/null
sleep 0.5
before=$(snapshot)
echo "$before" | sed 's/^/# /'

run() { # [RULE]...: prints the id; an answer without one is shown
	local a
	a=$(d start acme word-count "$HEX" 2 1 w:data: "$@")
	[[ $a == started* ]] || echo "# $a" >&2
	id_of "$a"
}
ended() { d wait "$1" | cut -d' ' -f1-3; }

for _ in 1 2 3 4 5; do
	id=$(run r:vault:Projects)
	tell "$id" exit 0 >/dev/null
	ended "$id" >/dev/null
done
unchanged "five starts and ends"

id=$(run)
tell "$id" forks 10 >/dev/null
tell "$id" exit 3 >/dev/null
is "the program's status is the jail's, orphans or not" "ended exit 3" "$(ended "$id")"
unchanged "orphans"

id=$(run)
is "a request to kill is answered" ok "$(d kill "$id")"
is "killed" "ended killed 9" "$(ended "$id")"
unchanged "kill"

id=$(run)
tell "$id" forks 10 >/dev/null
is "freeze" ok "$(d freeze "$id")"
is "frozen" "frozen 1" "$(grep frozen "$CG/plugins/acme/word-count/i$id/cgroup.events")"
like "it cannot be frozen twice" "error E_STATE *" "$(d freeze "$id")"
is "thaw" ok "$(d thaw "$id")"
is "it answers again" ok "$(tell "$id" print x)"
d freeze "$id" >/dev/null
is "a frozen one can be killed" ok "$(d kill "$id")"
is "frozen and killed" "ended killed 9" "$(ended "$id")"
unchanged "frozen and killed"

id=$(run)
tell "$id" signal 11 >/dev/null
is "a crash is told with its signal" "ended signal 11" "$(ended "$id")"
id=$(run memory=16777216)
tell "$id" eat 64 >/dev/null
is "out of memory" "ended oom" "$(ended "$id" | cut -d' ' -f1,2)"
unchanged "crash and out of memory"

id=$(run budget=200)
tell "$id" burn 600 >/dev/null
is "a spent budget is told" 1 "$(d budgets "$id" | cut -d' ' -f1)"
like "usage" "usage cpu_ms *" "$(d usage "$id")"
echo "# $(d usage "$id")"
d kill "$id" >/dev/null
echo "# $(d wait "$id")"
unchanged "budget"

# a start that fails, at every kind of step
like "no such bundle" "error E_NOT_FOUND start mounts: *" "$(d start acme nosuch "$HEX" 2 2)"
unchanged "no such bundle"
like "no compiled executable" "error E_NOT_FOUND start mounts: *" "$(d start acme empty "$HEX" 1 2)"
like "a link in the store is not followed" "error E_SYS start mounts: *" "$(d start acme linked "$HEX" 2 2)"
like "no such folder in the vault" "error E_FILES_RULE start mounts: *" "$(d start acme other "$HEX" 2 2 r:vault:Nowhere)"
unchanged "failed mounts"
chmod 000 "$IMAGES/native/init"
like "an init that cannot be executed" "error E_SYS start exec: enter exec: /init: *" "$(d start acme other "$HEX" 2 2)"
chmod 555 "$IMAGES/native/init"
unchanged "failed exec"
mv "$IMAGES/native/tmp" "$IMAGES/native/tmp2"
like "a mount point that is gone" "error E_SYS start *: enter mounts: move_mount to tmp: *" "$(d start acme other "$HEX" 2 2)"
mv "$IMAGES/native/tmp2" "$IMAGES/native/tmp"
unchanged "failed attach"
chown 12345 "$STATE/data/acme/word-count"
like "data of another uid" "error E_CEILING start mounts: *" "$(d start acme word-count "$HEX" 2 1 w:data:)"
chown 300001 "$STATE/data/acme/word-count"
unchanged "data of another uid"
like "a program that cannot run" "started *" "$(a=$(d start acme broken "$HEX" 2 2); echo "$a"; echo "$a" >"$J/broken")"
is "ends with 126" "ended exit 126" "$(ended "$(id_of "$(cat "$J/broken")")")"
unchanged "a program that cannot run"

# outside the ceiling
like "tenant" "error E_CEILING *" "$(d start nobody word-count "$HEX" 2 1)"
like "uid" "error E_CEILING *" "$(d start acme word-count "$HEX" 2 100)"
like "memory" "error E_CEILING *" "$(d start acme word-count "$HEX" 2 1 memory=67108865)"
like "jit" "error E_CEILING *" "$(d start acme word-count "$HEX" 2 1 jit)"
like "a vault to write" "error E_CEILING *" "$(d start acme word-count "$HEX" 2 1 w:vault:)"
like "a path that leaves the vault" "error E_CEILING *" "$(d start acme word-count "$HEX" 2 1 r:vault:../x)"
id=$(run)
like "another plugin under the same uid" "error E_CEILING *" "$(d start acme other "$HEX" 2 1)"
like "no such instance" "error E_NOT_FOUND *" "$(d kill 4711)"
d kill "$id" >/dev/null
d wait "$id" >/dev/null
like "an ended instance is unknown" "error E_NOT_FOUND *" "$(d kill "$id")"
unchanged "requests outside the ceiling"

# kill -9 of the launcher: the jail stays jailed, and the next start finds it
id=$(run)
pid=$(program_of acme/word-count "$id")
kill -9 "$KENNELD"
wait "$KENNELD" 2>/dev/null
sleep 0.5
if kill -0 "$pid" 2>/dev/null; then
	is "it stays in its group" "0::/kennel-jail/plugins/acme/word-count/i$id" "$(grep ^0:: "/proc/$pid/cgroup")"
else
	ok "it ended with its wire"
fi
is "the roles went with the launcher" 0 "$(pgrep -f "$BIN/kennel-" | wc -l)"
restart_kenneld || { not_ok "kenneld boots again" "see above"; finish; }
ok "kenneld boots again"
kill -0 "$pid" 2>/dev/null && not_ok "leftovers are ended" "$pid lives" || ok "leftovers are ended"
before=$(sed "s/^descriptors:.*/descriptors: $(count_fds "$KENNELD")/" <<<"$before")
unchanged "kill -9 and a new start"

# orderly end with plugins running
id=$(run)
stop_kenneld
is "SIGTERM ends with 0" 0 $?
is "no group is left" "" "$(find "$CG/plugins" -mindepth 1 -type d)"
is "no process is left" 0 "$(pgrep -f "$J/" | wc -l)"
[ -e "$RUN/control.sock" ] && not_ok "the socket is gone" || ok "the socket is gone"

# a supervisor that breaks the protocol, or dies
restart_kenneld
id=$(run)
d malformed >/dev/null
wait "$KENNELD"
is "a malformed record ends everything with 125" 125 $?
is "no group is left then" "" "$(find "$CG/plugins" -mindepth 1 -type d)"
restart_kenneld
id=$(run)
pkill -9 -P "$KENNELD" -f kennel-audit || pkill -9 -P "$KENNELD" kennel-audit
wait "$KENNELD"
is "plugins never run unrecorded: 125 when the audit writer dies" 125 $?
is "no group is left either" "" "$(find "$CG/plugins" -mindepth 1 -type d)"
restart_kenneld
d shutdown >/dev/null
wait "$KENNELD"
is "a shutdown request ends with 0" 0 $?
finish
