#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# kill -9 of each process in each state of an instance, and in the middle of an installation. A host has a plugin in each
# state at once when one process is killed; so a row of the table below is one kill, of every column.
# After each: what is left is in its jail, what has an end comes to it, what is wanted comes back by itself or with the
# next kenneld, nothing that nobody owns stays (process, group, map entry, mount, staged file), the log verifies.
# With KENNEL_SOAK with each kind of installation, and five times.
# tests: runner/supervise/link_broker.c runner/supervise/store.c runner/supervise/supervisor.c
# tests: runner/supervise/instance.c runner/sandbox/instances.c
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
export PATH=$PATH:/usr/sbin:/sbin
[ -x "$KENNEL_BUILD/tests-vm/moody" ] || { echo "not ok $0: $KENNEL_BUILD/tests-vm/moody is not built; run: make all tests-build"; exit 1; }
CG=/sys/fs/cgroup/kennel/plugins PINS=/sys/fs/bpf/kennel

# VICTIM           INSTALLING  IN A SOAK ALSO  OF WHICH STATES (a plugin's own processes are there in some only)
ROWS="
kenneld            compile     load            all
kennel-supervisor  load        compile         all
kennel-audit       -           compile,load    all
kennel-loader      load        -               none
cc1                compile     -               none
compile-init       compile     -               none
kennel-broker      -           compile         all
the-plugin         -           -               starting up stopping ending killing
kennel-init        -           -               starting up stopping ending killing
"
# Not in it, and why:
#   the plugin or its kennel-init, stopped, backoff, quarantined: nothing of it runs
#   kennel-loader, any state: it lives during an installation only; its instance is another one's, or none
#   kennel-fetch: belongs to a broker's question, not to an instance; tests/vm/models.sh kills it, and its broker
#   any process, stuck: it takes a file system that does not answer; tests/vm/stuck.sh kills them then

# The plugin of each state, and in which states it may be once all is over; + after a new start of kenneld
EACH="
idle     stopped      stopped
slow     starting     starting|up|backoff|killing
calm     up           up
deaf-d   stopping     stopped
deaf-e   ending       stopped
deaf-k   killing      up
crasher  backoff      backoff|starting|killing
broken   quarantined  quarantined
"

moody() { # NAME MOOD RUNTIME RESTARTS
	mkdir -p "$B/$1/bin"
	cp "$KENNEL_BUILD/tests-vm/moody" "$B/$1/bin/$1"
	echo "$2" >"$B/$1/mood"
	cat >"$B/$1/manifest.json" <<-JSON
		{ "name": "$1", "schemaVersion": "1.0", "version": "1.0.0", "runtime": "native", "entry": "bin/$1",
		  "permissions": ["readNotes"], "files": [{"path": "data:/", "access": "write"}],
		  "limits": {"runtime": "$3"}, "restart": {"policy": "on-failure", "max": $4, "within": "10m"}, "events": ["onCommandPalette"] }
	JSON
	"$KENNEL_BUILD/kennel" bundle pack "$B/$1" --native -o "$B/$1.kennel" --key "$B/two.key" --counter 1 >/dev/null
	kennel install "$B/$1.kennel" --grant-files >"$B/said" 2>&1 || grep -q "is quarantined\|is backoff\|is starting" "$B/said" || not_ok "$1 is installed" "$(tail -n 1 "$B/said")"
}

# ---- looking, with few processes: an emulated processor is slow to start them ----
declare -A is_now
look() { # fills is_now from `kennel ps`
	local name state
	is_now=()
	while read -r name _ _ state _; do is_now[$name]=$state; done < <(kennel ps 2>/dev/null)
}
until_is() { # SECONDS NAME STATES
	local end=$((SECONDS + $1))
	while [ $SECONDS -le $end ]; do
		look
		[[ "|$3|" == *"|${is_now[$2]:-}|"* ]] && return 0
		sleep 0.1
	done
	echo "# $2 is ${is_now[$2]:-not there} and not $3 after $1 s"
	return 1
}
init_of() { local f=("$CG/default/$1"/i*/cgroup.procs); head -n 1 "${f[0]}" 2>/dev/null; }
program_of() { local f=("$CG/default/$1"/i*/cgroup.procs); sed -n 2p "${f[0]}" 2>/dev/null; }
alive() { kennel ps --json | jq '[.plugins[] | select(.instance != 0)] | length'; }
entries() { bpftool map dump pinned "$PINS/$1" -j | jq length; }
mounts() { echo "$(wc -l </proc/self/mountinfo) $(wc -l <"/proc/$HOST_PID/mountinfo")"; }

# ---- every plugin in its state ----
hold() { kill -STOP "$HOST_PID"; } # who is to be killed stays that, until somebody goes on to end it
# true: each is in its state, and kenneld is held
all_in_state() { # INSTALLATION VICTIM; sets pids
	local name wanted rest back starts=()
	for name in deaf-d deaf-e deaf-k; do
		kennel start $name >/dev/null 2>&1 &
		starts+=($!)
	done
	kennel stop slow >/dev/null
	wait "${starts[@]}"
	until_is 30 broken quarantined && until_is 30 calm up || return 1
	for _ in $(seq 200); do # a back-off that is longer than all of this
		back=$(kennel ps crasher --json | jq '.plugins[0].nextStartMs // 0')
		[ "$back" -gt 4500 ] && break
		sleep 0.1
	done
	for name in deaf-d deaf-e; do kennel emit onCommandPalette --plugin $name --command deaf >/dev/null || return 1; done
	kennel start slow >/dev/null 2>&1 &
	until_is 10 slow starting || return 1
	[ "$1" = - ] || install_begins "$1" || return 1
	[ -n "$(program_of slow)" ] || sleep 0.5
	hold
	kennel emit onCommandPalette --plugin deaf-k --command deaf >/dev/null || return 1 # its second is soon over
	kennel stop deaf-e >/dev/null 2>&1 &
	until_is 5 deaf-e ending && until_is 8 deaf-k killing || return 1
	look
	while read -r name wanted rest; do
		[ -z "$name" ] || [ "$name" = deaf-d ] || [ "${is_now[$name]:-}" = "$wanted" ] || { echo "# $name is ${is_now[$name]:-} and not $wanted"; return 1; }
	done <<<"$EACH"
	pids=$(victims_of "$2" | xargs)
	now_stopping
}
stops() { grep -hE '"ev": ?"stop"' "$HOST_STATE"/audit/*/*.jsonl | wc -l; }
now_stopping() { # half a second from its record on: too short to ask for
	local before end=$((SECONDS + 10))
	[ "${is_now[deaf-d]:-}" = up ] || return 1
	before=$(stops)
	kennel stop deaf-d >/dev/null 2>&1 &
	while [ "$(stops)" = "$before" ]; do [ $SECONDS -le $end ] || return 1; done
}

# ---- an installation ----
mkfifo "$B/fed"
installing='' feeder=''
install_begins() { # load|compile: until its process is there
	local from=$B/greedy.kennel sign=cc1
	if [ "$1" = load ]; then
		from=$B/fed sign=kennel-loader
		(head -c 2000 "$B/greedy.kennel"; exec sleep 600) >"$B/fed" 2>/dev/null &
		feeder=$!
	fi
	kennel install "$from" --grant-all-asked >"$B/installed" 2>&1 &
	installing=$!
	for _ in $(seq 600); do
		[ -n "$(pid_of $sign)" ] && return 0
		kill -0 $installing 2>/dev/null || return 1
		sleep 0.05
	done
	return 1
}
install_gone() { # whatever became of it
	[ -z "$installing" ] || wait "$installing"
	[ -z "$feeder" ] || kill "$feeder" 2>/dev/null
	installing='' feeder=''
}

# The installation goes on without the broker; what it compiled is kept, so the next one gets another module.
modules=0
another_module() { # NAME
	local installs=1
	wait "$installing" && installs=0
	is "$1: the installation has nothing to do with it" "0 2.0.$modules" "$installs $(kennel ps word-count --json | jq -r '.plugins[0].version')"
	install_gone
	try "$1: and can be taken back" kennel rollback word-count
	modules=$((modules + 1))
	printf '\x00\x05\x04mo%02d' $modules >>"$B/greedy/main.wasm"
	jq --arg v "2.0.$modules" '.permissions += ["useAI"] | .version = $v' "$B/word-count/manifest.json" >"$B/greedy/manifest.json"
	pack greedy greedy.kennel one $((7 + modules))
}

# ---- what must hold ----
# What outlives kenneld: each process of a plugin is in its group, confined, and its guard is pinned.
still_jailed() { # NAME
	local p odd='' n=0
	for p in $(plugin_pids); do
		n=$((n + 1))
		grep -q '^0::/kennel/plugins/[a-z_.-]*/[a-z-]*/i[0-9]*$' "/proc/$p/cgroup" 2>/dev/null || { [ -e "/proc/$p" ] && odd="$odd $p:group"; }
		[ "$(awk '/^(CapBnd|NoNewPrivs|Seccomp):/ { printf "%s ", $2 }' "/proc/$p/status" 2>/dev/null)" = "0000000000000000 1 2 " ] ||
			{ [ -e "/proc/$p" ] && [ "$(awk '/^State/ { print $2 }' "/proc/$p/status")" != Z ] && odd="$odd $p:$(tr '\n' ' ' <"/proc/$p/comm")"; }
	done
	[ -e "$PINS/guard/maps/policies" ] && [ -n "$(find "$PINS/guard" -name guard_open)" ] || odd="$odd guard"
	is "$1: what is left of plugins is in its jail" "" "$odd"
	echo "# $1: $n processes of plugins"
}
nothing_unowned() { # NAME
	local live seen
	for _ in 1 2 3 4 5 6 7 8 9 10; do # one that crashes all the time is in between now and then
		live=$(alive)
		seen="$(find "$CG" -mindepth 3 -maxdepth 3 -type d | wc -l) $(entries guard/maps/policies) $(entries meter/maps/usages)"
		[ "$seen" = "$live $live $live" ] && [ "$(mounts)" = "$baseline" ] && break
		sleep 0.3
	done
	is "$1: as many groups, policies and usages as instances; no mount more" "$live $live $live, $baseline" "$seen, $(mounts)"
	is "$1: nothing staged" 0 "$(staged)"
	try "$1: what is remembered is whole" jq -s . "$HOST_STATE"/supervisor/{registry,grants}/*.json "$HOST_STATE"/supervisor/*.json
	is "$1: nothing of a plugin ever got out" "" "$(find "$HOST_STATE/data" -name escaped)"
}
log_holds() { # NAME
	kennel audit verify >/dev/null && status=0 || status=$?
	case $status in 0 | 21) ok "$1: the log holds" ;; *) not_ok "$1: the log holds" "exit status $status" ;; esac
}
# comes_back NAME STATES...: each plugin of these states is where it belongs
comes_back() {
	local what=$1 name was may
	shift
	while read -r name was may; do
		[ -n "$name" ] && [[ " $* " == *" all "* || " $* " == *" $was "* ]] || continue
		if until_is 40 "$name" "$may"; then ok "$what, $was: then ${may//|/ or }"; else not_ok "$what, $was: then ${may//|/ or }" "${is_now[$name]:-not there}"; fi
	done <<<"$EACH"
}
bounded_end() { # NAME SECONDS: of kenneld
	local began=$SECONDS
	wait_gone "$HOST_PID"
	wait "$HOST_PID" 2>/dev/null
	if [ $((SECONDS - began)) -le "$2" ]; then ok "$1: kenneld ends in a bounded time"; else not_ok "$1: kenneld ends in a bounded time" "$((SECONDS - began)) s"; fi
}
the_old_one() { # NAME
	is "$1: the old version is the installed one" "1.0.0" "$(kennel ps word-count --json | jq -r '.plugins[0].version')"
	if until_is 40 word-count up; then ok "$1: and runs"; else not_ok "$1: and runs" "${is_now[word-count]:-}"; fi
}

# ---- the rows ----
victims_of() { # VICTIM: pids
	local name was rest
	case $1 in
	the-plugin | kennel-init)
		while read -r name was rest; do
			[ -n "$name" ] && [[ " starting up stopping ending killing " == *" $was "* ]] || continue
			if [ "$1" = kennel-init ]; then init_of "$name"; else program_of "$name"; fi
		done <<<"$EACH"
		;;
	compile-init) head -n 1 "$CG"/*/greedy/i*/cgroup.procs "$CG"/*/word-count/i*/cgroup.procs 2>/dev/null | grep -E '^[0-9]+$' | while read -r p; do
		[ "$(stat -c %u "/proc/$p" 2>/dev/null)" = 200000 ] && echo "$p"; done ;;
	*) pid_of "$1" ;;
	esac
}
row() { # VICTIM INSTALLATION STATES...
	local victim=$1 work=$2 what pids=''
	shift 2
	what="$victim killed"
	[ "$work" = - ] || what="$what while another is installed ($work)"
	if [ "$1" = none ]; then
		install_begins "$work" || { not_ok "$what" "no installation: $(tail -n 1 "$B/installed")"; return; }
	else
		for _ in 1 2 3 4; do
			all_in_state "$work" "$victim" && break
			kill -CONT "$HOST_PID"
			[ "$work" != load ] || kill -9 "$(pid_of kennel-loader)" 2>/dev/null
			[ "$work" != compile ] || kill -9 "$(pid_of cc1)" 2>/dev/null
			install_gone
			is_now=()
		done
		[ "${#is_now[@]}" -gt 0 ] || { not_ok "$what" "no way to have each in its state"; return; }
	fi
	[ "$1" != none ] || pids=$(victims_of "$victim" | xargs)
	[ -n "$pids" ] || not_ok "$what" "there is none"
	# shellcheck disable=SC2086 # one word each
	kill -9 $pids
	[ "$victim" = kenneld ] || kill -CONT "$HOST_PID" 2>/dev/null
	case $victim in
	kenneld | kennel-supervisor | kennel-audit)
		bounded_end "$what" 30
		if [ "$victim" = kenneld ]; then sleep 1; else is "$what: nothing runs on" "" "$(nothing_runs || plugin_pids | xargs)"; fi
		still_jailed "$what"
		install_gone
		log_holds "$what"
		host_start >/dev/null 2>&1 || not_ok "$what: kenneld starts again" "$(tail -n 12 "$HOST_DIR/kenneld.log")"
		baseline="${baseline% *} $(wc -l <"/proc/$HOST_PID/mountinfo")"
		;;
	kennel-broker)
		[ "$work" = - ] || another_module "$what"
		;;
	kennel-loader | cc1 | compile-init)
		if wait "$installing"; then not_ok "$what: it fails" "it did not"; else ok "$what: it fails"; fi
		is "$what: by name" 1 "$(grep -cE '^kennel: E_[A-Z]+: ' "$B/installed")"
		install_gone
		;;
	esac
	comes_back "$what" "$@"
	the_old_one "$what"
	nothing_unowned "$what"
}

host_prepare tests/vault
sed -i 's/"runtimes": \[[^]]*\]/"runtimes": ["wasm", "native"]/' "$HOST_DIR/kennel.json"
host_start || { not_ok "kenneld starts"; exit 1; }
trap 'kill -CONT "$HOST_PID" 2>/dev/null; host_stop >/dev/null 2>&1' EXIT
ok "kenneld starts"
kennel trust add "$B/two.key.pub" --label native --native >/dev/null
kennel trust add "$B/one.key.pub" --label one >/dev/null
kennel native approve "$("$KENNEL_BUILD/kennel" key show "$B/two.key.pub" | awk '$1 == "fingerprint" { print $2 }')" >/dev/null
moody crasher crash 10s 60
moody broken crash 10s 1
moody slow slow 10s 60
for name in idle calm deaf-d deaf-e; do moody $name fine 60s 60; done
moody deaf-k fine 1s 60
kennel stop idle >/dev/null
try "one is installed that is upgraded meanwhile" kennel install "$B/five.kennel" --grant 'readNotes=**'
baseline=$(mounts)
each_row() { # once
	local victim work more states began
	while read -r victim work more states; do
		[ -n "$victim" ] || continue
		[ -n "${KENNEL_SOAK:-}" ] && [ "$more" != - ] || more=''
		for work in "$work" ${more//,/ }; do
			began=$SECONDS
			# shellcheck disable=SC2086 # one word each
			row "$victim" "$work" $states
			echo "# $victim, $work: $((SECONDS - began)) s"
		done
	done <<<"$ROWS"
}
each_row
[ -z "${KENNEL_SOAK:-}" ] || for _ in 2 3 4 5; do each_row; done
is "a broker's end is not a plugin's fault" 0 "$(kennel events word-count --json | jq '[.events[] | select(.kind == "quarantine")] | length')"
host_stop
if nothing_runs; then ok "nothing runs in the end"; else not_ok "nothing runs in the end" "$(plugin_pids)"; fi
is "no group is left" "" "$(find "$CG" -mindepth 1 -type d)"
log_holds "in the end"
exit 0
