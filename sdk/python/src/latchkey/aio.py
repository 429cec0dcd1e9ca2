"""`AsyncLatchkey`: the client for asyncio. Each request waits in a thread of the loop's executor,
so that it needs nothing but the standard library."""

from __future__ import annotations

import asyncio
import time
from typing import (
    Any,
    AsyncIterator,
    Callable,
    Generic,
    List,
    Mapping,
    Optional,
    Sequence,
    Tuple,
    TypeVar,
)

from . import _calls
from ._calls import Call, Expiry, Json
from ._http import Answer, Transport
from ._sending import Sender
from .auth import AuthProvider
from .client import EventStream, _function_id
from .models import Event, Principal, Project, ProjectToken, Token

T = TypeVar("T")


async def _in_thread(work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(None, work)


async def _send(sender: Sender, call: Call[T]) -> T:
    return await _in_thread(lambda: sender.send(call))


class AsyncListing(Generic[T]):
    """All items, page by page as they are wanted: `async for token in client.tokens.list(): …`."""

    def __init__(self, sender: Sender, call: Call[List[T]]) -> None:
        self._sender, self._call = sender, call

    async def __aiter__(self) -> AsyncIterator[T]:
        path: Optional[str] = self._call.path
        while path is not None:
            items, path = await self._page(path)
            for item in items:
                yield item

    async def page(self) -> List[T]:
        """The first page alone."""
        return (await self._page(self._call.path))[0]

    async def _page(self, path: str) -> Tuple[List[T], Optional[str]]:
        return await _in_thread(lambda: self._sender.page(self._call, path))


class AsyncTokens:
    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    async def create(self, name: str, *, scopes: Optional[Sequence[str]] = None,
                     expires_at: Expiry = None, kind: Optional[str] = None,
                     api: Optional[str] = None, description: Optional[str] = None,
                     allowed_ips: Optional[Sequence[str]] = None,
                     projects: Optional[Sequence[str]] = None, keys: Any = None,
                     algorithm: Optional[str] = None, owner: Optional[str] = None,
                     extra: Optional[Mapping[str, Any]] = None) -> Token:
        return await _send(self._sender, _calls.create_token(
            name, description=description, kind=kind, api=api, scopes=scopes,
            expires_at=expires_at, allowed_ips=allowed_ips, projects=projects, keys=keys,
            algorithm=algorithm, owner=owner, extra=extra))

    def list(self, *, state: Optional[str] = None, sort: Optional[str] = None,
             owner: Optional[str] = None, limit: Optional[int] = None,
             **filters: str) -> AsyncListing[Token]:
        return AsyncListing(self._sender, _calls.list_tokens(
            state=state, sort=sort, owner=owner, limit=limit, **filters))

    async def get(self, token_id: str) -> Token:
        return await _send(self._sender, _calls.get_token(token_id))

    async def self(self) -> Token:
        return await _send(self._sender, _calls.own_token())

    async def update(self, token_id: str, **changes: Any) -> Token:
        return await _send(self._sender, _calls.update_token(token_id, changes))

    async def revoke(self, token_id: str, reason: Optional[str] = None) -> Token:
        return await self._change(token_id, "revoke", reason)

    async def suspend(self, token_id: str, reason: Optional[str] = None) -> Token:
        return await self._change(token_id, "suspend", reason)

    async def resume(self, token_id: str, reason: Optional[str] = None) -> Token:
        return await self._change(token_id, "resume", reason)

    async def _change(self, token_id: str, change: str, reason: Optional[str]) -> Token:
        body: Json = {} if reason is None else {"reason": reason}
        return await _send(self._sender, _calls.change_token(token_id, change, body))

    async def rotate(self, token_id: str, *, grace_seconds: Optional[int] = None,
                     **options: Any) -> Token:
        if grace_seconds is not None:
            options["graceSeconds"] = grace_seconds
        return await _send(self._sender, _calls.change_token(token_id, "rotate", options))

    async def delete(self, token_id: str) -> None:
        await _send(self._sender, _calls.delete_token(token_id))

    async def verify(self, token: str, **question: Any) -> Json:
        return await _send(self._sender, _calls.verify_token({"token": token, **question}))


class AsyncProjects:
    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    async def create(self, name: str, *, description: Optional[str] = None,
                     api: Optional[str] = None) -> Project:
        return await _send(self._sender, _calls.create_project(name, description, api))

    def list(self, *, limit: Optional[int] = None) -> AsyncListing[Project]:
        return AsyncListing(self._sender, _calls.list_projects(limit))

    async def get(self, project: str) -> Project:
        return await _send(self._sender, _calls.get_project(project))

    async def update(self, project: str, **changes: Any) -> Project:
        return await _send(self._sender, _calls.update_project(project, changes))

    async def delete(self, project: str) -> None:
        await _send(self._sender, _calls.delete_project(project))

    def tokens(self, project: str) -> AsyncListing[ProjectToken]:
        return AsyncListing(self._sender, _calls.list_project_tokens(project))

    async def create_token(self, project: str, name: str,
                           permissions: Sequence[str]) -> ProjectToken:
        return await _send(self._sender,
                           _calls.create_project_token(project, name, permissions))

    def principals(self, project: str, kind: Optional[str] = None) -> AsyncListing[Principal]:
        return AsyncListing(self._sender, _calls.list_principals(project, kind))

    async def add_token(self, project: str, token_id: str) -> Principal:
        return await _send(self._sender, _calls.put_principal(project, "token", token_id, None))

    async def add_user(self, project: str, user: str, role: Optional[str] = None) -> Principal:
        return await _send(self._sender, _calls.put_principal(project, "user", user, role))

    async def remove(self, project: str, kind: str, principal: str) -> None:
        await _send(self._sender, _calls.delete_principal(project, kind, principal))


class AsyncPolicies:
    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    async def get(self, project: str, principal: str, kind: str = "token") -> Json:
        return await _send(self._sender, _calls.get_policy(project, kind, principal))

    async def put(self, project: str, principal: str, policy: Mapping[str, Any],
                  kind: str = "token") -> Json:
        return await _send(self._sender, _calls.put_policy(project, kind, principal, policy))


class AsyncEvents:
    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    def list(self, *, after: Optional[int] = None, type: Optional[str] = None,
             limit: Optional[int] = None, **filters: str) -> AsyncListing[Event]:
        return AsyncListing(self._sender, _calls.list_events(after=after, type=type, limit=limit,
                                                             **filters))

    async def checkpoint(self) -> Json:
        return await _send(self._sender, _calls.checkpoint())

    async def stream(self, *, after: Optional[int] = None,
                     **filters: str) -> AsyncIterator[Event]:
        """What happens, as it happens; leaving the loop ends it."""
        query = dict(filters) if after is None else {"after": str(after), **filters}
        source = EventStream(self._sender, query)
        events = iter(source)
        try:
            while True:
                event = await _in_thread(lambda: next(events, None))
                if event is None:
                    return
                yield event
        finally:
            source.close()


class AsyncLatchkey:
    """As `Latchkey`, with `await` and `async for`."""

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
    ) -> None:
        self._sender = Sender(
            auth_token=auth_token, access_token=access_token, auth=auth, server=server,
            base_url=base_url, timeout=timeout, max_retries=max_retries,
            insecure_http=insecure_http, cafile=cafile, transport=transport, sleep=time.sleep)
        self.tokens, self.projects = AsyncTokens(self._sender), AsyncProjects(self._sender)
        self.policies, self.events = AsyncPolicies(self._sender), AsyncEvents(self._sender)

    def __repr__(self) -> str:
        return f"AsyncLatchkey(server={self._sender.server!r})"

    async def run(self, id: Optional[str] = None, data: Any = None, *,
                  function_id: Optional[str] = None, api: Optional[str] = None,
                  timeout: Optional[float] = None) -> Any:
        wanted = _function_id(id, function_id)
        return await _in_thread(lambda: self._sender.run(wanted, data, api, timeout))

    async def request(self, method: str, url: str, data: Any = None, *,
                      headers: Optional[Mapping[str, str]] = None,
                      timeout: Optional[float] = None) -> Answer:
        return await _in_thread(
            lambda: self._sender.request(method, url, data, headers, timeout))

    async def close(self) -> None:
        await _in_thread(self._sender.close)

    async def __aenter__(self) -> "AsyncLatchkey":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
