#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# JavaScript in its jail: a plugin is installed, answers, is refused what it was not granted, maps nothing that is
# written and run; what goes wrong in it is the event's end, with a name.
# tests: images/js/main.c images/js/engine.c images/js/native.c
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
for need in plugins/daily-digest/main.js kennel-js images/js.list; do
	[ -e "$KENNEL_BUILD/$need" ] || { echo "not ok $0: $KENNEL_BUILD/$need is not built; run: make all tests-build"; exit 1; }
done
runtimes() { sed -i "s/\"runtimes\": \[[^]]*\]/\"runtimes\": [$1]/" "$HOST_DIR/kennel.json"; }
say_to() { kennel emit onCommandPalette --plugin "$1" --command "$2" --wait --json 2>/dev/null | jq -c '.results[0] | [.ok, (.text | fromjson? // .)]'; }
like() { # NAME PATTERN TEXT
	if [[ $3 =~ $2 ]]; then ok "$1"; else not_ok "$1" "wanted /$2/, got: ${3:0:400}"; fi
}

# Half a core is too little here: the handshake's time is the host's, and an emulated machine starts the library slowly.
mkdir "$B/digest"
cp "$KENNEL_BUILD/plugins/daily-digest"/*.js "$B/digest/"
jq '.limits = {"cpu": 100}' "$KENNEL_BUILD/plugins/daily-digest/manifest.json" >"$B/digest/manifest.json"
pack digest digest.kennel one 1
mkdir "$B/tries"
jq '.name = "tries" | .limits = {"runtime": "8s", "memory": "64M", "cpu": 100}' "$B/digest/manifest.json" >"$B/tries/manifest.json"
cat >"$B/tries/main.js" <<'JS'
const open = {
	loop: () => {
		for (;;);
	},
	throw: () => null.x,
	eval: () => eval("1"),
	memory: () => {
		const all = [];
		for (;;)
			all.push(new Uint8Array(100000).fill(1));
	},
	refused: (host) => host.links.write({ note: "Inbox/a.md", baseRevision: "1", add: [] }),
	beside: (host) => host.notes.create({ note: "Garden/mine.md", text: "mine" }),
	over: (host) => host.notes.write({ note: "Garden/Basil.md", baseRevision: "0", text: "mine" }),
	flood: async (host, event) => {
		const text = "x".repeat(900000);
		for (let more = 0; more < 3; more++)
			await host.notes.create({ note: `Digests/flood-${event.eventId}-${more}.md`, text });
	},
	hello: () => "hello",
};
export const onCommandPalette = (event, host) => open[event.command](host, event);
JS
pack tries tries.kennel one 1
cp -r "$B/tries" "$B/broken"
jq '.name = "broken"' "$B/tries/manifest.json" >"$B/broken/manifest.json"
echo 'import pad from "left-pad";' >"$B/broken/main.js"
pack broken broken.kennel one 1

host_prepare tests/vault
host_start || { not_ok "kenneld starts"; exit 1; }
trap 'host_stop >/dev/null 2>&1' EXIT
rights=(--grant 'readNotes=Garden/**' --grant 'readMetadata=**')
kennel trust add "$B/one.key.pub" --label one >/dev/null
refused "a tenant that runs no JavaScript" E_CEILING 12 kennel install "$B/digest.kennel" "${rights[@]}"
host_stop >/dev/null 2>&1
runtimes '"wasm", "js"'
host_start || { not_ok "kenneld starts again"; exit 1; }

# ---- the example ----
try "it is installed" kennel install "$B/digest.kennel" "${rights[@]}"
if wait_state daily-digest up 60; then ok "it is up"; else not_ok "it is up" "$(kennel ps --json)$(kennel logs daily-digest 2>&1 | tail -5)"; fi
is "it reads what it was granted, and is refused the rest" '[true,4,6]' \
	"$(say_to daily-digest digest | jq -c '[.[0], .[1].notes, .[1].unread]')"
digests() { (cd "$HOST_VAULT" && find Digests -name '*.md' 2>/dev/null); }
is "without the permission it writes nothing" "null 0" "$(say_to daily-digest digest | jq -r '.[1].kept') $(digests | wc -l)"
try "a right is added" kennel grant daily-digest --add 'createNotes=Digests/**' --add 'writeNotes=Digests/**'
is "beside those it has" "createNotes readMetadata readNotes writeNotes" "$(kennel grant daily-digest --json | jq -r '.grant.permissions | sort | join(" ")')"
wait_state daily-digest up 60
kept=$(say_to daily-digest digest | jq -r '.[1].kept')
is "with it the digest is a note of the vault's owner" "$kept $(stat -c %u:%g "$HOST_VAULT")" "$(digests) $(stat -c %u:%g "$HOST_VAULT/$kept")"
like "which says what is open" '^## 20[0-9-]+: [0-9]+ open' "$(head -n 1 "$HOST_VAULT/$kept")"
like "again it is brought up to date, not made twice" '^\[true' "$(say_to daily-digest digest)"
is "and there is one" "$kept" "$(digests)"
is "made on record, before it was there" "cap.intent cap.done" "$(cat "$HOST_STATE"/audit/*/*.jsonl | jq -r --arg n "$kept" 'select(.object == $n and .method == "notes.create" and .ev != "deny") | .ev' | paste -sd ' ')"
like "undo takes it away again" 'the plugin made it' "$(kennel undo daily-digest --since 1h)"
is "and it is gone" 0 "$(digests | wc -l)"
pid=$(pid_of kennel-js)
is "it is the image's program that runs" "/bin/kennel-js /plugin main.js" "$(tr '\0' ' ' <"/proc/$pid/cmdline" | sed 's/ $//')"
is "nothing but the image is executable" / "$(awk '$6 !~ /noexec/ { print $5 }' "/proc/$pid/mountinfo" | tr '\n' ' ' | sed 's/ $//')"
is "no mapping is writable and executable" 0 "$(grep -c ' .wx' "/proc/$pid/maps")"
echo "# $(awk '/^(Private|Shared)_/ { s[$1] += $2 } END { for (k in s) printf "%s %d KiB ", k, s[k] }' "/proc/$pid/smaps_rollup"), $(awk '/^Threads/ { print $2 }' "/proc/$pid/status") threads"
inspected=$(kennel inspect daily-digest --json)
is "it is jailed as its policy says" "0 plugin_js" "$(jq -r '"\(.differenceCount) \(.seccomp.profile)"' <<<"$inspected")"

# ---- what goes wrong ----
try "another one is installed" kennel install "$B/tries.kennel" "${rights[@]}" --grant 'createNotes=Digests/**'
wait_state tries up 60 || not_ok "it is up" "$(kennel ps --json)"
is "it answers" '[true,"hello"]' "$(say_to tries hello)"
pid=$(pgrep -x kennel-js | tail -n 1)
like "an exception has its line" '^\[false,.*TypeError: null is not an object.*main.js:5|^\[false,.*TypeError: null is not an object' "$(say_to tries throw)"
like "no code from strings" '^\[false,.*EvalError' "$(say_to tries eval)"
like "a call without the permission is refused by name" '^\[false,.*writeLinks' "$(say_to tries refused)"
like "a new note beside the scope is refused" '^\[false,.*notes.create: the note lies outside the scope of createNotes' "$(say_to tries beside)"
like "a note it may not write is refused" '^\[false,.*writeNotes' "$(say_to tries over)"
is "neither is there, nor changed" 0 "$(diff -rq tests/vault "$HOST_VAULT" | grep -c Garden)"
for _ in $(seq 12); do
	said=$(say_to tries flood)
	[[ $said == '[true'* ]] || break
done
like "a flood of notes is slowed down" '^\[false,.*notes.create: more than [0-9]+ bytes' "$said"
is "after as many as fit at once" yes "$([ "$(find "$HOST_VAULT/Digests" -name 'flood-*.md' | wc -l)" -ge 9 ] && echo yes)"
like "an endless loop is its event's end" '^\[false,.*E_TIMEOUT' "$(say_to tries loop)"
like "so is too much memory" '^\[false,.*E_MEMORY' "$(say_to tries memory)"
is "and the next event is answered" '[true,"hello"]' "$(say_to tries hello)"
is "by the same process" "$pid" "$(pgrep -x kennel-js | tail -n 1)"
kennel install "$B/broken.kennel" "${rights[@]}" >"$B/said" 2>&1
for _ in $(seq 200); do
	said=$(kennel logs broken 2>&1)
	[[ $said == *E_JS_IMPORT* ]] && break
	sleep 0.2
done
like "a module that is not there is named" 'E_JS_IMPORT: main.js:1: "left-pad" is not in the bundle' "$said"
is "and the plugin is not up" false "$([ "$(state_of broken)" = up ] && echo true || echo false)"
exit 0
