#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034 # read by the scripts that source this
# lib.sh - a private kenneld whose supervisor is tests/jail/drive.c. Owns: its folders and its life.
# Sourced by the scripts beside it, inside the test machine, from the root of the tree.
set -u
: "${KENNEL_BUILD:=$PWD/build}"
: "${KENNEL_SCRATCH:=/scratch}"
[ "${KENNEL_VM:-}" = 1 ] || {
	echo "skip $0: it runs in the test machine only: tools/vm/run -- $0"
	exit 77
}
J=${KENNEL_JAIL:-$KENNEL_SCRATCH/jail-$$} # a script that starts itself again passes its own on
BIN=$J/bin RUN=$J/run STATE=$J/state VAULT=$J/vault IMAGES=$J/images
CG=/sys/fs/cgroup/kennel-jail
PINS=/sys/fs/bpf/kennel-jail
ROLE=64300
HEX=$(printf '%064d' 7)
failed=0

ok() { echo "ok $1"; }
not_ok() { echo "not ok $1: ${2:-}"; failed=1; }
# is NAME WANTED GOT
is() { if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "wanted \"$2\", got \"$3\""; fi; }
# like NAME PATTERN GOT
like() {
	# shellcheck disable=SC2053 # a pattern is meant
	if [[ $3 == $2 ]]; then ok "$1"; else not_ok "$1" "wanted $2, got \"$3\""; fi
}

make_image() { # NAME POINT...
	local at=$IMAGES/$1 point
	shift
	mkdir -p "$at"
	for point; do mkdir -p "$at/$point"; done
	cp "$KENNEL_BUILD/kennel-init" "$at/init"
	echo canary >"$at/canary"
	chmod 444 "$at/canary"
	chmod 555 "$at/init"
}

make_plugin() { # NAME [PROGRAM]: as the supervisor and the loader leave it in the store
	local at=$STATE/supervisor/store/$1/$HEX
	mkdir -p "$at/root" "$at/exec"
	cp "${2:-$KENNEL_BUILD/tests-vm/jail-stub}" "$at/exec/plugin"
	cp "$at/exec/plugin" "$at/root/plugin" # a native one is run from its bundle
	echo '{"name":"x"}' >"$at/root/manifest.json"
	chmod 555 "$at/exec/plugin" "$at/root/plugin"
	chmod 444 "$at/root/manifest.json"
	chown -R "$ROLE:$ROLE" "$STATE/supervisor/store/$1"
}

write_config() { # [EXTRA JSON]
	cat >"$J/kennel.json" <<JSON
{ "_type": "kennel.config/1", "state": "$STATE", "images": "$IMAGES", "cgroup": "kennel-jail",
  "pluginUids": {"base": 300000, "count": 100}, ${1:-}
  "tenants": { "acme": {"uid": 64400, "gid": 64400, "vault": "$VAULT", "runtimes": ["wasm", "native"],
    "limits": {"memory": "64M"}} } }
JSON
	chmod 600 "$J/kennel.json"
}

make_host() {
	mkdir -p "$J" "$BIN" "$VAULT/Projects/sub" "$VAULT/Private" "$IMAGES"
	chmod 755 "$J"
	for p in kenneld kennel-loader kennel-audit; do cp "$KENNEL_BUILD/$p" "$BIN/$p"; done
	cp "$KENNEL_BUILD/tests-vm/jail-drive" "$BIN/kennel-supervisor"
	cp "$KENNEL_BUILD/tests-vm/jail-drive" "$BIN/jail-drive"
	make_image native exec plugin data tmp dev proc vault
	make_image wasm exec plugin data tmp dev proc vault
	make_image compile in out tmp dev proc bin
	echo "a note" >"$VAULT/Projects/a.md"
	echo "deep" >"$VAULT/Projects/sub/b.md"
	echo "secret" >"$VAULT/Private/c.md"
	chown -R 64400:64400 "$VAULT"
	chmod -R go-rwx "$VAULT"
	write_config "${JAIL_ACCEPT:-}" # '"accept":["no-bpf-lsm"],': the same tests, one protection less
}

start_kenneld() {
	"$BIN/kenneld" --config "$J/kennel.json" --run "$RUN" --bpffs "$PINS" --role-uid-base "$ROLE" 2>>"$J/log" &
	KENNELD=$!
	for _ in $(seq 1200); do
		grep -q "msg=\"serving\"" <(tail -n +"${LOG_FROM:-1}" "$J/log") && return 0
		kill -0 "$KENNELD" 2>/dev/null || break
		sleep 0.1
	done
	echo "# kenneld did not start:"
	sed 's/^/# /' "$J/log"
	return 1
}

restart_kenneld() { # looks for its "serving" in what is new in the log
	LOG_FROM=$(($(wc -l <"$J/log") + 1))
	start_kenneld
}

list_fds() { find "/proc/$1/fd" -mindepth 1 -printf '%f\n' | sort -n | tr '\n' ' ' | sed 's/ $//'; }
count_fds() { find "/proc/$1/fd" -mindepth 1 | wc -l; }

stop_kenneld() {
	kill -TERM "$KENNELD"
	wait "$KENNELD"
}

d() { "$BIN/jail-drive" "$RUN" "$@"; }
# the id out of "started ID CGROUP US"
id_of() { awk '$1 == "started" { print $2 }' <<<"$1"; }
tell() { d tell "$@"; }
# host pid of the plugin's process 1, and of its program
init_of() { head -1 "$CG/plugins/$1/i$2/cgroup.procs"; }
program_of() { sed -n 2p "$CG/plugins/$1/i$2/cgroup.procs"; }

finish() {
	[ "$failed" = 0 ] || { echo "# log of kenneld:"; sed 's/^/# /' "$J/log"; }
	exit "$failed"
}
