"""Latchkey for Python: call with a token, sign with a key, verify what arrives."""

from .aio import AsyncLatchkey
from .auth import AccessToken, AuthProvider
from .client import EventStream, Latchkey, Listing
from .errors import (
    AuthenticationError,
    ConfigurationError,
    ConflictError,
    CouldNotTellError,
    KeySetError,
    LatchkeyError,
    NetworkError,
    NotFoundError,
    PermissionDenied,
    RateLimitError,
    RequestTimeout,
    ServerError,
    StatusListError,
    StreamError,
    ValidationError,
)
from .models import Event, Principal, Project, ProjectToken, Token
from .scopes import is_scope, is_scope_pattern, missing_scopes, scope_matches
from .verification import Verification
from .verifier import Verifier

__version__ = "0.1.0"

__all__ = [
    "AccessToken", "AsyncLatchkey", "AuthProvider", "AuthenticationError", "ConfigurationError",
    "ConflictError", "CouldNotTellError", "Event", "EventStream", "KeySetError", "Latchkey",
    "LatchkeyError", "Listing", "NetworkError", "NotFoundError", "PermissionDenied", "Principal",
    "Project", "ProjectToken", "RateLimitError", "RequestTimeout", "ServerError",
    "StatusListError", "StreamError", "Token", "ValidationError", "Verification", "Verifier",
    "is_scope", "is_scope_pattern", "missing_scopes", "scope_matches",
]
