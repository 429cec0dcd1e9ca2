"""A real nginx or Caddy before a real upstream, configured by the snippets of docs/gateways.md.

The snippets are read from the document itself, so that what it shows is what runs here; only
addresses and certificates are put in their place.
"""

import http.client
import http.server
import os
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading

from latchkey_server import SOURCE, free_port

NAME = "latchkey.internal"
READ, WRITE = "license:read", "license:write"


def snippet(language, number):
    """The number-th fenced block of that language in docs/gateways.md."""
    with open(os.path.join(SOURCE, "docs", "gateways.md"), encoding="utf-8") as file:
        blocks = re.findall(rf"```{language}\n(.*?)```", file.read(), re.DOTALL)
    return blocks[number]


def replaced(text, old, new):
    """A snippet that no longer holds what the test replaces must fail, not pass untested."""
    if old not in text:
        raise AssertionError(f"docs/gateways.md has no {old!r} any more")
    return text.replace(old, new)


class Seen:
    """One request as the upstream got it."""

    def __init__(self, line, fields, body):
        self.method, self.target, _ = line.split(" ", 2)
        self.fields, self.body = fields, body

    def all(self, name):
        """Every value of a field, with - and _ taken for the same, as many back ends do."""
        wanted = name.lower().replace("_", "-")
        return [v for k, v in self.fields if k.lower().replace("_", "-") == wanted]


class Upstream:
    """The protected API: answers 200 to everything and remembers what reached it."""

    def __init__(self):
        self.seen = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outer.seen.append(Seen(self.requestline, self.headers.items(), body))
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = answer

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def take(self):
        """What arrived since the last call."""
        seen, self.seen = self.seen, []
        return seen

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(timeout=10)


class RawAnswer:
    def __init__(self, response, body):
        self.status, self.headers, self.body = response.status, response.headers, body


def send_raw(port, target, fields=(), method="GET", certificate=None, body=b""):
    """Sends a request line and fields exactly as given, which no HTTP library would."""
    lines = [f"{method} {target} HTTP/1.1", "Host: 127.0.0.1", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in fields]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    stream = socket.create_connection(("127.0.0.1", port), timeout=60)
    if certificate:
        stream = ssl.create_default_context(cafile=certificate).wrap_socket(
            stream, server_hostname="127.0.0.1")
    with stream:
        stream.sendall("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
        response = http.client.HTTPResponse(stream, method=method)
        response.begin()
        return RawAnswer(response, response.read())


def bearer(token):
    return [("Authorization", f"Bearer {token}")]


class Gateway:
    """Starts in a directory of its own; `certificate` is (certificate, key) or None."""

    def __init__(self, latchkey, upstream, client_tls=None):
        self.folder = tempfile.mkdtemp(prefix="latchkey-gateway-")
        self.port = free_port()
        self.latchkey, self.upstream, self.client_tls = latchkey, upstream, client_tls
        self.process = None

    def start(self):
        path = os.path.join(self.folder, "config")
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.config())
        self.output = open(os.path.join(self.folder, "output"), "w+", encoding="utf-8")
        self.process = subprocess.Popen(self.command(path), stdin=subprocess.DEVNULL,
                                        stdout=self.output, stderr=subprocess.STDOUT,
                                        env={**os.environ, "HOME": self.folder,
                                             "XDG_DATA_HOME": self.folder,
                                             "XDG_CONFIG_HOME": self.folder})
        pause = threading.Event()
        for _ in range(1200):
            if self.process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                pause.wait(0.05)
        words = self.words()
        self.stop()
        raise RuntimeError(f"{self.command(path)[0]} did not start:\n{words}")

    def words(self):
        self.output.flush()
        with open(self.output.name, encoding="utf-8") as file:
            return file.read()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=60)
        self.output.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def send(self, target, fields=(), method="GET", body=b""):
        certificate = self.client_tls[0] if self.client_tls else None
        return send_raw(self.port, target, fields, method, certificate, body)

    def with_addresses(self, text):
        text = replaced(text, "127.0.0.1:8080", f"127.0.0.1:{self.latchkey.port}")
        return replaced(text, "127.0.0.1:9000", f"127.0.0.1:{self.upstream.port}")


def admin_twin(text):
    """A second requirement, made from the documented one: /admin/ needs license:write."""
    for old, new in (("/licenses/", "/admin/"), ("license-read", "license-write"), (READ, WRITE)):
        text = text.replace(old, new)
    return text


class Nginx(Gateway):
    kDown = 500

    def command(self, path):
        return ["/usr/sbin/nginx", "-p", self.folder, "-c", path]

    def config(self):
        text = snippet("nginx", 0)
        listen = f"listen 127.0.0.1:{self.port}"
        if self.client_tls:
            listen += f" ssl; ssl_certificate {self.client_tls[0]}; " \
                      f"ssl_certificate_key {self.client_tls[1]}"
        text = replaced(text, "listen 127.0.0.1:8000", listen)
        if self.latchkey.tls:
            line = next(x for x in text.splitlines() if "proxy_pass http://latchkey/" in x)
            over_tls = replaced(snippet("nginx", 1), "/etc/latchkey/ca.pem", self.latchkey.tls[0])
            text = text.replace(line + "\n", over_tls)
        blocks = re.findall(r"^    location (?:/licenses/|= /_check).*?^    }\n", text,
                            re.DOTALL | re.MULTILINE)
        end = text.rindex("}")
        text = text[:end] + admin_twin("".join(blocks)) + text[end:]
        temporary = "".join(
            f"{kind}_temp_path {self.folder}/{kind};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        return f"""daemon off;
worker_processes 1;
error_log stderr;
pid {self.folder}/nginx.pid;
events {{ worker_connections 256; }}
http {{
access_log off;
{temporary}
{self.with_addresses(text)}
}}
"""


class Caddy(Gateway):
    kDown = 502

    def command(self, path):
        return ["/usr/bin/caddy", "run", "--adapter", "caddyfile", "--config", path]

    def config(self):
        text = snippet("caddyfile", 0)
        tls = f"\n\ttls {self.client_tls[0]} {self.client_tls[1]}" if self.client_tls else ""
        text = replaced(text, ":8000 {", f":{self.port} {{\n\tbind 127.0.0.1{tls}")
        if self.latchkey.tls:
            block = re.search(r"^\t\tforward_auth .*?^\t\t}\n", text, re.DOTALL | re.MULTILINE)[0]
            over_tls = replaced(snippet("caddyfile", 1), "/etc/latchkey/ca.pem",
                                self.latchkey.tls[0])
            text = text.replace(block, over_tls)
        route = re.search(r"^\troute .*?^\t}\n", text, re.DOTALL | re.MULTILINE)[0]
        text = text.replace(route, route + admin_twin(route))
        return "{\n\tadmin off\n\tauto_https off\n" \
               f"\tstorage file_system {self.folder}\n}}\n" + self.with_addresses(text)
