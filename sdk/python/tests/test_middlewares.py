"""FastAPI and Flask: what a protected route answers, and what it is told."""

import asyncio
import base64
import json
import unittest

from authority import AUDIENCE, OPAQUE, OWNER, Authority

from latchkey import Verification, Verifier

try:
    import fastapi
    from latchkey.fastapi import Guard as FastApiGuard
except ImportError:
    fastapi = None
try:
    import flask
    from latchkey.flask import Guard as FlaskGuard
except ImportError:
    flask = None


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.body = status, body
        self.headers = {name.lower(): value for name, value in headers}

    def json(self):
        return json.loads(self.body)


def call_asgi(app, path, headers):
    """One GET by the ASGI protocol itself, so that no HTTP client is needed."""
    sent = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    asyncio.run(app({
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET",
        "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": b"",
        "root_path": "", "client": ("203.0.113.9", 1), "server": ("test", 80),
        "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()]},
        receive, send))
    return Answer(sent[0]["status"], [(k.decode(), v.decode()) for k, v in sent[0]["headers"]],
                  b"".join(one.get("body", b"") for one in sent[1:]))


class Shared:
    """The same behaviour of both."""

    def setUp(self):
        self.authority = Authority()
        self.addCleanup(self.authority.__exit__)
        self.verifier = Verifier(self.authority.url, AUDIENCE)
        self.addCleanup(self.verifier.close)
        self.app = self.make_app()

    def bearer(self, token):
        return {"Authorization": "Bearer " + token}

    def test_a_good_token_passes_and_the_route_knows_whose_it_is(self):
        answer = self.get("/read", self.bearer(self.authority.token()))
        self.assertEqual((answer.status, answer.json()), (200, {"owner": OWNER}))

    def test_the_password_of_basic_is_a_token_too(self):
        basic = base64.b64encode(b"anybody:" + self.authority.token().encode()).decode()
        self.assertEqual(self.get("/read", {"Authorization": "Basic " + basic}).status, 200)

    def test_a_scope_that_is_missing_is_named(self):
        answer = self.get("/write", self.bearer(self.authority.token()))
        self.assertEqual(answer.status, 403)
        self.assertEqual(answer.headers["content-type"], "application/problem+json")
        self.assertIn('scope="license:read license:write"', answer.headers["www-authenticate"])
        self.assertEqual((answer.json()["code"], answer.json()["missingScopes"]),
                         ("insufficient_scope", ["license:write"]))

    def test_no_token_and_bad_ones_are_401(self):
        for headers, code in (({}, "no_credential"), ({"Authorization": "Bearer"}, "no_credential"),
                              ({"Authorization": "Digest x"}, "no_credential"),
                              ({"Authorization": "Basic %%%"}, "no_credential"),
                              (self.bearer("hello"), "invalid_token")):
            answer = self.get("/read", headers)
            self.assertEqual((answer.status, answer.json()["code"]), (401, code))
            self.assertTrue(answer.headers["www-authenticate"].startswith("Bearer"))

    def test_a_revoked_token_is_401(self):
        self.authority.statuses[7] = 1
        answer = self.get("/read", self.bearer(self.authority.token()))
        self.assertEqual((answer.status, answer.json()["verdict"]), (401, "revoked"))

    def test_what_cannot_be_told_is_denied_but_where_the_route_says_otherwise(self):
        answer = self.get("/read", self.bearer(OPAQUE))
        self.assertEqual((answer.status, answer.json()["code"]), (503, "not_current"))
        self.assertIn("retry-after", answer.headers)
        answer = self.get("/lenient", self.bearer(OPAQUE))
        self.assertEqual((answer.status, answer.json()), (200, {"verdict": "not_current"}))
        self.assertEqual(self.get("/lenient", self.bearer("hello")).status, 401)

    def test_the_token_is_in_no_answer(self):
        for path in ("/read", "/write", "/lenient"):
            for token in (self.authority.token(exp=1), OPAQUE, "x" * 300):
                self.assertNotIn(token.encode(), self.get(path, self.bearer(token)).body)


@unittest.skipIf(flask is None, "Flask is not installed")
class Flask(Shared, unittest.TestCase):
    def make_app(self):
        app = flask.Flask("test")
        guard = FlaskGuard(self.verifier)

        @app.get("/read")
        @guard("license:read")
        def read():
            return {"owner": flask.g.latchkey.owner}

        @app.get("/write")
        @guard("license:read", "license:write")
        def write():
            raise AssertionError("nobody may come here")

        @app.get("/lenient")
        @guard(when_unknown="pass")
        def lenient():
            return {"verdict": flask.g.latchkey.verdict}

        return app

    def get(self, path, headers):
        answer = self.app.test_client().get(path, headers=headers)
        return Answer(answer.status_code, answer.headers.items(), answer.data)

    def test_a_guard_that_is_written_wrongly_fails_at_once(self):
        with self.assertRaises(ValueError):
            FlaskGuard(self.verifier)("license")
        with self.assertRaises(ValueError):
            FlaskGuard(self.verifier, when_unknown="allow")


@unittest.skipIf(fastapi is None, "FastAPI is not installed")
class FastApi(Shared, unittest.TestCase):
    def make_app(self):
        app = fastapi.FastAPI()
        guard = FastApiGuard(self.verifier)
        guard.install(app)

        @app.get("/read")
        async def read(caller: Verification = fastapi.Security(guard, scopes=["license:read"])):
            return {"owner": caller.owner}

        @app.get("/write")
        def write(caller: Verification = fastapi.Security(
                guard, scopes=["license:read", "license:write"])):
            raise AssertionError("nobody may come here")

        lenient_guard = guard.with_policy(when_unknown="pass")

        @app.get("/lenient")
        async def lenient(caller: Verification = fastapi.Security(lenient_guard)):
            return {"verdict": caller.verdict}

        return app

    def get(self, path, headers):
        return call_asgi(self.app, path, headers)

    def test_the_openapi_document_says_that_a_token_is_needed(self):
        document = self.app.openapi()
        self.assertIn("latchkey", document["paths"]["/read"]["get"]["security"][0])
        self.assertEqual(document["components"]["securitySchemes"]["latchkey"]["scheme"], "bearer")


if __name__ == "__main__":
    unittest.main()
