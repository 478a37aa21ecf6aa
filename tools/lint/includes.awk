# SPDX-License-Identifier: Apache-2.0
# includes.awk - one line an include: `include FILE LINE < or " TARGET`; and `first FILE 0 TARGET` for
# each file, the first one, or `-`.

function flush_first()
{
	if (name != "")
		printf "first\t%s\t0\t%s\n", name, first
}

FNR == 1 {
	flush_first()
	name = FILENAME
	first = "-"
}

code($0) ~ /^[ \t]*#[ \t]*include/ {
	s = $0
	sub(/^[^<"]*/, "", s)
	form = substr(s, 1, 1)
	s = substr(s, 2)
	sub(/[>"].*/, "", s)
	if (first == "-")
		first = s
	printf "include\t%s\t%d\t%s\t%s\n", FILENAME, FNR, form, s
}

END { flush_first() }
