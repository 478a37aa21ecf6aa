#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# bundle-rows.sh - every row of the threat table (runner/bundle/README.md) names code that is there, and a test
# that is there and says the row. And no command has a switch that turns the checks off.
# shellcheck source=../lib/script.sh
. "$(dirname "$0")/../lib/script.sh"
need "$kennel"
table=runner/bundle/README.md
rows=36

# One line for each thing that is wrong with a row.
check_code() { # FILE...
	local file
	[ $# -gt 0 ] || echo "names no code"
	for file in "$@"; do
		[ -f "$file" ] || echo "$file is not there"
	done
}

check_tests() { # ROW "FILE: NAME, NAME; FILE: NAME"
	local row=$1 group file name found=0
	while IFS= read -r -d ';' group; do
		file=${group%%:*}
		file=${file// /}
		[ -n "$file" ] || continue
		[ -f "$file" ] || { echo "$file is not there"; continue; }
		while IFS= read -r -d ',' name; do
			name=${name#"${name%%[! ]*}"}
			name=${name%"${name##*[! ]}"}
			[[ $name == "row$row"[_\ ]* ]] || echo "\"$name\" does not say row$row"
			grep -qF -- "$name" "$file" && found=1 || echo "$file has no $name"
		done <<<"${group#*:},"
	done <<<"$2;"
	[ "$found" = 1 ] || echo "names no test"
}

for n in $(seq "$rows"); do
	line=$(grep -E "^\| $n \|" "$table")
	if [ "$(grep -c '' <<<"$line")" != 1 ] || [ -z "$line" ]; then
		say 1 "row $n" "it stands not once in $table"
		continue
	fi
	IFS='|' read -r _ _ threat code tests _ <<<"$line"
	# shellcheck disable=SC2086 # a list of files
	wrong=$(check_code $code; check_tests "$(printf %02d "$n")" "$tests")
	[ -z "$wrong" ]
	say $? "row $n:$threat" "${wrong//$'\n'/; }"
done
[ "$(grep -cE '^\| [0-9]+ \|' "$table")" = "$rows" ]
say $? "the table has $rows rows" "it has $(grep -cE '^\| [0-9]+ \|' "$table")"

switches='--?(no-?(verify|check|sign|trust)|skip|insecure|unsigned|allow-unsigned|ignore|force|unsafe|trust-all)'
help=$(for words in "bundle" "bundle verify" "bundle show" "bundle diff" install trust; do
	# shellcheck disable=SC2086 # words of a command
	"$kennel" $words --help 2>&1
done)
[ "$(grep -c usage <<<"$help")" -ge 5 ] && ! grep -E -- "$switches" <<<"$help"
say $? "row36 no command has a switch that turns the checks off" "$(grep -E -- "$switches" <<<"$help" | head -3)"
exit "$failed"
