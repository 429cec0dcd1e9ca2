"""The requests of the API, one function each: what is asked, and how its answer is read. Sending
is another matter, so that the client and the asyncio client have one description."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, Callable, Dict, Generic, List, Mapping, Optional, Sequence, TypeVar, Union
from urllib.parse import quote, urlencode

from ._text import format_time
from .models import Event, Principal, Project, ProjectToken, Token

T = TypeVar("T")
Json = Dict[str, Any]
Expiry = Union[None, str, datetime, timedelta]


@dataclass(frozen=True)
class Call(Generic[T]):
    method: str
    path: str
    read: Callable[[Any], T]
    body: Optional[Json] = None
    takes_key: bool = False  # an Idempotency-Key makes it safe to repeat

    @property
    def is_repeatable(self) -> bool:
        return self.takes_key or self.method in ("GET", "PUT", "DELETE")


def _path(*parts: str, **query: Any) -> str:
    path = "/v1/" + "/".join(quote(part, safe="") for part in parts)
    given = {name: value for name, value in query.items() if value is not None}
    return path + ("?" + urlencode(given) if given else "")


def _given(**members: Any) -> Json:
    return {name: value for name, value in members.items() if value is not None}


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _items(read: Callable[[Json], T]) -> Callable[[Any], List[T]]:
    def read_all(value: Any) -> List[T]:
        return [read(_object(one)) for one in value] if isinstance(value, list) else []

    return read_all


def _nothing(_: Any) -> None:
    return None


def _token(value: Any) -> Token:
    return Token.of(_object(value))


def _project(value: Any) -> Project:
    return Project.of(_object(value))


def expiry(value: Expiry) -> Optional[str]:
    """A time; how long from now; or a text that the server understands."""
    if isinstance(value, timedelta):
        value = datetime.now(timezone.utc) + value
    if isinstance(value, datetime):
        return format_time(value)
    return value


# --- tokens -------------------------------------------------------------------------------------


def create_token(name: str, *, description: Optional[str], kind: Optional[str],
                 api: Optional[str], scopes: Optional[Sequence[str]], expires_at: Expiry,
                 allowed_ips: Optional[Sequence[str]], projects: Optional[Sequence[str]],
                 keys: Any, algorithm: Optional[str], owner: Optional[str],
                 extra: Optional[Mapping[str, Any]]) -> Call[Token]:
    body = _given(
        name=name, description=description, kind=kind, api=api,
        scopes=None if scopes is None else list(scopes), expiresAt=expiry(expires_at),
        allowedIps=None if allowed_ips is None else list(allowed_ips),
        projects=None if projects is None else list(projects), keys=keys, algorithm=algorithm)
    body.update(extra or {})
    return Call("POST", _path("tokens", owner=owner), _token, body, takes_key=True)


def list_tokens(**query: Any) -> Call[List[Token]]:
    return Call("GET", _path("tokens", **query), _items(Token.of))


def get_token(token_id: str) -> Call[Token]:
    return Call("GET", _path("tokens", token_id), _token)


def update_token(token_id: str, changes: Mapping[str, Any]) -> Call[Token]:
    return Call("PATCH", _path("tokens", token_id), _token, dict(changes))


def change_token(token_id: str, change: str, body: Json) -> Call[Token]:
    return Call("POST", _path("tokens", token_id, change), _token, body)


def delete_token(token_id: str) -> Call[None]:
    return Call("DELETE", _path("tokens", token_id), _nothing)


def own_token() -> Call[Token]:
    return Call("GET", "/v1/tokens/self", _token)


def verify_token(body: Json) -> Call[Json]:
    return Call("POST", "/v1/tokens/verify", _object, body, takes_key=False)


# --- projects and policies ----------------------------------------------------------------------


def create_project(name: str, description: Optional[str], api: Optional[str]) -> Call[Project]:
    return Call("POST", _path("projects"), _project,
                _given(name=name, description=description, api=api), takes_key=True)


def list_projects(limit: Optional[int]) -> Call[List[Project]]:
    return Call("GET", _path("projects", limit=limit), _items(Project.of))


def get_project(project: str) -> Call[Project]:
    return Call("GET", _path("projects", project), _project)


def update_project(project: str, changes: Mapping[str, Any]) -> Call[Project]:
    return Call("PATCH", _path("projects", project), _project, dict(changes))


def delete_project(project: str) -> Call[None]:
    return Call("DELETE", _path("projects", project), _nothing)


def list_project_tokens(project: str) -> Call[List[ProjectToken]]:
    return Call("GET", _path("projects", project, "tokens"), _items(ProjectToken.of))


def create_project_token(project: str, name: str,
                         permissions: Sequence[str]) -> Call[ProjectToken]:
    return Call("POST", _path("projects", project, "tokens"),
                lambda value: ProjectToken.of(_object(value)),
                {"name": name, "permissions": list(permissions)}, takes_key=True)


def list_principals(project: str, kind: Optional[str]) -> Call[List[Principal]]:
    return Call("GET", _path("projects", project, "principals", type=kind),
                _items(Principal.of))


def put_principal(project: str, kind: str, principal: str,
                  role: Optional[str]) -> Call[Principal]:
    return Call("PUT", _path("projects", project, "principals", kind, principal),
                lambda value: Principal.of(_object(value)), _given(role=role))


def delete_principal(project: str, kind: str, principal: str) -> Call[None]:
    return Call("DELETE", _path("projects", project, "principals", kind, principal), _nothing)


def _policy_path(project: str, kind: str, principal: str) -> str:
    return _path("projects", project, "principals", kind, principal, "policy")


def get_policy(project: str, kind: str, principal: str) -> Call[Json]:
    return Call("GET", _policy_path(project, kind, principal), _object)


def put_policy(project: str, kind: str, principal: str, policy: Mapping[str, Any]) -> Call[Json]:
    return Call("PUT", _policy_path(project, kind, principal), _object, dict(policy))


# --- the rest -----------------------------------------------------------------------------------


def list_events(**query: Any) -> Call[List[Event]]:
    return Call("GET", _path("events", **query), _items(Event.of))


def checkpoint() -> Call[Json]:
    return Call("GET", "/v1/events/checkpoint", _object)


def resource_metadata(slug: str) -> Call[Json]:
    """Where an API is and what it takes (RFC 9728)."""
    return Call("GET", "/.well-known/oauth-protected-resource/" + quote(slug, safe=""), _object)


def list_apis() -> Call[List[Json]]:
    return Call("GET", "/v1/apis", _items(_object))
