#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The native rule: machine code runs only with three yeses (its key's, its tenant's, the operator's), runs
# jailed, is listed, and is stopped for good when the approval is taken back; all of it on record. Then a
# hostile native plugin, approved, tries to break out.
# tests: runner/supervise/methods_native.c runner/supervise/native.c runner/cli/cmd_native.c
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
for need in plugins/note-stats/bin/note-stats plugins/escape-artist-native/bin/escape-artist-native; do
	[ -x "$KENNEL_BUILD/$need" ] || { echo "not ok $0: $KENNEL_BUILD/$need is not built; run: make all tests-build"; exit 1; }
done
runtimes() { sed -i "s/\"runtimes\": \[[^]]*\]/\"runtimes\": [$1]/" "$HOST_DIR/kennel.json"; }
again() { host_stop >/dev/null 2>&1; host_start >/dev/null 2>&1; }
id_of() { "$KENNEL_BUILD/kennel" bundle show --json "$B/$1" | jq -r .bundleId; }
print_of() { "$KENNEL_BUILD/kennel" key show "$B/$1.key.pub" | awk '$1 == "fingerprint" { print $2 }'; }
reason_of() { kennel ps --json | jq -r --arg p "$1" '.plugins[] | select(.plugin == $p) | .reasonName // ""'; }
on_record() { grep -rhs "\"$1\"" "$HOST_STATE/audit" --include='*.jsonl' | wc -l; }
pack_native() { "$KENNEL_BUILD/kennel" bundle pack "$B/$1" --native -o "$B/$2" --key "$B/$3.key" --counter "$4" >/dev/null; }

cp -r "$KENNEL_BUILD/plugins/note-stats" "$B/note-stats"
cp -r "$KENNEL_BUILD/plugins/escape-artist-native" "$B/hostile"
refused "a program is not packed by accident" E_NATIVE 12 "$KENNEL_BUILD/kennel" bundle pack "$B/note-stats" -o "$B/no.kennel" --key "$B/two.key"
pack_native note-stats other.kennel one 9 # the same bytes would be the same bundle, whoever signs
pack_native note-stats first.kennel two 1
jq '.version = "1.1.0"' "$KENNEL_BUILD/plugins/note-stats/manifest.json" >"$B/note-stats/manifest.json"
pack_native note-stats second.kennel two 2
pack_native hostile hostile.kennel two 1
first=$(id_of first.kennel) second=$(id_of second.kennel) other=$(id_of other.kennel) key=$(print_of two)

host_prepare tests/vault
runtimes '"wasm", "native"'
host_start || { not_ok "kenneld starts"; exit 1; }
trap 'host_stop >/dev/null 2>&1' EXIT
rights=(--grant 'readNotes=Garden/**' --grant 'readMetadata=Garden/**')

# ---- three yeses ----
kennel trust add "$B/one.key.pub" --label plain >/dev/null
kennel trust add "$B/two.key.pub" --label native --native >/dev/null
kennel native approve "$other" >/dev/null
refused "a key that may not ship it: refused, though approved" E_CEILING 12 kennel install "$B/other.kennel" "${rights[@]}"
refused "nobody approved it" E_NATIVE 12 kennel install "$B/first.kennel" "${rights[@]}"
is "the refusal says what to do" 1 "$(kennel install "$B/first.kennel" 2>&1 | grep -c "kennel native approve $first")"
refused "the approval of another bundle" E_NATIVE 12 kennel install "$B/first.kennel" --approve-native "$other"
refused "there is no word for all" E_USAGE 2 kennel native approve all
refused "wasm has nothing to approve" E_USAGE 2 kennel install "$B/five.kennel" --approve-native "$key"
is "nothing of what was refused is left" "0 0" "$(staged) $(kennel ps --json | jq '.plugins | length')"

# ---- approved: it runs in the jail ----
kennel native approve "$first" --note 'read it twice' >/dev/null
try "approved, it is installed" kennel install "$B/first.kennel" "${rights[@]}"
is "it is up" up "$(state_of note-stats)"
answer=$(kennel emit onCommandPalette --command note-stats --plugin note-stats --wait --json | jq -r '.results[0].text')
is "it counts the notes it was granted" '[4,0]' "$(jq -c '[.notes,.unread]' <<<"$answer")"
refused "and no other note" E_REFUSED 126 kennel emit onNoteSave --note 'Daily/2026-05-02.md' --plugin note-stats --wait
pid=$(pid_of note-stats)
is "it is the program of its bundle" /plugin/bin/note-stats "$(tr '\0' '\n' <"/proc/$pid/cmdline" | head -n 1)"
is "nothing else but the image is executable" "/ /plugin" \
	"$(awk '$6 !~ /noexec/ { print $5 }' "/proc/$pid/mountinfo" | sort | tr '\n' ' ' | sed 's/ $//')"
is "it is listed" "bundle read it twice note-stats" \
	"$(kennel native list --json | jq -r --arg id "$first" '.approvals[] | select(.id == $id) | "\(.kind) \(.note) \(.plugins[0].plugin)"')"
is "explain says who let it in" 1 "$(kennel explain note-stats | grep -c 'yes approved by bundle id')"
refused "the next version was not approved" E_NATIVE 12 kennel install "$B/second.kennel"
is "the approved one runs on" "up 1.0.0" "$(state_of note-stats) $(kennel ps --json | jq -r '.plugins[0].version')"

# ---- taken back ----
is "revoking stops it" 1 "$(kennel native revoke "$first" --json | jq .stopped)"
wait_state note-stats stopped 30
is "it is stopped" "stopped E_NATIVE" "$(state_of note-stats) $(reason_of note-stats)"
try "nothing of it runs" nothing_runs
refused "it does not start again" E_NATIVE 12 kennel start note-stats
refused "what nobody approved cannot be taken back" E_NOT_FOUND 127 kennel native revoke "$first"
again
is "nor after a restart" "stopped E_NATIVE" "$(wait_state note-stats stopped 20; echo "$(state_of note-stats) $(reason_of note-stats)")"
is "explain says that nobody let it in" 1 "$(kennel explain note-stats | grep -c 'no  approved by nobody')"

# ---- a whole key ----
kennel native approve "$key" >/dev/null
try "approved by its key, it starts" kennel start note-stats
try "and the next version needs nothing more" kennel install "$B/second.kennel"
is "it is the key that is listed" key "$(kennel native list --json | jq -r --arg id "$key" '.approvals[] | select(.id == $id) | .kind')"
runtimes '"wasm"'
again
wait_state note-stats stopped 20
is "a tenant that runs none" "stopped E_CEILING" "$(state_of note-stats) $(reason_of note-stats)"
refused "refused, though approved and shipped" E_CEILING 12 kennel install "$B/first.kennel" --approve-native "$first"
runtimes '"wasm", "native"'
again
wait_state note-stats up 30
is "an approval survives a restart" "up 1.1.0" "$(state_of note-stats) $(kennel ps --json | jq -r '.plugins[0].version')"
kennel native revoke "$key" >/dev/null
wait_state note-stats stopped 30
is "revoking the key stops what it let in" stopped "$(state_of note-stats)"
try "approved with its installation" kennel install "$B/second.kennel" --approve-native "$second"
is "it is up again" up "$(state_of note-stats)"
is "approvals are on record" 4 "$(on_record native.approve)"
is "so are the ends of approvals" 3 "$(on_record native.revoke)"
is "refused installations too" yes "$([ "$(grep -rhs install.refused "$HOST_STATE/audit" | grep -c E_NATIVE)" -ge 3 ] && echo yes)"
refused "the version before it needs its own approval" E_NATIVE 12 kennel rollback note-stats
kennel native approve "$first" >/dev/null
try "and has it" kennel rollback note-stats
wait_state note-stats up 30
is "it runs" "up 1.0.0" "$(state_of note-stats) $(kennel ps --json | jq -r '.plugins[0].version')"
printf '{"_type":"kennel.native/1","approvals":"all"}' >"$HOST_STATE/supervisor/native.json"
kennel stop note-stats >/dev/null
refused "a damaged list lets nobody in" E_JSON_TYPE 10 kennel start note-stats
rm "$HOST_STATE/supervisor/native.json"

# ---- hostile, and approved ----
kennel remove note-stats >/dev/null
try "a hostile one is let in" kennel install "$B/hostile.kennel" --grant 'readNotes=Garden/**' --grant-files \
	--approve-native "$(id_of hostile.kennel)"
tests/lib/hostile native >"$HOST_DIR/hostile"
status=$?
sed 's/^/# /' "$HOST_DIR/hostile"
is "every hostile try of machine code is refused" 0 "$status"
host_stop
try "the log is intact" kennel audit verify
