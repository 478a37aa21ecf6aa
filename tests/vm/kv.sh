#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a plugin remembers is there after a stop, a kill of its broker and of kenneld, and a removal; for itself alone.
# tests: runner/broker/kv.c
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
for need in kennel-js images/js.list; do
	[ -e "$KENNEL_BUILD/$need" ] || { echo "not ok $0: $KENNEL_BUILD/$need is not built; run: make all tests-build"; exit 1; }
done
for name in counter other; do
	mkdir "$B/$name"
	cat >"$B/$name/manifest.json" <<-JSON
		{ "name": "$name", "schemaVersion": "1.0", "version": "1.0.0", "entry": "main.js", "events": ["onCommandPalette"],
		  "permissions": ["storage"] }
	JSON
	cat >"$B/$name/main.js" <<-'JS'
		const ask = {
			count: async (host) => {
				const { value, version } = await host.kv.get({ key: "count" });
				await host.kv.put({ key: "count", value: (value ?? 0) + 1, ifVersion: version });
				return (value ?? 0) + 1;
			},
			peek: (host) => host.kv.list().then((all) => all.keys),
			race: (host) => Promise.allSettled([1, 2].map((n) => host.kv.put({ key: "race", value: n, ifVersion: 0 })))
				.then((both) => both.map((one) => one.reason?.code ?? 0)),
		};
		export const onCommandPalette = (event, host) => ask[event.command](host);
	JS
	pack "$name" "$name.kennel" one 1
done
host_prepare tests/vault
sed -i 's/"runtimes": \[[^]]*\]/"runtimes": ["wasm", "js"]/' "$HOST_DIR/kennel.json"
host_start || { not_ok "kenneld starts"; exit 1; }
trap 'host_stop >/dev/null 2>&1' EXIT
kennel trust add "$B/one.key.pub" --label one >/dev/null
answer() { kennel emit onCommandPalette --plugin "$1" --command "$2" --wait --json 2>&1 | jq -c '.results[0].text | fromjson? // .'; }
up() { wait_state "$1" up 60 || { not_ok "$1 is up" "$(kennel ps --json)"; exit 1; }; }
try "it is installed" kennel install "$B/counter.kennel" --grant storage
try "another, without the right" kennel install "$B/other.kennel"
up counter
up other
is "it counts" "1 2" "$(answer counter count) $(answer counter count)"
is "who came second hears it" '[0,1005]' "$(answer counter race)"
kennel stop counter >/dev/null
kennel start counter >/dev/null
up counter
is "over a stop" 3 "$(answer counter count)"
kill -KILL "$(pid_of kennel-broker)"
for _ in $(seq 200); do [ "$(state_of counter)" = up ] || break; sleep 0.1; done
up counter
is "over a kill of the broker" 4 "$(answer counter count)"
kill -KILL "$HOST_PID"
restart_host
up counter
is "over a kill of kenneld" 5 "$(answer counter count)"
kennel remove counter >/dev/null
kennel install "$B/counter.kennel" --grant storage >/dev/null
up counter
is "over a removal: its name stays its signer's" 6 "$(answer counter count)"
up other
is "without the right there is nothing" 1 "$(answer other peek | grep -c 'no permission storage')"
kennel grant other --add storage >/dev/null
up other
is "and with it, none of another's" '[]' "$(answer other peek)"
is "the files are the tenant's own" "$HOST_UID 600" "$(stat -c '%u %a' "$HOST_STATE/broker/default/kv/counter.json")"
host_stop
is "the log is whole" 0 "$(kennel audit verify >/dev/null; echo $?)"
exit 0
