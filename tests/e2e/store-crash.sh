#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# An installation and an upgrade, by the supervisor's own code and the real loader, killed at every system call
# in turn, whichever process makes it. Afterwards, each time: the old version or the new one, every file hashed
# and as it was, the counter never lower, nothing half-made.
# tests: runner/supervise/settle.c runner/supervise/sweep.c
# In memory, where there is some: a kill loses nothing that a disk would keep, and 800 runs sync a dozen times each.
[ ! -w /dev/shm ] || export TMPDIR=/dev/shm
# shellcheck source=../lib/script.sh
. "$(dirname "$0")/../lib/script.sh"
drive=$build/tests-vm/store-drive killat=$build/tests-vm/store-killat
need jq "$drive" "$killat" "$kennel" "$build/kennel-pack" "$build/kennel-loader" "$build/plugins/word-count/main.wasm"
D=$work
"$kennel" key gen -W -o "$D/k.key" >/dev/null || { say 1 "a key is made"; exit 1; }
for v in 1 2; do
	mkdir -p "$D/v$v/sub"
	cp "$build/plugins/word-count/main.wasm" "$D/v$v/"
	echo "the same in both" >"$D/v$v/sub/same.txt"
	echo "version $v" >"$D/v$v/notes.txt"
	jq --arg v "$v.0.0" '.version = $v' "$build/plugins/word-count/manifest.json" >"$D/v$v/manifest.json"
	"$kennel" bundle pack "$D/v$v" -o "$D/$v.kennel" --key "$D/k.key" --counter "$v" >/dev/null ||
		{ say 1 "a bundle is packed"; exit 1; }
done
mkdir "$D/empty"
cp -a "$D/empty" "$D/one"
install() { "${@:3}" "$drive" "$1" install "$build/kennel-loader" "$D/k.key.pub" "$D/$2.kennel"; }
install "$D/one" 1 >/dev/null
say $? "it installs when nothing kills it" "exit status $?"
[ "$failed" = 0 ] || exit 1

# NAME BASE BUNDLE BEFORE AFTER
killed_everywhere() {
	local name=$1 base=$2 bundle=$3 before=$4 after=$5 total n=1 tried=0 old=0 new=0 bad="" got out end
	rm -rf "$D/work"; cp -a "$base" "$D/work"
	total=$(install "$D/work" "$bundle" "$killat" 0 | awk '/ calls$/ { print $1 }')
	if [ "$("$drive" "$D/work" verify)" != "$after" ]; then say 1 "$name: it works" "$("$drive" "$D/work" verify)"; return; fi
	end=$((total + 40)) # a few more or less from run to run
	while [ "$n" -le "$end" ]; do
		rm -rf "$D/work"; cp -a "$base" "$D/work"
		out=$(install "$D/work" "$bundle" "$killat" "$n" 2>/dev/null)
		tried=$((tried + 1))
		got=$("$drive" "$D/work" verify 2>&1) || bad="$bad call $n ($out): $got;"
		case $got in
		"$before") old=$((old + 1)) ;;
		"$after") new=$((new + 1)) ;;
		*) bad="$bad call $n ($out): $got;" ;;
		esac
		n=$((n + 1))
	done
	[ -z "$bad" ]
	say $? "$name: old or new after each kill" "${bad:0:400}"
	[ "$old" -gt 0 ] && [ "$new" -gt 0 ]
	say $? "$name: both were seen" "old $old, new $new"
	echo "# $name: $total system calls, killed in $tried runs: the old state $old times, the new one $new times"
}
killed_everywhere "install" "$D/empty" 1 "" "word-count 1.0.0 1 1"
killed_everywhere "upgrade" "$D/one" 2 "word-count 1.0.0 1 1" "word-count 2.0.0 2 2"
exit "$failed"
