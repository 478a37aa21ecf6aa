#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limits.io is a bound on what a plugin reads from the disks below it and writes to them in a second, all instances
# together, by the kernel's own account; a plugin that waits for its turn can be ended; and where nothing bounds it,
# nothing starts.
# tests: runner/sandbox/disks.c runner/sandbox/iolimit.c runner/sandbox/prepare.c
. "$(dirname "$0")/lib.sh"
export PATH=$PATH:/usr/sbin:/sbin
MIB=1048576
RATE=$((2 * MIB)) # of what is slowed down here
MS=4000           # so long; the first moments come on top: a slice of a tenth of a second, and what is under way

disk_of() { lsblk -no MAJ:MIN "$(df --output=source "$1" | tail -1)" | tr -d ' '; }
io_max() { sed -n "s/^$1 //p" "$CG/plugins/acme/$2/io.max"; }
# counted DISK PLUGIN r|w: bytes so far, of the group of the plugin
counted() { awk -v d="$1" -v k="$3bytes=" '$1 == d { for (i = 2; i <= NF; i++) if (index($i, k) == 1) print substr($i, length(k) + 1) }' "$CG/plugins/acme/$2/io.stat" | grep . || echo 0; }
rate_text() { echo "rbps=$1 wbps=$1 riops=$(($1 / 4096)) wiops=$(($1 / 4096))"; }

begin() { # PLUGIN UID RULES...
	local a
	a=$(d start acme "$1" "$HEX" 2 "$2" "${@:3}")
	[[ $a == started* ]] || echo "# $a" >&2
	id_of "$a"
}
end() {
	d kill "$1" >/dev/null
	d wait "$1" >/dev/null
}

# slow NAME DISK PLUGIN ID HOW FILE: what the kernel counts of the plugin stays below the rate
slow() {
	local before k=w n ms e most bytes begin took
	[ "$5" != r ] || k=r
	begin=$(date +%s%N)
	before=$(counted "$2" "$3" $k)
	read -r n ms e <<<"$(tell "$4" disk "$5 $MS $6")"
	sleep 0.2
	bytes=$(($(counted "$2" "$3" $k) - before))
	took=$((($(date +%s%N) - begin) / 1000000))
	most=$((RATE * took / 1000 + RATE / 2))
	echo "# $1: $n bytes in $ms ms as the plugin sees it; $bytes in $took ms as the kernel counts, at most $most"
	if [ "$e" = 0 ] && [ "$n" -ge $MIB ] && [ $bytes -ge $MIB ] && [ $bytes -le $most ]; then
		ok "$1: not faster than its limit, nor stopped"
	else
		not_ok "$1: not faster than its limit, nor stopped" "$n bytes, errno $e, counted $bytes, at most $most"
	fi
}

# fast NAME ID HOW FILE: the same without a low limit is several times as much, else what is above shows nothing
fast() {
	local n ms e
	read -r n ms e <<<"$(tell "$2" disk "$3 $MS $4")"
	echo "# $1: $n bytes in $ms ms"
	if [ "$e" = 0 ] && [ "$((n / ms))" -gt $((RATE * 2 / 1000)) ]; then ok "$1: it was the limit that slowed it down"; else not_ok "$1: it was the limit that slowed it down" "$n bytes in $ms ms, errno $e"; fi
}

make_host
head -c $MIB /dev/zero >"$VAULT/Projects/big.bin"
chown 64400:64400 "$VAULT/Projects/big.bin"
start_kenneld || { not_ok "kenneld boots" "see above"; finish; }
make_plugin word-count
make_plugin other
DISK=$(disk_of "$STATE")

id=$(begin word-count 1 w:data: r:vault:Projects data=$((8 * MIB)) io=$RATE)
is "io.max of the plugin's group" "$(rate_text $RATE)" "$(io_max "$DISK" word-count)"
is "and of no other disk" 1 "$(wc -l <"$CG/plugins/acme/word-count/io.max")"
slow "writing directly" "$DISK" word-count "$id" w /data/x
slow "writing by the page cache" "$DISK" word-count "$id" b /data/y
slow "reading directly" "$DISK" word-count "$id" r /data/x
slow "reading the vault" "$DISK" word-count "$id" r /vault/Projects/big.bin
# a second instance has no budget of its own
second=$(begin word-count 1 w:data: r:vault:Projects data=$((8 * MIB)) io=$RATE)
like "two instances" "*[0-9]" "$second"
is "the other writes meanwhile" ok "$(tell "$second" busy "w $((MS + 2000)) /data/z")"
slow "two instances together" "$DISK" word-count "$id" w /data/x
end "$second"
end "$id"
is "the group is gone" "" "$(find "$CG/plugins" -mindepth 1 -type d)"

id=$(begin other 2 w:data: r:vault:Projects data=$((8 * MIB)))
is "another limit for another plugin" "$(rate_text $((64 * MIB)))" "$(io_max "$DISK" other)"
fast "writing directly" "$id" w /data/x
fast "writing by the page cache" "$id" b /data/x
fast "reading directly" "$id" r /data/x
end "$id"

# beyond the ceiling, and none at all
like "more than the ceiling" "error E_CEILING *" "$(d start acme other "$HEX" 2 2 io=$((64 * MIB + 1)))"
like "no limit at all" "error E_CEILING *" "$(d start acme other "$HEX" 2 2 io=0)"

# What it asked for in one call would take the disk a minute at its rate; it does not live for as long.
truncate -s 128M "$VAULT/Projects/huge.bin"
head -c $((128 * MIB)) /dev/zero >"$VAULT/Projects/huge.bin"
chown 64400:64400 "$VAULT/Projects/huge.bin"
sync
id=$(begin word-count 1 r:vault:Projects io=$RATE)
is "a plugin asks for more than it may have in a minute" ok "$(tell "$id" gulp "128 /vault/Projects/huge.bin")"
sleep 1.5
before=$(date +%s%N)
d kill "$id" >/dev/null
is "what waits for its turn at a disk can be ended" "ended killed 9" "$(d wait "$id" | cut -d' ' -f1-3)"
took=$((($(date +%s%N) - before) / 1000000))
echo "# ended after $took ms"
if [ $took -lt 30000 ]; then ok "and soon"; else not_ok "and soon" "$took ms"; fi
is "it leaves no group" "" "$(find "$CG/plugins" -mindepth 1 -type d)"

# the same, and the launcher is killed: the next one does not wait for it
id=$(begin word-count 1 r:vault:Projects io=$RATE)
tell "$id" gulp "128 /vault/Projects/huge.bin" >/dev/null
sleep 1.5
kill -KILL "$KENNELD"
wait "$KENNELD" 2>/dev/null
restart_kenneld && ok "a launcher starts that finds one of those"
is "and has ended it" "" "$(find "$CG/plugins" -mindepth 1 -type d)"

# ---- disks of all kinds: below a partition lies a whole one ----
on_device() { # DEVICE
	stop_kenneld
	rm -rf "$STATE" # what is written there counts for the same users elsewhere on that disk
	mkdir "$STATE"
	mkfs.ext4 -q -O quota,project "$1" || { not_ok "a file system on $1" "mkfs failed"; finish; }
	mount -o prjquota "$1" "$STATE" || { not_ok "$1 is mounted" "mount failed"; finish; }
	chmod 755 "$STATE"
	restart_kenneld || { not_ok "kenneld boots on $1" "see above"; finish; }
	make_plugin word-count
}
truncate -s 200M "$KENNEL_SCRATCH/parts"
# two of them, 80 and 100 MiB: type, three bytes nobody reads, first sector and sectors in little endian
{
	printf '\0\0\0\0\x83\0\0\0\x00\x08\x00\x00\x00\x80\x02\x00'
	printf '\0\0\0\0\x83\0\0\0\x00\x88\x02\x00\x00\x20\x03\x00'
} | dd of="$KENNEL_SCRATCH/parts" bs=1 seek=446 conv=notrunc status=none
printf '\x55\xaa' | dd of="$KENNEL_SCRATCH/parts" bs=1 seek=510 conv=notrunc status=none
loop=$(losetup -Pf --show "$KENNEL_SCRATCH/parts")
[ -b "${loop}p2" ] || { not_ok "a disk with partitions" "no ${loop}p2"; finish; }
whole=$(lsblk -dno MAJ:MIN "$loop" | tr -d ' ')
on_device "${loop}p2"
id=$(begin word-count 1 w:data: r:vault:Projects data=$((8 * MIB)) io=$RATE)
is "a partition: its disk is limited" "$(rate_text $RATE)" "$(io_max "$whole" word-count)"
is "and the disk of the vault" "$(rate_text $RATE)" "$(io_max "$DISK" word-count)"
is "and nothing else" 2 "$(wc -l <"$CG/plugins/acme/word-count/io.max")"
slow "on a partition" "$whole" word-count "$id" w /data/x
end "$id"

# ---- where nothing bounds it ----
stop_kenneld
umount "$STATE"
mount -t tmpfs none "$STATE"
chmod 755 "$STATE"
restart_kenneld >"$J/said" && not_ok "a state without a disk" "it started"
wait "$KENNELD"
is "a state without a disk: kenneld does not start" 126 $?
like "and says why" "*E_NO_IO_LIMIT*STATE/data*" "$(grep E_NO_IO_LIMIT "$J/said" | tail -1)"
like "and what would accept it" "*no-io-limit*" "$(grep E_NO_IO_LIMIT "$J/said" | tail -1)"
write_config '"accept":["no-io-limit"],'
restart_kenneld || not_ok "accepted: it starts" "see above"
like "accepted: it is logged" "*without a protection*" "$(tail -n "+$LOG_FROM" "$J/log" | grep E_NO_IO_LIMIT)"
make_plugin word-count
id=$(begin word-count 1 r:data: r:vault:Projects io=$RATE)
is "accepted: what has a disk is limited all the same" "$(rate_text $RATE)" "$(io_max "$DISK" word-count)"
end "$id"
stop_kenneld
umount "$STATE"

# ---- a vault without a disk: only who would read it does not start ----
mount -o prjquota "${loop}p2" "$STATE"
mount -t tmpfs none "$VAULT"
mkdir -p "$VAULT/Projects"
chown -R 64400:64400 "$VAULT"
chmod 700 "$VAULT"
write_config
restart_kenneld || { not_ok "a vault without a disk: kenneld boots" "see above"; finish; }
like "a vault without a disk: it says so" "*E_NO_IO_LIMIT*" "$(tail -n "+$LOG_FROM" "$J/log" | grep "no plugin with a files rule")"
like "who would read it does not start" "error E_NO_IO_LIMIT *" "$(d start acme word-count "$HEX" 2 1 r:vault:Projects)"
id=$(begin word-count 1 w:data:)
like "who would not does" "*[0-9]" "$id"
end "$id"
stop_kenneld
umount "$VAULT" "$STATE"
losetup -d "$loop"
rm -rf "$STATE" "$VAULT" "$KENNEL_SCRATCH/parts"
finish
