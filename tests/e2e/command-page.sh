#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# command-page.sh - kennel(1) and the program agree: every command and option that --help names is in the page, and
# the page names no other. tests: runner/cli/cli.c runner/main/kennel.c
# shellcheck source=../lib/script.sh
. "$(dirname "$0")/../lib/script.sh"
need mandoc "$kennel"
page=runner/doc/kennel.1

# Groups answer --help with a table of their parts, or with a usage line for each.
parts() { # COMMAND
	"$kennel" "$1" --help | sed -nE \
		-e "s/^(usage:|      ) kennel $1 ([a-z-]+)( .*)?$/\2/p" \
		-e 's/^  ([a-z][a-z-]+) +[a-z].*$/\1/p' | grep -vx kennel | sort -u
}
commands() {
	local c p
	for c in $("$kennel" --help | sed -nE 's/^  ([a-z]+) {2,}.*/\1/p'); do
		case $c in
		bundle | key | trust | native | store | audit | manifest | dialogs)
			for p in $(parts "$c"); do echo "$c $p"; done
			;;
		*) echo "$c" ;;
		esac
	done
}
options() { # COMMAND...
	"$kennel" "$@" --help | sed 's/"\?minisign -.*//' | grep -oE '(^|[ [(])--?[A-Za-z][a-z-]*' | tr -d ' [('
}

commands | sort >"$work/program"
sed -nE 's/^\.It Ic ([a-z]+)( ([a-z][a-z-]+))?( .*)?$/\1 \3/p' "$page" | sed 's/ $//' | sort >"$work/page"
[ "$(grep -c '' "$work/program")" -ge 40 ]
say $? "the program names its commands" "only: $(tr '\n' ',' <"$work/program")"
is "every command is in the page" "" "$(comm -23 "$work/program" "$work/page" | tr '\n' ,)"
is "the page has no other" "" "$(comm -13 "$work/program" "$work/page" | tr '\n' ,)"

while read -r command; do
	# shellcheck disable=SC2086 # one word or two
	options $command
done <"$work/program" | grep -vxE -e '--help|-h' | sed 's/^-//' | sort -u >"$work/options"
grep -oE 'Fl [A-Za-z-]+' "$page" | sed 's/^Fl //' | sort -u >"$work/page-options"
[ "$(grep -c '' "$work/options")" -ge 40 ]
say $? "the program names its options" "only: $(tr '\n' ',' <"$work/options")"
is "every option is in the page" "" "$(comm -23 "$work/options" "$work/page-options" | tr '\n' ,)"
is "the page has no other option" "" "$(comm -13 "$work/options" "$work/page-options" | grep -vx -e -help | tr '\n' ,)"

for page in runner/doc/*.[158]; do
	out=$(mandoc -T lint -W warning "$page" 2>&1)
	say $? "${page##*/} is well formed" "$out"
done
exit "$failed"
