#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What becomes of an installed plugin, and of an upgrade that waits, when the trust it came with changes: a key
# expires, the clock is set back, a second signer is stolen, a list names the bundle. All of it on record.
# tests: runner/supervise/vouched.c runner/supervise/timefloor.c runner/supervise/methods_version.c
# tests: runner/supervise/distrust.c
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

"$KENNEL_BUILD/kennel" key gen -W -o "$B/lists.key" >/dev/null
fp() { "$KENNEL_BUILD/kennel" key show "$B/$1.key.pub" | awk '$1 == "fingerprint" { print $2 }'; }
id_of() { "$KENNEL_BUILD/kennel" bundle verify "$B/$1" -p "$B/one.key.pub" --json | jq -r .bundleId; }
make_list() { # SERIAL; the entries come from stdin
	cat >"$B/entries"
	"$KENNEL_BUILD/kennel" trust sign-revocations "$B/entries" -o "$B/list" --key "$B/lists.key" --serial "$1" \
		--expires $(($(date +%s) + 864000)) --issued $(($(date +%s) - 1000)) >/dev/null
	install -m 644 "$B/list" "$HOST_STATE/fetch/revocations"
	kennel trust fetch --read-only >/dev/null 2>&1
}
both() { # DIR FILE COUNTER: signed by one and two
	pack "$1" "$2" one "$3"
	"$KENNEL_BUILD/kennel" bundle sign "$B/$2" --key "$B/two.key" >/dev/null
}
version() { kennel ps --json | jq -r '.plugins[0].version'; }
on_record() { # NAME EVENT RESULT-OR-NOTHING
	local n
	n=$(cat "$HOST_STATE"/audit/*/*.jsonl | jq -r --arg e "$2" 'select(.ev == $e) | .ev' | wc -l)
	if [ "$n" -gt 0 ]; then ok "$1"; else not_ok "$1" "no $2"; fi
}
restart() {
	host_stop >/dev/null
	host_start || { not_ok "kenneld starts again"; exit 1; }
}
cp -r "$B/word-count" "$B/asks"
jq '.permissions += ["useAI"] | .version = "2.0.0"' "$B/word-count/manifest.json" >"$B/asks/manifest.json"
both word-count both.kennel 5
both asks asks.kennel 6

host_prepare tests/vault
jq '.revocations = {"every": "1h", "stale": "warn"}' "$HOST_DIR/kennel.json" >"$B/conf" && cat "$B/conf" >"$HOST_DIR/kennel.json"
host_start || { not_ok "kenneld starts"; exit 1; }
trap 'host_stop >/dev/null 2>&1' EXIT

# ---- without a list, where the configuration says "warn"; two signers ----
tomorrow=$(date -u -d '+1 day' +%F)
kennel trust add "$B/lists.key.pub" --label lists --for revocations >/dev/null
kennel trust add "$B/one.key.pub" --label one --threshold 2 --expires "$tomorrow" >/dev/null
refused "row06 one signature is not enough" E_UNTRUSTED 11 kennel install "$B/both.kennel"
kennel trust add "$B/two.key.pub" --label two >/dev/null
try "row06 two are; without a list, for it only warns" kennel install "$B/both.kennel" --grant 'readNotes=**'
is "it is up" up "$(state_of word-count)"
is "row06 both are remembered" "$(printf '%s\n' "$(fp one)" "$(fp two)" | sort)" \
	"$(kennel list --json | jq -r '.plugins[0].versions[0].signers[]' | sort)"
kennel trust list 2>&1 >/dev/null | grep -q 'missing or has expired' && ok "row04 the missing list is told of" ||
	not_ok "row04 the missing list is told of"
refused "an upgrade that asks for more waits" E_PENDING 12 kennel install "$B/asks.kennel"

# ---- what waits is asked again ----
make_list 1 <<<"bundle $(id_of asks.kennel) superseded"
refused "row08 what waits is not let in once a list names it" E_BUNDLE_REVOKED 11 kennel approve word-count
make_list 2 </dev/null
real=$(date +%s)
date -s '+3 days' >/dev/null
refused "row04 nor under a key that has expired" E_KEY_EXPIRED 11 kennel approve word-count
refused "row04 which lets nothing new in" E_KEY_EXPIRED 11 kennel install "$B/both.kennel"
kennel stop word-count >/dev/null
try "row08 what is installed still starts" kennel start word-count
is "row08 with a warning" "the key it was signed with has expired" \
	"$(kennel events --json 2>/dev/null | jq -r '.. | objects | select(.kind == "warning") | .text' | tail -n 1)"

# ---- the clock is set back ----
date -s "@$((real + 20))" >/dev/null
refused "row04 a clock set back revives no key" E_KEY_EXPIRED 11 kennel approve word-count
restart
refused "row04 nor over a restart" E_KEY_EXPIRED 11 kennel approve word-count
refused "row04 nor a bundle that comes anew" E_KEY_EXPIRED 11 kennel install "$B/both.kennel"
host_stop >/dev/null
on_record "row04 on record" clock.behind
rm "$HOST_STATE/supervisor/clock.json"
host_start || exit 1
try "once the memory is removed by hand, what waits is let in" kennel approve word-count
is "it runs" "2.0.0 up" "$(version) $(state_of word-count)"

# ---- back to what is revoked ----
make_list 3 <<<"bundle $(id_of both.kennel) compromise"
refused "row08 no rollback to a listed bundle" E_BUNDLE_REVOKED 11 kennel rollback word-count
is "what runs goes on" "2.0.0 up" "$(version) $(state_of word-count)"

# ---- the second signer is stolen ----
try "row06 the second signer's key is revoked" kennel trust revoke "$(fp two)" --reason compromise
if nothing_runs; then ok "row06 one is left of two: it is stopped"; else not_ok "row06 one is left of two: it is stopped" "$(state_of word-count)"; fi
refused "row06 and does not start" E_UNTRUSTED 11 kennel start word-count
refused "row08 it is not trusted again by the way" E_KEY_REVOKED 11 kennel trust add "$B/two.key.pub" --label two
try "row08 but when somebody says so" kennel trust add "$B/two.key.pub" --label two --undo-revocation
try "row08 then it starts again" kennel start word-count
kennel trust revoke "$(fp two)" --reason compromise >/dev/null
nothing_runs || not_ok "it is stopped again" "$(state_of word-count)"
kennel trust add "$B/one.key.pub" --label one --threshold 1 >/dev/null
try "row06 or when one signature is made enough" kennel start word-count
host_stop
for event in launch.warning trust.undo-revocation trust.revocations.stale trust.revocations approve install.pending; do
	on_record "on record: $event" "$event"
done
is "why it was stopped stands there" true \
	"$(cat "$HOST_STATE"/audit/*/*.jsonl | jq -s 'any(.ev == "kill" and .res == "E_UNTRUSTED")')"
kennel audit verify >/dev/null
case $? in 0 | 21) ok "the log is not tampered with" ;; *) not_ok "the log is not tampered with" "exit status $?" ;; esac
exit 0
