"""Nothing secret in a text that somebody may write into a log."""

import copy
import io
import json
import logging
import pickle
import traceback
import unittest
from types import SimpleNamespace

from authority import AUDIENCE, OPAQUE, TOKEN, Authority
from test_auth import KEYS, PASSPHRASE, TokenEndpoint, pem

from latchkey import AuthProvider, Latchkey, LatchkeyError, Token, Verifier

SECRET = "lkp_0123456789ABCDEFGHIJKLMNOPQRSTUVWX0TeJoD"


class Secrets(unittest.TestCase):
    def setUp(self):
        self.authority = Authority()
        self.addCleanup(self.authority.__exit__)
        self.log = io.StringIO()
        handler = logging.StreamHandler(self.log)
        logging.getLogger("latchkey").addHandler(handler)
        self.addCleanup(logging.getLogger("latchkey").removeHandler, handler)
        self.secrets = {SECRET, PASSPHRASE, "the-verifiers-secret"}

    def check(self, *things):
        texts = [self.log.getvalue()]
        for thing in things:
            texts += [repr(thing), str(thing), repr([thing]), f"{thing!a}"]
            if isinstance(thing, BaseException):
                texts += traceback.format_exception(type(thing), thing, thing.__traceback__)
        for secret in self.secrets:
            for text in texts:
                self.assertNotIn(secret, text)

    def raised(self, work):
        try:
            work()
        except LatchkeyError as error:
            return error
        raise AssertionError("nothing was raised")

    def test_a_client(self):
        client = Latchkey(SECRET, server=self.authority.url, base_url=self.authority.url)
        self.addCleanup(client.close)
        made = Token.of({"id": TOKEN, "name": "ci", "token": SECRET})
        self.assertEqual(made.token, SECRET)
        self.authority.routes["GET /v1/tokens/self"] = (401, {}, {"code": "invalid_token"})
        error = self.raised(client.tokens.self)
        self.check(client, client.tokens, client._sender, made, made.raw, error)

    def test_a_server_that_quotes_the_token_back(self):
        client = Latchkey(SECRET, server=self.authority.url, base_url=self.authority.url)
        self.addCleanup(client.close)
        for status in (400, 401, 403, 500):
            self.authority.routes["GET /v1/tokens/self"] = (
                status, {"X-Request-Id": SECRET}, {
                    "type": "https://auth.example.com/?" + SECRET, "code": SECRET,
                    "detail": f"no such token: {SECRET}", "hint": SECRET, "requestId": SECRET,
                    "missingScopes": [SECRET], "errors": [{"pointer": SECRET, "detail": SECRET}]})
            error = self.raised(client.tokens.self)
            self.check(error, error.message, error.code, error.hint, error.docs, error.request_id,
                       error.missing_scopes, error.fields)

    def test_an_authority_that_quotes_what_it_was_asked(self):
        self.authority.routes["POST /v1/tokens/verify"] = (
            400, {}, {"code": "x", "detail": f"{OPAQUE} the-verifiers-secret", "hint": OPAQUE})
        self.secrets.add(OPAQUE)
        verifier = Verifier(self.authority.url, AUDIENCE, token="the-verifiers-secret",
                            revocation="poll")
        self.addCleanup(verifier.close)
        found = verifier.verify(OPAQUE)
        self.assertEqual(found.verdict, "not_current")
        self.check(found, found.error, found.error.__cause__, found.error.hint)

    def test_a_token_endpoint_that_quotes_the_assertion(self):
        TokenEndpoint(self.authority)
        shown = []

        def quote(handler):
            form = self.authority.seen[-1]["body"].decode()
            shown.append(form.split("client_assertion=")[1].split("&")[0])
            body = json.dumps({"error": "invalid_request", "error_description": shown[-1]})
            handler.send_response(400)
            handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body.encode())

        self.authority.routes["POST /oauth2/token"] = quote
        provider = AuthProvider(token_id=TOKEN, private_key=pem(KEYS["ES256"]),
                                server=self.authority.url)
        self.addCleanup(provider.close)
        error = self.raised(provider.token)
        self.assertTrue(shown)
        self.secrets |= set(shown)
        self.check(error)

    def test_an_access_token_goes_over_no_plain_http(self):
        TokenEndpoint(self.authority)
        provider = AuthProvider(token_id=TOKEN, private_key=pem(KEYS["ES256"]),
                                server=self.authority.url)
        self.addCleanup(provider.close)
        for url in ("http://api.example.com/v1", "ftp://api.example.com", "nowhere"):
            self.check(self.raised(lambda: provider.request("GET", url)))
            self.check(self.raised(lambda: provider(SimpleNamespace(url=url, headers={}))))
        request = provider(SimpleNamespace(url=self.authority.url + "/x", headers={}))
        self.assertIn("Authorization", request.headers)

    def test_secrets_with_letters_that_no_token_has(self):
        for secret in (SECRET + "\n", SECRET + "\r\nX: y", SECRET + "\u2026", SECRET + " x", ""):
            self.check(self.raised(lambda: Verifier(self.authority.url, AUDIENCE, token=secret)))
        for secret in (SECRET + "\u2026", SECRET + " x"):
            self.check(self.raised(lambda: Latchkey(secret, server=self.authority.url)))

    def test_a_token_with_a_line_break_is_refused_without_being_shown(self):
        error = self.raised(lambda: Latchkey(SECRET + "\n"))
        self.check(error)

    def test_a_provider(self):
        TokenEndpoint(self.authority)
        key = pem(KEYS["ES256"], PASSPHRASE)
        self.secrets |= {key, key.split("\n")[1], "access-1"}
        provider = AuthProvider(token_id=TOKEN, private_key=key, passphrase=PASSPHRASE,
                                server=self.authority.url)
        self.addCleanup(provider.close)
        provider.token()
        self.check(provider, provider._key, provider._token)

    def test_a_verifier_and_what_it_says(self):
        jwt = self.authority.token()
        self.secrets |= {jwt, jwt.split(".")[2]}
        verifier = Verifier(self.authority.url, AUDIENCE, token="the-verifiers-secret")
        self.addCleanup(verifier.close)
        results = [verifier.verify(jwt), verifier.verify(OPAQUE), verifier.verify(jwt + "x"),
                   verifier.verify(jwt, "license:write")]
        errors = [one.error for one in results if one.error is not None]
        self.assertTrue(errors)
        self.check(verifier, verifier._known.authority, verifier.state(), *results, *errors)

    def test_a_result_can_be_copied_and_pickled(self):
        verifier = Verifier(self.authority.url, AUDIENCE)
        self.addCleanup(verifier.close)
        result = verifier.verify(self.authority.token())
        self.assertEqual(pickle.loads(pickle.dumps(result)), result)
        self.assertEqual(copy.deepcopy(result), result)


if __name__ == "__main__":
    unittest.main()
