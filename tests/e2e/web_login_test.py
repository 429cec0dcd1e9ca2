"""`latchkey login --web` with the real command line and a real browser (web_login.mjs)."""

import unittest
from urllib.parse import urlsplit

from browser import BrowserCase
from portal_browser import PortalInBrowser
from web_login import WebLogin


class WebLoginInBrowser(BrowserCase):
    program = "web_login.mjs"

    def setUp(self):
        self.server = self.serve()
        self.server.login()

    def start(self):
        login = WebLogin(self.server, "--no-browser")
        self.addCleanup(login.__exit__)
        return login

    def confirm(self, scenario, login, **more):
        parts = urlsplit(login.page)
        self.browse(scenario, self.server, path=f"{parts.path}?{parts.query}", name=login.name,
                    host=login.asked["host"], callback=login.asked["redirectUri"],
                    origins=[self.server.url, login.origin], **more)

    def test_a_person_approves(self):
        login = self.start()
        self.confirm("approve", login, **PortalInBrowser.shots())
        code, out, err = login.end()
        self.assertEqual(code, 0, err)
        self.assertIn("Logged in to", out)
        self.server.cli("whoami")

    def test_a_person_refuses(self):
        login = self.start()
        self.confirm("deny", login)
        self.assertEqual(login.end()[0], 4)

    def test_nothing_waits(self):
        self.browse("nothing", self.server)

    def test_nobody_frames_it_and_no_other_page_approves(self):
        login = self.start()
        self.confirm("framed", login)
        self.assertIsNone(login.process.poll())


if __name__ == "__main__":
    unittest.main()
