"""Every operation of the description, with bodies, queries and paths that are nearly right, as
several kinds of callers: no answer is a 5xx, and none is outside the description. About a minute;
LATCHKEY_FUZZ_SECONDS for longer, LATCHKEY_FUZZ_SEED to repeat."""

import http.client
import json
import os
import random
import time
import unittest
from urllib.parse import quote

from latchkey_server import EMAIL, PASSWORD, LatchkeyServer
from openapi import Document, Generator
from waiting import poll_until

SECONDS = float(os.environ.get("LATCHKEY_FUZZ_SECONDS", "60"))
SEED = int(os.environ.get("LATCHKEY_FUZZ_SEED", str(random.randrange(10 ** 6))))
# A stream does not end, /check takes any path, and a password costs the server what it should.
LEFT_OUT = {"/v1/events/stream", "/check", "/check/{requirements}"}
RARELY = {"/v1/session", "/v1/setup", "/v1/users", "/v1/device/{userCode}",
          "/v1/signing-keys/rotate", "/v1/session/proof", "/v1/invites/accept",
          "/v1/account/password", "/v1/account/factor/disable", "/v1/account/recovery-codes"}
KEPT = ("id", "slug", "name", "kid", "login")


class Fuzz(unittest.TestCase):
    def setUp(self):
        self.server = LatchkeyServer(args=["--log-level", "error"])
        self.addCleanup(self.server.__exit__)
        self.document = Document(self.server.request("GET", "/openapi.json").json())
        self.generator = Generator(self.document, SEED)
        self.random = random.Random(SEED)
        self.connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        self.addCleanup(self.connection.close)
        self.admin = self.server.session()
        self.own = self.server.request("GET", "/v1/users/me", token=self.admin).json()["id"]
        self.token = self.server.request(
            "POST", "/v1/tokens", {"name": "fuzz", "api": "latchkey", "scopes": ["*"]},
            token=self.admin).json()["token"]

    def log_in(self):
        """Wrong passwords were tried too, so that it may take a while."""
        body = {"email": EMAIL, "password": PASSWORD, "kind": "cli"}
        answer = poll_until(lambda: self.server.request("POST", "/v1/session", body),
                            lambda answer: answer.status == 201, 120)
        return answer.json()["session"]

    def credential(self):
        return self.random.choices((self.admin, self.token, "lkp_garbage", None),
                                   (20, 6, 1, 1))[0]

    def target(self, path, parameters):
        query = []
        for parameter in parameters:
            if parameter["in"] == "path":
                text = self.generator.value(parameter.get("schema", {}))
                text = str(text)[:300] or "x"
                if self.random.random() < 0.3 and self.generator.texts:
                    text = self.random.choice(self.generator.texts)
                path = path.replace("{%s}" % parameter["name"],
                                    quote(text, safe="", errors="replace"))
            elif parameter["in"] == "query" and self.random.random() < 0.3:
                value = str(self.generator.value(parameter.get("schema", {})))[:300]
                query.append(parameter["name"] + "=" + quote(value, safe="", errors="replace"))
        return path + ("?" + "&".join(query) if query else "")

    def headers(self, kind, parameters):
        headers = {}
        if kind:
            headers["Content-Type"] = kind
        if credential := self.credential():
            headers["Authorization"] = f"Bearer {credential}"
        for parameter in parameters:
            if parameter["in"] == "header" and self.random.random() < 0.2:
                text = str(self.generator.value(parameter.get("schema", {})))[:200]
                headers[parameter["name"]] = "".join(c for c in text if 31 < ord(c) < 127)
        return headers

    def ask(self, method, target, headers, body):
        for attempt in (1, 2):
            try:
                self.connection.request(method.upper(), target, body, headers)
                answer = self.connection.getresponse()
                return answer.status, answer.headers, answer.read()
            except (http.client.HTTPException, ConnectionError):
                self.connection.close()  # it may close between two requests, not within one
                if attempt == 2:
                    raise

    def learn(self, body):
        try:
            found = json.loads(body)
        except ValueError:
            return
        for item in found if isinstance(found, list) else [found]:
            for name in KEPT:
                value = item.get(name) if isinstance(item, dict) else None
                if isinstance(value, str) and value != self.own:
                    self.generator.texts.append(value)
        del self.generator.texts[:-300]

    def test_nothing_breaks_it_and_nothing_is_answered_that_is_not_described(self):
        operations = [entry for entry in self.document.operations() if entry[0] not in LEFT_OUT]
        statuses, asked, found, end = {}, 0, {}, time.monotonic() + SECONDS
        while time.monotonic() < end or asked < len(operations) * 3:
            path, method, operation, parameters = (
                operations[asked] if asked < len(operations) else self.random.choice(operations))
            asked += 1
            if path in RARELY and asked >= len(operations) and self.random.random() < 0.9:
                continue
            kind, body = self.generator.body(operation)
            target, headers = self.target(path, parameters), self.headers(kind, parameters)
            status, fields, answer = self.ask(method, target, headers, body)
            said = f"seed {SEED}, request {asked}: {method} {target} {headers} {body[:2000]!r}"
            wrong = self.document.wrong_with(operation, status, fields.get("Content-Type"), answer)
            # A path that was filled oddly is another path, or none.
            if wrong and status in (404, 405) and "/" in path:
                wrong = None
            if status >= 500:
                wrong = f"a {status}"
            if wrong:  # the first of each kind is enough to see it
                found.setdefault((method, path, status, wrong[:60]),
                                 f"{wrong}\n{said}\n{status} {answer[:2000]!r}\n")
            statuses[status] = statuses.get(status, 0) + 1
            if status < 300:
                self.learn(answer)
            ended = status == 401 and path != "/v1/session"
            if ended and headers.get("Authorization", "").endswith(self.admin):
                self.admin = self.log_in()
        print(f"{asked} requests, {dict(sorted(statuses.items()))}")
        self.assertEqual(len(found), 0, "\n".join(list(found.values())[:20]))
        self.assertGreater(statuses.get(200, 0) + statuses.get(201, 0), asked // 20,
                           "hardly anything got through: the requests are too odd")
        self.assertEqual(self.server.request("GET", self.server.ops_url + "/readyz").status, 200)


if __name__ == "__main__":
    unittest.main()
