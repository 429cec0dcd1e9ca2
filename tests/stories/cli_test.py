"""The command line against a real server: what stands on stdout and stderr, and how it exits."""

import concurrent.futures
import json
import os
import re
import subprocess
import tempfile
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from latchkey_server import BINARY, EMAIL, LICENSING, PASSWORD, PIPELINES
from latchkey_terminal import Terminal
from story import Story
from waiting import poll_until

UNKNOWN_ID = "7VgsDiH8jBPtiFiGXPvsxk"
JWT = r"[\w-]+\.[\w-]+\.[\w-]+"
OPAQUE = r"lkp_[0-9A-Za-z]{40}"


class Upstream(ThreadingHTTPServer):
    """A protected API that writes down what it was asked; /away redirects."""

    daemon_threads = True

    def __init__(self):
        self.seen = []
        super().__init__(("127.0.0.1", 0), Upstream.Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    class Handler(BaseHTTPRequestHandler):
        def answer(self):
            length = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(length).decode()
            self.server.seen.append((self.command, self.path, dict(self.headers), body))
            status = {"/away": 302, "/secret": 403}.get(self.path, 200)
            self.send_response(status)
            if status == 302:
                self.send_header("Location", self.server.away)
            self.end_headers()
            self.wfile.write(f"echo {body}".encode())

        do_GET = do_POST = do_PUT = answer

        def log_message(self, *_):
            pass


class TokenStories(Story):
    def test_create_prints_the_secret_alone_on_stdout(self):
        done = self.cli("token", "create", "-n", "ci", "--api", "latchkey")
        self.assertRegex(done.stdout, rf"\ASuccess! Your token: {JWT}\n\Z")
        self.assertIn("cannot be shown again", done.stderr)
        self.assertIn("default scopes: account:read token:read", done.stderr)
        self.assertNotRegex(done.stderr, JWT)

    def test_quiet_gives_the_secret_and_json_one_object(self):
        done = self.cli("token", "create", "-n", "ci", "-q", "--kind", "opaque")
        self.assertRegex(done.stdout, rf"\A{OPAQUE}\n\Z")
        self.assertEqual(done.stderr, "")
        made = self.create("-n", "ci", "-d", "for the builds", "-e", "2099-01-31")
        self.assertEqual(made["name"], "ci")
        self.assertEqual(made["description"], "for the builds")
        self.assertEqual(made["kind"], "jwt")
        self.assertTrue(made["expiresAt"].startswith("2099-01-31T"), made["expiresAt"])
        self.assertRegex(made["token"], rf"\A{JWT}\Z")

    def test_a_star_scope_warns(self):
        done = self.cli("token", "create", "-n", "all", "-s", "*", "--api", "latchkey")
        self.assertIn("warning: the scope *", done.stderr)

    def test_a_scope_that_is_not_there_gets_a_suggestion_and_makes_nothing(self):
        before = self.cli("token", "list", "--json", "--all").stdout
        error = self.fails(6, "token", "create", "-n", "x", "--api", "latchkey", "-s", "tokn:read")
        self.assertIn("no scope tokn:read", error)
        self.assertIn("hint: did you mean token:read?", error)
        self.assertEqual(self.cli("token", "list", "--json", "--all").stdout, before)

    def test_an_expiry_that_cannot_be(self):
        for text, code, words in (("2020-01-01", 6, "past"), ("10000-01-01", 6, "9999"),
                                  ("tomorrow", 2, "write 90m"), ("", 2, "--expiry"),
                                  ("-5d", 2, "")):
            with self.subTest(expiry=text):
                error = self.fails(code, "token", "create", "-n", "x", f"--expiry={text}")
                self.assertIn(words, error)

    def test_a_name_that_cannot_be(self):
        for name, words in (("a\x1b[31mb", "name: control characters"), ("x" * 10240, "100"),
                            ("", "a name is needed"), ("a\nb", "name: control characters"),
                            ("a\u202eb", "direction marks")):
            with self.subTest(name=name[:10]):
                error = self.fails(6, "token", "create", "-n", name)
                self.assertIn(words, error)
                self.assertNotIn("\x1b", error)

    def test_a_missing_name_is_an_error_that_names_the_flag(self):
        self.assertIn("--name", self.fails(2, "token", "create", "--no-input"))

    def test_kinds_and_apis_that_are_not_there(self):
        self.assertIn("needs --public-key-file",
                      self.fails(2, "token", "create", "-n", "x", "--kind", "key"))
        self.assertIn("takes jwt", self.fails(2, "token", "create", "-n", "x", "--kind", "ssh"))
        self.assertIn("no API nope", self.fails(6, "token", "create", "-n", "x", "--api", "nope"))

    def test_delete_says_so_and_the_secret_stops_at_once(self):
        made = self.create("-n", "gone", "--api", "latchkey")
        self.assertEqual(self.cli("whoami", "--token", made["token"]).returncode, 0)
        done = self.cli("token", "delete", made["id"])
        self.assertEqual(done.stdout, f"Deleted token {made['id']}\n")
        error = self.fails(4, "token", "list", "--token", made["token"])
        self.assertIn("does not accept the token of --token", error)
        self.assertNotIn(made["token"], error)
        listed = json.loads(self.cli("token", "list", "--state", "all", "--json").stdout)
        self.assertNotIn(made["id"], [token["id"] for token in listed])

    def test_an_unknown_id_is_not_found(self):
        for verb in ("get", "delete", "revoke", "suspend", "resume"):
            with self.subTest(verb=verb):
                self.assertIn("no such token", self.fails(3, "token", verb, UNKNOWN_ID))

    def test_many_ids_go_on_after_a_failure(self):
        first, second = (self.create("-n", f"many-{i}")["id"] for i in range(2))
        done = self.cli("token", "rm", first, UNKNOWN_ID, second, check=False)
        self.assertEqual(done.returncode, 10)
        self.assertEqual(done.stdout, f"Deleted token {first}\nDeleted token {second}\n")
        self.assertIn(f"error: {UNKNOWN_ID}: there is no such token", done.stderr)

    def test_revoke_keeps_it_listed_as_revoked(self):
        made = self.create("-n", "leaky")
        done = self.cli("token", "revoke", made["id"], "--reason", "leaked")
        self.assertEqual(done.stdout, f"Revoked token {made['id']}\n")
        shown = json.loads(self.cli("token", "get", made["id"], "--json").stdout)
        self.assertEqual((shown["state"], shown["reason"]), ("revoked", "leaked"))
        self.assertNotIn("token", shown)
        self.assertIn("for ever", self.fails(6, "token", "resume", made["id"]))

    def test_suspend_and_resume(self):
        made = self.create("-n", "pause", "--api", "latchkey")
        self.cli("token", "suspend", made["id"])
        self.assertEqual(self.cli("token", "verify", made["token"], check=False).stdout,
                         "not valid: suspended\n")
        self.cli("token", "resume", made["id"])
        self.assertEqual(self.cli("token", "verify", made["token"]).stdout, "active\n")

    def test_update_changes_the_name(self):
        made = self.create("-n", "old name")
        self.cli("token", "update", made["id"], "-n", "new name")
        shown = self.cli("token", "get", made["id"]).stdout
        self.assertIn("new name", shown)
        self.assertRegex(shown, r"(?m)^owner +\w{22}$")

    def test_an_expired_token_is_refused(self):
        made = self.create("-n", "short", "-e", "1s", "--api", "latchkey")
        done = poll_until(lambda: self.cli("token", "verify", made["token"], check=False),
                          lambda done: done.returncode == 1)
        self.assertEqual(done.stdout, "not valid: expired\n")
        self.assertIn("expired", self.fails(4, "token", "list", "--token", made["token"]))
        listed = json.loads(self.cli("token", "list", "--state", "expired", "--json").stdout)
        self.assertIn(made["id"], [token["id"] for token in listed])

    def test_verify_answers_by_exit_code(self):
        token = self.create("-n", "v", "--api", "latchkey", "-s", "token:read")["token"]
        self.assertEqual(self.cli("token", "verify", "-", stdin=token + "\n").stdout, "active\n")
        self.assertEqual(self.cli("token", "verify", token, "-q").stdout, "")
        done = self.cli("token", "verify", token, "--scope", "token:write", check=False)
        self.assertEqual((done.returncode, done.stdout),
                         (1, "not valid: insufficient_scope (missing token:write)\n"))
        done = self.cli("token", "verify", "lkp_" + "A" * 40, "--json", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertFalse(json.loads(done.stdout)["valid"])
        self.assertIn("is no scope", self.fails(2, "token", "verify", token, "--scope", "nonsense"))

    def test_verify_answers_for_a_project(self):
        self.cli("project", "create", "verified")
        self.cli("project", "create", "foreign")
        token = self.create("-n", "for one project", "--api", "pipelines", "--project", "verified",
                            "-s", "read:*")["token"]
        done = self.cli("token", "verify", token, "--project", "verified", "--scope", "read:all")
        self.assertEqual(done.stdout, "active\n")
        done = self.cli("token", "verify", token, "--project", "foreign", "--scope", "read:all",
                        check=False)
        self.assertEqual((done.returncode, done.stdout),
                         (1, "not valid: insufficient_scope (missing read:all)\n"))
        for about in ((), ("--project", "verified")):
            self.cli("token", "verify", token, "--api", "pipelines", *about)
            done = self.cli("token", "verify", token, "--api", "latchkey", *about, check=False)
            self.assertEqual((done.returncode, done.stdout), (1, "not valid: wrong_audience\n"))
        self.assertIn("there is no project",
                      self.fails(3, "token", "verify", token, "--project", "nowhere"))
        self.assertIn("names need a login", self.cli(
            "token", "verify", token, "--project", "verified", check=False,
            environment={"LATCHKEY_CONFIG_DIR": tempfile.mkdtemp(dir=self.server.scratch),
                         "LATCHKEY_SERVER": self.server.url}).stderr)

    def test_a_verifier_is_told_why_not(self):
        self.cli("user", "create", "--machine", "-n", "gateway", "--role", "verifier",
                 "--verifies", "pipelines")
        users = json.loads(self.cli("user", "list", "--json").stdout)
        owner = [user["id"] for user in users if user["name"] == "gateway"][0]
        verifier = self.create("-n", "gateway", "--api", "latchkey", "-s", "token:verify",
                               "--owner", owner)["token"]
        made = self.create("-n", "p", "--api", "pipelines", "-s", "read:*")
        ask = ["token", "verify", made["token"], "--token", verifier, "--api", "pipelines"]
        self.assertEqual(self.cli(*ask, "-s", "read:pipeline").stdout, "active\n")
        done = self.cli(*ask, "-s", "create:pipeline", check=False)
        self.assertEqual((done.returncode, done.stdout),
                         (1, "not valid: insufficient_scope (missing create:pipeline)\n"))
        self.cli("token", "revoke", made["id"])
        self.assertEqual(self.cli(*ask, check=False).stdout, "not valid: revoked\n")
        foreign = self.create("-n", "f", "--api", "latchkey")["token"]
        done = self.cli("token", "verify", foreign, "--token", verifier, check=False)
        self.assertEqual((done.returncode, done.stdout), (1, "not valid: unknown\n"))


class ListStories(Story):
    def test_the_empty_list_says_how_to_make_one_and_the_table_is_exact(self):
        self.assertEqual(self.cli("token", "list").stdout,
                         "No tokens found. You can create tokens with latchkey token create\n")
        first = self.create("-n", "ci", "-d", "Ünïcode 日本")
        second = self.create("-n", "deploy")
        short = {}
        for token in (first, second):
            shown = self.cli("token", "get", token["id"]).stdout
            short[token["id"]] = re.search(r"^id +(\S+)$", shown, re.M).group(1)
        month = dict(zip("01 02 03 04 05 06 07 08 09 10 11 12".split(),
                         "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()))

        def when(token):
            year, number, rest = token["createdAt"].split("-")
            return f"{month[number]} {rest[:2]} {year} {rest[3:8]}"

        expected = (
            "┌────────────────────────┬────────┬──────────────┬───────────────────┐\n"
            "│ ID                     │ NAME   │ DESCRIPTION  │ CREATED AT        │\n"
            "├────────────────────────┼────────┼──────────────┼───────────────────┤\n"
            f"│ {short[second['id']]} │ deploy │              │ {when(second)} │\n"
            f"│ {short[first['id']]} │ ci     │ Ünïcode 日本 │ {when(first)} │\n"
            "└────────────────────────┴────────┴──────────────┴───────────────────┘\n")
        self.assertEqual(self.cli("token", "list").stdout, expected)
        self.assertEqual(self.cli("token", "ls").stdout, expected)
        wide = self.cli("token", "list", "--wide").stdout
        self.assertIn("│ CREATED AT        │ LAST USED │ EXPIRES │", wide)
        self.assertIn("│ Never     │ Never   │", wide)
        lines = self.cli("token", "list", "--json", "-q").stdout.splitlines()
        self.assertEqual([json.loads(line)["name"] for line in lines], ["deploy", "ci"])
        by_name = self.cli("token", "list", "--json", "--sort", "name").stdout
        self.assertEqual([token["name"] for token in json.loads(by_name)], ["ci", "deploy"])
        one = self.cli("token", "list", "--limit", "1", "--json")
        self.assertEqual(len(json.loads(one.stdout)), 1)
        self.assertIn("there are more", one.stderr)
        self.assertIn("no state", self.fails(2, "token", "list", "--state", "dead"))
        self.assertIn("above zero", self.fails(2, "token", "list", "--limit", "0"))

        with self.subTest("at a terminal the table fits its width"):
            self.table_at_a_terminal()

    def table_at_a_terminal(self):
        for columns, six in ((160, True), (80, False), (60, False)):
            with Terminal([BINARY, "token", "list"], self.server.environment(), columns) as tty:
                text = tty.read_all()
            self.assertEqual(tty.code, 0, text)
            widths = {len(line) + line.count("日") + line.count("本")
                      for line in text.splitlines() if line}
            self.assertEqual(len(widths), 1, text)
            self.assertLessEqual(max(widths), columns)
            self.assertEqual("LAST USED" in text, six, text)


class CredentialStories(Story):
    def test_login_whoami_logout(self):
        elsewhere = {"LATCHKEY_CONFIG_DIR": os.path.join(self.server.scratch, "second")}
        error = self.fails(4, "whoami", environment=elsewhere)
        self.assertIn(f"hint: run latchkey login --server {self.server.url}", error)
        done = self.cli("login", "--email", EMAIL, "--password-stdin", stdin=PASSWORD + "\n",
                        environment=elsewhere)
        self.assertEqual(done.stdout, f"Logged in to {self.server.url} as {EMAIL}\n")
        file = os.path.join(elsewhere["LATCHKEY_CONFIG_DIR"], "credentials.json")
        self.assertEqual(os.stat(file).st_mode & 0o777, 0o600)
        self.assertIn(EMAIL, self.cli("whoami", environment=elsewhere).stdout)
        with open(file, encoding="utf-8") as opened:
            session = re.search(r"lks_\w+", opened.read()).group(0)
        self.assertEqual(self.cli("logout", environment=elsewhere).stdout,
                         f"Logged out of {self.server.url}\n")
        self.assertIn("not logged in", self.fails(4, "logout", environment=elsewhere))
        self.assertEqual(self.server.request("GET", "/v1/users/me", token=session).status, 401)

    def test_a_wrong_password_and_an_unknown_account_answer_alike(self):
        texts = [self.fails(4, "login", "--email", email, "--password-stdin", stdin="wrong\n")
                 for email in (EMAIL, "nobody@example.com")]
        self.assertEqual(texts[0], texts[1])
        self.assertIn("the e-mail address or the password is wrong", texts[0])
        self.assertIn("admin@example.com", self.cli("whoami").stdout, "the old login stays")

    def test_a_session_is_no_token(self):
        self.assertNotIn("lks_", self.cli("token", "list", "--state", "all", "--json").stdout)

    def test_the_ways_to_give_a_token(self):
        token = self.create("-n", "ways", "--api", "latchkey")["token"]
        file = os.path.join(self.server.scratch, "token.txt")
        with open(file, "w", encoding="utf-8") as opened:
            opened.write(token + "\n")
        ways = [(["--token", token], "", {}), ([f"--token={token}"], "", {}),
                (["--token-file", file], "", {}), (["--token-file", "-"], token + "\n", {}),
                ([], "", {"LATCHKEY_TOKEN": token}), ([], "", {"LATCHKEY_TOKEN_FILE": file})]
        for args, stdin, environment in ways:
            with self.subTest(args=args[:1], environment=list(environment)):
                done = self.cli("whoami", *args, stdin=stdin, environment=environment)
                self.assertIn("the token ways", done.stdout)
                self.assertNotIn(token, done.stdout + done.stderr)
        self.assertIn("excludes", self.fails(2, "whoami", "--token", token, "--token-file", file))
        self.assertIn("empty", self.fails(2, "whoami", "--token", ""))
        self.fails(1, "whoami", "--token-file", file + ".missing")

    def test_a_bad_token_is_refused_by_every_command_that_asks_the_server(self):
        made = self.create("-n", "deleted", "--api", "latchkey", "-s", "*")
        self.cli("token", "delete", made["id"])
        out = os.path.join(self.server.scratch, "never.jsonl")
        commands = (
            ["whoami"], ["token", "list"], ["token", "get", UNKNOWN_ID],
            ["token", "create", "-n", "x"], ["token", "update", UNKNOWN_ID, "-n", "y"],
            ["token", "revoke", UNKNOWN_ID], ["token", "delete", UNKNOWN_ID],
            ["token", "suspend", UNKNOWN_ID], ["token", "resume", UNKNOWN_ID], ["api", "list"],
            ["api", "get", "latchkey"], ["api", "create", "a", "--audience", "a"],
            ["api", "import", LICENSING], ["scope", "list"], ["user", "list"],
            ["user", "create", "--machine", "-n", "m"], ["user", "disable", UNKNOWN_ID],
            ["user", "enable", UNKNOWN_ID], ["project", "list"], ["role", "list"],
            ["events", "list"], ["events", "verify"], ["events", "export", out],
            ["events", "checkpoint"])
        for command in commands:
            with self.subTest(command=" ".join(command[:2])):
                error = self.fails(4, *command, "--token", made["token"])
                self.assertIn("hint: the server does not accept the token of --token", error)
        self.assertFalse(os.path.exists(out))

    def test_a_token_without_the_scope_is_not_allowed_and_is_told_what_is_missing(self):
        token = self.create("-n", "weak", "--api", "latchkey", "-s", "account:read")["token"]
        error = self.fails(5, "token", "list", "--token", token)
        self.assertIn("token:read", error)
        error = self.fails(5, "api", "list", "--token", token)
        self.assertIn("api:read", error)

    def test_a_secret_is_not_in_the_process_list(self):
        token = self.create("-n", "ps", "--kind", "opaque", "--api", "latchkey")["token"]
        environment = self.server.environment()
        # It waits for its input, so its arguments can be looked at.
        process = subprocess.Popen([BINARY, "login", "--with-token", "--token", token],
                                   env=environment, stdin=subprocess.PIPE, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            path = f"/proc/{process.pid}/cmdline"

            def words():
                with open(path, "rb") as opened:
                    return opened.read()

            line = poll_until(words, lambda line: b"xxxx" in line)
            self.assertNotIn(token.encode(), line)
        finally:
            process.communicate(token + "\n", timeout=60)
            self.server.login()

    def test_json_errors_have_a_stable_form(self):
        done = self.cli("token", "get", UNKNOWN_ID, "--json", check=False)
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        error = json.loads(done.stderr.splitlines()[-1])["error"]
        self.assertEqual((error["code"], error["status"]), ("unknown_token", 404))
        self.assertEqual(set(error) - {"hint"}, {"code", "message", "status", "requestId"})

    def test_guessing_is_slowed_down(self):
        environment = {"LATCHKEY_CONFIG_DIR": os.path.join(self.server.scratch, "guess")}

        def guess(_):
            return self.cli("login", "--email", "guess@example.com", "--password-stdin",
                            stdin="wrong\n", check=False, environment=environment).returncode

        self.assertEqual(guess(0), 4)
        # At once: one after the other, a slow machine may guess no faster than it is allowed to.
        with concurrent.futures.ThreadPoolExecutor(14) as guessers:
            self.assertIn(7, guessers.map(guess, range(14)), "nobody was told to wait")


class OtherStories(Story):
    def test_misspelt_commands_and_flags(self):
        for args, meant in ((["tokn"], '"token"'), (["token", "lst"], '"list"'),
                            (["token", "list", "--jsn"], "--json"), (["whoam"], '"whoami"'),
                            (["token", "create", "--nmae", "x"], "--name"),
                            (["events", "verfy"], '"verify"')):
            with self.subTest(args=args):
                self.assertIn(f"did you mean {meant}?", self.fails(2, *args))
        self.assertIn("takes no argument", self.fails(2, "whoami", "extra"))

    def test_status_version_help_completion(self):
        shown = json.loads(self.cli("status", "--json").stdout)
        self.assertEqual((shown["reachable"], shown["loggedIn"], shown["issuer"]),
                         (True, True, self.server.url))
        self.assertRegex(self.cli("version").stdout, r"\Alatchkey \d+\.\d+\.\d+\n\Z")
        self.assertEqual(self.cli("--version").stdout, self.cli("version").stdout)
        self.assertIn("latchkey token create -n", self.cli("token", "create", "--help").stdout)
        self.assertIn("--listen", self.cli("serve", "--help").stdout)
        for shell in ("bash", "zsh", "fish"):
            self.assertIn("latchkey", self.cli("completion", shell).stdout)

    def test_no_server_is_a_network_error(self):
        nobody = {"LATCHKEY_SERVER": "http://127.0.0.1:1", "LATCHKEY_TOKEN": "lkp_" + "A" * 40}
        for command in (["whoami"], ["status"], ["token", "list"]):
            error = self.fails(8, *command, environment=nobody)
            self.assertIn("cannot connect to http://127.0.0.1:1", error)
        self.assertIn("is not a server's address",
                      self.fails(2, "status", "--server", "ftp://x"))

    def test_catalogues_are_imported_twice(self):
        for file, slug, count in ((LICENSING, "licensing", 29), (PIPELINES, "pipelines", 4)):
            for _ in range(2):
                done = self.cli("api", "import", file)
                self.assertIn(f"Imported API {slug}: {count} scopes", done.stdout)
            scopes = json.loads(self.cli("scope", "list", "--api", slug, "--json").stdout)
            self.assertEqual(len(scopes), count)
        apis = json.loads(self.cli("api", "list", "--json").stdout)
        self.assertEqual(sorted(api["slug"] for api in apis if api["slug"] != "functions"),
                         ["latchkey", "licensing", "pipelines"])
        old = self.create("-n", "alias", "--api", "licensing", "-s", "licenseTemaplate:write")
        self.assertEqual(old["scopes"], ["licenseTemplate:write"])
        bad = os.path.join(self.server.scratch, "bad.toml")
        with open(bad, "w", encoding="utf-8") as opened:
            opened.write('slug = "x"\n[[scope]\n')
        self.assertIn("line 2", self.fails(6, "api", "import", bad))

    def test_run_and_request_call_the_registered_api_only(self):
        upstream, foreign = Upstream(), Upstream()
        self.addCleanup(upstream.shutdown)
        self.addCleanup(foreign.shutdown)
        upstream.away = foreign.url + "/taken"
        self.cli("api", "create", "functions", "--base-url", upstream.url)
        made = json.loads(self.cli("api", "get", "functions", "--json").stdout)
        self.assertEqual(made["audience"], "functions")
        token = self.create("-n", "call", "--api", "functions")["token"]
        done = self.cli("run", "2dDqeXN", "-d", "ping", "--api", "functions", "--token", token)
        self.assertEqual(done.stdout, "echo ping")
        method, path, headers, _ = upstream.seen[-1]
        self.assertEqual((method, path, headers["Authorization"]),
                         ("POST", "/functions/2dDqeXN", f"Bearer {token}"))
        done = self.cli("request", "put", upstream.url + "/a?b=c", "-d", '{"x":1}', "-H",
                        "X-Test: yes", "--token", token)
        self.assertEqual(done.stdout, 'echo {"x":1}')
        method, path, headers, _ = upstream.seen[-1]
        self.assertEqual((method, path, headers["X-Test"], headers["Content-Type"]),
                         ("PUT", "/a?b=c", "yes", "application/json"))
        done = self.cli("request", "GET", upstream.url + "/secret", "--token", token, check=False)
        self.assertEqual(done.returncode, 5)
        error = self.fails(5, "request", "GET", foreign.url + "/x", "--token", token)
        self.assertIn("no registered API's base URL", error)
        done = self.cli("request", "GET", upstream.url + "/away", "--token", token, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("no redirect is followed", done.stderr)
        self.assertEqual(foreign.seen, [])
        self.assertIn("needs a token", self.fails(4, "request", "GET", upstream.url + "/x"))
        # A token goes to its own API, and to no other that happens to be the default.
        elsewhere = self.create("-n", "elsewhere", "--api", "pipelines")["token"]
        count = len(upstream.seen)
        self.assertIn("pipelines has no base URL", self.fails(
            1, "run", "2dDqeXN", "--token", elsewhere))
        self.assertEqual(len(upstream.seen), count)
        # A machine has a token and no login.
        machine = {"LATCHKEY_CONFIG_DIR": tempfile.mkdtemp(dir=self.server.scratch),
                   "LATCHKEY_TOKEN": token, "LATCHKEY_SERVER": self.server.url}
        for about in (("--api", "functions"), ()):
            done = self.cli("run", "2dDqeXN", "-d", "ping", *about, environment=machine)
            self.assertEqual(done.stdout, "echo ping")
        self.cli("request", "GET", upstream.url + "/a", environment=machine)
        done = self.cli("request", "GET", foreign.url + "/x", environment=machine, check=False)
        self.assertEqual((done.returncode, foreign.seen), (5, []))
        self.assertIn("--to-this-host needs", self.fails(
            2, "request", "GET", foreign.url + "/x", "--to-this-host"))
        self.cli("request", "GET", foreign.url + "/x", "--to-this-host", "--token", token)
        self.assertEqual(len(foreign.seen), 1)
        self.assertIn("Authorization", self.fails(
            2, "request", "GET", upstream.url, "-H", "Authorization: x", "--token", token))

    def test_users(self):
        done = self.cli("user", "create", "--email", "ana@example.com", "--password-stdin", "-n",
                        "Ana", stdin="a perfectly fine passphrase\n")
        self.assertRegex(done.stdout, r"\ACreated user \w{22}\n\Z")
        self.fails(6, "user", "create", "--email", "ana@example.com", "--password-stdin",
                   stdin="a perfectly fine passphrase\n")
        self.assertEqual(self.cli("user", "disable", "Ana").stdout, "Disabled user Ana\n")
        self.fails(4, "login", "--email", "ana@example.com", "--password-stdin",
                   stdin="a perfectly fine passphrase\n")
        self.assertEqual(self.cli("user", "enable", "Ana").stdout, "Enabled user Ana\n")
        self.fails(3, "user", "disable", "nobody")

    def test_colour_only_at_a_terminal_and_never_with_no_color(self):
        environment = self.server.environment()
        for extra, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
            with Terminal([BINARY, "token", "get", UNKNOWN_ID], {**environment, **extra}) as tty:
                text = tty.read_all()
            self.assertEqual(tty.code, 3)
            self.assertEqual("\x1b[" in text, coloured, text)
        with Terminal([BINARY, "token", "get", UNKNOWN_ID, "--no-color"], environment) as tty:
            self.assertNotIn("\x1b[", tty.read_all())
        self.assertNotIn("\x1b[", self.cli("token", "get", UNKNOWN_ID, check=False).stderr)

    def test_login_at_a_terminal_hides_the_password(self):
        environment = self.server.environment()
        environment["LATCHKEY_CONFIG_DIR"] = os.path.join(self.server.scratch, "tty")
        with Terminal([BINARY, "login", "--email", EMAIL], environment) as tty:
            tty.expect("Password: ")
            tty.wait_for_hidden_input()
            tty.send(PASSWORD + "\n")
            text = tty.read_all()
        self.assertEqual(tty.code, 0, text)
        self.assertNotIn(PASSWORD, tty.text)
        self.assertIn(f"as {EMAIL}", tty.text)

    def test_an_interrupted_prompt_exits_130(self):
        environment = self.server.environment()
        with Terminal([BINARY, "login", "--email", EMAIL], environment) as tty:
            tty.expect("Password: ")
            tty.wait_for_hidden_input()
            tty.send("\x03")
            tty.read_all()
        self.assertEqual(tty.code, 130)

    def test_a_closed_pipe_is_no_crash(self):
        process = subprocess.Popen([BINARY, "events", "list"], env=self.server.environment(),
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.close()
        errors = process.stderr.read()
        self.assertIn(process.wait(timeout=60), (0, 1, 141, -13), errors)
        process.stderr.close()
        self.assertNotIn(b"Sanitizer", errors)


class EventStories(Story):
    def setUp(self):
        made = self.create("-n", "logged")
        self.cli("token", "revoke", made["id"], "--reason", "leaked")

    def test_the_table_is_for_people_and_json_for_programs(self):
        table = self.cli("events", "list").stdout
        self.assertIn("│ logged, reason: leaked", table)
        self.assertNotIn("facts", table)
        self.assertNotIn("{", table)
        events = json.loads(self.cli("events", "list", "--json").stdout)
        self.assertEqual([event["revision"] for event in events],
                         list(range(1, len(events) + 1)))
        self.assertIn("facts", events[-1]["data"])
        only = self.cli("events", "list", "--type", "token.revoked", "--json").stdout
        self.assertEqual({event["type"] for event in json.loads(only)}, {"token.revoked"})

    def test_the_live_log_verifies(self):
        done = self.cli("events", "verify")
        self.assertRegex(done.stdout, r"\Averified \d+ events, epoch 1, head \S+\n\Z")

    def test_an_export_verifies_without_any_server_and_a_changed_one_does_not(self):
        log = os.path.join(self.server.scratch, "log.jsonl")
        keys = os.path.join(self.server.scratch, "jwks.json")
        self.cli("events", "export", log)
        self.assertEqual(os.stat(log).st_mode & 0o777, 0o600)
        with open(keys, "wb") as opened:
            opened.write(self.server.request("GET", "/.well-known/jwks.json").body)
        nobody = {"LATCHKEY_SERVER": "http://127.0.0.1:1"}
        verify = ["events", "verify", log, "--jwks", keys]
        self.assertIn("verified", self.cli(*verify, environment=nobody).stdout)
        with open(log, encoding="utf-8") as opened:
            lines = opened.read().splitlines(keepends=True)
        at = next(i for i, line in enumerate(lines) if '"token.revoked"' in line)
        revision = json.loads(lines[at])["revision"]
        shown = json.loads(lines[at])
        shown["data"]["reason"] = "no reason"
        changes = (
            ("its text", lines[at].replace("leaked", "laeked"), f"broken at revision {revision}"),
            ("what is shown", json.dumps(shown) + "\n", f"broken at revision {revision}"),
            ("left out", "", f"broken at revision {revision}"))
        for what, line, words in changes:
            with self.subTest(what):
                self.write(log, lines[:at] + [line] + lines[at + 1:])
                self.assertIn(words, self.fails(1, *verify, environment=nobody))
        with self.subTest("no checkpoint"):
            self.write(log, lines[:-1])
            self.assertIn("no checkpoint", self.fails(1, *verify, environment=nobody))
        with self.subTest("cut short"):
            self.write(log, lines[:-2] + lines[-1:])
            self.assertIn(f"broken at revision {len(lines) - 1}",
                          self.fails(1, *verify, environment=nobody))

    def test_inspect_needs_no_server(self):
        token = self.create("-n", "look", "-s", "account:read", "--api", "latchkey")["token"]
        nobody = {"LATCHKEY_SERVER": "http://127.0.0.1:1"}
        for extra in ([], ["--offline"]):
            done = self.cli("token", "inspect", token, *extra, environment=nobody)
            self.assertIn("scopes      account:read\n", done.stdout)
            self.assertIn("signature   not checked", done.stdout)
        self.assertIn("signature   valid\nrevocation  not revoked",
                      self.cli("token", "inspect", "-", stdin=token).stdout)
        forged = token[:-8] + ("A" * 8 if not token.endswith("A" * 8) else "B" * 8)
        done = self.cli("token", "inspect", forged, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("NOT VALID", done.stdout)
        self.fails(1, "token", "inspect", "nonsense")

    @staticmethod
    def write(file, lines):
        with open(file, "w", encoding="utf-8") as opened:
            opened.write("".join(lines))


if __name__ == "__main__":
    unittest.main()
