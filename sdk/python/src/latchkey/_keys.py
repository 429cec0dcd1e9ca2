"""Public keys from JWKs, private keys from PEM, and signatures as JOSE writes them.

A key has exactly one algorithm, fixed before any token is looked at: what a token says about its
algorithm is only ever compared (RFC 8725 section 3.1)."""

from __future__ import annotations

import hashlib
from typing import Any, Callable, Dict, Mapping, Optional, Tuple, Union

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    Prehashed,
    decode_dss_signature,
    encode_dss_signature,
)

from ._text import base64url_decode
from .errors import ConfigurationError, KeySetError

ALGORITHMS = ("RS256", "RS512", "ES256", "ES512", "Ed25519")
_HASHES: Dict[str, hashes.HashAlgorithm] = {
    "RS256": hashes.SHA256(),
    "RS512": hashes.SHA512(),
    "ES256": hashes.SHA256(),
    "ES512": hashes.SHA512(),
}
_CURVES: Dict[str, Tuple[str, ec.EllipticCurve, int]] = {
    "P-256": ("ES256", ec.SECP256R1(), 32),
    "P-521": ("ES512", ec.SECP521R1(), 66),
}
_SIZES = {"ES256": 32, "ES512": 66}
_RSA_BITS = (2048, 3072, 4096)

Verify = Callable[[bytes, bytes], bool]  # signature, signed text
PrivateKey = Union[rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey, ed25519.Ed25519PrivateKey]


class PublicKey:
    """A key with its kid and its one algorithm."""

    __slots__ = ("kid", "algorithm", "verify")

    def __init__(self, kid: str, algorithm: str, verify: Verify) -> None:
        self.kid, self.algorithm, self.verify = kid, algorithm, verify

    def __repr__(self) -> str:
        return f"PublicKey(kid={self.kid!r}, algorithm={self.algorithm!r})"


def _ecdsa_verifier(key: ec.EllipticCurvePublicKey, algorithm: str) -> Verify:
    # hashlib needs a tenth of the time of this library's own way to a digest.
    size, scheme = _SIZES[algorithm], ec.ECDSA(Prehashed(_HASHES[algorithm]))
    digest_of = hashlib.sha512 if algorithm == "ES512" else hashlib.sha256

    def verify(signature: bytes, signed: bytes) -> bool:
        if len(signature) != 2 * size:
            return False
        r = int.from_bytes(signature[:size], "big")
        s = int.from_bytes(signature[size:], "big")
        if r == 0 or s == 0:
            return False
        try:
            key.verify(encode_dss_signature(r, s), digest_of(signed).digest(), scheme)
        except InvalidSignature:
            return False
        return True

    return verify


def _rsa_verifier(key: rsa.RSAPublicKey, algorithm: str) -> Verify:
    scheme, digest = padding.PKCS1v15(), _HASHES[algorithm]

    def verify(signature: bytes, signed: bytes) -> bool:
        if len(signature) != key.key_size // 8:
            return False
        try:
            key.verify(signature, signed, scheme, digest)
        except InvalidSignature:
            return False
        return True

    return verify


def _ed25519_verifier(key: ed25519.Ed25519PublicKey) -> Verify:
    def verify(signature: bytes, signed: bytes) -> bool:
        try:
            key.verify(signature, signed)
        except InvalidSignature:
            return False
        return True

    return verify


def _number(jwk: Mapping[str, Any], name: str) -> bytes:
    data = base64url_decode(jwk[name]) if isinstance(jwk.get(name), str) else None
    if not data:
        raise KeySetError("a key lacks a number, or has it in the wrong form")
    return data


def _ec_key(jwk: Mapping[str, Any]) -> Tuple[str, Verify]:
    known = _CURVES.get(str(jwk.get("crv")))
    if known is None:
        raise KeySetError("a key is on a curve that is not used here")
    algorithm, curve, size = known
    x, y = _number(jwk, "x"), _number(jwk, "y")
    if len(x) != size or len(y) != size:
        raise KeySetError("a coordinate of a key has the wrong length")
    numbers = ec.EllipticCurvePublicNumbers(
        int.from_bytes(x, "big"), int.from_bytes(y, "big"), curve)
    return algorithm, _ecdsa_verifier(numbers.public_key(), algorithm)


def _rsa_key(jwk: Mapping[str, Any]) -> Tuple[str, Verify]:
    algorithm = jwk.get("alg")
    if algorithm not in ("RS256", "RS512"):
        raise KeySetError("an RSA key names no algorithm that is used here")
    n, e = int.from_bytes(_number(jwk, "n"), "big"), int.from_bytes(_number(jwk, "e"), "big")
    if n.bit_length() not in _RSA_BITS or e != 65537:
        raise KeySetError("an RSA key has a size or an exponent that is not used here")
    return algorithm, _rsa_verifier(rsa.RSAPublicNumbers(e, n).public_key(), algorithm)


def _okp_key(jwk: Mapping[str, Any]) -> Tuple[str, Verify]:
    if jwk.get("crv") != "Ed25519":
        raise KeySetError("a key is on a curve that is not used here")
    key = ed25519.Ed25519PublicKey.from_public_bytes(_number(jwk, "x"))
    return "Ed25519", _ed25519_verifier(key)


_KINDS = {"EC": _ec_key, "RSA": _rsa_key, "OKP": _okp_key}


def public_key_of(jwk: Mapping[str, Any]) -> PublicKey:
    """Raises KeySetError for everything that is no public signature key of a known kind."""
    kid = jwk.get("kid")
    if not isinstance(kid, str) or not 0 < len(kid) <= 128:
        raise KeySetError("a key has no kid")
    if any(name in jwk for name in ("d", "p", "q", "dp", "dq", "qi", "k")):
        raise KeySetError("a key set holds a private key")
    if jwk.get("use", "sig") != "sig":
        raise KeySetError("a key is not for signatures")
    read = _KINDS.get(str(jwk.get("kty")))
    if read is None:
        raise KeySetError("a key is of a kind that is not used here")
    try:
        algorithm, verify = read(jwk)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeySetError("the numbers of a key are not those of a key") from error
    if jwk.get("alg", algorithm) != algorithm:
        raise KeySetError("a key names an algorithm that is not its own")
    return PublicKey(kid, algorithm, verify)


# --- private keys -------------------------------------------------------------------------------


def load_private_key(pem: bytes, passphrase: Optional[bytes]) -> PrivateKey:
    """Raises ConfigurationError; its text holds nothing of the key or the passphrase."""
    try:
        key = serialization.load_pem_private_key(pem, passphrase)
    except TypeError:
        needed = passphrase is None
        raise ConfigurationError(
            "the private key is encrypted" if needed else "the private key is not encrypted",
            code="passphrase_needed" if needed else "passphrase_not_needed",
            hint="give its passphrase" if needed else "leave the passphrase out",
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise ConfigurationError(
            "the private key cannot be read: it is no PEM private key, or the passphrase is wrong",
            code="bad_private_key",
        ) from None
    if isinstance(key, (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey,
                        ed25519.Ed25519PrivateKey)):
        return key
    raise ConfigurationError("the private key is of a kind that is not used here",
                             code="bad_private_key")


def algorithm_of(key: PrivateKey, wanted: Optional[str]) -> str:
    if isinstance(key, rsa.RSAPrivateKey):
        if key.key_size not in _RSA_BITS:
            raise ConfigurationError("an RSA key has 2048, 3072 or 4096 bits",
                                     code="bad_private_key")
        own = ("RS256", "RS512")
    elif isinstance(key, ec.EllipticCurvePrivateKey):
        found = [name for name, curve, _ in _CURVES.values() if curve.name == key.curve.name]
        if not found:
            raise ConfigurationError("an EC key is on P-256 or P-521", code="bad_private_key")
        own = (found[0], found[0])
    else:
        own = ("Ed25519", "Ed25519")
    if wanted is not None and wanted not in own:
        raise ConfigurationError(f"this key cannot sign with {wanted}", code="bad_private_key")
    return wanted or own[0]


def sign(key: PrivateKey, algorithm: str, message: bytes) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, padding.PKCS1v15(), _HASHES[algorithm])
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return jose_signature(key.sign(message, ec.ECDSA(_HASHES[algorithm])), algorithm)
    return key.sign(message)


def jose_signature(signature: bytes, algorithm: str) -> bytes:
    """r and s side by side, also for what a key service answered in DER."""
    size = _SIZES.get(algorithm)
    if size is None or len(signature) == 2 * size:
        return signature
    try:
        r, s = decode_dss_signature(signature)
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")
    except (ValueError, OverflowError):
        raise ConfigurationError("the signer gave no signature of that algorithm",
                                 code="bad_signature") from None
