#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# wasm-run.sh - compiled plugins outside a jail, with a host made of a table: results, failures, traps, the
# Extism and WASI functions, the example plugins, the hostile one.
# shellcheck source=../lib/script.sh
. "$(dirname "$0")/../lib/script.sh"
B=$build W=$work
compile=$B/toolchain/bin/kennel-compile
drive=$B/tests-vm/wiredrive
need clang jq "$compile" "$drive"

verdict() { # NAME PATTERN OUTPUT
	if grep -qE -- "$2" <<<"$3"; then
		echo "ok $1"
	else
		echo "not ok $1: wanted /$2/ in: $(head -c 600 <<<"$3")"
		failed=1
	fi
}

# says NAME PROGRAM PATTERN [WIREDRIVE ARGUMENTS] EVENT   the event's own line matches
says() {
	local name=$1 program=$2 pattern=$3
	shift 3
	verdict "$name" "$pattern" "$("$drive" -t 60000 "${@:1:$#-1}" "$program" "${@: -1}" 2>"$W/stderr")"
}

build() { # NAME MODULE
	mkdir -p "$W/$1"
	"$compile" "$2" "$W/$1/plugin" || { echo "not ok $1: does not compile"; exit 1; }
}

clang --target=wasm32-wasi -std=gnu11 -O2 -Wall -Werror -Wno-infinite-recursion -mexec-model=reactor -Itools/sdk/c \
	-o "$W/probe.wasm" tests/lib/wasm_probe.c tools/sdk/c/kennel.c \
	tools/sdk/c/kennel_json.c || { say 1 "the probe is compiled" "no clang for wasm; run: tools/deps"; exit 1; }
build probe "$W/probe.wasm"
P=$W/probe/plugin

# ---- results and failures ----
says "input and output are the event" "$P" '^onEcho result \{"type":"onEcho","eventId":"1","attempt":1,"x":"é"\}$' 'onEcho={"x":"é"}'
says "text that is no JSON is a string" "$P" '^onText result "not \\"JSON\\", only text"$' onText
says "bytes that are no text fail the event" "$P" '^onBytes error .*not UTF-8' onBytes
says "no output is null" "$P" '^onNothing result null$' onNothing
says "error_set and a status fail the event" "$P" '^onFail error .*"it did not work","data":\{"kind":"plugin"\}' onFail
says "a status alone fails the event" "$P" '^onFailQuiet error .*returned 7' onFailQuiet
says "error_set without a status does not" "$P" '^onFailForgiven result 1$' onFailForgiven
says "exit fails the event" "$P" '^onExit error .*exit\(3\).*"kind":"exit"' onExit
says "abort is a trap" "$P" '^onAbort error .*"trap":"unreachable executed"' onAbort
says "a result beyond a frame fails the event" "$P" '^onLarge error .*1011' onLarge
says "an event without a handler is said so" "$P" '^onNone error .*-32601' onNone
says "no event before initialize" "$P" '^onEcho error .*-32600' -n onEcho
says "another protocol is refused" "$P" '^initialize error .*-32602' -i '{"protocol":"2.0"}' onEcho
says "ping is answered" "$P" '^\$/ping result \{\}$' '$/ping'
verdict "an instance lives on after an event" '^onCount result 2$' "$("$drive" "$P" onCount onCount)"
verdict "and is a fresh one after a trap" '^onCount result 1$' "$("$drive" "$P" onCount onAbort onCount | tail -2)"
verdict "the end of the wire ends it" '^exit 0$' "$("$drive" "$P" onEcho)"

# ---- Extism and WASI ----
says "clock, random, arguments, environment, log; no files" "$P" '^onWasi result true$' onWasi
verdict "stdout and stderr are as they were written" 'an error for the log' "$(cat "$W/stderr")"
says "variables" "$P" '^onVars result true$' onVars
verdict "variables stay with the instance" '^onVarStays result true$' "$("$drive" "$P" onVars onVarStays)"
verdict "and go with it" '^onVarStays result false$' "$("$drive" "$P" onVars onAbort onVarStays)"
says "configuration" "$P" '^onConfig result true$' -i '{"config":{"colour":"green"}}' onConfig
cat >"$W/echo.json" <<'JSON'
{"echo":{"result":{"text":"\u00e9\ud83d\ude00\n"}},"refused":{"error":{"code":1001,"message":"no"}}}
JSON
says "calls and their answers" "$P" '^onCall result true$' -c "$W/echo.json" onCall
says "memory.grow ends where the policy does" "$P" '^onGrow result 5[0-9]$' -i '{"limits":{"memoryBytes":67108864}}' onGrow

# ---- traps and arithmetic that C leaves open ----
cat >"$W/numbers.wat" <<'WAT'
(module (memory (export "memory") 1 1)
 (table 1 funcref)
 (type $v (func (result i32)))
 (global $zero (mut i32) (i32.const 0))
 (global $min (mut i32) (i32.const 0x80000000))
 (global $nan (mut f64) (f64.const nan))
 (func (export "onDivZero") (result i32) (i32.div_s (i32.const 7) (global.get $zero)))
 (func (export "onDivOver") (result i32) (i32.div_s (global.get $min) (i32.const -1)))
 (func (export "onRemOver") (result i32) (i32.rem_s (global.get $min) (i32.const -1)))
 (func (export "onTruncNan") (result i32) (i32.trunc_f64_s (global.get $nan)))
 (func (export "onTruncOver") (result i32) (i32.trunc_f64_s (f64.const 1e10)))
 (func (export "onTruncSat") (result i32)
  (i32.ne (i32.trunc_sat_f64_s (f64.const 1e10)) (i32.const 0x7fffffff)))
 (func (export "onShift") (result i32)
  (i32.ne (i32.shl (i32.const 1) (i32.add (global.get $zero) (i32.const 33))) (i32.const 2)))
 (func (export "onWrap") (result i32)
  (i32.ne (i32.add (global.get $min) (i32.const -1)) (i32.const 0x7fffffff)))
 (func (export "onNanMin") (result i32)
  (f64.eq (f64.min (global.get $nan) (f64.const 1)) (f64.min (global.get $nan) (f64.const 1))))
 (func (export "onNullCall") (result i32) (call_indirect (type $v) (global.get $zero)))
 (func (export "onFarCall") (result i32) (call_indirect (type $v) (global.get $min)))
 (func $deep (result i32) (i32.add (call $deep) (i32.const 1)))
 (func (export "onDeep") (result i32) (call $deep))
 (func $tail (result i32) (call $tail))
 (func (export "onTail") (result i32) (call $tail))
 (func (export "onLastByte") (result i32) (i32.load8_u (i32.const 65535)))
 (func (export "onAcross") (result i32) (i32.load (i32.const 65533)))
 (func (export "onFarthest") (result i32) (i32.wrap_i64 (i64.load offset=0xffffffff (i32.const -1))))
 (func (export "onFarthestStore") (result i32) (i64.store offset=0xffffffff (i32.const -1) (i64.const 1)) (i32.const 0))
 (func (export "onDeadLoad") (result i32) (drop (i32.load (i32.const 0x7fffffff))) (i32.const 0))
 (func (export "onFill") (result i32) (memory.fill (i32.const 65530) (i32.const 1) (i32.const 10)) (i32.const 0))
 (func (export "onFillWrap") (result i32) (memory.fill (i32.const 16) (i32.const 1) (i32.const -8)) (i32.const 0))
 (func (export "onGrowMax") (result i32) (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
WAT
wat2wasm -o "$W/numbers.wasm" "$W/numbers.wat" && build numbers "$W/numbers.wasm"
N=$W/numbers/plugin
trap_row() { # EVENT TRAP
	says "$1: $2" "$N" "^$1 error .*\"trap\":\"$2\"" "$1"
}
trap_row onDivZero 'integer divide by zero'
trap_row onDivOver 'integer overflow'
trap_row onTruncNan 'invalid conversion to integer'
trap_row onTruncOver 'integer overflow'
trap_row onNullCall 'indirect call type mismatch'
trap_row onFarCall 'indirect call type mismatch'
trap_row onDeep 'call stack exhausted'
trap_row onTail 'call stack exhausted'
for e in onAcross onFarthest onFarthestStore onDeadLoad onFill onFillWrap; do
	trap_row $e 'out of bounds memory access'
done
for e in onRemOver onTruncSat onShift onWrap onNanMin onLastByte onGrowMax; do
	says "$e: as the specification has it" "$N" "^$e result null$" "$e"
done
many=()
for _ in $(seq 20); do
	many+=(onDeep onAcross)
done
verdict "forty traps in a row, each with a fresh instance" '^40$' "$("$drive" "$N" "${many[@]}" | grep -c '"kind":"trap"')"
wat2wasm -o "$W/bad.wasm" - <<<'(module (memory (export "memory") 1) (data (i32.const 65535) "ab") (func (export "onX") (result i32) i32.const 0))'
build bad "$W/bad.wasm"
verdict "a module that traps at its start ends with a message" '^exit 1$' "$("$drive" "$W/bad/plugin" onX 2>/dev/null)"

# ---- the example plugins ----
for n in word-count ai-auto-linker escape-artist; do
	build $n "$B/plugins/$n/main.wasm"
done
cat >"$W/vault.json" <<'JSON'
{"log.write": {"result": {}},
 "notes.list": [
  {"result": {"notes": [{"path": "Day.md", "title": "Day", "aliases": [], "tags": ["work"], "revision": "1"},
   {"path": "People/Ada.md", "title": "Ada Lovelace", "aliases": ["Countess"], "tags": ["people"], "revision": "1"}], "cursor": "next"}},
  {"result": {"notes": [{"path": "Plan.md", "title": "The Plan", "aliases": [], "tags": ["work"], "revision": "1"},
   {"path": "Abc.md", "title": "Abc", "aliases": [], "tags": [], "revision": "1"}]}}],
 "notes.read": [
  {"result": {"path": "Day.md", "title": "Day", "tags": ["work"], "aliases": [], "revision": "r1",
   "text": "---\ntags: [work]\n---\n# Countess\nMet the countess, not `Countess`; abc.\n"}},
  {"result": {"path": "Day.md", "title": "Day", "tags": ["work"], "aliases": [], "revision": "r2",
   "text": "---\ntags: [work]\n---\nAgain the countess.\n"}}],
 "links.write": [{"error": {"code": 1005, "message": "conflict"}},
  {"result": {"added": [{"target": "People/Ada.md"}, {"target": "Plan.md"}], "skipped": []}}]}
JSON
cat >"$W/linked.json" <<'JSON'
{"notes.list": {"result": {"notes": [{"path": "Day.md", "title": "Day", "aliases": [], "tags": ["work"], "revision": "1"},
   {"path": "People/Ada.md", "title": "Ada Lovelace", "aliases": ["Countess"], "tags": ["people"], "revision": "1"},
   {"path": "Plan.md", "title": "The Plan", "aliases": [], "tags": ["work"], "revision": "1"}]}},
 "notes.read": {"result": {"path": "Day.md", "title": "Day", "tags": ["work"], "aliases": [], "revision": "r1",
   "text": "Met the [[Ada|countess]], a countess.\n\n## Related\n\n- [[Plan]]\n"}}}
JSON
saved='onNoteSave={"note":{"path":"Day.md","revision":"r1"}}'
out=$("$drive" -c "$W/vault.json" "$W/ai-auto-linker/plugin" "$saved")
verdict "the linker asks for the alias as it is written, and for a note of the same tag" \
	'^call links.write .*"baseRevision":"r1","add":\[\{"target":"People/Ada.md","anchor":"countess"\},\{"target":"Plan.md"\}\]' "$out"
verdict "after a conflict it reads again and asks with the new revision" '^call links.write .*"baseRevision":"r2"' "$out"
verdict "it reads every page" '^call notes.list \{"limit":200,"cursor":"next"\}' "$out"
verdict "it says what it did" '^onNoteSave result .*"added":2,"failed":0' "$out"
out=$("$drive" -c "$W/linked.json" "$W/ai-auto-linker/plugin" "$saved")
verdict "a second run asks for nothing" '^onNoteSave result .*"added":0' "$(grep -v '^call links.write' <<<"$out")"
grep -q '^call links.write' <<<"$out" && { echo "not ok a second run writes: $out"; failed=1; }
verdict "a conflict that stays is a failure" '^onNoteSave error .*1005' \
	"$(sed 's/{"error": {"code": 1005, "message": "conflict"}},/{"error":{"code":1005,"message":"conflict"}},{"error":{"code":1005,"message":"conflict"}},/' \
		"$W/vault.json" >"$W/conflict.json"; "$drive" -c "$W/conflict.json" "$W/ai-auto-linker/plugin" "$saved")"
cat >"$W/words.json" <<'JSON'
{"log.write":{"result":{}},"notes.read":{"result":{"text":"five wörds\nare in here\n"}}}
JSON
verdict "word-count counts" '^onNoteSave result \{"words":5,"characters":23\}' \
	"$("$drive" -c "$W/words.json" "$W/word-count/plugin" "$saved")"

# ---- the hostile one, against a host that refuses everything: only the runtime is tried here ----
attempts() { # GROUP...
	local g
	for g in "$@"; do
		"$drive" -t 60000 -i '{"limits":{"memoryBytes":67108864}}' "$W/escape-artist/plugin" \
			"onCommandPalette={\"command\":\"$g\"}" 2>/dev/null | grep '^onCommandPalette'
	done
}
out=$(attempts gate wire depth pdk memory-bomb)
verdict "no attempt against runtime or host goes through" '^0$' "$(grep -c ESCAPED <<<"$out")"
verdict "more than thirty were made" '^([3-9][0-9]|[1-9][0-9]{2})$' "$(grep -o '"outcome":"refused"' <<<"$out" | wc -l)"
for g in load store stack indirect divide forged-load forged-store forged-edge forged-output forged-call variables; do
	verdict "trap-$g ends in a trap" '"kind":"trap"' "$(attempts "trap-$g")"
done
verdict "a loop goes on until the host ends it" '^onCommandPalette late$' \
	"$("$drive" -t 1000 "$W/escape-artist/plugin" 'onCommandPalette={"command":"loop"}')"
exit "$failed"
