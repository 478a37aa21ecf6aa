#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# layers.sh - who may include whom. A wrong edge is moved, or the table below is changed on purpose.
. "$(dirname "$0")/lib.bash"

# layer -> what its files may include beside their own folder: a folder, or one header of it.
declare -A MAY=(
	[base]=""
	[bundle]="base"
	[policy]="base bpf/abi.h"
	[proto]="base policy bpf/abi.h"
	[observe]="base proto"
	[sandbox]="base policy proto observe bpf/abi.h bpf/pins.h skeletons"
	[supervise]="base policy proto observe"
	[broker]="base policy proto observe"
	[fetch]="base policy proto"
	[cli]="base policy proto observe"
	[init]="base/limits.h proto/selftest.h"
	[main]="base bundle policy proto observe sandbox supervise broker fetch cli bpf skeletons"
	# not in runner/, same rule
	[bpf]="base/limits.h"
	[images]="base proto"
	[tools/pack]="base bundle policy"
)

declare -A HEADERS=()	# every header of the tree
declare -A ENDINGS=()	# images/a/b/c.h as b/c.h and c.h

index_headers()
{
	local path rest

	while IFS= read -r path; do
		HEADERS[$path]=1
		[ "${path%%/*}" = images ] || continue
		rest=${path#*/}
		while ENDINGS[$rest]=$path; [ "$rest" != "${rest#*/}" ]; do
			rest=${rest#*/}
		done
	done < <(list_files '*.h')
}

# layer_of PATH: the row of MAY; "any" is free (tests, other tools), "none" has no place here.
layer_of()
{
	local folder

	case $1 in
	runner/*/*)
		folder=${1#runner/}
		folder=${folder%%/*}
		if [ -n "${MAY[$folder]+x}" ]; then layer=$folder; else layer=none; fi ;;
	runner/*)	layer=none ;;
	tools/pack/*)	layer=tools/pack ;;
	bpf/*|images/*)	layer=${1%%/*} ;;
	*)		layer=any ;;
	esac
}

# resolve FILE TARGET: sets `found` to the header meant, or to nothing (made by the build).
resolve()
{
	local dir=${1%/*} try

	found=
	case $2 in
	*../*)	found=$(realpath -m --relative-to=. "$dir/$2"); return ;;
	esac
	for try in "$dir/$2" "runner/$2" "$2" "${ENDINGS[$2]-}"; do
		[ -n "$try" ] && [ -n "${HEADERS[$try]+x}" ] && { found=$try; return; }
	done
	# a layer's header that is not there is still that layer's
	[[ $2 == */* ]] && [ -n "${MAY[${2%%/*}]+x}" ] && case ${2%%/*} in
	bpf|images)	found=$2 ;;
	*)		found=runner/$2 ;;
	esac
}

# allowed LAYER NAME: is there an edge to the folder, or to the header, of this name?
allowed()
{
	[[ " ${MAY[$1]} " == *" $2 "* ]]
}

check_quoted()
{
	local at=$1 file=$2 target=$3 name

	layer_of "$file"
	case $layer in
	any)	return ;;
	none)
		echo "$file:1: runner/ has no such layer; move the file, or add a row to $LINT/layers.sh"
		return ;;
	esac
	resolve "$file" "$target"
	case $found in
	"")
		if [[ $target == *.skel.h ]] && ! allowed "$layer" skeletons && [[ $file == runner/* ]]; then
			echo "$at: only sandbox/ and main/ load BPF; take \"$target\" away"
		fi
		return ;;
	runner/*)
		name=${found#runner/}
		if [[ $file == runner/* ]] && [ "$target" != "$name" ]; then
			echo "$at: write it as \"$name\""
		elif [ "${name%%/*}" != "$layer" ] && ! allowed "$layer" "${name%%/*}" && ! allowed "$layer" "$name"; then
			echo "$at: $layer may not include \"$name\" (may: ${MAY[$layer]:-nothing}); move the code down, or go through proto/"
		fi
		return ;;
	bpf/*)
		if [ "$layer" != bpf ] && ! allowed "$layer" bpf && ! allowed "$layer" "$found"; then
			echo "$at: $layer may not include \"$found\" (may: ${MAY[$layer]:-nothing})"
		elif [[ $file == runner/* ]] && [ "$target" != "$found" ]; then
			echo "$at: write it as \"$found\""
		fi
		return ;;
	esac
	[ "${found%%/*}" = "${layer%%/*}" ] ||
		echo "$at: $layer may not include \"$found\", which is another part's"
}

check_include()
{
	local file=$1 line=$2 form=$3 target=$4

	case ${target##*/} in
	jansson.h|jansson_config.h)
		case $file in
		runner/base/json.[ch]|images/*|tests/*) ;;
		*) echo "$file:$line: only base/json includes jansson; use \"base/json.h\"" ;;
		esac ;;
	esac
	if [ "$form" = '"' ]; then
		check_quoted "$file:$line" "$file" "$target"
	elif [ -n "${HEADERS[runner/$target]+x}" ] || [ -n "${HEADERS[$target]+x}" ]; then
		case $file in
		tests/*) ;;
		*) echo "$file:$line: our own header stands in quotes: \"$target\"" ;;
		esac
	fi
}

# A .c with a header of its own includes it before anything else.
check_own_first()
{
	local file=$1 first=$2 own

	[[ $file == runner/*.c ]] || return
	own=${file%.c}.h
	[ -z "${HEADERS[$own]+x}" ] || [ "$first" = "${own#runner/}" ] ||
		echo "$file:1: include \"${own#runner/}\" before all others, so that it is known to stand alone"
}

check_layers()
{
	local file line form target edges="" layer found

	index_headers
	while IFS=$'\t' read -r kind file line form target; do
		case $kind in
		first)	check_own_first "$file" "$form" ;;
		include)
			check_include "$file" "$line" "$form" "$target"
			[[ $file == runner/*.h ]] && [ -n "${HEADERS[runner/$target]+x}" ] &&
				edges+="$file runner/$target"$'\n' ;;
		esac
	done < <(list_c runner bpf images tools tests | awk_over includes.awk)
	printf '%s' "$edges" | tsort 2>&1 >/dev/null | sed -n \
		's|^tsort: \(runner/.*\)|\1:1: is part of a circle of includes; forward-declare a struct in one of them|p'
	list_files 'runner/*.h' 'bpf/*.h' 'images/*.h' 'tools/*.h' 'tests/*.h' | awk_over guards.awk
	list_files 'runner/*.c' | while IFS= read -r file; do
		layer_of "$file"
		[ "$layer" != none ] ||
			echo "$file:1: runner/ has no such layer; move the file, or add a row to $LINT/layers.sh"
	done
}

gate check_layers
