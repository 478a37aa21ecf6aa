#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2012 # names of our own making
# shellcheck shell=bash
# lib.sh - a host in the test machine, bundles to install, and how the lines of a test are made.
# Sourced by the scripts beside it. Owns: the bundles.
set -u
cd "$(dirname "$0")/../.." || exit 1
: "${KENNEL_BUILD:=$PWD/build}"
[ "${KENNEL_VM:-}" = 1 ] || [ -n "${KENNEL_ACCEPT:-}" ] || {
	echo "skip $0: it runs in the test machine only: tools/vm/run -- $0"
	exit 77
}
for need in kennel kenneld kennel-supervisor kennel-pack plugins/word-count/main.wasm; do
	[ -e "$KENNEL_BUILD/$need" ] || { echo "not ok $0: $KENNEL_BUILD/$need is not built; run: make all tests-build"; exit 1; }
done
. tests/lib/host.sh

ok() { echo "ok $1"; }
not_ok() { echo "not ok $1: ${2:-}"; }
is() { if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "wanted \"$2\", got \"$3\""; fi; }
# refused NAME E_CODE STATUS COMMAND...
refused() {
	local name=$1 code=$2 want=$3 out status
	shift 3
	out=$("$@" 2>&1 >/dev/null) && status=0 || status=$?
	if [ "$status" = "$want" ] && [[ $out == *"$code:"* ]]; then ok "$name"; else
		not_ok "$name" "wanted $code and status $want, got status $status: $(tail -n 1 <<<"$out")"; fi
}
state_of() { kennel ps --json | jq -r --arg p "$1" '.plugins[] | select(.plugin == $p) | .state'; }
wait_state() { # PLUGIN STATE SECONDS; four times that where a processor is emulated and shared
	local now
	for _ in $(seq $(($3 * 20))); do
		now=$(state_of "$1")
		[ "$now" = "$2" ] && return 0
		[ "$now" != quarantined ] || return 1 # from there it comes by nobody's doing but ours
		sleep 0.2
	done
	return 1
}
# The program itself; its init is the other process of that user.
plugin_pids() { ps -eo uid,pid | awk '$1 >= 200000 && $1 < 201000 { print $2 }'; }
pid_of() { pgrep -x "${1:0:15}" | head -n 1; } # the kernel keeps 15 characters of a name
wait_gone() { # PID
	for _ in $(seq 600); do
		kill -0 "$1" 2>/dev/null || return 0
		sleep 0.1
	done
	return 1
}
nothing_runs() {
	for _ in $(seq 400); do
		[ -z "$(plugin_pids)" ] && return 0
		sleep 0.1
	done
	return 1
}
staged() { ls -A "$HOST_STATE/supervisor/staging" | wc -l; }
try() { if "${@:2}" >/dev/null 2>&1; then ok "$1"; else not_ok "$1" "it failed"; fi; }
restart_host() { # after an end that was not asked for
	wait_gone "$HOST_PID"
	host_start >/dev/null 2>&1
}

# ---- bundles ----
B=$(mktemp -d "$KENNEL_SCRATCH/bundles-XXXXXX")
pack() { "$KENNEL_BUILD/kennel" bundle pack "$B/$1" -o "$B/$2" --key "$B/$3.key" --counter "$4" >/dev/null; }
for k in one two; do "$KENNEL_BUILD/kennel" key gen -W -o "$B/$k.key" >/dev/null; done
cp -r "$KENNEL_BUILD/plugins/word-count" "$B/word-count"
pack word-count five.kennel one 5
pack word-count six.kennel one 6
pack word-count four.kennel one 4
pack word-count stranger.kennel two 9
cp -r "$B/word-count" "$B/greedy"
printf '\x00\x05\x04more' >>"$B/greedy/main.wasm" # a custom section: another module, which is compiled anew
jq '.permissions += ["useAI"] | .version = "2.0.0"' "$B/word-count/manifest.json" >"$B/greedy/manifest.json"
pack greedy greedy.kennel one 7
cp "$B/six.kennel" "$B/torn.kennel"
size=$(stat -c %s "$B/torn.kennel")
printf '\x55' | dd of="$B/torn.kennel" bs=1 seek=$((size - 700)) conv=notrunc 2>/dev/null


begin() {
	host_prepare tests/vault
	host_start || { not_ok "kenneld starts"; exit 1; }
	trap 'host_stop >/dev/null 2>&1' EXIT
	ok "kenneld starts"
}
