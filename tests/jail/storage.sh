#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limits.storage is a bound on the sum below /data: one big file, many small ones, empty ones, and
# whatever else a plugin does there; on ext4 and xfs, and refused where nobody counts.
# tests: runner/sandbox/storage.c runner/sandbox/prepare.c
. "$(dirname "$0")/lib.sh"
export PATH=$PATH:/usr/sbin:/sbin
LIMIT=1048576 # the driver's
EDQUOT=122 ENOSPC=28

# at_limit NAME BYTES ERRNO: stopped by the quota, between what it may have and one block less
at_limit() {
	if [ "$2" -le $LIMIT ] && [ "$2" -ge $((LIMIT - 65536)) ] && { [ "$3" = $EDQUOT ] || [ "$3" = $ENOSPC ]; }; then
		ok "$1"
	else
		not_ok "$1" "$2 bytes, errno $3"
	fi
}
run() { # PLUGIN UID
	local a
	a=$(d start acme "$1" "$HEX" 2 "$2" w:data: "${@:3}")
	[[ $a == started* ]] || echo "# $a" >&2
	id_of "$a"
}
sum() { du -s -B1 "$STATE/data/acme/$1" | cut -f1; }

tried() { # FILE SYSTEM
	local id n e
	id=$(run word-count 1)
	read -r n e <<<"$(tell "$id" fill /data/big)"
	at_limit "$1: one big file stops at the limit" "$n" "$e"
	read -r n e <<<"$(tell "$id" fill /data/more)"
	at_limit "$1: a second file gets nothing more" $((n + LIMIT)) "$e"
	is "$1: what is deleted is free again" ok "$(tell "$id" empty /data)"
	read -r n e <<<"$(tell "$id" many 1 /data)"
	if [ "$n" -ge 64 ] && [ "$n" -le 256 ] && { [ "$e" = $EDQUOT ] || [ "$e" = $ENOSPC ]; }; then
		ok "$1: many small files stop too"
	else
		not_ok "$1: many small files stop too" "$n files, errno $e"
	fi
	echo "# $1: $n files of one byte, then errno $e; $(sum word-count) bytes in all"
	tell "$id" empty /data >/dev/null
	read -r n e <<<"$(tell "$id" many 0 /data)"
	if [ "$n" -le 256 ] && { [ "$e" = $EDQUOT ] || [ "$e" = $ENOSPC ]; }; then
		ok "$1: empty files are counted"
	else
		not_ok "$1: empty files are counted" "$n files, errno $e"
	fi
	tell "$id" empty /data >/dev/null
	like "$1: it cannot leave its project" "errno *" "$(tell "$id" project0 /data)"
	tell "$id" open "c /data/own" >/dev/null
	like "$1: nor take a file of its own out of it" "errno *" "$(tell "$id" project0 /data/own)"
	d kill "$id" >/dev/null
	d wait "$id" >/dev/null

	# another plugin has its own bound, and what one wrote it finds again, still counted
	id=$(run other 2)
	read -r n e <<<"$(tell "$id" fill /data/big)"
	at_limit "$1: another plugin has a bound of its own" "$n" "$e"
	d kill "$id" >/dev/null
	d wait "$id" >/dev/null
	id=$(run other 2)
	read -r n e <<<"$(tell "$id" fill /data/more)"
	at_limit "$1: after a new start it is still counted" $((n + LIMIT)) "$e"
	d kill "$id" >/dev/null
	d wait "$id" >/dev/null

	# a folder from before there was a quota
	mkdir -p "$STATE/data/acme/old/sub"
	head -c 900000 /dev/zero >"$STATE/data/acme/old/sub/there"
	chmod 600 "$STATE/data/acme/old/sub/there"
	chmod 700 "$STATE/data/acme/old" "$STATE/data/acme/old/sub"
	chown -R 300003:300003 "$STATE/data/acme/old"
	id=$(run old 3)
	read -r n e <<<"$(tell "$id" fill /data/sub/more)"
	# xfs may hold blocks beyond the end of a file for a while
	if [ $((n + 900000)) -le $LIMIT ] && [ "$e" != 0 ]; then
		ok "$1: what was there before is counted in"
	else
		not_ok "$1: what was there before is counted in" "$n bytes more, errno $e"
	fi
	d kill "$id" >/dev/null
	d wait "$id" >/dev/null
}

plugins() { for p in word-count other old; do make_plugin $p; done; }
# on_disk FILE SYSTEM SIZE OPTIONS MKFS...: STATE on a file system of its own
on_disk() {
	local image=$KENNEL_SCRATCH/disk-$1
	stop_kenneld
	umount "$STATE" 2>/dev/null
	truncate -s "$2" "$image"
	"${@:4}" "$image" >/dev/null 2>&1 || { not_ok "$1 is made" "$4 failed"; finish; }
	rm -rf "$STATE"
	mkdir -p "$STATE"
	mount -o "loop,$3" "$image" "$STATE" || { not_ok "$1 is mounted" "mount failed"; finish; }
	chmod 755 "$STATE"
	restart_kenneld || { not_ok "kenneld boots on $1" "see above"; finish; }
	plugins
}

make_host
start_kenneld || { not_ok "kenneld boots" "see above"; finish; }
plugins
tried ext4
on_disk xfs 320M prjquota mkfs.xfs -q
tried xfs

# where nobody counts
on_disk noquota 24M defaults mkfs.ext4 -q -O ^quota,^project
like "no quota: nothing that may write starts" "error E_NO_STORAGE_QUOTA *" "$(d start acme other "$HEX" 2 2 w:data:)"
like "no quota: what only reads starts" "started *" "$(d start acme word-count "$HEX" 2 1 r:data:)"
stop_kenneld
write_config '"accept":["no-storage-quota"],'
restart_kenneld || not_ok "kenneld boots with less" "see above"
is "what is accepted is logged" 1 "$(tail -n "+$LOG_FROM" "$J/log" | grep -c E_NO_STORAGE_QUOTA)"
id=$(run other 2)
like "accepted by name: it starts" "*[0-9]" "$id"
read -r n e <<<"$(tell "$id" many 65536 /data)"
if [ "$((n * 65536))" -gt $((LIMIT * 4)) ]; then ok "and nothing bounds the sum"; else not_ok "and nothing bounds the sum" "$n files, errno $e"; fi
d kill "$id" >/dev/null
d wait "$id" >/dev/null
stop_kenneld
umount "$STATE" || not_ok "nothing holds the disk" "umount failed"
finish
