#!/usr/bin/python3
"""What a verification costs in the Python SDK and in PyJWT, on the same token in one run: known
to the cache, and seen for the first time. Rounds in turn; prints the medians as JSON. With
--binary also how long a revoke takes: from the server's answer to the first refusal by a verifier
that hears its event stream.

    bench/sdk_python.py [--rounds 7] [--seconds 0.5] [--binary build/release/latchkey]
"""

import argparse
import base64
import json
import os
import pathlib
import statistics
import sys
import time
import zlib

import jwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

SOURCE = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(SOURCE / "sdk" / "python" / "src"))

from latchkey import Latchkey, Verifier  # noqa: E402
from latchkey._http import Answer  # noqa: E402

ISSUER, AUDIENCE, SCOPE = "https://bench.example.com", "licensing-api", "license:read"


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sign(key, typ, claims):
    header = {"alg": "ES256", "kid": "bench", "typ": typ}
    signed = ".".join(base64url(json.dumps(part, separators=(",", ":")).encode())
                      for part in (header, claims))
    r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    return signed + "." + base64url(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def documents(key):
    """What the issuer publishes: its keys and a list of a million tokens."""
    numbers, now = key.public_key().public_numbers(), int(time.time())
    keys = {"keys": [{"kty": "EC", "crv": "P-256", "kid": "bench", "alg": "ES256", "use": "sig",
                      "x": base64url(numbers.x.to_bytes(32, "big")),
                      "y": base64url(numbers.y.to_bytes(32, "big"))}]}
    listed = sign(key, "statuslist+jwt", {
        "iss": ISSUER, "sub": ISSUER + "/status/0", "iat": now, "exp": now + 3600, "ttl": 5,
        "status_list": {"bits": 2, "lst": base64url(zlib.compress(bytes(262_144)))}})
    return {ISSUER + "/.well-known/jwks.json": json.dumps(keys).encode(),
            ISSUER + "/status/0": listed.encode()}


def per_second(work, seconds):
    count, began = 0, time.perf_counter()
    while True:
        for _ in range(50):
            work()
        count += 50
        elapsed = time.perf_counter() - began
        if elapsed >= seconds:
            return count / elapsed


def measure_revokes(binary, count):
    """Milliseconds, sorted."""
    os.environ["LATCHKEY_BINARY"] = str(pathlib.Path(binary).resolve())
    sys.path.insert(0, str(SOURCE / "tests" / "support"))
    from latchkey_server import LatchkeyServer

    with LatchkeyServer() as server, Latchkey(server.session(), server=server.url) as client:
        client.request("POST", server.url + "/v1/apis", {
            "slug": "licensing", "audience": AUDIENCE,
            "scopes": [{"name": SCOPE, "description": "Read licenses"}]})
        user = server.request("POST", "/v1/users", {
            "kind": "machine", "name": "licensing", "verifies": ["licensing"],
            "roles": ["verifier"]}, token=server.session()).json()["id"]
        own = client.tokens.create("verifier", api="latchkey", kind="opaque",
                                   scopes=["token:verify"], owner=user).token
        with Verifier(server.url, AUDIENCE, token=own) as verifier:
            verifier.ready()
            return sorted(felt(client, verifier, count))


def felt(client, verifier, count):
    for number in range(count):
        made = client.tokens.create(f"token-{number}", api="licensing", scopes=[SCOPE])
        while not verifier.verify(made.token, SCOPE):
            time.sleep(0.001)
        client.tokens.revoke(made.id)
        began = time.perf_counter()
        while verifier.verify(made.token, SCOPE):
            time.sleep(0.0002)
        yield (time.perf_counter() - began) * 1000
    if not verifier.state()["streamIsLive"]:
        raise SystemExit("the event stream was not heard")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--binary")
    parser.add_argument("--revokes", type=int, default=1000)
    options = parser.parse_args()
    key = ec.generate_private_key(ec.SECP256R1())
    published, now = documents(key), int(time.time()) - 60
    token = sign(key, "JWT", {
        "aud": [AUDIENCE], "iat": now, "iss": ISSUER, "jti": "2JdkMyJ2LJWexhAGRYYkDR",
        "nbf": now, "sub": "01a3b6b0-1111-7222-8333-944455566677", "exp": now + 86_400,
        "scope": SCOPE, "status": {"status_list": {"idx": 7, "uri": ISSUER + "/status/0"}}})
    verifier = Verifier(ISSUER, AUDIENCE, max_staleness=3600, background=False, transport=lambda
                        method, url, **_: Answer(200, {}, published[url]))
    public = key.public_key()

    def peer():
        jwt.decode(token, public, algorithms=["ES256"], audience=AUDIENCE, issuer=ISSUER)

    def hit():
        verifier.verify(token, SCOPE)

    def cold():
        verifier._entries.clear()
        verifier.verify(token, SCOPE)

    assert verifier.verify(token, SCOPE) and not verifier.verify(token[:-4] + "AAAA", SCOPE)
    contenders = {"pyjwt": peer, "hit": hit, "cold": cold}
    rounds = {name: [] for name in contenders}
    for number in range(options.rounds + 1):
        for name, work in contenders.items():
            rate = per_second(work, options.seconds)
            if number:  # the first one warms up
                rounds[name].append(rate)
    found = {name: statistics.median(rates) for name, rates in rounds.items()}
    for name in ("hit", "cold"):
        found[name + "_ratio"] = statistics.median(
            ours / theirs for ours, theirs in zip(rounds[name], rounds["pyjwt"]))
    if options.binary:
        times = measure_revokes(options.binary, options.revokes)
        found["revoke_p50_ms"] = times[len(times) // 2]
        found["revoke_p99_ms"] = times[int(len(times) * 0.99)]
    print(json.dumps(found))


if __name__ == "__main__":
    main()
