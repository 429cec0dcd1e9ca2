"""What the server says, as objects. Members that this version does not know are in `raw`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Dict, Mapping, Optional, Tuple

from ._text import parse_time


def _texts(value: Any) -> Tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, list) else ()


def _text(members: Mapping[str, Any], name: str) -> str:
    value = members.get(name)
    return value if isinstance(value, str) else ""


def _text_or_none(members: Mapping[str, Any], name: str) -> Optional[str]:
    value = members.get(name)
    return value if isinstance(value, str) else None


def _without_secrets(members: Mapping[str, Any]) -> Dict[str, Any]:
    return {name: value for name, value in members.items() if name != "token"}


@dataclass(frozen=True)
class Token:
    """A token. `token` is its secret, only in the answer that made it, and never in `repr`."""

    id: str
    name: str
    description: str
    kind: str
    api: str
    audience: str
    owner: str
    state: str
    scopes: Optional[Tuple[str, ...]]
    allowed_ips: Tuple[str, ...]
    created_at: Optional[datetime]
    expires_at: Optional[datetime]
    last_used_at: Optional[datetime]
    effective_scopes: Tuple[str, ...] = ()
    token: Optional[str] = field(default=None, repr=False)
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, members: Mapping[str, Any]) -> "Token":
        scopes = members.get("scopes")
        return cls(
            _text(members, "id"), _text(members, "name"), _text(members, "description"),
            _text(members, "kind"), _text(members, "api"), _text(members, "audience"),
            _text(members, "owner"), _text(members, "state"),
            None if scopes is None else _texts(scopes), _texts(members.get("allowedIps")),
            parse_time(members.get("createdAt")), parse_time(members.get("expiresAt")),
            parse_time(members.get("lastUsedAt")), _texts(members.get("effectiveScopes")),
            _text_or_none(members, "token"), _without_secrets(members))


@dataclass(frozen=True)
class Project:
    """A space that rights are given in. `role` is yours there."""

    id: str
    name: str
    description: str
    api: Optional[str]
    role: Optional[str]
    created_at: Optional[datetime]
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, members: Mapping[str, Any]) -> "Project":
        return cls(_text(members, "id"), _text(members, "name"), _text(members, "description"),
                   _text_or_none(members, "api"), _text_or_none(members, "role"),
                   parse_time(members.get("createdAt")), dict(members))


@dataclass(frozen=True)
class ProjectToken:
    """A token that a project owns. `token` is `redacted` after its creation."""

    id: str
    name: str
    permissions: Tuple[str, ...]
    created_at: Optional[datetime]
    token: str = field(default="", repr=False)

    @classmethod
    def of(cls, members: Mapping[str, Any]) -> "ProjectToken":
        return cls(_text(members, "id"), _text(members, "name"),
                   _texts(members.get("permissions")), parse_time(members.get("createdAt")),
                   _text(members, "token"))


@dataclass(frozen=True)
class Principal:
    """A user or a token in a project."""

    id: str
    type: str
    name: str
    owner: Optional[str]
    role: Optional[str]
    has_policy: bool

    @classmethod
    def of(cls, members: Mapping[str, Any]) -> "Principal":
        return cls(_text(members, "principalId"), _text(members, "principalType"),
                   _text(members, "name"), _text_or_none(members, "owner"),
                   _text_or_none(members, "role"), members.get("hasPolicy") is True)


@dataclass(frozen=True)
class Event:
    """One entry of the log."""

    epoch: int
    revision: int
    at: Optional[datetime]
    type: str
    actor: str
    data: Mapping[str, Any]
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, members: Mapping[str, Any]) -> "Event":
        data, epoch, revision = members.get("data"), members.get("epoch"), members.get("revision")
        return cls(epoch if isinstance(epoch, int) else 0,
                   revision if isinstance(revision, int) else 0, parse_time(members.get("at")),
                   _text(members, "type"), _text(members, "actor"),
                   data if isinstance(data, dict) else {}, dict(members))
