"""A full disk: changes that grow are refused with 507, checks go on, and what makes things safer
(revoke, suspend, delete, disabling a user, withdrawing a key) still works from the reserve."""

import os
import subprocess
import tempfile
import unittest

from latchkey_server import LatchkeyServer
from waiting import poll_until


class DiskFull(unittest.TestCase):
    def setUp(self):
        self.disk = tempfile.mkdtemp(prefix="latchkey-disk-")
        self.addCleanup(os.rmdir, self.disk)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", self.disk],
                                 capture_output=True, text=True)
        if mounted.returncode != 0:
            self.skipTest(f"a small file system cannot be mounted: {mounted.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", self.disk], check=True)
        self.server = LatchkeyServer(data=os.path.join(self.disk, "data"))
        self.addCleanup(self.server.__exit__)
        self.session = self.server.session()

    def ask(self, method, path, body=None, token=None):
        return self.server.request(method, path, body, token=token or self.session)

    def create(self, kind="opaque", expect=201):
        answer = self.ask("POST", "/v1/tokens", {"name": "n", "kind": kind, "api": "latchkey",
                                                 "description": "x" * 200})
        self.assertEqual(answer.status, expect, answer.body)
        return answer.json()

    def check(self, token):
        return self.ask("GET", "/check/api/latchkey", token=token["token"]).status

    def fill(self):
        self.ballast = os.path.join(self.disk, "ballast")
        with open(self.ballast, "wb", buffering=0) as ballast:
            size = 1 << 20
            while size:
                try:
                    ballast.write(b"\0" * size)
                except OSError:
                    size //= 2
        self.assertLess(os.statvfs(self.disk).f_bavail * os.statvfs(self.disk).f_frsize, 8192)

    def fill_until_refused(self):
        """The write-ahead log may have room inside it: use that up first."""
        self.fill()
        for _ in range(2000):
            answer = self.ask("POST", "/v1/tokens", {"name": "n", "kind": "opaque",
                                                     "api": "latchkey", "description": "x" * 200})
            if answer.status != 201:
                return answer
        self.fail("a full disk still takes tokens")

    def test_a_full_disk_refuses_what_grows_and_still_checks_and_revokes(self):
        tokens = [self.create() for _ in range(6)] + [self.create("jwt")]
        for owner in ("machine-a", "machine-b"):
            answer = self.ask("POST", "/v1/users", {"kind": "machine", "name": owner,
                                                    "roles": ["member"]})
            self.assertEqual(answer.status, 201, answer.body)
        machine = answer.json()["id"]
        answer = self.ask("POST", f"/v1/tokens?owner={machine}", {"name": "m", "api": "latchkey"})
        self.assertEqual(answer.status, 201, answer.body)
        of_machine = answer.json()

        refused = self.fill_until_refused()
        with self.subTest("what grows is refused, and says why"):
            self.assertEqual(refused.status, 507, refused.body)
            self.assertEqual(refused.json()["status"], 507)
            self.assertIn("problem+json", refused.headers["Content-Type"])
            self.assertEqual(self.create("jwt", expect=507)["code"], refused.json()["code"])
            renamed = self.ask("PATCH", f"/v1/tokens/{tokens[5]['id']}", {"name": "new"})
            self.assertEqual(renamed.status, 507, renamed.body)
        with self.subTest("checks and lists go on"):
            for token in tokens + [of_machine]:
                self.assertEqual(self.check(token), 200)
            self.assertEqual(self.ask("GET", "/v1/tokens").status, 200)
            self.assertEqual(self.server.request("GET", self.server.ops_url + "/healthz").status,
                             200)
            metrics = self.server.request("GET", self.server.ops_url + "/metrics").body.decode()
            self.assertIn("latchkey_store_out_of_space 1\n", metrics)
            verbose = self.server.request("GET", self.server.ops_url + "/readyz?verbose")
            self.assertIn("[-]disk space failed", verbose.body.decode())
        with self.subTest("what makes things safer still works"):
            for token, verb in ((tokens[0], "revoke"), (tokens[1], "suspend")):
                answer = self.ask("POST", f"/v1/tokens/{token['id']}/{verb}", {"reason": "leaked"})
                self.assertEqual(answer.status, 200, answer.body)
                self.assertEqual(self.check(token), 401)
            answer = self.ask("DELETE", f"/v1/tokens/{tokens[2]['id']}")
            self.assertEqual(answer.status, 204, answer.body)
            self.assertEqual(self.check(tokens[2]), 401)
            answer = self.ask("PATCH", f"/v1/users/{machine}", {"state": "disabled"})
            self.assertEqual(answer.status, 200, answer.body)
            self.assertEqual(self.check(of_machine), 401)
            answer = self.ask("POST", "/v1/signing-keys/rotate", {"emergency": True})
            self.assertEqual(answer.status, 201, answer.body)
            self.assertEqual(self.check(tokens[6]), 401)
            self.assertEqual(self.create(expect=507)["status"], 507)
        with self.subTest("with room again everything works, without a restart"):
            os.remove(self.ballast)
            poll_until(lambda: self.ask("POST", "/v1/tokens", {"name": "after"}).status,
                       lambda status: status == 201)
            self.assertEqual(self.check(self.create()), 200)
            metrics = self.server.request("GET", self.server.ops_url + "/metrics").body.decode()
            self.assertIn("latchkey_store_out_of_space 0\n", metrics)
        with self.subTest("and nothing was lost"):
            self.server.kill()
            self.server.start()
            for token in tokens[:3] + [tokens[6], of_machine]:
                self.assertEqual(self.check(token), 401)
            for token in tokens[3:6]:
                self.assertEqual(self.check(token), 200)
            report = self.server.cli("admin", "check", "--data", self.server.data)
            self.assertRegex(report.stdout, r"\d+ events, \d+ tokens")

    def test_a_server_starts_on_a_full_disk_and_still_revokes(self):
        token = self.create()
        self.assertEqual(self.server.stop(), 0)
        self.fill()
        self.server.start()
        self.assertEqual(self.check(token), 200)
        self.create(expect=507)
        answer = self.ask("POST", f"/v1/tokens/{token['id']}/revoke", {})
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual(self.check(token), 401)
        os.remove(self.ballast)
        poll_until(lambda: self.ask("POST", "/v1/tokens", {"name": "after"}).status,
                   lambda status: status == 201)


if __name__ == "__main__":
    unittest.main()
