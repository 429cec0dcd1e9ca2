"""Logging in at the command line: invitations, the second factor, the password once more."""

import base64
import hashlib
import hmac
import os
import sqlite3
import struct
import time
import unittest

from latchkey_server import BINARY, EMAIL, PASSWORD, LatchkeyServer
from latchkey_terminal import Terminal

OTHER = "some other plain words"


class Authenticator:
    """RFC 6238. No code twice: the next step's is good already, and then it waits."""

    def __init__(self, secret):
        self.secret = base64.b32decode(secret)
        self.last = 0

    def code(self):
        step = max(int(time.time()) // 30, self.last + 1)
        while step > int(time.time()) // 30 + 1:
            time.sleep(0.2)
        self.last = step
        mac = hmac.new(self.secret, struct.pack(">Q", step), hashlib.sha1).digest()
        number = struct.unpack_from(">I", mac, mac[19] & 15)[0] & 0x7FFFFFFF
        return f"{number % 10 ** 6:06}"


class LoggingIn(unittest.TestCase):
    def setUp(self):
        self.server = LatchkeyServer()
        self.addCleanup(self.server.__exit__)
        self.server.login()
        self.cli = self.server.cli

    def post(self, path, body, **options):
        return self.server.request("POST", path, body, **options)

    def at_terminal(self, *args):
        return Terminal([BINARY, *args], self.server.environment())

    def accept(self, link, password=OTHER):
        return self.post("/v1/invites/accept", {"code": link.split("#")[1], "password": password})

    def test_a_person_is_invited_and_chooses_a_password(self):
        made = self.cli("user", "create", "--email", "grace@example.com", "--invite")
        first, link = made.stdout.splitlines()
        self.assertTrue(first.startswith("Created user "), first)
        self.assertTrue(link.startswith(self.server.url + "/invite#lki_"), link)
        self.assertIn("good once", made.stderr)
        again = self.cli("user", "invite", "grace@example.com").stdout.strip()
        self.assertEqual(self.accept(link).status, 403)
        self.assertEqual(self.accept(again).status, 200)
        self.assertEqual(self.accept(again).status, 403)
        self.cli("login", "--email", "grace@example.com", "--password-stdin", "--context", "grace",
                 stdin=OTHER + "\n")
        quiet = self.cli("user", "create", "--email", "eve@example.com", "--invite", "-q",
                         "--context", self.server.url).stdout
        self.assertRegex(quiet, r"^http\S+/invite#lki_\w{40}\n$")

    def turn_on(self):
        session = self.server.session()
        begun = self.post("/v1/account/factor", {}, token=session).json()
        authenticator = Authenticator(begun["secret"])
        done = self.post("/v1/account/factor/confirm", {"code": authenticator.code()},
                         token=session)
        self.assertEqual(done.status, 200, done.body)
        return authenticator, done.json()["recoveryCodes"]

    def test_a_login_asks_for_the_code_of_the_second_factor(self):
        authenticator, codes = self.turn_on()
        login = ["login", "--email", EMAIL, "--password-stdin"]
        refused = self.cli(*login, stdin=PASSWORD + "\n", check=False)
        self.assertEqual(refused.returncode, 4, refused.stderr)
        self.assertIn("--code", refused.stderr)
        self.cli(*login, "--code", codes[0], stdin=PASSWORD + "\n")
        with self.at_terminal("login", "--email", EMAIL) as tty:
            tty.expect("Password: ")
            tty.wait_for_hidden_input()
            tty.send(PASSWORD + "\n")
            tty.expect("Code of your second factor: ")
            tty.send(authenticator.code() + "\n")
            text = tty.read_all()
        self.assertEqual(tty.code, 0, text)
        self.assertIn("Logged in to", text)
        own = self.cli("user", "reset-factor", EMAIL, check=False)
        self.assertEqual(own.returncode, 6, own.stderr)
        self.assertIn("own account", own.stderr)
        self.cli("user", "create", "--email", "grace@example.com", "--role", "administrator",
                 "--password-stdin", stdin=OTHER + "\n")
        self.cli("login", "--email", "grace@example.com", "--password-stdin", "--context", "grace",
                 stdin=OTHER + "\n")
        self.cli("user", "reset-factor", EMAIL, "--context", "grace")
        self.cli(*login, stdin=PASSWORD + "\n")

    def leave_open(self):
        """As if nobody had typed a password for long."""
        self.server.stop()
        database = sqlite3.connect(os.path.join(self.server.data, "latchkey.db"))
        with database:
            database.execute("UPDATE sessions SET proven_at = 0")
        database.close()
        self.server.start()

    def test_the_password_is_asked_for_once_more(self):
        self.leave_open()
        create = ["user", "create", "--machine", "-n"]
        refused = self.cli(*create, "one", check=False)
        self.assertEqual(refused.returncode, 5, refused.stderr)
        self.assertIn("once more", refused.stderr)
        self.cli("token", "list")  # all else goes on
        self.cli("token", "create", "-n", "reads", "--api", "latchkey", "-s", "account:read")
        with self.at_terminal(*create, "one") as tty:
            tty.expect("Your password once more: ")
            tty.wait_for_hidden_input()
            tty.send(PASSWORD + "\n")
            text = tty.read_all()
        self.assertEqual(tty.code, 0, text)
        self.assertIn("Created user", text)
        self.cli(*create, "two")  # under the session's new secret, and not asked again

    def test_a_token_is_never_asked_for_a_password(self):
        token = self.cli("token", "create", "-q", "-n", "robot", "--api", "latchkey",
                         "-s", "*").stdout.strip()
        self.leave_open()
        self.cli("user", "create", "--machine", "-n", "one", "--token", token)

    def test_a_token_makes_machines_and_no_people(self):
        token = self.cli("token", "create", "-q", "-n", "robot", "--api", "latchkey",
                         "-s", "*").stdout.strip()
        self.cli("user", "create", "--machine", "-n", "gate", "--token", token)
        self.cli("user", "create", "--email", "ivy@example.com", "--invite")
        for refused in (["create", "--email", "eve@example.com", "--invite"],
                        ["create", "--email", "eve@example.com", "--password-stdin"],
                        ["invite", "ivy@example.com"], ["reset-factor", "ivy@example.com"]):
            done = self.cli("user", *refused, "--token", token, stdin=OTHER + "\n", check=False)
            self.assertEqual(done.returncode, 5, done.stderr)
            self.assertIn("only a person's own session", done.stderr)
            self.assertIn("hint: log in", done.stderr)
        self.cli("user", "disable", "ivy@example.com", "-y", "--token", token)
        done = self.cli("user", "enable", "ivy@example.com", "--token", token, check=False)
        self.assertEqual(done.returncode, 5, done.stderr)
        self.cli("user", "enable", "ivy@example.com")


if __name__ == "__main__":
    unittest.main()
