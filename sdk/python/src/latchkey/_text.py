"""Encodings as the formats demand them: one spelling for each value, and nothing else accepted."""

from __future__ import annotations

import base64
import binascii
import json
import re
from datetime import datetime, timezone
from functools import lru_cache
from typing import Any, Callable, Dict, List, Optional, Tuple
from urllib.parse import urlsplit

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_TO_BASE64 = bytes.maketrans(b"-_", b"+/")
_LAST_OF_TWO, _LAST_OF_THREE = _ALPHABET[::16], _ALPHABET[::4]  # whose spare bits are zero
_BASE57 = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BASE57_VALUE = {letter: value for value, letter in enumerate(_BASE57)}
_UUID = re.compile(
    r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\Z"
)
END_OF_TIME = 253402300799  # the last second of the year 9999


def base64url_encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def base64url_decode(text: str) -> Optional[bytes]:
    """None: it is not base64url without padding, or has bits set that mean nothing."""
    try:
        data = text.encode("ascii")
    except UnicodeEncodeError:
        return None
    left_over = len(data) & 3
    if left_over == 1 or data.translate(None, _ALPHABET):
        return None
    if left_over and data[-1] not in (_LAST_OF_TWO if left_over == 2 else _LAST_OF_THREE):
        return None
    return binascii.a2b_base64(data.translate(_TO_BASE64) + b"=" * (-left_over & 3))


class _Duplicate(ValueError):
    pass


def _no_duplicates(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _Duplicate("a member stands twice")
    return members


def _no_constant(_: str) -> Any:
    raise ValueError("NaN and Infinity are no JSON")


def _is_deeper(text: str, depth_max: int) -> bool:
    """Whether arrays and objects are nested more deeply; what stands in quotes does not count."""
    depth = 0
    for mark in _STRUCTURE.finditer(text):
        letter = mark.group()
        if letter in "{[":
            depth += 1
            if depth > depth_max:
                return True
        elif letter in "}]":
            depth -= 1
    return False


_STRUCTURE = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.S)
_DECODER = json.JSONDecoder(object_pairs_hook=_no_duplicates, parse_constant=_no_constant)
# The scanner alone; the decoder around it is for blanks.
_SCAN: Callable[[str, int], Tuple[Any, int]] = getattr(_DECODER, "scan_once", _DECODER.raw_decode)


def parse_json(data: bytes, depth_max: int = 16) -> Any:
    """Strict: UTF-8, no member twice, no NaN, nothing deeper than `depth_max`. Raises ValueError."""
    text = data.decode("utf-8")
    if text.count("{") + text.count("[") > depth_max and _is_deeper(text, depth_max):
        raise ValueError("nested too deeply")
    try:
        value, end = _SCAN(text, 0)
    except StopIteration:
        end = -1
    # Without blanks around it, as programs write it, nothing more is to be looked at.
    return value if end == len(text) else _DECODER.decode(text)


def parse_object(data: bytes, depth_max: int = 16) -> Optional[Dict[str, Any]]:
    """None: it is no JSON object."""
    try:
        value = parse_json(data, depth_max)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def compact_json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def uuid_of(text: object) -> Optional[str]:
    """The UUID, small letters, of an id in either of its forms; None: it is no id."""
    return _uuid_of_text(text) if isinstance(text, str) and len(text) in (22, 36) else None


@lru_cache(maxsize=4096)
def _uuid_of_text(text: str) -> Optional[str]:
    if len(text) == 36 and _UUID.match(text):
        return text.lower()
    if len(text) != 22:
        return None
    number = 0
    for letter in text:
        value = _BASE57_VALUE.get(letter)
        if value is None:
            return None
        number = number * 57 + value
    if number >> 128:
        return None
    digits = f"{number:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def is_whole_time(value: object) -> bool:
    """Whole seconds since 1970 that stand for a time (a bool is an int in Python, not here)."""
    return type(value) is int and 0 <= value <= END_OF_TIME


def parse_time(text: object) -> Optional[datetime]:
    """RFC 3339 in UTC, as the server writes it; None: it is none."""
    if not isinstance(text, str):
        return None
    match = _TIME.match(text)
    if match is None:
        return None
    micros = (match.group(2) or "").ljust(6, "0")[:6]
    try:
        whole = datetime.strptime(match.group(1), "%Y-%m-%dT%H:%M:%S")
    except ValueError:
        return None
    return whole.replace(microsecond=int(micros), tzinfo=timezone.utc)


_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z\Z")


def format_time(time: datetime) -> str:
    if time.tzinfo is None:
        raise ValueError("a time without a zone means nothing to a server")
    utc = time.astimezone(timezone.utc)
    return utc.strftime("%Y-%m-%dT%H:%M:%S") + f".{utc.microsecond // 1000:03d}Z"


def origin_of(url: str) -> str:
    """Scheme, host and port; ValueError when it is no http or https URL, or carries a password."""
    parts = urlsplit(url)
    scheme, host = parts.scheme.lower(), (parts.hostname or "").lower()
    if scheme not in ("http", "https") or not host:
        raise ValueError("an http or https URL is needed")
    if parts.username is not None or parts.password is not None:
        raise ValueError("a URL must not hold a user name or a password")
    port = parts.port or (443 if scheme == "https" else 80)
    if ":" in host:
        host = f"[{host}]"
    return f"{scheme}://{host}:{port}"


def is_loopback(url: str) -> bool:
    host = (urlsplit(url).hostname or "").lower()
    return host in ("localhost", "::1") or host.startswith("127.") or host.endswith(".localhost")


_CREDENTIAL = re.compile(r"[\x21-\x7e]{1,16384}\Z")


def is_credential(text: object) -> bool:
    """Whether a text can stand behind "Bearer ". Anything else would end up in an error of the HTTP
    library, with the secret in it."""
    return isinstance(text, str) and _CREDENTIAL.match(text) is not None


def without(text: str, *secrets: Optional[str]) -> str:
    """The text without secrets that somebody may have quoted back to us."""
    for secret in secrets:
        if secret is not None and len(secret) >= 8:
            text = text.replace(secret, "[hidden]")
    return text


def plain_text(text: object, length_max: int = 300) -> str:
    """What a server said, safe for a log or a terminal: one line, printable, not long."""
    if not isinstance(text, str):
        return ""
    shown = "".join(letter if letter.isprintable() else " " for letter in text[:length_max])
    return shown.strip()
