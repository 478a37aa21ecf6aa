#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# fuzz.sh - every fuzz target runs from its seeds, two seconds each (in the soak run an hour together), and
# finds nothing: no broken promise, no crash, no leak, no input that takes ten seconds.
# shellcheck source=../lib/script.sh
. "$(dirname "$0")/../lib/script.sh"
targets=$(for f in tests/fuzz/fuzz_*.c; do basename "$f" .c; done)
seconds=2
[ -z "${KENNEL_SOAK:-}" ] || seconds=$((3600 / $(wc -w <<<"$targets")))

for t in $targets; do
	name=${t#fuzz_}
	if ! ls tests/fuzz/corpus/"$name"/* >/dev/null 2>&1; then
		echo "not ok $name: it has no seeds in tests/fuzz/corpus/$name"
		failed=1
	elif row=$(FUZZ_KEEP=$work tests/fuzz/run "$seconds" "$name" 2>"$work/why"); then
		row=$(tail -n 1 <<<"$row")
		# A target that dies of its first input, or was built without coverage, would find nothing for ever.
		read -r _ runs _ edges _ <<<"$row"
		if [ "${runs:-0}" -ge 100 ] && [ "${edges:-0}" -ge 10 ]; then
			echo "ok $name: $runs runs, $edges edges"
		else
			echo "not ok $name: $row"
			failed=1
		fi
	else
		tail -n 1 <<<"$row"
		cat "$work/why"
		for f in "$work/$name"/found-*; do
			[ ! -f "$f" ] || { echo "$(basename "$f") in base64:"; base64 -w 0 "$f"; echo; }
		done
		echo "not ok $name: see above"
		failed=1
	fi
done
exit "$failed"
