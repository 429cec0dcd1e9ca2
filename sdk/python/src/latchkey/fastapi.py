"""FastAPI: `Depends` on a guard, or `Security` with scopes, and the route is protected.

    guard = Guard(Verifier(issuer="https://auth.example.com", audience="licensing-api"))
    guard.install(app)

    @app.get("/licenses")
    async def licenses(caller: Verification = Security(guard, scopes=["license:read"])): …
"""

# No postponed annotations here: FastAPI reads those of a dependency, and must find the types.
from typing import Any, Callable, Dict, Optional, Tuple

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import HTTPException
from fastapi.openapi.models import HTTPBearer as HTTPBearerModel
from fastapi.responses import JSONResponse
from fastapi.security import SecurityScopes
from fastapi.security.base import SecurityBase

from ._refusing import bearer_of, refusal_of
from .verification import Verification
from .verifier import Verifier

FromRequest = Callable[[Request], Optional[str]]


class Refused(HTTPException):
    """401, 403, 429 or 503. `Guard.install` makes a problem document of it."""

    def __init__(self, status: int, headers: Dict[str, str], problem: Dict[str, Any]) -> None:
        super().__init__(status_code=status, detail=problem, headers=headers)
        self.problem = problem


class Guard(SecurityBase):
    """A dependency. `when_unknown="pass"` lets a request in when the token's validity could not be
    told; the route then sees `verdict == "not_current"` and decides by itself. `max_staleness`,
    `project`, `resource` and `ip` are this guard's own; the last three read them from a request."""

    def __init__(self, verifier: Verifier, *, when_unknown: str = "deny",
                 max_staleness: Optional[float] = None, project: Optional[FromRequest] = None,
                 resource: Optional[FromRequest] = None,
                 ip: Optional[FromRequest] = None) -> None:
        if when_unknown not in ("deny", "pass"):
            raise ValueError('when_unknown is "deny" or "pass"')
        self.model = HTTPBearerModel(description="A token of Latchkey")
        self.scheme_name = "latchkey"
        self._verifier, self._passes = verifier, when_unknown == "pass"
        self._max_staleness, self._project, self._resource = max_staleness, project, resource
        self._ip = ip or _peer

    def with_policy(self, **changes: Any) -> "Guard":
        """The same guard with another policy, for one route."""
        mine: Dict[str, Any] = {
            "when_unknown": "pass" if self._passes else "deny", "ip": self._ip,
            "max_staleness": self._max_staleness, "project": self._project,
            "resource": self._resource}
        return Guard(self._verifier, **{**mine, **changes})

    def install(self, app: FastAPI) -> None:
        """Refusals become problem documents."""
        app.add_exception_handler(Refused, _answer)

    async def __call__(self, request: Request, security_scopes: SecurityScopes) -> Verification:
        return await self.check(request, tuple(security_scopes.scopes))

    async def check(self, request: Request, scopes: Tuple[str, ...] = ()) -> Verification:
        token = bearer_of(request.headers.get("authorization"))
        if token is None:
            raise Refused(*refusal_of(None, scopes))
        result = await self._verifier.averify(
            token, scopes, project=self._project(request) if self._project else None,
            resource=self._resource(request) if self._resource else None,
            ip=self._ip(request), max_staleness=self._max_staleness)
        if result or (self._passes and not result.is_told):
            request.state.latchkey = result
            return result
        raise Refused(*refusal_of(result, scopes))


def _peer(request: Request) -> Optional[str]:
    return request.client.host if request.client is not None else None


async def _answer(_: Request, refused: Any) -> Response:
    return JSONResponse(refused.problem, status_code=refused.status_code, headers=refused.headers,
                        media_type="application/problem+json")
