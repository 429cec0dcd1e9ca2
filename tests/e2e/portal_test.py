"""The portal in a real browser (portal.mjs): every flow of a person, and what must not go wrong."""

import json
import os
import subprocess
import unittest

from latchkey_server import EMAIL, PASSWORD, SOURCE, LatchkeyServer

HERE = os.path.join(SOURCE, "tests", "e2e")
NAUGHTY = ["<img src=x onerror=alert(1)>", "</bdi><b>ключ 🔑</b>", "{{7*7}}${7*7}",
           "=cmd|' /C calc'!A0", "javascript:alert(1)", "\u202egnp.txt"]


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
        self.browse("life", self.serve())

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

    def test_the_first_page_costs_little(self):
        self.browse("budgets", self.serve())


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
