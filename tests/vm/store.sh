#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2012 # names of our own making
# The store on a real host: two old versions and no more, rollback, an upgrade that waits, one inode for what
# versions share, what differs does not start, pins and the minimum release age; all of it on record.
# tests: runner/supervise/sweep.c runner/supervise/waiting.c runner/supervise/share.c
# tests: runner/supervise/letin.c runner/supervise/methods_version.c runner/supervise/methods_store.c runner/cli/cmd_store.c
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
begin
S=$HOST_STATE/supervisor/store/word-count
registry() { jq -r "$1" "$HOST_STATE/supervisor/registry/default.word-count.json"; }
version() { kennel ps --json | jq -r '.plugins[0].version'; }
versions() { kennel list word-count --json | jq -r '[.plugins[0].versions[] | "\(.role)=\(.version)"] | join(" ")'; }
held() { find "$S" -mindepth 1 -maxdepth 1 -type d | wc -l; }
make_version() { # VERSION COUNTER [PERMISSION]: another manifest and one more file, the same module
	rm -rf "$B/v"
	cp -r "$B/word-count" "$B/v"
	echo "version $1" >"$B/v/notes.txt"
	jq --arg v "$1" --arg p "${3:-}" '.version = $v | if $p != "" then .permissions += [$p] else . end' \
		"$B/word-count/manifest.json" >"$B/v/manifest.json"
	head -c 20000 /dev/zero | tr '\0' x >"$B/v/same.txt"
	pack v "$1.kennel" one "$2"
}
for i in 1 2 3 4 5; do make_version "1.0.$i" $((10 + i)); done
make_version 2.0.0 20 useAI
make_version 2.1.0 21 useAI
make_version 0.9.0 3
kennel trust add "$B/one.key.pub" --label one >/dev/null

# ---- versions ----
refused "upgrade is for what is installed" E_NOT_FOUND 127 kennel upgrade "$B/1.0.1.kennel"
try "the first version" kennel install "$B/1.0.1.kennel" --grant 'readNotes=**'
for i in 2 3 4; do try "upgrade to 1.0.$i" kennel upgrade "$B/1.0.$i.kennel"; done
is "two old versions are kept" "current=1.0.4 previous=1.0.3 older=1.0.2" "$(versions)"
is "and no more" 3 "$(held)"
is "it was compiled once" 1 "$(find "$S" -path '*/exec/plugin' -printf '%i\n' | sort -u | wc -l)"
is "what they share lies there once" 1 "$(find "$S/$(readlink "$S/current")" "$(ls -td "$S"/*/ | sed -n 2p)" -name same.txt -printf '%i\n' | sort -u | wc -l)"
is "tar tf lists exactly what is installed" "$(tar --zstd -tf "$B/1.0.4.kennel" | grep -v '^META/' | sort)" \
	"$(cd "$S/$(readlink "$S/current")/root" && find . -type f -printf '%P\n' | sort)"
is "the store is clean" true "$(kennel store verify --json | jq '.clean and .versions == 3')"
is "hashed as a whole as well" true "$(kennel store verify --full --json | jq '.clean and .hashed == .files')"
refused "no such plugin" E_NOT_FOUND 127 kennel store verify nobody

# ---- rollback ----
try "rollback" kennel rollback word-count
is "the version before runs" "1.0.3 up" "$(version) $(state_of word-count)"
is "the mark stays" 14 "$(registry .counter)"
refused "a downgrade from a file is still refused" E_COUNTER 12 kennel install "$B/1.0.2.kennel"
try "rollback to the older one" kennel rollback word-count --to 1.0.2
is "the older one runs" "1.0.2 up" "$(version) $(state_of word-count)"
refused "not to what is gone" E_NOT_FOUND 127 kennel rollback word-count --to 1.0.1
try "and forward again" kennel rollback word-count --to 1.0.4
is "the newest runs" "current=1.0.4 previous=1.0.2 older=1.0.3" "$(versions)"

# ---- an upgrade that asks for more ----
refused "an upgrade that asks for more waits" E_PENDING 12 kennel upgrade "$B/2.0.0.kennel"
is "it is shown with what it asks beyond" "word-count 2.0.0 useAI" "$(kennel pending --json | jq -r '.pending[] | "\(.plugin) \(.version) \(.asks[0])"')"
is "the old version goes on" "1.0.4 up" "$(version) $(state_of word-count)"
is "the mark does not rise yet" 14 "$(registry .counter)"
kennel store gc >/dev/null
host_stop >/dev/null
jq '. + {accept: ["no-landlock"]}' "$HOST_DIR/kennel.json" >"$B/conf" && cat "$B/conf" >"$HOST_DIR/kennel.json"
host_start
is "what the host accepts and does not need is no degradation" "1 0" \
	"$(cat "$HOST_STATE"/audit/host/*.jsonl | jq -c 'select(.ev == "host.start")' | tail -n 1 | tee "$B/start" | grep -c host.start) $(grep -c no-landlock "$B/start")"
is "it waits after a restart" 2.0.0 "$(kennel pending --json | jq -r '.pending[].version')"
refused "a newer one takes its place" E_PENDING 12 kennel install "$B/2.1.0.kennel"
is "only the newer one waits" 2.1.0 "$(kennel pending --json | jq -r '.pending[].version')"
try "deny" kennel deny word-count
is "nothing waits" 0 "$(kennel pending --json | jq '.pending | length')"
is "and nothing of it is left" 3 "$(held)"
refused "nothing to approve" E_NOT_FOUND 127 kennel approve word-count
refused "it waits again" E_PENDING 12 kennel install "$B/2.0.0.kennel"
try "approve" kennel approve word-count
is "the new version runs" "2.0.0 up" "$(version) $(state_of word-count)"
is "with what it asked beyond" "readNotes useAI" "$(kennel grant word-count --json | jq -r '.grant.permissions | sort | join(" ")')"
is "the mark rose" 20 "$(registry .counter)"
try "what asks no more does not wait" kennel upgrade "$B/2.1.0.kennel"

# ---- what differs does not start ----
chmod u+w "$S/$(readlink "$S/current")/root/notes.txt"
is "row35 verify sees it" "11 E_STORE_CHANGED" "$(kennel store verify --json >"$B/out" && echo 0 || echo "$? $(jq -r '.problems[0].error' "$B/out")")"
kennel stop word-count >/dev/null
refused "row35 it does not start" E_STORE_CHANGED 11 kennel start word-count
try "installing it again mends it" kennel install "$B/2.1.0.kennel"
is "it runs again" up "$(state_of word-count)"
is "the store is clean again" true "$(kennel store verify --full --json | jq '.clean')"
mkdir -p "$S/1111111111111111111111111111111111111111111111111111111111111111/root" "$HOST_STATE/supervisor/staging/left"
chown -R 64100:64100 "$S"/1111* "$HOST_STATE/supervisor/staging/left"
is "gc removes what nothing refers to" "1 1" "$(kennel store gc --json | jq -r '"\(.versions) \(.staged)"')"
is "and nothing else" "3 up" "$(held) $(state_of word-count)"
cp -a "$S" "$B/saved"
rm -rf "$S"
cp -a "$B/saved" "$S" # other inodes, other times: a backup
is "a restored backup is what it was" true "$(kennel store verify --json | jq '.clean and .hashed > 0')"

# ---- pins, release age ----
host_stop >/dev/null
jq '. + {minReleaseAge: "72h", pins: {"word-count": "2.*"}}' "$HOST_DIR/kennel.json" >"$B/conf" && cat "$B/conf" >"$HOST_DIR/kennel.json"
host_start || exit 1
make_version 3.0.0 30 useAI
make_version 2.2.0 31 useAI
refused "a pin keeps others out" E_PINNED 12 kennel upgrade "$B/3.0.0.kennel"
refused "an upgrade that is too young waits" E_PENDING 12 kennel upgrade "$B/2.2.0.kennel"
is "the old one goes on, and it is said until when" "2.1.0 true" \
	"$(version) $(kennel pending --json | jq '.pending[0] | .version == "2.2.0" and .asks == [] and .from > now + 250000')"
try "what was installed may come back" kennel rollback word-count
is "what waits goes on waiting" 2.2.0 "$(kennel pending --json | jq -r '.pending[].version')"
try "a person may let it in sooner" kennel approve word-count
is "it runs" "2.2.0 up" "$(version) $(state_of word-count)"
jq '.name = "letter-count"' "$B/word-count/manifest.json" >"$B/v/manifest.json"
pack v new.kennel one 1
refused "of what is new here nothing goes on: it is refused" E_RELEASE_AGE 12 kennel install "$B/new.kennel"
make_version 2.3.0 32 useAI
refused "the next one waits as well" E_PENDING 12 kennel upgrade "$B/2.3.0.kennel"
host_stop >/dev/null
first=$(jq '[.bundles[]] | min' "$HOST_STATE/supervisor/seen.json")
jq '.bundles[] -= 260000' "$HOST_STATE/supervisor/seen.json" >"$B/seen" && cat "$B/seen" >"$HOST_STATE/supervisor/seen.json"
is "it was remembered" true "$([ "$first" -gt 1600000000 ] && echo true)"
host_start || exit 1
for _ in $(seq 200); do
	[ "$(version)" = 2.3.0 ] && break
	sleep 0.2
done
wait_state word-count up 20
is "old enough, it is let in by itself" "2.3.0 up 0" "$(version) $(state_of word-count) $(kennel pending --json | jq '.pending | length')"
try "so is what is new" kennel install "$B/new.kennel" --grant 'readNotes=**'
try "remove it" kennel remove letter-count

# ---- how large a bundle may be: the launcher tells each loader ----
host_stop >/dev/null 2>&1
jq 'del(.minReleaseAge) | . + {bundles: {files: 3}}' "$HOST_DIR/kennel.json" >"$B/conf" && cat "$B/conf" >"$HOST_DIR/kennel.json"
host_start || exit 1
make_version 2.3.0 32 useAI
refused "the host says how many files a bundle may have" E_JSON_VALUE 10 kennel upgrade "$B/2.3.0.kennel"
host_stop >/dev/null 2>&1
jq '.bundles = {files: 4, packed: "512M"}' "$HOST_DIR/kennel.json" >"$B/conf" && cat "$B/conf" >"$HOST_DIR/kennel.json"
host_start || exit 1
try "and takes what has no more" kennel upgrade "$B/2.3.0.kennel"

# ---- the record, the end ----
is "the record of a launch names what was trusted then" "$(cd "$HOST_STATE/supervisor/trust" && LC_ALL=C b2sum -l 256 -- *.json | b2sum -l 256 | cut -d' ' -f1)" \
	"$(cat "$HOST_STATE"/audit/*/*.jsonl | jq -r 'select(.ev == "launch") | .object' | tail -n 1)"
try "remove" kennel remove word-count
is "the store is empty" 0 "$(ls -A "$HOST_STATE/supervisor/store" | wc -l)"
host_stop
for event in install install.pending install.aged approve deny rollback store.gc store.verify launch.refused; do
	n=$(cat "$HOST_STATE"/audit/*/*.jsonl | jq -r --arg e "$event" 'select(.ev == $e) | .ev' | wc -l)
	if [ "$n" -gt 0 ]; then ok "on record: $event"; else not_ok "on record: $event" "nothing"; fi
done
exit 0
