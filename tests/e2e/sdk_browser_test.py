"""The JavaScript SDK in a page and in a worker of Debian's Chromium, against a real server."""

import json
import os
import sys
import unittest

from latchkey_server import SOURCE, free_port
from licensing import LicensingCase
from programs import run

HERE = os.path.join(SOURCE, "tests", "e2e")
SDK = os.path.join(SOURCE, "sdk", "js")


class SdkInABrowser(LicensingCase):
    def setUp(self):
        for folder in (HERE, SDK):
            if not os.path.isdir(os.path.join(folder, "node_modules")):
                self.fail(f"{folder}/node_modules is missing: run `npm ci` there first")
        super().setUp()

    def facts(self, port):
        """Everything that a page needs; its origin may read answers."""
        self.api("PUT", "/v1/settings", {"defaultKind": "jwt", "defaultLifeDays": None,
                                         "corsOrigins": [f"http://127.0.0.1:{port}"]})
        own = self.api("POST", "/v1/tokens", {"name": "browser", "api": "latchkey",
                                              "scopes": ["token:read"]}, status=201)
        machine = self.api("POST", "/v1/users", {
            "kind": "machine", "name": "service", "verifies": ["licensing"],
            "roles": ["verifier"]}, status=201)
        verifier = self.api("POST", f"/v1/tokens?owner={machine['id']}", {
            "name": "service", "api": "latchkey", "kind": "opaque",
            "scopes": ["token:verify"]}, status=201)
        project = self.api("POST", "/v1/projects", {"name": "shop"}, status=201)
        file = os.path.join(self.server.scratch, "deploy.json")
        phrase = os.path.join(self.server.scratch, "phrase")
        with open(phrase, "w", encoding="utf-8") as out:
            out.write("correct horse\n")
        os.chmod(phrase, 0o600)
        self.server.cli("token", "create-token", "-n", "deploy-browser", "-g", "-a", "ES256",
                        "--api", "licensing", "--out", file, "--with-permissions", "--project",
                        project["id"], "--passphrase-file", phrase, "--no-input")
        with open(file, encoding="utf-8") as credentials:
            return {"url": self.server.url, "audience": "licensing-api", "port": port,
                    "token": own["token"], "session": self.session,
                    "verifierToken": verifier["token"],
                    "credentials": json.load(credentials), "passphrase": "correct horse"}

    def test_client_provider_and_verifier_in_a_page_and_in_a_worker(self):
        run("npm", "run", "--silent", "build", cwd=SDK)
        facts = json.dumps(self.facts(free_port()))
        print(run("node", os.path.join(HERE, "sdk_browser.mjs"), facts).stdout, file=sys.stderr)


if __name__ == "__main__":
    unittest.main()
