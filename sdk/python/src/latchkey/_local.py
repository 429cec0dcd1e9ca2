"""What a signed token says, read strictly, and what follows from it without asking anybody."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any, Dict, Optional, Sequence, Tuple

from ._jws import Jws, KeySet, Malformed
from ._text import base64url_decode, is_whole_time, uuid_of
from .scopes import split_scopes

KIND_JWT, KIND_ACCESS = "jwt", "access"
ANCESTORS_MAX = 8
_LIST_NUMBER = re.compile(r"/status/(?:0|[1-9][0-9]{0,9})\Z")


@dataclass(eq=False)  # not frozen: one is made for every token that is seen for the first time
class SignedToken:
    """The claims of a token whose signature is right. They are a ceiling: facts may narrow them."""

    kind: str  # KIND_JWT or KIND_ACCESS
    kid: str
    audience: str
    token_id: str
    secret_id: str  # of an access token: its jti, in no special form
    owner: Optional[str]
    scopes: Tuple[str, ...]
    requested: Optional[Tuple[str, ...]]
    issued_at: int
    expires_at: Optional[int]
    status_uri: Optional[str]
    status_index: int
    project: Optional[str]
    key_digest: str  # of an access token: what names the key or the secret it was got with
    ancestors: Tuple[str, ...] = ()  # the access tokens that it was derived from
    needs_proof: bool = False  # it is bound to a key of its holder


def _claim_text(claims: Dict[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise Malformed("a claim is missing or no text")
    return value


def _claim_time(claims: Dict[str, Any], name: str) -> int:
    value = claims.get(name)
    if not is_whole_time(value):
        raise Malformed("a time is missing or no whole number of seconds")
    return int(value)  # type: ignore[arg-type]


def _claim_id(claims: Dict[str, Any], name: str) -> str:
    found = uuid_of(claims.get(name))
    if found is None:
        raise Malformed("a claim is no id")
    return found


def _claim_scopes(claims: Dict[str, Any], name: str) -> Tuple[str, ...]:
    value = claims.get(name)
    if not isinstance(value, str):
        raise Malformed("a claim is missing or no text")
    try:
        return split_scopes(value)
    except ValueError:
        raise Malformed("scope holds what is no scope") from None


def _audience(claims: Dict[str, Any]) -> str:
    value = claims.get("aud")
    if not isinstance(value, list) or len(value) != 1 or not isinstance(value[0], str):
        raise Malformed("aud is not an array of one text")
    if not value[0]:
        raise Malformed("aud is empty")
    return value[0]


def _status(claims: Dict[str, Any], issuer: str) -> Tuple[Optional[str], int]:
    if "status" not in claims:
        return None, 0
    outer = claims["status"]
    listed = outer.get("status_list") if isinstance(outer, dict) else None
    index = listed.get("idx") if isinstance(listed, dict) else None
    uri = listed.get("uri") if isinstance(listed, dict) else None
    if type(index) is not int or index < 0 or not isinstance(uri, str):
        raise Malformed("status names no entry of a status list")
    # Only the installation's own lists: a token must not choose where requests go.
    if not uri.startswith(issuer) or not _LIST_NUMBER.match(uri[len(issuer):]):
        raise Malformed("status names a list that is not the issuer's")
    return uri, index


def _read_jwt(jws: Jws, issuer: str) -> SignedToken:
    claims = jws.claims
    secret = _claim_id(claims, "jti")
    scopes = _claim_scopes(claims, "scope") if "scope" in claims else ()
    if "scope" in claims and not scopes:
        raise Malformed("scope is empty")
    issued_at = _claim_time(claims, "iat")
    if _claim_time(claims, "nbf") != issued_at:
        raise Malformed("nbf is not iat")
    uri, index = _status(claims, issuer)
    return SignedToken(
        kind=KIND_JWT, kid=jws.kid, audience=_audience(claims), secret_id=secret,
        token_id=_claim_id(claims, "token_id") if "token_id" in claims else secret,
        owner=_claim_id(claims, "sub"), scopes=scopes, requested=None, issued_at=issued_at,
        expires_at=_claim_time(claims, "exp") if "exp" in claims else None,
        status_uri=uri, status_index=index, project=None, key_digest="")


def _read_access(jws: Jws, issuer: str) -> SignedToken:
    claims = jws.claims
    client = _claim_id(claims, "client_id")
    if claims["client_id"] != client or claims.get("sub") != client:
        raise Malformed("sub is not client_id, or one is no UUID")
    issued_at, expires_at = _claim_time(claims, "iat"), _claim_time(claims, "exp")
    if expires_at <= issued_at:
        raise Malformed("exp is not after iat")
    project = _claim_id(claims, "project_id") if "project_id" in claims else None
    requested = None
    if "requested_scope" in claims:
        requested = _claim_scopes(claims, "requested_scope")
    return SignedToken(
        kind=KIND_ACCESS, kid=jws.kid, audience=_audience(claims), token_id=client,
        secret_id=_claim_text(claims, "jti"), owner=None,
        scopes=_claim_scopes(claims, "scope") if "scope" in claims else (),
        requested=requested, issued_at=issued_at, expires_at=expires_at,
        status_uri=None, status_index=0, project=project,
        key_digest=_got_with(claims, client), ancestors=_ancestors(claims),
        needs_proof=_is_bound(claims))


def _digest_text(claims: Dict[str, Any], name: str) -> str:
    text = _claim_text(claims, name)
    if len(base64url_decode(text) or b"") != 32:
        raise Malformed("a claim is no SHA-256")
    return text


def _got_with(claims: Dict[str, Any], token_id: str) -> str:
    """Exactly one claim says what the access token was got with: a key, or a secret."""
    if "client_secret_hash" in claims:
        if "client_key" in claims:
            raise Malformed("two claims say what it was got with")
        return (base64url_decode(_digest_text(claims, "client_secret_hash")) or b"").hex()
    thumbprint = _digest_text(claims, "client_key")
    owner = b"latchkey key\0" + bytes.fromhex(token_id.replace("-", ""))
    return hashlib.sha256(owner + thumbprint.encode("ascii")).hexdigest()


def _ancestors(claims: Dict[str, Any]) -> Tuple[str, ...]:
    listed = claims.get("derived_from", [])
    if not isinstance(listed, list) or len(listed) > ANCESTORS_MAX \
            or not all(isinstance(one, str) and one for one in listed):
        raise Malformed("derived_from is no list of ids")
    return tuple(listed)


def _is_bound(claims: Dict[str, Any]) -> bool:
    if "cnf" not in claims:
        return False
    confirmation = claims["cnf"]
    # One that cannot be checked must not be read as none.
    if not isinstance(confirmation, dict):
        raise Malformed("cnf is no object")
    _digest_text(confirmation, "jkt")
    return True


_READERS = {"jwt": _read_jwt, "at+jwt": _read_access}


def check_issuer(jws: Jws, issuer: str) -> bool:
    """False: it is somebody else's, and nobody is asked about it. Raises Malformed."""
    return _claim_text(jws.claims, "iss") == issuer


def read_signed(jws: Jws, keys: KeySet, issuer: str) -> Optional[SignedToken]:
    """None: its signature is not right, or its key is not in the set. Raises Malformed.

    Type and claims are looked at only after the signature was found right."""
    key = keys.find(jws.kid)
    if key is None or not jws.is_signed_by(key):
        return None
    for typ, reader in _READERS.items():
        if jws.is_of_type(typ):
            return reader(jws, issuer)
    raise Malformed("the token is of another type")


def life_of(token: SignedToken, now: float, tolerance: float) -> str:
    """`active`, `expired` or `not_yet_valid`. A clock that is behind is forgiven, an end is not."""
    if token.expires_at is not None and token.expires_at <= now:
        return "expired"
    return "not_yet_valid" if token.issued_at > now + tolerance else "active"


def scopes_asked(scopes: Sequence[str]) -> Tuple[str, ...]:
    asked = (scopes,) if isinstance(scopes, str) else tuple(scopes)
    if len(asked) > 16:
        raise ValueError("at most 16 scopes at a time")
    return asked
