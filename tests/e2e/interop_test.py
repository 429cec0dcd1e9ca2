"""Tokens and status lists of Latchkey, read by software that we did not write.

npm `jose` and `@sd-jwt/jwt-status-list` (see package.json; `npm ci` installs them) and Debian's
python3-jwt take our JWKS over HTTP, as a service that verifies off-line does.
"""

import base64
import json
import os

import jwt

from latchkey_server import SOURCE
from licensing import LicensingCase
from node_program import NodeProgram
from programs import run

HERE = os.path.join(SOURCE, "tests", "e2e")
AUDIENCE = "licensing-api"
READ = "license:read"


def require_node_modules():
    if not os.path.isdir(os.path.join(HERE, "node_modules")):
        raise RuntimeError("tests/e2e/node_modules is missing: run `npm ci` in tests/e2e first")


class Jose(NodeProgram):
    """One long-lived verifying process, whose key set stays cached."""

    def __init__(self, issuer, audience=AUDIENCE):
        super().__init__("jose_verify.mjs", issuer, audience)

    def verify(self, token):
        return self.ask(token)


class InteropCase(LicensingCase):
    def setUp(self):
        require_node_modules()
        super().setUp()

    def mint(self, *more):
        """Returns (token, id)."""
        made = json.loads(self.server.cli("token", "create", "-n", "interop", "--api", "licensing",
                                          "-s", READ, "--json", *more).stdout)
        return made["token"], made["id"]

    def rotate(self, *more):
        self.server.cli("--yes", "admin", "rotate-keys", "--data", self.server.data, *more)

    def check(self, token):
        return self.server.request("GET", f"/check/api/licensing/scope/{READ}", token=token).status

    def verify_in_python(self, token, audience=AUDIENCE):
        """A new client each time: PyJWKClient keeps what it fetched."""
        keys = jwt.PyJWKClient(self.server.url + "/.well-known/jwks.json")
        return jwt.decode(token, keys.get_signing_key_from_jwt(token).key, algorithms=["ES256"],
                          audience=audience, issuer=self.server.url,
                          options={"require": ["iss", "sub", "aud", "iat", "nbf", "jti"]})


class KeyRotationTest(InteropCase):
    def test_jwts_verify_elsewhere_before_and_after_a_rotation(self):
        old, old_id = self.mint("-e", "1d")
        with Jose(self.server.url) as jose:
            first = jose.verify(old)
            self.assertTrue(first["ok"], first)
            claims = first["payload"]
            self.assertEqual(claims["aud"], [AUDIENCE])
            self.assertEqual(claims["scope"], READ)
            self.assertEqual(claims["nbf"], claims["iat"])
            self.assertEqual(self.verify_in_python(old), claims)

            self.rotate()
            new, _ = self.mint("-e", "1d")
            second = jose.verify(new)
            self.assertTrue(second["ok"], second)
            self.assertNotEqual(second["kid"], first["kid"])
            # The new key was published before it signed: nobody had to fetch the set again.
            self.assertEqual(second["fetches"], 1)
            self.assertTrue(jose.verify(old)["ok"])
        with Jose(self.server.url) as fresh:
            self.assertTrue(fresh.verify(old)["ok"])
            self.assertTrue(fresh.verify(new)["ok"])
        self.assertEqual(self.verify_in_python(old)["jti"], claims["jti"])
        self.assertEqual(self.verify_in_python(new)["iss"], self.server.url)
        self.assertEqual((self.check(old), self.check(new)), (200, 200))

    def test_an_emergency_rotation_ends_every_token_of_the_key(self):
        old, _ = self.mint()
        self.assertEqual(self.check(old), 200)
        self.rotate("--emergency")
        self.assertEqual(self.check(old), 401)
        new, _ = self.mint()
        self.assertEqual(self.check(new), 200)
        with Jose(self.server.url) as jose:
            self.assertEqual(jose.verify(old)["code"], "ERR_JWKS_NO_MATCHING_KEY")
            self.assertTrue(jose.verify(new)["ok"])
        with self.assertRaises(jwt.exceptions.PyJWKClientError):
            self.verify_in_python(old)
        self.assertEqual(self.verify_in_python(new)["iss"], self.server.url)

    def test_others_refuse_what_is_forged_or_for_another_audience(self):
        token, _ = self.mint()
        head, claims, signature = token.split(".")
        changed = json.loads(base64.urlsafe_b64decode(claims + "=="))
        changed["scope"] = "license:write"
        text = base64.urlsafe_b64encode(json.dumps(changed).encode()).decode().rstrip("=")
        forged = f"{head}.{text}.{signature}"
        with Jose(self.server.url) as jose:
            self.assertEqual(jose.verify(forged)["code"], "ERR_JWS_SIGNATURE_VERIFICATION_FAILED")
        with Jose(self.server.url, "pipelines") as jose:
            self.assertEqual(jose.verify(token)["code"], "ERR_JWT_CLAIM_VALIDATION_FAILED")
        with self.assertRaises(jwt.exceptions.InvalidSignatureError):
            self.verify_in_python(forged)
        with self.assertRaises(jwt.exceptions.InvalidAudienceError):
            self.verify_in_python(token, "pipelines")
        self.assertEqual(self.check(forged), 401)


class StatusListTest(InteropCase):
    def status(self, token):
        script = os.path.join(HERE, "status_list.mjs")
        return json.loads(run("node", script, self.server.url, input=token).stdout)

    def test_the_list_shows_valid_then_revoked_or_suspended(self):
        first, first_id = self.mint()
        second, second_id = self.mint()
        seen = self.status(first)
        self.assertEqual(seen["status"], 0)
        self.assertEqual(seen["bits"], 2)
        self.assertEqual(seen["uri"], self.server.url + "/status/0")
        self.assertEqual(seen["type"], "application/statuslist+jwt")

        self.server.cli("token", "revoke", first_id)
        self.server.cli("token", "suspend", second_id)
        self.assertEqual(self.status(first)["status"], 1)
        self.assertEqual(self.status(second)["status"], 2)
        self.server.cli("token", "resume", second_id)
        self.assertEqual(self.status(second)["status"], 0)
        self.assertEqual(self.status(first)["status"], 1)

    def test_the_list_is_signed_anew_after_rotations(self):
        token, token_id = self.mint()
        self.assertEqual(self.status(token)["status"], 0)
        self.rotate()
        self.assertEqual(self.status(token)["status"], 0)
        self.rotate("--emergency")
        self.server.cli("token", "delete", token_id)
        self.assertEqual(self.status(token)["status"], 1)
