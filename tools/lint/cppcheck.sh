#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# cppcheck.sh - cppcheck over runner/. A false alarm: `/* cppcheck-suppress ID */` above the line with
# the reason, or a line in cppcheck.suppress when it is the tool's mistake everywhere.
. "$(dirname "$0")/lib.bash"
need cppcheck cppcheck

check_cppcheck()
{
	local cache=build/lint/cppcheck files

	files=$(list_files 'runner/*.c')
	[ -n "$files" ] || return 0
	mkdir -p "$cache"
	cppcheck --quiet --enable=warning,portability --inline-suppr --error-exitcode=1 -j 2 \
		--std=c11 --library=posix,gnu --suppressions-list="$LINT/cppcheck.suppress" \
		--template='{file}:{line}: {message} [{id}]' --template-location='' \
		--cppcheck-build-dir="$cache" -D_GNU_SOURCE= -D__linux__=1 -D__x86_64__=1 \
		-I runner -I . -I build/gen --file-list=- <<<"$files" 2>&1
}

gate check_cppcheck
