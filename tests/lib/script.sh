# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # what it sets is for the script that sources it
# script.sh - how a script of tests/e2e begins, and how it says what it found. Sourced first. Owns: the working
# folder. Sets: top, build, kennel, work (fresh, gone at the end), failed; a script ends with exit "$failed".
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
top=$PWD
build=$(realpath "${KENNEL_BUILD:-$PWD/build}")
export KENNEL_BUILD=$build
kennel=$build/kennel
failed=0
work=$(mktemp -d) || exit 1
trap 'chmod -R u+rwX "$work"; rm -rf "$work"' EXIT

say() { # STATUS NAME WHY
	if [ "$1" = 0 ]; then
		echo "ok $2"
	else
		echo "not ok $2: ${3:-}"
		failed=1
	fi
}

is() { # NAME WANTED GOT
	[ "$2" = "$3" ]
	say $? "$1" "wanted \"$2\", got \"$3\""
}

check() { # NAME COMMAND...
	local name=$1 out
	shift
	out=$("$@" 2>&1)
	say $? "$name" "exit status $?: ${out:0:300}"
}

# What is missing is a failure: a test that does not run finds nothing for ever. A name with a slash is a file that
# make builds, unless it is the system's; another one a program that tools/deps installs.
need() { # FILE|PROGRAM...
	local it
	for it; do
		case $it in
		/usr/*) [ -x "$it" ] || say 1 "$it" "it is not installed; run: tools/deps" ;;
		*/*) [ -e "$it" ] || say 1 "$it" "it is not built; run: make all tests-build" ;;
		*) command -v "$it" >/dev/null || say 1 "$it" "it is not installed; run: tools/deps" ;;
		esac
	done
	[ "$failed" = 0 ] || exit 1
}
