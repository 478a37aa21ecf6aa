#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# format.sh [--fix] [FILE...] - C is as clang-format writes it, with two things left to the author: the
# width of a gap inside a line, so that tables and comments may stand in columns, and macros of more
# than one line. --fix rewrites what differs, and nothing else.
. "$(dirname "$0")/lib.bash"
need clang-format clang-format
COLUMNS_MAX=100

# Puts macros of several lines out of clang-format's reach; `formatted` takes the fence down again.
fence()
{
	awk '
		/^[ \t]*\/\* clang-format off \*\/$/ { off = 1 }
		/^[ \t]*\/\* clang-format on \*\/$/ { off = 0 }
		!off && !fenced && /^[ \t]*#[ \t]*define.*\\$/ {
			print "/*@*/\n/* clang-format off */"
			fenced = 1
		}
		{ print }
		fenced && !/\\$/ {
			print "/*@*/\n/* clang-format on */"
			fenced = 0
		}'
}

formatted()
{
	fence <"$1" | clang-format --style=file --assume-filename="$PWD/$1" |
		awk 'skip { skip = 0; next } /^[ \t]*\/\*@\*\/$/ { skip = 1; next } { print }'
}

# Makes visible, for `diff -b`, what is not a gap: indentation (\1 \2), an overlong line (\4), its end.
mark()
{
	awk -v max="$COLUMNS_MAX" '
		function columns(s,    i, n, part, sum)
		{
			gsub(/[\200-\277]/, "", s)
			n = split(s, part, "\t")
			for (i = 1; i < n; i++)
				sum += length(part[i]) + 8 - (sum + length(part[i])) % 8
			return sum + length(part[n])
		}
		{
			match($0, /^[ \t]*/)
			indent = substr($0, 1, RLENGTH)
			rest = substr($0, RLENGTH + 1)
			gsub(/\t/, "\001", indent)
			gsub(/ /, "\002", indent)
			print indent rest (columns($0) > max ? "\004" : "") "\003"
		}'
}

unmark()
{
	tr '\001\002' '\t ' | tr -d '\003\004'
}

# Lines that clang-format had no reason to touch keep the author's gaps.
fix_file()
{
	local file=$1 new

	new=$(mktemp) || return
	diff -b --old-line-format='' --new-line-format='%L' --unchanged-line-format='%L' \
		<(mark <"$file") <(formatted "$file" | mark) | unmark >"$new"
	if [ -s "$new" ] && ! cmp -s "$new" "$file"; then
		cat "$new" >"$file"
	fi
	rm -f "$new"
}

check_file()
{
	local file=$1 advice="not in the house format; run $LINT/format.sh --fix $1"

	formatted "$file" >/dev/null || { echo "$file:1: clang-format cannot read it"; return; }
	[ -z "$(tail -c 1 "$file")" ] || echo "$file:$(($(wc -l <"$file") + 1)): $advice"
	diff -b <(mark <"$file") <(formatted "$file" | mark) |
		awk -v file="$file" -v advice="$advice" -v max="$COLUMNS_MAX" '
			!marked && /^[0-9]/ {
				split($0, side, /[acd]/)
				n = split(side[1], line, ",")
				printf "%s:%d: %s\n", file, line[1], advice
				for (i = line[1]; i <= line[n]; i++)
					told[i] = 1
			}
			marked && /\004/ && !/"|:\/\// && !(FNR in told) {
				printf "%s:%d: more than %d columns; break it\n", file, FNR, max
			}' marked=0 - marked=1 <(mark <"$file")
}

each()
{
	local file what=$1

	shift
	for file; do
		"$what" "$file"
	done
}

check_format()
{
	list_c runner bpf images tools tests | xargs -r -d '\n' -n 8 -P 2 "$LINT/format.sh" --check
}

case ${1-} in
--fix)
	shift
	[ $# -gt 0 ] || mapfile -t files < <(list_c runner bpf images tools tests)
	[ $# -gt 0 ] || set -- "${files[@]}"
	each fix_file "$@" ;;
--check)
	shift
	each check_file "$@" ;;
'')	gate check_format ;;
*)	gate each check_file "$@" ;;
esac
