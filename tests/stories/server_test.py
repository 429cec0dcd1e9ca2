"""Starting, stopping and watching `latchkey serve`."""

import json
import os
import re
import signal
import socket
import sqlite3
import stat
import subprocess
import time
import unittest

from latchkey_server import EMAIL, PASSWORD, LatchkeyServer
from programs import make_certificate
from waiting import poll_until


class Start(unittest.TestCase):
    def server(self, **options):
        server = LatchkeyServer(**options)
        self.addCleanup(server.__exit__)
        return server

    def refuses(self, server, code, *words):
        """Starting exits with `code`, says the words on stderr, and prints nothing else."""
        done = subprocess.run(server.command(), env=server.environment(), text=True,
                              capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertNotIn("ready", done.stderr)
        self.assertNotIn("Sanitizer", done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)
        return done.stderr

    def stopped(self, **options):
        """A server that was started once, and stopped."""
        server = self.server(**options)
        self.assertEqual(server.stop(), 0)
        return server

    def test_a_wrong_flag_is_named(self):
        for args, words in ((["--lisen", "x"], ["--lisen", "did you mean --listen?"]),
                            (["extra"], ["serve takes no argument \"extra\""]), (["--workers", "many"], ["--workers"]),
                            (["--workers"], ["--workers needs a value"]),
                            (["--listen", "nonsense"], ["--listen", "ADDRESS:PORT"]),
                            (["--issuer", "ftp://x"], ["--issuer", "URL"]),
                            (["--tls-cert", "x"], ["error: --tls-cert:", "--tls-key go together"]),
                            (["--tls-cert", "x", "--tls-key", "y"], ["--tls-cert:", "certificate x"]),
                            (["--listen", "192.0.2.1:80", "--insecure-http"],
                             ["error: --listen: cannot listen on 192.0.2.1:80"]),
                            (["--trusted-proxies", "10.0.0.0/99"], ["trusted-proxies"]),
                            (["--log-level", "loud"], ["--log-level", "debug, info"])):
            with self.subTest(args=args):
                self.refuses(self.server(start=False, args=args), 2, *words)

    def test_a_wrong_variable_is_named(self):
        server = self.server(start=False, environment={"LATCHKEY_WORKERS": "-1"})
        self.refuses(server, 2, "LATCHKEY_WORKERS")

    def test_a_wrong_key_in_the_file_is_named_with_its_line(self):
        server = self.server(start=False)
        file = os.path.join(server.scratch, "latchkey.toml")
        server.args = ["--config", file]
        for text, words in (("# ok\nworkers = 1\nlisten_on = \"x\"\n", ["line 3", "listen_on"]),
                            ("workers = 1\nlog_level = \"loud\"\n", ["line 2", "log_level"]),
                            ("workers = [1\n", ["line"]),
                            ("tls_key = \"k\"\n", ["line 1: tls_key: a key needs its"]),
                            ("# ok\n[[listener]]\naddress = \"0.0.0.0:1\"\ndialect = \"cape\"\n",
                             ["line 3: listener.address: without TLS", "--insecure-http"])):
            with self.subTest(text=text):
                with open(file, "w", encoding="utf-8") as opened:
                    opened.write(text)
                self.refuses(server, 2, file, *words)
        os.remove(file)
        self.refuses(server, 2, file)

    def test_flag_before_environment_before_file(self):
        server = self.server(start=False, environment={"LATCHKEY_LOG_LEVEL": "loud"})
        file = os.path.join(server.scratch, "latchkey.toml")
        with open(file, "w", encoding="utf-8") as opened:
            opened.write("issuer = \"https://from-file.example\"\nworkers = 1\n")
        server.args = ["--config", file, "--issuer", "https://from-flag.example/"]
        server.extra_environment = {"LATCHKEY_ISSUER": "https://from-environment.example"}
        server.start()
        self.assertEqual(json.loads(server.cli("status", "--json").stdout)["issuer"],
                         "https://from-flag.example")

    def test_a_port_in_use_is_named(self):
        server = self.server(start=False)
        for port in (server.port, server.ops_port):
            with socket.socket() as taken:
                taken.bind(("127.0.0.1", port))
                taken.listen()
                self.refuses(server, 1, f"127.0.0.1:{port}", "in use")
        # One address may begin like another: the whole of it counts.
        server.port = server.ops_port // 10
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", server.ops_port))
            taken.listen()
            self.refuses(server, 1, f"error: --ops-listen: 127.0.0.1:{server.ops_port} is in use")

    def test_another_issuer_is_refused_with_the_remedy(self):
        server = self.stopped(args=["--issuer", "https://a.example"])
        server.args = ["--issuer", "https://b.example"]
        self.refuses(server, 2, "error: --issuer: ", "https://a.example", "hint:")
        file = os.path.join(server.scratch, "latchkey.toml")
        self.write(file, "# ours\nissuer = \"https://c.example\"\n")
        server.args = ["--config", file]
        self.refuses(server, 2, f"{file} line 2: issuer: ", "https://a.example")
        server.args = []
        server.start()

    def test_any_port_becomes_the_issuer_of_a_first_start_and_stays_it(self):
        server = self.server(start=False, args=["--listen", "127.0.0.1:0"])
        issuers = []
        for _ in range(2):
            server.output.clear()
            server.start()
            server.url = poll_until(
                lambda: re.search(r"answers at (http://127\.0\.0\.1:[1-9]\d*)\n",
                                  "".join(server.output)), bool)[1]
            issuers.append(json.loads(server.cli("status", "--json").stdout)["issuer"])
            if len(issuers) == 1:
                self.assertEqual(issuers[0], server.url)
                self.assertIn(f'"{server.url}/', server.request("GET", "/check")
                              .headers["WWW-Authenticate"])
            self.assertEqual(server.stop(), 0)
        self.assertEqual(issuers[1], issuers[0])

    def test_an_issuer_where_nobody_can_be_reached_is_warned_of(self):
        for args, is_warned in (([], True), (["--issuer", "https://id.example"], False)):
            with self.subTest(args=args):
                server = self.server(start=False)
                server.args = ["--insecure-http", "--listen", f"0.0.0.0:{server.port}", *args]
                server.start()
                server.stop()
                said = "".join(server.errors)
                self.assertEqual(f"the issuer is http://0.0.0.0:{server.port}" in said, is_warned)
                self.assertEqual("--issuer URL" in said, is_warned)

    def test_the_portal_is_told_when_the_operator_does_without_tls(self):
        server = self.server(start=False)
        for args in ([], ["--insecure-http"]):
            with self.subTest(args=args):
                server.args = args
                server.start()
                page = server.request("GET", "/login").body.decode()
                self.assertEqual("<html data-insecure-http " in page, bool(args))
                server.stop()

    def test_an_ops_listener_that_others_reach_is_warned_of(self):
        server = self.server(start=False)
        for args, is_warned in (([], True), (["--insecure-http"], False)):
            with self.subTest(args=args):
                server.errors.clear()
                server.args = ["--ops-listen", f"0.0.0.0:{server.ops_port}", *args]
                server.start()
                self.assertEqual(server.request("GET", server.ops_url + "/healthz").status, 200)
                server.stop()
                self.assertEqual("--ops-listen: health and metrics at 0.0.0.0"
                                 in "".join(server.errors), is_warned)

    def test_the_key_encryption_key_must_be_there_right_and_private(self):
        server = self.stopped()
        kek = os.path.join(server.data, "kek")
        self.assertEqual(stat.S_IMODE(os.stat(kek).st_mode), 0o600)
        with open(kek, encoding="ascii") as opened:
            right = opened.read()
        with self.subTest("readable by others"):
            os.chmod(kek, 0o644)
            self.refuses(server, 2, "others may read", f"chmod 600 {kek}")
            os.chmod(kek, 0o600)
        with self.subTest("wrong"):
            self.write(kek, "00" * 32)
            self.assertNotIn("00" * 32, self.refuses(server, 2, "key-encryption key"))
        with self.subTest("no key at all"):
            self.write(kek, "short")
            self.refuses(server, 2, "64 hexadecimal digits")
        with self.subTest("missing"):
            os.remove(kek)
            self.refuses(server, 2, kek, "LATCHKEY_KEK_FILE")
            self.assertFalse(os.path.exists(kek), "a new one would hide the loss")
        with self.subTest("from the environment"):
            server.extra_environment = {"LATCHKEY_KEK": right.strip()}
            server.start()

    @staticmethod
    def write(file, text):
        with open(file, "w", encoding="ascii") as opened:
            opened.write(text)

    def test_a_damaged_database_is_not_touched(self):
        server = self.stopped()
        file = os.path.join(server.data, "latchkey.db")
        with open(file, "rb") as opened:
            good = opened.read()
        half = good[:len(good) // 2 + 17]
        for name, damaged in (("no database", b"x" * len(good)), ("cut", half),
                              ("a page of noise", good[:8192] + os.urandom(len(good) - 8192))):
            with self.subTest(name):
                with open(file, "wb") as opened:
                    opened.write(damaged)
                self.refuses(server, 1, "latchkey admin restore")
                with open(file, "rb") as opened:
                    self.assertEqual(opened.read(), damaged)

    def test_a_lost_database_is_no_first_start(self):
        server = self.stopped()
        file = os.path.join(server.data, "latchkey.db")
        os.remove(file)
        for name in ("missing", "empty"):
            with self.subTest(name):
                self.refuses(server, 1, file, "latchkey admin restore", "--data")
                self.assertEqual(os.path.exists(file), name == "empty")
            self.write(file, "")
        server.data += "-anew"
        server.start()

    def test_a_database_of_a_newer_version_is_not_touched(self):
        server = self.stopped()
        file = os.path.join(server.data, "latchkey.db")
        database = sqlite3.connect(file)
        database.execute("UPDATE settings SET value = '9999' WHERE key = 'schema'")
        database.commit()
        database.close()
        with open(file, "rb") as opened:
            before = opened.read()
        self.refuses(server, 1, "newer Latchkey", "9999")
        with open(file, "rb") as opened:
            self.assertEqual(opened.read(), before)

    def test_a_data_directory_belongs_to_one_process(self):
        first = self.server()
        second = self.server(start=False, data=first.data)
        self.refuses(second, 1, "in use by another Latchkey process", str(first.process.pid))
        self.assertEqual(first.request("GET", first.ops_url + "/healthz").status, 200)

    def test_plain_http_stays_on_this_machine(self):
        server = self.server(start=False)
        address = f"0.0.0.0:{server.port}"
        server.args = ["--listen", address]
        self.refuses(server, 2, "0.0.0.0", "--tls-cert", "--insecure-http")
        self.assertFalse(os.path.exists(server.data))
        server.args += ["--insecure-http"]
        server.start()

    def test_the_setup_link_works_once_and_dies_with_a_restart(self):
        server = self.server(setup=False)
        codes = []
        for _ in range(2):
            link = poll_until(lambda: re.search(r"^Setup: (\S+)/setup#(\S+)\n.*30 minutes",
                                                "".join(server.output), re.M), bool)
            self.assertEqual(link.group(1), server.url)
            codes.append(link.group(2))
            if len(codes) == 1:
                self.assertEqual(server.stop(), 0)
                server.output.clear()
                server.start()
        body = {"email": "a@example.com", "password": "a perfectly fine passphrase"}
        old = server.request("POST", "/v1/setup", {**body, "code": codes[0]})
        self.assertEqual((old.status, old.json()["code"]), (403, "bad_setup_code"))
        good = server.request("POST", "/v1/setup", {**body, "code": codes[1]})
        self.assertEqual(good.status, 201, good.body)
        again = server.request("POST", "/v1/setup", {**body, "code": codes[1]})
        self.assertEqual((again.status, again.json()["code"]), (409, "already_set_up"))
        server.stop()
        server.output.clear()
        server.start()
        server.stop()  # then all of its output has been read
        self.assertIn("answers at", "".join(server.output))
        self.assertNotIn("Setup:", "".join(server.output))

    def test_the_first_administrator_from_a_password_file(self):
        server = self.server(setup=False, start=False)
        file = os.path.join(server.scratch, "password")
        server.extra_environment = {"LATCHKEY_SETUP_EMAIL": EMAIL,
                                    "LATCHKEY_SETUP_PASSWORD_FILE": file}
        self.refuses(server, 2, file)
        self.write(file, PASSWORD + "\n")
        server.start()
        server.login()
        server.stop()  # then all of its output has been read
        self.assertIn("answers at", "".join(server.output))
        self.assertNotIn("Setup:", "".join(server.output))
        os.remove(file)
        server.start()
        self.assertIn("administrator", server.cli("whoami").stdout)

    def test_a_short_password_is_refused(self):
        self.refuses(self.server(start=False, environment={"LATCHKEY_SETUP_PASSWORD": "short"}), 2,
                     "password")

    def test_sigterm_ends_it_while_a_slow_client_is_connected(self):
        server = self.server()
        slow = socket.create_connection(("127.0.0.1", server.port))
        self.addCleanup(slow.close)
        slow.sendall(b"POST /v1/session HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        began = time.monotonic()
        self.assertEqual(server.stop(), 0)
        # Ten are promised; its client may take twenty for what he sends.
        self.assertLess(time.monotonic() - began, 10 + 5)
        self.assertNotIn("Sanitizer", "".join(server.errors))

    def test_sighup_takes_a_new_certificate_and_keeps_the_old_one_when_it_is_bad(self):
        server = self.server(start=False)
        pair = [os.path.join(server.scratch, name) for name in ("cert.pem", "key.pem")]
        make_certificate(*pair, "one.example")
        server.tls = pair
        server.url = f"https://127.0.0.1:{server.port}"
        server.start()
        self.assertIn("one.example", self.subject(server))
        done = server.cli("status", "--cacert", pair[0])
        self.assertIn("reachable  yes", done.stdout)
        self.assertEqual(server.cli("status", check=False).returncode, 8)
        make_certificate(*pair, "two.example")
        server.process.send_signal(signal.SIGHUP)
        poll_until(lambda: self.subject(server), lambda text: "two.example" in text)
        self.write(pair[0], "no certificate")
        server.process.send_signal(signal.SIGHUP)
        poll_until(lambda: "".join(server.errors), lambda text: "certificate is not used" in text)
        self.assertIn("two.example", self.subject(server))

    @staticmethod
    def subject(server):
        done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}"],
                              input="", text=True, capture_output=True, timeout=60)
        return done.stdout


class Watching(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = LatchkeyServer(args=["--log-level", "debug"])
        cls.addClassCleanup(cls.server.__exit__)

    def ops(self, path):
        return self.server.request("GET", self.server.ops_url + path)

    def test_health_and_readiness(self):
        self.assertEqual((self.ops("/healthz").status, self.ops("/healthz").body), (200, b"ok\n"))
        self.assertEqual((self.ops("/readyz").status, self.ops("/readyz").body), (200, b"ready\n"))
        verbose = self.ops("/readyz?verbose").body.decode()
        for part in ("store", "changes", "replica", "signing key", "disk space"):
            self.assertIn(f"[+]{part} ok\n", verbose)
        self.assertEqual(self.server.request("GET", "/metrics").status, 404,
                         "metrics are for the ops listener alone")
        self.assertEqual(self.ops("/v1/tokens").status, 404)

    def test_a_database_that_another_program_keeps_locked_is_said(self):
        with LatchkeyServer() as server:
            def ready(query=""):
                return server.request("GET", f"{server.ops_url}/readyz{query}")

            def change():
                return server.request("POST", "/v1/tokens", {"name": "a", "api": "latchkey"},
                                      token=session).status
            session = server.session()
            self.assertEqual(change(), 201)
            self.assertEqual(ready().body, b"ready\n")
            other = sqlite3.connect(os.path.join(server.data, "latchkey.db"),
                                    isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            self.assertEqual(change(), 503)
            self.assertEqual((ready().status, ready().body),
                             (200, b"ready, but the last change was refused: "
                                   b"the database is busy\n"))
            self.assertIn("[+]store ok\n[-]changes failed\n", ready("?verbose").body.decode())
            other.execute("ROLLBACK")
            other.close()
            self.assertEqual(change(), 201)
            self.assertEqual(ready().body, b"ready\n")

    def test_being_asked_changes_nothing(self):
        with LatchkeyServer() as server:
            def commits():
                metrics = server.request("GET", f"{server.ops_url}/metrics").body.decode()
                return int(re.search(r"^latchkey_store_commits_total (\d+)$", metrics, re.M)[1])
            before = commits()
            for _ in range(50):
                server.request("GET", f"{server.ops_url}/readyz")
            # A second's write or a minute's may fall in between.
            self.assertLess(commits() - before, 25)

    def test_metrics_are_well_formed(self):
        self.server.request("GET", "/check")
        answer = self.ops("/metrics")
        self.assertEqual(answer.headers["Content-Type"],
                         "text/plain; version=0.0.4; charset=utf-8")
        text = answer.body.decode()
        self.assertTrue(text.endswith("\n"))
        types, seen, last = {}, set(), None
        sample = re.compile(r'([a-z_]+)(\{[a-z]+="[^"\\\n]*"(,[a-z]+="[^"\\\n]*")*\})? (\S+)')
        for line in text.splitlines():
            with self.subTest(line=line):
                if line.startswith("# HELP "):
                    last = line.split()[2]
                    self.assertNotIn(last, types, "a family comes once")
                elif line.startswith("# TYPE "):
                    _, _, name, kind = line.split()
                    self.assertEqual(name, last)
                    self.assertIn(kind, ("counter", "gauge", "histogram", "summary"))
                    types[name] = kind
                else:
                    match = sample.fullmatch(line)
                    self.assertIsNotNone(match)
                    self.assertEqual(match[1], last)
                    float(match[4])
                    self.assertNotIn((match[1], match[2]), seen)
                    seen.add((match[1], match[2]))
        for name, kind in types.items():
            self.assertEqual(name.endswith("_total"), kind == "counter", name)
        self.assertIn("latchkey_verify_store_queries_total 0\n", text)
        self.assertRegex(text, r"\nlatchkey_http_connections_total [1-9]")
        for reason in ("idle", "unsent"):
            self.assertIn(f'latchkey_http_connections_closed_total{{reason="{reason}"}} 0\n', text)

    def test_log_lines_are_json_when_nobody_watches(self):
        with LatchkeyServer(args=["--log-level", "debug"]) as server:
            server.request("POST", "/v1/session", {"email": EMAIL, "password": "wrong"})
            self.assertEqual(server.stop(), 0)
        entries = [json.loads(line) for line in server.errors if line.strip() != "ready"]
        for entry in entries:
            self.assertEqual(list(entry)[:3], ["ts", "level", "msg"])
        self.assertIn("stopping", [entry["msg"] for entry in entries])


if __name__ == "__main__":
    unittest.main()
