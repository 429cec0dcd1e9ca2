"""Key pairs, key tokens and client assertions, for tests that play an application."""

import base64
import json
import os
import time
import urllib.parse

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = ("RS256", "RS512", "ES256", "ES512", "Ed25519")


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class KeyPair:
    def __init__(self, algorithm):
        self.algorithm = algorithm
        if algorithm.startswith("RS"):
            self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        elif algorithm.startswith("ES"):
            curve = ec.SECP256R1() if algorithm == "ES256" else ec.SECP521R1()
            self.key = ec.generate_private_key(curve)
        else:
            self.key = ed25519.Ed25519PrivateKey.generate()

    def private_pem(self):
        return self.key.private_bytes(serialization.Encoding.PEM,
                                      serialization.PrivateFormat.PKCS8,
                                      serialization.NoEncryption()).decode()

    def public_pem(self):
        return self.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()

    def sign(self, message):
        digest = hashes.SHA512() if self.algorithm.endswith("512") else hashes.SHA256()
        if self.algorithm.startswith("RS"):
            return self.key.sign(message, padding.PKCS1v15(), digest)
        if self.algorithm.startswith("ES"):
            size = 32 if self.algorithm == "ES256" else 66
            r, s = decode_dss_signature(self.key.sign(message, ec.ECDSA(digest)))
            return r.to_bytes(size, "big") + s.to_bytes(size, "big")
        return self.key.sign(message)

    def jws(self, header, claims):
        encoded = ".".join(base64url(json.dumps(part).encode()) for part in (header, claims))
        return encoded + "." + base64url(self.sign(encoded.encode()))


class Application:
    """Holds a key token: its id, its key, and the server it belongs to."""

    def __init__(self, server, session, algorithm="ES256", api="licensing", **members):
        self.server, self.pair = server, KeyPair(algorithm)
        answer = server.request("POST", "/v1/tokens", {
            "kind": "key", "name": f"application {algorithm}", "api": api, "algorithm": algorithm,
            "keys": self.pair.public_pem(), **members}, token=session)
        assert answer.status == 201, answer.body
        self.token = answer.json()
        self.id, self.key_id = self.token["id"], self.token["keys"][0]["kid"]

    def assertion(self, **changes):
        now = int(time.time())
        claims = {"iss": self.id, "sub": self.id, "aud": self.server.url, "iat": now,
                  "exp": now + 60, "jti": base64url(os.urandom(16)), **changes}
        claims = {name: value for name, value in claims.items() if value is not None}
        return self.pair.jws({"alg": self.pair.algorithm, "kid": self.key_id}, claims)

    def form(self, assertion=None, **parameters):
        return urllib.parse.urlencode({
            "grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion or self.assertion(), **parameters}).encode()

    def exchange(self, assertion=None, **parameters):
        """The whole answer of the token endpoint."""
        return self.server.request(
            "POST", "/oauth2/token", self.form(assertion, **parameters),
            headers={"Content-Type": "application/x-www-form-urlencoded"})

    def access_token(self, **parameters):
        answer = self.exchange(**parameters)
        assert answer.status == 200, answer.body
        return answer.json()["access_token"]
