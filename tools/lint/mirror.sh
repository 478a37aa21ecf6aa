#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# mirror.sh - every file has its test. Pure folders: tests/unit/test_X.c, or test_FOLDER_X.c (a must
# when two folders have an X.c). Folders that need a kernel: that, or a comment line in a test,
# `tests: runner/sandbox/mounts.c`. What cannot have one stands in mirror.allow with its reason.
. "$(dirname "$0")/lib.bash"
ALLOW=$LINT/mirror.allow

declare -A EXCUSED=() NAMED=() COUNT=()

# has_unit FOLDER NAME
has_unit()
{
	[ -f "tests/unit/test_$1_$2.c" ] ||
		{ [ "${COUNT[$2]-0}" -le 1 ] && [ -f "tests/unit/test_$2.c" ]; }
}

wanted()
{
	if [ "${COUNT[$2]-0}" -gt 1 ]; then
		echo "tests/unit/test_$1_$2.c"
	else
		echo "tests/unit/test_$2.c"
	fi
}

read_allow()
{
	local n=0 path reason

	while read -r path reason; do
		n=$((n + 1))
		case $path in ''|'#'*) continue ;; esac
		EXCUSED[$path]=$n
		[ -n "$reason" ] || echo "$ALLOW:$n: no reason given; say why $path has no test"
		[ -f "$path" ] || echo "$ALLOW:$n: $path is gone; delete the line"
	done <"$ALLOW"
}

# Every `tests: FILE...` comment; a name that means no file is stale.
read_named()
{
	local file line text word path

	while IFS=: read -r file line text; do
		for word in ${text#*tests:}; do
			word=${word%[,.;]}
			[[ $word == */*.* ]] || continue
			path=
			[ -f "$word" ] && path=$word
			[ -f "runner/$word" ] && path=runner/$word
			if [ -n "$path" ]; then
				NAMED[$path]=1
			else
				echo "$file:$line: says it tests $word, which is not there"
			fi
		done
	done < <(git grep --untracked -nIE '^[[:space:]]*(/?\*|#|//|--).*\btests:[[:space:]]' -- tests)
}

check_file()
{
	local file=$1 folder=$2 name=$3

	case $folder in
	base|bundle|policy|observe|proto)
		has_unit "$folder" "$name" && return 0 ;;
	*)
		has_unit "$folder" "$name" || [ -n "${NAMED[$file]-}" ] && return 0 ;;
	esac
	return 1
}

check_mirror()
{
	local file folder name files hint

	read_allow
	read_named
	files=$(list_files runner/{base,bundle,policy,observe,proto,sandbox,supervise,broker}/\*.c)
	for file in $files; do
		name=$(basename "$file" .c)
		COUNT[$name]=$((${COUNT[$name]-0} + 1))
	done
	for file in $files; do
		name=$(basename "$file" .c)
		folder=${file#runner/}
		folder=${folder%%/*}
		if check_file "$file" "$folder" "$name"; then
			[ -z "${EXCUSED[$file]-}" ] ||
				echo "$ALLOW:${EXCUSED[$file]}: $file has a test; delete the line"
			continue
		fi
		[ -z "${EXCUSED[$file]-}" ] || continue
		hint=
		case $folder in
		sandbox|supervise|broker) hint=", or name it in a test's comment: \`tests: $file\`" ;;
		esac
		echo "$file:1: has no test; write $(wanted "$folder" "$name")$hint"
	done
}

gate check_mirror
