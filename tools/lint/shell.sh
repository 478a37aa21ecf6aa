#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# shell.sh - every script parses, and shellcheck has nothing to say. A false alarm is silenced in its
# line: `# shellcheck disable=SC1234 # why`.
. "$(dirname "$0")/lib.bash"
need shellcheck shellcheck

# SC1090, SC1091: a sourced file whose name is computed (say `# shellcheck source=NAME` above it);
# SC2016: $ in single quotes is mostly awk's; SC2317: functions called by name look unreachable;
# SC2015: `A && B || C` is written where B cannot fail.
QUIET=SC1090,SC1091,SC2015,SC2016,SC2317

interpreter()
{
	local first

	IFS= read -r first <"$1"
	case $first in
	*bash*)	echo bash ;;
	'#!'*)	echo sh ;;
	*)	[[ $1 == *.bash ]] && echo bash || echo sh ;;
	esac
}

check_shell()
{
	local file scripts

	scripts=$(list_scripts)
	[ -n "$scripts" ] || return 0
	while IFS= read -r file; do
		"$(interpreter "$file")" -n "$file" 2>&1 | sed -E "s|^[^:]*: (line )?([0-9]+): |$file:\2: |"
	done <<<"$scripts"
	xargs -d '\n' shellcheck --severity=info -x -P SCRIPTDIR --exclude="$QUIET" --format=gcc <<<"$scripts" |
		sed -E 's/^([^:]*:[0-9]+):[0-9]+: /\1: /'
	return 0
}

gate check_shell
