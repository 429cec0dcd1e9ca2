"""The verifier against a real socket: what it fetches, believes, and says when it cannot tell."""

import contextlib
import os
import threading
import time
import unittest
import zlib
from datetime import datetime, timedelta, timezone

from authority import (AUDIENCE, OPAQUE, OTHER, OWNER, TOKEN, Authority, Key, base64url, change,
                       head, token_fact, wait_until)

from latchkey import (ConfigurationError, KeySetError, NetworkError, RequestTimeout, Verifier)
from latchkey._authority import FAILURE_COOLDOWN
from latchkey._http import StandardTransport
from latchkey._steady import SteadyClock


class VerifierCase(unittest.TestCase):
    def assert_asked_now_and_then(self, asked, began):
        """Once, and again when a while has passed; not for each of them."""
        self.assertTrue(asked)
        self.assertLessEqual(len(asked), 2 + (time.monotonic() - began) / FAILURE_COOLDOWN)

    def setUp(self):
        self.authority = Authority()
        self.addCleanup(self.authority.__exit__)

    def verifier(self, **options):
        # Nothing here takes long but where it is the matter; then the test says how long.
        found = Verifier(self.authority.url, AUDIENCE, **{"timeout": 60.0, **options})
        self.addCleanup(found.close)
        return found

    def answer(self, path, status, body, method="GET", headers=None):
        self.authority.routes[f"{method} {path}"] = (status, headers or {}, body)


JWKS = "/.well-known/jwks.json"


class Local(VerifierCase):
    def test_a_token_is_verified_and_named(self):
        found = self.verifier().verify(self.authority.token(), "license:read")
        self.assertTrue(found)
        self.assertEqual((found.token_id, found.owner, found.kind, found.scopes),
                         (TOKEN, OWNER, "jwt", ("license:read",)))

    def test_a_missing_scope_is_named(self):
        found = self.verifier().verify(self.authority.token(), ["license:read", "license:write"])
        self.assertEqual((found.verdict, found.missing_scopes, found.status),
                         ("insufficient_scope", ("license:write",), 403))

    def test_a_second_time_needs_no_request_and_no_signature(self):
        verifier, token = self.verifier(background=False), self.authority.token()
        verifier.verify(token, "license:read")
        before = len(self.authority.seen), verifier.state()["signatures"]
        for _ in range(100):
            self.assertTrue(verifier.verify(token, "license:read"))
        self.assertEqual((len(self.authority.seen), verifier.state()["signatures"]), before)
        self.assertGreaterEqual(verifier.state()["hits"], 98)

    def test_many_threads_at_once_make_one_request_for_each_thing(self):
        # What is late would be read in the background as well.
        verifier, token = self.verifier(background=False), self.authority.token()
        gate, verdicts = threading.Barrier(24), []

        def ask():
            gate.wait()
            verdicts.append(verifier.verify(token, "license:read").verdict)

        threads = [threading.Thread(target=ask) for _ in range(24)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(verdicts, ["active"] * 24)
        self.assertEqual(len(self.authority.requests_to(JWKS)), 1)
        self.assertEqual(len(self.authority.requests_to("/status/0")), 1)

    def test_a_token_of_another_issuer_makes_no_request(self):
        found = self.verifier().verify(self.authority.token(iss="https://evil.example"))
        self.assertEqual((found.verdict, self.authority.seen), ("unknown", []))

    def test_garbage_makes_no_request(self):
        verifier = self.verifier()
        for text in ("", "hello", "a.b.c", "x" * 1_000_000, "." * 1_000_000, "é" * 20,
                     "eyJhbGciOiJub25lIn0.e30.", "lkp_" + "0" * 40, None, 7, b"bytes"):
            self.assertEqual(verifier.verify(text).verdict, "malformed", str(text)[:20])
        self.assertEqual(self.authority.seen, [])

    def test_deeply_nested_claims_are_refused_and_nothing_overflows(self):
        deep = "[" * 5000 + "]" * 5000
        text = f"{base64url(b'{}')}.{base64url(deep.encode())}.AAAA"
        self.assertEqual(self.verifier().verify(text).verdict, "malformed")

    def test_a_flood_of_unknown_keys_is_cooled_down(self):
        verifier = self.verifier(jwks_cooldown=3600.0)
        verifier.ready()
        self.authority.key = Key("stranger")
        for number in range(30):
            self.assertFalse(verifier.verify(self.authority.token(exp=9999999999 + number)))
        self.assertLessEqual(len(self.authority.requests_to(JWKS)), 5)

    def test_a_rotated_signing_key_is_found(self):
        verifier = self.verifier(jwks_cooldown=0.0)
        self.assertTrue(verifier.verify(self.authority.token()))
        self.authority.key = Key("k2")
        self.authority.keys.insert(0, self.authority.key)
        self.assertTrue(verifier.verify(self.authority.token()))

    def test_an_access_token_that_is_bound_to_a_key_needs_a_proof(self):
        bound = self.authority.access_token(cnf={"jkt": base64url(bytes(32))})
        self.assertEqual(self.verifier().verify(bound).verdict, "proof_needed")
        for confirmation in ("x", {}, {"jkt": "short"}, None):
            broken = self.authority.access_token(cnf=confirmation)
            self.assertEqual(self.verifier().verify(broken).verdict, "malformed")

    def test_exactly_one_claim_says_what_an_access_token_was_got_with(self):
        digest = base64url(bytes(32))
        for claims, verdict in (
                ({"client_secret_hash": digest}, "malformed"),
                ({"client_secret_hash": digest, "client_key": "leave out"}, "active"),
                ({"client_key": "leave out"}, "malformed")):
            token = self.authority.access_token(**claims)
            self.assertEqual(self.verifier().verify(token).verdict, verdict)

    def test_what_the_neighbours_in_the_list_are_is_no_matter(self):
        import random
        noise = random.Random(7)
        for index in range(8, 1000):
            self.authority.statuses[index] = noise.randrange(4)
        self.assertTrue(self.verifier().verify(self.authority.token()))

    def test_options_that_cannot_work_are_refused(self):
        for options in ({"revocation": "never"}, {"revocation": "stream"}):
            with self.assertRaises(ConfigurationError):
                Verifier("https://auth.example.com", AUDIENCE, **options)
        for issuer in ("http://auth.example.com", "ftp://auth.example.com", "auth.example.com",
                       "https://user:hunter2@auth.example.com"):
            with self.assertRaises(ConfigurationError) as raised:
                Verifier(issuer, AUDIENCE)
            self.assertNotIn("hunter2", str(raised.exception))


    def test_a_number_that_is_too_large_for_sums_is_no_error(self):
        verifier = self.verifier()
        claims = base64url(b'{"iss":"%s","iat":1%s}' % (self.authority.url.encode(), b"0" * 400))
        for number in range(6):  # the last of them when the key set was read often enough
            header = base64url(b'{"alg":"ES256","typ":"JWT","kid":"x%d"}' % number)
            token = f"{header}.{claims}.{base64url(bytes(64))}"
            self.assertIn(verifier.verify(token).verdict, ("unknown", "not_current"))


class BadAuthority(VerifierCase):
    """A clear typed error each, a verdict that is no yes, and no crash."""

    def refused(self, kind, code, **options):
        found = self.verifier(**options).verify(self.authority.token())
        self.assertEqual((found.verdict, found.status), ("not_current", 503))
        self.assertIsInstance(found.error.__cause__, kind)
        self.assertEqual(found.error.code, code)
        with self.assertRaises(kind):
            self.verifier(**options).ready()

    def test_a_key_set_that_is_huge(self):
        self.answer(JWKS, 200, b" " * 1_000_000 + b"{}")
        self.refused(NetworkError, "too_large")

    def test_a_key_set_that_is_huge_and_does_not_say_so(self):
        def endless(handler):
            handler.close_connection = True
            handler.send_response(200)
            handler.send_header("Connection", "close")
            handler.end_headers()
            for _ in range(2000):
                handler.wfile.write(b" " * 4096)

        self.authority.routes["GET " + JWKS] = endless
        self.refused(NetworkError, "too_large")

    def test_a_key_set_that_drips(self):
        def drip(handler):
            handler.close_connection = True
            handler.send_response(200)
            handler.send_header("Content-Length", "1000")
            handler.end_headers()
            for _ in range(1000):  # most of a minute, and never half a second without a byte
                handler.wfile.write(b" ")
                handler.wfile.flush()
                time.sleep(0.05)

        self.authority.routes["GET " + JWKS] = drip
        began = time.monotonic()
        self.refused(RequestTimeout, "timeout", timeout=0.5)
        self.assertLess(time.monotonic() - began, 15.0)

    def test_headers_that_drip(self):
        def drip(handler):
            handler.close_connection = True
            for letter in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"y" * 60:
                handler.wfile.write(bytes([letter]))
                handler.wfile.flush()
                time.sleep(0.05)

        self.authority.routes["GET " + JWKS] = drip
        self.refused(RequestTimeout, "timeout", timeout=0.5)

    def test_a_key_set_that_is_empty(self):
        self.answer(JWKS, 200, {"keys": []})
        self.refused(KeySetError, "empty_key_set")

    def test_a_key_set_that_is_nothing(self):
        self.answer(JWKS, 200, b"")
        self.refused(KeySetError, "bad_key_set")

    def test_a_key_set_of_nonsense(self):
        self.answer(JWKS, 200, {"keys": [7, None, {}, {"kty": "oct", "kid": "k1", "k": "AAAA"},
                                         {**self.authority.key.jwk(), "x": "AAAA"},
                                         {**self.authority.key.jwk(), "alg": "RS256"},
                                         {**self.authority.key.jwk(), "d": "AAAA"}]})
        self.refused(KeySetError, "empty_key_set")

    def test_a_key_set_with_a_thousand_keys(self):
        self.answer(JWKS, 200, {"keys": [{"kid": str(n)} for n in range(1000)]})
        self.refused(KeySetError, "key_set_too_large")

    def test_a_key_set_that_is_redirected_is_not_followed(self):
        self.answer(JWKS, 302, b"", headers={"Location": self.authority.url + "/elsewhere"})
        self.refused(NetworkError, "redirected")
        self.assertEqual(self.authority.requests_to("/elsewhere"), [])

    def test_a_key_set_that_is_packed(self):
        self.answer(JWKS, 200, zlib.compress(b"{}"), headers={"Content-Encoding": "deflate"})
        self.refused(NetworkError, "bad_answer")

    def test_an_answer_that_is_no_http(self):
        def rubbish(handler):
            handler.close_connection = True
            handler.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")

        self.authority.routes["GET " + JWKS] = rubbish
        self.refused(NetworkError, "bad_answer")

    def test_a_key_set_that_changes_under_load(self):
        stop, verdicts = threading.Event(), set()
        verifier = self.verifier(jwks_max_age=0.0, jwks_cooldown=0.0)
        token = self.authority.token()

        def change_keys():
            number = 0
            while not stop.is_set():
                number += 1
                self.authority.keys = [self.authority.keys[0], Key(f"extra-{number}")]

        def ask():
            while not stop.is_set():
                verdicts.add(verifier.verify(token).verdict)

        threads = [threading.Thread(target=change_keys)] + \
            [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        wait_until(lambda: len(self.authority.requests_to(JWKS)) > 20)
        stop.set()
        for thread in threads:
            thread.join()
        self.assertEqual(verdicts, {"active"})

    def test_a_status_list_that_is_a_bomb(self):
        packed = zlib.compress(bytes(64 * 1024 * 1024), 9)
        now = int(time.time())
        bomb = self.authority.key.jws({"typ": "statuslist+jwt"}, {
            "sub": self.authority.url + "/status/0", "iat": now, "exp": now + 300,
            "status_list": {"bits": 2, "lst": base64url(packed)}})
        self.answer("/status/0", 200, bomb.encode())
        found = self.verifier().verify(self.authority.token())
        self.assertEqual((found.verdict, found.error.code),
                         ("not_current", "status_list_too_large"))

    def test_an_authority_that_is_not_there(self):
        asked, standard = [], StandardTransport()
        self.addCleanup(standard.close)

        def counting(method, url, **more):
            asked.append(url)
            return standard(method, url, **more)

        verifier, token = self.verifier(transport=counting), self.authority.token()
        self.authority.__exit__()
        began = time.monotonic()
        for _ in range(50):
            self.assertEqual(verifier.verify(token).verdict, "not_current")
        self.assert_asked_now_and_then(asked, began)


def answered(**members):
    return {"valid": True, "verdict": "active", "tokenId": TOKEN, "owner": OWNER,
            "kind": "opaque", "api": "licensing", "scopes": ["license:read"], "projects": [],
            "expiresAt": None, "epoch": 1, "revision": 40, **members}


VERIFY = "/v1/tokens/verify"


class Asking(VerifierCase):
    def test_an_opaque_token_is_asked_about_once_in_a_short_while(self):
        self.answer(VERIFY, 200, answered(), "POST")
        verifier = self.verifier(token="the-verifiers", revocation="poll", ask_ttl=60.0)
        for _ in range(10):
            self.assertTrue(verifier.verify(OPAQUE, "license:read"))
        asked = self.authority.requests_to(VERIFY)
        self.assertEqual(len(asked), 1)
        self.assertEqual(asked[0]["headers"]["Authorization"], "Bearer the-verifiers")

    def test_an_authority_that_is_down_holds_up_one_question_and_not_each(self):
        self.answer(VERIFY, 503, {"code": "unavailable"}, "POST")
        verifier = self.verifier(token="the-verifiers", revocation="poll")
        began = time.monotonic()
        for _ in range(20):
            self.assertEqual(verifier.verify(OPAQUE).verdict, "not_current")
        self.assert_asked_now_and_then(self.authority.requests_to(VERIFY), began)

    def test_what_is_counted_or_passes_is_asked_for_each_time(self):
        verifier = self.verifier(token="the-verifiers", revocation="poll", ask_ttl=60.0)
        for answer, headers in (
                (answered(valid=False, verdict="rate_limited", retryAfter=7), {}),
                (answered(valid=False, verdict="not_yet_valid"), {}),
                (answered(), {"RateLimit": '"token";r=1;t=30'})):
            self.answer(VERIFY, 200, answer, "POST", headers)
            before = len(self.authority.requests_to(VERIFY))
            found = [verifier.verify(OPAQUE) for _ in range(3)]
            self.assertEqual(len(self.authority.requests_to(VERIFY)) - before, 3)
            self.assertEqual(found[0].verdict, answer["verdict"])
            self.assertEqual(found[0].retry_after, answer.get("retryAfter"))

    def test_without_a_verifiers_token_it_cannot_be_told_and_says_what_to_do(self):
        found = self.verifier().verify(OPAQUE)
        self.assertEqual((found.verdict, found.error.code), ("not_current", "nobody_to_ask"))
        self.assertIn("token=", str(found.error))

    def test_a_verifiers_token_that_is_refused_is_no_verdict(self):
        self.answer(VERIFY, 401, {"code": "invalid_token", "detail": "The token was revoked."},
                    "POST")
        found = self.verifier(token="old", revocation="poll").verify(OPAQUE)
        self.assertEqual((found.verdict, found.error.code), ("not_current", "invalid_token"))


class Streaming(VerifierCase):
    def streaming(self, **options):
        verifier = self.verifier(token="the-verifiers", **options)
        verifier.ready()
        stream = self.authority.wait_for_streams(1)
        wait_until(lambda: verifier.state()["position"])
        return verifier, stream

    def test_a_revoked_token_is_refused_as_soon_as_it_is_heard(self):
        verifier, stream = self.streaming()
        token = self.authority.token()
        self.assertTrue(verifier.verify(token))
        self.authority.routes["GET /status/0"] = (503, {}, b"")  # no list is needed for it
        stream.send(change(41, token_fact(state="revoked")))
        wait_until(lambda: verifier.verify(token).verdict == "revoked")

    def test_what_was_derived_from_a_revoked_access_token_is_revoked(self):
        self.answer(VERIFY, 200, answered(kind="key"), "POST")
        verifier, stream = self.streaming()
        derived = self.authority.access_token(jti="derived", derived_from=["parent"])
        self.assertTrue(verifier.verify(derived))
        stream.send(change(41, {"kind": "access", "jti": "parent", "token": TOKEN}))
        wait_until(lambda: verifier.verify(derived).verdict == "revoked")

    def test_many_tokens_that_are_stopped_at_once(self):
        verifier, stream = self.streaming()
        token = self.authority.token()
        self.assertTrue(verifier.verify(token))
        stream.send(change(41, {"kind": "token_states", "state": "revoked",
                                "tokens": [OTHER, TOKEN]}))
        wait_until(lambda: verifier.verify(token).verdict == "revoked")

    def test_an_answer_is_dropped_when_the_stream_names_its_token(self):
        self.answer(VERIFY, 200, answered(), "POST")
        verifier, stream = self.streaming(ask_ttl=60.0)
        self.assertTrue(verifier.verify(OPAQUE))
        self.answer(VERIFY, 200, answered(valid=False, verdict="revoked", revision=41), "POST")
        stream.send(head(40))
        self.assertTrue(verifier.verify(OPAQUE))
        stream.send(change(41, token_fact(state="revoked")))
        wait_until(lambda: verifier.verify(OPAQUE).verdict == "revoked")

    def test_a_connection_that_ends_is_resumed_where_it_was(self):
        verifier, stream = self.streaming()
        stream.send(change(41, token_fact(token=OTHER)))
        wait_until(lambda: verifier.state()["position"] == (1, 41))
        stream.end()
        self.authority.wait_for_streams(2)
        self.assertEqual(self.authority.stream_positions, [None, "1.41"])

    def test_a_gap_is_filled_from_where_it_began(self):
        verifier, stream = self.streaming()
        stream.send(change(50, token_fact(state="revoked"), since=45))
        again = self.authority.wait_for_streams(2)
        self.assertEqual(self.authority.stream_positions[1], "1.40")
        again.send(change(41, token_fact(state="revoked")))
        wait_until(lambda: verifier.verify(self.authority.token()).verdict == "revoked")

    def test_a_stream_that_lies_again_and_again_is_read_anew(self):
        verifier, stream = self.streaming()
        stream.send(head(39))
        self.authority.wait_for_streams(2).send(head(7, since=3))
        self.authority.wait_for_streams(3)
        self.assertEqual(self.authority.stream_positions[2], None)
        self.assertTrue(verifier.verify(self.authority.token()))

    def test_frames_that_cannot_be_are_errors_and_no_crash(self):
        for data in (b"data: hello\n\n", b"event: head\ndata: {}\n\n",
                     b"event: change\ndata: {\"from\":41,\"to\":41}\n\n",
                     b"event: change\ndata: {\"from\":41,\"to\":41,\"event\":7}\n\n",
                     b"data: " + b"x" * 2_000_000 + b"\n\n",
                     b"event: head\ndata: {\"from\":1e3,\"to\":true}\n\n"):
            with self.subTest(data=data[:40]):
                verifier, stream = self.streaming()
                try:
                    stream.send(data)
                except OSError:
                    pass  # it hung up in the middle, as it should
                wait_until(lambda: verifier.state()["streamError"])
                self.assertTrue(verifier.verify(self.authority.token()))
                verifier.close()
                # Where it may just be connecting again, the next one would be taken for it.
                self.authority = Authority()
                self.addCleanup(self.authority.__exit__)

    def test_a_proxy_that_buffers_it_is_noticed_and_lists_are_polled(self):
        def buffered(handler):
            handler.close_connection = True
            handler.send_response(200)
            handler.send_header("Content-Type", "text/event-stream")
            handler.end_headers()
            handler.wfile.flush()
            handler.connection.settimeout(60)
            handler.connection.recv(1)

        from latchkey import _stream
        silence, _stream.SILENCE_SECONDS_MAX = _stream.SILENCE_SECONDS_MAX, 0.3
        self.addCleanup(setattr, _stream, "SILENCE_SECONDS_MAX", silence)
        self.authority.routes["GET /v1/events/stream"] = buffered
        verifier = self.verifier(token="the-verifiers")
        with self.assertLogs("latchkey", "WARNING"):
            verifier.ready()
            wait_until(lambda: verifier.state()["streamError"] == "stream_silent")
        self.assertTrue(verifier.verify(self.authority.token()))

    def test_what_a_proxy_held_back_is_no_news(self):
        """Frames that come late say how it was, and not how it is."""
        verifier, stream = self.streaming(max_staleness=2.0)
        token = self.authority.token()
        wait_until(lambda: verifier.verify(token))
        self.authority.routes["GET /status/0"] = (503, {}, b"")
        self.authority.routes["GET " + JWKS] = (503, {}, b"")
        said = datetime.now(timezone.utc) - timedelta(seconds=1.5)
        late = said.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        deadline = time.monotonic() + 10
        while verifier.verify(token) and time.monotonic() < deadline:
            with contextlib.suppress(OSError):  # it hangs up on what is too late
                stream.send(head(40, at=late))
            time.sleep(0.05)
        self.assertEqual(verifier.verify(token).verdict, "not_current")

    def test_a_new_key_takes_nothing_from_a_token_that_was_just_made(self):
        """Its list was read because of it: that holds when the key set is read again."""
        verifier, stream = self.streaming()
        now = int(time.time())
        token = self.authority.token(iat=now, nbf=now)
        self.assertTrue(verifier.verify(token))
        self.authority.keys.append(Key("next"))
        stream.send(change(41, {"kind": "key", "kid": "next", "state": "pending"}))
        wait_until(lambda: verifier._known.keys.held.value.find("next") is not None)
        self.authority.routes["GET /status/0"] = (503, {}, b"")
        self.assertTrue(verifier.verify(token))

    def test_more_facts_than_can_be_kept_are_forgotten_and_read_anew(self):
        from latchkey import _facts
        most, _facts.ENTRIES_MAX = _facts.ENTRIES_MAX, 100
        self.addCleanup(setattr, _facts, "ENTRIES_MAX", most)
        verifier, stream = self.streaming()
        token = self.authority.token()
        self.assertTrue(verifier.verify(token))
        stream.send(change(41, token_fact(state="revoked")))
        wait_until(lambda: verifier.verify(token).verdict == "revoked")
        self.authority.statuses[7] = 1
        for revision in range(42, 242):
            other = f"01a3b6c0-54a7-7c2e-8f0a-{revision:012x}"
            stream.send(change(revision, token_fact(other, "revoked")))
        wait_until(lambda: verifier.state()["position"] == (1, 241))
        facts = verifier._known.stream.facts
        self.assertLessEqual(len(facts._verdicts) + len(facts._open), 101)
        self.assertEqual(verifier.verify(token).verdict, "revoked")  # by the list

    def test_an_hour_of_sleep_makes_everything_old(self):
        wall, steady = [1_800_000_000.0], [100.0]
        clock = SteadyClock(lambda: wall[0], lambda: steady[0])
        began = clock()
        wall[0], steady[0] = wall[0] + 5, steady[0] + 5
        self.assertAlmostEqual(clock() - began, 5)
        wall[0], steady[0] = wall[0] + 3600, steady[0] + 1
        self.assertAlmostEqual(clock() - began, 3605)
        wall[0] -= 7200  # put back: no age goes down
        self.assertAlmostEqual(clock() - began, 3605)
        steady[0] += 2
        self.assertAlmostEqual(clock() - began, 3607)

    def test_a_stream_that_is_refused_leaves_polling(self):
        self.answer("/v1/events/stream", 403, {"code": "insufficient_scope"})
        verifier = self.verifier(token="the-verifiers", max_staleness=2.0)
        with self.assertLogs("latchkey", "WARNING"):
            verifier.ready()
        token = self.authority.token()
        wait_until(lambda: verifier.verify(token))
        self.authority.statuses[7] = 1
        wait_until(lambda: verifier.verify(token).verdict == "revoked")

    def test_a_process_that_was_forked_listens_for_itself(self):
        verifier, _ = self.streaming()
        token = self.authority.token()
        self.assertTrue(verifier.verify(token))
        child = os.fork()
        if child == 0:
            is_good = False
            try:
                self.assertTrue(verifier.verify(token))
                is_good = wait_until(lambda: verifier.state()["streamIsLive"])
            finally:
                os._exit(0 if is_good else 1)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0)
        self.authority.wait_for_streams(2)
        self.assertTrue(verifier.verify(token))

    def test_a_verifier_that_nobody_uses_ends_its_threads(self):
        import gc
        verifier, stream = self.streaming()
        self._cleanups.pop()  # it would hold the verifier
        threads = [thread for thread in threading.enumerate()
                   if thread.name.startswith("latchkey-")]
        before = set(threads)
        del verifier, threads
        gc.collect()

        def are_ended():
            try:
                stream.send(head(40))
            except OSError:
                pass  # it hung up
            return sum(thread.is_alive() for thread in before) <= len(before) - 2

        wait_until(are_ended)


if __name__ == "__main__":
    unittest.main()
