"""What the holder of a key token signs to get an access token (RFC 7523): by a private key here,
or by a signer that keeps the key to itself."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Optional, Union

from ._keys import ALGORITHMS, PrivateKey, algorithm_of, jose_signature, load_private_key, sign
from ._text import base64url_encode, compact_json, uuid_of
from .errors import ConfigurationError

ASSERTION_SECONDS = 60
FILE_BYTES_MAX = 65_536
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

Signer = Callable[[bytes], bytes]
Passphrase = Union[None, str, bytes, Callable[[], Union[str, bytes]]]


def passphrase_bytes(passphrase: Passphrase) -> Optional[bytes]:
    if callable(passphrase):
        passphrase = passphrase()
    if isinstance(passphrase, str):
        return passphrase.encode("utf-8") or None
    return passphrase or None


class AssertionKey:
    """Signs with the key's own algorithm. Its `repr` names that, and nothing of the key."""

    def __init__(self, algorithm: str, signer: Signer) -> None:
        self.algorithm, self._sign = algorithm, signer

    def __repr__(self) -> str:
        return f"AssertionKey({self.algorithm})"

    @classmethod
    def from_pem(cls, pem: Union[str, bytes], passphrase: Passphrase,
                 algorithm: Optional[str]) -> "AssertionKey":
        data = pem.encode("utf-8") if isinstance(pem, str) else pem
        key: PrivateKey = load_private_key(data, passphrase_bytes(passphrase))
        chosen = algorithm_of(key, algorithm)
        return cls(chosen, lambda message: sign(key, chosen, message))

    @classmethod
    def from_signer(cls, signer: Signer, algorithm: Optional[str]) -> "AssertionKey":
        """`signer` gets the bytes and gives the signature, in JOSE's form or, for ECDSA, in DER."""
        if algorithm is None or algorithm not in ALGORITHMS:
            raise ConfigurationError(
                "a signer needs algorithm=…: " + ", ".join(ALGORITHMS))
        name = algorithm
        return cls(name, lambda message: jose_signature(signer(message), name))

    def assertion(self, token_id: str, key_id: str, audience: str, now: float) -> str:
        header: Dict[str, Any] = {"alg": self.algorithm, "typ": "client-authentication+jwt"}
        if key_id:
            header["kid"] = key_id
        issued_at = int(now)
        claims = {"iss": token_id, "sub": token_id, "aud": audience,
                  "jti": secrets.token_urlsafe(24), "iat": issued_at,
                  "exp": issued_at + ASSERTION_SECONDS}
        signed = base64url_encode(compact_json(header)) + "." + \
            base64url_encode(compact_json(claims))
        return signed + "." + base64url_encode(self._sign(signed.encode("ascii")))


@dataclass(frozen=True)
class KeyCredentials:
    """What `latchkey token create-token --out FILE` wrote."""

    server: str
    token_endpoint: Optional[str]
    token_id: str
    key_id: str
    project_id: Optional[str]
    algorithm: Optional[str]
    private_key: str = field(repr=False)

    @classmethod
    def read(cls, path: "Union[str, os.PathLike[str]]") -> "KeyCredentials":
        """Raises ConfigurationError, which names the file and nothing that is in it."""
        name = os.fspath(path)
        try:
            with open(name, "rb") as file:
                data = file.read(FILE_BYTES_MAX + 1)
        except OSError as error:
            raise ConfigurationError(f"{name} cannot be read: {error.strerror}",
                                     code="bad_credentials") from None
        if len(data) > FILE_BYTES_MAX:
            raise cls._bad(name, "it is too large")
        try:
            found = json.loads(data)
        except (ValueError, RecursionError):
            raise cls._bad(name, "it is no JSON") from None
        if not isinstance(found, dict):
            raise cls._bad(name, "it is no JSON object")
        if found.get("version", 1) != 1:
            raise cls._bad(name, "a later version of latchkey wrote it")
        for member in ("server", "tokenId", "privateKey"):
            if not isinstance(found.get(member), str) or not found[member]:
                raise cls._bad(name, f'"{member}" is missing')

        def text(member: str) -> Optional[str]:
            value = found.get(member)
            return value if isinstance(value, str) and value else None

        return cls(found["server"], text("tokenEndpoint"), found["tokenId"], text("keyId") or "",
                   text("projectId"), text("algorithm"), found["privateKey"])

    @staticmethod
    def _bad(name: str, why: str) -> ConfigurationError:
        return ConfigurationError(f"{name} is no credentials file: {why}", code="bad_credentials",
                                  hint="latchkey token create-token -g --out FILE writes one")


def token_id_of(text: str) -> str:
    found = uuid_of(text)
    if found is None:
        raise ConfigurationError("this is no token's id: it has 36 or 22 characters")
    return found
