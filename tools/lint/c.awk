# SPDX-License-Identifier: Apache-2.0
# c.awk - reading C by the line: code(line) is the line without comments and without the text of its
# literals. Its state is the open comment. The files to read are the lines of the file `list`.

BEGIN {
	while ((getline c_name < list) > 0)
		ARGV[ARGC++] = c_name
	if (ARGC == 1)
		exit 0
}

FNR == 1 { c_comment = 0 }

# Sets c_slashes when the line has a comment of the kind we do not write.
function code(s,    out, token)
{
	out = ""
	c_slashes = 0
	while (s != "") {
		if (c_comment) {
			if (!index(s, "*/"))
				return out
			s = substr(s, index(s, "*/") + 2)
			c_comment = 0
			out = out " "
			continue
		}
		if (!match(s, /\/\*|\/\/|["']/))
			return out s
		out = out substr(s, 1, RSTART - 1)
		token = substr(s, RSTART, RLENGTH)
		s = substr(s, RSTART + RLENGTH)
		if (token == "/*") {
			c_comment = 1
		} else if (token == "//") {
			c_slashes = 1
			return out
		} else {
			s = c_after_literal(s, token)
			out = out token token
		}
	}
	return out
}

function c_after_literal(s, quote,    found)
{
	while (match(s, /["'\\]/)) {
		found = substr(s, RSTART, 1)
		if (found == "\\") {
			s = substr(s, RSTART + 2)
			continue
		}
		s = substr(s, RSTART + 1)
		if (found == quote)
			return s
	}
	return ""
}

function complain(line, text)
{
	printf "%s:%d: %s\n", FILENAME, line, text
}
