#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# kill -9 of each process, also in the middle of an installation: the old state or the new one, nothing
# half-made, nothing running that nobody watches.
# tests: runner/supervise/link_broker.c runner/supervise/store.c runner/supervise/supervisor.c
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
begin
kennel trust add "$B/one.key.pub" --label one >/dev/null
try "installed" kennel install "$B/five.kennel" --grant 'readNotes=**'

# ---- kill -9 of each process ----
broker=$(pid_of kennel-broker)
kill -9 "$broker"
wait_gone "$broker"
sleep 1
if wait_state word-count up 40; then ok "a new broker takes over"; else not_ok "a new broker takes over" "$(state_of word-count)"; fi
is "and serves" true "$(kennel emit onNoteSave --note 'Daily/2026-05-02.md' --plugin word-count --wait --json | jq -r '.results[0].ok')"
is "the broker's end is not the plugin's fault" true "$(kennel events word-count --json | jq '[.events[] | select(.kind == "quarantine")] | length == 0')"

# Without the log nothing may go on, so its writer takes the host with it, as the others do.
for victim in kennel-supervisor kenneld kennel-audit; do
	kill -9 "$(pid_of $victim)"
	if wait_gone "$HOST_PID"; then ok "$victim killed: kenneld ends"; else not_ok "$victim killed: kenneld ends" "it goes on"; fi
	if nothing_runs; then ok "$victim killed: no plugin runs on"; else not_ok "$victim killed: no plugin runs on" "$(plugin_pids)"; fi
	restart_host
	if wait_state word-count up 40; then ok "$victim killed: all is back"; else
		not_ok "$victim killed: all is back" "$(tail -n 3 "$HOST_DIR/kenneld.log")"; fi
done

# in the middle of an installation: while the loader reads, and while it compiles
mkfifo "$B/slow"
(head -c 2000 "$B/greedy.kennel"; exec sleep 600) >"$B/slow" 2>/dev/null &
feeder=$!
for victim in kennel-loader kennel-supervisor; do
	from=$B/slow sign=kennel-loader
	[ "$victim" = kennel-supervisor ] && from=$B/greedy.kennel sign=cc1
	kennel install "$from" --grant-all-asked >/dev/null 2>&1 &
	installing=$!
	for _ in $(seq 600); do
		[ -n "$(pid_of "$sign")" ] && break
		sleep 0.1
	done
	kill -9 "$(pid_of "$victim")"
	if wait $installing; then not_ok "$victim killed in an installation: it fails" "it did not"; else ok "$victim killed in an installation: it fails"; fi
	if [ "$victim" = kennel-supervisor ]; then
		wait_gone "$HOST_PID"
		restart_host
	fi
	if wait_state word-count up 40; then ok "$victim killed in an installation: the old version runs"; else not_ok "$victim killed in an installation: the old version runs" "$(state_of word-count)"; fi
	is "$victim killed in an installation: it is the installed one" 1.0.0 "$(kennel ps --json | jq -r '.plugins[0].version')"
	is "$victim killed in an installation: nothing is left" 0 "$(staged)"
done
kill "$feeder" 2>/dev/null
kennel stop word-count >/dev/null
host_stop
if nothing_runs; then ok "nothing runs in the end"; else not_ok "nothing runs in the end" "$(plugin_pids)"; fi
kennel audit verify >/dev/null && status=0 || status=$?
case $status in 0 | 21) ok "the log is not tampered with" ;; *) not_ok "the log is not tampered with" "exit status $status" ;; esac
exit 0
