"""JWS in the compact form (RFC 7515), strictly: canonical base64url, three parts, one algorithm a
key, and no header that would change what is verified or with which key."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Dict, Mapping, NamedTuple, Optional

from ._keys import ALGORITHMS, PublicKey, public_key_of
from ._opaque import TOKEN_BYTES_MAX
from ._text import base64url_decode, parse_object
from .errors import KeySetError

HEADER_BYTES_MAX = 2_048
KEYS_MAX = 64
_REFUSED = ("crit", "b64", "zip", "jwk", "jku", "x5u", "x5c", "enc")


class Malformed(ValueError):
    """Not a token of ours in form; its text names no part of it."""


class Header(NamedTuple):
    """What the header says; `typ` in small letters and without `application/`."""

    algorithm: str
    kid: str
    typ: str


@lru_cache(maxsize=256)  # an issuer writes the same few over and over
def parse_header(encoded: str) -> Header:
    """Raises Malformed."""
    data = base64url_decode(encoded) if len(encoded) <= HEADER_BYTES_MAX * 4 // 3 + 3 else None
    if not data or len(data) > HEADER_BYTES_MAX:
        raise Malformed("the header is empty, too long or not base64url")
    header = parse_object(data, 8)
    if header is None:
        raise Malformed("the header is no JSON object")
    if any(name in header for name in _REFUSED):
        raise Malformed("the header holds a member that is never accepted")
    algorithm, typ = _text(header, "alg", 16), _text(header, "typ", 64).lower()
    if algorithm not in ALGORITHMS:
        raise Malformed("the algorithm is not one that is accepted")
    if typ.startswith("application/") and "/" not in typ[12:]:
        typ = typ[12:]
    return Header(algorithm, _text(header, "kid", 128), typ)


def _text(header: Mapping[str, Any], name: str, length_max: int) -> str:
    if name not in header:
        return ""
    value = header[name]
    if not isinstance(value, str) or not 0 < len(value) <= length_max:
        raise Malformed("a header member has the wrong type or length")
    return value


class Jws:
    """What a compact JWS says. Nothing of it is to be believed before `is_signed_by`."""

    __slots__ = ("algorithm", "kid", "typ", "claims", "_signed", "_signature")

    def __init__(self, header: Header, claims: Dict[str, Any], signed: bytes,
                 signature: bytes) -> None:
        self.algorithm, self.kid, self.typ = header
        self.claims, self._signed, self._signature = claims, signed, signature

    def is_of_type(self, typ: str) -> bool:
        return self.typ == typ

    def is_signed_by(self, key: PublicKey) -> bool:
        return self.algorithm == key.algorithm and key.verify(self._signature, self._signed)


def parse_compact(token: str, bytes_max: int = TOKEN_BYTES_MAX) -> Jws:
    """Raises Malformed."""
    if len(token) > bytes_max or token.count(".") != 2:
        raise Malformed("a JWT has three parts between two dots, and is not too long")
    signed, _, last = token.rpartition(".")
    first, _, middle = signed.partition(".")
    header, signature = parse_header(first), base64url_decode(last)
    payload = base64url_decode(middle)
    if payload is None or not signature:
        raise Malformed("a part of the token is empty or not base64url")
    claims = parse_object(payload, 8)
    if claims is None:
        raise Malformed("the claims are no JSON object")
    return Jws(header, claims, signed.encode("ascii"), signature)


class KeySet:
    """Keys by kid. What cannot be understood is left out: tomorrow's keys must not break today's."""

    __slots__ = ("_keys", "_document")

    def __init__(self, keys: Mapping[str, PublicKey], document: bytes = b"") -> None:
        self._keys, self._document = dict(keys), document

    @classmethod
    def parse(cls, document: bytes) -> "KeySet":
        """Raises KeySetError when there is no usable key in it."""
        found = parse_object(document)
        listed = found.get("keys") if found is not None else None
        if not isinstance(listed, list):
            raise KeySetError("the answer is no key set")
        if len(listed) > KEYS_MAX:
            raise KeySetError(f"the key set has more than {KEYS_MAX} keys", code="key_set_too_large")
        keys: Dict[str, PublicKey] = {}
        for jwk in listed:
            try:
                key = public_key_of(jwk if isinstance(jwk, dict) else {})
            except KeySetError:
                continue
            keys.setdefault(key.kid, key)
        if not keys:
            raise KeySetError("the key set has no key that can be used", code="empty_key_set")
        return cls(keys, document)

    def is_same_as(self, other: "KeySet") -> bool:
        return self._document == other._document

    def find(self, kid: str) -> Optional[PublicKey]:
        return self._keys.get(kid)

    def __repr__(self) -> str:
        return f"KeySet(kids={sorted(self._keys)!r})"
