"""Getting into the portal in a real browser (portal_account.mjs): invitations, the second factor,
and the password that is asked for once more in a session that was left open.
"""

import os
import sqlite3
import unittest

from latchkey_server import EMAIL, PASSWORD
from portal_browser import PortalInBrowser


class AccountTest(PortalInBrowser):
    program = "portal_account.mjs"

    def test_a_person_is_invited_by_a_link(self):
        self.browse("invite", self.serve(), **self.shots())

    def test_a_login_needs_a_second_factor(self):
        server = self.serve()
        self.browse("factor", server, **self.shots())
        types = [event["type"] for event in server.request(
            "GET", "/v1/events?type=user.&limit=200", token=server.session()).json()]
        for wanted in ("user.factor_enabled", "user.recovery_code_used",
                       "user.recovery_codes_renewed", "user.factor_disabled"):
            self.assertIn(wanted, types)

    def test_the_password_is_asked_for_once_more(self):
        server = self.serve()
        answer = server.request("POST", "/v1/session", {"email": EMAIL, "password": PASSWORD})
        cookie = answer.headers["Set-Cookie"].split(";")[0].split("=", 1)[1]
        server.stop()
        # As if it had been left open for long: there is no other way to wait for ten minutes.
        with sqlite3.connect(os.path.join(server.data, "latchkey.db")) as database:
            database.execute("UPDATE sessions SET proven_at = 0")
        database.close()
        server.start()
        self.browse("stepUp", server, cookie=cookie, **self.shots())


if __name__ == "__main__":
    unittest.main()
