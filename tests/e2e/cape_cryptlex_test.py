"""The dialects cape and cryptlex on the listeners of a real server: what they make counts at /check.

Cape's own command line runs here too, unmodified, when $CAPE_CLI names it (go build ./cmd/cape in
its repository); its Go module is not published any more.
"""

import http.client
import json
import os
import re
import subprocess
import tempfile
import threading
import unittest
import urllib.parse

from latchkey_server import EMAIL, PASSWORD, SOURCE, LatchkeyServer, free_port
from waiting import poll_until

CAPE_CLI = os.environ.get("CAPE_CLI")
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


class DialectCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.ports = {"cape": free_port(), "cryptlex": free_port()}
        args = []
        for name, port in cls.ports.items():
            args += ["--dialect", f"{name}=127.0.0.1:{port}"]
        cls.server = LatchkeyServer(args=args)
        cls.addClassCleanup(cls.server.__exit__)
        cls.server.login()
        cls.server.cli("api", "import",
                       os.path.join(SOURCE, "examples", "catalogues", "licensing.toml"))

    def say(self, dialect, method, path, body=None, token=None, content_type=None):
        """One request, with no header that was not asked for."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[dialect], timeout=60)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if content_type:
            headers["Content-Type"] = content_type
        try:
            connection.request(method, path, body=body, headers=headers)
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text else None, answer.headers
        finally:
            connection.close()

    def check(self, token, path="/check"):
        return self.server.request("GET", path, token=token).status

    def approve(self, code):
        answer = self.server.request("POST", f"/v1/device/{code}",
                                     {"approve": True, "password": PASSWORD},
                                     token=self.server.session())
        self.assertEqual(answer.status, 204, answer.body)


class Cape(DialectCase):
    def form(self, path, **fields):
        return self.say("cape", "POST", path, urllib.parse.urlencode(fields),
                        content_type="application/x-www-form-urlencoded")[1]

    def login(self):
        begun = self.form("/oauth/device/code", client_id="x", audience="y",
                          scope="openid profile email offline_access")
        self.assertEqual(begun["verification_uri"], self.server.url + "/device")
        self.approve(begun["user_code"])
        return self.form("/oauth/token", client_id="x", client_secret="", grant_type=DEVICE_GRANT,
                         device_code=begun["device_code"])["access_token"]

    def test_a_token_counts_until_it_is_deleted(self):
        session = self.login()
        body = json.dumps({"name": "my-token", "description": "for testing", "function_id": "",
                           "expiry": "2999-11-21T22:09:17.004240391Z"})
        status, made, _ = self.say("cape", "POST", "/v1/token", body, session)
        self.assertEqual((status, list(made)), (201, ["token"]))
        self.assertEqual(self.check(made["token"], "/check/scope/license:write"), 200)
        self.assertEqual(self.say("cape", "GET", "/v1/functions?limit=50&offset=0",
                                  token=made["token"])[:2], (200, []))
        listed = self.say("cape", "GET", "/v1/tokens", token=session)[1]
        self.assertEqual([row["name"] for row in listed], ["my-token"])
        self.assertEqual(listed[0]["expiry"], "2999-11-21T22:09:17.004Z")
        path = "/v1/token/" + listed[0]["id"]
        self.assertEqual(self.say("cape", "DELETE", path, token=session)[0], 200)
        self.assertEqual(self.check(made["token"]), 401)
        self.assertEqual(self.say("cape", "GET", "/v1/tokens", token=session)[1], [])


class Cryptlex(DialectCase):
    PATH = "/v3/personal-access-tokens"

    def ask(self, method, path, body=None, token=None):
        return self.say("cryptlex", method, path, body and json.dumps(body), token,
                        body and "application/json")

    def login(self):
        status, got, headers = self.ask("POST", "/v3/accounts/login", {
            "accountAlias": "acme", "email": EMAIL, "password": PASSWORD})
        self.assertEqual(status, 200, got)
        self.assertIn("X-Rate-Limit-Remaining", headers)
        return got["accessToken"]

    def create(self, token, *scopes):
        status, made, _ = self.ask("POST", self.PATH, {
            "name": "from a script", "scopes": scopes, "expiresAt": "2999-12-31T00:00:00.000Z",
            "revoked": False}, token)
        self.assertEqual(status, 201, made)
        return made

    def test_a_token_counts_until_it_is_revoked_and_deleted(self):
        session = self.login()
        made = self.create(session, "licenseTemaplate:write", "license:read")
        self.assertEqual(made["scopes"], ["license:read", "licenseTemplate:write"])
        checked = "/check/api/licensing/scope/licenseTemplate:write"
        self.assertEqual(self.check(made["token"], checked), 200)
        path = f"{self.PATH}/{made['id']}"
        self.assertEqual(self.ask("PATCH", path, {"revoked": True}, session)[1]["revoked"], True)
        self.assertEqual(self.check(made["token"], checked), 401)
        self.assertEqual(self.ask("PATCH", path, {"revoked": False}, session)[0], 409)
        self.assertEqual(self.ask("DELETE", path, token=session)[0], 204)
        self.assertEqual(self.ask("GET", path, token=session)[0], 404)

    def test_a_token_that_manages_tokens_does_so_here_alone(self):
        manager = self.create(self.login(), "personalAccessToken:write", "license:read")
        child = self.create(manager["token"], "license:read")
        self.assertEqual(self.check(child["token"], "/check/api/licensing/scope/license:read"), 200)
        refused = self.ask("POST", self.PATH, {"name": "x", "scopes": ["license:write"],
                                               "expiresAt": "2999-01-01T00:00:00.000Z"},
                           manager["token"])
        self.assertEqual((refused[0], refused[1]["code"]), (403, "insufficient_scope"))
        status, listed, headers = self.ask("GET", self.PATH + "?limit=100", token=manager["token"])
        self.assertEqual(status, 200)
        self.assertEqual(headers["Pagination-Count"], str(len(listed)))
        self.assertIn(child["id"], [row["id"] for row in listed])
        self.assertEqual(self.server.request("GET", "/v1/tokens", token=manager["token"]).status,
                         401)
        self.assertEqual(self.say("cape", "GET", "/v1/tokens", token=manager["token"])[0], 403)
        path = f"{self.PATH}/{child['id']}"
        self.assertEqual(self.ask("DELETE", path, token=manager["token"])[0], 204)
        self.assertEqual(self.check(child["token"]), 401)


@unittest.skipUnless(CAPE_CLI, "$CAPE_CLI names no command line of Cape's")
class CapeCommandLine(DialectCase):
    def setUp(self):
        self.config = self.enterContext(tempfile.TemporaryDirectory(prefix="cape-cli-"))

    def environment(self):
        return {"HOME": self.config, "PATH": "/nowhere", "TZ": "UTC",
                "CAPE_LOCAL_CONFIG_DIR": self.config}

    def cape(self, *args):
        url = f"http://127.0.0.1:{self.ports['cape']}"
        return subprocess.run([CAPE_CLI, *args, "--url", url], env=self.environment(), text=True,
                              capture_output=True, timeout=120)

    def log_in(self):
        url = f"http://127.0.0.1:{self.ports['cape']}"
        process = subprocess.Popen([CAPE_CLI, "login", "--url", url], env=self.environment(),
                                   text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        lines = []
        reader = threading.Thread(target=lambda: lines.extend(iter(process.stdout.readline, "")))
        reader.start()
        code = poll_until(
            lambda: re.search(r"confirmation code is: (\S+)", "".join(lines)), bool)
        self.approve(code.group(1))
        self.assertEqual(process.wait(timeout=60), 0, lines)
        reader.join()
        process.stdout.close()
        self.assertIn("Congratulations, you're all set!", "".join(lines))

    def test_logs_in_makes_lists_and_deletes(self):
        self.assertNotEqual(self.cape("token", "list").returncode, 0)
        self.log_in()
        self.assertEqual(self.cape("token", "list").stdout,
                         "No tokens found. You can create tokens with cape token create\n")
        made = self.cape("token", "create", "-n", "my-token", "-d", "for testing", "-e", "1h")
        self.assertEqual((made.returncode, made.stderr), (0, ""))
        token = made.stdout.strip()
        self.assertEqual(self.check(token), 200)
        self.assertEqual(self.cape("list", "--token", token).stdout, "No functions deployed.\n")
        rows = self.cape("token", "list").stdout.splitlines()
        self.assertIn("my-token", rows[3])
        self.assertIn("my-token", self.cape("token", "list", "--token", token).stdout)
        listed = rows[3].split("│")[1].strip()
        deleted = self.cape("token", "delete", listed)
        self.assertEqual(deleted.stdout, f"Deleted token {listed}\n")
        self.assertEqual(self.check(token), 401)
        self.assertIn("unauthorized", self.cape("list", "--token", token).stderr)
        refused = self.cape("token", "create", "-n", "x", "-f", "Nm672nXZQnBe9vL4zedGJb", "-v")
        self.assertIn("no functions are run here", refused.stdout)


if __name__ == "__main__":
    unittest.main()
