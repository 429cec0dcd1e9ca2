"""What a verifier fetches from its installation, and how long it may be believed.

Each thing is fetched by one thread at a time while the others wait for it, and what failed is not
tried again at once: an outage must not make every request wait for a time-out."""

from __future__ import annotations

import threading
from typing import Any, Callable, Dict, Generic, Mapping, Optional, Tuple, TypeVar

from ._http import Answer, Transport
from ._jws import KeySet
from ._status import TOKEN_BYTES_MAX, StatusList, parse_status_list
from ._text import compact_json, parse_object, plain_text, without
from .errors import (
    AuthenticationError,
    KeySetError,
    LatchkeyError,
    NetworkError,
    StatusListError,
    class_for_status,
)

KEY_SET_BYTES_MAX = 256 * 1024
FAILURE_COOLDOWN = 1.0

T = TypeVar("T")


class Held(Generic[T]):
    """One thing that is fetched, with when it was asked for (monotonic seconds)."""

    def __init__(self) -> None:
        self.value: Optional[T] = None
        self.asked_at = float("-inf")
        self.error: Optional[LatchkeyError] = None
        self._failed_at = float("-inf")
        self._lock = threading.Lock()

    def refresh(self, fetch: Callable[[], T], clock: Callable[[], float],
                is_enough: Callable[[T], bool],
                may: Optional[Callable[[], bool]] = None) -> Optional[T]:
        """Fetches it unless somebody else just did: `is_enough` says whether what is held then
        will do. When `may` says no, what is held is all there is. None: no luck, now or a moment
        ago; `error` says why. What was held before stays in `value`."""
        with self._lock:
            now = clock()
            if self.value is not None and is_enough(self.value):
                return self.value
            if may is not None and not may():
                return self.value
            if now - self._failed_at < FAILURE_COOLDOWN:
                return None
            try:
                value = fetch()
            except LatchkeyError as error:
                self.error, self._failed_at = error, clock()
                return None
            self.value, self.error = value, None
            self.asked_at = now
            return value


class Allowance:
    """So many at once, and then one every so many seconds: what strangers can make us do."""

    def __init__(self, burst: int, seconds: float, clock: Callable[[], float]) -> None:
        self._burst, self._seconds, self._clock = burst, max(seconds, 1e-9), clock
        self._lock = threading.Lock()
        self._left, self._at = float(burst), clock()

    def take(self) -> bool:
        with self._lock:
            now = self._clock()
            self._left = min(float(self._burst), self._left + (now - self._at) / self._seconds)
            self._at = now
            if self._left < 1.0:
                return False
            self._left -= 1.0
            return True


class Authority:
    """The requests. Their addresses come from the issuer alone, never from a token."""

    def __init__(self, issuer: str, token: Optional[str], transport: Transport,
                 timeout: float) -> None:
        self.issuer = issuer
        self.has_token = token is not None
        self._token, self._transport, self._timeout = token, transport, timeout

    def __repr__(self) -> str:
        return f"Authority({self.issuer!r})"

    def key_set(self) -> KeySet:
        answer = self._get("/.well-known/jwks.json", "the key set", KEY_SET_BYTES_MAX)
        if answer.status != 200:
            raise KeySetError(f"the key set was answered with {answer.status}",
                              status=answer.status, code=_code_of_status(answer.status))
        return KeySet.parse(answer.body)

    def status_list(self, uri: str, keys: KeySet, now: float) -> StatusList:
        answer = self._get(uri[len(self.issuer):], "the status list", TOKEN_BYTES_MAX)
        if answer.status != 200:
            raise StatusListError(f"the status list was answered with {answer.status}",
                                  status=answer.status, code=_code_of_status(answer.status))
        try:
            document = answer.body.decode("ascii")
        except UnicodeDecodeError:
            raise StatusListError("the status list is no signed token") from None
        return parse_status_list(document, keys, self.issuer, uri, now)

    def ask(self, question: Mapping[str, Any]) -> Tuple[Dict[str, Any], bool]:
        """POST /v1/tokens/verify, and whether the answer counts against a rate. Raises for
        everything that is no verdict."""
        body = compact_json({name: value for name, value in question.items() if value})
        answer = self._transport(
            "POST", self.issuer + "/v1/tokens/verify",
            headers={**self.credentials(), "Content-Type": "application/json",
                     "Accept": "application/json"},
            body=body, timeout=self._timeout, bytes_max=1 << 20)
        if answer.status != 200:
            raise error_of_answer(answer, self._token, question.get("token"))
        found = parse_object(answer.body)
        if found is None or not isinstance(found.get("valid"), bool) \
                or not isinstance(found.get("verdict"), str):
            raise NetworkError("the authority's answer is no verdict", code="bad_answer")
        return found, "ratelimit" in answer.headers

    def credentials(self) -> Dict[str, str]:
        if self._token is None:
            raise AuthenticationError("no verifier's token was given", code="no_credential",
                                      hint="only the authority knows: give the verifier token=…")
        return {"Authorization": "Bearer " + self._token}

    def _get(self, path: str, what: str, bytes_max: int) -> Answer:
        answer = self._transport(
            "GET", self.issuer + path, headers={"Accept": "*/*"}, body=None,
            timeout=self._timeout, bytes_max=bytes_max)
        if 300 <= answer.status < 400:
            raise NetworkError(f"{what} was redirected, and no redirect is followed",
                               code="redirected", status=answer.status)
        return answer


def _code_of_status(status: int) -> str:
    return "unavailable" if status >= 500 or status == 429 else "refused"


def error_of_answer(answer: Answer, *secrets: Optional[str]) -> LatchkeyError:
    """The typed error of an answer that is no success: RFC 9457, RFC 6749, or neither. `secrets`
    are cut out of whatever the server wrote."""
    problem = parse_object(answer.body) or {}

    def say(value: Any, length_max: int = 300) -> str:
        return plain_text(without(value, *secrets) if isinstance(value, str) else "", length_max)

    def say_all(value: Any) -> Dict[str, Any]:
        return {say(name): say(text) for name, text in value.items()}

    missing, fields = problem.get("missingScopes"), problem.get("errors")
    docs = say(problem.get("type"))
    return class_for_status(answer.status)(
        say(problem.get("detail") or problem.get("error_description"))
        or f"the server answered {answer.status}",
        code=say(problem.get("code") or problem.get("error"), 64) or None, status=answer.status,
        request_id=say(answer.headers.get("x-request-id") or problem.get("requestId"), 128) or None,
        hint=say(problem.get("hint")) or None,
        missing_scopes=[say(one, 64) for one in missing] if isinstance(missing, list) else (),
        retry_after=retry_after_of(answer), docs=docs if docs.startswith("http") else None,
        fields=[say_all(one) for one in fields if isinstance(one, dict)]
        if isinstance(fields, list) else ())


def retry_after_of(answer: Answer) -> Optional[float]:
    text = answer.headers.get("retry-after", "").strip()
    if text.isdigit() and len(text) < 8:
        return float(text)
    return None

