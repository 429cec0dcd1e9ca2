"""Introspection, revocation, token exchange, the device flow, resource metadata and DPoP by software
that we did not write: npm oauth4webapi, and openid-client for what it has."""

import json
import unittest

from key_tokens import Application
from latchkey_server import EMAIL, LICENSING, PASSWORD, LatchkeyServer
from node_program import NodeProgram
from waiting import poll_until

AUDIENCE = "licensing-api"
READ = "license:read"


class OAuthTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = LatchkeyServer()
        cls.addClassCleanup(cls.server.__exit__)
        cls.server.login()
        cls.server.cli("api", "import", LICENSING)
        cls.session = cls.server.session()
        cls.api("POST", "/v1/users", {"kind": "machine", "name": "gateway", "roles": ["verifier"],
                                      "verifies": ["licensing"]}, status=201)
        user = next(u for u in cls.api("GET", "/v1/users") if u["name"] == "gateway")
        made = cls.api("POST", f"/v1/tokens?owner={user['id']}", {
            "name": "gateway", "api": "latchkey", "scopes": ["token:verify"]}, status=201)
        cls.verifier = {"verifierId": made["id"], "verifier": made["token"]}
        cls.strangers = NodeProgram("oauth_breadth.mjs", cls.server.url, AUDIENCE)
        cls.strangers.__enter__()
        cls.addClassCleanup(cls.strangers.__exit__)

    @classmethod
    def api(cls, method, path, body=None, status=200):
        answer = cls.server.request(method, path, body, token=cls.session)
        assert answer.status == status, (answer.status, answer.body)
        return answer.json() if answer.body else None

    def do(self, action, **members):
        return self.strangers.ask(json.dumps({"do": action, **members}))

    def done(self, action, **members):
        answer = self.do(action, **members)
        self.assertTrue(answer["ok"], answer)
        return answer

    def token(self, kind="opaque", scopes=(READ,)):
        return self.api("POST", "/v1/tokens", {"name": "a token", "kind": kind, "api": "licensing",
                                               "scopes": list(scopes)}, status=201)

    def check(self, token):
        return self.server.request("GET", f"/check/api/licensing/scope/{READ}", token=token).status

    def test_introspection_plain_and_signed(self):
        made = self.token()
        for signed in (False, True):
            answer = self.done("introspect", token=made["token"], signed=signed, **self.verifier)
            self.assertEqual(answer["type"].split(";")[0],
                             "application/token-introspection+jwt" if signed
                             else "application/json")
            result = answer["result"]
            self.assertIs(result["active"], True)
            self.assertEqual(result["scope"], READ)
            self.assertEqual(result["client_id"], made["id"])
            unknown = self.done("introspect", token="unknown", signed=signed, **self.verifier)
            self.assertEqual(unknown["result"], {"active": False})
        result = self.done("introspectByOpenidClient", token=made["token"],
                           **self.verifier)["result"]
        self.assertEqual(result["client_id"], made["id"])
        # Only verifiers ask.
        refused = self.do("introspect", token=made["token"], signed=False,
                          verifierId=made["id"], verifier=made["token"])
        self.assertFalse(refused["ok"])

    def test_revocation_ends_a_token_and_what_was_derived_from_it(self):
        made = self.token(kind="jwt")
        first = self.done("exchange", token=made["token"], parameters={})["result"]
        second = self.done("exchange", token=first["access_token"], parameters={})["result"]
        for token in (made["token"], first["access_token"], second["access_token"]):
            self.assertEqual(self.check(token), 200)
        self.done("revoke", token=first["access_token"])
        self.assertEqual(self.check(made["token"]), 200)
        self.assertEqual(self.check(first["access_token"]), 401)
        self.assertEqual(self.check(second["access_token"]), 401)
        self.done("revoke", token=made["token"])
        self.assertEqual(self.check(made["token"]), 401)
        self.done("revoke", token="unknown")

    def test_an_exchange_narrows_and_never_widens(self):
        made = self.token(scopes=(READ, "license:write"))
        narrow = self.done("exchange", token=made["token"],
                           parameters={"scope": READ, "audience": AUDIENCE})["result"]
        self.assertEqual(narrow["scope"], READ)
        self.assertEqual(narrow["issued_token_type"],
                         "urn:ietf:params:oauth:token-type:access_token")
        wider = self.do("exchange", token=narrow["access_token"],
                        parameters={"scope": "license:write"})
        self.assertEqual(wider["error"], "invalid_scope", wider)

    def test_the_login_of_a_command_line_beside_the_browser(self):
        got = self.done("codeLogin", session=self.session, password=PASSWORD)
        self.assertEqual((got["page"], got["tokenType"]), (200, "bearer"))
        me = self.server.request("GET", "/v1/users/me", token=got["accessToken"])
        self.assertEqual(me.json()["email"], EMAIL)

    def test_the_device_flow(self):
        begun = self.done("beginDevice")["result"]
        ask = lambda: self.do("pollDevice", deviceCode=begun["device_code"])
        pending = ask()
        self.assertEqual(pending["error"], "authorization_pending", pending)
        # Asked again at once, unless this machine stood still for all the seconds in between.
        early = poll_until(ask, lambda answer: answer["error"] != "authorization_pending")
        self.assertEqual(early["error"], "slow_down", early)
        other = self.done("beginDevice")["result"]
        self.api("POST", f"/v1/device/{other['user_code']}", {"approve": False}, status=204)
        refused = self.do("pollDevice", deviceCode=other["device_code"])
        self.assertEqual(refused["error"], "access_denied", refused)
        third = self.done("beginDevice")["result"]
        self.api("POST", f"/v1/device/{third['user_code']}",
                 {"approve": True, "password": PASSWORD}, status=204)
        got = self.done("pollDevice", deviceCode=third["device_code"])["result"]
        self.assertEqual(got["token_type"], "bearer")
        me = self.server.request("GET", "/v1/users/me", token=got["access_token"])
        self.assertEqual(me.json()["email"], EMAIL)
        # RFC 7009 ends it like any other.
        self.done("revoke", token=got["access_token"])
        self.assertEqual(self.server.request("GET", "/v1/users/me",
                                             token=got["access_token"]).status, 401)

    def test_a_refused_client_finds_the_authority(self):
        answer = self.server.request("GET", "/v1/tokens")
        challenge = answer.headers["WWW-Authenticate"]
        metadata = challenge.split('resource_metadata="')[1].split('"')[0]
        found = self.done("discoverResource", resource=self.server.url,
                          metadata=metadata)["result"]
        self.assertEqual(found["authorization_servers"], [self.server.url])

    def test_bound_tokens_with_nonces_and_every_kind_of_key(self):
        project = self.api("POST", "/v1/projects", {"name": "shop"}, status=201)["id"]
        application = Application(self.server, self.session)
        place = f"/v1/projects/{project}/principals/token/{application.id}"
        self.api("PUT", place)
        self.api("PUT", place + "/policy", {
            "version": "2022-12-15",
            "statement": [{"effect": "Allow", "action": [READ], "resource": ["*"]}]})
        for algorithm in ("ES256", "RS256", "PS256", "Ed25519"):
            answer = self.done(
                "dpop", algorithm=application.pair.algorithm, tokenId=application.id,
                keyId=application.key_id, privateKey=application.pair.private_pem(),
                parameters={}, proofAlgorithm=algorithm, path=f"/check/api/licensing/scope/{READ}")
            self.assertEqual(answer["tokenType"], "dpop")
            # The client did not know the nonce at first, and was told it.
            self.assertGreaterEqual(answer["nonces"], 1)
            self.assertEqual((answer["used"], answer["again"]), (200, 200), (algorithm, answer))
            self.assertEqual(answer["stolen"], 401)
            self.assertTrue(answer["challenge"].startswith("DPoP "), answer)
            self.assertTrue(answer["refusedWithoutProof"])
            told = self.done("introspect", token=answer["accessToken"], signed=False,
                             **self.verifier)["result"]
            self.assertEqual(told["token_type"], "DPoP")
            self.assertEqual(len(told["cnf"]["jkt"]), 43)


if __name__ == "__main__":
    unittest.main()
