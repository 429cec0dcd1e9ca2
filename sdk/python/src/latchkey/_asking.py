"""Asking the authority, and how long its answers may be used: a short while, until the stream says
something about the token, and never past the bound."""

from __future__ import annotations

import hashlib
import logging
import threading
from dataclasses import replace
from typing import Any, Dict, Mapping, Optional, Tuple

from ._authority import FAILURE_COOLDOWN
from ._knowledge import Knowledge
from ._text import parse_time
from .errors import CouldNotTellError, LatchkeyError, NetworkError, ServerError
from .verification import NOT_CURRENT, REASONS, Verification

KEPT_SECONDS_MAX = 60.0  # while the stream is live and says nothing against it

log = logging.getLogger("latchkey")


class CannotTell(Exception):
    """No verdict; `error` says what failed, if something did."""

    def __init__(self, error: Optional[LatchkeyError], code: str = NOT_CURRENT) -> None:
        super().__init__()
        self.error, self.code = error, code

    def result(self) -> Verification:
        cause = self.error
        error = CouldNotTellError(
            REASONS[NOT_CURRENT] if cause is None else cause.message,
            code=self.code if cause is None else cause.code,
            hint=cause.hint if cause is not None else None)
        error.__cause__ = cause
        wait = cause.retry_after if cause is not None else None
        return Verification(NOT_CURRENT, error=error, retry_after=wait or 1.0)


class Wanted:
    """What the caller wants to know, beside the token."""

    __slots__ = ("scopes", "project", "resource", "ip", "bound")

    def __init__(self, scopes: Tuple[str, ...], project: Optional[str], resource: Optional[str],
                 ip: Optional[str], bound: float) -> None:
        self.scopes, self.project, self.resource = scopes, project, resource
        self.ip, self.bound = ip, bound


class Answered:
    """An answer, with the position in the authority's log that it was read at."""

    __slots__ = ("result", "at", "session", "epoch", "revision", "until", "is_kept")

    def __init__(self, result: Verification, at: float, session: int, position: Tuple[int, int],
                 is_counted: bool) -> None:
        self.result, self.at, self.session = result, at, session
        self.epoch, self.revision = position
        self.until = result.expires_at.timestamp() if result.expires_at and result.valid \
            else float("inf")
        # What time alone makes untrue, and what the authority counts, is asked for each time.
        self.is_kept = not is_counted and result.verdict not in ("rate_limited", "not_yet_valid")


class Asker:
    """Thread-safe. Keeps answers under the digest of the token, never under the token."""

    def __init__(self, known: Knowledge, api: str, ttl: float, size: int) -> None:
        self._known, self._api, self._ttl, self._size = known, api, ttl, size
        self._lock = threading.Lock()
        self._kept: Dict[Any, Answered] = {}
        self.asks = 0
        self._error: Optional[LatchkeyError] = None
        self._paused_until = float("-inf")

    @property
    def can_ask(self) -> bool:
        return self._known.authority.has_token

    def ask(self, token: str, wanted: Wanted, revision: int = 0) -> Verification:
        """Raises CannotTell. An answer of a lower `revision` is none."""
        if not self.can_ask:
            raise CannotTell(CouldNotTellError(
                "only the authority can tell", code="nobody_to_ask",
                hint="give the verifier a verifier's token: token=…"))
        digest = hashlib.sha256(token.encode("ascii")).digest()
        key = (digest, wanted.scopes, wanted.project, wanted.resource, wanted.ip)
        kept = self._kept.get(key)
        if kept is not None and self._counts(kept, wanted.bound, self._ttl, revision):
            return kept.result
        if kept is not None and self._known.wall() >= kept.until:
            return replace(kept.result, verdict="expired")  # and it stays so
        try:
            answered = self._ask(token, wanted)
        except LatchkeyError as error:
            # As old as the bound allows, if nothing was said against it meanwhile.
            if kept is not None and self._counts(kept, wanted.bound, wanted.bound, revision):
                return kept.result
            log.warning("the authority gave no verdict (%s)", error.code)
            raise CannotTell(error) from None
        if answered.is_kept:
            with self._lock:
                while len(self._kept) >= self._size:
                    del self._kept[next(iter(self._kept))]
                self._kept[key] = answered
        if not self._is_new_enough(answered, revision):
            raise CannotTell(None, "old_answer")
        return answered.result

    def _counts(self, kept: Answered, bound: float, ttl: float, revision: int) -> bool:
        stream, now = self._known.stream, self._known.monotonic()
        if self._known.wall() >= kept.until or not self._is_new_enough(kept, revision):
            return False
        if kept.session != stream.session or stream.position is None:
            return now - kept.at <= min(bound, ttl)
        if stream.is_live(now):
            return now - kept.at <= KEPT_SECONDS_MAX
        return now - max(kept.at, stream.heard_at) <= min(bound, ttl)

    def _is_new_enough(self, answered: Answered, revision: int) -> bool:
        position = self._known.stream.position
        if position is not None and answered.epoch != position[0]:
            return answered.epoch > position[0]
        result = answered.result
        needed = self._known.stream.facts.open_for_answer(result.token_id, result.owner)
        return answered.revision >= max(needed, revision)

    def _ask(self, token: str, wanted: Wanted) -> Answered:
        now, session = self._known.monotonic(), self._known.stream.session
        self.asks += 1
        if self._error is not None and now < self._paused_until:
            raise self._error  # while it is down, not every request waits for it
        try:
            answer, is_counted = self._known.authority.ask({
                "token": token, "api": self._api, "scopes": list(wanted.scopes),
                "project": wanted.project, "resource": wanted.resource, "ip": wanted.ip})
        except (NetworkError, ServerError) as error:
            self._error, self._paused_until = error, self._known.monotonic() + FAILURE_COOLDOWN
            raise
        if (answer["verdict"] == "active") != answer["valid"]:
            raise NetworkError("the authority's answer contradicts itself", code="bad_answer")
        result = _read(answer, wanted)
        position = (_number(answer, "epoch"), _number(answer, "revision"))
        return Answered(result, now, session, position, is_counted)


def _number(answer: Mapping[str, Any], name: str) -> int:
    value = answer.get(name)
    return value if type(value) is int else 0


def _read(answer: Mapping[str, Any], wanted: Wanted) -> Verification:
    def texts(name: str) -> Tuple[str, ...]:
        value = answer.get(name)
        return tuple(str(one) for one in value) if isinstance(value, list) else ()

    def text(name: str) -> Optional[str]:
        value = answer.get(name)
        return value if isinstance(value, str) else None

    projects, wait = texts("projects"), answer.get("retryAfter")
    return Verification(
        str(answer["verdict"]), token_id=text("tokenId"), owner=text("owner"), kind=text("kind"),
        project=wanted.project if wanted.project in projects else
        projects[0] if len(projects) == 1 and wanted.project is None else None,
        projects=projects, scopes=texts("scopes"), missing_scopes=texts("missingScopes"),
        expires_at=parse_time(answer.get("expiresAt")),
        retry_after=float(wait) if isinstance(wait, (int, float)) else None)
