#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every row of tests/escape/reference has an attempt, or names the test that holds it; and no attempt names a row
# that is not there. Every hook of the guard has an attack in tests/bpf.
# tests: bpf/abi.h
# shellcheck source=../lib/script.sh
. "$(dirname "$0")/../lib/script.sh"
reference=tests/escape/reference
need "$KENNEL_BUILD/tests-vm/attempts" "$KENNEL_BUILD/tests-vm/bpf_guard"
rows=$("$KENNEL_BUILD/tests-vm/attempts" --rows)
covered=$(cut -f 3 <<<"$rows" | tr ' ' '\n' | sort -u)
wanted=$(sed -nE 's/^([a-z]+:[^ ]+)$/\1/p' "$reference" | sort -u)
elsewhere=$(sed -nE 's/^[a-z]+:[^ ]+ = (.+)$/\1/p' "$reference")
missing=$(comm -23 <(echo "$wanted") <(echo "$covered"))
is "rows without an attempt" "" "$(tr '\n' ' ' <<<"$missing" | sed 's/ *$//')"
for t in $elsewhere; do [ -e "$t" ] || say 1 "a row names $t" "there is no such file"; done
strangers=$(comm -13 <(sed -nE 's/^([a-z]+:[^ ]+).*/\1/p' "$reference" | sort -u) <(grep -v '^seccomp:' <<<"$covered"))
is "attempts that name no row" "" "$(tr '\n' ' ' <<<"$strangers" | sed 's/ *$//')"
hooks=$(sed -nE '/GUARD_HOOK_TABLE\(X\)/,/^$/ s/X\(HOOK_[A-Z_]+, "([a-z-]+)"\)/\n\1\n/gp' bpf/abi.h | grep -E '^[a-z-]+$' | sort -u)
attacked=$("$KENNEL_BUILD/tests-vm/bpf_guard" --rows | cut -f 3 | tr ' ' '\n' | sed 's/^hook://' | sort -u)
# bpf_guard tries two outside its tables: a cgroup without a policy, and a program before ENFORCE. io-uring is the second
# wall: the inode of a ring is refused before it (anon-inode), so no ring ever gets there.
unattacked=$(comm -23 <(echo "$hooks") <(printf '%s\n' "$attacked" no-policy exec io-uring | sort -u))
is "hooks without an attack" "" "$(tr '\n' ' ' <<<"$unattacked" | sed 's/ *$//')"
echo "# $(wc -l <<<"$rows") attempts, $(grep -c . <<<"$wanted") rows of the reference, $(wc -l <<<"$hooks") hooks"
exit "$failed"
