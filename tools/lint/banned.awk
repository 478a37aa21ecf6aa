# SPDX-License-Identifier: Apache-2.0
# banned.awk - see banned.sh. What is in a comment or a string is not code, and passes.

BEGIN {
	better["strcpy"] = better["strcat"] = better["strncpy"] = "memcpy with a checked length, or snprintf"
	better["sprintf"] = "snprintf"
	better["vsprintf"] = "vsnprintf"
	better["gets"] = "read with a bound"
	better["strtok"] = "strsep or strtok_r"
	better["alloca"] = "a fixed array or an arena"
	better["system"] = better["popen"] = "posix_spawn or execve with an argument list"
	better["tmpnam"] = better["mktemp"] = "O_TMPFILE or mkostemp"
	better["atoi"] = better["atol"] = better["atof"] = "a parser that reports errors"
	better["rand"] = better["srand"] = "getrandom"

	quits["exit"] = quits["_exit"] = quits["_Exit"] = quits["quick_exit"] = 1

	n = split("printf fprintf vprintf vfprintf puts putchar perror bpf_printk", names)
	for (i = 1; i <= n; i++)
		prints[names[i]] = 1
}

FNR == 1 {
	guard_end()
	name = FILENAME
	folder = name
	if (name ~ /^runner\//)
		sub(/^runner\//, "", folder)
	sub(/\/.*/, "", folder)
	may_ban = name != "runner/base/banned.h"
	may_quit = folder ~ /^(main|init|images|tools|tests)$/
	may_print = folder ~ /^(main|cli|init|images|tools|tests)$/ || name ~ /^runner\/base\/log\.[ch]$/
	may_child = name ~ /^runner\/(sandbox\/|base\/(confine|spawn))/
	is_header = name ~ /\.h$/
	directives = guard_line = 0
	guard = ""
}

# A header whose only directive was #ifndef: not a guard.
function guard_end()
{
	if (guard_line)
		printf "%s:%d: %s\n", name, guard_line, no_if
	guard_line = 0
}

BEGIN { no_if = "no #if outside bpf/ and include guards; a variant is a file" }

# The first two directives of a header may be its guard; every other condition is refused.
function check_directive(s,    word)
{
	directives++
	sub(/^[ \t]*#[ \t]*/, "", s)
	split(s, word)
	if (s ~ /__cplusplus/)
		complain(FNR, "this is C; no __cplusplus")
	if (folder == "bpf")
		return
	if (directives == 2) {
		if (guard_line && word[1] == "define" && word[2] == guard)
			guard_line = 0
		guard_end()
	}
	if (is_header && directives == 1 && word[1] == "ifndef") {
		guard = word[2]
		guard_line = FNR
	} else if (word[1] ~ /^(if|ifdef|ifndef|elif|else)$/) {
		complain(FNR, no_if)
	}
}

function check_call(called)
{
	if (may_ban && called in better)
		complain(FNR, called " is banned; use " better[called])
	if (called in quits && !may_quit && !(may_child && called == "_exit" && $0 ~ /\/\* child \*\//))
		complain(FNR, "only main/ exits; return an error" (may_child ? ", or mark it /* child */ after a fork" : ""))
	if (!may_print && (called in prints || called ~ /^log_/))
		complain(FNR, called ": only main/ and cli/ log; return an err or emit an event")
}

{
	s = code($0)
	if (c_slashes)
		complain(FNR, "a // comment; write /* */, or delete what it hides")
	if (s ~ /^[ \t]*#/)
		check_directive(s)
	if (!may_print && s ~ /dprintf[ \t]*\([ \t]*([12]|STDOUT_FILENO|STDERR_FILENO)[ \t]*,|[^A-Za-z0-9_](stdout|stderr)[ \t]*\)/)
		complain(FNR, "only main/ and cli/ write to stdout and stderr; return an err or emit an event")
	before = ""
	while (match(s, /[A-Za-z_][A-Za-z0-9_]*/)) {
		before = before substr(s, 1, RSTART - 1)
		called = substr(s, RSTART, RLENGTH)
		s = substr(s, RSTART + RLENGTH)
		if (s ~ /^[ \t]*\(/ && before !~ /(\.|->)[ \t]*$/)
			check_call(called)
		before = "x"
	}
}

END { guard_end() }
