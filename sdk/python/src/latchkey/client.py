"""`Latchkey`: call with a token, and manage tokens, projects, policies; read the event log."""

from __future__ import annotations

import random
import socket
import time
from typing import Any, Callable, Generic, Iterator, List, Mapping, Optional, Sequence, TypeVar
from urllib.parse import urlencode

from . import _calls
from ._calls import Call, Expiry, Json
from ._http import Answer, Transport
from ._sending import Sender
from ._stream import Follower, HttpSource, Position, frames_of
from .auth import AuthProvider
from .errors import LatchkeyError, NetworkError, StreamError
from .models import Event, Principal, Project, ProjectToken, Token

T = TypeVar("T")


class Listing(Generic[T]):
    """All items, page by page as they are wanted: `for token in client.tokens.list(): …`."""

    def __init__(self, sender: Sender, call: Call[List[T]]) -> None:
        self._sender, self._call = sender, call

    def __iter__(self) -> Iterator[T]:
        path: Optional[str] = self._call.path
        while path is not None:
            items, path = self._sender.page(self._call, path)
            yield from items

    def page(self) -> List[T]:
        """The first page alone."""
        return self._sender.page(self._call, self._call.path)[0]


class Tokens:
    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    def create(self, name: str, *, scopes: Optional[Sequence[str]] = None,
               expires_at: Expiry = None, kind: Optional[str] = None, api: Optional[str] = None,
               description: Optional[str] = None, allowed_ips: Optional[Sequence[str]] = None,
               projects: Optional[Sequence[str]] = None, keys: Any = None,
               algorithm: Optional[str] = None, owner: Optional[str] = None,
               extra: Optional[Mapping[str, Any]] = None) -> Token:
        """The secret is in `token` of the answer, once. `expires_at` is a time or a timedelta."""
        return self._sender.send(_calls.create_token(
            name, description=description, kind=kind, api=api, scopes=scopes,
            expires_at=expires_at, allowed_ips=allowed_ips, projects=projects, keys=keys,
            algorithm=algorithm, owner=owner, extra=extra))

    def list(self, *, state: Optional[str] = None, sort: Optional[str] = None,
             owner: Optional[str] = None, limit: Optional[int] = None,
             **filters: str) -> Listing[Token]:
        """Lazily, all pages; `limit` is the size of one. Newer filters go by their own names."""
        return Listing(self._sender, _calls.list_tokens(
            state=state, sort=sort, owner=owner, limit=limit, **filters))

    def get(self, token_id: str) -> Token:
        return self._sender.send(_calls.get_token(token_id))

    def self(self) -> Token:
        """What the presented token is; needs no scope."""
        return self._sender.send(_calls.own_token())

    def update(self, token_id: str, **changes: Any) -> Token:
        """`name=`, `description=`, `keys=` …, by the names of the API."""
        return self._sender.send(_calls.update_token(token_id, changes))

    def revoke(self, token_id: str, reason: Optional[str] = None) -> Token:
        return self._change(token_id, "revoke", reason)

    def suspend(self, token_id: str, reason: Optional[str] = None) -> Token:
        return self._change(token_id, "suspend", reason)

    def resume(self, token_id: str, reason: Optional[str] = None) -> Token:
        return self._change(token_id, "resume", reason)

    def _change(self, token_id: str, change: str, reason: Optional[str]) -> Token:
        body: Json = {} if reason is None else {"reason": reason}
        return self._sender.send(_calls.change_token(token_id, change, body))

    def rotate(self, token_id: str, *, grace_seconds: Optional[int] = None,
               **options: Any) -> Token:
        """A new secret in `token`; the old one lives on for the grace."""
        if grace_seconds is not None:
            options["graceSeconds"] = grace_seconds
        return self._sender.send(_calls.change_token(token_id, "rotate", options))

    def delete(self, token_id: str) -> None:
        """Revokes and hides."""
        self._sender.send(_calls.delete_token(token_id))

    def verify(self, token: str, **question: Any) -> Json:
        """The authority's own verdict; `Verifier` is what an API uses."""
        return self._sender.send(_calls.verify_token({"token": token, **question}))


class Projects:
    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    def create(self, name: str, *, description: Optional[str] = None,
               api: Optional[str] = None) -> Project:
        return self._sender.send(_calls.create_project(name, description, api))

    def list(self, *, limit: Optional[int] = None) -> Listing[Project]:
        return Listing(self._sender, _calls.list_projects(limit))

    def get(self, project: str) -> Project:
        return self._sender.send(_calls.get_project(project))

    def update(self, project: str, **changes: Any) -> Project:
        return self._sender.send(_calls.update_project(project, changes))

    def delete(self, project: str) -> None:
        self._sender.send(_calls.delete_project(project))

    def tokens(self, project: str) -> Listing[ProjectToken]:
        return Listing(self._sender, _calls.list_project_tokens(project))

    def create_token(self, project: str, name: str,
                     permissions: Sequence[str]) -> ProjectToken:
        return self._sender.send(_calls.create_project_token(project, name, permissions))

    def principals(self, project: str, kind: Optional[str] = None) -> Listing[Principal]:
        return Listing(self._sender, _calls.list_principals(project, kind))

    def add_token(self, project: str, token_id: str) -> Principal:
        return self._sender.send(_calls.put_principal(project, "token", token_id, None))

    def add_user(self, project: str, user: str, role: Optional[str] = None) -> Principal:
        return self._sender.send(_calls.put_principal(project, "user", user, role))

    def remove(self, project: str, kind: str, principal: str) -> None:
        self._sender.send(_calls.delete_principal(project, kind, principal))


class Policies:
    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    def get(self, project: str, principal: str, kind: str = "token") -> Json:
        return self._sender.send(_calls.get_policy(project, kind, principal))

    def put(self, project: str, principal: str, policy: Mapping[str, Any],
            kind: str = "token") -> Json:
        return self._sender.send(_calls.put_policy(project, kind, principal, policy))


class Events:
    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    def list(self, *, after: Optional[int] = None, type: Optional[str] = None,
             limit: Optional[int] = None, **filters: str) -> Listing[Event]:
        """Oldest first; `type` may end with a dot: `token.`."""
        return Listing(self._sender, _calls.list_events(after=after, type=type, limit=limit,
                                                        **filters))

    def checkpoint(self) -> Json:
        return self._sender.send(_calls.checkpoint())

    def stream(self, *, after: Optional[int] = None, **filters: str) -> "EventStream":
        """What happens, as it happens; it reconnects by itself and misses nothing."""
        query = dict(filters) if after is None else {"after": str(after), **filters}
        return EventStream(self._sender, query)


class EventStream:
    """Iterate over it; `close()` ends it, from any thread."""

    def __init__(self, sender: Sender, query: Mapping[str, str]) -> None:
        self._sender, self._query = sender, dict(query)
        self._position: Optional[Position] = None
        self._source: Optional[HttpSource] = None
        self._is_closed = False

    def __iter__(self) -> Iterator[Event]:
        failures = 0
        while not self._is_closed:
            try:
                for event in self._listen():
                    failures = 0
                    yield event
            except (StreamError, NetworkError, OSError) as error:
                if self._is_closed:
                    return
                is_final = isinstance(error, StreamError) and (
                    error.status in (400, 401, 403, 404) or error.code == "epoch_changed")
                if is_final:
                    raise
            failures += 1
            if not self._is_closed:
                time.sleep(random.uniform(0.05, min(5.0, 0.2 * 2.0 ** failures)))

    def _listen(self) -> Iterator[Event]:
        headers = {**self._sender.credentials(), "Accept": "text/event-stream"}
        url = self._sender.server + "/v1/events/stream"
        if self._position is not None:
            headers["Last-Event-ID"] = f"{self._position[0]}.{self._position[1]}"
        query = {name: value for name, value in self._query.items()
                 if name != "after" or self._position is None}
        if query:
            url += "?" + urlencode(query)
        source = self._source = HttpSource(self._sender.standard, url, headers)
        try:
            follower = Follower(self._position)
            for name, data in frames_of(source.lines()):
                before = follower.position
                said = follower.take(name, data)
                if said == "reset" and self._has_other_log(before, follower.position):
                    raise StreamError("the log was restored from a backup: read it from the start",
                                      code="epoch_changed")
                self._position = follower.position
                if said == "change":
                    yield Event.of(data["event"])
        except socket.timeout:
            raise StreamError("the event stream is silent", code="stream_silent") from None
        finally:
            source.close()

    def _has_other_log(self, before: Optional[Position], now: Optional[Position]) -> bool:
        """The same log goes on where it is: what one may see of it has changed. Another one has
        events that the caller has not seen."""
        if before is None or now is None:
            return "after" in self._query
        return before[0] != now[0]

    def close(self) -> None:
        self._is_closed = True
        if self._source is not None:
            self._source.close()

    def __enter__(self) -> "EventStream":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Latchkey:
    """A client with a token. Thread-safe; `with Latchkey(…) as client:` closes its connections.

    `auth_token` (or `access_token`) is a token, `auth` an `AuthProvider` for a key token; without
    either it is LATCHKEY_TOKEN. `base_url` is where a protected API is, for `run()` and
    `request()`; without it the address that the API's owner registered."""

    def __init__(
        self,
        auth_token: Optional[str] = None,
        *,
        access_token: Optional[str] = None,
        auth: Optional[AuthProvider] = None,
        server: Optional[str] = None,
        base_url: Optional[str] = None,
        timeout: float = 30.0,
        max_retries: int = 2,
        insecure_http: bool = False,
        cafile: Optional[str] = None,
        transport: Optional[Transport] = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._sender = Sender(
            auth_token=auth_token, access_token=access_token, auth=auth, server=server,
            base_url=base_url, timeout=timeout, max_retries=max_retries,
            insecure_http=insecure_http, cafile=cafile, transport=transport, sleep=sleep)
        self.tokens, self.projects = Tokens(self._sender), Projects(self._sender)
        self.policies, self.events = Policies(self._sender), Events(self._sender)

    def __repr__(self) -> str:
        return f"Latchkey(server={self._sender.server!r})"

    def run(self, id: Optional[str] = None, data: Any = None, *,
            function_id: Optional[str] = None, api: Optional[str] = None,
            timeout: Optional[float] = None) -> Any:
        """Calls a named function of the protected API: `POST <its address>/functions/<id>`.

        Text and bytes go as they are, everything else as JSON; JSON comes back as an object."""
        return self._sender.run(_function_id(id, function_id), data, api, timeout)

    def request(self, method: str, url: str, data: Any = None, *,
                headers: Optional[Mapping[str, str]] = None,
                timeout: Optional[float] = None) -> Answer:
        """A request to the API or the server, with the token; raises for everything but success."""
        return self._sender.request(method, url, data, headers, timeout)

    def close(self) -> None:
        self._sender.close()

    def __enter__(self) -> "Latchkey":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _function_id(id: Optional[str], function_id: Optional[str]) -> str:
    wanted = id if id is not None else function_id
    if not wanted:
        raise LatchkeyError("the id of the function is needed", code="bad_configuration")
    return wanted
