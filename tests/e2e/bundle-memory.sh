#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# bundle-memory.sh - a bundle of 32 MB and 1,000 files is verified in less than 16 MiB of memory, in every
# process that takes part: kennel, the loader, its decoder. VmHWM is the kernel's own high-water mark.
# shellcheck source=../lib/script.sh
. "$(dirname "$0")/../lib/script.sh"
limit_kib=16384
need /usr/bin/time "$kennel" "$build/kennel-pack" "$build/kennel-loader"
cd "$work" || exit 1

mkdir tree
printf '%s' '{"name":"large","schemaVersion":"1.0","version":"1.0.0","entry":"main.wasm","permissions":[]}' >tree/manifest.json
printf '\0asm\1\0\0\0' >tree/main.wasm
for d in 0 1 2 3 4 5 6 7 8 9; do
	mkdir "tree/folder-$d"
	head -c 2400000 /dev/urandom | base64 -w 0 | split -b 32000 -a 3 -d - "tree/folder-$d/file-"
done
count=$(find tree -type f | wc -l)
"$kennel" key gen -W -o key >/dev/null && "$kennel" bundle pack tree -o large.kennel --key key
say $? "pack $count files, $(du -sb tree | cut -f1) bytes" "exit status $?"

# The last block comes late, so that every process is still there, and has done its work, when it is asked.
size=$(stat -c %s large.kennel)
{
	head -c $((size - 1000)) large.kennel
	touch fed
	while [ ! -e go ]; do sleep 0.1; done
	tail -c 1000 large.kennel
} | "$kennel" bundle verify - -p key.pub >verdict 2>&1 &
pipe=$!
for _ in $(seq 600); do
	[ -e fed ] && break
	sleep 0.1
done
sleep 0.5

descendants() { # PID: it and all below it
	local child
	echo "$1"
	# shellcheck disable=SC2013 # one line of numbers
	for child in $(cat "/proc/$1/task/$1/children" 2>/dev/null); do
		descendants "$child"
	done
}
seen=0
for pid in $(descendants "$pipe"); do
	name=$(cat "/proc/$pid/comm" 2>/dev/null)
	case $name in kennel*) ;; *) continue ;; esac
	peak=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$pid/status")
	[ -n "$peak" ] || continue
	seen=$((seen + 1))
	[ "$peak" -lt "$limit_kib" ]
	say $? "$name stays below $limit_kib KiB: $peak KiB" "it took $peak KiB"
done
[ "$seen" -ge 3 ]
say $? "all three processes were measured" "only $seen were seen"
touch go
wait "$pipe"
say $? "the bundle verifies" "$(cat verdict)"

# The longest table of contents: 4,096 files.
mkdir -p most/a-folder-of-many/and-one-below-it
cp tree/manifest.json tree/main.wasm most
for i in $(seq 4094); do
	echo "$i" >"most/a-folder-of-many/and-one-below-it/file-with-a-long-name-$i"
done
"$kennel" bundle pack most -o most.kennel --key key
say $? "pack 4096 files" "exit status $?"

# /usr/bin/time sees the largest of all children that were waited for, whenever they peaked.
for bundle in large most; do
	peak=$(/usr/bin/time -f %M -o time "$kennel" bundle verify $bundle.kennel -p key.pub >/dev/null && cat time)
	[ -n "$peak" ] && [ "$peak" -lt "$limit_kib" ]
	say $? "the peak over a whole run of $bundle.kennel: $peak KiB" "it took ${peak:-nothing} KiB"
done
exit "$failed"
