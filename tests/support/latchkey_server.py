"""A real Latchkey server for a test: its own data directory, free ports, stopped at the end.

    with LatchkeyServer() as server:
        server.cli("whoami")

The binary is $LATCHKEY_BINARY. Nothing here sleeps for a fixed time: it waits for what it needs.
"""

import fcntl
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import urllib.error
import urllib.request

EMAIL = "admin@example.com"
PASSWORD = "correct horse battery staple"
SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LICENSING = os.path.join(SOURCE, "examples", "catalogues", "licensing.toml")
PIPELINES = os.path.join(SOURCE, "examples", "catalogues", "pipelines.toml")
BINARY = os.environ.get("LATCHKEY_BINARY", os.path.join(SOURCE, "build", "dev", "latchkey"))


# A byte for each port, locked by the program that has it.
PORTS = os.open(os.path.join(tempfile.gettempdir(), f"latchkey-test-ports-{os.getuid()}"),
                os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
TAKEN = set()


def free_port():
    """One that stays free until it is listened at: other tests beside this one do not get it, and
    it is below those that the kernel gives to connections."""
    for port in random.sample(range(20000, 32000), 500):
        try:
            fcntl.lockf(PORTS, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        if port not in TAKEN:
            TAKEN.add(port)
            return port
    raise RuntimeError("no port is free")


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class LatchkeyServer:
    def __init__(self, data=None, args=(), environment=None, setup=True, tls=None, start=True):
        self.scratch = tempfile.mkdtemp(prefix="latchkey-test-")
        self.data = data or os.path.join(self.scratch, "data")
        self.args = list(args)
        self.setup = setup
        self.extra_environment = environment or {}
        self.tls = tls  # (certificate, key)
        self.port, self.ops_port = free_port(), free_port()
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://127.0.0.1:{self.port}"
        self.ops_url = f"http://127.0.0.1:{self.ops_port}"
        self.process = None
        self.output, self.errors = [], []
        if start:
            self.start()

    def environment(self):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("LATCHKEY_")}
        environment["LATCHKEY_CONFIG_DIR"] = os.path.join(self.scratch, "config")
        environment["LATCHKEY_SERVER"] = self.url
        environment["TZ"] = "UTC"
        if self.setup:
            environment["LATCHKEY_SETUP_EMAIL"] = EMAIL
            environment["LATCHKEY_SETUP_PASSWORD"] = PASSWORD
        environment.update(self.extra_environment)
        return environment

    def command(self):
        command = [BINARY, "serve", "--data", self.data, "--listen", f"127.0.0.1:{self.port}",
                   "--ops-listen", f"127.0.0.1:{self.ops_port}"]
        if self.tls:
            command += ["--tls-cert", self.tls[0], "--tls-key", self.tls[1]]
        return command + self.args

    def start(self, timeout=60):
        """Returns when `ready` was printed; raises with the server's words when it ends first."""
        self.process = subprocess.Popen(self.command(), env=self.environment(), text=True,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        ready = threading.Event()
        self.readers = [
            threading.Thread(target=self._read, args=(self.process.stdout, self.output, None)),
            threading.Thread(target=self._read, args=(self.process.stderr, self.errors, ready)),
        ]
        for reader in self.readers:
            reader.daemon = True
            reader.start()
        if not ready.wait(timeout) or self.process.poll() is not None:
            code = self.process.poll()
            self.kill()
            raise RuntimeError(f"the server did not start (exit {code}): {''.join(self.errors)}")

    @staticmethod
    def _read(stream, lines, ready):
        for line in stream:
            lines.append(line)
            if ready and line.strip() == "ready":
                ready.set()
        if ready:
            ready.set()

    def stop(self):
        """SIGTERM; returns the exit code."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self._wait()

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
        return self._wait()

    def _wait(self):
        if not self.process:
            return None
        code = self.process.wait(timeout=60)
        for reader in self.readers:
            reader.join(timeout=10)
        self.process.stdout.close()
        self.process.stderr.close()
        return code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.stop()
        finally:
            shutil.rmtree(self.scratch, ignore_errors=True)

    def cli(self, *args, stdin="", check=True, environment=None):
        """Runs the command line against this server; returns the CompletedProcess."""
        done = subprocess.run([BINARY, *args], input=stdin, text=True, capture_output=True,
                              env={**self.environment(), **(environment or {})}, timeout=120)
        if check and done.returncode != 0:
            raise AssertionError(f"latchkey {' '.join(args)} exited {done.returncode}\n"
                                 f"{done.stdout}{done.stderr}")
        return done

    def login(self):
        self.cli("login", "--email", EMAIL, "--password-stdin", stdin=PASSWORD + "\n")

    def request(self, method, path, body=None, token=None, headers=None):
        url = path if "://" in path else self.url + path
        data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        request = urllib.request.Request(url, data=data, method=method)
        if data is not None:
            request.add_header("Content-Type", "application/json")
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        opener = urllib.request.build_opener(NoRedirect, urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=60) as answer:
                return Answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.headers, error.read())

    def session(self):
        """A CLI session's secret, for calls that a person may make."""
        answer = self.request("POST", "/v1/session",
                              {"email": EMAIL, "password": PASSWORD, "kind": "cli"})
        assert answer.status == 201, answer.body
        return answer.json()["session"]
