# SPDX-License-Identifier: Apache-2.0
# parameters.awk - functions of more than `max` parameters, where they are declared or defined.
# Names in capitals are macros (BPF_PROG, whose parameters are the kernel's choice).

FNR == 1 {
	depth = braces = commas = 0
	name = last = ""
	directive = 0
}

{
	s = code($0)
	if (directive || s ~ /^[ \t]*#/) {
		directive = s ~ /\\[ \t]*$/
		next
	}
	while (match(s, /[A-Za-z_][A-Za-z0-9_]*|[(){},;=]/)) {
		token = substr(s, RSTART, RLENGTH)
		s = substr(s, RSTART + RLENGTH)
		if (token == "{") {
			braces++
		} else if (token == "}") {
			braces--
		} else if (braces > 0) {
			continue
		} else if (token == "(") {
			if (depth++ == 0) {
				name = last
				line = FNR
				commas = 0
			}
		} else if (token == ")") {
			if (--depth == 0 && commas + 1 > max && name ~ /[a-z]/ && name !~ /^__/)
				complain(line, name " has " commas + 1 " parameters, the limit is " max "; pass a struct")
		} else if (token == ",") {
			if (depth == 1)
				commas++
		} else {
			last = token
		}
	}
}
