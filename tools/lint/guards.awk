# SPDX-License-Identifier: Apache-2.0
# guards.awk - a header's first directives are `#pragma once`, or `#ifndef X` and `#define X`.

function verdict()
{
	if (name != "" && !guarded)
		printf "%s:1: no include guard; begin with `#pragma once`\n", name
}

FNR == 1 {
	verdict()
	name = FILENAME
	directives = guarded = 0
	macro = ""
}

{ s = code($0) }

s ~ /^[ \t]*#/ {
	directives++
	sub(/^[ \t]*#[ \t]*/, "", s)
	n = split(s, word)
	if (directives == 1 && word[1] == "pragma" && word[2] == "once")
		guarded = 1
	if (directives == 1 && word[1] == "ifndef")
		macro = word[2]
	if (directives == 2 && macro != "" && word[1] == "define" && word[2] == macro)
		guarded = 1
}

END { verdict() }
