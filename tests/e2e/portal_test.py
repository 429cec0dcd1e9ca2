"""The portal in a real browser (portal.mjs): how tokens are made and stopped, what must not go
wrong meanwhile, and how its files are sent. portal_pages_test.py has the rest.
"""

import glob
import os
import re
import unittest

from latchkey_server import SOURCE, LatchkeyServer
from portal_browser import PortalInBrowser

NAUGHTY = ["<img src=x onerror=alert(1)>", "</bdi><b>ключ 🔑</b>", "{{7*7}}${7*7}",
           "=cmd|' /C calc'!A0", "javascript:alert(1)", "\u202egnp.txt"]


class PortalTest(PortalInBrowser):
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

    def test_a_link_fills_in_the_form(self):
        self.browse("links", self.serve())

    def test_a_lost_answer_makes_no_second_token(self):
        self.browse("slowNetwork", self.serve())

    def test_the_first_page_costs_little(self):
        self.browse("budgets", self.serve())

    def test_the_list_is_asked_for_before_the_scripts_are_there(self):
        self.browse("firstRequests", self.serve())


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
        german, used = set(), set()
        for path in glob.glob(os.path.join(SOURCE, "portal/src/lib/de*.ts")):
            with open(path, encoding="utf-8") as file:
                keys = re.findall(r"^    '((?:[^'\\]|\\.)*)':", file.read(), re.MULTILINE)
            self.assertEqual(sorted(german.intersection(keys)), [], "translated twice")
            german.update(keys)
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
                self.assertIn(key, ("theme", "language", "shortcuts", "columns"), path)


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
                     "/device", "/authorize", "/new?name=a"):
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
