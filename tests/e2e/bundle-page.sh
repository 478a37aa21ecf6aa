#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# bundle-page.sh - kennel-bundle(5) says what the code does: every limit with its number, every refusal that the
# reading and packing code can give with its exit status, and no other.
# shellcheck disable=SC2013 # the names have no spaces
# shellcheck source=../lib/script.sh
. "$(dirname "$0")/../lib/script.sh"
page=runner/doc/kennel-bundle.5
# .It Dv NAME Ta NUMBER Ta …
number_of() {
	sed -nE "s/^\.It Dv $1 Ta ([0-9]+) Ta .*/\1/p" "$page"
}

# ---- limits ----
value_of() { # NAME: what the compiler sees
	local text
	text=$(printf '#include "base/limits.h"\n#include "bundle/toc.h"\n#include "bundle/frame0.h"\nVALUE %s\n' "$1" |
		gcc -E -P -Irunner - | sed -n 's/^VALUE //p' | sed -E 's/([0-9a-fA-F])(ull|u)/\1/g')
	[[ $text =~ [A-Za-z_]{3} ]] || echo $((text))
}
names=$(sed -nE 's/^\.It Dv ([A-Z0-9_]+) Ta [0-9]+ Ta .*/\1/p' "$page" | grep -v '^E_')
[ "$(grep -c '' <<<"$names")" -ge 18 ]
say $? "the page has a table of limits" "only $names"
for name in $names; do
	want=$(value_of "$name")
	[ -n "$want" ] && [ "$(number_of "$name")" = "$want" ]
	say $? "$name is $want" "the page says $(number_of "$name"), the code ${want:-nothing}"
done
for name in $(sed -nE 's/^#define (BUNDLE_[A-Z0-9_]*|FRAME_PLAIN_MAX|TOC_MAX|MANIFEST_MAX|SIGNATURE_FILE_MAX)[ \t].*/\1/p' \
	runner/base/limits.h); do
	grep -qx "$name" <<<"$names"
	say $? "the page has $name" "it has not"
done

# ---- refusals ----
table() { # NAME STATUS of every error
	sed -nE 's/^[ \t]*X\((ERR_[A-Z0-9_]+), "(E_[A-Z0-9_]+)", ([0-9]+)\).*/\1 \2 \3/p' runner/base/err.h
}
reading="runner/bundle/*.c runner/main/loader.c runner/base/json.c runner/policy/manifest.c runner/policy/field.c
	runner/policy/terms.c runner/cli/cmd_bundle*.c runner/cli/bundle_report.c tools/pack/*.c"
# shellcheck disable=SC2086 # a list of patterns
given=$(cat $reading | grep -oE '\bERR_[A-Z0-9_]+' | sort -u | grep -vxE 'ERR_(OK|COUNT)')
# err_sys gives these two
given=$(printf '%s\nERR_SYS\nERR_NOMEM\n' "$given" | sort -u)
[ "$(grep -c '' <<<"$given")" -ge 30 ]
say $? "the code gives some refusals" "$given"
while read -r code name status; do
	grep -qx "$code" <<<"$given" || continue
	[ "$(number_of "$name")" = "$status" ]
	say $? "$name, exit status $status" "the page says \"$(number_of "$name")\""
done < <(table)
for name in $(sed -nE 's/^\.It Dv (E_[A-Z0-9_]+) Ta .*/\1/p' "$page"); do
	status=$(table | awk -v n="$name" '$2 == n { print $3 }')
	[ -n "$status" ] && [ "$(number_of "$name")" = "$status" ]
	say $? "$name of the page is one of ours" "the code says ${status:-nothing}"
done
for name in $(grep -oE '\bE_[A-Z0-9_]+' "$page" | sort -u); do
	[ -n "$(number_of "$name")" ]
	say $? "$name of the text stands in the table" "it does not"
done
exit "$failed"
