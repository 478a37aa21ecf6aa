#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# trust-page.sh - kennel-trust(5) says what the code does: every limit with its number, every refusal that the code
# of trust can give with its exit status, and no other; and files made from the page alone are taken.
# shellcheck disable=SC2013 # the names have no spaces
# shellcheck source=../lib/script.sh
. "$(dirname "$0")/../lib/script.sh"
need mandoc minisign jq b2sum "$kennel" "$build/kennel-loader" "$build/kennel-pack" "$build/tests-vm/malice-drive"
page=runner/doc/kennel-trust.5

number_of() { # .It Dv NAME Ta NUMBER Ta …
	sed -nE "s/^\.It Dv $1 Ta ([0-9]+) Ta .*/\1/p" "$page"
}
# ---- limits ----
value_of() { # NAME: what the compiler sees
	local text
	text=$(printf '#include "bundle/trust.h"\n#include "bundle/revocations.h"\nVALUE %s\n' "$1" |
		gcc -E -P -Irunner - | sed -n 's/^VALUE //p' | sed -E 's/([0-9a-fA-F])(ull|u)/\1/g')
	[[ $text =~ [A-Za-z_]{3} ]] || echo $((text))
}
names=$(sed -nE 's/^\.It Dv ([A-Z0-9_]+) Ta [0-9]+ Ta .*/\1/p' "$page" | grep -v '^E_')
[ "$(grep -c '' <<<"$names")" -ge 9 ]
say $? "the page has a table of limits" "only $names"
for name in $names; do
	is "$name" "$(value_of "$name")" "$(number_of "$name")"
done
for name in $(sed -nE 's/^#define ((TRUST|STATEMENT|REVOCATIONS)_[A-Z0-9_]*)[ \t].*/\1/p' runner/base/limits.h \
	runner/bundle/trust.h runner/bundle/revocations.h | grep -v '_TYPE$'); do
	grep -qx "$name" <<<"$names"
	say $? "the page has $name" "it has not"
done
for key in $(sed -n '/^static int parse_document/,/^}/p;/^static int parse_ceiling/,/^}/p' runner/bundle/trust.c |
	grep -oE '"[a-z_]+"' | tr -d '"' | sort -u); do
	grep -qE "^\.It Ql $key Ta " "$page"
	say $? "the page has the key $key" "it has not"
done

# ---- refusals ----
table() { # NAME STATUS of every error
	sed -nE 's/^[ \t]*X\((ERR_[A-Z0-9_]+), "(E_[A-Z0-9_]+)", ([0-9]+)\).*/\1 \2 \3/p' runner/base/err.h
}
code="runner/bundle/trust.c runner/bundle/statement.c runner/bundle/rotate.c runner/bundle/revocations.c
	runner/supervise/trusted.c runner/supervise/vouched.c runner/supervise/distrust.c runner/supervise/revoked.c
	runner/base/json.c tools/pack/state.c"
# shellcheck disable=SC2086 # a list of files
given=$(cat $code | grep -oE '\bERR_[A-Z0-9_]+' | sort -u |
	grep -vxE 'ERR_(OK|COUNT|NOMEM|INTERNAL|NOT_FOUND|SYS)') # of any program
while read -r err name status; do
	grep -qx "$err" <<<"$given" || continue
	is "$name has its exit status" "$status" "$(number_of "$name")"
done < <(table)
for name in $(grep -oE '\bE_[A-Z0-9_]+' "$page" | sort -u); do
	is "$name of the page is one of ours" "$(table | awk -v n="$name" '$2 == n { print $3 }')" "$(number_of "$name")"
done
lint=$(mandoc -Tlint -W warning "$page" 2>&1 | grep -F "$page")
is "mandoc has nothing to say" "" "$lint"

# ---- written by the page, with stock tools ----
cd "$work" || exit 1
for k in old new lists; do check "minisign -G $k" minisign -G -W -f -p $k.pub -s $k.key; done
fingerprint() { sed -n 2p "$1.pub" | base64 -d | tail -c 32 | b2sum -l 256 | cut -d' ' -f1; }
trust_file() { # NAME FOR
	jq -n --arg key "$(sed -n 2p "$1.pub")" --arg for "$2" '{_type: "kennel.trust/1", key: $key, label: "by hand", for: [$for],
		ceiling: {permissions: ["readNotes"], runtimes: ["wasm"], network: false}}' >"trust/$(fingerprint "$1").json"
}
sign() { # NAME FILE: one signature of its first line more, as the page spells it
	head -n 1 "$2" >line
	minisign -S -q -s "$1.key" -m line -x sig </dev/null
	{ echo 'untrusted comment: kennel'; tail -n +2 sig; } >>"$2"
}
ask() { # JOB FILE: the loader's verdict
	"$build/tests-vm/malice-drive" "$build/kennel-loader" "$1" "$2" trust | cut -d' ' -f1
}
mkdir trust && trust_file old bundles && trust_file lists revocations && chmod -R go-w trust
jq -ncS --arg from "$(fingerprint old)" --arg to "$(sed -n 2p new.pub)" \
	'{_type: "kennel.rotate/1", from: $from, issued: 1800000000, to: $to}' >rotation
sign old rotation && sign new rotation
is "a rotation made by the page is taken" E_OK "$(ask rotate rotation)"
jq -ncS --arg k "$(fingerprint old)" '{_type: "kennel.revocations/1", entries: [{key: $k, reason: "compromise"}],
	expires: 1900000000, issued: 1800000000, serial: 1}' >list
sign lists list
is "a list made by the page is taken" E_OK "$(ask revocations list)"
check "its fingerprint is that of kennel key show" test "$(fingerprint old)" = "$("$kennel" key show old.pub --json | jq -r .fingerprint)"
sed -i 's/compromise/superseded/' list
is "and with another word in it no more" E_SIGNATURE "$(ask revocations list)"
exit "$failed"
