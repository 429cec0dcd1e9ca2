"""Policies and addresses: the rules that the authority judges by, for tools that show or try them."""

from __future__ import annotations

import ipaddress
import re
from typing import Any, List, Mapping, Optional, Tuple, Union

from .scopes import scope_matches

POLICY_VERSION = "2022-12-15"
_PARTS = re.compile(r"([^:/]*)([:/]?)")


def _segments(text: str) -> List[Tuple[str, str]]:
    """Each with the separator behind it; the last one has none."""
    found: List[Tuple[str, str]] = []
    at = 0
    while True:
        match = _PARTS.match(text, at)
        assert match is not None  # it matches the empty text
        found.append((match.group(1), match.group(2)))
        at = match.end()
        if not match.group(2):
            return found


def resource_matches(pattern: str, resource: str) -> bool:
    """`license/*` covers `license/7` and all below it. Asked about no resource, only `*` matches."""
    if pattern == "*":
        return True
    if resource in ("", "*"):
        return False
    wanted, given = _segments(pattern), _segments(resource)
    for place, (text, separator) in enumerate(wanted):
        if place >= len(given):
            return False
        if text == "*" and not separator:
            return True
        if text not in ("*", given[place][0]) or separator != given[place][1]:
            return False
    return True


def is_allowed(policy: Mapping[str, Any], action: str, resource: Optional[str] = None) -> bool:
    """What a policy document says. Deny wins; what no statement names is denied.

    Without a resource every one is meant: an Allow must say `*` then, and any Deny counts."""
    is_named = resource is not None and resource not in ("", "*")
    asked = resource if is_named and resource is not None else "*"
    allowed = False
    for statement in policy.get("statement", ()):
        actions = [one for one in statement.get("action", ()) if one]
        resources = [one for one in statement.get("resource", ()) if one]
        if not any(scope_matches(pattern, action) for pattern in actions):
            continue
        is_matched = any(resource_matches(pattern, asked) for pattern in resources)
        if statement.get("effect") == "Allow":
            allowed = allowed or is_matched
        elif is_matched or (not is_named and resources):
            return False
    return allowed


_Address = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]


def _address(text: str) -> Optional[Tuple[int, bool]]:
    """The 128 bits, an IPv4 address as ::ffff:a.b.c.d, and whether it was written as one."""
    if not text.isascii() or "%" in text or any(
            len(part) > 1 and part.startswith("0") for part in text.split(".") if "." in text
            and ":" not in text):
        return None
    try:
        found: _Address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv4Address):
        return int(found) | 0xFFFF_0000_0000, True
    return int(found), False


def is_inside(address: str, block: str) -> bool:
    """Whether the address is in `192.0.2.0/24`, or is the same address. What cannot be read is in
    nothing: a damaged list opens a token to nobody."""
    host, slash, digits = block.partition("/")
    base, mine = _address(host), _address(address)
    if base is None or mine is None:
        return False
    bits = 128
    if slash:
        if not re.fullmatch(r"[0-9]{1,3}", digits):
            return False
        bits = int(digits)
        if bits > (32 if base[1] else 128):
            return False
        bits += 96 if base[1] else 0
    return base[0] >> (128 - bits) == mine[0] >> (128 - bits)
