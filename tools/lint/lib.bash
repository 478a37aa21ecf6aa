# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# lib.bash - what every gate shares: the root, the list of files, the tools, the verdict.
# A gate prints `file:line: what is wrong, and what to do`; silence is success.
set -u -o pipefail
export LC_ALL=C
LINT=tools/lint
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 2

# need TOOL PACKAGE: a gate that cannot look must not say ok.
need()
{
	command -v "$1" >/dev/null 2>&1 && return
	echo "$LINT: $1 is missing; apt-get install $2"
	exit 2
}

# list_files PATHSPEC...: the regular files git knows or would add, one a line. `*` also matches `/`.
list_files()
{
	local f

	git ls-files -z -co --exclude-standard -- "$@" | sort -zu | while IFS= read -r -d '' f; do
		case $f in
		build/*|vmlinux.h|*/vmlinux.h) continue ;;
		esac
		if [ -f "$f" ] && [ ! -L "$f" ]; then
			printf '%s\n' "$f"
		fi
	done
}

# list_c FOLDER...: the C sources and headers below.
list_c()
{
	local folder specs=()

	for folder in "$@"; do
		specs+=("$folder/*.c" "$folder/*.h")
	done
	list_files "${specs[@]}"
}

# list_scripts: shell scripts, by ending or by first line.
list_scripts()
{
	local f first

	list_files '*' | while IFS= read -r f; do
		case ${f##*/} in
		*.sh|*.bash) printf '%s\n' "$f"; continue ;;
		*.*) continue ;;
		esac
		IFS= read -r first <"$f" 2>/dev/null || continue
		[[ $first =~ ^#!.*[/\ ](ba|da)?sh($|\ ) ]] && printf '%s\n' "$f"
	done
	return 0
}

# awk_over PROGRAM [ARGUMENT...]: run an awk program of this folder over the files named on stdin.
awk_over()
{
	local program=$1

	shift
	awk -v list=/dev/stdin -f "$LINT/c.awk" -f "$LINT/$program" "$@"
}

# gate FUNCTION: run the check; what it prints is a complaint, and so is a status that is not zero.
gate()
{
	local out status

	out=$("$@" 2>&1)
	status=$?
	[ -z "$out" ] || sort -u -t: -k1,1 -k2,2n -k3 <<<"$out"
	[ -z "$out" ] || exit 1
	[ "$status" -eq 0 ] || { echo "$LINT: $* ended with status $status"; exit 1; }
	exit 0
}
