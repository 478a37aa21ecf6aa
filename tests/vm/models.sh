#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Plugins ask a language model, through the gate and kennel-fetch: who may, what is counted, what is on record and what
# is not, how it is given up; what becomes of it when either end is killed; and the auto-linker with one.
# tests: runner/supervise/models.c runner/sandbox/requests.c images/plugins/ai-auto-linker/related.c
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
for need in kennel-js kennel-fetch images/js.list plugins/ai-auto-linker/main.wasm; do
	[ -e "$KENNEL_BUILD/$need" ] || { echo "not ok $0: $KENNEL_BUILD/$need is not built; run: make all tests-build"; exit 1; }
done

mkdir "$B/asker"
cat >"$B/asker/manifest.json" <<'JSON'
{ "name": "asker", "schemaVersion": "1.0", "version": "1.0.0", "entry": "main.js", "events": ["onCommandPalette"],
  "permissions": ["useAI"], "limits": {"runtime": "4s"} }
JSON
cat >"$B/asker/main.js" <<'JS'
const say = (content, more) => ({ messages: [{ role: "user", content }], ...more });
const tell = (error) => [error.code, error.kind, error.message];
const ask = {
	hello: (host) => host.useAI(say("Secret-Question-17")).then((a) => [a.text, a.finish, a.usage.answerTokens]),
	stream: async (host) => {
		const pieces = [];
		const { text } = await host.ai.complete(say("tale"), { onChunk: (piece) => pieces.push(piece) });
		return [pieces, text];
	},
	vectors: (host) => host.ai.embed({ input: ["vectors", "b"] }).then((a) => a.vectors),
	slow: (host) => host.ai.complete(say("slow 6")).then((a) => a.text),
	regret: (host) => {
		const regret = new AbortController();
		setTimeout(() => regret.abort(new Error("too slow")), 500);
		return host.ai.complete(say("slow 20"), { signal: regret.signal }).catch((error) => error.message);
	},
	wrong: (host) => host.ai.complete(say("wrong")).catch(tell),
	dear: (host) => host.ai.complete(say("x", { profile: "dear" })).catch(tell),
	poor: (host) => host.ai.complete(say("x", { profile: "poor" })).catch(tell),
	keyed: (host) => host.ai.complete(say("x", { profile: "keyed" })).catch(tell),
	five: (host) => Promise.allSettled([1, 2, 3, 4, 5].map(() => host.ai.complete(say("slow 2"))))
		.then((all) => all.map((one) => one.reason?.code ?? 0).sort((a, b) => a - b)),
	forever: (host) => host.ai.complete(say("slow 40")).catch(tell),
};
export const onCommandPalette = (event, host) => ask[event.command](host);
JS
pack asker asker.kennel one 1
cp -r "$KENNEL_BUILD/plugins/ai-auto-linker" "$B/linker"
pack linker linker.kennel one 1

# ---- a host with models ----
printf '1. "Reading List"\nNo such note\n- <script>alert(1)</script>\nBridges of Basel\n../../etc/passwd\n' >"$B/titles"
: >"$B/asked"
python3 tests/lib/models/server.py 8018 "$B/asked" "$B/titles" &
trap 'kill %1' EXIT
for _ in $(seq 200); do
	(exec 3<>/dev/tcp/127.0.0.1/8018) 2>/dev/null && break
	sleep 0.2
done
host_prepare tests/vault
printf 'sk-test-42\n' >"$HOST_DIR/key"
chmod 644 "$HOST_DIR/key"
jq --arg key "$HOST_DIR/key" '.tenants.default.runtimes = ["wasm", "js"] | .ai = ({
	default: {}, dear: {plugins: ["somebody-else"]}, poor: {tokensPerDay: 30, answerTokens: 20}, keyed: {key: $key}
	} | map_values({url: "http://127.0.0.1:8018/v1", model: "tiny"} + .))' "$HOST_DIR/kennel.json" >"$HOST_DIR/with-ai.json"
cat "$HOST_DIR/with-ai.json" >"$HOST_DIR/kennel.json"
host_start || { not_ok "kenneld starts"; exit 1; }
trap 'host_stop >/dev/null 2>&1; kill %1' EXIT
kennel trust add "$B/one.key.pub" --label one >/dev/null
try "it is installed" kennel install "$B/asker.kennel" --grant useAI
up() { # NAME
	wait_state asker up 60 && ok "$1" && return
	not_ok "$1" "$(kennel ps --json)$(kennel logs asker 2>&1 | tail -n 5)"
	exit 1
}
up "it is up"
is "nobody asks yet, and no kennel-fetch runs" 0 "$(pgrep -cx kennel-fetch)"
answer() { # COMMAND: what the handler returned
	kennel emit onCommandPalette --plugin asker --command "$1" --wait --json 2>&1 | jq -c '.results[0] | [.ok, (.text | fromjson? // .)]'
}
used() { jq ".used[\"$1\"] // 0" "$HOST_STATE/broker/default/ai-tokens.json"; }
on_log() { cat "$HOST_STATE"/audit/*/*.jsonl | jq -r "select($1) | $2"; }

is "a key that others may read is not used" '[true,[1008,"unavailable"]]' "$(answer keyed | jq -c '[.[0], .[1][:2]]')"
chmod 600 "$HOST_DIR/key"
is "a model answers" '[true,["echo: Secret-Question-17","stop",7]]' "$(answer hello)"
is "its tokens are counted" 18 "$(used asker/default)"
is "on record: asked, and how it ended" "cap.intent cap.done ai.end" \
	"$(on_log '.method == "ai.complete" and (.result // "allow") == "allow"' .ev | paste -sd ' ' | grep -o 'cap.intent cap.done ai.end$')"
is "what was asked is not in the log" 0 "$(cat "$HOST_STATE"/audit/*/*.jsonl | grep -c Secret-Question)"
is "which model, how much, its digest" 1 "$(on_log '.ev == "cap.intent"' .detail | grep -cE '^default: 18 bytes in 1 texts, [0-9a-f]{16}$')"
is "pieces come to who wants them" '[true,[["one ","two"],"one two"]]' "$(answer stream)"
is "vectors" '[true,[[0,0.5,-1e-7],[1,0.5,-1e-7]]]' "$(answer vectors)"
is "a key goes with its question" '"Bearer sk-test-42"' "$(answer keyed >/dev/null; jq -s '[.[] | select(.auth)][0].auth' "$B/asked")"
is "a question longer than its event may run" '[true,"slept"]' "$(answer slow)"
is "given up" '[true,"too slow"]' "$(answer regret)"
is "what the server says stays here" '[true,[1007,"backend","ai.complete: the model'"'"'s server answered with status 400"]]' "$(answer wrong)"
grep -q 'sk-secret-17' "$HOST_DIR/kenneld.log" && ok "and is in the operator's log" || not_ok "and is in the operator's log"
is "another plugin's model" '[true,[1002,"scope_denied"]]' "$(answer dear | jq -c '[.[0], .[1][:2]]')"
is "its tokens of today are too few" '[true,[1004,"quota"]]' "$(answer poor >/dev/null; answer poor | jq -c '[.[0], .[1][:2]]')"
is "four at once" '[true,[0,0,0,0,1004]]' "$(answer five)"
is "it is up, as before" "up 0" "$(kennel ps --json | jq -r '.plugins[0] | "\(.state) \(.restarts)"')"

# ---- what kennel-fetch is ----
fetch=$(pgrep -x kennel-fetch)
is "one runs" 1 "$(wc -w <<<"$fetch")"
is "as a user of its own, confined" "64103 64103 1 2" \
	"$(awk '/^(Uid|Gid|NoNewPrivs|Seccomp):/ { printf "%s ", $2 }' "/proc/$fetch/status" | xargs)"
is "without capabilities" 0000000000000000 "$(awk '/^CapEff:/ { print $2 }' "/proc/$fetch/status")"
# memfd, sockets, events: no file, and no key any more
is "with no file open" "" "$(find "/proc/$fetch/fd" -type l -printf '%l\n' | grep -vE '^(socket:|anon_inode:|pipe:|/memfd:|/dev/null|.*/kenneld.log)')"

# ---- when either end is killed ----
kennel emit onCommandPalette --plugin asker --command forever --wait --json >"$B/answer" 2>&1 &
waits=$!
for _ in $(seq 400); do
	grep -q 'slow 40' "$B/asked" && break
	sleep 0.1
done
kill -KILL "$fetch"
wait "$waits"
is "kennel-fetch killed: the question fails" '[1008,"unavailable"]' "$(jq -c '.results[0].text | fromjson | .[:2]' "$B/answer")"
is "the next has another" '[true,["echo: Secret-Question-17","stop",7]]' "$(answer hello)"
is "nothing else noticed" "up 0" "$(kennel ps --json | jq -r '.plugins[0] | "\(.state) \(.restarts)"')"
fetch=$(pgrep -x kennel-fetch)
before=$(used asker/default)
kennel emit onCommandPalette --plugin asker --command forever --wait --json >"$B/answer" 2>&1 &
waits=$!
for _ in $(seq 400); do
	[ "$(grep -c 'slow 40' "$B/asked")" = 2 ] && break
	sleep 0.1
done
kill -KILL "$(pid_of kennel-broker)"
try "the broker killed: its kennel-fetch ends" wait_gone "$fetch"
wait "$waits"
up "the plugin comes back"
is "what was set aside is spent" yes "$([ "$(used asker/default)" -gt $((before + 1000)) ] && echo yes)"
is "and asks again" '[true,["echo: Secret-Question-17","stop",7]]' "$(answer hello)"
try "the right is taken back" kennel grant asker --revoke
is "then it is not answered" 0 "$(answer hello | grep -c 'echo:')"
is "explain says who decides" 1 "$(kennel explain asker | grep -c 'ai.complete')"

# ---- the auto-linker with a model ----
said=$(kennel install "$B/linker.kennel" --grant 'readNotes=**' --grant 'writeLinks=**' --grant useAI 2>/dev/null)
is "ai-auto-linker is installed, with a warning" "careful what it reads may be sent on: readNotes, useAI" "$(grep careful <<<"$said" | xargs)"
is "which explain repeats" "readNotes useAI" "$(kennel explain ai-auto-linker --json | jq -r '.explain.leaks // .leaks | join(" ")')"
wait_state ai-auto-linker up 60
for title in "Reading List" "Bridges of Basel"; do
	printf '# %s\n\nA note.\n' "$title" | host_save "Inbox/$(tr ' ' - <<<"$title").md"
done
host_settle 100
printf '# Lonely\n\nNothing here is anywhere else.\n' | host_save Inbox/Lonely.md
host_settle 100
for _ in $(seq 100); do
	grep -q 'Reading' "$HOST_VAULT/Inbox/Lonely.md" && break
	sleep 0.2
done
is "what the model names and is there is linked, and nothing else" "Bridges-of-Basel Reading-List" \
	"$(grep -o '\[\[[^]|]*' "$HOST_VAULT/Inbox/Lonely.md" | sed 's/.*[[/]//' | sort | paste -sd ' ')"
is "no markup came with it" 0 "$(grep -c '<script' "$HOST_VAULT/Inbox/Lonely.md")"
is "the note is what it was asked about" 1 "$(grep 'Nothing here is anywhere else' "$B/asked" | grep -c 'Titles:' | sed 's/[1-9][0-9]*/1/')"
host_stop
is "no kennel-fetch is left" 0 "$(pgrep -cx kennel-fetch)"
is "the log is whole" 0 "$(kennel audit verify >/dev/null; echo $?)"
exit 0
