"""A small authority for tests: keys, tokens, lists, and a server that answers as it is told."""

import base64
import json
import threading
import time
import zlib
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

AUDIENCE = "licensing-api"
OWNER = "01a3b6b0-1111-7222-8333-944455566677"
TOKEN = "01a3b6c0-54a7-7c2e-8f0a-3d5b7e9c1a24"
OTHER = "01a3b6c0-ffff-7c2e-8f0a-3d5b7e9c1a24"
OPAQUE = "lkp_0123456789ABCDEFGHIJKLMNOPQRSTUVWX0TeJoD"


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Key:
    """An ES256 signing key with its kid."""

    def __init__(self, kid="k1"):
        self.kid, self.key = kid, ec.generate_private_key(ec.SECP256R1())

    def jwk(self):
        numbers = self.key.public_key().public_numbers()
        return {"kty": "EC", "crv": "P-256", "kid": self.kid, "alg": "ES256", "use": "sig",
                "x": base64url(numbers.x.to_bytes(32, "big")),
                "y": base64url(numbers.y.to_bytes(32, "big"))}

    def jws(self, header, claims):
        header = {"alg": "ES256", "kid": self.kid, **header}
        signed = ".".join(base64url(json.dumps(part).encode()) for part in (header, claims))
        r, s = decode_dss_signature(self.key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return signed + "." + base64url(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def frame(name, data, position=None):
    head = f"id: {position}\n" if position else ""
    return f"{head}event: {name}\ndata: {json.dumps(data)}\n\n".encode()


def now_text():
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def head(revision, since=None, epoch=1, at=None):
    return frame("head", {"from": revision + 1 if since is None else since, "to": revision,
                          "epoch": epoch, "revision": revision,
                          "at": at or now_text()})


def change(revision, *facts, since=None, epoch=1, at=None):
    return frame("change", {"from": revision if since is None else since, "to": revision,
                            "event": {"epoch": epoch, "revision": revision, "at": at or now_text(),
                                      "type": "token.changed", "data": {"facts": list(facts)}}},
                 f"{epoch}.{revision}")


def token_fact(token=TOKEN, state="active", **members):
    return {"kind": "token", "id": token, "owner": OWNER, "state": state, "allowed_ips": [],
            **members}


class Authority:
    """An HTTP server. `routes` maps "GET /path" to (status, headers, body) or to a function of the
    handler; what is not in it is the authority's own."""

    def __init__(self):
        self.key, self.statuses, self.routes, self.seen = Key(), {}, {}, []
        self.keys = [self.key]
        self.streams, self.stream_positions = [], []
        self.revision = 40
        self._lock = threading.Condition()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                outer._serve(self)

            do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass  # a client that hangs up is what some tests are about

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self._thread.daemon = True
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with self._lock:
            streams, self.streams = self.streams, []
        for stream in streams:
            stream.end()
        self.server.shutdown()
        self.server.server_close()

    def token(self, **changes):
        now = int(time.time()) - 60
        claims = {"aud": [AUDIENCE], "iat": now, "iss": self.url, "jti": TOKEN, "nbf": now,
                  "sub": OWNER, "exp": now + 7200, "scope": "license:read",
                  "status": {"status_list": {"idx": 7, "uri": self.url + "/status/0"}}, **changes}
        return self.key.jws({"typ": "JWT"}, {k: v for k, v in claims.items() if v is not None})

    def access_token(self, **changes):
        now = int(time.time()) - 60
        claims = {"aud": [AUDIENCE], "client_id": TOKEN, "sub": TOKEN, "exp": now + 3600,
                  "iat": now, "iss": self.url, "jti": "first", "scope": "license:read",
                  "client_key": base64url(b"\x5a" * 32), **changes}
        return self.key.jws({"typ": "at+jwt"},
                            {k: v for k, v in claims.items() if v != "leave out"})

    def status_list(self):
        entries = bytearray(256)
        for index, status in self.statuses.items():
            entries[index // 4] |= status << (index % 4 * 2)
        now = int(time.time())
        return self.key.jws({"typ": "statuslist+jwt"}, {
            "iss": self.url, "sub": self.url + "/status/0", "iat": now, "exp": now + 300,
            "ttl": 5, "status_list": {"bits": 2, "lst": base64url(zlib.compress(bytes(entries)))}})

    def key_set(self):
        return json.dumps({"keys": [key.jwk() for key in self.keys]}).encode()

    def requests_to(self, path):
        with self._lock:
            return [one for one in self.seen if one["path"].split("?")[0] == path]

    def wait_for_streams(self, count, timeout=60):
        with self._lock:
            if not self._lock.wait_for(lambda: len(self.stream_positions) >= count, timeout):
                raise AssertionError(f"only {len(self.stream_positions)} streams were opened")
            return self.streams[-1]

    def _serve(self, handler):
        length = int(handler.headers.get("Content-Length") or 0)
        body = handler.rfile.read(length)
        with self._lock:
            self.seen.append({"method": handler.command, "path": handler.path,
                              "headers": dict(handler.headers), "body": body})
        path = handler.path.split("?")[0]
        route = self.routes.get(f"{handler.command} {path}") or self._own(path)
        if callable(route):
            return route(handler)
        status, headers, content = route
        content = json.dumps(content).encode() if isinstance(content, (dict, list)) else content
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    def _own(self, path):
        if path == "/.well-known/jwks.json":
            return 200, {}, self.key_set()
        if path == "/status/0":
            return 200, {}, self.status_list().encode()
        if path == "/v1/events/stream":
            return self._stream
        if path == "/.well-known/oauth-authorization-server":
            return 200, {}, {"issuer": self.url, "token_endpoint": self.url + "/oauth2/token"}
        return 404, {}, {"code": "not_found", "detail": "there is nothing here"}

    def _stream(self, handler):
        handler.close_connection = True
        stream = OpenStream(handler)
        position = handler.headers.get("Last-Event-ID")
        stream.begin(head(self.revision) if position is None else b"")
        with self._lock:
            self.streams.append(stream)
            self.stream_positions.append(position)
            self._lock.notify_all()
        stream.wait()


class OpenStream:
    """One connection of the event stream, for a test to send on."""

    def __init__(self, handler):
        self._handler, self._ended = handler, threading.Event()

    def begin(self, first):
        self._handler.send_response(200)
        self._handler.send_header("Content-Type", "text/event-stream")
        self._handler.send_header("Transfer-Encoding", "chunked")
        self._handler.end_headers()
        self.send(first)

    def send(self, data):
        if data:
            self._handler.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
            self._handler.wfile.flush()

    def end(self):
        self._ended.set()

    def wait(self):
        self._ended.wait(60)


def wait_until(ask, timeout=60.0):
    """What `ask` gave when it was true; waits for what must come, instead of sleeping blindly."""
    deadline = time.monotonic() + timeout
    while True:
        found = ask()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError("it never came true")
        time.sleep(0.01)
