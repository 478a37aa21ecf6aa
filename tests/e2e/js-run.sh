#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# js-run.sh - JavaScript plugins outside a jail, with a host made of a table: handlers, modules, errors and their
# lines, calls, time and memory that run out, what a plugin has and what it has not.
# shellcheck source=../lib/script.sh
. "$(dirname "$0")/../lib/script.sh"
B=$build W=$work
js=$B/kennel-js drive=$B/tests-vm/wiredrive
need jq pgrep "$js" "$drive"

verdict() { # NAME PATTERN OUTPUT
	if grep -qE -- "$2" <<<"$3"; then
		echo "ok $1"
	else
		echo "not ok $1: wanted /$2/ in: $(head -c 600 <<<"$3")"
		failed=1
	fi
}

in_bundle() { # FOLDER [WIREDRIVE ARGUMENTS] EVENT...
	local folder=$1
	local options=()
	shift
	while [ "${1:0:1}" = - ]; do
		options+=("$1" "$2")
		shift 2
	done
	"$drive" -t 60000 "${options[@]}" -a "$folder" -a main.js "$js" "$@" 2>"$W/stderr"
}

says() { # NAME PATTERN [WIREDRIVE ARGUMENTS] EVENT...   the last event's line matches
	local name=$1 pattern=$2
	shift 2
	verdict "$name" "$pattern" "$(in_bundle tests/lib/js "$@" | grep -v '^exit ' | tail -1)"
}

logged() { # NAME PATTERN   of the last run
	verdict "$1" "$2" "$(cat "$W/stderr")"
}

line() { # MARK [FILE]   where it stands
	grep -n "mark:$1 " "tests/lib/js/${2:-main.js}" | cut -d: -f1
}

# ---- handlers and results ----
says "the event goes in and out" '^onEcho result \{"type":"onEcho","eventId":"1","attempt":1,"x":"é😀"\}$' 'onEcho={"x":"é😀"}'
says "no result is null" '^onNothing result null$' onNothing
says "globals stay from event to event" '^onCount result 2$' onCount onCount
says "a result that is no JSON fails the event: a BigInt" '^onBigInt error .*TypeError: the result is no JSON' onBigInt
says "a circle" '^onCircle error .*TypeError: the result is no JSON' onCircle
says "half a character" '^onSurrogate error .*"kind":"result"' onSurrogate
says "a result beyond a message fails the event" '^onLarge error .*1011' onLarge
printf '{"big":{"result":{"text":"%0900000d"}}}' 0 >"$W/big.json"
says "an event of a hundred thousand characters, a call of them, an answer of nine" '^onBig result 1000000$' \
	-c "$W/big.json" "onBig=$(printf '{"text":"%0100000d"}' 0)"
says "no such handler" '^onNone error .*-32601' onNone
says "what is no handler's name is none" '^constructor error .*-32601' constructor
says "ping" '^\$/ping result \{\}$' '$/ping'
verdict "no event before initialize" '^onEcho error .*-32600' "$("$drive" -n -a tests/lib/js -a main.js "$js" onEcho)"
says "another protocol is refused" '^initialize error .*-32602' -i '{"protocol":"2.0"}' initialize
verdict "the end of the wire ends it" '^exit 0$' "$(in_bundle tests/lib/js onEcho)"

# ---- modules ----
says "imports of every kind, circles, top-level await, import()" \
	'^onModules result \[3,"whole",7,"green","round circle!",true,"bundle:/main.js",true,\["a name","add","again","bump","count","default","fail","seen"\]\]$' onModules
says "an import follows its export" '^onLive result \[0,1,1\]$' onLive
says "and cannot be assigned to" '^onAssign error .*TypeError.*imported' onAssign
says "modules are strict, and this is undefined" '^onStrict result true$' onStrict
says "a bare name is refused, and told what to do" '^onBare error .*E_JS_IMPORT.*lodash.*bundler' onBare
says "nothing outside the bundle" '^onOutside error .*E_JS_IMPORT.*outside the bundle' onOutside
says "nothing that is not there" '^onMissing error .*E_JS_IMPORT.*nothing.js.*not in the bundle' onMissing

refuses() { # NAME PATTERN TEXT   --check says so, and the start fails with the same
	rm -rf "$W/bad"
	mkdir "$W/bad"
	echo "export const ok = 1;" >"$W/bad/lib.js"
	printf '%s\n' "$3" >"$W/bad/main.js"
	verdict "$1: at install" "^$2" "$("$js" --check "$W/bad" main.js 2>&1; echo "status $?")"
	verdict "$1: at start" "^initialize error .*\"message\":\"$2" "$(in_bundle "$W/bad" onX | sed 's/\\"/"/g')"
}
refuses "a syntax error has its line" 'E_JS_SYNTAX: .*\(main.js:3\)' $'let a;\n\nlet b = ;'
refuses "a bracket too many" 'E_JS_SYNTAX: main.js:2: a bracket closes' $'f();\n}'
refuses "an import of nothing" 'E_JS_IMPORT: main.js:2: "lib.js" exports no "no"' $'\nimport { no } from "./lib.js";'
refuses "a package" 'E_JS_IMPORT: main.js:1: "left-pad" is not in the bundle' 'import pad from "left-pad";'
refuses "a URL" 'E_JS_IMPORT: main.js:1: "https://e.com/a.js" is no file' 'import "https://e.com/a.js";'
refuses "a pattern that is exported" 'E_JS_MODULE: main.js:1: export a name' 'export const { a } = {};'
is "a good bundle passes" "" "$("$js" --check tests/lib/js main.js 2>&1)"
mkdir "$W/early"
printf 'throw new Error("not today");\n' >"$W/early/main.js"
verdict "a module that throws does not start, and says where" '^initialize error .*not today.*main.js:1' "$(in_bundle "$W/early" onX)"
verdict "and ends with a message" '^exit 1$' "$(in_bundle "$W/early" onX)"

# ---- errors ----
says "a stack has the bundle's names and lines" \
	"^onThrow error .*TypeError: null.*\"stack\":\[\"deep \(main.js:$(line deep):[0-9]+\)\",\"onThrow \(main.js:$(line thrower):[0-9]+\)\"\]" onThrow
logged "and is logged" "^error:     at deep \(main.js:$(line deep):"
says "after await" "^onThrowLater error .*RangeError: after a while.*main.js:$(line later):" onThrowLater
says "in an imported module" "^onThrowParts error .*from a part.*lib/parts.js:$(line part lib/parts.js):.*main.js:$(line parts):" onThrowParts
says "a text is thrown" '^onThrowText error .*thrown: ..only text' onThrowText
says "a rejection that nobody waits for fails the event" "^onRejection error .*nobody waits.*\"kind\":\"rejection\".*main.js:$(line nobody):" onRejection
says "only that event" '^onCount result 1$' onRejection onCount
says "one that is taken later does not" '^onHandled result "somebody waits"$' onHandled
says "a timer that throws fails the event" '^onTimerThrows error .*in a timer' onTimerThrows
says "endless recursion is a RangeError, and the plugin goes on" '^onCount result 2$' onCount onDeep onCount

# ---- calls ----
cat >"$W/answers.json" <<'JSON'
{"echo": {"result": {}}, "readNotes": {"result": {"text": "aliased"}},
 "notes.read": {"byNote": {"é.md": {"result": {"text": "é😀\n"}}}},
 "links.write": {"error": {"code": 1001, "message": "writeLinks is not granted", "data": {"kind": "permission", "permission": "writeLinks"}}}}
JSON
says "a call is a promise" '^onCall result \{"text":"é😀\\n"\}$' -c "$W/answers.json" 'onCall={"note":"é.md"}'
says "a name of the specification" '^onAlias result "aliased"$' -c "$W/answers.json" onAlias
says "forty calls at once" '^onMany result 40$' -c "$W/answers.json" onMany
says "a refusal is an error with all that the host said" \
	"^onRefused result \[true,true,\"HostError\",1001,\"writeLinks\",\"links.write\",\"$(line refused)\"\]$" -c "$W/answers.json" onRefused
says "one that nobody takes fails the event" '^onUncaughtRefusal error .*HostError: writeLinks is not granted' -c "$W/answers.json" onUncaughtRefusal
says "parameters are an object" '^onBadParams error .*TypeError: notes.read: parameters are an object' onBadParams
says "a call beyond a message is refused" '^onLargeCall error .*HostError' onLargeCall
says "a call is given up by its signal" '^onAbortCall error .*not wanted' -c "$W/answers.json" onAbortCall
says "what initialize said" '^onInfo result \["test","green",true\]$' -i '{"config":{"colour":"green"}}' onInfo

# ---- time and memory ----
says "timers" '^onTimers result \["first","i",true\]$' onTimers
says "promises are settled between timers" '^onMicro result \["first","micro","timer"\]$' onMicro
short='{"limits":{"memoryBytes":67108864,"eventTimeoutMs":600}}'
for e in onLoop onLoopCaught onForever; do
	says "$e ends with its event's time" "^$e error .*1006.*E_TIMEOUT.*\"kind\":\"deadline\"" -i "$short" $e
done
verdict "promises that never let go are the host's to end" '^onMicroLoop late$' "$(in_bundle tests/lib/js -i "$short" -t 1500 onMicroLoop)"
says "the next event finds a fresh machine" '^onCount result 1$' -i "$short" onCount onLoop onCount
says "or the same where nothing ran" '^onCount result 2$' -i "$short" onCount onForever onCount
says "the signal of an event is told" '^onSignal error .*deadline' -i "$short" onSignal
logged "and its listeners are called" 'aborted AbortError'
small='{"limits":{"memoryBytes":67108864,"eventTimeoutMs":30000}}'
for e in onMemory onMemoryText; do
	says "$e: too much memory is the event's end" "^$e error .*1004.*E_MEMORY.*64 MiB|^$e error .*RangeError: Out of memory" -i "$small" $e
done
says "not the plugin's, ten times over" '^onCount result 1$' -i "$small" onMemory onMemory onMemory onMemory onMemory \
	onMemory onMemory onMemory onMemory onMemory onCount
says "garbage is none" '^onGarbage result 300000000$' -i "$small" onGarbage

# ---- nothing but what is given ----
for e in onEval onFunction onAsyncFunction; do
	says "$e: no code from strings" "^$e error .*EvalError: no code from strings.*import it" $e
done
says "not by a timer either" '^onTimerText error .*no code from strings' onTimerText
says "fetch says what to use" '^onFetch error .*no network.*http.fetch' onFetch
says "require too" '^onRequire error .*use import' onRequire
says "process too" '^onProcess error .*not Node' onProcess
says "document too" '^onPage error .*no page' onPage
says "no other global is there" '^onGlobals result \[\]$' onGlobals

# ---- what a worker has ----
says "console" '^onConsole result null$' onConsole
logged "formats" '^info: plain text 4 \{ a: \[ 1, \{ b: \{…\} \} \], m: Map \{ 1 => 2 \} \}$'
logged "a line for each line" '^warn: lines$'
logged "an error with its stack" '^error: TypeError: shown$'
is "and no line beyond the log's bound" "" "$(awk 'length > 1023' "$W/stderr")"
says "TextEncoder, TextDecoder, atob, btoa" \
	'^onText result \[\[195,169,240,159,152,128\],"é😀","","😀","(TypeError|Error)",\{"read":1,"written":1\},"//4=","ÿþ","BC"\]$' onText
says "URL" '^onUrl result \["https://user:pa%20ss@example.org/b/c\?q=1%202#f%20g","https://e.com/a/x\?y","https://h/p","http://\[2001:db8::1\]:8080/","http://127.0.0.1/","mailto:a@b.c\?subject=1","file:///C:/y","https://e.com/a\?q","https://e.com/a\?b#h",false,false,false,false,false\]$' onUrl
says "URLSearchParams" '^onParams result \[\["1","é"\],"https://e.com:81/p%20q\?b=2\+3&c=x%26y#z","k=v\+w",\[\["x","1"\],\["x","2"\]\]\]$' onParams
says "structuredClone" '^onClone result \[true,true,0,\["x"\],"/a/gi",\[1,2\],true,true,"DataCloneError"\]$' onClone
says "crypto" '^onCrypto result \[true,true,true,true\]$' onCrypto
says "AbortController, AbortSignal" '^onAbort result \[\["abort"\],"AbortError","r","TimeoutError"\]$' onAbort

# ---- the example ----
cat >"$W/vault.json" <<'JSON'
{"notes.list": [
  {"result": {"notes": [{"path": "Day.md", "revision": "1"}, {"path": "Secret.md", "revision": "1"}], "cursor": "next"}},
  {"result": {"notes": [{"path": "House/Plan.md", "revision": "1"}]}}],
 "notes.stat": [
  {"error": {"code": 1010, "message": "there is no such note"}},
  {"result": {"path": "Digests/2026-05-02.md", "revision": "7"}}],
 "notes.create": {"result": {"note": "Digests/2026-05-02.md", "revision": "7", "changed": true}},
 "notes.write": {"result": {"note": "Digests/2026-05-02.md", "revision": "8", "changed": true}},
 "notes.read": {"byNote": {
  "Day.md": {"result": {"text": "# Day\n- [ ] write to Ada due:2026-05-03\n- [x] done\n```\n- [ ] code\n```\n* [ ] no date\n"}},
  "Secret.md": {"error": {"code": 1002, "message": "outside the scope"}},
  "House/Plan.md": {"result": {"text": "1. [ ] paint the door 📅 2026-05-01\n"}}}}}
JSON
digest() { "$drive" -c "$W/vault.json" -a "$B/plugins/daily-digest" -a main.js "$js" "$@" 2>"$W/stderr"; }
need "$B/plugins/daily-digest/main.js"
out=$(digest 'onCommandPalette={"command":"daily-digest","today":"2026-05-02"}')
verdict "it reads every page" '^call notes.list \{"limit":200,"cursor":"next"\}' "$out"
is "what is due stands first, what is in code or done is left out" \
	"## 2026-05-02: 3 open, 1 overdue||- [ ] paint the door ([[House/Plan]]) – overdue since 2026-05-01|- [ ] write to Ada ([[Day]]) – 2026-05-03|- [ ] no date ([[Day]])" \
	"$(sed -n 's/^onCommandPalette result //p' <<<"$out" | jq -r .text | paste -sd '|')"
verdict "a note it may not read is counted, not fatal" '^onCommandPalette result \{"notes":2,"unread":1,"open":3,"overdue":1,' "$out"
verdict "the digest is a note" '^call notes.create \{"note":"Digests/2026-05-02.md","text":"## 2026-05-02: 3 open' "$out"
verdict "and named" '^onCommandPalette result .*"kept":"Digests/2026-05-02.md"' "$out"
verdict "a saved note is counted" '^onNoteSave result \{"open":2\}' "$(digest 'onNoteSave={"note":{"path":"Day.md","revision":"1"}}')"
verdict "and logged" '^info: Day.md: 2 open tasks$' "$(cat "$W/stderr")"

# ---- memory that is executable ----
writable_code() { # OPTION...   how many mappings of a running plugin may be written and executed
	local out=$W/running driver child
	"$drive" -t 30000 "$@" -a tests/lib/js -a main.js "$js" onForever >"$out" 2>/dev/null &
	driver=$!
	until grep -q '^initialize' "$out"; do
		kill -0 "$driver" 2>/dev/null || { echo "it did not start"; return; }
		sleep 0.05
	done
	child=$(pgrep -P "$driver" kennel-js)
	grep -c ' .wx' "/proc/$child/maps"
	kill "$child"
	wait "$driver"
}
is "without jit no mapping is writable and executable" 0 "$(writable_code)"
verdict "with it there is one" '^[1-9]' "$(writable_code -a --jit)"
exit "$failed"
