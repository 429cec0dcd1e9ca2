"""What can be said about a token without asking anybody: whether it has the form of one."""

from __future__ import annotations

import re
import zlib

TOKEN_BYTES_MAX = 16_384
_OPAQUE = re.compile(r"[a-z][a-z0-9]{1,15}_([0-9A-Za-z]{34})([0-9A-Za-z]{6})\Z")
_TWO_PART = re.compile(r"[A-Za-z0-9_-]{1,512}\.[A-Za-z0-9_-]{64}\Z")
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def opaque_checksum(random: str) -> str:
    rest, digits = zlib.crc32(random.encode("ascii")), []
    for _ in range(6):
        rest, digit = divmod(rest, 62)
        digits.append(_BASE62[digit])
    return "".join(reversed(digits))


def is_opaque(token: str) -> bool:
    """An opaque token whose checksum is right, or a project token in two parts."""
    match = _OPAQUE.match(token)
    if match is not None:
        return opaque_checksum(match.group(1)) == match.group(2)
    return _TWO_PART.match(token) is not None
