#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# banned.sh - calls, comments and directives that have a better form. banned.awk has the lists.
. "$(dirname "$0")/lib.bash"

check_marks()
{
	local status

	git grep --untracked -nIwE 'TODO|FIXME|XXX' -- Makefile runner bpf images tools tests \
		':!*.md' ":!$LINT" |
		sed -E 's/^([^:]*:[0-9]+):.*/\1: an open end; do it now, or write it down where it is tracked/'
	status=${PIPESTATUS[0]}
	[ "$status" -le 1 ]
}

check_banned()
{
	list_c runner bpf images tools tests | awk_over banned.awk && check_marks
}

gate check_banned
