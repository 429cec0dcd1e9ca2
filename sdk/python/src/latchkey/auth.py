"""Access tokens for key tokens: signs, exchanges, keeps and refreshes them.

One exchange serves all threads; a new access token is fetched before the old one ends, so that no
request waits or fails because of it. Credentials go to the origin they are for and nowhere else."""

from __future__ import annotations

import asyncio
import email.utils
import logging
import os
import random
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Mapping, Optional, Sequence, Tuple, Union
from urllib.parse import urlencode, urljoin, urlsplit

from ._assertion import (
    ASSERTION_TYPE,
    AssertionKey,
    KeyCredentials,
    Passphrase,
    Signer,
    token_id_of,
)
from ._authority import error_of_answer
from ._fork import begins_anew
from ._http import BODY_BYTES_MAX, Answer, StandardTransport, Transport, check_url
from ._text import is_credential, origin_of, parse_object
from .errors import ConfigurationError, LatchkeyError, NetworkError, ServerError

log = logging.getLogger("latchkey")
REDIRECTS_MAX = 5
ATTEMPTS_MAX = 3
SKEW_SECONDS = 3.0  # a smaller difference of clocks is the network's
_SAFE = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True)
class AccessToken:
    """An access token with its end, in this machine's monotonic seconds."""

    value: str = field(repr=False)
    expires_in: float
    ends_at: float
    refresh_at: float
    scope: Tuple[str, ...] = ()


class AuthProvider:
    """Thread-safe. Give it to anything that takes a callable for authentication (`requests`,
    `httpx`), call `request()`, or take `headers()`.

    Affinidi's names work as they are: `AuthProvider(private_key=…, passphrase=…, key_id=…,
    token_id=…, project_id=…, token_endpoint=…, api_gateway_url=…)`."""

    def __init__(
        self,
        *,
        token_id: str,
        private_key: Union[None, str, bytes] = None,
        passphrase: Passphrase = None,
        key_id: str = "",
        project_id: Optional[str] = None,
        server: Optional[str] = None,
        token_endpoint: Optional[str] = None,
        api_gateway_url: Optional[str] = None,
        algorithm: Optional[str] = None,
        signer: Optional[Signer] = None,
        scopes: Sequence[str] = (),
        timeout: float = 10.0,
        insecure_http: bool = False,
        cafile: Optional[str] = None,
        transport: Optional[Transport] = None,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        if (private_key is None) == (signer is None):
            raise ConfigurationError("a private_key or a signer is needed, and not both")
        self._key = AssertionKey.from_signer(signer, algorithm) if signer is not None else \
            AssertionKey.from_pem(private_key or "", passphrase, algorithm)
        self.token_id, self.key_id = token_id_of(token_id), key_id
        self.project_id = project_id
        self.server, self._endpoint = _addresses(server, token_endpoint, insecure_http)
        self.api_gateway_url = api_gateway_url and check_url(
            api_gateway_url, insecure_http, "the API's address")
        self._issuer: Optional[str] = None
        self._scopes, self._timeout, self._insecure = tuple(scopes), timeout, insecure_http
        self._transport = transport or StandardTransport(cafile=cafile)
        self._clock, self._monotonic = clock, monotonic
        self._skew = 0.0
        self._token: Optional[AccessToken] = None
        self._retry_at = float("-inf")
        self._date: Optional[str] = None  # of the token endpoint's last answer
        self.begin_after_fork()
        begins_anew(self)

    def begin_after_fork(self) -> None:
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"AuthProvider(server={self.server!r}, token_id={self.token_id!r}, " \
               f"algorithm={self._key.algorithm!r})"

    def __enter__(self) -> "AuthProvider":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Forgets the access token and closes connections."""
        self.invalidate()
        if isinstance(self._transport, StandardTransport):
            self._transport.close()

    @classmethod
    def from_file(cls, path: "Union[str, os.PathLike[str]]", *, passphrase: Passphrase = None,
                  project_id: Optional[str] = None, **options: Any) -> "AuthProvider":
        """With the file that `latchkey token create-token --out FILE` wrote."""
        found = KeyCredentials.read(path)
        return cls(token_id=found.token_id, private_key=found.private_key, passphrase=passphrase,
                   key_id=found.key_id, project_id=project_id or found.project_id,
                   server=found.server, token_endpoint=found.token_endpoint,
                   algorithm=found.algorithm, **options)

    # --- the access token -----------------------------------------------------------------------

    def token(self, *, force_refresh: bool = False) -> str:
        """One that is good now. Raises a LatchkeyError when there is none to be had."""
        held, now = self._token, self._monotonic()
        if held is not None and not force_refresh:
            if now < held.refresh_at or (now < held.ends_at and now < self._retry_at):
                return held.value
            if now < held.ends_at:
                return self._refresh_early(held)
        with self._lock:
            # Whoever waited for the lock takes what was fetched meanwhile.
            if self._token is not None and self._token is not held:
                return self._token.value
            self._token = self._fetch()
            return self._token.value

    def _refresh_early(self, held: AccessToken) -> str:
        """One thread fetches while the others go on; a failure is tried again a little later."""
        if not self._lock.acquire(blocking=False):
            return held.value
        try:
            if self._token is not held and self._token is not None:
                return self._token.value
            try:
                self._token = self._fetch()
            except LatchkeyError as error:
                log.warning("the access token could not be refreshed yet (%s)", error.code)
                left = held.ends_at - self._monotonic()
                self._retry_at = self._monotonic() + min(10.0, max(0.5, left / 10))
                return held.value
            return self._token.value
        finally:
            self._lock.release()

    async def atoken(self, *, force_refresh: bool = False) -> str:
        """As `token`, for asyncio."""
        held = self._token
        if held is not None and not force_refresh and self._monotonic() < held.refresh_at:
            return held.value
        return await asyncio.get_running_loop().run_in_executor(
            None, lambda: self.token(force_refresh=force_refresh))

    def fetch_project_scoped_token(self) -> str:
        """Affinidi's name for `token()`."""
        return self.token()

    def invalidate(self, value: Optional[str] = None) -> None:
        """Forgets the access token (or that one): an API said that it is good no longer."""
        with self._lock:
            if self._token is not None and value in (None, self._token.value):
                self._token = None

    def headers(self) -> Dict[str, str]:
        return {"Authorization": "Bearer " + self.token()}

    # --- the exchange ---------------------------------------------------------------------------

    def _fetch(self) -> AccessToken:
        """Retries what may pass, and once with the server's clock when ours is wrong."""
        is_corrected = False
        for attempt in range(1, ATTEMPTS_MAX + 1):
            try:
                if self._issuer is None:
                    self._issuer = self._discover()
                return self._exchange(self._issuer)
            except LatchkeyError as error:
                if error.code == "invalid_client" and not is_corrected and \
                        self._take_clock(self._date):
                    is_corrected = True
                    continue
                may_pass = isinstance(error, (NetworkError, ServerError)) or error.status == 429
                if not may_pass or attempt == ATTEMPTS_MAX:
                    raise
                wait = random.uniform(0.05, 0.2 * 2.0 ** attempt)
                time.sleep(min(5.0, max(wait, error.retry_after or 0.0)))
        raise AssertionError("the loop returns or raises")

    def _discover(self) -> str:
        """The issuer by its own words: what assertions are addressed to."""
        answer = self._send("GET", self.server + "/.well-known/oauth-authorization-server", None)
        found = parse_object(answer.body) if answer.status == 200 else None
        if found is None:
            if 300 <= answer.status < 500:
                raise ConfigurationError(f"{self.server} is no Latchkey server")
            raise error_of_answer(answer)
        issuer, endpoint = found.get("issuer"), found.get("token_endpoint")
        if not isinstance(issuer, str) or issuer != self.server:
            raise ConfigurationError(
                f"the server at {self.server} calls itself by another name",
                code="other_issuer", hint="give server=… as the server calls itself")
        if self._endpoint is None:
            if not isinstance(endpoint, str) or not endpoint.startswith(self.server + "/"):
                raise ConfigurationError("the token endpoint is at another address",
                                         code="other_origin")
            self._endpoint = endpoint
        return issuer

    def _exchange(self, issuer: str) -> AccessToken:
        began, now = self._monotonic(), self._clock() + self._skew
        assertion = self._key.assertion(self.token_id, self.key_id, issuer, now)
        form = {
            "grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion}
        if self.project_id:
            form["resource"] = "urn:latchkey:project:" + self.project_id
        if self._scopes:
            form["scope"] = " ".join(self._scopes)
        self._date = None
        answer = self._send("POST", self._endpoint or "", urlencode(form).encode("ascii"))
        self._date = answer.headers.get("date")
        if answer.status != 200:
            raise _with_hint(error_of_answer(answer, assertion))
        found = parse_object(answer.body) or {}
        value, life = found.get("access_token"), found.get("expires_in")
        if not isinstance(value, str) or not is_credential(value) \
                or not isinstance(life, (int, float)) or not life > 0:
            raise NetworkError("the token endpoint gave no access token", code="bad_answer")
        # At 80 % of its life, a minute before its end at the latest, and not all at once.
        early = max(life * 0.2, min(60.0, life * 0.5)) * random.uniform(1.0, 1.1)
        scope = found.get("scope")
        return AccessToken(value, float(life), began + life, began + max(life - early, life * 0.1),
                           tuple(scope.split()) if isinstance(scope, str) else ())

    def _take_clock(self, date: Optional[str]) -> bool:
        """True: ours is wrong, and the server's is used from now on."""
        try:
            theirs = email.utils.parsedate_to_datetime(date or "").timestamp()
        except (TypeError, ValueError, IndexError):
            return False
        skew = theirs - self._clock()
        if abs(skew - self._skew) < SKEW_SECONDS:
            return False
        log.warning("this machine's clock differs from the server's by %.0f s", skew)
        self._skew = skew
        return True

    def _send(self, method: str, url: str, body: Optional[bytes]) -> Answer:
        headers = {"Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        return self._transport(method, url, headers=headers, body=body, timeout=self._timeout,
                               bytes_max=1 << 20)

    # --- calling an API -------------------------------------------------------------------------

    def may_go_to(self, url: str) -> bool:
        """Whether credentials may be sent there: to the API's origin, if it was given. Raises
        ConfigurationError for plain http, where anyone on the way could read them."""
        check_url(url, self._insecure, "the address")
        return self.api_gateway_url is None or origin_of(url) == origin_of(self.api_gateway_url)

    def __call__(self, request: Any) -> Any:
        """For `requests` and `httpx`: adds the header unless the address is somebody else's."""
        if self.may_go_to(str(request.url)):
            request.headers["Authorization"] = "Bearer " + self.token()
        return request

    def request(self, method: str, url: str, *, headers: Optional[Mapping[str, str]] = None,
                body: Optional[bytes] = None, timeout: Optional[float] = None,
                follow_redirects: bool = True) -> Answer:
        """One request to the API with the access token. `url` may be a path below
        `api_gateway_url`. After a 401 a new access token is tried once, with requests that change
        nothing; a redirect to another origin is followed without credentials."""
        if self.api_gateway_url is not None and not urlsplit(url).scheme:
            url = self.api_gateway_url + "/" + url.lstrip("/")
        if not self.may_go_to(url):
            raise ConfigurationError("the address is not the API's, and gets no credentials",
                                     code="other_origin")
        method = method.upper()
        value = self.token()
        answer = self._call(method, url, value, headers, body, timeout, follow_redirects)
        if answer.status == 401 and method in _SAFE:
            self.invalidate(value)
            answer = self._call(method, url, self.token(), headers, body, timeout,
                                follow_redirects)
        return answer

    def _call(self, method: str, url: str, value: str, headers: Optional[Mapping[str, str]],
              body: Optional[bytes], timeout: Optional[float], follow: bool) -> Answer:
        sent = {"Accept": "*/*", **(headers or {}), "Authorization": "Bearer " + value}
        origin = origin_of(url)
        for _ in range(REDIRECTS_MAX + 1):
            answer = self._transport(method, url, headers=sent, body=body,
                                     timeout=timeout or self._timeout, bytes_max=BODY_BYTES_MAX)
            target = answer.headers.get("location")
            if not follow or method not in _SAFE or target is None \
                    or answer.status not in (301, 302, 303, 307, 308):
                return answer
            url = urljoin(url, target)
            try:
                is_other = origin_of(url) != origin
            except ValueError as error:
                raise NetworkError("a redirect leads nowhere", code="redirected") from error
            if is_other:
                sent = {name: text for name, text in sent.items()
                        if name.lower() not in ("authorization", "cookie")}
                origin = ""  # what was dropped once does not come back
        raise NetworkError("too many redirects", code="redirected")


def _addresses(server: Optional[str], endpoint: Optional[str],
               insecure_http: bool) -> Tuple[str, Optional[str]]:
    """Server and token endpoint; from either, the other one is known."""
    if server is None and endpoint is None:
        raise ConfigurationError("server=… or token_endpoint=… is needed")
    if endpoint is not None:
        endpoint = check_url(endpoint, insecure_http, "the token endpoint")
    if server is None:
        assert endpoint is not None
        suffix = "/oauth2/token"
        server = endpoint[: -len(suffix)] if endpoint.endswith(suffix) else origin_of(endpoint)
    server = check_url(server, insecure_http, "the server")
    if endpoint is not None and origin_of(endpoint) != origin_of(server):
        raise ConfigurationError("the token endpoint is not the server's", code="other_origin")
    return server, endpoint


def _with_hint(error: LatchkeyError) -> LatchkeyError:
    hints = {
        "invalid_client": "is this the token's key, is the token still active, and is this "
                          "machine's clock right?",
        "invalid_target": "name a project that the token was added to: project_id=…",
        "invalid_scope": "leave scopes out for all that the token may do there",
    }
    error.hint = error.hint or hints.get(error.code)
    return error

