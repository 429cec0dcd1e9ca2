"""Sends calls with a credential: repeats what may be repeated, reads errors into their classes."""

from __future__ import annotations

import json
import os
import random
import secrets
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple, TypeVar, Union
from urllib.parse import quote, urljoin, urlsplit

from ._authority import error_of_answer, retry_after_of
from ._calls import Call, list_apis, own_token, resource_metadata
from ._http import BODY_BYTES_MAX, Answer, StandardTransport, Transport, check_url
from ._text import compact_json, is_credential, origin_of, parse_json
from .auth import AuthProvider
from .errors import ConfigurationError, LatchkeyError, NetworkError

T = TypeVar("T")
RETRY_SECONDS_MAX = 20.0
_PASSING = (429, 502, 503, 504)


class Sender:
    """Thread-safe. Knows the credential; shows it to the server and the API's origin alone."""

    def __init__(self, *, auth_token: Optional[str], access_token: Optional[str],
                 auth: Optional[AuthProvider], server: Optional[str], base_url: Optional[str],
                 timeout: float, max_retries: int, insecure_http: bool, cafile: Optional[str],
                 transport: Optional[Transport],
                 sleep: Callable[[float], None]) -> None:
        given = [one for one in (auth_token, access_token, auth) if one is not None]
        if len(given) > 1:
            raise ConfigurationError("one of auth_token, access_token and auth is enough")
        self._auth = auth
        self._token = auth_token or access_token
        if self._token is None and auth is None:
            self._token = os.environ.get("LATCHKEY_TOKEN") or None
        if self._token is None and auth is None:
            raise ConfigurationError("a token is needed", code="no_credential",
                                     hint="auth_token=…, or LATCHKEY_TOKEN in the environment")
        if self._token is not None and not is_credential(self._token):
            raise ConfigurationError("the token holds what no token holds: a line break?",
                                     code="bad_token")
        server = server or os.environ.get("LATCHKEY_SERVER") or \
            (auth.server if auth is not None else None) or "http://127.0.0.1:8080"
        self.server = check_url(server, insecure_http, "the server")
        self._insecure = insecure_http
        self.base_url = base_url and check_url(base_url, insecure_http, "the API's address")
        self.timeout, self._retries = timeout, max_retries
        self._transport = transport or StandardTransport(cafile=cafile)
        self.standard = self._transport if isinstance(self._transport, StandardTransport) \
            else StandardTransport(cafile=cafile)
        self._sleep = sleep
        self._base_urls: Dict[str, str] = {}

    def __repr__(self) -> str:
        return f"Sender({self.server!r})"

    def close(self) -> None:
        self.standard.close()

    def credentials(self) -> Dict[str, str]:
        value = self._auth.token() if self._auth is not None else self._token
        return {"Authorization": f"Bearer {value}"}

    # --- our own API ----------------------------------------------------------------------------

    def send(self, call: Call[T], timeout: Optional[float] = None) -> T:
        return call.read(_json_of(self._answer(call, self.server + call.path, timeout)))

    def page(self, call: Call[List[T]], path: str) -> Tuple[List[T], Optional[str]]:
        """A page, and the path of the next one."""
        answer = self._answer(call, self.server + path, None)
        return call.read(_json_of(answer)), self._next_path(answer)

    def _next_path(self, answer: Answer) -> Optional[str]:
        for link in answer.headers.get("link", "").split(","):
            target, _, rest = link.strip().partition(">")
            if 'rel="next"' in rest and target.startswith("<"):
                url = urljoin(self.server + "/", target[1:])
                if not url.startswith(self.server + "/"):
                    raise NetworkError("the next page is at another address", code="other_origin")
                return url[len(self.server):]
        return None

    def _answer(self, call: Call[Any], url: str, timeout: Optional[float]) -> Answer:
        headers = {"Accept": "application/json"}
        if call.takes_key:
            headers["Idempotency-Key"] = secrets.token_urlsafe(24)
        body = None
        if call.body is not None:
            headers["Content-Type"] = "application/json"
            body = compact_json(call.body)
        return self.exchange(call.method, url, headers, body, timeout, call.is_repeatable)

    def exchange(self, method: str, url: str, headers: Mapping[str, str], body: Optional[bytes],
                 timeout: Optional[float], is_repeatable: bool) -> Answer:
        """An answer of success. Raises the typed error of every other one."""
        has_new_token = False
        attempt = 0
        while True:
            credentials = self.credentials()
            try:
                answer = self._transport(
                    method, url, headers={**headers, **credentials}, body=body,
                    timeout=timeout or self.timeout, bytes_max=BODY_BYTES_MAX)
            except NetworkError as error:
                if attempt >= self._retries or not (is_repeatable or error.code == "unreachable"):
                    raise
                self._wait(attempt, None)
                attempt += 1
                continue
            if 200 <= answer.status < 300:
                return answer
            if answer.status == 401 and self._auth is not None and not has_new_token:
                self._auth.invalidate(credentials["Authorization"][len("Bearer "):])
                has_new_token = True
                continue
            may_pass = answer.status == 429 or (is_repeatable and answer.status in _PASSING)
            wait = retry_after_of(answer)
            if not may_pass or attempt >= self._retries or (wait or 0.0) > RETRY_SECONDS_MAX:
                raise _error_of(answer, credentials["Authorization"][len("Bearer "):])
            self._wait(attempt, wait)
            attempt += 1

    def _wait(self, attempt: int, at_least: Optional[float]) -> None:
        self._sleep(max(at_least or 0.0, random.uniform(0.05, 0.25 * 2.0 ** attempt)))

    # --- a protected API ------------------------------------------------------------------------

    def run(self, function_id: str, data: Any, api: Optional[str],
            timeout: Optional[float]) -> Any:
        url = f"{self._api_url(api)}/functions/{quote(function_id, safe='')}"
        headers, body = _body_of(data)
        return _value_of(self.exchange("POST", url, headers, body, timeout, False))

    def request(self, method: str, url: str, data: Any, headers: Optional[Mapping[str, str]],
                timeout: Optional[float]) -> Answer:
        base = self._api_url(None) if self.base_url or not urlsplit(url).scheme else ""
        if not urlsplit(url).scheme:
            url = base + "/" + url.lstrip("/")
        if origin_of(url) not in (origin_of(base) if base else "", origin_of(self.server)):
            raise ConfigurationError("the address is not the API's, and gets no credentials",
                                     code="other_origin", hint="give base_url=…")
        ours, body = _body_of(data) if data is not None else ({}, None)
        method = method.upper()
        return self.exchange(method, url, {**ours, **(headers or {})}, body, timeout,
                             method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE"))

    def _api_url(self, api: Optional[str]) -> str:
        """Given, or what the API's owner registered."""
        if self.base_url and api is None:
            return self.base_url
        known = self._base_urls.get(api or "")
        if known is not None:
            return known
        url = self._address_by_metadata(api)
        if url is None and api is not None:
            url = self._address_by_list(api)
        if url is None:
            raise ConfigurationError("it is not known where the API is", code="no_base_url",
                                     hint="give base_url=…, or let its owner register one")
        checked = check_url(url, self._insecure, "the API's address")
        self._base_urls[api or ""] = checked
        return checked

    def _address_by_metadata(self, api: Optional[str]) -> Optional[str]:
        """The API's own metadata say where it is (RFC 9728); nobody need be allowed to read them.
        None: they do not, or it is not known which API."""
        try:
            slug = api if api is not None else self.send(own_token()).api
            found = self.send(resource_metadata(slug))
        except LatchkeyError as error:
            if error.status not in (401, 403, 404):
                raise
            return None
        url = found.get("resource")
        return url if isinstance(url, str) and url.startswith(("http://", "https://")) else None

    def _address_by_list(self, api: str) -> Optional[str]:
        """For who may read the list: an API by its audience or id."""
        try:
            listed = self.send(list_apis())
        except LatchkeyError as error:
            if error.status not in (401, 403, 404):
                raise
            return None
        for one in listed:
            url = one.get("baseUrl")
            is_it = api in (one.get("slug"), one.get("audience"), one.get("id"))
            if is_it and isinstance(url, str) and url:
                return url
        return None


def _error_of(answer: Answer, secret: str) -> LatchkeyError:
    if 300 <= answer.status < 400:
        return NetworkError("the request was redirected, and no redirect is followed",
                            code="redirected", status=answer.status)
    return error_of_answer(answer, secret)


def _json_of(answer: Answer) -> Any:
    if not answer.body:
        return None
    try:
        return parse_json(answer.body, 32)
    except (ValueError, RecursionError):
        raise NetworkError("the answer is no JSON", code="bad_answer",
                           request_id=answer.headers.get("x-request-id")) from None


def _body_of(data: Any) -> Tuple[Dict[str, str], bytes]:
    if isinstance(data, (bytes, bytearray)):
        return {"Content-Type": "application/octet-stream"}, bytes(data)
    if isinstance(data, str):
        try:
            json.loads(data)
            return {"Content-Type": "application/json"}, data.encode("utf-8")
        except ValueError:
            return {"Content-Type": "text/plain; charset=utf-8"}, data.encode("utf-8")
    if data is None:
        return {}, b""
    return {"Content-Type": "application/json"}, compact_json(data)


def _value_of(answer: Answer) -> Union[Any, str, bytes]:
    kind = answer.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind == "application/json" or kind.endswith("+json"):
        return _json_of(answer)
    if kind.startswith("text/"):
        return answer.body.decode("utf-8", "replace")
    return answer.body
