#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# kennel-compile inside its jail: the same bytes as outside, a refusal is passed on, nothing is left in /out.
# tests: images/base/make-tree images/compile/kennel-compile.c
. "$(dirname "$0")/../jail/lib.sh"

make_host
rm -rf "$IMAGES/compile"
cp -a "$KENNEL_BUILD/images/compile" "$IMAGES/compile"
start_kenneld || { not_ok "kenneld boots" "see above"; finish; }

stage() { # NAME MODULE
	local at=$STATE/supervisor/staging/$1
	mkdir -p "$at/in" "$at/out"
	cp "$2" "$at/in/module.wasm"
	chown -R "$ROLE:$ROLE" "$at"
}

wait_for() { # ID   the driver answers "error" after its own patience; a compiler in emulation needs longer
	local answer
	for _ in 1 2 3 4 5 6; do
		answer=$(d wait "$1" | cut -d' ' -f1-3)
		[ "${answer%% *}" = ended ] && break
	done
	echo "$answer"
}

stage good "$KENNEL_BUILD/plugins/word-count/main.wasm"
a=$(d compile word-count good 1)
like "the compiler starts" "started * * *" "$a"
id=$(id_of "$a")
is "and ends well" "ended exit 0" "$(wait_for "$id")"
echo "# it wrote: $(d out "$id")"
mkdir -p "$J/outside"
"$KENNEL_BUILD/toolchain/bin/kennel-compile" "$KENNEL_BUILD/plugins/word-count/main.wasm" "$J/outside/plugin"
is "the executable is the same as one compiled outside" "" "$(cmp "$J/outside/plugin" "$STATE/supervisor/staging/good/out/plugin" 2>&1)"
is "nothing lies beside it" plugin "$(ls -A "$STATE/supervisor/staging/good/out")"

echo 'no module' >"$J/bad.wasm"
stage bad "$J/bad.wasm"
id=$(id_of "$(d compile word-count bad 1)")
is "what is no module ends with the status of a refusal" "ended exit 12" "$(wait_for "$id")"
is "and leaves nothing" "" "$(ls -A "$STATE/supervisor/staging/bad/out")"
stop_kenneld
finish
