"""The answer to "may this token do that?"."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Dict, Optional, Tuple

from .errors import LatchkeyError

NOT_CURRENT = "not_current"

# One sentence for people; the words are those of the authority.
REASONS: Dict[str, str] = {
    "active": "The token is valid and allows this.",
    "malformed": "This is not a token: its form or checksum is wrong.",
    "unknown": "No such token is known here.",
    "revoked": "The token was revoked.",
    "expired": "The token has expired.",
    "not_yet_valid": "The token is not valid yet.",
    "suspended": "The token is suspended.",
    "owner_disabled": "The token's owner is disabled.",
    "key_compromised": "The key that signed the token was withdrawn.",
    "wrong_audience": "The token is for another API.",
    "address_not_allowed": "The token may not be used from this address.",
    "proof_needed": "The token needs a proof of its holder's key.",
    "proof_invalid": "The proof of the holder's key is not valid here.",
    "rate_limited": "The token was used too often; wait a little.",
    "insufficient_scope": "The token lacks a scope that this needs.",
    NOT_CURRENT: "Whether the token is valid cannot be told now.",
}


@dataclass(frozen=True)
class Verification:
    """Never raised, always returned. True in a condition only when the token is valid and allowed.

    `verdict` is `active`, a reason why not, or `not_current` (could not tell); then `error` says what failed."""

    verdict: str
    token_id: Optional[str] = None
    owner: Optional[str] = None
    project: Optional[str] = None
    projects: Tuple[str, ...] = ()
    kind: Optional[str] = None
    scopes: Tuple[str, ...] = ()
    missing_scopes: Tuple[str, ...] = ()
    expires_at: Optional[datetime] = None
    retry_after: Optional[float] = None
    error: Optional[LatchkeyError] = field(default=None, compare=False)

    @property
    def valid(self) -> bool:
        return self.verdict == "active"

    def __bool__(self) -> bool:
        return self.verdict == "active"

    @property
    def is_told(self) -> bool:
        """False: neither yes nor no; ask again later."""
        return self.verdict != NOT_CURRENT

    @property
    def reason(self) -> str:
        return REASONS.get(self.verdict, REASONS["unknown"])

    @property
    def status(self) -> int:
        """The HTTP status that an API answers with."""
        if self.verdict == "active":
            return 200
        if self.verdict == "insufficient_scope":
            return 403
        if self.verdict == "rate_limited":
            return 429
        return 503 if self.verdict == NOT_CURRENT else 401
