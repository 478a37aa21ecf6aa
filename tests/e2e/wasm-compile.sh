#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# wasm-compile.sh - kennel-compile outside a jail: what it takes, what it refuses and under which name, that
# the same module gives the same bytes, what the executable is made of, and that the compile tree is whole.
# shellcheck source=../lib/script.sh
. "$(dirname "$0")/../lib/script.sh"
B=$build W=$work
compile=$B/toolchain/bin/kennel-compile
need wat2wasm "$compile" "$B/plugins/word-count/main.wasm" "$B/images/compile"

ok() { # NAME COMMAND...
	local name=$1
	shift
	if "$@" >"$W/said" 2>&1; then
		echo "ok $name"
	else
		echo "not ok $name: $(head -c 300 "$W/said" | tr '\n' ' ')"
		failed=1
	fi
}

# refused NAME CODE: the module on stdin is refused with this code in one line, and leaves nothing behind
refused() {
	local name=$1 code=$2 line
	if [ "${3:-text}" = text ]; then
		wat2wasm --enable-all -o "$W/m.wasm" - 2>"$W/said" || { echo "not ok $name: $(cat "$W/said")"; failed=1; return; }
	else
		cat >"$W/m.wasm"
	fi
	rm -rf "$W/out" && mkdir "$W/out"
	line=$("$compile" "$W/m.wasm" "$W/out/plugin" 2>&1)
	if [ $? = 0 ] || [ "${line%%:*}" != "$code" ] || [ "$(wc -l <<<"$line")" != 1 ] || [ -n "$(ls -A "$W/out")" ]; then
		echo "not ok $name: \"$line\", left: $(ls -A "$W/out")"
		failed=1
	else
		echo "ok $name ($line)"
	fi
}

H='(func (export "onX") (result i32) i32.const 0)'
M='(memory (export "memory") 1)'
refused "no wasm at all" E_WASM_INVALID bytes <<<'#!/bin/sh'
refused "an ELF file" E_WASM_INVALID bytes <"$compile"
refused "an unknown import" E_WASM_IMPORT <<<"(module (import \"env\" \"system\" (func (param i32))) $M $H)"
refused "a WASI file function" E_WASM_IMPORT \
	<<<"(module (import \"wasi_snapshot_preview1\" \"path_open\" (func (param i32))) $M $H)"
refused "an import of another type" E_WASM_IMPORT \
	<<<"(module (import \"extism:host/env\" \"alloc\" (func (param i32) (result i64))) $M $H)"
refused "an imported memory" E_WASM_IMPORT <<<"(module (import \"env\" \"memory\" (memory 1)) $H)"
refused "a name that would become C" E_WASM_IMPORT \
	<<<"(module (import \"extism:host/env\" \"a*/ int evil; /*\" (func)) $M $H)"
refused "a start function" E_WASM_FEATURE <<<"(module $M $H (func \$s) (start \$s))"
refused "vectors" E_WASM_FEATURE \
	<<<"(module $M (func (export \"onX\") (result i32) (i32x4.extract_lane 0 (v128.const i32x4 1 2 3 4))))"
refused "shared memory" E_WASM_FEATURE <<<"(module (memory (export \"memory\") 1 2 shared) $H)"
refused "two memories" E_WASM_FEATURE <<<"(module $M (memory 1) $H)"
refused "a memory of 64 bits" E_WASM_FEATURE <<<"(module (memory (export \"memory\") i64 1) $H)"
refused "tail calls" E_WASM_FEATURE <<<"(module $M (func \$f (result i32) i32.const 0) (func (export \"onX\") (result i32) return_call \$f))"
refused "exceptions" E_WASM_FEATURE <<<"(module $M (tag \$t) $H)"
refused "atomic operations" E_WASM_FEATURE <<<"(module $M (func (export \"onX\") (result i32) atomic.fence i32.const 0))"
refused "no handler" E_WASM_INVALID <<<"(module $M (func (export \"main\") (result i32) i32.const 0))"
refused "no memory" E_WASM_INVALID <<<"(module $H)"
refused "a handler with parameters" E_WASM_INVALID <<<"(module $M (func (export \"onX\") (param i32) (result i32) i32.const 0))"
refused "two GiB from the start" E_LIMIT <<<"(module (memory (export \"memory\") 32768) $H)"
refused "a table of two million" E_LIMIT <<<"(module $M (table 2000000 funcref) $H)"
head -c 20971521 /dev/zero | refused "a module of more than 20 MiB" E_LIMIT bytes
printf '\0asm\1\0\0\0\3\2\1\0' | refused "a function without a type" E_WASM_INVALID bytes
# a body that does not validate: the type says i32, the stack holds f64
printf '\0asm\1\0\0\0\1\5\1\140\0\1\177\3\2\1\0\5\3\1\0\1\7\20\2\6memory\2\0\3onX\0\0\12\15\1\13\0\104\0\0\0\0\0\0\0\0\13' |
	refused "a body that does not validate" E_WASM_INVALID bytes

# Names in the module that would become C if they reached it: exports and the name section.
cat >"$W/inject.wat" <<'WAT'
(module (memory (export "memory") 1)
 (func $evil (export "*/\n#error injected\n/*") (result i32) i32.const 1)
 (func (export "onX") (result i32) i32.const 0))
WAT
ok "an export that would become C is dropped" sh -c \
	"wat2wasm --debug-names -o '$W/i.wasm' '$W/inject.wat' && mkdir '$W/i' && '$compile' '$W/i.wasm' '$W/i/plugin'"

for n in word-count ai-auto-linker escape-artist; do
	mkdir "$W/$n"
	ok "$n compiles" "$compile" "$B/plugins/$n/main.wasm" "$W/$n/plugin"
done
mkdir "$W/again"
ok "the same module, another folder" env -C "$W" "$compile" "$B/plugins/word-count/main.wasm" "$W/again/other"
ok "gives the same bytes" cmp "$W/word-count/plugin" "$W/again/other"
ok "its mode is 0555, and nothing lies beside it" sh -c \
	"[ \$(stat -c %a '$W/word-count/plugin') = 555 ] && [ \"\$(ls -A '$W/word-count')\" = plugin ]"
ok "no segment is writable and executable, nor is the stack executable" sh -c \
	"readelf -lW '$W/word-count/plugin' | awk '/LOAD|GNU_STACK/ && / RWE/ { bad = 1 } /GNU_STACK/ { seen = 1 } END { exit bad || !seen }'"
ok "it has RELRO and no interpreter" sh -c \
	"readelf -lW '$W/word-count/plugin' | grep -q GNU_RELRO && ! readelf -lW '$W/word-count/plugin' | grep -q INTERP"

tree=$B/images/compile
if [ "$(id -u)" = 0 ]; then
	cat >"$W/in-tree" <<'SH'
mount -t tmpfs none "$1/tmp" && cp "$2" "$1/tmp/m.wasm" && chroot "$1" /bin/kennel-compile /tmp/m.wasm /tmp/plugin &&
	cat "$1/tmp/plugin" >"$3"
SH
	ok "the compile tree is enough to compile" unshare -m sh "$W/in-tree" "$tree" "$B/plugins/word-count/main.wasm" "$W/chrooted"
	ok "and gives the same bytes" cmp "$W/word-count/plugin" "$W/chrooted"
	ok "no tree holds a link, a device or a set-uid file" sh -c \
		"[ -z \"\$(find '$B'/images/*/ -perm /7222 -o ! -type f ! -type d)\" ]"
else
	echo "skip the compile tree: chroot(2) needs root"
fi
exit "$failed"
