#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# ask.py - kennel-fetch --serve with the test in the broker's place. Usage: ask.py KENNEL-FETCH CEILING [KEY]... <QUESTIONS
# A line of standard input is a message, sent as it is; "wait N" waits until N answers came, "sleep S" so long,
# "kill" ends kennel-fetch, "raw HEX" sends these bytes. What comes back is a line each; the last is "exit STATUS".
import os, select, signal, socket, struct, subprocess, sys, time

UID = 64103
ours, theirs = socket.socketpair()
given = [theirs.fileno(), os.open(sys.argv[2], os.O_RDONLY)] + [os.open(k, os.O_RDONLY) for k in sys.argv[3:]]
top = [os.dup2(fd, 60 + i) for i, fd in enumerate(given)]


def become():
    for i, fd in enumerate(top):
        os.dup2(fd, 3 + i)
    if os.geteuid() == 0 and not os.environ.get("ASK_AS_ROOT"):
        os.setgroups([])
        os.setresgid(UID, UID, UID)
        os.setresuid(UID, UID, UID)


child = subprocess.Popen([sys.argv[1], "--serve"], close_fds=False, preexec_fn=become, env={})
theirs.close()
os.close(60)
ours.settimeout(60)
inbox, answers = b"", 0


def take(seconds):
    """One message, or None when the time is up; "" at the end."""
    global inbox, answers
    until = time.monotonic() + seconds
    while True:
        if len(inbox) >= 4:
            n = struct.unpack("<I", inbox[:4])[0]
            if len(inbox) >= 4 + n:
                text, inbox = inbox[4:4 + n].decode(), inbox[4 + n:]
                if '"chunk"' not in text[:30]:
                    answers += 1
                return text
        left = until - time.monotonic()
        if left <= 0 or not select.select([ours], [], [], left)[0]:
            return None
        try:
            more = ours.recv(65536)
        except OSError:
            return ""
        if not more:
            return ""
        inbox += more


def show(seconds):
    text = take(seconds)
    if text:
        print(text if len(text) < 200000 else '%s... %d bytes' % (text[:200], len(text)), flush=True)
    return text


for line in sys.stdin:
    word, _, rest = line.strip().partition(" ")
    try:
        if word == "wait":
            while answers < int(rest):
                if not show(40):
                    print("no answer", flush=True)
                    break
        elif word == "sleep":
            until = time.monotonic() + float(rest)
            while time.monotonic() < until and show(until - time.monotonic()) != "":
                pass
        elif word == "kill":
            child.send_signal(signal.SIGKILL)
        elif word == "raw":
            ours.sendall(bytes.fromhex(rest))
        elif line.strip():
            data = line.strip().encode()
            ours.sendall(struct.pack("<I", len(data)) + data)
    except OSError:
        pass
try:
    ours.shutdown(socket.SHUT_WR)
except OSError:
    pass
while show(5):
    pass
try:
    print("exit %d" % child.wait(20))
except subprocess.TimeoutExpired:
    child.kill()
    print("it does not end")
