"""After the answer to a change, no check says active any more: many uses at once, real sockets.

Clients use one token over connections that stay open while it is revoked, suspended, rotated away
or expires. Every use notes when it began: one that began after the answer must be denied. They go on
until each has asked often enough before and after it.
"""

import http.client
import json
import threading
import time
import unittest

from latchkey_server import LatchkeyServer

CLIENTS = 8
USES_BEFORE = 600  # of each client
USES_AFTER = 600


class Users:
    """Clients that ask as fast as they can, until they asked often enough after `ended`."""

    def __init__(self, server, secret):
        self.server, self.secret, self.ended = server, secret, None
        self.uses = [[] for _ in range(CLIENTS)]  # (began, verdict)
        self.are_busy = threading.Barrier(CLIENTS + 1)
        self.threads = [threading.Thread(target=self.run, args=(uses,), daemon=True)
                        for uses in self.uses]
        for thread in self.threads:
            thread.start()

    def run(self, uses):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        headers = {"Authorization": f"Bearer {self.secret}"}
        after = 0
        while after < USES_AFTER:
            began = time.monotonic()
            connection.request("GET", "/check/api/latchkey", headers=headers)
            answer = connection.getresponse()
            answer.read()
            uses.append((began, answer.headers["Latchkey-Verdict"]))
            if len(uses) == USES_BEFORE:
                self.are_busy.wait(120)
            ended = self.ended
            after += ended is not None and began > ended
        connection.close()

    def finish(self, ended):
        self.ended = ended
        for thread in self.threads:
            thread.join(300)
        return sorted(use for uses in self.uses for use in uses)


class Races(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = LatchkeyServer()
        cls.addClassCleanup(cls.server.__exit__)
        cls.server.login()
        cls.session = cls.server.session()

    def make(self, *args):
        made = self.server.cli("token", "create", "-n", "raced", "--api", "latchkey", "-s",
                               "token:read", "--json", *args)
        return json.loads(made.stdout)

    def race(self, made, end, verdict):
        users = Users(self.server, made["token"])
        users.are_busy.wait(120)
        ended = end()
        uses = users.finish(ended)
        after = [said for began, said in uses if began > ended]
        self.assertGreaterEqual(len(after), CLIENTS * USES_AFTER, "a client gave up")
        self.assertEqual(set(after), {verdict})
        self.assertIn("active", {said for began, said in uses if began < ended})

    def post(self, made, action, body=None):
        path = f"/v1/tokens/{made['id']}/{action}"
        answer = self.server.request("POST", path, body or {}, token=self.session)
        self.assertEqual(answer.status, 200, answer.body)
        return time.monotonic()

    def test_no_check_says_active_after_a_revocation(self):
        made = self.make()
        self.race(made, lambda: self.post(made, "revoke"), "revoked")

    def test_no_check_says_active_after_a_suspension(self):
        made = self.make("--kind", "opaque")
        self.race(made, lambda: self.post(made, "suspend"), "suspended")

    def test_no_check_says_active_after_a_rotation_without_grace(self):
        made = self.make()
        self.race(made, lambda: self.post(made, "rotate", {"graceSeconds": 0}), "revoked")

    def test_no_check_says_active_after_the_end(self):
        made = self.make("--kind", "opaque")

        def end(ahead=2):
            # Soon, by the wall clock, which is the server's own; on a busy machine it may have
            # passed when the server hears of it.
            moment = time.time() + ahead
            text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment))
            body = {"expiresAt": f"{text}.{int(moment % 1 * 1000):03}Z"}
            answer = self.server.request("PATCH", f"/v1/tokens/{made['id']}", body,
                                         token=self.session)
            if answer.status == 422 and answer.json()["code"] == "expiry_in_past" and ahead < 100:
                return end(ahead * 4)
            self.assertEqual(answer.status, 200, answer.body)
            left = moment - time.time()  # first: what passes meanwhile makes the moment later
            return time.monotonic() + max(0.0, left) + 0.001

        self.race(made, end, "expired")


if __name__ == "__main__":
    unittest.main()
