"""Scopes and patterns: `create:*` covers `create:log`, a star is one whole segment, the lone star
is every scope (spec/token-format.md section 5)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Iterable, Sequence, Tuple

SCOPE_BYTES_MAX = 64
SCOPES_MAX = 256
_SCOPE = re.compile(r"[A-Za-z][A-Za-z0-9._-]*(?::[A-Za-z0-9._-]+)+\Z")
_PATTERN = re.compile(r"[A-Za-z][A-Za-z0-9._-]*(?::(?:\*|[A-Za-z0-9._-]+))+\Z")


def is_scope(text: str) -> bool:
    return len(text) <= SCOPE_BYTES_MAX and _SCOPE.match(text) is not None


def is_scope_pattern(text: str) -> bool:
    return text == "*" or (len(text) <= SCOPE_BYTES_MAX and _PATTERN.match(text) is not None)


@lru_cache(maxsize=4096)
def scope_matches(pattern: str, scope: str) -> bool:
    """Whether `pattern` covers `scope`. Both may be patterns: then all of `scope` is covered."""
    if pattern == "*":
        return True
    if not pattern or not scope:
        return False
    wanted, given = pattern.split(":"), scope.split(":")
    if len(wanted) != len(given) or given == ["*"]:
        return False
    return all(one == "*" or one == other for one, other in zip(wanted, given))


def missing_scopes(granted: Iterable[str], required: Sequence[str]) -> Tuple[str, ...]:
    """The required scopes that nothing granted covers, in the order given."""
    have = frozenset(granted)
    if have.issuperset(required):
        return ()
    return tuple(scope for scope in required
                 if not any(scope_matches(pattern, scope) for pattern in have))


@lru_cache(maxsize=1024)
def split_scopes(text: str) -> Tuple[str, ...]:
    """Separated by spaces or commas, each once and sorted. Raises ValueError: one is no scope."""
    if len(text) > 2 * SCOPES_MAX * (SCOPE_BYTES_MAX + 1):
        raise ValueError("too many scopes")
    items = sorted(set(text.replace(",", " ").split(" ")) - {""})
    if len(items) > SCOPES_MAX or not all(is_scope_pattern(item) for item in items):
        raise ValueError("this is no list of scopes")
    return tuple(items)
