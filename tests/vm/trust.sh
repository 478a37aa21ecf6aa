#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Who is trusted, on a real host: ceilings, rotation, revocation by a person and by a list, what a list
# that is old, expired or missing does, and the list fetched from a server. All of it on record.
# tests: runner/supervise/revoked_look.c runner/supervise/distrust.c runner/supervise/methods_rotate.c
# tests: runner/supervise/methods_trust.c runner/cli/trust_more.c runner/cli/cmd_trust.c runner/main/fetch.c
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

for k in three four lists; do "$KENNEL_BUILD/kennel" key gen -W -o "$B/$k.key" >/dev/null; done
fp() { "$KENNEL_BUILD/kennel" key show "$B/$1.key.pub" | awk '$1 == "fingerprint" { print $2 }'; }
one=$(fp one) two=$(fp two) three=$(fp three)
pack word-count seven-two.kennel two 7
pack word-count jump-two.kennel two 2147483648
pack word-count eight-three.kennel three 8
pack word-count nine-four.kennel four 9
id_of() { "$KENNEL_BUILD/kennel" bundle verify "$B/$1" -p "$B/$2.key.pub" --json | jq -r .bundleId; }
make_list() { # FILE SERIAL SECONDS-FROM-NOW; the entries come from stdin
	cat >"$B/entries"
	"$KENNEL_BUILD/kennel" trust sign-revocations "$B/entries" -o "$B/$1" --key "$B/lists.key" --serial "$2" \
		--expires $(($(date +%s) + $3)) --issued $(($(date +%s) - 1000))
}
put_list() { install -m 644 "$B/$1" "$HOST_STATE/fetch/revocations"; }
serial() { kennel trust list --json | jq .revocations.serial; }
wait_serial() {
	for _ in $(seq 200); do
		[ "$(serial)" = "$1" ] && return 0
		sleep 0.2
	done
	return 1
}
on_record() { # NAME EVENT
	local n
	n=$(cat "$HOST_STATE"/audit/*/*.jsonl | jq -r --arg e "$2" 'select(.ev == $e) | .ev' | wc -l)
	if [ "$n" -gt 0 ]; then ok "$1"; else not_ok "$1" "no $2"; fi
}

host_prepare tests/vault
jq '.revocations = {"url": "http://127.0.0.1:8017/list", "every": "1s"}' "$HOST_DIR/kennel.json" >"$B/conf" &&
	cat "$B/conf" >"$HOST_DIR/kennel.json"
chmod 644 "$HOST_DIR/kennel.json"
host_start || { not_ok "kenneld starts"; exit 1; }
trap 'host_stop >/dev/null 2>&1; [ -z "${server:-}" ] || kill "$server"' EXIT

# ---- a list is needed, because one is configured ----
try "a key is trusted" kennel trust add "$B/one.key.pub" --label one --plugins 'word-*' --permissions readNotes --memory 128
refused "row08 without a list nothing new is installed" E_REVOCATIONS_STALE 11 kennel install "$B/five.kennel"
make_list first 3 3600 </dev/null
put_list first
refused "row10 a key for bundles signs no list" E_UNTRUSTED 11 kennel trust fetch --read-only
try "a key is trusted for lists" kennel trust add "$B/lists.key.pub" --label lists --for revocations
try "the list is read when asked" kennel trust fetch --read-only
is "its serial is kept" 3 "$(serial)"
try "with a list a bundle is installed" kennel install "$B/five.kennel" --grant 'readNotes=**'
refused "the ceiling of a key: more is refused, and said" E_CEILING 12 kennel install "$B/greedy.kennel"
kennel install "$B/greedy.kennel" 2>&1 | grep -q useAI && ok "the difference is named" || not_ok "the difference is named"
is "show names its bounds" "128 word-count" "$(kennel trust show "$one" --json | jq -r '"\(.trust.ceiling.max_mem_mib) \(.plugins[0].plugin)"')"

# ---- rotation ----
refused "row13 a stranger may not take the name" E_UNTRUSTED 11 kennel install "$B/seven-two.kennel"
"$KENNEL_BUILD/kennel" key rotate "$B/two.key" "$B/one.key" -o "$B/backwards"
refused "row07 a stranger rotates nothing" E_UNTRUSTED 11 kennel trust rotate "$B/backwards"
"$KENNEL_BUILD/kennel" key rotate "$B/one.key" "$B/two.key" -o "$B/rotation"
try "row07 both keys rotate" kennel trust rotate "$B/rotation"
is "row07 the new key has the old bounds" true \
	"$(jq -s '.[0].ceiling == .[1].ceiling and .[0].plugins == .[1].plugins' "$HOST_STATE/supervisor/trust/$one.json" "$HOST_STATE/supervisor/trust/$two.json")"
is "row08 superseded: what is installed runs on" up "$(state_of word-count)"
refused "row08 superseded: nothing new is installed" E_KEY_REVOKED 11 kennel install "$B/six.kennel"
try "row13 an upgrade under the new key" kennel install "$B/seven-two.kennel"
is "row07 the grant went with it" up "$(state_of word-count)"
answer=$(kennel emit onNoteSave --note 'Daily/2026-05-02.md' --plugin word-count --wait --json)
is "row07 and it may still read" true "$(jq -r '.results[0].ok' <<<"$answer")"
refused "row07 a statement works once" E_KEY_REVOKED 11 kennel trust rotate "$B/rotation"

# ---- a stolen key ----
try "row05 a thief jumps ahead" kennel install "$B/jump-two.kennel"
try "row08 the key is revoked" kennel trust revoke "$two" --reason compromise
if nothing_runs; then ok "row08 compromise stops what runs"; else not_ok "row08 compromise stops what runs" "$(state_of word-count)"; fi
refused "row08 and it does not start" E_KEY_REVOKED 11 kennel start word-count
is "row05 the counter is what a key signed that nobody stole" 5 "$(jq .counter "$HOST_STATE"/supervisor/registry/default.*.json)"
refused "row08 a compromise is not made less" E_KEY_REVOKED 11 kennel trust revoke "$two" --reason retired
refused "row08 nor trusted again by the way" E_KEY_REVOKED 11 kennel trust add "$B/two.key.pub" --label two
try "row05 the owner goes on with a third key" kennel trust add "$B/three.key.pub" --label three --succeeds "$two"
try "row05 and a counter that the thief had passed" kennel install "$B/eight-three.kennel" --grant 'readNotes=**'
is "row05 it runs" up "$(state_of word-count)"

# ---- the list acts, without a restart ----
id=$(id_of eight-three.kennel three)
make_list second 4 3600 <<<"bundle $id compromise"
put_list second
if wait_serial 4; then ok "row08 a newer list is found by the host's own clock"; else not_ok "row08 a newer list is found by the host's own clock" "$(serial)"; fi
if nothing_runs; then ok "row08 a listed bundle is stopped"; else not_ok "row08 a listed bundle is stopped" "$(state_of word-count)"; fi
refused "row08 it does not start" E_BUNDLE_REVOKED 11 kennel start word-count
refused "row08 nor is it installed" E_BUNDLE_REVOKED 11 kennel install "$B/eight-three.kennel"
put_list first
refused "row03 an older list is a rollback" E_REVOCATIONS_OLD 11 kennel trust fetch --read-only
is "row03 the newer one stays" 4 "$(serial)"
host_stop
host_start
is "row03 over a restart too" 4 "$(serial)"
make_list expired 5 -500 <<<"key $three compromise"
put_list expired
try "row04 an expired list still takes away" wait_serial 5
is "row04 the key on it is revoked" compromise "$(jq -r .revoked.reason "$HOST_STATE/supervisor/trust/$three.json")"
kennel trust add "$B/four.key.pub" --label four >/dev/null
refused "row04 and nothing new is installed" E_REVOCATIONS_STALE 11 kennel install "$B/nine-four.kennel"
kennel trust list 2>&1 >/dev/null | grep -q 'has expired' && ok "row04 which is said" || not_ok "row04 which is said"

# ---- kennel-fetch ----
mkdir -p "$B/www"
make_list www/list 6 3600 <<<"key $one compromise"
(cd "$B/www" && exec python3 -m http.server 8017 --bind 127.0.0.1) >/dev/null 2>&1 &
server=$!
for _ in $(seq 200); do
	(exec 3<>/dev/tcp/127.0.0.1/8017) 2>/dev/null && break
	sleep 0.2
done
try "kennel trust fetch" kennel trust fetch --config "$HOST_DIR/kennel.json"
is "what was fetched acts" "6 compromise" "$(serial) $(jq -r .revoked.reason "$HOST_STATE/supervisor/trust/$one.json")"
is "the file is kennel-fetch's own" 64103 "$(stat -c %u "$HOST_STATE/fetch/revocations")"
echo '<html>' >"$B/www/list"
refused "a page that is no list replaces nothing" E_IO 13 kennel trust fetch --config "$HOST_DIR/kennel.json"
is "the list stays" 6 "$(serial)"
head -c 2000000 /dev/zero >"$B/www/list"
refused "nor what is too large" E_IO 13 kennel trust fetch --config "$HOST_DIR/kennel.json"
host_stop
for event in trust trust.revoke trust.rotate trust.rotate.refused trust.revocations trust.revocations.refused \
	trust.revocations.stale bundle.revoke counter.reset install.refused; do
	on_record "on record: $event" "$event"
done
kennel audit verify >/dev/null
case $? in 0 | 21) ok "the log is not tampered with" ;; *) not_ok "the log is not tampered with" "exit status $?" ;; esac
exit 0
