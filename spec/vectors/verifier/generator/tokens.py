"""Cases about the text of a token: its form, its signature, its claims and its times."""

import base64
import hashlib
import hmac

from jose import base64url, compact, jws, public
from world import (AUDIENCE, ISSUER, LIST_URL, NOW, OWNER, PROJECT, SECRET_TWO, THUMBPRINT, TOKEN,
                   access, active, active_access, case, claims, jwt, online, shortuuid, step)

GOOD = jwt()
HEAD, BODY, SIGNATURE = GOOD.split(".")


def part(value):
    return base64url(value if isinstance(value, bytes) else compact(value))


def spare_bits(text):
    """The same bytes in another spelling: the bits that base64url leaves over are not zero."""
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    assert len(text) % 4 in (2, 3)
    return text[:-1] + digits[digits.index(text[-1]) ^ 1]


def with_one_bit_changed(text):
    octets = bytearray(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    octets[9] ^= 1
    return base64url(bytes(octets))


def nested(depth):
    """Good claims with arrays in arrays, as text: a writer of JSON would not go so deep."""
    return compact(claims(x="@")).replace(b'"@"', b"[" * depth + b"]" * depth)


def good():
    yield case("a token with scopes and an end", step(GOOD, active(expiresAt=NOW + 86_400)))
    yield case("a token without an end", step(jwt(exp=None), active(expiresAt=None)))
    yield case("a token without scopes", step(jwt(scope=None), active(scopes=[])))
    yield case("the second secret of a token names the token",
               step(jwt(jti=shortuuid(SECRET_TWO), token_id=shortuuid(TOKEN)), active()))
    yield case("unknown claims mean nothing", step(jwt(admin=True, groups=["root"]), active()))
    yield case("claims that are nested eight deep", step(jwt(raw=nested(7)), active()))
    yield case("a type in other letters", step(jwt(header={"typ": "jwt"}), active()))
    yield case("a type in its long form", step(jwt(header={"typ": "application/jwt"}), active()))
    for name in ("issuer-es512", "issuer-rs256", "issuer-ed25519"):
        algorithm = public(name)["alg"]
        yield case(f"a key of the set that signs {algorithm}",
                   step(jwt(name, {"alg": algorithm}), active()))
    for scope in ("license:read", "product:read"):
        yield case(f"a route that needs {scope}", step(GOOD, active(), scopes=[scope]))
    yield case("a route that needs two scopes of which one is missing",
               step(GOOD, {"verdict": "insufficient_scope", "tokenId": TOKEN, "owner": OWNER,
                           "missingScopes": ["license:write"]},
                    scopes=["license:read", "license:write"]))
    yield case("an access token of a project", step(access(), active_access()))
    yield case("an access token of no project",
               step(access(project_id=None), active_access(project=None)))
    yield case("an access token that was got with a secret",
               step(access(client_key=None, client_secret_hash=THUMBPRINT), active_access()))
    yield case("an access token that is bound to a key of its holder",
               step(access(cnf={"jkt": THUMBPRINT}), "proof_needed"))
    yield case("an access token for the project of the route",
               step(access(), active_access(), project=PROJECT, scopes=["license:read"]))


def malformed():
    texts = {
        "nothing": "", "one word": "hello", "two dots alone": "..", "one dot": "a.b",
        "four parts": GOOD + ".AAAA", "five parts, as a JWE has": "a.b.c.d.e",
        "a space in front": " " + GOOD, "a line break behind": GOOD + "\n",
        "padding": f"{HEAD}.{BODY}.{SIGNATURE}==",
        "the other base64 alphabet": f"{HEAD}.{BODY}.{SIGNATURE[:-2]}+/",
        "a letter of no alphabet": f"{HEAD}.{BODY[:-1]}é.{SIGNATURE}",
        "an empty header": f".{BODY}.{SIGNATURE}",
        "an empty signature": f"{HEAD}.{BODY}.",
        "left-over bits in the signature": f"{HEAD}.{BODY}.{spare_bits(SIGNATURE)}",
        "a header that is no JSON": f"{part(b'hello')}.{BODY}.{SIGNATURE}",
        "a header that is an array": f"{part([])}.{BODY}.{SIGNATURE}",
        "a header that ends early": f"{part(b'{')}.{BODY}.{SIGNATURE}",
        "a header without alg": f"{part({'kid': 'issuer-es256', 'typ': 'JWT'})}.{BODY}.{SIGNATURE}",
        "a header with a number as kid":
            f"{part({'alg': 'ES256', 'kid': 7, 'typ': 'JWT'})}.{BODY}.{SIGNATURE}",
        "a header of more than 2 KiB":
            f"{part({'alg': 'ES256', 'kid': 'issuer-es256', 'typ': 'JWT', 'x': 'y' * 2048})}"
            f".{BODY}.{SIGNATURE}",
        "a header with one name twice":
            part(b'{"alg":"ES256","kid":"issuer-es256","typ":"JWT","alg":"ES256"}')
            + f".{BODY}.{SIGNATURE}",
        "claims that are no JSON": jwt(raw=b"hello"),
        "claims that are nested nine deep": jwt(raw=nested(8)),
        "claims that are nested thousands deep": jwt(raw=nested(5000)),
        "claims that are an array": jwt(raw=b"[]"),
        "claims that are no UTF-8": jwt(raw=b'{"iss":"\xff"}'),
        "more than 16 KiB": jwt(padding="x" * 16_384),
        "a megabyte of letters": {"before": "", "repeat": "A", "times": 1_048_576, "after": ""},
        "a megabyte of dots": {"before": "", "repeat": ".", "times": 1_048_576, "after": ""},
        "a megabyte of claims":
            {"before": HEAD + ".", "repeat": "A", "times": 1_048_576, "after": "." + SIGNATURE},
    }
    for why, text in texts.items():
        yield case(f"malformed: {why}", step(text, "malformed", requests=0))


def header_games():
    public_key = part(public("issuer-es256"))
    for name, value in {
            "jwk": public("stranger"), "jku": "https://evil.example/keys", "crit": ["exp"],
            "x5u": "https://evil.example/chain", "x5c": ["AAAA"], "b64": False, "zip": "DEF",
            "enc": "A256GCM"}.items():
        yield case(f"a header with {name}", step(jwt(header={name: value}), "malformed"))
    unsigned = part({"alg": "none", "kid": "issuer-es256", "typ": "JWT"})
    yield case("alg none, without a signature", step(f"{unsigned}.{BODY}.", "malformed"))
    yield case("alg none, with a signature", step(f"{unsigned}.{BODY}.{SIGNATURE}", "malformed"))
    mixed = part({"alg": "nOnE", "kid": "issuer-es256", "typ": "JWT"})
    yield case("alg none in other letters", step(f"{mixed}.{BODY}.{SIGNATURE}", "malformed"))
    secret = part({"alg": "HS256", "kid": "issuer-es256", "typ": "JWT"}) + "." + BODY
    mac = hmac.digest(base64.urlsafe_b64decode(public_key + "=="), secret.encode(), hashlib.sha256)
    yield case("the public key as the secret of an HMAC",
               step(f"{secret}.{part(mac)}", "malformed"))
    for algorithm in ("es256", "ES256K", "PS256", "RS1"):
        yield case(f"alg {algorithm}", step(jwt(header={"alg": algorithm}), "malformed"))
    for algorithm in ("ES512", "RS256", "RS512", "Ed25519"):
        yield case(f"an ES256 signature that says {algorithm}",
                   step(jwt(header={"alg": algorithm}), "unknown"))
    yield case("an RS256 key that says RS512",
               step(jws({"alg": "RS512", "kid": "issuer-rs256", "typ": "JWT"}, claims(),
                        "issuer-rs256", "RS512"), "unknown"))
    for typ, verdict in {"at+jwt": "malformed", "statuslist+jwt": "malformed",
                         "client-authentication+jwt": "malformed",
                         "latchkey-checkpoint+jwt": "malformed"}.items():
        yield case(f"the claims of a token under typ {typ}",
                   step(jwt(header={"typ": typ}), verdict))
    yield case("no typ", step(jwt(header={"typ": None}), "malformed"))
    yield case("the claims of an access token under typ JWT",
               step(access(header={"typ": "JWT"}), "malformed"))


def signatures():
    yield case("a signature of somebody else under our kid",
               step(jwt("stranger", {"kid": "issuer-es256"}), "unknown"))
    yield case("a kid that the set does not have", step(jwt("stranger"), "unknown"))
    yield case("no kid", step(jwt(header={"kid": None}), "unknown"))
    yield case("a bit of the claims changed",
               step(f"{HEAD}.{part(claims(scope='*'))}.{SIGNATURE}", "unknown"))
    yield case("a bit of the signature changed",
               step(f"{HEAD}.{BODY}.{with_one_bit_changed(SIGNATURE)}", "unknown"))
    yield case("a header in other words",
               step(part({"typ": "JWT", "alg": "ES256", "kid": "issuer-es256"})
                    + f".{BODY}.{SIGNATURE}", "unknown"))
    yield case("a signature that is too short",
               step(f"{HEAD}.{BODY}.{SIGNATURE[:40]}", "unknown"))
    yield case("a signature of zeros", step(f"{HEAD}.{BODY}.{part(bytes(64))}", "unknown"))
    yield case("the signature of another token",
               step(f"{HEAD}.{BODY}.{jwt(exp=None).split('.')[2]}", "unknown"))
    yield case("a kid of the key before is good while the set has it",
               step(GOOD, active(), network=online(keys="keys-rotated")))
    yield case("a key that is new is found by reading the set again",
               step(GOOD, active()),
               step(jwt("issuer-next"), active(), at=60, network=online(keys="keys-rotated")))
    yield case("a key that was withdrawn",
               step(GOOD, "unknown", network=online(keys="keys-withdrawn")))


def claims_refused():
    changes = {
        "no aud": {"aud": None}, "aud as a text": {"aud": AUDIENCE},
        "two audiences": {"aud": [AUDIENCE, "other"]}, "no audience in the array": {"aud": []},
        "no jti": {"jti": None}, "a jti that is no id": {"jti": "short"},
        "no sub": {"sub": None}, "a sub that is no id": {"sub": "ada"},
        "no iat": {"iat": None}, "no nbf": {"nbf": None},
        "an nbf that is not iat": {"nbf": NOW - 5},
        "an iat with a fraction": {"iat": NOW - 0.5, "nbf": NOW - 0.5},
        "an exp as a text": {"exp": str(NOW + 60)}, "an exp below zero": {"exp": -1},
        "an exp with a fraction": {"exp": NOW + 60.5},
        "an empty scope": {"scope": ""},
        "a scope as an array": {"scope": ["license:read"]},
        "a scope that is no scope": {"scope": "license:read license"},
        "a status without a list": {"status": {}},
        "a status with an index below zero":
            {"status": {"status_list": {"idx": -1, "uri": LIST_URL}}},
        "a status with an index as a text":
            {"status": {"status_list": {"idx": "7", "uri": LIST_URL}}},
        "a token_id that is no id": {"token_id": "short"},
    }
    for why, change in changes.items():
        yield case(f"claims: {why}", step(jwt(**change), "malformed"))
    for why, change in {
            "no client_id": {"client_id": None}, "a sub that is not client_id": {"sub": OWNER},
            "no exp": {"exp": None}, "no client_key": {"client_key": None},
            "a client_key that is no thumbprint": {"client_key": "AAAA"},
            "a key and a secret": {"client_secret_hash": THUMBPRINT},
            "a binding that cannot be read": {"cnf": "jkt"},
            "a binding to nothing": {"cnf": {}},
            "ancestors that are none": {"derived_from": "x"},
            "an exp before iat": {"exp": NOW - 700},
            "a project that is no id": {"project_id": "demo"}}.items():
        yield case(f"claims of an access token: {why}", step(access(**change), "malformed"))


def names():
    for why, audience in {"another API": "pipelines", "other letters": "Licensing-API",
                          "more behind it": AUDIENCE + "/", "less": AUDIENCE[:-1]}.items():
        yield case(f"audience: {why}", step(jwt(aud=[audience]), "wrong_audience"))
    yield case("audience of an access token: another API",
               step(access(aud=["pipelines"]), "wrong_audience"))
    yield case("audience: another API, and expired",
               step(jwt(aud=["pipelines"], exp=NOW - 60), "wrong_audience"))
    for why, issuer in {"somebody else": "https://evil.example", "a slash behind it": ISSUER + "/",
                        "other letters": "https://Latchkey.example", "without TLS":
                        "http://latchkey.example", "nothing": None,
                        "more behind it": ISSUER + ".evil.example"}.items():
        yield case(f"issuer: {why}", step(jwt(iss=issuer), "malformed" if issuer is None
                                          else "unknown", requests=0))
    yield case("issuer: somebody else, signed by somebody else",
               step(jwt("stranger", iss="https://evil.example"), "unknown", requests=0))
    yield case("a status list of another origin is not read",
               step(jwt(status={"status_list": {"idx": 7, "uri": "https://evil.example/status/0"}}),
                    "malformed"))
    yield case("a status list under another path is not read",
               step(jwt(status={"status_list": {"idx": 7, "uri": ISSUER + "/other"}}),
                    "malformed"))


def times():
    yield case("one second before its end", step(jwt(exp=NOW + 1), active()))
    yield case("at its end", step(jwt(exp=NOW), "expired"))
    yield case("a second after its end", step(jwt(exp=NOW - 1), "expired"))
    yield case("an end has no tolerance for skew", step(jwt(exp=NOW - 3), "expired"))
    yield case("it ends between two requests",
               step(jwt(exp=NOW + 10), active()), step(jwt(exp=NOW + 10), "expired", at=10))
    yield case("an end far away", step(jwt(exp=253_402_300_799), active()))
    yield case("an end beyond the year 9999", step(jwt(exp=253_402_300_800), "malformed"))
    yield case("made in this second", step(jwt(iat=NOW), active()))
    yield case("made in the future, within the tolerance", step(jwt(iat=NOW + 5), active()))
    yield case("made in the future, beyond the tolerance",
               step(jwt(iat=NOW + 6), "not_yet_valid"))
    yield case("made in the future, and then valid",
               step(jwt(iat=NOW + 20), "not_yet_valid"), step(jwt(iat=NOW + 20), active(), at=20))
    yield case("no tolerance at all", step(jwt(iat=NOW + 1), "not_yet_valid"),
               clockToleranceSeconds=0)
    yield case("an access token at its end", step(access(exp=NOW), "expired"))
    yield case("an access token before its end", step(access(exp=NOW + 1), active_access()))
    yield case("an access token of the future, beyond the tolerance",
               step(access(iat=NOW + 6), "not_yet_valid"))
    yield case("an access token of the future, within the tolerance",
               step(access(iat=NOW + 5), active_access()))


FILES = {
    "valid": ("Tokens that are good, and what is told about them.", good),
    "malformed": ("Texts that are no token. Nothing is fetched for them.", malformed),
    "algorithms": ("Headers that try to choose the key, the algorithm or the kind.", header_games),
    "signatures": ("Signatures, kids and key sets.", signatures),
    "claims": ("Claims that a token of ours never has.", claims_refused),
    "names": ("Audiences, issuers and addresses of lists. Nothing is asked of strangers.", names),
    "times": ("Ends, beginnings and the skew of clocks.", times),
}
