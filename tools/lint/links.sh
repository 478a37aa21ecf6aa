#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# links.sh - the borders of the processes, read from what the linker made in build/.
. "$(dirname "$0")/lib.bash"
need ldd libc-bin
need nm binutils
need readelf binutils

# A library is written without "lib"; "-" is none. `signs`: the signing functions it may use.
# A row whose source is not there yet waits; `-` may be absent. All others must have been built.
TABLE='
# executable       made from               never loads                                                          loads                   signs
kennel             runner/main/kennel.c    bpf|cap|seccomp|zstd|sqlite|curl|javascriptcore|md4c                 jansson                 -
kennel-pack        tools/pack              bpf|cap|seccomp|sqlite|curl|javascriptcore|md4c                      sodium,zstd,jansson     .*
kenneld            runner/main/launcher.c  jansson|zstd|sodium|sqlite|curl|javascriptcore|seccomp|yaml|md4c     bpf,cap                 -
kennel-supervisor  runner/main/supervisor.c  zstd|bpf|cap|seccomp|sqlite|curl|javascriptcore|md4c        jansson                 -
kennel-loader      runner/main/loader.c    bpf|cap|seccomp|sqlite|curl|javascriptcore|md4c                      sodium,zstd,jansson     -
kennel-broker      runner/main/broker.c    bpf|cap|seccomp|zstd|curl|javascriptcore                             jansson                 -
kennel-fetch       runner/main/fetch.c     bpf|sqlite|javascriptcore|md4c                                       curl                    -
kennel-audit       runner/main/audit.c     jansson|bpf|cap|seccomp|zstd|sqlite|curl|javascriptcore|md4c         sodium                  crypto_sign_detached|crypto_sign_keypair
kennel-compile     -                       bpf|cap|seccomp|sodium|sqlite|curl|javascriptcore|md4c               -                       -
kennel-console     -                       bpf|cap|seccomp|sodium|zstd|sqlite|javascriptcore|md4c               -                       -
kennel-js          images/js/main.c        bpf|seccomp|sodium|sqlite|curl                                       javascriptcore          -
kennel-init        runner/init             STATIC                                                               -                       -
'
SIGNING='^crypto_sign(_ed25519(ph)?)?(_detached|_keypair|_seed_keypair|_final_create)?$'
INIT_BYTES=1048576

# Names used or defined, so that a static library is seen too.
symbols()
{
	{ nm -D "$1"; nm "$1"; } 2>/dev/null | awk '{ sub(/@.*/, "", $NF); print $NF }' | sort -u
}

check_libraries()
{
	local file=$1 never=$2 loads=$3 libraries library

	libraries=$(ldd "$file" 2>&1) || { echo "$file:1: is not a dynamic executable; link it as the others"; return; }
	awk '{ print $1 }' <<<"$libraries" | grep -E "(^|/)lib($never)" | while IFS= read -r library; do
		echo "$file:1: loads $library; the table in $LINT/links.sh keeps it out: find the folder that drags it in"
	done
	[ "$loads" = - ] && return
	for library in ${loads//,/ }; do
		grep -qE "^[[:space:]]*lib$library" <<<"$libraries" ||
			echo "$file:1: does not load lib$library; link it dynamically, or correct $LINT/links.sh"
	done
}

check_static()
{
	local file=$1 bytes

	readelf -lW "$file" | grep -q INTERP && echo "$file:1: has an interpreter; link it with -static"
	readelf -dW "$file" | grep -q NEEDED && echo "$file:1: needs shared libraries; link it with -static"
	bytes=$(stat -c %s "$file")
	[ "$bytes" -lt "$INIT_BYTES" ] || echo "$file:1: is $bytes bytes, the limit is $INIT_BYTES"
}

check_row()
{
	local source=$2 never=$3 loads=$4 signs=$5 file=build/$1 symbol

	if [ ! -f "$file" ]; then
		[ -z "$(list_files "$source")" ] || echo "$file:1: is not built; run make all first"
		return
	fi
	if [ "$never" = STATIC ]; then
		check_static "$file"
	else
		check_libraries "$file" "$never" "$loads"
	fi
	symbols "$file" | grep -E "$SIGNING" | grep -vxE -e "$signs" | while IFS= read -r symbol; do
		echo "$file:1: has $symbol; only kennel-pack signs"
	done
}

check_links()
{
	local row file

	while read -r -a row; do
		case ${row[0]-} in ''|'#') continue ;; esac
		check_row "${row[@]}"
	done <<<"$TABLE"
	for file in build/kennel*; do
		readelf -h "$file" >/dev/null 2>&1 || continue
		grep -q "^${file#build/} " <<<"$TABLE" ||
			echo "$file:1: has no row in $LINT/links.sh; add what it may never load"
	done
}

gate check_links
