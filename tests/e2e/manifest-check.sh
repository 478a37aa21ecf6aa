#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# manifest-check.sh - "kennel manifest" says where and what, and prints the schema that is installed; the
# manual page has every field. tests: runner/cli/cmd_manifest.c tools/pack/manifest.c tools/gen/schema_page.c
# shellcheck source=../lib/script.sh
. "$(dirname "$0")/../lib/script.sh"
need jq mandoc "$kennel" "$build/gen/kennel-manifest.schema.json" "$build/doc/kennel-manifest.5"

wants() { # NAME STATUS JQ-FILTER MANIFEST
	local out status
	out=$(printf '%s' "$4" | "$kennel" manifest check - --json 2>&1)
	status=$?
	[ "$status" = "$2" ] && jq -e "$3" >/dev/null <<<"$out"
	say $? "$1" "exit status $status: $(tr '\n' ' ' <<<"$out")"
}

base='"name":"a","schemaVersion":"1.0","version":"1.0.0","entry":"main.wasm","permissions":["readNotes"]'
wants "a good manifest is good" 0 '.ok and .name == "a" and .runtime == "wasm" and .permissions == ["readNotes"]' "{$base}"
wants "a refusal has its name, pointer and what was expected" 12 \
	'.ok == false and .error.name == "E_FILES_RULE" and .error.pointer == "/files/0/path" and (.error.message | contains("expected vault:/FOLDER"))' \
	"{$base,\"files\":[{\"path\":\"/etc\",\"access\":\"read\"}]}"
wants "an unknown key is named" 10 '.error.name == "E_JSON_KEY" and .error.pointer == "/limits/disk" and .error.exitStatus == 10' \
	"{$base,\"limits\":{\"disk\":1}}"
wants "what is no object has the pointer of the whole" 10 '.error.name == "E_JSON_TYPE" and .error.pointer == ""' '[]'
wants "what is no JSON has no pointer" 10 '.error.name == "E_JSON" and (.error | has("pointer") | not)' '{'
wants "a rule beyond the schema holds here" 12 '.error.name == "E_FILES_RULE"' \
	"{$base,\"files\":[{\"path\":\"vault:/a\",\"access\":\"read\"}]}"
wants "a file that is too long is refused" 10 '.error.name == "E_LIMIT"' "{$base}$(printf '%70000s' '')"

printf '{%s,"x":1}' "$base" >"$work/m.json"
said=$("$kennel" manifest check "$work/m.json" 2>&1)
[ $? = 10 ] && grep -q "E_JSON_KEY: $work/m.json: /x: unknown key" <<<"$said"
say $? "as text a refusal names file and place" "$said"
"$kennel" manifest check "$work/none" 2>/dev/null
[ $? = 13 ]
say $? "a missing file is exit status 13" "another"
"$kennel" manifest check "$work/m.json" x 2>/dev/null
[ $? = 2 ]
say $? "a second file is a usage error" "another exit status"

"$kennel" manifest schema | cmp - "$build/gen/kennel-manifest.schema.json"
say $? "the schema that is printed is the one that is installed" "they differ"

missing=
for key in $(jq -r '.properties | keys[], (.limits, .restart | .properties | keys[])' "$build/gen/kennel-manifest.schema.json"); do
	grep -qE "^\.It Cm $key( |$)" "$build/doc/kennel-manifest.5" || missing="$missing $key"
done
[ -z "$missing" ]
say $? "kennel-manifest(5) has every field" "not$missing"
sed -n '/^\.Bd -literal$/,/^\.Ed$/p' "$build/doc/kennel-manifest.5" | sed '/^\.Ed$/q' | grep -v '^\.' >"$work/example.json"
"$kennel" manifest check "$work/example.json" >/dev/null
say $? "its example is a good manifest" "refused"
said=$(mandoc -Tlint -Wwarning "$build/doc/kennel-manifest.5" 2>&1)
say $? "mandoc has nothing to say about it" "$said"
exit "$failed"
