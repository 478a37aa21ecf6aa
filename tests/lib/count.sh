# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# count.sh - runs test programs and counts their lines. Owns: passed, failed, skipped.
# A test prints "ok NAME", "not ok NAME: why" or "skip NAME: why" for each thing it tried, and exits 0;
# 77 means it could not run at all. A test that ends badly without having said so is one failure more.
passed=0 failed=0 skipped=0

run_one() { # NAME SECONDS COMMAND...
	local name=$1 seconds=$2 out status bad start=$SECONDS
	shift 2
	out=$(mktemp)
	timeout --kill-after=10 "$seconds" "$@" >"$out" 2>&1 </dev/null && status=0 || status=$?
	passed=$((passed + $(grep -c '^ok ' "$out")))
	bad=$(grep -c '^not ok ' "$out")
	skipped=$((skipped + $(grep -c '^skip ' "$out")))
	if [ "$status" = 77 ]; then
		grep -q '^skip ' "$out" || skipped=$((skipped + 1))
	elif [ "$status" != 0 ] && [ "$bad" = 0 ]; then
		bad=1
		echo "not ok $name: exit status $status (124 is the time limit of $seconds s)" >>"$out"
	elif [ "$status" = 0 ] && [ "$bad" = 0 ] && ! grep -q '^ok ' "$out"; then
		bad=1
		echo "not ok $name: it tried nothing" >>"$out"
	fi
	failed=$((failed + bad))
	echo "$name: $(grep -c '^ok ' "$out") ok, $bad not ok, $((SECONDS - start)) s"
	grep -E '^(#|skip |summary )' "$out" | sed 's/^/  /'
	if [ "$bad" != 0 ]; then
		sed 's/^/    /' "$out" | tail -n 60
	fi
	rm -f "$out"
}
