"""The client: what it sends, repeats, iterates over, and how it fails."""

import asyncio
import threading
import unittest
from datetime import datetime, timedelta, timezone

from authority import OWNER, TOKEN, Authority, change, frame, head, token_fact
from test_auth import KEYS, TokenEndpoint, pem

from latchkey import (AsyncLatchkey, AuthenticationError, AuthProvider, ConfigurationError, ConflictError,
                      Latchkey, NetworkError, NotFoundError, PermissionDenied, RateLimitError,
                      ServerError, StreamError, ValidationError)

SECRET = "lkp_ThisIsTheSecretAndItMustNotBeSeen0"


def token_object(**members):
    return {"id": TOKEN, "name": "ci", "description": "", "kind": "jwt", "api": "licensing",
            "audience": "licensing-api", "owner": OWNER, "scopes": ["license:read"],
            "allowedIps": [], "state": "active", "createdAt": "2026-11-20T10:00:00.000Z",
            "updatedAt": "2026-11-20T10:00:00.000Z", "expiresAt": None, "lastUsedAt": None,
            "generation": 1, **members}


class ClientCase(unittest.TestCase):
    def setUp(self):
        self.server = Authority()
        self.addCleanup(self.server.__exit__)
        self.waits = []

    def client(self, **options):
        found = Latchkey(**{"auth_token": SECRET, "server": self.server.url,
                            "base_url": self.server.url, "sleep": self.waits.append, **options})
        self.addCleanup(found.close)
        return found

    def sequence(self, route, *answers):
        """Answers one after the other, the last one for ever."""
        left = list(answers)

        def serve(handler):
            status, headers, body = left.pop(0) if len(left) > 1 else left[0]
            handler.send_response(status)
            for name, value in headers.items():
                handler.send_header(name, value)
            handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body)

        self.server.routes[route] = serve


class Running(ClientCase):
    def test_a_function_is_called_with_the_token(self):
        self.server.routes["POST /functions/resize"] = (
            200, {"Content-Type": "application/json"}, {"done": True})
        self.assertEqual(self.client().run(id="resize", data={"width": 7}), {"done": True})
        sent = self.server.requests_to("/functions/resize")[0]
        self.assertEqual(sent["headers"]["Authorization"], "Bearer " + SECRET)
        self.assertEqual(sent["body"], b'{"width":7}')

    def test_text_and_bytes_go_and_come_as_they_are(self):
        self.server.routes["POST /functions/echo"] = (200, {"Content-Type": "text/plain"}, b"pong")
        client = self.client()
        self.assertEqual(client.run(function_id="echo", data="ping"), "pong")
        self.server.routes["POST /functions/echo"] = (200, {}, b"\0\1")
        self.assertEqual(client.run("echo", b"\0"), b"\0\1")
        kinds = [one["headers"]["Content-Type"] for one in self.server.seen]
        self.assertEqual(kinds, ["text/plain; charset=utf-8", "application/octet-stream"])

    def test_the_address_is_what_the_apis_owner_registered(self):
        self.server.routes["GET /v1/apis"] = (200, {}, [
            {"slug": "latchkey", "default": False, "baseUrl": None},
            {"slug": "licensing", "audience": "licensing-api", "default": True,
             "baseUrl": self.server.url + "/api"}])
        self.server.routes["GET /v1/tokens/self"] = (200, {}, {"id": TOKEN, "api": "licensing"})
        self.server.routes["GET /.well-known/oauth-protected-resource/licensing"] = (
            200, {}, {"resource": self.server.url + "/api"})
        self.server.routes["POST /api/functions/a"] = (200, {"Content-Type": "text/plain"}, b"a")
        client = self.client(base_url=None)
        self.assertEqual([client.run("a"), client.run("a"), client.run("a", api="licensing"),
                          client.run("a", api="licensing-api")], ["a"] * 4)
        with self.assertRaises(ConfigurationError):
            client.run("a", api="latchkey")
        with self.assertRaises(ConfigurationError):
            client.run("a", api="none")
        # A session, of which nobody knows what it is for, goes to no API that it is not told.
        self.server.routes["GET /v1/tokens/self"] = (403, {}, {"code": "token_needed"})
        with self.assertRaises(ConfigurationError):
            self.client(base_url=None).run("a")

    def test_a_function_is_not_called_twice_by_itself(self):
        self.sequence("POST /functions/pay", (503, {}, b""))
        with self.assertRaises(ServerError):
            self.client().run("pay")
        self.assertEqual(len(self.server.seen), 1)

    def test_the_token_goes_to_no_other_origin_and_over_no_redirect(self):
        client = self.client()
        with self.assertRaises(ConfigurationError):
            client.request("GET", "https://evil.example/")
        self.server.routes["POST /functions/a"] = (307, {"Location": "https://evil.example"}, b"")
        with self.assertRaises(NetworkError) as raised:
            client.run("a")
        self.assertEqual(raised.exception.code, "redirected")


class Errors(ClientCase):
    def test_each_status_has_its_class_with_all_that_the_server_said(self):
        problem = {"type": self.server.url + "/errors/x", "title": "T", "status": 403,
                   "detail": "this needs user:write", "code": "insufficient_scope",
                   "requestId": "r-1", "hint": "ask", "missingScopes": ["user:write"],
                   "errors": [{"pointer": "/name", "detail": "too short"}]}
        for status, kind in ((400, ValidationError), (401, AuthenticationError),
                             (403, PermissionDenied), (404, NotFoundError), (409, ConflictError),
                             (422, ValidationError), (429, RateLimitError), (500, ServerError),
                             (507, ServerError)):
            self.server.routes["GET /v1/tokens/self"] = (
                status, {"X-Request-Id": "r-2", "Retry-After": "60"}, problem)
            with self.subTest(status=status), self.assertRaises(kind) as raised:
                self.client().tokens.self()
            error = raised.exception
            self.assertEqual((error.status, error.code, error.request_id, error.missing_scopes,
                              error.fields[0]["pointer"], error.retry_after),
                             (status, "insufficient_scope", "r-2", ("user:write",), "/name", 60.0))
            self.assertIn("user:write", str(error))
            self.assertIn("r-2", str(error))

    def test_an_error_page_of_a_proxy_is_an_error_too(self):
        self.server.routes["GET /v1/tokens/self"] = (
            502, {"Content-Type": "text/html"}, b"<h1>\x1b[31mBad Gateway</h1>" * 1000)
        with self.assertRaises(ServerError) as raised:
            self.client().tokens.self()
        self.assertLess(len(str(raised.exception)), 100)

    def test_what_a_server_says_cannot_drive_a_terminal(self):
        self.server.routes["GET /v1/tokens/self"] = (404, {}, {"detail": "a\x1b[2J\nb" * 900})
        with self.assertRaises(NotFoundError) as raised:
            self.client().tokens.self()
        self.assertTrue(str(raised.exception).isprintable())
        self.assertLess(len(str(raised.exception)), 400)

    def test_answers_that_are_no_json(self):
        for body in (b"hello", b"[" * 100_000, b'{"a":1,"a":2}', b"\xff"):
            self.server.routes["GET /v1/tokens/self"] = (200, {}, body)
            with self.assertRaises(NetworkError):
                self.client().tokens.self()

    def test_a_server_that_is_not_there(self):
        client = self.client()
        self.server.__exit__()
        with self.assertRaises(NetworkError) as raised:
            client.tokens.self()
        self.assertEqual(raised.exception.code, "unreachable")
        self.assertEqual(len(self.waits), 2)


class Repeating(ClientCase):
    def test_a_creation_is_repeated_under_one_key(self):
        body = b'{"id":"%s","token":"%s"}' % (TOKEN.encode(), SECRET.encode())
        self.sequence("POST /v1/tokens", (503, {}, b""), (502, {}, b""), (201, {}, body))
        made = self.client().tokens.create("ci", scopes=["license:read"],
                                           expires_at=timedelta(days=30))
        self.assertEqual(made.token, SECRET)
        keys = {one["headers"]["Idempotency-Key"] for one in self.server.seen}
        self.assertEqual((len(self.server.seen), len(keys)), (3, 1))
        self.client().tokens.create("ci")
        keys |= {self.server.seen[-1]["headers"]["Idempotency-Key"]}
        self.assertEqual(len(keys), 2)

    def test_a_change_without_a_key_is_not(self):
        self.sequence(f"POST /v1/tokens/{TOKEN}/revoke", (503, {}, b""))
        with self.assertRaises(ServerError):
            self.client().tokens.revoke(TOKEN)
        self.assertEqual(len(self.server.seen), 1)

    def test_retry_after_is_waited_for_unless_it_is_long(self):
        self.sequence("GET /v1/tokens/self", (429, {"Retry-After": "7"}, b"{}"),
                      (200, {}, b"{}"))
        self.client().tokens.self()
        self.assertEqual(self.waits, [7.0])
        self.sequence("GET /v1/tokens/self", (429, {"Retry-After": "3600"}, b"{}"))
        with self.assertRaises(RateLimitError):
            self.client().tokens.self()
        self.assertEqual(self.waits, [7.0])

    def test_no_retries_when_none_are_wanted(self):
        self.sequence("GET /v1/tokens/self", (503, {}, b""))
        with self.assertRaises(ServerError):
            self.client(max_retries=0).tokens.self()
        self.assertEqual(len(self.server.seen), 1)

    def test_a_slow_server_is_given_up_in_time(self):
        import threading
        release = threading.Event()
        self.addCleanup(release.set)
        self.server.routes["GET /v1/tokens/self"] = lambda _: release.wait(30)
        with self.assertRaises(NetworkError) as raised:
            self.client(timeout=0.2, max_retries=0).tokens.self()
        self.assertEqual(raised.exception.code, "timeout")


class Reading(ClientCase):
    def pages(self):
        def serve(handler):
            number = int(handler.path.partition("after=")[2] or 0)
            body = f'[{{"id":"{number}"}},{{"id":"{number + 1}"}}]'.encode()
            handler.send_response(200)
            if number < 4:
                handler.send_header("Link", f'</v1/tokens?after={number + 2}>; rel="next"')
            handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body)

        self.server.routes["GET /v1/tokens"] = serve

    def test_lists_are_read_page_by_page_as_they_are_wanted(self):
        self.pages()
        listing = self.client().tokens.list(state="active")
        self.assertEqual(self.server.seen, [])
        first = next(iter(listing))
        self.assertEqual((first.id, len(self.server.seen)), ("0", 1))
        self.assertEqual([token.id for token in listing], ["0", "1", "2", "3", "4", "5"])
        self.assertEqual(len(listing.page()), 2)

    def test_a_next_page_elsewhere_is_not_followed(self):
        self.server.routes["GET /v1/tokens"] = (
            200, {"Link": '<https://evil.example/v1/tokens>; rel="next"'}, [])
        with self.assertRaises(NetworkError):
            list(self.client().tokens.list())

    def test_times_and_secrets_are_what_they_should_be(self):
        self.server.routes["POST /v1/tokens"] = (201, {}, token_object(
            token=SECRET, expiresAt="2027-01-31T00:00:00.000Z", later=[1]))
        made = self.client().tokens.create("ci", expires_at=datetime(2027, 1, 31,
                                                                     tzinfo=timezone.utc))
        self.assertEqual(made.expires_at, datetime(2027, 1, 31, tzinfo=timezone.utc))
        self.assertEqual(made.raw["later"], [1])
        self.assertIn(b'"expiresAt":"2027-01-31T00:00:00.000Z"', self.server.seen[0]["body"])
        with self.assertRaises(ValueError):
            self.client().tokens.create("ci", expires_at=datetime(2027, 1, 31))

    def test_ids_cannot_leave_their_place_in_the_path(self):
        with self.assertRaises(NotFoundError):
            self.client().tokens.get("../users/me?x=1#")
        self.assertEqual(self.server.seen[0]["path"], "/v1/tokens/..%2Fusers%2Fme%3Fx%3D1%23")

    def test_events_are_heard_as_they_happen_and_none_is_missed(self):
        events = self.client().events.stream(type="token.")
        heard = iter(events)

        def say():
            self.server.wait_for_streams(1).send(change(41, token_fact()) + head(45, since=42))
            self.server.wait_for_streams(1).end()
            self.server.wait_for_streams(2).send(change(46, token_fact()))

        threading.Thread(target=say).start()
        self.assertEqual([next(heard).revision, next(heard).revision], [41, 46])
        self.assertEqual(self.server.stream_positions, [None, "1.45"])
        self.assertIn("type=token.", self.server.requests_to("/v1/events/stream")[0]["path"])
        events.close()
        self.assertEqual(list(heard), [])

    def test_a_log_that_is_another_one_is_said(self):
        def reset(epoch, revision):
            return frame("reset", {"epoch": epoch, "revision": revision})

        heard = iter(self.client().events.stream())

        def say():
            stream = self.server.wait_for_streams(1)
            stream.send(change(41, token_fact()) + reset(1, 45) + change(46, token_fact())
                        + reset(2, 46))

        threading.Thread(target=say).start()
        self.assertEqual([next(heard).revision, next(heard).revision], [41, 46])
        with self.assertRaises(StreamError) as raised:
            next(heard)
        self.assertEqual(raised.exception.code, "epoch_changed")

    def test_asyncio_has_the_same_calls(self):
        self.pages()
        self.server.routes["GET /v1/tokens/self"] = (200, {}, token_object())
        self.server.routes["POST /functions/a"] = (200, {"Content-Type": "text/plain"}, b"a")
        self.server.routes["GET /v1/projects/p"] = (404, {}, {"code": "unknown_project"})

        async def use():
            async with AsyncLatchkey(SECRET, server=self.server.url,
                                     base_url=self.server.url) as client:
                self.assertEqual((await client.tokens.self()).name, "ci")
                self.assertEqual([token.id async for token in client.tokens.list()],
                                 ["0", "1", "2", "3", "4", "5"])
                self.assertEqual(await client.run("a"), "a")
                with self.assertRaises(NotFoundError):
                    await client.projects.get("p")

        asyncio.run(use())


    def test_asyncio_hears_events(self):
        async def hear():
            async with AsyncLatchkey(SECRET, server=self.server.url) as client:
                saying = asyncio.get_running_loop().run_in_executor(
                    None, lambda: self.server.wait_for_streams(1).send(
                        change(41, token_fact()) + change(42, token_fact())))
                revisions = []
                async for event in client.events.stream():
                    revisions.append(event.revision)
                    if len(revisions) == 2:
                        break
                await saying
                return revisions

        self.assertEqual(asyncio.run(hear()), [41, 42])

    def test_a_key_token_is_a_credential_too(self):
        endpoint = TokenEndpoint(self.server)

        def only_the_second(handler):
            is_good = handler.headers["Authorization"] == "Bearer access-2"
            handler.send_response(200 if is_good else 401)
            handler.send_header("Content-Length", "2")
            handler.end_headers()
            handler.wfile.write(b"{}")

        self.server.routes["GET /v1/tokens/self"] = only_the_second
        with AuthProvider(token_id=TOKEN, private_key=pem(KEYS["ES256"]),
                          server=self.server.url) as auth:
            Latchkey(auth=auth).tokens.self()
        self.assertEqual(endpoint.count, 2)


class Making(unittest.TestCase):
    def test_a_client_needs_a_credential_and_one_alone(self):
        import os
        before = os.environ.pop("LATCHKEY_TOKEN", None)
        self.addCleanup(lambda: before and os.environ.__setitem__("LATCHKEY_TOKEN", before))
        for options in ({}, {"auth_token": "a", "access_token": "b"}, {"auth_token": "a\nb"},
                        {"auth_token": "a", "server": "http://auth.example.com"},
                        {"auth_token": "a", "base_url": "ftp://x"}):
            with self.assertRaises(ConfigurationError):
                Latchkey(**options)
        os.environ["LATCHKEY_TOKEN"] = "from-the-environment"
        Latchkey(server="https://auth.example.com").close()
        del os.environ["LATCHKEY_TOKEN"]


if __name__ == "__main__":
    unittest.main()
