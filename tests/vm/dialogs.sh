#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A plugin asks a person: found, shown and answered with kennel dialogs, whatever it writes; its event is not late
# meanwhile; nothing that was typed is in the log; what asks is gone with its plugin and with its broker.
# tests: runner/supervise/dialogs.c runner/supervise/brokerask.c runner/supervise/methods_undo.c
# tests: runner/cli/cmd_dialogs.c runner/cli/dialogform.c images/js/asking.c
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
for need in kennel-js images/js.list; do
	[ -e "$KENNEL_BUILD/$need" ] || { echo "not ok $0: $KENNEL_BUILD/$need is not built; run: make all tests-build"; exit 1; }
done

mkdir "$B/asker"
cat >"$B/asker/manifest.json" <<'JSON'
{ "name": "asker", "schemaVersion": "1.0", "version": "1.0.0", "entry": "main.js", "events": ["onCommandPalette"],
  "permissions": ["openDialog"], "limits": {"runtime": "4s", "cpu": 100} }
JSON
cat >"$B/asker/main.js" <<'JS'
const hostile = "\u001b[2J<script>alert(1)</script>";
const open = {
	move: (host) => host.ui.openDialog({
		title: "Where to?", message: "Two tasks are done.\nThey can go.",
		fields: [
			{ name: "folder", label: "Folder", required: true },
			{ name: "how", label: "How", kind: "choice", choices: ["move", "copy"], value: "move" },
			{ name: "all", label: "All of them", kind: "check" },
		],
		accept: "Go",
	}),
	escape: (host) => host.openDialog({ title: hostile }),
	markup: (host) => host.openDialog({
		title: "<script>alert(1)</script>", message: "https://example.org/%s%n $(reboot) `id`",
		fields: [{ name: "a", label: "</label><img src=x onerror=alert(1)>", value: "javascript:alert(1)" }],
	}),
	short: (host) => host.openDialog({ title: "Quick!", timeoutMs: 300 }),
	regret: (host) => {
		const regret = new AbortController();
		const asked = host.openDialog({ title: "Never mind" }, { signal: regret.signal });
		setTimeout(() => regret.abort(new Error("too slow")), 500);
		return asked.catch((error) => error.message);
	},
	five: (host) => Promise.all([1, 2, 3, 4, 5].map((n) => host.openDialog({ title: `Question ${n}` }))),
};
export const onCommandPalette = (event, host) => open[event.command](host);
JS
pack asker asker.kennel one 1

host_prepare tests/vault
sed -i 's/"runtimes": \[[^]]*\]/"runtimes": ["wasm", "js"]/' "$HOST_DIR/kennel.json"
host_start || { not_ok "kenneld starts"; exit 1; }
trap 'host_stop >/dev/null 2>&1' EXIT
kennel trust add "$B/one.key.pub" --label one >/dev/null
try "it is installed" kennel install "$B/asker.kennel" --grant openDialog
up() { # NAME: without it every question would be waited for in vain
	wait_state asker up 60 && ok "$1" && return
	not_ok "$1" "$(kennel ps --json)$(kennel logs asker 2>&1 | tail -n 5)"
	exit 1
}
up "it is up"

ask() { kennel emit onCommandPalette --plugin asker --command "$1" --wait --json >"$B/answer" 2>&1 & asked=$!; }
answer() { # sets got: what the handler returned, when it has
	wait "$asked"
	got=$(jq -c '.results[0] | [.ok, (.text | fromjson? // .)]' "$B/answer")
}
waiting() { kennel dialogs list --json | jq '.dialogs | length'; }
wait_dialog() { # sets id; COUNT of them
	for _ in $(seq 400); do
		[ "$(waiting)" = "${1:-1}" ] && break
		sleep 0.1
	done
	id=$(kennel dialogs list --json | jq '.dialogs[0].id')
}
nobody_waits() { # as soon as the broker has told
	for _ in $(seq 200); do
		[ "$(waiting)" = 0 ] && break
		sleep 0.1
	done
	waiting
}

# ---- the usual way ----
is "nobody asks at first" "no plugin asks anything" "$(kennel dialogs list)"
ask move
wait_dialog
is "a dialog is listed" "asker Where to?" "$(kennel dialogs list --json | jq -r '.dialogs[] | "\(.plugin) \(.dialog.title)"')"
is "and told to who follows" "Where to?" "$(kennel events --json | jq -r '(.events // .)[] | select(.kind == "dialog") | .text' | tail -n 1)"
is "it is shown with its fields" "  Where to?
  | Two tasks are done.
  | They can go.
  folder (line, required): Folder
  how (choice): How [move]
      move
      copy
  all (check): All of them [false]" "$(kennel dialogs show "$id" | tail -n +2)"
refused "what must be filled in is" E_JSON_VALUE 10 kennel dialogs answer "$id" how=copy
refused "a choice is one of those" E_JSON_VALUE 10 kennel dialogs answer "$id" folder=x how=burn
refused "a field that is not there" E_USAGE 2 kennel dialogs answer "$id" folder=x other=y
refused "a check is true or false" E_USAGE 2 kennel dialogs answer "$id" folder=x all=perhaps
refused "no values with a no" E_USAGE 2 kennel dialogs answer "$id" folder=x --decline
refused "another dialog" E_NOT_FOUND 127 kennel dialogs answer 999 folder=x
refused "no number" E_USAGE 2 kennel dialogs show "$id"x
sleep 5 # longer than its event may run
is "it still waits" 1 "$(waiting)"
is "a person answers" answered "$(kennel dialogs answer "$id" folder=Secret-Folder-17 all=true)"
answer
is "the plugin has it, and is not late" '[true,{"action":"accept","values":{"all":true,"folder":"Secret-Folder-17","how":"move"}}]' \
	"$got"
is "it is up, as before" "up 0" "$(kennel ps --json | jq -r '.plugins[0] | "\(.state) \(.restarts)"')"
refused "it is answered once" E_NOT_FOUND 127 kennel dialogs answer "$id" folder=x
is "on record: asked, and how it ended" "cap.intent cap.done dialog.end" \
	"$(cat "$HOST_STATE"/audit/*/*.jsonl | jq -r 'select(.method == "ui.openDialog") | .ev' | paste -sd ' ')"
is "what was typed is not in the log" 0 "$(cat "$HOST_STATE"/audit/*/*.jsonl | grep -c Secret-Folder)"

# ---- by typing, and no ----
ask move
wait_dialog
printf 'Typed\n\ntrue\n' >"$B/typed"
is "at a terminal each field is asked for" answered \
	"$(script -qec "'$KENNEL_BUILD/kennel' dialogs answer $id --run '$HOST_DIR/run'" /dev/null <"$B/typed" | tr -d '\r' | tail -n 1 | sed 's/.*answered/answered/')"
answer
is "what was typed, and what stood there" '[true,{"action":"accept","values":{"all":true,"folder":"Typed","how":"move"}}]' "$got"
ask move
wait_dialog
is "a person may say no" declined "$(kennel dialogs answer "$id" --decline)"
answer
is "the plugin hears it" '[true,{"action":"decline","values":{}}]' "$got"
ask short
answer
is "nobody in time" '[true,{"action":"timeout","values":{}}]' "$got"
is "then nothing waits" 0 "$(nobody_waits)"

ask regret
answer
is "a plugin that aborts waits no more" '[true,"too slow"]' "$got"
is "and neither does the dialog" 0 "$(nobody_waits)"

# ---- hostile ----
ask escape
answer
is "control characters are refused" "false" "$(jq '.[0]' <<<"$got")"
ask markup
wait_dialog
shown=$(kennel dialogs show "$id"; kennel dialogs list)
is "markup is text" 2 "$(grep -cF '<script>alert(1)</script>' <<<"$shown")"
is "so are addresses, formats and commands" 1 "$(grep -cF 'https://example.org/%s%n $(reboot) `id`' <<<"$shown")"
try "and it can be answered" kennel dialogs answer "$id" 'a=<b>"$(id)'
answer
is "with any text" '<b>"$(id)' "$(jq -r '.[1].values.a' <<<"$got")"
ask five
wait_dialog 4
is "one plugin asks four at once" 4 "$(waiting)"

# ---- what is gone ----
kennel stop asker >/dev/null
is "with the plugin its questions are gone" 0 "$(nobody_waits)"
wait "$asked"
kennel start asker >/dev/null
up "it starts again"
ask move
wait_dialog
kill -KILL "$(pid_of kennel-broker)"
is "with the broker too" 0 "$(nobody_waits)"
wait "$asked"
up "the plugin comes back"
ask move
wait_dialog
is "and asks again, under another number" yes "$([ "$id" -gt 4 ] && echo yes)"
try "the right is taken back" kennel grant asker --revoke
is "with it the question is gone" 0 "$(nobody_waits)"
host_stop
is "the log is whole" 0 "$(kennel audit verify >/dev/null; echo $?)"
exit 0
