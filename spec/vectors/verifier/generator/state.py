"""Cases about what is known of a token: status lists, the event stream and the authority."""

import zlib

from jose import base64url, packed
from tokens import GOOD
from world import (API, AUDIENCE, DOCUMENTS, ISSUER, KEYS_URL, LIST_URL, NOW, OTHER_PROJECT, OWNER, PROJECT,
                   THUMBPRINT, TOKEN, VERIFY_URL, access, access_claims, active, active_access, case,
                   jwt, key_set, moment, online, shortuuid, status_list, step)

OTHER = "01a3b6c0-ffff-7c2e-8f0a-3d5b7e9c1a24"
OPAQUE = "lkp_0123456789ABCDEFGHIJKLMNOPQRSTUVWX0TeJoD"
PROJECT_TOKEN = (base64url(b'{"TokenID":"%s","ProjectID":"%s"}'
                           % (TOKEN.encode(), PROJECT.encode())) + "." + base64url(b"\x11" * 48))
DOWN = {}

DOCUMENTS.update({
    "list-revoked": status_list({7: 1}),
    "list-suspended": status_list({7: 2}),
    "list-ask": status_list({7: 3}),
    "list-others": status_list({6: 1, 8: 1, 3: 2, 11: 3}),
    "list-short": status_list(entries=4),
    "list-ended": status_list(exp=NOW),
    "list-soon-over": status_list(exp=NOW + 10),
    "list-without-end": status_list(exp=None),
    "list-of-another": status_list(sub=ISSUER + "/status/1"),
    "list-of-nobody": status_list(sub=None),
    "list-by-a-stranger": status_list(key="stranger", header={"kid": "issuer-es256"}),
    "list-by-an-unknown-key": status_list(key="stranger"),
    "list-under-another-type": status_list(header={"typ": "JWT"}),
    "list-by-the-next-key": status_list({7: 1}, key="issuer-next"),
    "list-one-bit": status_list(status_list={"bits": 1, "lst": packed({})}),
    "list-of-three-bits": status_list(status_list={"bits": 3, "lst": packed({})}),
    "list-that-is-no-zlib": status_list(status_list={"bits": 2, "lst": base64url(b"hello")}),
    "list-cut-off": status_list(status_list={"bits": 2, "lst": packed({})[:-8]}),
    "list-bomb": status_list(status_list={
        "bits": 2, "lst": base64url(zlib.compress(bytes(16_777_216), 9))}),
    "list-without-list": status_list(status_list=None),
    "list-by-the-next-key-all-good": status_list(key="issuer-next"),
    "list-by-es512": status_list(key="issuer-es512", header={"alg": "ES512"}),
    "keys-without-es256": key_set("issuer-es512", "issuer-next"),
})


def lists():
    for name, verdict in {"revoked": "revoked", "suspended": "suspended",
                          "ask": "not_current"}.items():
        yield case(f"status {name}", step(GOOD, verdict, network=online(list=f"list-{name}")))
    yield case("what others are is no matter",
               step(GOOD, active(), network=online(list="list-others")))
    yield case("a token without a status: nobody could take it back, so ask",
               step(jwt(status=None), "not_current"))
    yield case("revoked wins over expired",
               step(GOOD, "revoked", network=online(list="list-revoked")),
               step(jwt(exp=NOW - 60), "revoked", network=online(list="list-revoked")))
    yield case("expired is told without a list",
               step(jwt(exp=NOW - 60), "expired", network={KEYS_URL: "keys"}))
    yield case("suspended, and a scope is missing",
               step(GOOD, "suspended", network=online(list="list-suspended"),
                    scopes=["license:write"]))
    for name in ("short", "ended", "of-another", "of-nobody", "by-a-stranger",
                 "by-an-unknown-key", "under-another-type", "of-three-bits", "that-is-no-zlib",
                 "cut-off", "bomb", "without-list"):
        yield case(f"a list that is no list: {name}",
                   step(GOOD, "not_current", network=online(list=f"list-{name}")))
    yield case("a list without an end", step(GOOD, active(),
                                             network=online(list="list-without-end")))
    yield case("a list of one bit", step(GOOD, active(), network=online(list="list-one-bit")))
    yield case("a list of the issuer's next key",
               step(GOOD, "revoked", network=online(keys="keys-rotated",
                                                    list="list-by-the-next-key")))
    for status in (404, 500, 503, 302):
        yield case(f"a list that is answered with {status}",
                   step(GOOD, "not_current",
                        network={**online(), LIST_URL: {"status": status, "body": "list"}}))
    yield case("keys that are answered with 503",
               step(GOOD, "not_current",
                    network={**online(), KEYS_URL: {"status": 503, "body": ""}}))


def stale():
    yield case("nothing was ever read", step(GOOD, "not_current", network=DOWN))
    yield case("no keys", step(GOOD, "not_current", network={LIST_URL: "list"}))
    yield case("no list", step(GOOD, "not_current", network={KEYS_URL: "keys"}))
    yield case("within the bound, then beyond it, then back",
               step(GOOD, active()),
               step(GOOD, active(), at=20, network=DOWN),
               step(GOOD, active(), at=29, network=DOWN),
               step(GOOD, "not_current", at=32, network=DOWN),
               step(GOOD, "not_current", at=600, network=DOWN),
               step(GOOD, active(), at=700))
    yield case("a token that was never shown before, within the bound",
               step(GOOD, active()),
               step(jwt(jti=shortuuid(OTHER)), active(tokenId=OTHER), at=20, network=DOWN))
    yield case("revoked stays told beyond the bound",
               step(GOOD, "revoked", network=online(list="list-revoked")),
               step(GOOD, "revoked", at=600, network=DOWN))
    yield case("suspended is not told beyond the bound",
               step(GOOD, "suspended", network=online(list="list-suspended")),
               step(GOOD, "not_current", at=600, network=DOWN))
    yield case("expired is told beyond the bound",
               step(jwt(exp=NOW + 300), active()),
               step(jwt(exp=NOW + 300), "expired", at=600, network=DOWN))
    yield case("malformed is told beyond the bound",
               step(GOOD, active()), step("hello", "malformed", at=600, network=DOWN))
    yield case("a strange audience is told beyond the bound",
               step(GOOD, active()),
               step(jwt(aud=["pipelines"]), "wrong_audience", at=200, network=DOWN))
    yield case("a list whose own end comes first",
               step(GOOD, active(), network=online(list="list-soon-over")),
               step(GOOD, active(), at=9, network=DOWN),
               step(GOOD, "not_current", at=10, network=DOWN))
    yield case("a shorter bound",
               step(GOOD, active()), step(GOOD, active(), at=4, network=DOWN),
               step(GOOD, "not_current", at=6, network=DOWN), maxStalenessSeconds=5)
    yield case("a token made after the list was read is not taken for valid",
               step(GOOD, active()),
               step(jwt(iat=NOW + 15, jti=shortuuid(OTHER)), "not_current", at=20, network=DOWN))
    yield case("a token made after the list was read, and the list read again",
               step(GOOD, active()),
               step(jwt(iat=NOW + 15, jti=shortuuid(OTHER)), active(tokenId=OTHER), at=20))
    yield case("revoked meanwhile, and the list read again",
               step(GOOD, active()),
               step(GOOD, "revoked", at=40, network=online(list="list-revoked")))
    yield case("resumed meanwhile, and the list read again",
               step(GOOD, "suspended", network=online(list="list-suspended")),
               step(GOOD, active(), at=40))
    steady = {"list": "list-by-es512"}  # whose key stays
    yield case("the key that signed a token is withdrawn: it is found out within the bound",
               step(GOOD, active(), network=online(**steady)),
               step(GOOD, "unknown", at=40, network=online(keys="keys-without-es256", **steady)))
    yield case("the key of a token that was never shown before is withdrawn",
               step(GOOD, active(), network=online(**steady)),
               step(jwt(jti=shortuuid(OTHER)), "unknown", at=40,
                    network=online(keys="keys-without-es256", **steady)))
    yield case("lists can be read, but the keys cannot: the signature is not confirmed",
               step(GOOD, active(), network=online(**steady)),
               step(GOOD, active(), at=25, network={LIST_URL: "list-by-es512"}),
               step(GOOD, "not_current", at=40, network={LIST_URL: "list-by-es512"}),
               step(GOOD, active(), at=60, network=online(**steady)))
    yield case("the key is withdrawn, and lists are signed by the next one",
               step(GOOD, active()),
               step(GOOD, "unknown", at=40,
                    network=online(keys="keys-withdrawn", list="list-by-the-next-key-all-good")))
    yield case("an access token within the bound, then beyond it, then back",
               step(access(), active_access()),
               step(access(), active_access(), at=25, network=DOWN),
               step(access(), "not_current", at=32, network=DOWN),
               step(access(), active_access(), at=60))
    yield case("the keys go, and with them the access token",
               step(access(), active_access()),
               step(access(), "unknown", at=400, network=online(keys="keys-withdrawn")))


def answered(**members):
    return {"status": 200, "json": {
        "valid": True, "verdict": "active", "tokenId": TOKEN, "owner": OWNER, "kind": "opaque",
        "api": "licensing", "scopes": ["license:read"], "projects": [], "expiresAt": None,
        "epoch": 1, "revision": 42, **members}}


def refused(verdict, **members):
    return {"status": 200, "json": {
        "valid": False, "verdict": verdict, "reason": "No.", "epoch": 1, "revision": 42,
        **members}}


def asks():
    told = active(kind="opaque", scopes=["license:read"])
    yield case("an opaque token that the authority knows",
               step(OPAQUE, told, network=online(verify=answered())), ask=True)
    yield case("the question names the API, for a verifier may be bound to several",
               step(OPAQUE, told, network=online(verify=answered()), asked={"api": AUDIENCE}),
               ask=True)
    yield case("the question names the API also for a token that says it itself",
               step(GOOD, active(scopes=["license:read"]), asked={"api": AUDIENCE, "token": GOOD},
                    network=online(list="list-ask", verify=answered(kind="jwt"))), ask=True)
    yield case("a project token that the authority knows",
               step(PROJECT_TOKEN, told, network=online(verify=answered())), ask=True)
    for verdict in ("unknown", "revoked", "expired", "suspended", "owner_disabled",
                    "wrong_audience", "address_not_allowed", "rate_limited"):
        yield case(f"the authority says {verdict}",
                   step(OPAQUE, verdict, network=online(verify=refused(verdict))), ask=True)
    for verdict in ("unknown", "malformed"):
        yield case(f"the authority says {verdict}, and null for what it knows nothing of",
                   step(OPAQUE, {"verdict": verdict, "tokenId": None, "owner": None, "kind": None,
                                 "project": None, "scopes": []},
                        network=online(verify=refused(
                            verdict, tokenId=None, owner=None, kind=None, api=None, scopes=None,
                            projects=None, expiresAt=None))), ask=True)
    yield case("the authority says revoked, and which token it is",
               step(OPAQUE, {"verdict": "revoked", "tokenId": TOKEN, "owner": OWNER,
                             "kind": "opaque", "project": None, "scopes": ["license:read"]},
                    network=online(verify={"status": 200, "json": {
                        **answered()["json"], "valid": False, "verdict": "revoked",
                        "reason": "No."}})), ask=True)
    yield case("the authority names the scope that is missing",
               step(OPAQUE, {"verdict": "insufficient_scope", "missingScopes": ["license:write"]},
                    scopes=["license:write"], network=online(verify=refused(
                        "insufficient_scope", missingScopes=["license:write"]))), ask=True)
    yield case("a checksum that is wrong is not asked about",
               step(OPAQUE[:-1] + "E", "malformed", requests=0,
                    network=online(verify=answered())), ask=True)
    yield case("nobody to ask", step(OPAQUE, "not_current"))
    yield case("the authority is down", step(OPAQUE, "not_current", network=DOWN), ask=True)
    for status in (401, 403, 429, 500, 503):
        yield case(f"the authority answers {status}",
                   step(OPAQUE, "not_current", network=online(
                       verify={"status": status, "json": {"code": "no"}})), ask=True)
    yield case("the authority answers what is no answer",
               step(OPAQUE, "not_current",
                    network=online(verify={"status": 200, "json": {"valid": "yes"}})), ask=True)
    yield case("a yes that contradicts itself is none",
               step(OPAQUE, "not_current",
                    network=online(verify=answered(verdict="revoked"))), ask=True)
    yield case("an answer is kept within the bound only",
               step(OPAQUE, told, network=online(verify=answered())),
               step(OPAQUE, told, at=20, network=DOWN),
               step(OPAQUE, "not_current", at=40, network=DOWN), ask=True)
    yield case("an answer is for its question only",
               step(OPAQUE, told, network=online(verify=answered())),
               step(OPAQUE, "not_current", at=1, scopes=["license:write"], network=DOWN), ask=True)
    yield case("an answer ends with the token",
               step(OPAQUE, told, network=online(
                   verify=answered(expiresAt="2026-09-21T14:13:30.000Z"))),
               step(OPAQUE, "expired", at=10, network=DOWN), ask=True)
    yield case("status ask, and the authority says yes to less",
               step(GOOD, active(scopes=["license:read"]),
                    network=online(list="list-ask", verify=answered(kind="jwt"))), ask=True)
    yield case("status ask, and the authority says no",
               step(GOOD, "address_not_allowed", ip="203.0.113.9", network=online(
                   list="list-ask", verify=refused("address_not_allowed"))), ask=True)
    yield case("status ask, and the authority is down",
               step(GOOD, "not_current", network=online(list="list-ask")), ask=True)
    yield case("a project of a jwt is in no claim: ask",
               step(GOOD, active(scopes=["license:read"]), project=PROJECT, scopes=["license:read"],
                    network=online(verify=answered(kind="jwt"))), ask=True)
    yield case("a project of a jwt, and nobody to ask",
               step(GOOD, "not_current", project=PROJECT, scopes=["license:read"]))
    yield case("an access token of another project",
               step(access(), {"verdict": "insufficient_scope", "missingScopes": ["license:read"]},
                    project=OTHER_PROJECT, scopes=["license:read"]))
    yield case("an access token that no stream tells of: ask",
               step(access(), "revoked", network=online(verify=refused("revoked"))), ask=True)
    yield case("an access token of a project that is named in its short form",
               step(access(), active_access(), project=shortuuid(PROJECT),
                    scopes=["license:read"]))
    yield case("an access token that no stream tells of, and the authority is down",
               step(access(), "not_current"), ask=True)
    yield case("an access token lacks a scope, and nobody to ask",
               step(access(), {"verdict": "insufficient_scope", "missingScopes": ["license:write"]},
                    scopes=["license:read", "license:write"]))
    yield case("an access token may do more on one resource than on all: ask",
               step(access(), active_access(owner=OWNER, scopes=["license:read"]),
                    project=PROJECT, resource="license/7", scopes=["license:write"],
                    network=online(verify=answered(kind="key", projects=[PROJECT]))), ask=True)


def token_fact(**changes):
    return {"kind": "token", "id": TOKEN, "owner": OWNER, "api": API, "token_kind": "jwt",
            "state": "active", "expires_at": None, "not_before": None, "rate_requests": 0,
            "rate_seconds": 0, "scopes": ["license:read"], "allowed_ips": [], **changes}


def secret_fact(**changes):
    return {"kind": "secret", "id": TOKEN, "token": TOKEN, "digest": base64url(b"\2" * 32),
            "kid": "issuer-es256", "status_index": 7, "is_revoked": False, "ends_at": None,
            "generation": 1, "must_ask": False, **changes}


def user_fact(**changes):
    return {"kind": "user", "id": OWNER, "is_machine": False, "is_disabled": False, "roles": [],
            "verifies": [], **changes}


def key_fact(**changes):
    return {"kind": "key", "kid": "issuer-es256", "is_compromised": False, "is_retired": False,
            **changes}


AT = "@at"  # the time of the step, once it is known


def head(revision, since=None, epoch=1, at=AT):
    first = revision + 1 if since is None else since
    return {"id": f"{epoch}.{revision}", "event": "head", "data": {
        "from": first, "to": revision, "epoch": epoch, "revision": revision, "at": at}}


def change(revision, *facts, since=None, kind="token.changed", epoch=1):
    return {"id": f"{epoch}.{revision}", "event": "change", "data": {
        "from": revision if since is None else since, "to": revision,
        "event": {"epoch": epoch, "revision": revision, "at": AT, "type": kind,
                  "data": {"facts": list(facts)}}}}


def reset(epoch, revision):
    return {"event": "reset", "data": {"epoch": epoch, "revision": revision}}


def refusals_by_facts():
    """(what happened, its facts, what a jwt is then while no list can be read)"""
    yield "the token is revoked", [token_fact(state="revoked")], "revoked"
    yield "the token is suspended", [token_fact(state="suspended")], "suspended"
    yield "its secret is revoked", [secret_fact(is_revoked=True)], "revoked"
    yield "its owner is disabled", [user_fact(is_disabled=True)], "owner_disabled"
    yield "the key that signed it is withdrawn", [key_fact(is_compromised=True)], "key_compromised"
    yield "the token is bound to an address", [token_fact(allowed_ips=["192.0.2.0/24"])], \
        "not_current"
    yield "its secret says more than is true", [secret_fact(must_ask=True)], "not_current"
    yield "its secret will end", [secret_fact(ends_at="2027-01-01T00:00:00.000Z")], "not_current"
    yield "its owner has other roles", [user_fact(roles=[API])], "not_current"
    yield "a role changed", [{"kind": "role", "id": API, "patterns": {"*": []}}], "not_current"
    yield "a fact of a kind that nobody knows", [{"kind": "moon", "phase": 3}], "not_current"
    yield "a fact that is no fact", ["moon"], "not_current"


def makings():
    """What is told late of a token's making: no news to a list that was read because of it."""
    begin = {"frames": [head(40)]}

    def made(*facts):
        return [change(41, *(facts or (token_fact(), secret_fact())), kind="token.created")]

    def other(**changes):
        return made(token_fact(id=OTHER), secret_fact(id=OTHER, token=OTHER, **changes))

    young = jwt(iat=NOW + 10)
    yield case("made, used, told, and the authority is down",
               step(GOOD, active(), **begin), step(young, active(), at=12),
               step(young, active(), at=20, network=DOWN, frames=made()))
    yield case("made with a fact of a kind that nobody knows, used, and told: all of it was before",
               step(GOOD, active(), **begin), step(young, active(), at=12),
               step(young, active(), at=20, network=DOWN,
                    frames=made(token_fact(), secret_fact(), {"kind": "moon"})))
    yield case("made, used, told, and changed",
               step(GOOD, active(), **begin), step(young, active(), at=12),
               step(young, "not_current", at=20, network=DOWN,
                    frames=[*made(), change(42, secret_fact(must_ask=True))]))
    yield case("made, used, told, and rotated: another secret has another list entry",
               step(GOOD, active(), **begin), step(young, active(), at=12),
               step(young, "not_current", at=20, network=DOWN,
                    frames=[change(41, token_fact(), secret_fact(), kind="token.rotated")]))
    for state in ("revoked", "suspended"):
        yield case(f"made, used, and told to be {state}",
                   step(GOOD, active(), **begin), step(young, active(), at=12),
                   step(young, state, at=20, network=DOWN,
                        frames=made(token_fact(state=state), secret_fact())))
    for name, iat in {"": NOW + 10, ", whose clock is late": NOW - 60}.items():
        unseen = jwt(iat=iat, jti=shortuuid(OTHER))
        yield case(f"made and told{name}, and no list was read since",
                   step(GOOD, active(), **begin),
                   step(unseen, "not_current", at=20, network=DOWN, frames=other()))
        yield case(f"made to be asked about and told{name}: the list is read again",
                   step(GOOD, active(), **begin),
                   step(unseen, "not_current", at=20, network=online(list="list-ask"),
                        frames=other(must_ask=True)))
    yield case("an access token from before its token was made is asked about",
               step(GOOD, active(), **begin),
               step(access(iat=NOW + 10), active_access(), at=20, frames=[head(40)]),
               step(access(iat=NOW + 10), "not_current", at=21, network=DOWN, frames=made()))
    yield case("a token that nobody knew is made",
               step(OPAQUE, "unknown", network=online(verify=refused("unknown", revision=40)),
                    **begin),
               step(OPAQUE, active(kind="opaque", scopes=["license:read"]), at=1, frames=made(),
                    network=online(verify=answered(revision=41))), ask=True)
    yield case("a token that nobody knew is made, and the authority is down",
               step(OPAQUE, "unknown", network=online(verify=refused("unknown", revision=40)),
                    **begin),
               step(OPAQUE, "not_current", at=1, network=DOWN, frames=made()), ask=True)


def unconcerned():
    yield "another token is revoked", [token_fact(id=OTHER, state="revoked")]
    yield "another secret is revoked", [secret_fact(id=OTHER, token=OTHER, is_revoked=True)]
    yield "another owner is disabled", [user_fact(id=OTHER, is_disabled=True)]
    yield "another key is withdrawn", [key_fact(kid="issuer-es512", is_compromised=True)]
    yield "a key is retired", [key_fact(kid="issuer-old", is_retired=True)]
    yield "an event without facts", []


def stream():
    begin = {"frames": [head(40)]}
    for what, facts, verdict in refusals_by_facts():
        yield case(what, step(GOOD, active(), **begin),
                   step(GOOD, verdict, at=1, network=DOWN, frames=[change(41, *facts)]))
    for what, facts in unconcerned():
        yield case(what, step(GOOD, active(), **begin),
                   step(GOOD, active(), at=1, network=DOWN, frames=[change(41, *facts)]))
    yield from makings()
    # Made while the stream was heard: of what is older, only the authority knows.
    young = {"iat": NOW + 10}

    def heard(token):
        return (step(GOOD, active(), **begin),
                step(token, active_access(), at=20, frames=[head(40)]))

    yield case("an access token whose key token is revoked", *heard(access(**young)),
               step(access(**young), "revoked", at=21, network=DOWN,
                    frames=[change(41, token_fact(state="revoked", token_kind="key"))]))
    yield case("an access token whose signing key is withdrawn", *heard(access(**young)),
               step(access(**young), "key_compromised", at=21, network=DOWN,
                    frames=[change(41, key_fact(is_compromised=True))]))
    ended = {"kind": "access", "jti": access_claims()["jti"], "token": TOKEN,
             "expires_at": "2026-09-21T15:00:00.000Z"}
    yield case("an access token that is revoked by itself", *heard(access(**young)),
               step(access(**young), "revoked", at=21, network=DOWN, frames=[change(41, ended)]))
    child = access(jti="AAAAAAAAAAAAAAAAAAAAAA", derived_from=[access_claims()["jti"]], **young)
    yield case("an access token that another was got from is revoked", *heard(child),
               step(child, "revoked", at=21, network=DOWN, frames=[change(41, ended)]))
    exchanged = access(client_key=None, client_secret_hash=THUMBPRINT, **young)
    yield case("an access token whose secret is revoked", *heard(exchanged),
               step(exchanged, "revoked", at=21, network=DOWN,
                    frames=[change(41, secret_fact(id=OTHER, digest=THUMBPRINT,
                                                   is_revoked=True))]))
    yield case("another access token is revoked by itself", *heard(access(**young)),
               step(access(**young), active_access(), at=21, network=DOWN,
                    frames=[change(41, {**ended, "jti": "2" * 22})]))
    yield case("an access token and a fact of a kind that nobody knows", *heard(access(**young)),
               step(access(**young), "not_current", at=21, frames=[change(41, {"kind": "moon"})]))
    yield case("after a fact that nobody knows the list is read again",
               step(GOOD, active(), **begin),
               step(GOOD, active(), at=1, frames=[change(41, {"kind": "moon"})]))
    yield case("resumed: the list is read again",
               step(GOOD, "suspended", network=online(list="list-suspended"), **begin),
               step(GOOD, active(), at=1, frames=[change(41, token_fact())]))
    yield case("resumed, but the list says ask",
               step(GOOD, "suspended", network=online(list="list-suspended"), **begin),
               step(GOOD, "not_current", at=1, network=online(list="list-ask"),
                    frames=[change(41, token_fact())]))
    yield case("revoked stays revoked, whatever a list says",
               step(GOOD, active(), **begin),
               step(GOOD, "revoked", at=1, frames=[change(41, token_fact(state="revoked"))]))
    yield case("heads keep it fresh without a list being read",
               step(GOOD, active(), **begin),
               step(GOOD, active(), at=25, network=DOWN, frames=[head(40)]),
               step(GOOD, active(), at=50, network=DOWN, frames=[head(45, since=41)]),
               step(GOOD, "not_current", at=81, network=DOWN))
    yield case("heads for an access token", *heard(access(**young)),
               step(access(**young), active_access(), at=45, network=DOWN, frames=[head(40)]),
               step(access(**young), active_access(), at=70, network=DOWN, frames=[head(40)]),
               step(access(**young), "not_current", at=101, network=DOWN))
    yield case("a head that was long on its way proves only what was true when it was said",
               step(GOOD, active(), **begin),
               step(GOOD, active(), at=25, network=DOWN, frames=[head(40, at=moment(5))]),
               step(GOOD, active(), at=34, network=DOWN),
               step(GOOD, "not_current", at=36, network=DOWN))
    yield case("a stream that is later than the bound is none",
               step(GOOD, active(), **begin),
               step(GOOD, active(), at=29, network=DOWN, frames=[head(40, at=moment(-5))]),
               step(GOOD, "not_current", at=31, network=DOWN))
    yield case("an access token from before the stream was heard: ask",
               step(access(), "revoked", network=online(verify=refused("revoked")), **begin),
               ask=True)
    yield case("an access token from before the stream was heard, and the authority is down",
               step(access(), "not_current", **begin), ask=True)
    yield case("an access token that was made while the stream was heard is not asked about",
               step(GOOD, active(), **begin),
               step(access(iat=NOW + 10), active_access(), at=20, frames=[head(40)],
                    network=online(verify=refused("revoked"))), ask=True)
    yield case("after a reset access tokens of before are asked about",
               *heard(access(**young)),
               step(access(**young), "not_current", at=30,
                    frames=[reset(2, 10), head(10, epoch=2)]), ask=True)
    yield case("a gap proves nothing",
               step(GOOD, active(), **begin),
               step(GOOD, "not_current", at=31, network=DOWN, frames=[head(50, since=45)]))
    yield case("a head that goes back proves nothing",
               step(GOOD, active(), **begin),
               step(GOOD, "not_current", at=31, network=DOWN, frames=[head(39)]))
    yield case("a head of another epoch proves nothing",
               step(GOOD, active(), **begin),
               step(GOOD, "not_current", at=31, network=DOWN, frames=[head(40, epoch=2)]))
    yield case("a frame that is no frame proves nothing",
               step(GOOD, active(), **begin),
               step(GOOD, "not_current", at=31, network=DOWN,
                    frames=[{"event": "head", "data": {"from": "41", "to": -1}}]))
    yield case("a reset forgets everything", step(GOOD, active(), **begin),
               step(GOOD, "not_current", at=1, network=DOWN,
                    frames=[reset(2, 10), head(10, epoch=2)]))
    yield case("a reset, and everything is read anew", step(GOOD, active(), **begin),
               step(GOOD, "suspended", at=1, network=online(list="list-suspended"),
                    frames=[reset(2, 10), head(10, epoch=2)]))
    yield case("an answer that is older than what the stream said is no answer",
               step(OPAQUE, active(kind="opaque", scopes=["license:read"]),
                    network=online(verify=answered(revision=40)), **begin),
               step(OPAQUE, "not_current", at=1, network=online(verify=answered(revision=40)),
                    frames=[change(41, token_fact(state="revoked", token_kind="opaque"))]),
               ask=True)
    yield case("an answer that was asked for anew after a change",
               step(OPAQUE, active(kind="opaque", scopes=["license:read"]),
                    network=online(verify=answered(revision=40)), **begin),
               step(OPAQUE, "suspended", at=1,
                    network=online(verify=refused("suspended", revision=41)),
                    frames=[change(41, token_fact(state="suspended", token_kind="opaque"))]),
               ask=True)


FILES = {
    "status": ("Status lists, good and bad.", lists),
    "staleness": ("What may still be said when nothing can be read.", stale),
    "asking": ("What only the authority can tell.", asks),
    "stream": ("What the event stream tells.", stream),
}
