"""The portal in a real browser (portal.mjs): every flow of a person, and what must not go wrong."""

import concurrent.futures
import glob
import json
import os
import re
import subprocess
import unittest

from latchkey_server import EMAIL, PASSWORD, SOURCE, LatchkeyServer

HERE = os.path.join(SOURCE, "tests", "e2e")
NAUGHTY = ["<img src=x onerror=alert(1)>", "</bdi><b>ключ 🔑</b>", "{{7*7}}${7*7}",
           "=cmd|' /C calc'!A0", "javascript:alert(1)", "\u202egnp.txt"]


PUBLIC = {"kty": "EC", "crv": "P-256", "alg": "ES256",
          "x": "gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0",
          "y": "SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps"}


class PortalTest(unittest.TestCase):
    def serve(self, **options):
        server = LatchkeyServer(**options)
        self.addCleanup(server.__exit__)
        return server

    def browse(self, scenario, server, **more):
        if not os.path.isdir(os.path.join(HERE, "node_modules")):
            self.fail("tests/e2e/node_modules is missing: run `npm ci` in tests/e2e first")
        facts = {"url": server.url, "email": EMAIL, "password": PASSWORD, **more}
        done = subprocess.run(["node", os.path.join(HERE, "portal.mjs"), scenario,
                               json.dumps(facts)],
                              text=True, capture_output=True, timeout=240)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_a_token_is_made_seen_once_used_and_revoked(self):
        self.browse("life", self.serve(), **self.shots())

    def test_the_secret_is_not_lost_by_accident(self):
        self.browse("lostReveal", self.serve())

    def test_a_reload_asks_first_and_leaves_no_trace(self):
        self.browse("reload", self.serve())

    def test_a_name_of_the_local_network_over_plain_http(self):
        server = self.serve()
        self.browse("plainHttp", server)

    def test_a_session_that_ends_leads_to_the_login_and_back(self):
        self.browse("sessionEnd", self.serve())

    def test_names_are_text_whatever_they_say(self):
        server = self.serve()
        server.login()
        for name in NAUGHTY[:-1]:
            server.cli("token", "create", "-n", name, "--kind", "opaque", "-e", "30d")
        self.browse("naughty", server, names=NAUGHTY[:-1])

    @staticmethod
    def shots():
        """With LATCHKEY_PORTAL_SHOTS, a folder, the pictures of docs/portal are taken anew."""
        folder = os.environ.get("LATCHKEY_PORTAL_SHOTS")
        return {"shots": folder} if folder else {}

    def seeded(self):
        """A server with some of everything, and the ids that the scenarios need."""
        server = self.serve()
        server.login()
        server.cli("api", "import", os.path.join(SOURCE, "examples/catalogues/licensing.toml"))
        make = lambda *words: server.cli("token", "create", "-q", *words).stdout.strip()
        jwt = make("-n", "backup-nightly", "-d", "Reads licences for the export", "-e", "7d",
                   "-s", "license:read,product:read")
        secret = make("-n", "ci-deploy", "-d", "Deploys the storefront", "-e", "60d",
                      "--kind", "opaque", "-s", "license:read,license:write")
        session = server.session()
        call = lambda *words: server.request(*words, token=session).json()
        for _ in range(3):
            server.request("GET", "/v1/tokens/self", token=secret)
        tokens = {token["name"]: token["id"] for token in call("GET", "/v1/tokens")}
        key = call("POST", "/v1/tokens", {"name": "billing-service", "kind": "key", "keys": PUBLIC})
        project = call("POST", "/v1/projects", {"name": "checkout", "description": "The shop's"})
        call("PUT", f"/v1/projects/{project['id']}/principals/token/{tokens['ci-deploy']}", {})
        user = call("POST", "/v1/users", {"kind": "human", "email": "grace@example.com",
                                          "name": "Grace Hopper", "password": "another long one"})
        return server, {"token": tokens["ci-deploy"], "secret": secret, "jwt": jwt,
                        "key": key["id"], "project": project["id"], "user": user["id"]}

    def test_every_page_is_accessible(self):
        server, facts = self.seeded()
        self.browse("pages", server, **facts, **self.shots())

    def test_the_page_of_a_token(self):
        server, facts = self.seeded()
        self.browse("detail", server, **facts)

    def test_many_tokens_are_found_and_stopped(self):
        server = self.serve()
        server.login()
        for n in range(1, 7):
            server.cli("token", "create", "-n", f"bulk-{n}", "--kind", "opaque", "-e", "30d")
        self.browse("many", server)

    def test_a_link_fills_in_the_form(self):
        self.browse("links", self.serve())

    def test_a_token_is_taken_apart_in_the_page(self):
        server, facts = self.seeded()
        self.browse("inspector", server, **facts)

    def test_projects_and_people(self):
        server, facts = self.seeded()
        self.browse("people", server, **facts)

    def test_what_happens_elsewhere_appears(self):
        server, facts = self.seeded()
        self.browse("live", server, **facts)

    def test_a_token_gets_a_new_secret(self):
        server, facts = self.seeded()
        self.browse("rotate", server, **facts, **self.shots())

    def test_a_command_line_is_let_in(self):
        self.browse("device", self.serve(), **self.shots())

    def test_a_lost_answer_makes_no_second_token(self):
        self.browse("slowNetwork", self.serve())

    def test_many_tokens_are_stopped_by_one_rule(self):
        server, facts = self.seeded()
        self.browse("rule", server, **facts)

    def test_a_long_list(self):
        server = self.serve()
        session, count = server.session(), 650
        make = lambda n: server.request("POST", "/v1/tokens", {"name": f"row-{n}", "kind": "opaque",
                                                              "scopes": ["account:read"]}, token=session)
        self.assertEqual(make(1).status, 201)
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            made = list(pool.map(make, range(2, count)))
        self.assertEqual({answer.status for answer in made}, {201})
        self.assertEqual(make(count).status, 201)
        self.browse("longList", server, count=count)

    def test_other_languages(self):
        server, facts = self.seeded()
        self.browse("languages", server, **facts)

    def test_the_first_page_costs_little(self):
        self.browse("budgets", self.serve())


class SourceTest(unittest.TestCase):
    """What the sources of the portal must hold."""

    SOURCES = [path for end in ("ts", "tsx")
               for path in glob.glob(os.path.join(SOURCE, "portal", "src", "**", "*." + end),
                                     recursive=True)]

    def texts(self):
        for path in self.SOURCES:
            with open(path, encoding="utf-8") as file:
                yield path, file.read()

    def test_every_word_is_in_the_german_catalogue(self):
        call = re.compile(r"\b(tn?)\(\s*'((?:[^'\\]|\\.)*)'(?:\s*,\s*'((?:[^'\\]|\\.)*)')?")
        with open(os.path.join(SOURCE, "portal/src/lib/de.ts"), encoding="utf-8") as file:
            german = set(re.findall(r"^    '((?:[^'\\]|\\.)*)':", file.read(), re.MULTILINE))
        used = set()
        for path, text in self.texts():
            for name, one, many in call.findall(text):
                used.update({one, many} if name == "tn" else {one})
        self.assertGreater(len(used), 500)
        self.assertEqual(sorted(used - german), [], "not translated")
        self.assertEqual(sorted(german - used), [], "translated, and used no more")

    def test_no_source_writes_html_or_keeps_secrets(self):
        for path, text in self.texts():
            for sink in ("innerHTML", "outerHTML", "insertAdjacentHTML", "eval(", "document.write",
                         "new Function", "sessionStorage"):
                self.assertNotIn(sink, text, path)
            for key in re.findall(r"localStorage\.setItem\('(\w+)'", text):
                self.assertIn(key, ("theme", "language", "shortcuts"), path)


class FilesTest(unittest.TestCase):
    """How the files of the portal are sent."""

    @classmethod
    def setUpClass(cls):
        cls.server = LatchkeyServer()
        cls.addClassCleanup(cls.server.__exit__)

    def test_every_page_is_the_one_document_and_is_asked_for_anew(self):
        first = self.server.request("GET", "/")
        self.assertEqual(first.headers["Cache-Control"], "no-cache")
        for path in ("/login", "/setup", "/developer/access-tokens", "/developer/access-tokens/new",
                     "/developer/access-tokens/01890000-0000-7000-8000-000000000001", "/projects",
                     "/projects/1", "/access/users", "/audit", "/system/keys", "/account",
                     "/device", "/new?name=a"):
            answer = self.server.request("GET", path)
            self.assertEqual((answer.status, answer.body), (200, first.body), path)
            self.assertIn("require-trusted-types-for 'script'",
                          answer.headers["Content-Security-Policy"])
        again = self.server.request("GET", "/", headers={"If-None-Match": first.headers["ETag"]})
        self.assertEqual((again.status, again.body), (304, b""))

    def test_a_page_that_is_none_is_not_found(self):
        for path in ("/developers", "/access/users/1/2", "/portal", "/index.html"):
            self.assertEqual(self.server.request("GET", path).status, 404, path)

    def test_hashed_files_are_kept_for_ever_and_sent_compressed(self):
        page = self.server.request("GET", "/").body.decode()
        script = page.split('type="module" crossorigin src="')[1].split('"')[0]
        plain = self.server.request("GET", script)
        self.assertEqual(plain.headers["Cache-Control"], "public, max-age=31536000, immutable")
        self.assertIsNone(plain.headers["Content-Encoding"])
        tags = {plain.headers["ETag"]}
        for coding in ("br", "gzip"):
            packed = self.server.request("GET", script, headers={"Accept-Encoding": coding})
            self.assertEqual(packed.headers["Content-Encoding"], coding)
            self.assertEqual(packed.headers["Vary"], "Accept-Encoding")
            self.assertLess(len(packed.body), len(plain.body) // 2)
            tags.add(packed.headers["ETag"])
        self.assertEqual(len(tags), 3)
