"""Flask: a decorator, and the route is protected.

    guard = Guard(Verifier(issuer="https://auth.example.com", audience="licensing-api"))

    @app.get("/licenses")
    @guard("license:read")
    def licenses(): return {"owner": g.latchkey.owner}
"""

from __future__ import annotations

import json
from functools import wraps
from typing import Any, Callable, Dict, Optional, TypeVar, cast

from flask import Response, g, request

from ._refusing import bearer_of, refusal_of
from .scopes import is_scope_pattern
from .verifier import Verifier

View = TypeVar("View", bound=Callable[..., Any])
FromRequest = Callable[[], Optional[str]]


class Guard:
    """`guard("a:read", …)` on a view. `when_unknown="pass"` lets a request in when the token's
    validity could not be told; the view then sees `g.latchkey.verdict == "not_current"`."""

    def __init__(self, verifier: Verifier, *, when_unknown: str = "deny",
                 max_staleness: Optional[float] = None, ip: Optional[FromRequest] = None) -> None:
        self._verifier, self._ip = verifier, ip or _peer
        self._policy: Dict[str, Any] = {"when_unknown": when_unknown,
                                        "max_staleness": max_staleness}
        _check(when_unknown)

    def __call__(self, *scopes: str, when_unknown: Optional[str] = None,
                 max_staleness: Optional[float] = None, project: Optional[FromRequest] = None,
                 resource: Optional[FromRequest] = None) -> Callable[[View], View]:
        """The route's own policy wins over the guard's. `project` and `resource` are called while
        the request is there: `lambda: request.view_args["project"]`."""
        for scope in scopes:
            if not is_scope_pattern(scope):
                raise ValueError("a scope is written resource:action")
        passes = _check(when_unknown or self._policy["when_unknown"]) == "pass"
        bound = max_staleness if max_staleness is not None else self._policy["max_staleness"]

        def protect(view: View) -> View:
            @wraps(view)
            def protected(*args: Any, **kwargs: Any) -> Any:
                token = bearer_of(request.headers.get("Authorization"))
                if token is None:
                    return _refuse(*refusal_of(None, scopes))
                result = self._verifier.verify(
                    token, scopes, project=project() if project else None,
                    resource=resource() if resource else None, ip=self._ip(),
                    max_staleness=bound)
                if not result and not (passes and not result.is_told):
                    return _refuse(*refusal_of(result, scopes))
                g.latchkey = result
                return view(*args, **kwargs)

            return cast(View, protected)

        return protect


def _check(when_unknown: str) -> str:
    if when_unknown not in ("deny", "pass"):
        raise ValueError('when_unknown is "deny" or "pass"')
    return when_unknown


def _peer() -> Optional[str]:
    return request.remote_addr


def _refuse(status: int, headers: Dict[str, str], problem: Dict[str, Any]) -> Response:
    return Response(json.dumps(problem), status=status, headers=headers,
                    content_type="application/problem+json")
