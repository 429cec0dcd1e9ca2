"""Token Status Lists: a small number for each token, packed, compressed and signed."""

from __future__ import annotations

import zlib
from typing import Optional

from ._jws import KeySet, Malformed, parse_compact
from ._text import base64url_decode, is_whole_time
from .errors import StatusListError

LIST_BYTES_MAX = 1 << 20  # unpacked: four million tokens of two bits
TOKEN_BYTES_MAX = 2 << 20
VALID, REVOKED, SUSPENDED, ASK = range(4)


class StatusList:
    """A list that was signed by the installation."""

    __slots__ = ("uri", "issued_at", "expires_at", "ttl", "_bits", "_data")

    def __init__(self, uri: str, issued_at: int, expires_at: Optional[int], ttl: Optional[int],
                 bits: int, data: bytes) -> None:
        self.uri, self.issued_at, self.expires_at, self.ttl = uri, issued_at, expires_at, ttl
        self._bits, self._data = bits, data

    def get(self, index: int) -> Optional[int]:
        """None: it is outside the list."""
        per_byte = 8 // self._bits
        if not 0 <= index < len(self._data) * per_byte:
            return None
        shift = (index % per_byte) * self._bits
        return (self._data[index // per_byte] >> shift) & ((1 << self._bits) - 1)

    def is_same_as(self, other: "StatusList") -> bool:
        return self._bits == other._bits and self._data == other._data


def unpack(text: str, bytes_max: int = LIST_BYTES_MAX) -> bytes:
    """Never more than `bytes_max` bytes, whatever the text unpacks to."""
    packed = base64url_decode(text)
    if packed is None:
        raise StatusListError("the status list is not base64url")
    inflater = zlib.decompressobj()
    try:
        data = inflater.decompress(packed, bytes_max + 1)
    except zlib.error:
        raise StatusListError("the status list is not zlib") from None
    if len(data) > bytes_max:
        raise StatusListError("the status list unpacks to more than is allowed",
                              code="status_list_too_large")
    if not inflater.eof or inflater.unused_data or inflater.unconsumed_tail:
        raise StatusListError("the status list is cut off, or bytes follow it")
    return data


def parse_status_list(document: str, keys: KeySet, issuer: str, uri: str,
                      now: float) -> StatusList:
    """Raises StatusListError; code `unknown_key` when another key set may help."""
    try:
        jws = parse_compact(document.strip(), TOKEN_BYTES_MAX)
    except Malformed as error:
        raise StatusListError(f"the status list is no signed token: {error}") from None
    key = keys.find(jws.kid)
    if key is None:
        raise StatusListError("the status list is signed by an unknown key", code="unknown_key")
    if not jws.is_of_type("statuslist+jwt") or not jws.is_signed_by(key):
        raise StatusListError("the status list is not signed by the installation",
                              code="bad_signature")
    claims = jws.claims
    if claims.get("sub") != uri or claims.get("iss", issuer) != issuer:
        raise StatusListError("the status list is another one than was asked for")
    issued_at, expires_at, ttl = claims.get("iat"), claims.get("exp"), claims.get("ttl")
    listed = claims.get("status_list")
    if (not isinstance(issued_at, int) or not is_whole_time(issued_at)
            or not isinstance(listed, dict)
            or (expires_at is not None and not is_whole_time(expires_at))
            or (ttl is not None and (not is_whole_time(ttl) or ttl == 0))):
        raise StatusListError("the status list lacks a claim, or has it in the wrong form")
    bits, text = listed.get("bits"), listed.get("lst")
    if type(bits) is not int or bits not in (1, 2, 4, 8) or not isinstance(text, str):
        raise StatusListError("the status list has no bits or no lst")
    if expires_at is not None and expires_at <= now:
        raise StatusListError("the status list has expired", code="status_list_expired")
    return StatusList(uri, issued_at, expires_at, ttl, bits, unpack(text))
