"""Everything that can go wrong, one class for each thing a caller can do about it.

Every error has a stable `code`, and where a server spoke its `status` and `request_id`. None of
them ever holds a token, a private key or a passphrase: not in the message, not in `repr`.
"""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional, Sequence, Tuple, Type


class LatchkeyError(Exception):
    """What all errors of this package are."""

    default_code = "error"

    def __init__(
        self,
        message: str,
        *,
        code: Optional[str] = None,
        status: Optional[int] = None,
        request_id: Optional[str] = None,
        hint: Optional[str] = None,
        missing_scopes: Sequence[str] = (),
        retry_after: Optional[float] = None,
        docs: Optional[str] = None,
        fields: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.status = status
        self.request_id = request_id
        self.hint = hint
        self.missing_scopes: Tuple[str, ...] = tuple(missing_scopes)
        self.retry_after = retry_after
        self.docs = docs
        self.fields: Tuple[Dict[str, Any], ...] = tuple(dict(field) for field in fields)

    def __str__(self) -> str:
        text = self.message
        if self.missing_scopes:
            text += f" (missing: {', '.join(self.missing_scopes)})"
        if self.hint:
            text += f" - {self.hint}"
        if self.request_id:
            text += f" [request {self.request_id}]"
        return text

    def __repr__(self) -> str:
        return f"{type(self).__name__}(code={self.code!r}, status={self.status!r})"


class ConfigurationError(LatchkeyError):
    """An argument, a file or a key cannot be used; nothing was sent."""

    default_code = "bad_configuration"


class NetworkError(LatchkeyError):
    """No answer, or none that may be believed: refused, too slow, too large, redirected."""

    default_code = "network"


class RequestTimeout(NetworkError):
    """The answer was not whole in time."""

    default_code = "timeout"


class ServerError(LatchkeyError):
    """The server could not do it now (5xx)."""

    default_code = "server_error"


class AuthenticationError(LatchkeyError):
    """No credential, or one that is not valid any more (401)."""

    default_code = "invalid_token"


class PermissionDenied(LatchkeyError):
    """Known, but not allowed (403). `missing_scopes` says what is missing."""

    default_code = "insufficient_scope"


class NotFoundError(LatchkeyError):
    """There is nothing, or nothing that you may see (404)."""

    default_code = "not_found"


class ConflictError(LatchkeyError):
    """The present state does not allow it (409, 412)."""

    default_code = "conflict"


class ValidationError(LatchkeyError):
    """What was sent cannot be accepted (400, 413, 415, 422). `fields` says where."""

    default_code = "invalid"


class RateLimitError(LatchkeyError):
    """Too many requests (429). `retry_after` says how many seconds to wait."""

    default_code = "rate_limited"


class KeySetError(LatchkeyError):
    """The installation's key set cannot be used."""

    default_code = "bad_key_set"


class StatusListError(LatchkeyError):
    """A status list cannot be used."""

    default_code = "bad_status_list"


class StreamError(LatchkeyError):
    """The event stream cannot be used: it is silent, has a gap, or says what cannot be."""

    default_code = "bad_stream"


class CouldNotTellError(LatchkeyError):
    """Whether the token is valid cannot be told now. It is not a "no", and never a "yes"."""

    default_code = "could_not_tell"


_BY_STATUS: Dict[int, Type[LatchkeyError]] = {
    400: ValidationError,
    401: AuthenticationError,
    403: PermissionDenied,
    404: NotFoundError,
    409: ConflictError,
    412: ConflictError,
    413: ValidationError,
    415: ValidationError,
    422: ValidationError,
    429: RateLimitError,
}


def class_for_status(status: int) -> Type[LatchkeyError]:
    known = _BY_STATUS.get(status)
    if known is not None:
        return known
    return ServerError if status >= 500 else LatchkeyError
