#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A native plugin of the SDK on the wire, with a host played from a table: note-stats counts what it
# reads, asks again when it is told to wait, answers ping, and obeys a cancelled event.
# tests: tools/sdk/c/kennel_wire.c tools/sdk/c/kennel_json.c images/plugins/note-stats/main.c
# shellcheck source=../lib/script.sh
. "$(dirname "$0")/../lib/script.sh"
drive=$build/tests-vm/wiredrive plugin=$build/plugins/note-stats/bin/note-stats
need jq python3 "$drive" "$plugin"
after() { sed -n "s/^$1 result //p" <<<"$out" | jq -c "$2"; }

cat >"$work/answers.json" <<'JSON'
{ "notes.read": {"byNote": {
    "a.md": {"result": {"text": "# A\n\nTwo words [[B]]\n- [ ] open\n- [x] done\n```\n# not [[this]]\n```\n"}},
    "b.md": {"error": {"code": 1002, "message": "outside"}} }},
  "notes.list": [ {"error": {"code": 1003, "message": "later"}},
    {"result": {"notes": [{"path": "a.md"}, {"path": "b.md"}], "cursor": "c\u00e9\"1"}},
    {"result": {"notes": [{"path": "a.md"}]}} ],
  "log.write": {"result": {}} }
JSON
out=$("$drive" -c "$work/answers.json" "$plugin" 'onNoteSave={"note":{"path":"a.md"}}')
is "it is ready" '{"ready":true}' "$(after initialize .)"
is "it counts a note" '[1,17,1,1,1,1]' "$(after onNoteSave '[.notes,.words,.headings,.links,.openTasks,.doneTasks]')"
is "it logs what it counted" 'a.md: 17 words, 1 links, 1 open tasks' "$(sed -n 's/^call log.write //p' <<<"$out" | jq -r .message)"
is "it ends when the wire is closed" "exit 0" "$(tail -n 1 <<<"$out")"
out=$("$drive" -c "$work/answers.json" "$plugin" 'onNoteSave={"note":{"path":"b.md"}}')
is "a note that is refused fails its event" 1 "$(grep -c '^onNoteSave error .*"the note cannot be read"' <<<"$out")"
out=$("$drive" -c "$work/answers.json" "$plugin" 'onCommandPalette={"command":"note-stats"}')
is "it waits when it is told to, and reads every page" '[2,34,1]' "$(after onCommandPalette '[.notes,.words,.unread]')"
is "a cursor goes back as it came" '"cé\"1"' "$(sed -n 's/^call notes.list //p' <<<"$out" | tail -n 1 | jq .cursor)"
out=$("$drive" -c "$work/answers.json" "$plugin" onNothing)
is "an event without a handler is refused" 1 "$(grep -c '^onNothing error .*-32601' <<<"$out")"
out=$("$drive" -n "$plugin" 'onNoteSave={"note":{"path":"a.md"}}')
is "nothing comes before initialize" 1 "$(grep -c '^onNoteSave error .*-32600' <<<"$out")"

# ---- frames by hand: ping, cancel, shutdown, and what is no message ----
cat >"$work/wire.py" <<'PY'
import json, socket, struct, subprocess, sys
ours, theirs = socket.socketpair()
child = subprocess.Popen(["bash", "-c", 'exec "$0" 3<&%d 3>&%d' % (theirs.fileno(), theirs.fileno()), sys.argv[1]],
                         pass_fds=[theirs.fileno()])
theirs.close()
ours.settimeout(20)
def send(m):
    b = json.dumps(m).encode()
    ours.sendall(struct.pack("<I", len(b)) + b)
def take(n):
    b = b""
    while len(b) < n:
        part = ours.recv(n - len(b))
        if not part:
            return None
        b += part
    return b
def receive():
    h = take(4)
    return json.loads(take(struct.unpack("<I", h)[0])) if h else None
def event(i, method, ev, ms=9000):
    send({"jsonrpc": "2.0", "id": i, "method": method, "params": {"event": ev, "_meta": {"deadlineMs": ms}}})
send({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocol": "1.0"}})
receive()
event(2, "onNoteSave", {"note": {"path": "a.md"}})
call = receive()
send({"jsonrpc": "2.0", "id": 3, "method": "$/ping", "params": {}})
print("ping", receive()["id"])
event(4, "onNoteSave", {"note": {"path": "c.md"}})
send({"jsonrpc": "2.0", "method": "$/cancel", "params": {"id": 4, "reason": "late"}})
m = receive()
print("waiting", m["id"], m["error"]["code"])
send({"jsonrpc": "2.0", "method": "$/cancel", "params": {"id": 2, "reason": "late"}})
m = receive()
print("running", m["id"], "error" in m)
event(5, "onNoteSave", {"note": {"path": "a.md"}}, 300)
receive()
m = receive()
print("deadline", m["id"], "error" in m)
send({"jsonrpc": "2.0", "id": call["id"], "result": {"text": "too late"}})
send({"jsonrpc": "2.0", "method": "$/shutdown", "params": {}})
print("shutdown", receive(), child.wait(20))
PY
out=$(timeout 60 python3 "$work/wire.py" "$plugin" 2>&1)
is "a ping is answered while a call is open" "ping 3" "$(grep ^ping <<<"$out")"
is "an event cancelled before it began" "waiting 4 1006" "$(grep ^waiting <<<"$out")"
is "an event cancelled while it runs" "running 2 True" "$(grep ^running <<<"$out")"
is "an event whose time is over" "deadline 5 True" "$(grep ^deadline <<<"$out")"
is "it ends when it is told to" "shutdown None 0" "$(grep ^shutdown <<<"$out")"
exit "$failed"
