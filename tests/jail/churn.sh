#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A plugin reads in a loop, through a rule and beside it, while the owner of the vault saves notes atomically, makes
# folders anew, moves a granted folder out and back, and lays links. What says "secret" never lies below the granted
# folder; so whoever reads it got it through a gap.
# tests: bpf/walk.bpf.h
. "$(dirname "$0")/lib.sh"
seconds=8
[ -z "${KENNEL_SOAK:-}" ] || seconds=18 # the driver waits no longer for an answer
make_host
start_kenneld || { not_ok "kenneld boots" "see above"; finish; }
make_plugin reader
id=$(id_of "$(d start acme reader "$HEX" 2 1 r:vault:Projects)")
[ -n "$id" ] || { not_ok "a plugin starts" "see above"; finish; }

python3 - "$VAULT" $((seconds + 4)) >"$J/churn" <<'PY' &
import os, shutil, sys, time

os.chdir(sys.argv[1])
end, rounds = time.time() + int(sys.argv[2]), 0

def save(path, text):  # as an editor does it
    with open(path + ".tmp", "w") as f:
        f.write(text)
    os.chown(path + ".tmp", 64400, 64400)
    os.replace(path + ".tmp", path)

while time.time() < end:
    rounds += 1
    save("Projects/a.md", "a note, %d\n" % rounds)
    save("Private/c.md", "secret %d\n" % rounds)
    # the granted folder goes where nothing is granted, and has a secret while it is there
    os.rename("Projects/sub", "Private/sub")
    save("Private/sub/b.md", "secret, moved\n")
    save("Private/sub/b.md", "deep\n")
    os.rename("Private/sub", "Projects/sub")
    # the folder beside it is made anew; its old inode is free for somebody else
    os.rename("Private", "Old")
    os.mkdir("Private")
    os.chown("Private", 64400, 64400)
    save("Private/c.md", "secret, anew\n")
    shutil.rmtree("Old")
    if os.path.lexists("Projects/link"):
        os.unlink("Projects/link")
    os.symlink("../Private", "Projects/link")
print(rounds)
PY
churn=$!
sleep 1
read -r granted leaks refused < <(tell "$id" "race $seconds")
wait "$churn"
echo "# $(cat "$J/churn") rounds of moves; granted texts read $granted, reads refused $refused, secrets seen $leaks"
is "no secret is read, however the folders are moved" 0 "$leaks"
if [ "${granted:-0}" -gt 100 ] && [ "${refused:-0}" -gt 100 ] && [ "$(cat "$J/churn")" -gt 20 ]; then ok "and there was enough to read and to move"; else
	not_ok "and there was enough to read and to move" "$granted read, $refused refused, $(cat "$J/churn") rounds"; fi
is "the granted folder is readable as before" "deep|" "$(tell "$id" read /vault/Projects/sub/b.md)"
d kill "$id" >/dev/null
d wait "$id" >/dev/null
stop_kenneld
finish
