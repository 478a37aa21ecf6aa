#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2012 # names of our own making
# kennel run: one bundle, one vault, a host of its own; nothing left.
# tests: runner/cli/cmd_run.c runner/cli/private.c
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
host_prepare tests/vault
out=$("$KENNEL_BUILD/kennel" run "$B/six.kennel" --vault "$HOST_VAULT" -p "$B/one.key.pub" --grant 'readNotes=**' \
	--event 'note=Daily/2026-05-02.md' --images "$HOST_IMAGES" --state "$KENNEL_SCRATCH" --json 2>&1)
is "kennel run tries a bundle" true "$(jq -r '.events[0].results[0].ok' <<<"$out" 2>/dev/null || tail -n 2 <<<"$out")"
is "kennel run leaves nothing" 0 "$(ls -d "$KENNEL_SCRATCH"/kennel-run-* /sys/fs/bpf/kennel-[0-9]* /sys/fs/cgroup/kennel-[0-9]* 2>/dev/null | wc -l)"
chown 0:0 "$HOST_VAULT"
refused "kennel run does not touch root's vault" E_CONFIG 12 "$KENNEL_BUILD/kennel" run "$B/six.kennel" --vault "$HOST_VAULT" -p "$B/one.key.pub"
exit 0
