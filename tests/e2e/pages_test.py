"""/setup, /login, the list of tokens and the pages of errors in a real browser (pages.mjs), and what
protects a session that lives in a cookie."""

import re
import threading
import unittest

from browser import BrowserCase
from gateways import Upstream
from latchkey_server import EMAIL, PASSWORD, LatchkeyServer

EVIL_NAME = "<img src=x onerror=alert(1)>"


class BrowserTest(BrowserCase):
    program = "pages.mjs"

    def setup_link(self, server):
        """`ready` is on standard error; the lines of standard output may be read a little later."""
        pause = threading.Event()
        for _ in range(1200):
            link = re.search(r"^Setup: (\S+)$", "".join(server.output), re.MULTILINE)
            if link:
                return link[1]
            pause.wait(0.05)
        self.fail(f"no setup link was printed: {server.output}")

    def test_the_setup_link_makes_the_first_administrator_once(self):
        server = self.serve(setup=False)
        self.browse("setup", server, link=self.setup_link(server))
        me = server.request("GET", "/v1/users/me", token=server.session()).json()
        self.assertEqual((me["email"], me["roles"]), (EMAIL, ["administrator"]))

    def test_log_in_see_the_tokens_and_log_out(self):
        server = self.serve()
        server.login()
        names = ["ci-deploy", EVIL_NAME, "</bdi><b>ключ 🔑</b>"]
        for name in names:
            server.cli("token", "create", "-n", name, "--kind", "opaque", "-e", "30d")
        self.browse("login", server, names=names)

    def test_a_login_leads_nowhere_but_here(self):
        self.browse("redirects", self.serve())

    def test_the_reference_shows_every_operation(self):
        self.browse("docs", self.serve())

    def test_the_measure_finds_what_is_too_wide_and_too_pale(self):
        self.browse("measure", self.serve())

    def test_the_page_of_an_error_is_accessible(self):
        self.browse("errorPage", self.serve())

    def test_another_origin_in_the_browser_changes_and_reads_nothing(self):
        server, evil = self.serve(), Upstream()
        self.addCleanup(evil.stop)
        address = f"http://127.0.0.1:{evil.port}"
        self.browse("crossOrigin", server, evil=address + "/", origins=[server.url, address])
        self.assertEqual(server.request("GET", "/v1/tokens", token=server.session()).json(), [])


class CsrfTest(unittest.TestCase):
    """A cookie alone changes nothing: the value of X-CSRF-Token and the origin must fit."""

    @classmethod
    def setUpClass(cls):
        cls.server = LatchkeyServer()
        cls.addClassCleanup(cls.server.__exit__)
        answer = cls.server.request("POST", "/v1/session",
                                    {"email": EMAIL, "password": PASSWORD, "kind": "portal"})
        cls.cookie = answer.headers["Set-Cookie"].split(";")[0]
        cls.csrf = answer.json()["csrf"]

    def create(self, **headers):
        fields = {k.replace("_", "-"): v for k, v in headers.items()}
        return self.server.request("POST", "/v1/tokens", {"name": "x", "kind": "opaque"},
                                   headers={"Cookie": self.cookie, **fields})

    def refuses(self, answer):
        self.assertEqual(answer.status, 403, answer.body)
        self.assertEqual(answer.json()["code"], "csrf")

    def test_without_the_value_nothing_is_changed(self):
        self.refuses(self.create())
        self.refuses(self.create(X_CSRF_Token=""))
        self.refuses(self.create(X_CSRF_Token=self.csrf[:-1] + "A" if self.csrf[-1] != "A"
                                 else self.csrf[:-1] + "B"))
        self.refuses(self.create(Origin=self.server.url, Sec_Fetch_Site="same-origin"))

    def test_another_origin_is_refused_even_with_the_value(self):
        for origin in ("https://evil.example", "null", "http://127.0.0.1:1", "http://127.0.0.1",
                       self.server.url + ".evil.example"):
            self.refuses(self.create(X_CSRF_Token=self.csrf, Origin=origin))
        for site in ("cross-site", "same-site"):
            self.refuses(self.create(X_CSRF_Token=self.csrf, Sec_Fetch_Site=site))

    def test_our_own_page_may(self):
        made = self.create(X_CSRF_Token=self.csrf, Origin=self.server.url,
                           Sec_Fetch_Site="same-origin")
        self.assertEqual(made.status, 201, made.body)

    def test_no_other_site_can_log_somebody_in(self):
        body = {"email": EMAIL, "password": PASSWORD, "kind": "portal"}
        for site in ("cross-site", "same-site"):
            answer = self.server.request("POST", "/v1/session", body,
                                         headers={"Sec-Fetch-Site": site})
            self.refuses(answer)
            self.assertIsNone(answer.headers["Set-Cookie"])

    def test_the_token_of_a_form_is_no_json(self):
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
            answer = self.server.request("POST", "/v1/session",
                                         {"email": EMAIL, "password": PASSWORD},
                                         headers={"Content-Type": kind})
            self.assertIn(answer.status, (400, 415, 422), kind)
            self.assertIsNone(answer.headers["Set-Cookie"])
