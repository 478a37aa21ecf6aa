#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# bundle-commands.sh - kennel bundle on the command line: several signers and thresholds, diff, --json of every
# subcommand, exit statuses. tests: runner/cli/cmd_bundle.c runner/cli/cmd_bundle_diff.c runner/cli/bundle_report.c
# shellcheck source=../lib/script.sh
. "$(dirname "$0")/../lib/script.sh"
drive=$build/tests-vm/malice-drive
need jq minisign "$kennel" "$build/kennel-pack" "$build/kennel-loader" "$drive"
cd "$work" || exit 1

refused() { # NAME STATUS E_NAME COMMAND...   as text on stderr, and as JSON on stdout
	local name=$1 status=$2 code=$3 out got json
	shift 3
	out=$("$@" 2>&1 >/dev/null)
	got=$?
	json=$("$@" --json 2>/dev/null | jq -r .error.name 2>&1)
	if [ "$got" = "$status" ] && [[ $out == *"$code"* ]] && [ "$json" = "$code" ]; then
		echo "ok $name"
	else
		echo "not ok $name: expected $status $code, got $got, JSON \"$json\": ${out:0:300}"
		failed=1
	fi
}

says() { # NAME FILTER COMMAND...   the filter must be true of the JSON
	local name=$1 filter=$2 out
	shift 2
	if out=$("$@" 2>&1) && jq -e "$filter" <<<"$out" >/dev/null; then
		echo "ok $name"
	else
		echo "not ok $name: ${out:0:400}"
		failed=1
	fi
}

manifest() { # VERSION PERMISSIONS ALLOW [MORE]
	printf '{"name":"cmd","schemaVersion":"1.0","version":"%s","entry":"main.wasm","permissions":%s,"scopes":{%s}%s}' \
		"$1" "$2" "$3" "${4:-}"
}
mkdir old new
manifest 1.0.0 '["readNotes","useAI"]' '"readNotes":{"allow":["Open/**"]}' >old/manifest.json
printf '\0asm\1\0\0\0' | tee old/main.wasm >new/main.wasm
echo gone >old/gone.txt
echo same | tee old/same.txt >new/same.txt
echo short >old/text.txt
echo "longer than it was" >new/text.txt
echo more >new/added.txt
manifest 1.1.0 '["readNotes","writeLinks"]' \
	'"readNotes":{"allow":["Open/**","Private/**"]},"writeLinks":{"allow":["Open/**"]}' \
	',"limits":{"memory":"128M"}' >new/manifest.json

# ---- made ----
says "key gen --json" '(.fingerprint | length) == 64 and .secret == "k1" and (.key | length) == 56' \
	"$kennel" key gen -W -o k1 --json
says "key show --json" '.public == "k1.pub"' "$kennel" key show k1.pub --json
for i in 2 3 4 5 6 7 8 9; do "$kennel" key gen -W -o k$i >/dev/null; done
says "bundle pack --json" '.counter == 3 and .signatures == 1 and .files == 5 and .native == false' \
	"$kennel" bundle pack old -o old.kennel --key k1 --counter 3 --json
check "bundle pack" "$kennel" bundle pack new -o new.kennel --key k1 --counter 4
mkfifo pipe
refused "what is no regular file is not replaced" 13 E_IO "$kennel" bundle pack old -o pipe --key k1
[ -p pipe ]
say $? "it is what it was" "$(stat -c %F pipe)"
# shellcheck disable=SC2016 # expanded inside
full=$(unshare -m sh -c 'mkdir full && mount -t tmpfs -o size=8k none full && head -c 8192 /dev/zero >full/all 2>/dev/null
	"$0" key gen -W -o full/k >/dev/null 2>&1; echo "$? $(ls -A full | tr "\n" " ")"' "$kennel")
is "a key on a full disk leaves no half" "13 all " "$full"
id=$("$kennel" bundle toc old.kennel --json | jq -r .bundleId)
check "bundle toc --json holds the text" \
	cmp <("$kennel" bundle toc old.kennel --json | jq -j .toc) <("$kennel" bundle toc old.kennel)

# ---- eight signers ----
cp old.kennel eight.kennel
for i in 2 3 4 5 6 7 8; do
	says "signature $i" ".signatures == $i and .bundleId == \"$id\"" \
		"$kennel" bundle sign eight.kennel --key k$i --json
done
refused "a ninth is refused" 10 E_LIMIT "$kennel" bundle sign eight.kennel --key k9
for i in 1 4 8; do
	says "it verifies with key $i alone" '.verified and (.signers | map(select(.trusted)) | length) == 1' \
		"$kennel" bundle verify eight.kennel -p k$i.pub --json
done
refused "a key that did not sign" 11 E_UNTRUSTED "$kennel" bundle verify eight.kennel -p k9.pub
cp old.kennel twice.kennel
refused "one key signs once" 12 E_EXISTS "$kennel" bundle sign twice.kennel --key k1
check "and the bundle is as it was" cmp old.kennel twice.kennel

# ---- thresholds, from a folder of keys ----
mkdir -m 755 trust
trust() { # KEY THRESHOLD
	jq -n --arg key "$(sed -n 2p "$1.pub")" --argjson n "$2" \
		'{_type: "kennel.trust/1", key: $key, label: "K", threshold: $n, ceiling: {runtimes: ["wasm"],
		  permissions: ["readNotes", "useAI"]}}' >"trust/$("$kennel" key show "$1.pub" --json | jq -r .fingerprint).json"
}
trust k1 2
refused "two are asked for, one signed" 11 E_UNTRUSTED "$kennel" bundle verify old.kennel --trust trust
refused "two are asked for, seven strangers do not help" 11 E_UNTRUSTED "$kennel" bundle verify eight.kennel --trust trust
trust k2 2
says "two are asked for, two trusted ones signed" '.signers | map(select(.trusted)) | length == 2' \
	"$kennel" bundle verify eight.kennel --trust trust --json
trust k9 1
check "a trusted key that did not sign changes nothing" "$kennel" bundle verify eight.kennel --trust trust

# ---- signed elsewhere ----
"$kennel" bundle toc old.kennel >toc.json
minisign -S -q -s k2 -m toc.json
cp old.kennel attached.kennel
refused "attach-sig -p of another key" 11 E_UNTRUSTED \
	"$kennel" bundle attach-sig attached.kennel toc.json.minisig -p k3.pub
says "attach-sig -p --json" '.signatures == 2' \
	"$kennel" bundle attach-sig attached.kennel toc.json.minisig -p k2.pub --json
refused "the same one again" 12 E_EXISTS "$kennel" bundle attach-sig attached.kennel toc.json.minisig
cp new.kennel wrong.kennel
refused "a signature of other contents" 11 E_SIGNATURE \
	"$kennel" bundle attach-sig wrong.kennel toc.json.minisig -p k2.pub
check "and the bundle is as it was" cmp new.kennel wrong.kennel
check "without -p nobody can say" "$kennel" bundle attach-sig wrong.kennel toc.json.minisig
refused "a known key with a bad signature refuses all" 11 E_SIGNATURE "$kennel" bundle verify wrong.kennel -p k2.pub
check "an unknown one is ignored" "$kennel" bundle verify wrong.kennel -p k1.pub
refused "known and bad beside known and good" 11 E_SIGNATURE "$kennel" bundle verify wrong.kennel --trust trust
minisign -S -q -l -s k2 -m toc.json
refused "row11 a legacy signature is not attached" 11 E_SIGNATURE_FORMAT \
	"$kennel" bundle attach-sig old.kennel toc.json.minisig

# ---- diff ----
diff_json() { "$kennel" bundle diff old.kennel new.kennel --json; }
says "diff names permissions" '.gained.permissions == ["writeLinks"] and .lost.permissions == ["useAI"]' diff_json
says "diff names scopes" '.gained.scopes | map(.glob) | sort == ["Open/**", "Private/**"]' diff_json
says "diff names versions and limits" \
	'.changed.version == {old: "1.0.0", new: "1.1.0"} and .changed.counter.new == "4" and .changed["limits.memory"].new == 134217728' diff_json
says "diff lists files" '(.files.added | map(.path)) == ["added.txt"] and (.files.removed | map(.path)) == ["gone.txt"] and
	(.files.changed | map(.path)) == ["manifest.json", "text.txt"] and .files.changed[1].oldSize == 6' diff_json
says "without a key both are untrusted" '.old.verified == false and .new.verified == false' diff_json
says "with it they are verified" '.old.verified and .new.verified' \
	"$kennel" bundle diff old.kennel new.kennel -p k1.pub --json
check "diff as text" grep -qxE '\+ permission writeLinks' <<<"$("$kennel" bundle diff old.kennel new.kennel)"
check "diff says UNTRUSTED" grep -q UNTRUSTED <<<"$("$kennel" bundle diff old.kennel new.kennel)"
says "nothing to tell of one bundle" '.changed == {} and .files == {added: [], removed: [], changed: []} and .gained == .lost' \
	"$kennel" bundle diff old.kennel eight.kennel --json
says "one may come from a pipe" '.files.added | length == 1' \
	sh -c '"$0" bundle diff - new.kennel --json <old.kennel' "$kennel"
refused "not both" 2 E_USAGE "$kennel" bundle diff - -
printf 'no bundle' >none.kennel
refused "diff with what is no bundle" 10 E_FRAME0 "$kennel" bundle diff old.kennel <(cat none.kennel /dev/zero | head -c 4096)
refused "diff with a missing one" 13 E_SYS "$kennel" bundle diff old.kennel gone.kennel

# ---- exit statuses ----
check "0: whole and trusted" "$kennel" bundle verify old.kennel -p k1.pub
refused "2: usage" 2 E_USAGE "$kennel" bundle verify old.kennel
refused "2: of kennel-pack" 2 E_USAGE "$kennel" bundle pack old -o x.kennel
refused "10: malformed" 10 E_FRAME0 "$kennel" bundle verify none.kennel -p k1.pub
refused "11: signature" 11 E_UNTRUSTED "$kennel" bundle verify old.kennel -p k2.pub
check "a bundle that has expired" "$kennel" bundle pack old -o expired.kennel --key k1 --expires 1000000000
refused "row04 is refused" 12 E_EXPIRED "$kennel" bundle verify expired.kennel -p k1.pub
jq -c '.entry = "none.wasm"' old/manifest.json >m && cp -r old entry && mv m entry/manifest.json
refused "12: policy" 12 E_MANIFEST "$kennel" bundle pack entry -o x.kennel --key k1
refused "13: no such file" 13 E_SYS "$kennel" bundle verify gone.kennel -p k1.pub
check "nothing is left of what was refused" test ! -e x.kennel

# ---- beyond what a host takes by default ----
mkdir large
cp old/main.wasm large
manifest 1.0.0 '[]' '' >large/manifest.json
head -c 67200000 /dev/urandom >large/noise
refused "a large file is not packed by accident" 10 E_LIMIT "$kennel" bundle pack large -o large.kennel --key k1
head -c 67100000 large/noise >large/rest && mv large/rest large/noise # packed it is longer
refused "nor a large bundle" 10 E_LIMIT "$kennel" bundle pack large -o large.kennel --key k1
check "--large packs it" "$kennel" bundle pack large -o large.kennel --key k1 --large
check "and its author can check it" "$kennel" bundle verify large.kennel -p k1.pub
mkdir stage
read -r verdict _ <<<"$("$drive" "$build/kennel-loader" unpack large.kennel k1.pub stage 2>&1)"
is "a host that says nothing refuses it" E_LIMIT "$verdict"

# ---- a pipe, a byte at a time ----
check "verify from a pipe, a byte at a time" sh -c \
	'dd if=old.kennel bs=1 status=none | "$0" bundle verify - -p k1.pub' "$kennel"
check "show from a pipe, a byte at a time" sh -c \
	'dd if=old.kennel bs=1 status=none | "$0" bundle show - -p k1.pub' "$kennel"

# ---- statements ----
printf '# lost on a train\nkey %064d compromise\nbundle %064d superseded\n' 1 2 >entries
says "trust sign-revocations --json" '.file == "list" and .signatures == 1 and .statement.serial == 4 and
	[.statement.entries[] | keys[0]] == ["bundle", "key"]' \
	"$kennel" trust sign-revocations entries -o list --key k1 --serial 4 --expires 1900000000 --issued 1800000000 --json
check "the id is the sum of the signed line" test "$(head -n 1 list | b2sum -l 256 | cut -d' ' -f1)" = \
	"$("$kennel" trust co-sign list --key k2 --json | jq -r .id)"
says "trust co-sign --json" '.signatures == 3 and .bytes > 900 and .statement._type == "kennel.revocations/1"' \
	"$kennel" trust co-sign list --key k3 --json
check "the list is a line and four for each signature" test "$(wc -l <list)" = 13
check "minisign checks the line" sh -c 'head -n 1 list >line && sed -n 2,5p list >line.minisig &&
	minisign -V -q -H -p k1.pub -m line'
check "a list names one thing once" sh -c '! "$0" trust sign-revocations - -o x --key k1' "$kennel"
refused "an entry that is none" 10 E_STATEMENT "$kennel" trust sign-revocations list -o x --key k1 --serial 5 --expires 1900000000
refused "a list without a serial" 2 E_USAGE "$kennel" trust sign-revocations entries -o x --key k1
refused "a list that has ended before it began" 10 E_STATEMENT \
	"$kennel" trust sign-revocations entries -o x --key k1 --serial 5 --expires 1700000000 --issued 1800000000
says "key rotate --json" '.signatures == 2 and .statement._type == "kennel.rotate/1" and (.statement.from | length) == 64' \
	"$kennel" key rotate k1 k2 -o rotation --json
says "it names the successor" ".statement.to == \"$(sed -n 2p k2.pub)\"" "$kennel" key rotate k1 k2 -o rotation --json
refused "a key does not rotate to itself" 11 E_SIGNATURE_FORMAT "$kennel" key rotate k1 k1 -o x
check "nothing of what was refused was written" test ! -e x
exit "$failed"
