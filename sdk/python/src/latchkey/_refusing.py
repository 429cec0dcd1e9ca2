"""What an API answers when a token is not good enough: the same for every framework."""

from __future__ import annotations

import base64
import binascii
from typing import Any, Dict, Optional, Tuple

from .verification import NOT_CURRENT, Verification

REALM = "latchkey"


def bearer_of(authorization: Optional[str]) -> Optional[str]:
    """The token of `Authorization`: Bearer, or the password of Basic. None: there is none."""
    scheme, _, value = (authorization or "").strip().partition(" ")
    value = value.strip()
    if scheme.lower() == "bearer":
        return value or None
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, password = base64.b64decode(value, validate=True).decode("utf-8") \
            .partition(":")
    except (binascii.Error, ValueError):
        return None
    return password or None if colon else None


def refusal_of(result: Optional[Verification],
               scopes: Tuple[str, ...]) -> Tuple[int, Dict[str, str], Dict[str, Any]]:
    """Status, headers and problem document (RFC 6750, RFC 9457). None: no token was presented."""
    headers = {"Cache-Control": "no-store"}
    if result is None:
        headers["WWW-Authenticate"] = f'Bearer realm="{REALM}"'
        return 401, headers, _problem(401, "no_credential", "This needs a token.")
    status = result.status
    if result.verdict == NOT_CURRENT or status == 429:
        headers["Retry-After"] = str(max(1, round(result.retry_after or 1.0)))
    code = {503: NOT_CURRENT, 429: "rate_limited"}.get(status, "invalid_token")
    if result.verdict == "insufficient_scope":
        code = "insufficient_scope"
    problem = _problem(status, code, result.reason)
    problem["verdict"] = result.verdict
    if result.missing_scopes:
        problem["missingScopes"] = list(result.missing_scopes)
        problem["detail"] = f"The token lacks {', '.join(result.missing_scopes)}."
    if status == 401:
        headers["WWW-Authenticate"] = f'Bearer realm="{REALM}", error="invalid_token"'
    elif status == 403:
        headers["WWW-Authenticate"] = f'Bearer realm="{REALM}", error="insufficient_scope"'
        if scopes:
            headers["WWW-Authenticate"] += f', scope="{" ".join(scopes)}"'
    return status, headers, problem


_TITLES = {401: "Unauthorized", 403: "Forbidden", 429: "Too Many Requests",
           503: "Service Unavailable"}


def _problem(status: int, code: str, detail: str) -> Dict[str, Any]:
    return {"type": "about:blank", "title": _TITLES[status], "status": status, "code": code,
            "detail": detail}
