#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2012 # names of our own making
# What the supervisor promises, on a real kernel: install, start, emit, upgrade, scan, crash, back-off,
# quarantine, stop, revoke, remove; all of it on record.
# tests: runner/supervise/supervisor.c runner/supervise/control.c runner/supervise/admit.c
# tests: runner/supervise/admit_loader.c runner/supervise/build.c runner/supervise/settle.c
# tests: runner/supervise/plugin.c runner/supervise/launch.c runner/supervise/retire.c runner/supervise/notices.c
# tests: runner/supervise/link_launcher.c runner/supervise/emit.c runner/supervise/stats.c
# tests: runner/supervise/feed.c runner/supervise/note.c runner/supervise/scan.c runner/supervise/methods.c
# tests: runner/supervise/methods_plugin.c runner/supervise/methods_grant.c
# tests: runner/supervise/methods_trust.c runner/supervise/methods_watch.c
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
begin

# ---- install ----
refused "an unknown key's bundle is refused" E_UNTRUSTED 11 kennel install "$B/five.kennel"
refused "what is no key is not trusted" E_KEY_FORMAT 11 kennel trust add tests/run
try "a key is trusted" kennel trust add "$B/one.key.pub" --label one
is "the key is listed" one "$(kennel trust list --json | jq -r '.keys[].trust.label')"
refused "a changed bundle is refused" E_FRAME_DIGEST 10 kennel install "$B/torn.kennel"
is "nothing of what was refused is left" 0 "$(staged)"
try "a trusted bundle is installed" kennel install "$B/five.kennel" --grant 'readNotes=**'
is "it is up" up "$(state_of word-count)"
is "nothing is left in staging" 0 "$(staged)"
is "its files are closed" 0 "$(find "$HOST_STATE"/supervisor/store/word-count/*/root -type f -perm /222 | wc -l)"
refused "an unknown plugin" E_NOT_FOUND 127 kennel stop nobody
refused "a grant it did not ask for" E_GRANT 12 kennel grant word-count --grant network
refused "an option given twice" E_USAGE 2 kennel emit onNoteSave --note a --note b
if setpriv --reuid 65534 --regid 65534 --clear-groups "$KENNEL_BUILD/kennel" ps --run "$HOST_DIR/run" >/dev/null 2>&1; then
	not_ok "a stranger may not command" "it could"
else
	ok "a stranger may not command"
fi

# ---- events ----
answer=$(kennel emit onNoteSave --note 'Daily/2026-05-02.md' --plugin word-count --wait --json)
is "an event is answered" true "$(jq -r '.results[0].ok' <<<"$answer")"
is "the handler's result comes back" true "$(jq -r '.results[0].text | fromjson | .words > 0' <<<"$answer")"
is "its log line is kept" 1 "$(kennel logs word-count --json | jq '.lines | length')"
is "figures are kept" true "$(kennel stats --json | jq '.plugins[0] | .events == 1 and .calls > 0 and .cpuMs > 0 and .memoryPeakBytes > 0')"
is "the sums agree" true "$(kennel stats --json | jq '.host.calls == .plugins[0].calls and .tenants[0].calls == .plugins[0].calls')"
kennel grant word-count --grant 'readNotes=Garden/**' >/dev/null
wait_state word-count up 20
refused "a narrower grant holds at once" E_REFUSED 126 kennel emit onNoteSave --note 'Daily/2026-05-02.md' --plugin word-count --wait
kennel grant word-count --grant 'readNotes=**' >/dev/null
wait_state word-count up 20

# ---- versions ----
try "an upgrade of the same contents" kennel install "$B/six.kennel"
is "the upgrade runs" up "$(state_of word-count)"
refused "row03 a downgrade is refused" E_COUNTER 12 kennel install "$B/four.kennel"
try "another key is trusted" kennel trust add "$B/two.key.pub" --label two
refused "row13 another signer may not take the name" E_SIGNER_CHANGED 12 kennel install "$B/stranger.kennel"
refused "an upgrade that asks for more waits" E_PENDING 12 kennel install "$B/greedy.kennel"
is "the old version runs on" up "$(state_of word-count)"
is "and is the installed one" 1.0.0 "$(kennel ps --json | jq -r '.plugins[0].version')"

# ---- scan ----
cp "$B/six.kennel" "$HOST_STATE/supervisor/incoming/good.kennel"
cp "$B/torn.kennel" "$HOST_STATE/supervisor/incoming/torn.kennel"
ln -s "$B/six.kennel" "$HOST_STATE/supervisor/incoming/link.kennel"
truncate -s 65M "$HOST_STATE/supervisor/incoming/big.kennel"
chown -h 64100:64100 "$HOST_STATE"/supervisor/incoming/*
scan=$(kennel scan --json)
verdict() { jq -r --arg f "$1.kennel" '.bundles[] | select(.file == $f) | .error // "ok"' <<<"$scan"; }
is "scan verifies" ok "$(verdict good)"
is "scan refuses a link" E_OUTSIDE "$(verdict link)"
is "scan refuses what is too big" E_LIMIT "$(verdict big)"
is "scan names the damage" E_FRAME_DIGEST "$(verdict torn)"

# ---- crashes ----
crash() { plugin_pids | xargs -r kill -9 2>/dev/null; }
crash
sleep 0.5
if wait_state word-count up 30; then ok "it comes back after a crash"; else not_ok "it comes back after a crash" "$(state_of word-count)"; fi
delays=$(kennel events word-count --json | jq -c '[.events[] | select(.kind == "backoff") | .delayMs]')
for _ in 1 2 3 4 5 6; do
	wait_state word-count up 30 || break
	crash
	sleep 0.3
done
if wait_state word-count quarantined 20; then ok "too many crashes are quarantined"; else not_ok "too many crashes are quarantined" "$(state_of word-count)"; fi
delays=$(kennel events word-count --json | jq -c '[.events[] | select(.kind == "backoff") | .delayMs]')
is "it waits longer each time" true "$(jq '. as $d | length >= 4 and ([range(1; length)] | all($d[.] > $d[. - 1]))' <<<"$delays")"
echo "# back-off in ms: $delays"
refused "nothing is sent to quarantine" E_STATE 125 kennel emit onNoteSave --note 'Daily/2026-05-02.md' --plugin word-count
host_stop
host_start
is "quarantine outlives the host" quarantined "$(state_of word-count)"
try "a person lets it out" kennel start word-count
is "it is up again" up "$(state_of word-count)"

# ---- stop and start ----
try "stop" kennel stop word-count
if nothing_runs; then ok "nothing of it runs"; else not_ok "nothing of it runs" "$(plugin_pids)"; fi
host_stop
host_start
is "it stays stopped" stopped "$(state_of word-count)"
try "start" kennel start word-count

# ---- trust and removal ----
one=$(kennel trust list --json | jq -r '.keys[] | select(.trust.label == "one") | .fingerprint')
try "a key is revoked" kennel trust revoke "$one" --reason compromise
if nothing_runs; then ok "what it signed is stopped"; else not_ok "what it signed is stopped" "$(state_of word-count)"; fi
refused "and does not start again" E_KEY_REVOKED 11 kennel start word-count
refused "nor is it installed again" E_KEY_REVOKED 11 kennel install "$B/six.kennel"
try "remove" kennel remove word-count
is "nothing is installed" 0 "$(kennel ps --json | jq '.plugins | length')"
is "the store is empty" 0 "$(ls -A "$HOST_STATE/supervisor/store" | wc -l)"
# Row 5: what a stolen key signed sets no bound; no other key signed this plugin.
is "its number is remembered, its counter falls with the stolen key" "1 0" "$(jq -r '"\(.uid) \(.counter)"' "$HOST_STATE"/supervisor/registry/default.word-count.json)"
host_stop
if nothing_runs; then ok "nothing runs in the end"; else not_ok "nothing runs in the end" "$(plugin_pids)"; fi
for event in install install.refused grant launch crash kill quarantine trust trust.revoke stop remove; do
	n=$(cat "$HOST_STATE"/audit/*/*.jsonl | jq -r --arg e "$event" 'select(.ev == $e) | .ev' | wc -l)
	if [ "$n" -gt 0 ]; then ok "on record: $event"; else not_ok "on record: $event" "nothing"; fi
done
kennel audit verify >/dev/null
case $? in 0 | 21) ok "the log is not tampered with" ;; *) not_ok "the log is not tampered with" "exit status $?" ;; esac

exit 0
