#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The main job: links written and nothing else, hostile tries refused, the log intact, and tampered with
# after one byte of it is changed. On the small vault, or a copy of KENNEL_TEST_VAULT.
# tests: runner/broker/broker.c runner/supervise/admit.c runner/cli/cmd_undo.c
set -u
cd "$(dirname "$0")/../.." || exit 1
[ "${KENNEL_VM:-}" = 1 ] || { echo "skip $0: it runs in the test machine only: tools/vm/run -- $0"; exit 77; }
# shellcheck source=../lib/host.sh
. tests/lib/host.sh
ok() { echo "ok $1"; }
not_ok() { echo "not ok $1: ${2:-}"; }
finish() { host_stop; rm -rf "$HOST_DIR" "$keys"; exit 0; }

keys=$(mktemp -d)
"$KENNEL_BUILD/kennel" key gen -W -o "$keys/k" >/dev/null
for p in ai-auto-linker escape-artist; do
	"$KENNEL_BUILD/kennel" bundle pack "$KENNEL_BUILD/plugins/$p" -o "$keys/$p.kennel" --key "$keys/k" >/dev/null
done
host_prepare "${KENNEL_TEST_VAULT:-tests/vault}"
before=$HOST_DIR/before
cp -a "$HOST_VAULT" "$before"
host_draft_all "$HOST_VAULT"
host_start || { not_ok "kenneld starts" "see above"; exit 1; }

if kennel install "$keys/ai-auto-linker.kennel" --grant 'readNotes=**' >/dev/null 2>&1; then
	not_ok "a bundle of an unknown key is refused" "it was installed"
else
	ok "a bundle of an unknown key is refused"
fi
kennel trust add "$keys/k.pub" --label test >/dev/null
kennel install "$keys/ai-auto-linker.kennel" --grant 'readNotes=**' --grant 'writeLinks=**' >/dev/null 2>&1 &&
	ok "ai-auto-linker is installed" || not_ok "ai-auto-linker is installed"

# ---- links ----
host_save_all "$before"
host_settle 300 && ok "the plugins come to rest" || not_ok "the plugins come to rest"
tests/lib/check-links.pl "$before" "$HOST_VAULT"
[ "$(tests/lib/check-links.pl "$before" "$HOST_VAULT" | awk '$1 == "summary" { print $2 }')" -ge 5 ] &&
	ok "there are links at all" || not_ok "there are links at all"
cp -a "$HOST_VAULT" "$HOST_DIR/first"
host_draft_all "$HOST_DIR/first"
host_save_all "$HOST_DIR/first"
host_settle 300
diff -r "$HOST_DIR/first" "$HOST_VAULT" >/dev/null && ok "a second run adds none" ||
	not_ok "a second run adds none" "$(diff -r "$HOST_DIR/first" "$HOST_VAULT" | head -n 5 | tr '\n' '~')"

# ---- undo: what a plugin wrote goes, what a person wrote stays ----
printf 'Turned the compost heap, and sowed basil.\n' >"$HOST_DIR/undo.md"
host_save Inbox/Undo.md <"$HOST_DIR/undo.md"
for _ in $(seq 600); do
	cmp -s "$HOST_DIR/undo.md" "$HOST_VAULT/Inbox/Undo.md" || break
	sleep 0.2
done
host_settle 60
cmp -s "$HOST_DIR/undo.md" "$HOST_VAULT/Inbox/Undo.md" && not_ok "a new note is linked" "$(cat "$HOST_VAULT/Inbox/Undo.md")" || ok "a new note is linked"
cp -a "$HOST_VAULT" "$HOST_DIR/linked"
out=$(kennel undo ai-auto-linker --since 1h --dry-run --json 2>&1)
[ "$(jq -c '[.undone, .kept > 0, ([.notes[] | select(.error == "E_EXISTS")] | length) == .kept]' <<<"$out")" = '[1,true,true]' ] &&
	ok "undo says what it would do, and what was edited since" || not_ok "undo says what it would do, and what was edited since" "$(tr '\n' '~' <<<"$out")"
diff -r "$HOST_DIR/linked" "$HOST_VAULT" >/dev/null && ok "a dry run changes nothing" || not_ok "a dry run changes nothing"
kennel undo ai-auto-linker --since 1h >"$HOST_DIR/undo.log" 2>&1
status=$?
host_settle 60
[ "$status" = 126 ] && cmp -s "$HOST_DIR/undo.md" "$HOST_VAULT/Inbox/Undo.md" && ok "undo puts the text of the person back" ||
	not_ok "undo puts the text of the person back" "status $status: $(tr '\n' '~' <"$HOST_DIR/undo.log")"
rm "$HOST_VAULT/Inbox/Undo.md"
[ "$(diff -rq "$HOST_DIR/linked" "$HOST_VAULT" | wc -l)" = 1 ] && ok "undo changes no other note" ||
	not_ok "undo changes no other note" "$(diff -rq "$HOST_DIR/linked" "$HOST_VAULT" | tr '\n' '~')"
kennel audit show --event undo.done | grep -q 'Inbox/Undo.md' && ok "undo stands on record" || not_ok "undo stands on record"

# ---- who may do what ----
kennel explain ai-auto-linker | grep -q useAI && ok "explain shows what was asked and not given" ||
	not_ok "explain shows what was asked and not given"
[ "$(kennel stats --json | jq '.plugins[0].cpuMs > 0 and .plugins[0].memoryPeakBytes > 0')" = true ] &&
	ok "CPU and memory are metered" || not_ok "CPU and memory are metered" "$(kennel stats --json | jq -c '.plugins[0]')"

# ---- hostile ----
kennel install "$keys/escape-artist.kennel" --grant 'readNotes=Inbox/**' >/dev/null 2>&1
tests/lib/hostile >"$HOST_DIR/hostile" && ok "every hostile try is refused" ||
	not_ok "every hostile try is refused" "$(grep -E 'ESCAPED|hostile:' "$HOST_DIR/hostile" | head -n 5 | tr '\n' '~')"
grep '^summary' "$HOST_DIR/hostile"
figures=$(kennel stats --json | jq -c '.plugins[] | select(.plugin == "escape-artist")')
[ "$(jq '.callsRefused >= 20 and .events >= 5 and .eventsFailed >= 5' <<<"$figures")" = true ] &&
	ok "what ended instances were refused is counted" || not_ok "what ended instances were refused is counted" "$figures"
cmp -s "$HOST_DIR/first/README.md" "$HOST_VAULT/README.md" && ok "the hostile plugin changed no note" ||
	not_ok "the hostile plugin changed no note"

# ---- the log ----
host_stop
kennel audit verify >/dev/null && ok "the log is intact" || not_ok "the log is intact" "$(kennel audit verify | tr '\n' '~')"
log=$(echo "$HOST_STATE"/audit/default/*.jsonl)
line=$(($(wc -l <"$log") / 2))
offset=$(($(head -n $((line - 1)) "$log" | wc -c) + 30))
was=$(dd if="$log" bs=1 skip="$offset" count=1 status=none)
printf '%s' "$([ "$was" = x ] && echo y || echo x)" | dd of="$log" bs=1 seek="$offset" conv=notrunc status=none
out=$(kennel audit verify 2>&1)
status=$?
[ "$status" = 20 ] && [[ $out == *"tampered"*"record $line,"* ]] && ok "one changed byte: tampered, in record $line" ||
	not_ok "one changed byte: tampered, in record $line" "status $status: $out"
[ -z "$(find /sys/fs/cgroup/kennel/plugins -mindepth 1 -type d 2>/dev/null)" ] && ok "no cgroup is left" || not_ok "no cgroup is left"
finish
