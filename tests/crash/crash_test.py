"""SIGKILL at random moments while clients create, revoke, suspend, resume and delete.

Nothing that was acknowledged may be lost, nothing may be half applied, and the log must verify at
the end. LATCHKEY_CRASH_CYCLES sets the length (100; `make soak` takes 10,000), LATCHKEY_CRASH_SEED
repeats the same choices (not the same timing).
"""

import collections
import http.client
import json
import os
import random
import subprocess
import threading
import time
import unittest

from latchkey_server import LatchkeyServer

CYCLES = int(os.environ.get("LATCHKEY_CRASH_CYCLES", "100"))
SEED = int(os.environ.get("LATCHKEY_CRASH_SEED", str(random.SystemRandom().randrange(2**32))))
CLIENTS = 4
CHECKED_AT_THE_END_MAX = 20_000

AFTER = {"revoke": "revoked", "delete": "revoked", "suspend": "suspended", "resume": "active"}
VERBS = {"active": ("revoke", "delete", "suspend"), "suspended": ("resume", "revoke", "delete")}
STATE_OF_EVENT = {"token.created": "active", "token.resumed": "active",
                  "token.suspended": "suspended", "token.revoked": "revoked",
                  "token.deleted": "deleted"}


class Token:
    """What a client knows: `may_be` holds more than one state while an answer is missing."""

    def __init__(self, identity, secret):
        self.id, self.secret, self.may_be = identity, secret, {"active"}

    def is_certain(self):
        return len(self.may_be) == 1


class Client(threading.Thread):
    """Works until the server is gone. Each has tokens of its own, so no two race for one."""

    def __init__(self, server, session, tokens, seed):
        super().__init__(daemon=True)
        self.server, self.tokens, self.random = server, tokens, random.Random(seed)
        self.headers = {"Authorization": f"Bearer {session}", "Content-Type": "application/json"}
        self.touched, self.acknowledged, self.problem = [], 0, None

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        try:
            while True:
                self.step(connection)
        except (OSError, http.client.HTTPException):
            pass  # the server was killed
        except AssertionError as problem:
            self.problem = problem
        finally:
            connection.close()

    def call(self, connection, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        connection.request(method, path, data, self.headers)
        answer = connection.getresponse()
        text = answer.read()
        assert 200 <= answer.status < 300, f"{method} {path}: {answer.status} {text!r}"
        self.acknowledged += 1
        return text

    def step(self, connection):
        usable = [token for token in self.tokens[-40:]
                  if token.is_certain() and "revoked" not in token.may_be]
        if len(usable) < 4 or self.random.random() < 0.4:
            kind = self.random.choice(("opaque", "opaque", "jwt"))
            made = json.loads(self.call(connection, "POST", "/v1/tokens",
                                        {"name": "crash", "kind": kind, "api": "latchkey"}))
            token = Token(made["id"], made["token"])
            self.tokens.append(token)
            self.touched.append(token)
            return
        token = self.random.choice(usable)
        before = next(iter(token.may_be))
        verb = self.random.choice(VERBS[before])
        token.may_be = {before, AFTER[verb]}
        self.touched.append(token)
        if verb == "delete":
            self.call(connection, "DELETE", f"/v1/tokens/{token.id}")
        else:
            self.call(connection, "POST", f"/v1/tokens/{token.id}/{verb}", {})
        token.may_be = {AFTER[verb]}


class Crash(unittest.TestCase):
    def setUp(self):
        print(f"seed {SEED}, {CYCLES} cycles", flush=True)
        self.random = random.Random(SEED)
        self.server = LatchkeyServer()
        self.addCleanup(self.server.__exit__)
        self.session = self.server.session()
        self.tokens = [[] for _ in range(CLIENTS)]
        self.acknowledged = 0

    def seen(self, connection, token):
        connection.request("GET", "/check/api/latchkey",
                           headers={"Authorization": f"Bearer {token.secret}"})
        answer = connection.getresponse()
        text = answer.read()
        self.assertIn(answer.status, (200, 401), text)
        return "active" if answer.status == 200 else json.loads(text)["verdict"]

    def check(self, tokens):
        """Each is in a state it may be in; an open question is answered from now on."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        for token in tokens:
            state = self.seen(connection, token)
            self.assertIn(state, token.may_be, f"seed {SEED}: token {token.id}")
            token.may_be = {state}
        connection.close()

    def start_and_kill_before_it_is_ready(self):
        process = subprocess.Popen(self.server.command(), env=self.server.environment(),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        time.sleep(self.random.uniform(0, 0.2))
        process.kill()
        process.wait()

    def cycle(self):
        clients = [Client(self.server, self.session, tokens, self.random.getrandbits(64))
                   for tokens in self.tokens]
        for client in clients:
            client.start()
        time.sleep(self.random.uniform(0.05, 0.3))
        self.server.kill()
        for client in clients:
            client.join(timeout=60)
            self.assertIsNone(client.problem, f"seed {SEED}")
            self.acknowledged += client.acknowledged
        if self.random.random() < 0.1:
            self.start_and_kill_before_it_is_ready()
        self.server.start()
        self.check([token for client in clients for token in client.touched])

    def every(self, path):
        after = path
        while after:
            answer = self.server.request("GET", after, token=self.session)
            self.assertEqual(answer.status, 200, answer.body)
            yield from answer.json()
            link = answer.headers.get("Link", "")
            after = link.split(">")[0].lstrip("<") if 'rel="next"' in link else None

    def check_that_log_and_tables_agree(self):
        states = {}
        for event in self.every("/v1/events?limit=200"):
            state = STATE_OF_EVENT.get(event["type"])
            if state:
                ids = [fact["id"] for fact in event["data"]["facts"] if fact["kind"] == "token"]
                self.assertEqual(len(ids), 1, event)
                states[ids[0]] = state
        listed = {token["id"]: token["state"]
                  for token in self.every("/v1/tokens?state=all&limit=200")}
        self.assertEqual(listed, {identity: state for identity, state in states.items()
                                  if state != "deleted"})
        return states

    def test_nothing_acknowledged_is_lost_when_the_server_is_killed(self):
        began = time.monotonic()
        for number in range(1, CYCLES + 1):
            self.cycle()
            if number % 1000 == 0:
                print(f"{number} cycles, {self.acknowledged} acknowledged", flush=True)
        seconds = time.monotonic() - began
        every = [token for tokens in self.tokens for token in tokens]
        self.check(every if len(every) <= CHECKED_AT_THE_END_MAX
                   else self.random.sample(every, CHECKED_AT_THE_END_MAX))
        states = self.check_that_log_and_tables_agree()
        for token in every:
            self.assertIn(token.id, states)
            state = states[token.id].replace("deleted", "revoked")
            self.assertEqual({state}, token.may_be, token.id)
        self.assertGreater(self.acknowledged, CYCLES, "the clients must have done something")
        self.server.login()
        self.assertIn("verified", self.server.cli("events", "verify").stdout)
        self.assertEqual(self.server.stop(), 0)
        report = self.server.cli("admin", "check", "--data", self.server.data).stdout.strip()
        self.assertNotIn("Sanitizer", "".join(self.server.errors))
        counts = dict(collections.Counter(states.values()))
        print(f"{CYCLES} cycles in {seconds:.0f} s ({seconds / CYCLES:.2f} s each), "
              f"{self.acknowledged} acknowledged, {counts}; {report}", flush=True)


if __name__ == "__main__":
    unittest.main()
