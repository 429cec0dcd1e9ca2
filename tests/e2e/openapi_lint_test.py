"""The description as the server serves it, under Spectral with its own rules and OWASP's: nothing is
found but what is meant, and each such finding has its reason here."""

import json
import os
import subprocess
import unittest

from latchkey_server import SOURCE, LatchkeyServer

HERE = os.path.join(SOURCE, "tests", "e2e")


def is_open(document, path):
    return document["paths"][path[1]][path[2]].get("security") == []


# rule: where it may be found, and why. One that is not found any more must go.
MEANT = {
    # Nobody is asked who he is: there is no answer 401, and no scheme to name.
    "owasp:api8:2023-define-error-responses-401": is_open,
    "owasp:api2:2023-read-restricted": is_open,
    # The credential is in the body: a password, a setup code, a client assertion, a token.
    "owasp:api2:2023-write-restricted": is_open,
    # ?token= filters by a token's id, which opens nothing.
    "owasp:api2:2023-no-credentials-in-url":
        lambda document, path: path[1].startswith("/v1/events"),
    # git, docker and npm can send a token only as a password. What they send is a token.
    "owasp:api2:2023-no-http-basic":
        lambda document, path: path == ["components", "securitySchemes", "basic", "scheme"],
}


class Lint(unittest.TestCase):
    def test_the_served_description_is_clean(self):
        with LatchkeyServer() as server:
            answer = server.request("GET", "/openapi.json")
            file = os.path.join(server.scratch, "openapi.json")
            with open(file, "wb") as out:
                out.write(answer.body)
            done = subprocess.run(
                ["node", os.path.join(HERE, "node_modules/@stoplight/spectral-cli/dist/index.js"),
                 "lint", "--ruleset", os.path.join(HERE, "spectral.yaml"), "--format", "json",
                 "--quiet", file], capture_output=True, text=True, timeout=300)
        findings = json.loads(done.stdout or "[]")
        self.assertIn(done.returncode, (0, 1), done.stderr)
        document, seen, wrong = answer.json(), set(), []
        for finding in findings:
            rule, path = finding["code"], finding["path"]
            if rule in MEANT and MEANT[rule](document, path):
                seen.add(rule)
            else:
                wrong.append(f"{rule} at {'/'.join(map(str, path))}: {finding['message']}")
        self.assertEqual(wrong, [])
        self.assertEqual(seen, set(MEANT), "a reason without a finding")
        self.assertGreater(len(document["paths"]), 40)


if __name__ == "__main__":
    unittest.main()
