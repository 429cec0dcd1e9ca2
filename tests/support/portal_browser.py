"""A server and the portal in a real browser, for the scenarios of tests/e2e/portal.mjs."""

import os

from browser import BrowserCase
from latchkey_server import SOURCE

PUBLIC = {"kty": "EC", "crv": "P-256", "alg": "ES256",
          "x": "gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0",
          "y": "SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps"}


class PortalInBrowser(BrowserCase):
    program = "portal.mjs"
    LICENSING = os.path.join(SOURCE, "examples/catalogues/licensing.toml")
    PUBLIC = PUBLIC

    @staticmethod
    def shots():
        """With LATCHKEY_PORTAL_SHOTS, a folder, the pictures of docs/portal are taken anew."""
        folder = os.environ.get("LATCHKEY_PORTAL_SHOTS")
        return {"shots": folder} if folder else {}

    def seeded(self):
        """A server with some of everything, and the ids that the scenarios need."""
        server = self.serve()
        server.login()
        server.cli("api", "import", self.LICENSING)
        make = lambda *words: server.cli("token", "create", "-q", *words).stdout.strip()
        jwt = make("-n", "backup-nightly", "-d", "Reads licences for the export", "-e", "7d",
                   "-s", "license:read,product:read")
        secret = make("-n", "ci-deploy", "-d", "Deploys the storefront", "-e", "60d",
                      "--kind", "opaque", "-s", "license:read,license:write")
        session = server.session()
        call = lambda *words: server.request(*words, token=session).json()
        for _ in range(3):
            server.request("GET", "/v1/tokens/self", token=secret)
        tokens = {token["name"]: token["id"] for token in call("GET", "/v1/tokens")}
        key = call("POST", "/v1/tokens", {"name": "billing-service", "kind": "key", "keys": PUBLIC})
        project = call("POST", "/v1/projects", {"name": "checkout", "description": "The shop's"})
        call("PUT", f"/v1/projects/{project['id']}/principals/token/{tokens['ci-deploy']}", {})
        user = call("POST", "/v1/users", {"kind": "human", "email": "grace@example.com",
                                          "name": "Grace Hopper", "password": "another long one"})
        return server, {"token": tokens["ci-deploy"], "secret": secret, "jwt": jwt,
                        "key": key["id"], "project": project["id"], "user": user["id"]}
