#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The way to a language model: kennel-fetch --serve, with a test in the broker's place and a server that answers,
# streams, is busy, breaks off or lies; then a server of somebody else's, and one behind a unix socket.
# tests: runner/fetch/serve.c runner/fetch/question.c runner/fetch/http.c runner/main/fetch.c
# tests: tests/lib/ceiling_of.c
# shellcheck source=../lib/script.sh
. "$(dirname "$0")/../lib/script.sh"
fetch=$build/kennel-fetch ceiling_of=$build/tests-vm/ceiling-of
need jq python3 node npm "$fetch" "$ceiling_of"
chmod 755 "$work"
port=$((20000 + RANDOM % 10000))
ended() { # every process that was started here
	# shellcheck disable=SC2046 # one word each
	kill $(jobs -p) 2>/dev/null
	chmod -R u+rwX "$work"
	rm -rf "$work"
}
trap ended EXIT
is_up() { # COMMAND...
	for _ in $(seq 200); do
		"$@" 2>/dev/null && return
		sleep 0.1
	done
	say 1 "a server is up" "$*"
	exit 1
}
listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1"); }
: >"$work/log"
python3 tests/lib/models/server.py "$port" "$work/log" &
is_up listens "$port"
python3 tests/lib/models/server.py "$work/model.sock" "$work/log" &
is_up test -S "$work/model.sock"
printf 'sk-test-42\n' >"$work/key"

profile() { # NAME URL [MORE]
	printf '"%s": {"url": "%s", "model": "tiny"%s}' "$1" "$2" "${3:+, $3}"
}
third=$((port + 1))
{
	cat <<-JSON
		{ "_type": "kennel.config/1", "state": "/tmp/s", "images": "/tmp/i",
		  "tenants": {"t": {"uid": 1001, "gid": 1001, "vault": "/tmp/v"}},
		  "ai": {
	JSON
	profile default "http://127.0.0.1:$port/v1"
	echo ,
	profile keyed "http://127.0.0.1:$port/v1/" '"key": "/key"'
	echo ,
	profile short "http://127.0.0.1:$port/v1" '"timeout": "2s"'
	echo ,
	profile socket "http://localhost/v1" "\"socket\": \"$work/model.sock\""
	echo ,
	profile nobody "http://127.0.0.1:1/v1"
	echo ,
	profile other "http://127.0.0.1:$third/v1"
	echo "}}"
} >"$work/kennel.json"
"$ceiling_of" <"$work/kennel.json" >"$work/ceiling" || exit 1

ask() { timeout 120 python3 tests/lib/models/ask.py "$fetch" "$work/ceiling" "$work/key" 2>"$work/stderr"; }
complete() { # ID TEXT [PROFILE] [MORE]
	jq -nc --argjson id "$1" --arg t "$2" --arg p "${3:-default}" --argjson more "${4:-{\}}" \
		'{id: $id, profile: $p, method: "complete", body: ({messages: [{role: "user", content: $t}], maxTokens: 50, stream: false} + $more)}'
}
stream() { complete "$1" "$2" "${3:-default}" '{"stream": true}'; }
embed() { # ID TEXT...
	jq -nc --argjson id "$1" '{id: $id, profile: "default", method: "embed", body: {input: $ARGS.positional}}' --args "${@:2}"
}
answer() { jq -c "select(.id == $1 and (.chunk | not)) | del(.id)" <<<"$out" 2>/dev/null; }
chunks() { jq -r "select(.id == $1 and .chunk) | .chunk" <<<"$out" 2>/dev/null | tr -d '\n'; }
error_of() { answer "$1" | jq -r '"\(.error.kind): \(.error.text)"'; }
asked() { jq -c "select(.asked.messages[-1].content == \"$1\") | $2" "$work/log" | tail -n 1; }

# ---- what is asked, and what comes back ----
out=$( { complete 1 hello; complete 2 hello keyed; stream 3 tale; complete 4 "null"; complete 5 uncounted
	complete 6 "temper" default '{"temperature": 0.5, "stop": ["END"]}'; complete 7 hello socket; echo "wait 7"; } | ask)
is "an answer" '{"result":{"text":"echo: hello","finish":"stop","usage":{"promptTokens":11,"answerTokens":7}}}' "$(answer 1)"
is "a key goes with the question" '"Bearer sk-test-42"' "$(jq -s '[.[] | select(.auth)][0].auth' "$work/log")"
is "and with that one only" 1 "$(jq -s '[.[] | select(.auth)] | length' "$work/log")"
is "the question as servers know it" '{"model":"tiny","messages":[{"role":"user","content":"temper"}],"max_tokens":50,"stream":false,"temperature":0.5,"stop":["END"]}' \
	"$(asked temper .asked)"
is "pieces come as they are made" "one two" "$(chunks 3)"
is "and the whole at the end" '{"result":{"text":"one two","finish":"stop","usage":{"promptTokens":11,"answerTokens":7}}}' "$(answer 3)"
is "no text is an empty one" '""' "$(answer 4 | jq .result.text)"
is "what nobody counted is counted here" '{"promptTokens":3,"answerTokens":2}' "$(answer 5 | jq -c .result.usage)"
is "over a unix socket" '"echo: hello"' "$(answer 7 | jq .result.text)"
is "it ends with its broker" "exit 0" "$(tail -n 1 <<<"$out")"
out=$( { embed 1 vectors b c; embed 2 fewer b; embed 3 same b; embed 4 words; embed 5 many b; echo "wait 5"; } | ask)
is "vectors, each in its place" '[[0,0.5,-1e-07],[1,0.5,-1e-07],[2,0.5,-1e-07]]' "$(answer 1 | jq -c .result.vectors)"
is "fewer than texts" "malformed: 1 vectors for 2 texts" "$(error_of 2)"
is "one of them twice" "malformed: the server's answer lacks a vector, or has one twice" "$(error_of 3)"
is "words are no numbers" "malformed: a vector of something else than numbers" "$(error_of 4)"
is "too many of them" "too_large: vectors of more than 65536 numbers in all" "$(error_of 5)"

# ---- a server in trouble ----
out=$( { complete 1 busy; complete 2 down; complete 3 later; complete 4 wrong; complete 5 "slow 5" short; complete 6 hello nobody
	complete 7 "slow 3"; stream 8 stutter; echo "wait 8"; } | ask)
is "a busy one is asked again" '"at last"' "$(answer 1 | jq .result.text)"
is "three times at most" "unavailable: the model's server answered with status 503" "$(error_of 2)"
is "so it was" 3 "$(asked down .try)"
is "not when that would take too long" 1 "$(asked later .try)"
is "what is wrong is not tried again" "refused: the model's server answered with status 400 1" "$(error_of 4) $(asked wrong .try)"
is "what the server says is for the operator" "0 1" "$(grep -c sk-secret <<<"$out") $(grep -c 'bad key sk-secret-17' "$work/stderr")"
is "without its control characters" 0 "$(grep -c $'\x1b' "$work/stderr")"
is "a time is kept" "timeout: the model's server did not answer in time" "$(error_of 5)"
is "nobody is there" "unavailable: the model's server cannot be reached" "$(error_of 6)"
is "half a try is no part of the next" "one two 2" "$(answer 8 | jq -r .result.text) $(asked stutter .try)"
is "others go on meanwhile" '"slept"' "$(answer 7 | jq .result.text)"

# ---- a server that lies ----
out=$( { complete 1 away; complete 2 garbage; complete 3 choiceless; complete 4 deep; complete 5 twice; complete 6 huge
	complete 7 long; complete 8 lies; stream 11 cut; stream 12 gives_up; stream 13 goes_on; stream 14 wide; stream 15 flood
	stream 16 garbage; echo "wait 14"; } | ask)
is "no redirect is followed" "refused: the model's server answered with status 302" "$(error_of 1)"
for n in 2 3 5; do is "an answer that is none, $n" malformed "$(answer $n | jq -r .error.kind)"; done
is "a deep one" too_large "$(answer 4 | jq -r .error.kind)"
is "a huge one" "too_large: an answer of more than 4194304 bytes" "$(error_of 6)"
is "one that no message can hold" "too_large" "$(answer 7 | jq -r .error.kind)"
is "a count that nobody believes" '{"promptTokens":1,"answerTokens":2}' "$(answer 8 | jq -c .result.usage)"
is "a stream that breaks off" "malformed: the answer broke off" "$(error_of 11)"
is "after what came" "half " "$(chunks 11)"
is "one that gives up" "malformed: the server gave up in the middle" "$(error_of 12)"
is "one that goes on after its end" "malformed: the server goes on after the end" "$(error_of 13)"
is "an event without end" "too_large: an event of more than 262144 bytes, or no memory for it" "$(error_of 14)"
is "a text without end" "too_large: an answer of more than 262144 bytes" "$(error_of 15)"
is "no stream at all" malformed "$(answer 16 | jq -r .error.kind)"
is "it lives on" "exit 0" "$(tail -n 1 <<<"$out")"

# ---- a broker in trouble ----
out=$( { stream 1 drip; echo "sleep 1.5"; echo '{"cancel":1}'; complete 2 hello; echo "wait 1"; } | ask)
is "a question is given up" "0 1" "$(answer 1 | grep -c .) $(answer 2 | grep -c echo)"
for bad in '{"id":1,"profile":"none","method":"complete","body":{"messages":[],"maxTokens":1}}' \
	'{"id":1,"profile":"default","method":"burn","body":{}}' '{"id":1,"profile":"default","method":"complete","body":{}}' \
	'{"id":0,"profile":"default","method":"embed","body":{"input":[]}}' '{' '[]' "raw ffffffff"; do
	is "it ends for $bad" "exit 125" "$( { echo "$bad"; echo "sleep 2"; } | ask | tail -n 1 | sed 's/exit 10$/exit 125/')"
done
out=$( { for n in $(seq 40); do complete "$n" "slow 5"; done; echo "wait 40"; } | ask)
is "so many at once" "32 8" "$(grep -c slept <<<"$out") $(grep -c 'too many questions' <<<"$out")"
is "not as root" "exit 126" "$(ASK_AS_ROOT=1 ask </dev/null | tail -n 1)"
printf 'a\nX-Evil: b\n' >"$work/key"
is "a key of two lines" "exit 12" "$(ask </dev/null | tail -n 1)"

# ---- a server of somebody else's ----
mkdir -p "$build/models"
if ! cmp -s tests/lib/models/package.json "$build/models/package.json" || [ ! -d "$build/models/node_modules/@copilotkit" ]; then
	rm -rf "$build/models/node_modules"
	cp tests/lib/models/package.json "$build/models/"
	(cd "$build/models" && timeout 120 npm install --no-audit --no-fund --no-package-lock --ignore-scripts --loglevel=error) \
		>"$work/npm" 2>&1 || say 1 "npm installs @copilotkit/aimock" "$(tail -n 3 "$work/npm")"
fi
cat >"$work/fixture.json" <<'JSON'
{"fixtures": [{"match": {"userMessage": "capital"}, "response": {"content": "Paris, of course"}}]}
JSON
printf 'sk-test-42\n' >"$work/key"
node "$build/models/node_modules/.bin/llmock" -p "$third" -f "$work/fixture.json" >"$work/npm" 2>&1 &
is_up listens "$third"
out=$( { complete 1 "the capital of France?" other; stream 2 "the capital of France?" other; complete 3 "something else" other
	jq -nc '{id: 4, profile: "other", method: "embed", body: {input: ["a", "b"]}}'; echo "wait 4"; } | ask)
is "another's server answers" '"Paris, of course"' "$(answer 1 | jq .result.text)"
is "and counts" true "$(answer 1 | jq '.result.usage.answerTokens >= 0')"
is "and streams" "Paris, of course" "$(chunks 2)"
is "and does not know" refused "$(answer 3 | jq -r .error.kind)"
is "and makes vectors" 2 "$(answer 4 | jq '.result.vectors | length')"
exit "$failed"
