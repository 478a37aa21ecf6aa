#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# bundle-interop.sh - a bundle is an ordinary .tar.zst with an ordinary minisign signature: stock tools read
# it, keys of minisign sign it, and the same tree gives the same bytes whatever the surroundings.
# shellcheck source=../lib/script.sh
. "$(dirname "$0")/../lib/script.sh"
drive=$build/tests-vm/malice-drive
need zstd minisign jq file b2sum tar "$kennel" "$build/kennel-pack" "$build/kennel-loader" "$drive"
cd "$work" || exit 1

refused() { # NAME STATUS E_NAME COMMAND...
	local name=$1 status=$2 code=$3 out got
	shift 3
	out=$("$@" 2>&1)
	got=$?
	if [ "$got" = "$status" ] && [[ $out == *"$code"* ]]; then
		echo "ok $name"
	else
		echo "not ok $name: expected exit status $status and $code, got $got: ${out:0:300}"
		failed=1
	fi
}

make_tree() {
	mkdir -p "$1/lib/deep" "$1/text"
	cat >"$1/manifest.json" <<-'EOF'
	{ "name": "interop", "schemaVersion": "1.0", "version": "1.2.3", "entry": "main.wasm",
	  "description": "what stock tools see", "permissions": ["readNotes"],
	  "recommendedPermissions": { "readNotes": "to read" }, "scopes": { "readNotes": { "allow": ["Open/**"] } } }
	EOF
	printf '\0asm\1\0\0\0' >"$1/main.wasm"
	head -c 1500000 /dev/urandom | base64 >"$1/lib/deep/words.txt"
	printf 'hello\n' >"$1/text/hello.txt"
	: >"$1/text/empty"
}

make_tree tree
check "key gen" "$kennel" key gen -W -o author
check "the secret key is its owner's alone" test "$(stat -c %a author)" = 600
refused "a key is not overwritten" 12 E_EXISTS "$kennel" key gen -W -o author
check "key show" "$kennel" key show author.pub
check "bundle pack" "$kennel" bundle pack tree -o a.kennel --key author --counter 7
check "bundle verify" "$kennel" bundle verify a.kennel -p author.pub

# ---- stock tools ----
check "file knows it" grep -q 'Zstandard compressed data' <<<"$(file a.kennel)"
cp a.kennel a.tar.zst
check "zstd -t" zstd -q -t a.tar.zst
check "zstd -l" zstd -l a.tar.zst
check "tar tf" tar tf a.tar.zst
mkdir out
check "tar xf" tar xf a.tar.zst -C out
check "tar sees what was packed" diff -r --exclude=META tree out

# ---- what is installed, by the loader the supervisor starts ----
mkdir -p stage
read -r verdict _ text <<<"$("$drive" "$build/kennel-loader" unpack a.kennel author.pub stage 2>&1)"
is "the loader unpacks it" E_OK "$verdict${text:+ $text}"
installed() { find stage/root -type f -printf '%P\n' | LC_ALL=C sort; }
check "tar tf lists exactly what is installed" \
	diff <(tar tf a.tar.zst | grep -v '^META/' | LC_ALL=C sort) <(installed)
check "in the order of the contents" diff <(tar tf a.tar.zst | grep -v '^META/') <(jq -r '.files[].path' out/META/toc.json)
check "with the same bytes" diff -r --exclude=META out stage/root
check "and the same modes" diff <(tar tvf a.tar.zst | awk '$6 !~ /^META\// { print $1, $3, $6 }' | LC_ALL=C sort -k 3) \
	<(cd stage/root && find . -type f -printf '%M %s %P\n' | LC_ALL=C sort -k 3)
check "and nothing beside it" test "$(ls stage)" = root
check "minisign -V -H" minisign -V -H -q -p author.pub -m out/META/toc.json
check "the contents are canonical" cmp <(jq -cS . out/META/toc.json) out/META/toc.json
sums() { jq -r '.files[] | .b2 + "  " + .path' out/META/toc.json; }
check "b2sum -l 256 agrees on every file" sh -c 'cd out && b2sum -l 256 --quiet -c -' <<<"$(sums)"
id=$("$kennel" bundle verify a.kennel -p author.pub --json | jq -r .bundleId)
check "the bundle id is the sum of the contents" test "$id" = "$(b2sum -l 256 <out/META/toc.json | cut -d' ' -f1)"
content=$("$kennel" bundle verify a.kennel -p author.pub --json | jq -r .contentId)
check "the content id is the sum of the list of files" \
	test "$content" = "$(jq -cSj .files out/META/toc.json | b2sum -l 256 | cut -d' ' -f1)"

# ---- reproducible ----
mkdir again
(cd tree && find . -type f | sort -r | while read -r f; do install -D -m 0600 "$f" "../again/$f"; done)
find again -exec touch -d '2001-01-01' {} +
(umask 077 && TZ=Asia/Tokyo LC_ALL=C "$kennel" bundle pack again -o b.kennel --key author --counter 7)
check "the same tree gives the same bytes" cmp a.kennel b.kennel

# ---- keys of minisign ----
check "minisign -G" minisign -G -W -f -p mini.pub -s mini.key
check "a key of minisign -G packs" "$kennel" bundle pack tree -o m.kennel --key mini.key
check "and verifies" "$kennel" bundle verify m.kennel -p mini.pub
refused "a stranger's key does not" 11 E_UNTRUSTED "$kennel" bundle verify m.kennel -p author.pub
printf 'x\n' >plain
check "minisign signs with a key of ours" minisign -S -q -s author -m plain
check "and minisign verifies it" minisign -V -q -p author.pub -m plain
"$kennel" bundle toc a.kennel >toc.json
check "minisign signs the contents elsewhere" minisign -S -q -s mini.key -m toc.json
cp a.kennel two.kennel
check "bundle attach-sig" "$kennel" bundle attach-sig two.kennel toc.json.minisig
check "the second signer is good" "$kennel" bundle verify two.kennel -p mini.pub
check "the first is still" "$kennel" bundle verify two.kennel -p author.pub
check "and the bundle is the same" \
	test "$id" = "$("$kennel" bundle verify two.kennel -p mini.pub --json | jq -r .bundleId)"
check "bundle sign" "$kennel" bundle sign m.kennel --key author
check "signed twice" "$kennel" bundle verify m.kennel -p author.pub
refused "two passwords that differ make no key" 2 E_USAGE sh -c 'printf "one\ntwo\n" | "$0" key gen -o unlike' "$kennel"
refused "no password makes none either" 2 E_USAGE sh -c 'printf "\n\n" | "$0" key gen -o unlike' "$kennel"
check "and nothing was written" test ! -e unlike -a ! -e unlike.pub
refused "a password is no argument" 2 E_USAGE "$kennel" key gen -o unlike --password secret
check "an encrypted key" sh -c 'printf "secret\nsecret\n" | "$0" key gen -o locked' "$kennel"
check "an encrypted key is its owner's alone" test "$(stat -c %a locked)$(stat -c %a locked.pub)" = 600644
check "it says what it is, as minisign's does" grep -qx 'untrusted comment: minisign encrypted secret key' locked
refused "the environment gives no password" 2 E_USAGE env KENNEL_PASSWORD=secret PASSWORD=secret \
	sh -c '"$0" bundle pack tree -o l.kennel --key locked </dev/null' "$kennel"
check "an encrypted key packs with its password" sh -c \
	'printf "secret\n" | "$0" bundle pack tree -o l.kennel --key locked' "$kennel"
refused "and not with another" 11 E_KEY_FORMAT sh -c \
	'printf "wrong\n" | "$0" bundle pack tree -o l.kennel --key locked' "$kennel"
"$kennel" bundle toc a.kennel >toc.json
check "minisign opens it too" sh -c 'printf "secret\n" | minisign -S -q -s locked -m toc.json' -
cp a.kennel three.kennel
check "and what it signed with it holds here" sh -c \
	'"$0" bundle attach-sig three.kennel toc.json.minisig -p locked.pub &&
	 "$0" bundle verify three.kennel -p locked.pub' "$kennel"
check "minisign -G with a password" sh -c 'printf "mini\nmini\n" | minisign -G -f -p sealed.pub -s sealed.key' -
check "an encrypted key of minisign packs with its password" sh -c \
	'printf "mini\n" | "$0" bundle pack tree -o s.kennel --key sealed.key &&
	 "$0" bundle verify s.kennel -p sealed.pub' "$kennel"

# ---- refusals, from the command line ----
check "from standard input" sh -c '"$0" bundle verify - -p author.pub <a.kennel' "$kennel"
mkdir small && cp tree/manifest.json tree/main.wasm small
check "a small one" "$kennel" bundle pack small -o small.kennel --key author
check "from a pipe, a byte at a time" sh -c \
	'dd if=small.kennel bs=1 status=none | "$0" bundle verify - -p author.pub' "$kennel"
head -c 20000 a.kennel >short.kennel
refused "a short file" 10 E_TRUNCATED "$kennel" bundle verify short.kennel -p author.pub
{ cat a.kennel; printf x; } >long.kennel
refused "a long file" 10 E_TRAILING "$kennel" bundle verify long.kennel -p author.pub
cp a.kennel flip.kennel
printf '\377' | dd of=flip.kennel bs=1 seek=50000 conv=notrunc status=none
refused "a changed byte" 10 E_FRAME_DIGEST "$kennel" bundle verify flip.kennel -p author.pub
refused "no key named" 2 E_USAGE "$kennel" bundle verify a.kennel
refused "no bundle at all" 10 E_FRAME0 "$kennel" bundle verify "$build/kennel" -p author.pub
check "show without a key says UNTRUSTED" grep -q UNTRUSTED <<<"$("$kennel" bundle show a.kennel)"
check "show with it does not" sh -c '! "$0" bundle show a.kennel -p author.pub | grep -q UNTRUSTED' "$kennel"
printf '#!/bin/sh\n' >tree/run
refused "a script is not packed" 12 E_NATIVE "$kennel" bundle pack tree -o n.kennel --key author
check "and nothing was written" test ! -e n.kennel
rm tree/run

# ---- a trust folder with a ceiling ----
fingerprint=$("$kennel" key show author.pub | sed -n 's/^fingerprint //p')
key=$(sed -n 2p author.pub)
trust() { # PERMISSIONS REVOKED EXPIRES
	jq -n --arg key "$key" --argjson p "$1" --argjson revoked "$2" --argjson expires "$3" \
		'{_type: "kennel.trust/1", key: $key, label: "Author", expires: $expires, revoked: $revoked,
		  ceiling: {permissions: $p, runtimes: ["wasm"], native: false, jit: false, max_mem_mib: 64}}' \
		>"trust/$fingerprint.json"
}
mkdir -m 755 trust
trust '["readNotes"]' null null
check "a trusted key within its ceiling" "$kennel" bundle verify a.kennel --trust trust
trust '["useAI"]' null null
refused "beyond its ceiling" 12 "readNotes" "$kennel" bundle verify a.kennel --trust trust
trust '["readNotes"]' '{"at": 1, "reason": "compromise"}' null
refused "revoked" 11 E_KEY_REVOKED "$kennel" bundle verify a.kennel --trust trust
trust '["readNotes"]' null 1000000000
refused "expired" 11 E_KEY_EXPIRED "$kennel" bundle verify a.kennel --trust trust
rm trust/*
refused "no key in the folder" 11 E_UNTRUSTED "$kennel" bundle verify a.kennel --trust trust
exit "$failed"
