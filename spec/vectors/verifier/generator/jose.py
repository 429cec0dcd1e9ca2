"""Signatures that come out the same every time, so that the vectors can be made anew and compared.

ECDSA draws its nonce from the message (RFC 6979); RSA PKCS #1 v1.5 and Ed25519 have none. The keys
in keys.json were made for these vectors and sign nothing else.
"""

import base64
import hashlib
import hmac
import json
import pathlib
import zlib

from cryptography.hazmat.primitives.asymmetric import ed25519

KEYS = json.loads((pathlib.Path(__file__).parent / "keys.json").read_text())
# p, n, a, b, G of the curves (SEC 2).
CURVES = {
    "P-256": (
        2**256 - 2**224 + 2**192 + 2**96 - 1,
        0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
        0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
        0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5),
    "P-521": (
        2**521 - 1,
        2**521 - 0x5AE79787C40D069948033FEB708F65A2FC44A36477663B851449048E16EC79BF7,
        int("C6858E06B70404E9CD9E3ECB662395B4429C648139053FB521F828AF606B4D3D"
            "BAA14B5E77EFE75928FE1DC127A2FFA8DE3348B3C1856A429BF97E7E31C2E5BD66", 16),
        int("11839296A789A3BC0045C8A5FB42C7D1BD998F54449579B446817AFBD17273E66"
            "2C97EE72995EF42640C550B9013FAD0761353C7086A272C24088BE94769FD16650", 16)),
}


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(text):
    return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big")


def add(curve, one, other):
    """Adds two points; both curves have a = -3."""
    p = curve[0]
    if one is None or other is None:
        return one or other
    if one[0] == other[0] and (one[1] + other[1]) % p == 0:
        return None
    if one == other:
        slope = (3 * one[0] * one[0] - 3) * pow(2 * one[1], -1, p) % p
    else:
        slope = (other[1] - one[1]) * pow(other[0] - one[0], -1, p) % p
    x = (slope * slope - one[0] - other[0]) % p
    return x, (slope * (one[0] - x) - one[1]) % p


def times(curve, factor):
    result, power = None, (curve[2], curve[3])
    while factor:
        if factor & 1:
            result = add(curve, result, power)
        power = add(curve, power, power)
        factor >>= 1
    return result


def nonces(secret, digest, n, hash_name):
    """RFC 6979 §3.2, for a digest that is not longer than the order."""
    size = (n.bit_length() + 7) // 8
    seed = secret.to_bytes(size, "big") + (int.from_bytes(digest, "big") % n).to_bytes(size, "big")
    v, k = b"\1" * len(digest), b"\0" * len(digest)
    for byte in (b"\0", b"\1"):
        k = hmac.digest(k, v + byte + seed, hash_name)
        v = hmac.digest(k, v, hash_name)
    while True:
        text = b""
        while len(text) < size:
            v = hmac.digest(k, v, hash_name)
            text += v
        found = int.from_bytes(text[:size], "big") >> (size * 8 - n.bit_length())
        if 0 < found < n:
            yield found
        k = hmac.digest(k, v + b"\0", hash_name)
        v = hmac.digest(k, v, hash_name)


def sign_ec(key, message):
    curve = CURVES[key["crv"]]
    n, size = curve[1], (curve[0].bit_length() + 7) // 8
    hash_name = "sha256" if key["crv"] == "P-256" else "sha512"
    digest, secret = hashlib.new(hash_name, message).digest(), number(key["d"])
    for nonce in nonces(secret, digest, n, hash_name):
        r = times(curve, nonce)[0] % n
        s = pow(nonce, -1, n) * (int.from_bytes(digest, "big") + r * secret) % n
        if r and s:
            return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def sign_rsa(key, message, hash_name="sha256"):
    prefix = {"sha256": "3031300d060960864801650304020105000420",
              "sha512": "3051300d060960864801650304020305000440"}[hash_name]
    n = number(key["n"])
    size = (n.bit_length() + 7) // 8
    info = bytes.fromhex(prefix) + hashlib.new(hash_name, message).digest()
    padded = b"\0\1" + b"\xff" * (size - len(info) - 3) + b"\0" + info
    return pow(int.from_bytes(padded, "big"), number(key["d"]), n).to_bytes(size, "big")


def sign_ed25519(key, message):
    secret = ed25519.Ed25519PrivateKey.from_private_bytes(number(key["d"]).to_bytes(32, "big"))
    return secret.sign(message)


def sign(key, message, algorithm=None):
    algorithm = algorithm or key["alg"]
    if algorithm.startswith("ES"):
        return sign_ec(key, message)
    if algorithm.startswith("RS"):
        return sign_rsa(key, message, "sha" + algorithm[2:])
    return sign_ed25519(key, message)


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def jws(header, claims, key, algorithm=None):
    """`claims`: an object, or bytes that are taken as they are."""
    payload = claims if isinstance(claims, bytes) else compact(claims)
    text = base64url(compact(header)) + "." + base64url(payload)
    return text + "." + base64url(sign(KEYS[key], text.encode(), algorithm))


def public(name):
    members = ("kty", "crv", "x", "y", "n", "e", "alg", "kid")
    return {**{m: KEYS[name][m] for m in members if m in KEYS[name]}, "use": "sig"}


def packed(statuses, entries=1024):
    """Two bits an entry, the first in the lowest bits. Stored, not deflated: no zlib makes other
    bytes of that."""
    octets = bytearray(entries // 4)
    for index, status in statuses.items():
        octets[index // 4] |= status << (index % 4 * 2)
    return base64url(zlib.compress(bytes(octets), 0))
