"""Key tokens: what is signed, when it is exchanged, and where the access token goes."""

import asyncio
import base64
import email.utils
import json
import os
import tempfile
import threading
import time
import unittest
import urllib.parse

from authority import TOKEN, Authority, wait_until
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from latchkey import (AuthenticationError, AuthProvider, ConfigurationError, NetworkError,
                      ServerError)

PASSPHRASE = "open sesame, says the passphrase"
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
KEYS = {
    "RS256": RSA_KEY, "RS512": RSA_KEY,
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "ES512": ec.generate_private_key(ec.SECP521R1()),
    "Ed25519": ed25519.Ed25519PrivateKey.generate(),
}


def pem(key, passphrase=None):
    encryption = serialization.BestAvailableEncryption(passphrase.encode()) if passphrase \
        else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             encryption).decode()


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def check_signature(algorithm, assertion):
    """Raises unless the key signed it; returns header and claims."""
    head, body, signature = assertion.split(".")
    signed, raw = f"{head}.{body}".encode(), decoded(signature)
    key = KEYS[algorithm].public_key()
    digest = hashes.SHA512() if algorithm.endswith("512") else hashes.SHA256()
    if algorithm.startswith("RS"):
        key.verify(raw, signed, padding.PKCS1v15(), digest)
    elif algorithm.startswith("ES"):
        half = len(raw) // 2
        der = encode_dss_signature(int.from_bytes(raw[:half], "big"),
                                   int.from_bytes(raw[half:], "big"))
        key.verify(der, signed, ec.ECDSA(digest))
    else:
        key.verify(raw, signed)
    return json.loads(decoded(head)), json.loads(decoded(body))


class TokenEndpoint:
    """Gives access tokens out; refuses as it is told."""

    def __init__(self, authority, life=3600):
        self.authority, self.life, self.count = authority, life, 0
        self.refusals, self.delay, self.clock = [], 0.0, time.time
        self.lock, self.assertions = threading.Lock(), []
        self.is_open = threading.Event()  # nothing is answered while it is not
        self.is_open.set()
        authority.routes["POST /oauth2/token"] = self.serve

    def serve(self, handler):
        form = urllib.parse.parse_qs(self.authority.seen[-1]["body"].decode())
        with self.lock:
            self.assertions.append(form)
            refusal = self.refusals.pop(0) if self.refusals else None
        time.sleep(self.delay)
        self.is_open.wait(20)
        claims = json.loads(decoded(form["client_assertion"][0].split(".")[1]))
        now = self.clock()
        if refusal is None and not claims["iat"] - 10 <= now < claims["exp"]:
            refusal = 401, {"error": "invalid_client", "error_description": "not valid"}
        if refusal is None:
            self.count += 1
            refusal = 200, {"access_token": f"access-{self.count}", "token_type": "Bearer",
                            "expires_in": self.life, "scope": "license:read"}
        status, content = refusal
        body = json.dumps(content).encode()
        handler.send_response_only(status)
        handler.send_header("Date", email.utils.formatdate(now, usegmt=True))
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)


class AuthCase(unittest.TestCase):
    def setUp(self):
        self.authority = Authority()
        self.addCleanup(self.authority.__exit__)
        self.endpoint = TokenEndpoint(self.authority)
        self.now = 0.0

    def provider(self, kind="ES256", **options):
        options = {"private_key": pem(KEYS[kind]), "server": self.authority.url, **options}
        return self.closed(AuthProvider(token_id=TOKEN, **options))

    def closed(self, provider):
        self.addCleanup(provider.close)
        return provider

    def clocked(self, **options):
        return self.provider(monotonic=lambda: self.now, **options)


class Assertions(AuthCase):
    def test_every_algorithm_signs_what_the_server_demands(self):
        for algorithm in KEYS:
            with self.subTest(algorithm=algorithm):
                wanted = algorithm if algorithm == "RS512" else None
                provider = self.provider(algorithm, algorithm=wanted, key_id="main",
                                         project_id="01a3b6b5-0a0b-7c0d-8e0f-101112131415")
                provider.token()
                form = self.endpoint.assertions[-1]
                header, claims = check_signature(algorithm, form["client_assertion"][0])
                self.assertEqual(header, {"alg": algorithm, "kid": "main",
                                          "typ": "client-authentication+jwt"})
                self.assertEqual((claims["iss"], claims["sub"], claims["aud"]),
                                 (TOKEN, TOKEN, self.authority.url))
                self.assertLessEqual(claims["exp"] - claims["iat"], 300)
                self.assertEqual(form["resource"][0],
                                 "urn:latchkey:project:01a3b6b5-0a0b-7c0d-8e0f-101112131415")

    def test_no_two_assertions_are_alike(self):
        provider = self.provider()
        for _ in range(3):
            provider.token(force_refresh=True)
        seen = {json.loads(decoded(form["client_assertion"][0].split(".")[1]))["jti"]
                for form in self.endpoint.assertions}
        self.assertEqual(len(seen), 3)

    def test_an_encrypted_key_opens_with_its_passphrase(self):
        for passphrase in (PASSPHRASE, PASSPHRASE.encode(), lambda: PASSPHRASE):
            key = pem(KEYS["ES512"], PASSPHRASE)
            self.assertEqual(self.provider(private_key=key, passphrase=passphrase).token()[:7],
                             "access-")

    def test_a_key_that_cannot_be_used_says_why_and_nothing_more(self):
        encrypted = pem(KEYS["ES256"], PASSPHRASE)
        for options, code in (
                ({"private_key": encrypted}, "passphrase_needed"),
                ({"private_key": encrypted, "passphrase": "wrong"}, "bad_private_key"),
                ({"passphrase": PASSPHRASE}, "passphrase_not_needed"),
                ({"private_key": "hello"}, "bad_private_key"),
                ({"algorithm": "RS256"}, "bad_private_key"),
                ({"private_key": pem(ec.generate_private_key(ec.SECP384R1()))},
                 "bad_private_key"),
                ({"private_key": pem(rsa.generate_private_key(65537, 1024))}, "bad_private_key")):
            with self.subTest(code=code), self.assertRaises(ConfigurationError) as raised:
                self.provider(**options)
            self.assertEqual(raised.exception.code, code)
            for secret in (PASSPHRASE, encrypted.split("\n")[1]):
                self.assertNotIn(secret, f"{raised.exception} {raised.exception!r}")

    def test_a_signer_keeps_the_key_to_itself(self):
        for algorithm in KEYS:
            key = KEYS[algorithm]

            def signer(message):  # as key services do: ECDSA in DER
                digest = hashes.SHA512() if algorithm.endswith("512") else hashes.SHA256()
                if algorithm.startswith("RS"):
                    return key.sign(message, padding.PKCS1v15(), digest)
                if algorithm.startswith("ES"):
                    return key.sign(message, ec.ECDSA(digest))
                return key.sign(message)

            self.closed(AuthProvider(token_id=TOKEN, signer=signer, algorithm=algorithm,
                                     server=self.authority.url)).token()
            check_signature(algorithm, self.endpoint.assertions[-1]["client_assertion"][0])
        with self.assertRaises(ConfigurationError):
            AuthProvider(token_id=TOKEN, signer=bytes, server=self.authority.url)

    def test_affinidis_names_are_a_drop_in(self):
        provider = self.closed(AuthProvider(
            private_key=pem(KEYS["RS256"], PASSPHRASE), passphrase=PASSPHRASE, key_id="main",
            token_id=TOKEN, project_id="01a3b6b5-0a0b-7c0d-8e0f-101112131415",
            token_endpoint=self.authority.url + "/oauth2/token",
            api_gateway_url=self.authority.url))
        self.assertEqual(provider.fetch_project_scoped_token(), "access-1")

    def test_the_credentials_file_of_the_command_line(self):
        document = {"version": 1, "server": self.authority.url,
                    "tokenEndpoint": self.authority.url + "/oauth2/token", "tokenId": TOKEN,
                    "keyId": "main", "algorithm": "ES256", "privateKey": pem(KEYS["ES256"]),
                    "later": {"a": 1}}
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "deploy.json")

            def read(content):
                with open(path, "w", encoding="utf-8") as file:
                    file.write(content if isinstance(content, str) else json.dumps(content))
                return self.closed(AuthProvider.from_file(path))

            self.assertEqual(read(document).token(), "access-1")
            for bad in ("", "hello", "[]", {**document, "version": 2}, "x" * 70_000,
                        {**document, "privateKey": ""}, {**document, "tokenId": 7}):
                with self.assertRaises(ConfigurationError) as raised:
                    read(bad)
                self.assertIn("deploy.json", str(raised.exception))
                self.assertNotIn("PRIVATE KEY", str(raised.exception))
        with self.assertRaises(ConfigurationError):
            AuthProvider.from_file("/nowhere/deploy.json")


class Refreshing(AuthCase):
    def test_many_threads_at_once_make_one_exchange(self):
        self.endpoint.delay = 0.2
        provider, gate, values = self.provider(), threading.Barrier(40), []

        def ask():
            gate.wait()
            values.append(provider.token())

        threads = [threading.Thread(target=ask) for _ in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual((set(values), self.endpoint.count), ({"access-1"}, 1))

    def test_a_new_one_is_fetched_before_the_old_one_ends(self):
        provider = self.clocked()
        self.assertEqual(provider.token(), "access-1")
        self.now = 3600 * 0.7
        self.assertEqual(provider.token(), "access-1")
        self.now = 3600 * 0.81
        self.assertEqual(provider.token(), "access-2")

    def test_while_one_thread_refreshes_the_others_go_on_with_the_old_one(self):
        provider = self.clocked(timeout=60.0)
        provider.token()
        self.now = 3600 * 0.9
        self.endpoint.is_open.clear()
        self.addCleanup(self.endpoint.is_open.set)
        refreshing = threading.Thread(target=provider.token)
        refreshing.start()
        wait_until(lambda: len(self.endpoint.assertions) == 2)
        self.assertEqual(provider.token(), "access-1")
        # Who waited for it would have waited until it ended, or asked himself.
        self.assertTrue(refreshing.is_alive())
        self.assertEqual(len(self.endpoint.assertions), 2)
        self.endpoint.is_open.set()
        refreshing.join()
        self.assertEqual(provider.token(), "access-2")

    def test_a_refresh_that_fails_early_hurts_nobody_and_is_tried_again(self):
        provider = self.clocked()
        provider.token()
        self.now, self.endpoint.refusals = 3600 * 0.9, [(503, {}), (503, {}), (503, {})]
        with self.assertLogs("latchkey", "WARNING"):
            self.assertEqual(provider.token(), "access-1")
        self.assertEqual(provider.token(), "access-1")  # and not again for each call
        self.assertEqual(len(self.endpoint.assertions), 4)
        self.now += 11
        self.assertEqual(provider.token(), "access-2")

    def test_what_may_pass_is_tried_again_and_what_will_not_is_told(self):
        self.endpoint.refusals = [(503, {}), (502, {})]
        self.assertEqual(self.provider().token(), "access-1")
        self.endpoint.refusals = [(503, {"code": "unavailable"})] * 3
        with self.assertRaises(ServerError):
            self.provider().token()
        self.endpoint.refusals = [(400, {"error": "invalid_target", "error_description": "no"})]
        with self.assertRaises(Exception) as raised:
            self.provider().token()
        self.assertEqual(raised.exception.code, "invalid_target")
        self.assertIn("project_id", str(raised.exception))

    def test_a_clock_that_is_wrong_is_corrected_by_the_servers(self):
        for skew in (-3600, -90, 90, 3600):
            self.endpoint.assertions.clear()
            self.endpoint.clock = lambda: time.time() + skew
            with self.assertLogs("latchkey", "WARNING"):
                self.assertTrue(self.provider().token())
            self.assertEqual(len(self.endpoint.assertions), 2, skew)

    def test_a_key_that_is_refused_is_an_error_of_authentication(self):
        self.endpoint.refusals = [(401, {"error": "invalid_client",
                                         "error_description": "not valid"})]
        with self.assertRaises(AuthenticationError) as raised:
            self.provider().token()
        self.assertEqual(raised.exception.code, "invalid_client")
        self.assertEqual(len(self.endpoint.assertions), 1)

    def test_answers_that_are_no_access_token(self):
        for content in ({}, {"access_token": ""}, {"access_token": "a", "expires_in": -1},
                        {"access_token": 7, "expires_in": 60}):
            self.endpoint.refusals = [(200, content)] * 3
            with self.assertRaises(NetworkError):
                self.provider().token()

    def test_asyncio_waits_in_a_thread(self):
        provider = self.provider()
        self.endpoint.delay = 0.1

        async def many():
            return await asyncio.gather(*(provider.atoken() for _ in range(10)))

        self.assertEqual(set(asyncio.run(many())), {"access-1"})
        self.assertEqual(self.endpoint.count, 1)


class Calling(AuthCase):
    def setUp(self):
        super().setUp()
        self.other = Authority()
        self.addCleanup(self.other.__exit__)
        self.authority.routes["GET /orders"] = (200, {}, b"orders")

    def test_a_request_carries_the_access_token(self):
        provider = self.provider(api_gateway_url=self.authority.url)
        self.assertEqual(provider.request("GET", "/orders").body, b"orders")
        sent = self.authority.requests_to("/orders")[0]["headers"]
        self.assertEqual(sent["Authorization"], "Bearer access-1")

    def test_credentials_do_not_follow_a_redirect_to_another_origin(self):
        self.other.routes["GET /caught"] = (200, {}, b"caught")
        self.authority.routes["GET /away"] = (
            302, {"Location": self.other.url + "/caught"}, b"")
        provider = self.provider()
        answer = provider.request("GET", self.authority.url + "/away",
                                  headers={"Cookie": "a=b", "X-Kept": "yes"})
        self.assertEqual(answer.body, b"caught")
        sent = self.other.requests_to("/caught")[0]["headers"]
        self.assertNotIn("Authorization", sent)
        self.assertNotIn("Cookie", sent)
        self.assertEqual(sent["X-Kept"], "yes")

    def test_credentials_that_were_dropped_do_not_come_back(self):
        self.authority.routes["GET /away"] = (302, {"Location": self.other.url + "/back"}, b"")
        self.other.routes["GET /back"] = (302, {"Location": self.authority.url + "/orders"}, b"")
        self.provider().request("GET", self.authority.url + "/away")
        self.assertNotIn("Authorization", self.authority.requests_to("/orders")[0]["headers"])

    def test_another_origin_than_the_apis_gets_nothing(self):
        provider = self.provider(api_gateway_url=self.authority.url)
        with self.assertRaises(ConfigurationError):
            provider.request("GET", self.other.url + "/orders")

        class Request:
            url, headers = self.other.url + "/orders", {}

        self.assertEqual(provider(Request()).headers, {})
        Request.url = self.authority.url + "/orders"
        self.assertEqual(provider(Request()).headers, {"Authorization": "Bearer access-1"})
        self.assertEqual(self.other.seen, [])

    def test_a_401_is_answered_with_a_new_access_token_once(self):
        def only_the_second(handler):
            is_good = handler.headers["Authorization"] == "Bearer access-2"
            handler.send_response(200 if is_good else 401)
            handler.send_header("Content-Length", "0")
            handler.end_headers()

        for method in ("GET", "POST"):
            self.authority.routes[f"{method} /orders"] = only_the_second
        provider = self.provider()
        self.assertEqual(provider.request("POST", self.authority.url + "/orders").status, 401)
        self.assertEqual(provider.request("GET", self.authority.url + "/orders").status, 200)

    def test_a_server_that_calls_itself_by_another_name_gets_no_assertion(self):
        self.authority.routes["GET /.well-known/oauth-authorization-server"] = (
            200, {}, {"issuer": "https://evil.example", "token_endpoint": self.other.url})
        with self.assertRaises(ConfigurationError) as raised:
            self.provider().token()
        self.assertEqual(raised.exception.code, "other_issuer")
        self.assertEqual(self.endpoint.assertions, [])

    def test_addresses_that_cannot_be_right_are_refused(self):
        for options in ({"server": "http://auth.example.com"}, {"server": None},
                        {"token_endpoint": "https://evil.example/oauth2/token"},
                        {"api_gateway_url": "http://api.example.com"}):
            with self.assertRaises(ConfigurationError):
                self.provider(**options)


if __name__ == "__main__":
    unittest.main()
