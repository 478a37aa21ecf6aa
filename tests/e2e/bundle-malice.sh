#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# bundle-malice.sh - a trusted signer who means ill: bundles in which every field of the contents and of the manifest
# stands at its limit and beyond it, properly signed, unpacked by the real kennel-loader. At the limit it is accepted,
# beyond refused by the right name; no process ever has more than 16 MiB; nothing is written outside the staging
# folder, and nothing is left in it after a refusal; no permission gets above the ceiling of its key.
# shellcheck source=../lib/script.sh
. "$(dirname "$0")/../lib/script.sh"
limit_kib=16384
signer=$build/tests-vm/malice-signer
drive=$build/tests-vm/malice-drive
need jq "$build/kennel-loader" "$build/kennel-pack" "$signer" "$drive"
cd "$work" || exit 1

mkdir made stage
"$signer" made >list
say $? "$(grep -c '' list) bundles are made" "exit status $?"

# Everything that is there but the staging folder, with its times and sizes.
outside() { find . -path ./stage/it -prune -o ! -path ./stage -printf '%p %s %m %T@\n' | LC_ALL=C sort; }

worst=0 accepted=0 refused=0
run() { # BUNDLE TRUST: sets verdict, text; 1 when something is left or written that may not
	local peak
	mkdir stage/it
	read -r verdict peak text <<<"$("$drive" "$build/kennel-loader" unpack "$1" "$2" stage/it 2>&1)"
	[ "${peak:-0}" -gt "$worst" ] && worst=$peak worst_of=$1
	why=
	[ "${peak:-$limit_kib}" -lt "$limit_kib" ] || why="it took ${peak:-nobody knows how many} KiB"
	if [ "$verdict" = E_OK ]; then
		[ -f stage/it/root/manifest.json ] || why="accepted, and nothing unpacked"
	else
		[ -z "$(ls -A stage/it)" ] || why="refused, and left $(ls -A stage/it)"
	fi
	[ "$(outside)" = "$before" ] || why="something else was written"
	chmod -R u+rwX stage/it
	rm -rf stage/it
}

before=$(outside)
while IFS=$'\t' read -r file expect name; do
	run "made/$file" made/1.pub
	[ "$verdict" = "$expect" ] || why="${why:+$why; }expected $expect, got $verdict: $text"
	[ -z "$why" ]
	say $? "$expect: $name" "$why"
	if [ "$verdict" = E_OK ]; then accepted=$((accepted + 1)); else refused=$((refused + 1)); fi
done <list

# ---- the ceiling of its key: each permission alone, and all others allowed ----
fingerprint=$("$build/kennel-pack" key show made/1.pub --json | jq -r .fingerprint)
trust() { # CEILING (JSON)
	mkdir -p -m 755 trust
	jq -n --arg key "$(sed -n 2p made/1.pub)" --argjson ceiling "$1" \
		'{_type: "kennel.trust/1", key: $key, label: "Malice", ceiling: $ceiling}' >"trust/$fingerprint.json"
	before=$(outside)
}
mapfile -t permissions < <(cd made && printf '%s\n' permission-*.kennel | sed 's/permission-\(.*\)\.kennel/\1/')
[ "${#permissions[@]}" -ge 20 ]
say $? "there are ${#permissions[@]} permissions" "too few"
for p in "${permissions[@]}"; do
	others=$(printf '%s\n' "${permissions[@]}" | jq -R . | jq -sc --arg p "$p" '. - [$p]')
	trust "{\"runtimes\": [\"wasm\"], \"permissions\": $others}"
	run "made/permission-$p.kennel" trust
	[ "$verdict" = E_CEILING ] && [[ $text == *"$p"* ]] || why="${why:+$why; }got $verdict: $text"
	[ -z "$why" ]
	say $? "E_CEILING: $p above the ceiling" "$why"
	trust "{\"runtimes\": [\"wasm\"], \"network\": true, \"permissions\": [\"$p\"]}"
	run "made/permission-$p.kennel" trust
	[ "$verdict" = E_OK ] || why="${why:+$why; }got $verdict: $text"
	[ -z "$why" ]
	say $? "E_OK: $p within it" "$why"
done
say 0 "accepted $accepted, refused $refused; the most memory of a process: $worst KiB (${worst_of##*/})" ""
echo "# most memory of loader and decoder over all bundles: $worst KiB, limit $limit_kib KiB (${worst_of##*/})"
[ "$accepted" -ge 20 ] && [ "$refused" -ge 100 ]
say $? "both kinds were tried" "accepted $accepted, refused $refused"
exit "$failed"
