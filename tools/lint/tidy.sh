#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tidy.sh - clang-tidy over runner/ (and what build/compile_commands.json has of tools/ and images/).
# A file that passed is not read again until it, a header it includes, .clang-tidy or this script
# changes. A false alarm is silenced in its line: `/* NOLINT(check): why */`.
. "$(dirname "$0")/lib.bash"
need clang-tidy clang-tidy
need clang clang
CACHE=build/lint/tidy
DATABASE=build/compile_commands.json
FLAGS=(-std=gnu11 -D_GNU_SOURCE= -Irunner -I. -Ibuild/gen)

# Everything the verdict depends on. -C: a comment can hold a NOLINT.
fingerprint()
{
	{
		cat .clang-tidy "$LINT/tidy.sh"
		clang -E -C "${FLAGS[@]}" "$1" 2>/dev/null || return
	} | sha256sum
}

in_database()
{
	[ -f "$DATABASE" ] && grep -qF "$1\"" "$DATABASE"
}

# The analyser does not know __attribute__((cleanup)): where CLEANUP is used, leaks are left to the
# sanitizers, and a store that moves an owner out is not dead. Of the rest, the first line of each.
findings()
{
	awk -v source="$1" -v root="$PWD/" '
		BEGIN {
			while ((getline line < source) > 0) {
				if (line !~ /CLEANUP[A-Z_]*/)
					continue
				cleanup = 1
				sub(/[ \t]*[=;].*/, "", line)
				sub(/.*[ *]/, "", line)
				owner[line] = 1
			}
		}
		!/: (warning|error): / { next }
		cleanup && /: warning: Potential (memory )?leak/ { next }
		/: warning: Value stored to .* is never read/ {
			name = $0
			sub(/.*Value stored to ./, "", name)
			sub(/. is never read.*/, "", name)
			if (name in owner)
				next
		}
		index($0, root) == 1 { $0 = substr($0, length(root) + 1) }
		{ sub(/:[0-9]+: (warning|error): /, ": "); print }'
}

tidy_one()
{
	local file=$1 stamp=$CACHE/$1.ok now out

	now=$(fingerprint "$file") || now=
	[ -n "$now" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$now" ] && return 0
	rm -f "$stamp"
	if in_database "$file"; then
		out=$(clang-tidy --quiet -p "${DATABASE%/*}" "$file" 2>&1)
	else
		out=$(clang-tidy --quiet "$file" -- "${FLAGS[@]}" 2>&1)
	fi
	out=$(findings "$file" <<<"$out")
	if [ -n "$out" ]; then
		printf '%s\n' "$out"
	elif [ -n "$now" ]; then
		mkdir -p "${stamp%/*}" && printf '%s\n' "$now" >"$stamp"
	fi
}

list_tidy()
{
	local file

	list_files 'runner/*.c'
	list_files 'tools/*.c' 'images/*.c' | while IFS= read -r file; do
		in_database "$file" && printf '%s\n' "$file"
	done
	return 0
}

check_tidy()
{
	list_tidy | xargs -r -d '\n' -n 4 -P 2 "$LINT/tidy.sh" --files
}

case ${1-} in
--files)
	shift
	for file; do
		tidy_one "$file"
	done ;;
*)
	gate check_tidy ;;
esac
