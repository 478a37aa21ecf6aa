#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# server.py - a server of a language model that does what the last message's text says: it answers, streams, is
# busy, breaks off, lies. Usage: server.py PORT|SOCKET LOG [FILE]; LOG gets a line of JSON for each request; FILE is
# the answer to whoever shows a list of titles.
import http.server, json, os, socket, socketserver, sys, threading, time

tries = {}
lock = threading.Lock()


def usage(p, a):
    return {"prompt_tokens": p, "completion_tokens": a, "total_tokens": p + a}


def whole(text, **more):
    return {"id": "x", "object": "chat.completion", "choices": [
        {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": usage(11, 7), **more}


def piece(text, finish=None):
    return {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}]}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *a):
        pass

    def address_string(self):
        return "-"

    def send(self, status, body, kind="application/json", **headers):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for k, v in headers.items():
            self.send_header(k.replace("_", "-"), v)
        self.end_headers()
        self.wfile.write(data)

    def stream(self, events, end=True):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for e in events:
            if isinstance(e, float):
                time.sleep(e)
                continue
            self.wfile.write(e if isinstance(e, bytes) else b"data: " + json.dumps(e).encode() + b"\n\n")
            self.wfile.flush()
        if end:
            self.wfile.write(b"data: [DONE]\n\n")
        self.close_connection = True

    def do_GET(self):
        self.send(200, whole("a redirect was followed"))

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        embed = self.path.endswith("/embeddings")
        text = asked["input"][0] if embed else asked["messages"][-1]["content"]
        word, _, rest = text.partition(" ")
        with lock:
            tries[text] = n = tries.get(text, 0) + 1
            with open(sys.argv[2], "a") as f:
                f.write(json.dumps({"path": self.path, "try": n, "auth": self.headers.get("Authorization"),
                                    "agent": self.headers.get("User-Agent"), "asked": asked}) + "\n")
        if text.startswith("Titles:") and len(sys.argv) > 3:
            self.send(200, whole(open(sys.argv[3]).read()))
            return
        getattr(self, "on_" + word, self.on_echo)(asked, rest, n)

    # ---- answers ----
    def on_echo(self, asked, rest, n):
        if asked.get("stream"):
            u = {"choices": [], "usage": usage(11, 7)}
            self.stream([piece("one "), b": a comment\r\n\r\n", piece("two"), piece("", "stop"), u])
        else:
            self.send(200, whole("echo: " + asked["messages"][-1]["content"]))

    def on_links(self, asked, rest, n):
        self.send(200, whole(rest))

    def on_null(self, asked, rest, n):
        self.send(200, whole(None))

    def on_uncounted(self, asked, rest, n):
        a = whole("12345678")
        del a["usage"]
        self.send(200, a)

    def on_busy(self, asked, rest, n):
        if n < 3:
            self.send(429, {"error": {"message": "busy"}}, Retry_After="1") if n == 1 else self.send(503, b"later")
        else:
            self.send(200, whole("at last"))

    def on_down(self, asked, rest, n):
        self.send(503, {"error": {"message": "down"}})

    def on_later(self, asked, rest, n):
        self.send(429, {"error": {"message": "tomorrow"}}, Retry_After="86400")

    def on_wrong(self, asked, rest, n):
        self.send(400, {"error": {"message": "bad key sk-secret-17\x1b[2J"}})

    def on_slow(self, asked, rest, n):
        time.sleep(float(rest))
        self.send(200, whole("slept"))

    def on_away(self, asked, rest, n):
        self.send(302, b"", Location="/elsewhere")

    def on_garbage(self, asked, rest, n):
        self.send(200, b"<html>{")

    def on_choiceless(self, asked, rest, n):
        self.send(200, {"choices": []})

    def on_deep(self, asked, rest, n):
        self.send(200, b'{"choices":' + b"[" * 100000 + b"]" * 100000 + b"}")

    def on_twice(self, asked, rest, n):
        self.send(200, b'{"choices":[],"choices":[{"message":{"content":"x"}}]}')

    def on_huge(self, asked, rest, n):
        self.send(200, whole("x" * (5 << 20)))

    def on_long(self, asked, rest, n):
        self.send(200, whole("\x01" * (900 << 10)))

    def on_lies(self, asked, rest, n):
        self.send(200, whole("cheap", usage={"prompt_tokens": -5, "completion_tokens": 1e300}))

    def on_cut(self, asked, rest, n):
        self.stream([piece("half ")], end=False)

    def on_stutter(self, asked, rest, n):
        if n > 1:
            self.on_echo(asked, rest, n)
            return
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b'data: {"choices":[],"half')
        self.close_connection = True

    def on_gives_up(self, asked, rest, n):
        self.stream([piece("half "), {"error": {"message": "cuda"}}])

    def on_goes_on(self, asked, rest, n):
        self.stream([piece("a", "stop"), b"data: [DONE]\n\n", piece("more")])

    def on_wide(self, asked, rest, n):
        self.stream([b"data: " + b"x" * (300 << 10) + b"\n\n"])

    def on_flood(self, asked, rest, n):
        self.stream([piece("y" * 1000) for _ in range(400)])

    def on_drip(self, asked, rest, n):
        self.stream([x for i in range(100) for x in (piece("%d " % i), 0.1)])

    # ---- vectors ----
    def vectors(self, data):
        self.send(200, {"object": "list", "data": data, "usage": {"prompt_tokens": 5, "total_tokens": 5}})

    def on_vectors(self, asked, rest, n):
        k = len(asked["input"])
        self.vectors([{"index": i, "embedding": [i, 0.5, -1e-7]} for i in reversed(range(k))])

    def on_fewer(self, asked, rest, n):
        self.vectors([{"index": 0, "embedding": [1]}])

    def on_same(self, asked, rest, n):
        self.vectors([{"index": 0, "embedding": [1]} for _ in asked["input"]])

    def on_words(self, asked, rest, n):
        self.vectors([{"index": i, "embedding": ["a"]} for i in range(len(asked["input"]))])

    def on_many(self, asked, rest, n):
        self.vectors([{"index": i, "embedding": [0] * 33000} for i in range(len(asked["input"]))])


class Tcp(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        pass  # who asked has gone


class Unix(Tcp):
    address_family = socket.AF_UNIX

    def server_bind(self):
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "unix", 0
        os.chmod(self.server_address, 0o666)

    def get_request(self):
        s, _ = self.socket.accept()
        return s, ("-", 0)


where = sys.argv[1]
(Tcp(("127.0.0.1", int(where)), Handler) if where.isdigit() else Unix(where, Handler)).serve_forever()
