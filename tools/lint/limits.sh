#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# limits.sh - how long and how knotted a piece of code may be. Over the limit: split it.
. "$(dirname "$0")/lib.bash"
need pmccabe pmccabe

FUNCTION_LINES=80
MCCABE=15
FILE_LINES=600
HEADER_LINES=150
MAKEFILE_LINES=200
PARAMETERS=6

# too_long LIMIT: files, named on stdin, of more lines than that
too_long()
{
	local file lines

	while IFS= read -r file; do
		lines=$(wc -l <"$file")
		[ "$lines" -le "$1" ] ||
			echo "$file:$1: $lines lines, the limit is $1; split it by what it owns"
	done
}

# pmccabe prints: modified McCabe, McCabe, statements, first line, lines, FILE(LINE): NAME
check_functions()
{
	list_c "${@:2}" | xargs -r -d '\n' pmccabe | awk -F '\t' -v lines_max="$FUNCTION_LINES" -v mccabe_max="$1" '
	{
		file = name = $6
		sub(/\([0-9]+\):.*/, "", file)
		sub(/^.*: /, "", name)
		if ($5 > lines_max)
			printf "%s:%d: %s has %d lines, the limit is %d; split it\n", file, $4, name, $5, lines_max
		if (mccabe_max && $2 > mccabe_max)
			printf "%s:%d: %s has McCabe %d, the limit is %d; a table or a helper\n", file, $4, name, $2, mccabe_max
	}'
}

check_limits()
{
	check_functions "$MCCABE" runner bpf images tools
	check_functions 0 tests
	list_c runner bpf images tools | awk_over parameters.awk -v max="$PARAMETERS"
	list_files '*.c' 'tests/*.h' | too_long "$FILE_LINES"
	list_scripts | too_long "$FILE_LINES"
	list_files 'runner/*.h' 'bpf/*.h' 'images/*.h' 'tools/*.h' | too_long "$HEADER_LINES"
	list_files Makefile | too_long "$MAKEFILE_LINES"
}

gate check_limits
