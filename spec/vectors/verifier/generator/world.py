"""The issuer that all cases are about: its names, documents and tokens."""

import datetime
import json

from jose import base64url, jws, packed, public

ISSUER = "https://latchkey.example"
AUDIENCE = "licensing-api"
KEYS_URL = ISSUER + "/.well-known/jwks.json"
LIST_URL = ISSUER + "/status/0"
VERIFY_URL = ISSUER + "/v1/tokens/verify"
NOW = 1_790_000_000  # 2026-09-21T14:13:20Z
CONFIG = {"issuer": ISSUER, "audience": AUDIENCE, "maxStalenessSeconds": 30,
          "clockToleranceSeconds": 5, "revocation": "poll", "ask": False}

OWNER = "01a3b6b0-1111-7222-8333-944455566677"
TOKEN = "01a3b6c0-54a7-7c2e-8f0a-3d5b7e9c1a24"
SECRET_TWO = "01a3b6c1-0000-7000-8000-00000000000b"
PROJECT = "01a3b6b5-0a0b-7c0d-8e0f-101112131415"
OTHER_PROJECT = "01a3b6b5-ffff-7c0d-8e0f-101112131415"
API = "01a3b6b2-0a0b-7c0d-8e0f-101112131415"
THUMBPRINT = base64url(b"\x5a" * 32)
BASE57 = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def shortuuid(uuid):
    value, text = int(uuid.replace("-", ""), 16), ""
    for _ in range(22):
        value, digit = divmod(value, 57)
        text = BASE57[digit] + text
    return text


def without_none(members):
    return {name: value for name, value in members.items() if value is not None}


def claims(**changes):
    """Of a jwt that is good at NOW and made an hour before; None leaves a claim out."""
    made = NOW - 3600
    return without_none({
        "aud": [AUDIENCE], "iat": made, "iss": ISSUER, "jti": shortuuid(TOKEN),
        "nbf": changes.get("iat", made), "sub": OWNER, "exp": NOW + 86_400,
        "scope": "license:read product:read",
        "status": {"status_list": {"idx": 7, "uri": LIST_URL}}, **changes})


def jwt(key="issuer-es256", header=None, raw=None, **changes):
    head = without_none({"alg": "ES256", "kid": key, "typ": "JWT", **(header or {})})
    return jws(head, claims(**changes) if raw is None else raw, key)


def access_claims(**changes):
    return without_none({
        "aud": [AUDIENCE], "client_id": TOKEN, "sub": TOKEN, "exp": NOW + 1800, "iat": NOW - 600,
        "iss": ISSUER, "jti": "MDEyMzQ1Njc4OWFiY2RlZg", "scope": "license:read",
        "client_key": THUMBPRINT, "project_id": PROJECT, **changes})


def access(key="issuer-es256", header=None, **changes):
    head = without_none({"alg": "ES256", "kid": key, "typ": "at+jwt", **(header or {})})
    return jws(head, access_claims(**changes), key)


def status_list(statuses=None, key="issuer-es256", header=None, entries=1024, **changes):
    head = {"alg": "ES256", "kid": key, "typ": "statuslist+jwt", **(header or {})}
    return jws(head, without_none({
        "iss": ISSUER, "sub": LIST_URL, "iat": NOW - 60, "exp": NOW + 3600, "ttl": 5,
        "status_list": {"bits": 2, "lst": packed(statuses or {}, entries)}, **changes}), key)


def key_set(*names):
    return json.dumps({"keys": [public(name) for name in names]})


ALL_KEYS = ("issuer-es256", "issuer-es512", "issuer-rs256", "issuer-ed25519")
# By name, so that a case is short. "" is an answer without a body.
DOCUMENTS = {
    "keys": key_set(*ALL_KEYS),
    "keys-rotated": key_set("issuer-next", "issuer-es256"),
    "keys-withdrawn": key_set("issuer-next"),
    "list": status_list(),
}
ONLINE = {KEYS_URL: "keys", LIST_URL: "list"}


def online(**documents):
    """The network with other documents: online(list="list-revoked")."""
    urls = {"keys": KEYS_URL, "list": LIST_URL, "verify": VERIFY_URL}
    return {**ONLINE, **{urls[name]: document for name, document in documents.items()}}


def active(**changes):
    return {"verdict": "active", "tokenId": TOKEN, "owner": OWNER, "kind": "jwt", "project": None,
            "scopes": ["license:read", "product:read"], **changes}


def active_access(**changes):
    return active(**{"owner": None, "kind": "key", "project": PROJECT,
                     "scopes": ["license:read"], **changes})


def moment(at):
    """RFC 3339 of so many seconds from NOW."""
    return datetime.datetime.fromtimestamp(NOW + at, datetime.timezone.utc) \
        .strftime("%Y-%m-%dT%H:%M:%S.000Z")


def step(token, expect, at=0, network=None, **more):
    """`at` is in seconds from NOW; `expect` a verdict, or members of the result."""
    scopes, rest = more.pop("scopes", []), {}
    for name in ("project", "resource", "ip"):
        if name in more:
            rest[name] = more.pop(name)
    if "frames" in more:
        more["frames"] = json.loads(json.dumps(more["frames"]).replace('"@at"', f'"{moment(at)}"'))
    return {"at": NOW + at, "network": ONLINE if network is None else network,
            "verify": {"token": token, "scopes": scopes, **rest},
            "expect": {"verdict": expect} if isinstance(expect, str) else expect, **more}


def case(name, *steps, **config):
    return {"name": name, **({"config": config} if config else {}), "steps": list(steps)}
