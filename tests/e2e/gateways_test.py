"""Real nginx and Caddy in front of a real upstream, with Latchkey as the authority.

The matrix is {nginx, Caddy} x {clients over HTTP, over TLS} x {Latchkey over HTTP, over TLS}.
"""

import base64
import json
import os
import posixpath
import shutil
import tempfile
import unittest
import urllib.parse

from gateways import NAME, READ, WRITE, Caddy, Nginx, Upstream, bearer, send_raw
from latchkey_server import EMAIL, LICENSING, PASSWORD, PIPELINES, LatchkeyServer
from programs import make_certificate

IDENTITY = ("Token-Id", "Owner", "Scopes", "Project", "Kind")


class Authority:
    """A Latchkey with two provider APIs, and the words to make and end tokens."""

    def __init__(self, tls=None):
        self.server = LatchkeyServer(tls=tls)
        self.trust = ["--cacert", tls[0]] if tls else []
        try:
            self.cli("login", "--email", EMAIL, "--password-stdin", stdin=PASSWORD + "\n")
            for catalogue in (LICENSING, PIPELINES):
                self.cli("api", "import", catalogue)
        except BaseException:
            self.stop()
            raise

    def stop(self):
        self.server.__exit__()

    def cli(self, *args, **options):
        return self.server.cli(*self.trust, *args, **options).stdout

    def mint(self, kind, scopes, api="licensing"):
        """Returns (token, id)."""
        made = json.loads(self.cli("token", "create", "-n", f"{kind} {scopes}", "-s", scopes,
                                   "--api", api, "--kind", kind, "-e", "1d", "--json"))
        return made["token"], made["id"]


class GatewayCase(unittest.TestCase):
    """One gateway, one upstream, one Latchkey; subclasses choose them."""

    gateway_type, client_tls, latchkey_tls = None, False, False

    @classmethod
    def setUpClass(cls):
        folder = tempfile.mkdtemp(prefix="latchkey-certificate-")
        cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
        certificate = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
        make_certificate(*certificate, NAME)
        cls.authority = Authority(certificate if cls.latchkey_tls else None)
        cls.addClassCleanup(cls.authority.stop)
        cls.upstream = Upstream()
        cls.addClassCleanup(cls.upstream.stop)
        cls.gateway = cls.gateway_type(cls.authority.server, cls.upstream,
                                       certificate if cls.client_tls else None)
        cls.gateway.start()
        cls.addClassCleanup(cls.gateway.stop)

    def setUp(self):
        self.upstream.take()

    def passes(self, target, fields, **options):
        """The gateway lets it through; returns the one request that the upstream saw."""
        answer = self.gateway.send(target, fields, **options)
        self.assertEqual(answer.status, 200, (target, answer.body))
        seen = self.upstream.take()
        self.assertEqual(len(seen), 1, target)
        return seen[0]

    def refuses(self, target, fields, status=None):
        answer = self.gateway.send(target, fields)
        self.assertEqual([s.target for s in self.upstream.take()], [], (target, fields))
        if status:
            self.assertEqual(answer.status, status, (target, answer.body))
        return answer


class Story(GatewayCase):
    """What every combination of gateway and encryption must do."""

    def lives_and_dies(self, kind):
        token, token_id = self.authority.mint(kind, READ)
        seen = self.passes("/licenses/1?page=2", bearer(token))
        self.assertEqual(seen.target, "/licenses/1?page=2")
        self.assertEqual(seen.all("Latchkey-Kind"), [kind])
        self.assertEqual(seen.all("Latchkey-Scopes"), [READ])
        self.assertEqual(seen.all("Latchkey-Project"), ["-"])
        self.assertEqual(seen.all("Authorization"), [])

        missing = self.refuses("/admin/1", bearer(token), 403)
        challenge = missing.headers["WWW-Authenticate"]
        self.assertIn('error="insufficient_scope"', challenge)
        self.assertIn(f'scope="{WRITE}"', challenge)

        foreign, _ = self.authority.mint(kind, "create:*", api="pipelines")
        other = self.refuses("/licenses/1", bearer(foreign), 401)
        self.assertIn('error="invalid_token"', other.headers["WWW-Authenticate"])

        self.authority.cli("token", "delete", token_id)
        gone = self.refuses("/licenses/1", bearer(token), 401)
        self.assertIn('error="invalid_token"', gone.headers["WWW-Authenticate"])

    def test_a_jwt_passes_until_it_is_deleted(self):
        self.lives_and_dies("jwt")

    def test_an_opaque_token_passes_until_it_is_deleted(self):
        self.lives_and_dies("opaque")

    def test_nobody_passes_without_a_token(self):
        challenge = self.refuses("/licenses/1", [], 401).headers["WWW-Authenticate"]
        self.assertTrue(challenge.startswith('Bearer realm="latchkey", resource_metadata="'),
                        challenge)


class Hostile(Story):
    """What a client may try; over plain HTTP only, because encryption changes nothing of it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.reader, cls.reader_id = cls.authority.mint("opaque", READ)
        cls.foreign, _ = cls.authority.mint("opaque", "create:*", api="pipelines")

    def test_a_query_never_changes_what_is_required(self):
        for query in (f"?scope={READ}", f"?scope={READ}&api=licensing", "?/-/", f"?/scope/{READ}"):
            self.refuses("/admin/1" + query, bearer(self.reader), 403)
        for query in (f"?scope={WRITE}", "?api=pipelines", "?x=/-/"):
            seen = self.passes("/licenses/1" + query, bearer(self.reader))
            self.assertEqual(seen.target, "/licenses/1" + query)

    def test_two_authorization_fields_are_never_a_pass(self):
        good, bad = f"Bearer {self.reader}", f"Bearer {self.foreign}"
        for first, second in ((good, bad), (bad, good), (good, good), (good, "")):
            self.refuses("/licenses/1", [("Authorization", first), ("authorization", second)])
        for merged in (f"{good}, {bad}", f"{bad}, {good}", f"{good},{good}", f"{good} {bad}"):
            self.refuses("/licenses/1", [("Authorization", merged)], 401)

    def test_other_fields_are_no_credential(self):
        for name in ("Proxy-Authorization", "X-Authorization", "Authorization_", "AUTHORIZATION_",
                     "X-Forwarded-Authorization", "Latchkey-Token"):
            self.refuses("/licenses/1", [(name, f"Bearer {self.reader}")], 401)

    def test_cookies_are_no_credential(self):
        session = self.authority.server.request(
            "POST", "/v1/session", {"email": EMAIL, "password": PASSWORD, "kind": "portal"})
        cookie = session.headers["Set-Cookie"].split(";")[0]
        self.refuses("/licenses/1", [("Cookie", cookie)], 401)
        name = cookie.split("=")[0]
        self.refuses("/licenses/1", [("Cookie", f"{name}={self.reader}")], 401)

    def test_the_password_of_basic_may_be_a_token(self):
        basic = base64.b64encode(f"anyone:{self.reader}".encode()).decode()
        self.passes("/licenses/1", [("Authorization", f"Basic {basic}")])
        for wrong in (f"{self.reader}:x", f"{self.reader}:", f":{self.foreign}", self.reader):
            basic = base64.b64encode(wrong.encode()).decode()
            self.refuses("/licenses/1", [("Authorization", f"Basic {basic}")], 401)

    def test_identity_from_the_client_never_reaches_the_upstream(self):
        forged = [(spelling, "forged") for part in IDENTITY + ("Verdict",)
                  for spelling in (f"Latchkey-{part}", f"latchkey_{part}", f"LATCHKEY-{part}",
                                   f"Latchkey_{part.replace('-', '_')}")]
        self.refuses("/licenses/1", forged, 401)
        seen = self.passes("/licenses/1", bearer(self.reader) + forged)
        for name, value in seen.fields:
            self.assertNotIn("forged", value, name)
        for part in IDENTITY:
            self.assertEqual(len(seen.all(f"Latchkey-{part}")), 1, part)
        self.assertEqual(seen.all("Latchkey-Token-Id"), [self.reader_id])

    def test_no_spelling_of_a_path_reaches_more_than_was_checked(self):
        paths = ("/licenses/%2e%2e/admin/1", "/licenses/../admin/1", "/licenses/..%2fadmin/1",
                 "/licenses/%2e%2e%2fadmin/1", "//admin/1", "/licenses//../admin/1",
                 "/licenses/.%2e/admin/1", "/%61dmin/1", "/admin%2f1", "/./admin/1",
                 "/licenses/x/../../admin/1", "/licenses/1%3f/../../admin/1")
        for path in paths:
            self.gateway.send(path, bearer(self.reader))
            for seen in self.upstream.take():
                # The most liberal back end: decodes, then resolves.
                plain = urllib.parse.unquote(seen.target.split("?")[0])
                resolved = posixpath.normpath("/" + plain.lstrip("/"))
                self.assertFalse(resolved.startswith("/admin"), (path, seen.target))
            self.refuses(path, [])

    def test_an_unusual_path_arrives_as_it_was_sent(self):
        for path in ("/licenses/a%20b", "/licenses/a;b", "/licenses/%2D/x", "/licenses/-/scope/x",
                     "/licenses/%c3%a4", "/licenses/scope/license:write"):
            self.assertEqual(self.passes(path, bearer(self.reader)).target, path)
            self.refuses(path, [], 401)

    def test_methods_and_bodies_pass_and_are_checked(self):
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            seen = self.passes("/licenses/1", bearer(self.reader), method=method, body=b"a=1")
            self.assertEqual((seen.method, seen.body), (method, b"a=1"))

    def test_when_latchkey_is_down_the_gateway_denies(self):
        server = self.authority.server
        self.passes("/licenses/1", bearer(self.reader))
        self.assertEqual(server.stop(), 0)
        try:
            self.refuses("/licenses/1", bearer(self.reader), self.gateway.kDown)
            self.refuses("/licenses/1", [], self.gateway.kDown)
        finally:
            server.start()
        self.passes("/licenses/1", bearer(self.reader))


class NginxTest(Hostile):
    gateway_type = Nginx


class CaddyTest(Hostile):
    gateway_type = Caddy


class NginxTlsToClientsTest(Story):
    gateway_type, client_tls = Nginx, True


class CaddyTlsToClientsTest(Story):
    gateway_type, client_tls = Caddy, True


class NginxTlsToLatchkeyTest(Story):
    gateway_type, latchkey_tls = Nginx, True


class CaddyTlsToLatchkeyTest(Story):
    gateway_type, latchkey_tls = Caddy, True


class NginxTlsBothTest(Story):
    gateway_type, client_tls, latchkey_tls = Nginx, True, True


class CaddyTlsBothTest(Story):
    gateway_type, client_tls, latchkey_tls = Caddy, True, True


class CheckPathTest(unittest.TestCase):
    """The check path itself, asked directly: what the operator or a path-appending proxy sends."""

    @classmethod
    def setUpClass(cls):
        cls.authority = Authority()
        cls.addClassCleanup(cls.authority.stop)
        cls.token, _ = cls.authority.mint("opaque", f"{READ},{WRITE}")
        cls.reader, _ = cls.authority.mint("jwt", READ)

    def ask(self, path, token=None, fields=None):
        fields = bearer(token or self.token) if fields is None else fields
        return send_raw(self.authority.server.port, path, fields)

    def test_only_the_documented_grammar_is_understood(self):
        table = (
            (f"/check/scope/{READ}", 200),
            (f"/check/api/licensing/scope/{READ}", 200),
            (f"/check/scope/{READ}/api/licensing", 200),
            (f"/check/scope/{READ}+{WRITE}", 200),
            ("/check", 200),
            (f"/check/scope/{READ}?scope=admin:all&api=pipelines", 200),
            (f"/check/scope/license%3Aread", 200),
            # after /-/ nothing counts
            (f"/check/scope/{READ}/-/scope/no:such", 200),
            (f"/check/scope/{READ}/-/../../x//y;z%2e%2e", 200),
            (f"/check/scope/{READ}/-/", 200),
            (f"/check/scope/{READ}/-", 200),
            ("/check/api/pipelines/scope/create:x", 401),
            ("/check/api/nowhere", 401),
            ("/check/scope/no:such", 403),
            # repeated elements
            (f"/check/scope/{READ}/scope/{READ}", 400),
            (f"/check/api/licensing/api/licensing/scope/{READ}", 400),
            ("/check/api/licensing/api/pipelines", 400),
            ("/check/resource/a/resource/b", 400),
            # spellings
            (f"/check//scope/{READ}", 400),
            (f"/check/scope//{READ}", 400),
            (f"/check/scope/{READ}/", 400),
            ("/check/", 400),
            (f"/check/./scope/{READ}", 400),
            (f"/check/x/../scope/{READ}", 400),
            (f"/check/%2e%2e/scope/{READ}", 400),
            (f"/check/scope/{READ};a=b", 400),
            (f"/check/scope/{READ}/licenses/1", 400),
            (f"/check/Scope/{READ}", 400),
            (f"/check/%73cope/{READ}", 400),
            ("/check/scope/license:read%00", 400),
            ("/check/scope/license:read%zz", 400),
            ("/check/scope/license:read%0d%0aLatchkey-Owner:%20x", 400),
            (f"/check/scope/{READ}+", 400),
            ("/check/scope", 400),
            ("/check/nginx/nginx", 403),
            (f"/check/nginx/scope/{READ}", 200),
            (f"/check/nginx/scope/{READ}/scope/{READ}", 403),
        )
        for path, status in table:
            with self.subTest(path=path):
                answer = self.ask(path)
                self.assertEqual(answer.status, status, answer.body)
                if status != 200:
                    self.assertIsNone(answer.headers["Latchkey-Owner"])

    def test_paths_beside_the_check_path_never_say_yes(self):
        for path in (f"//check/scope/{READ}", f"/x/../check/scope/{READ}", "/%63heck", "/checks",
                     "/check%2fscope%2f" + READ, "/Check", f"/check;a/scope/{READ}"):
            with self.subTest(path=path):
                self.assertIn(self.ask(path).status, (400, 401, 404))

    def test_fields_about_a_body_that_a_gateway_does_not_send_change_nothing(self):
        path = f"/check/scope/{READ}"
        for field in (("Content-Encoding", "gzip"), ("Expect", "tea"), ("X-City", "K\xf6ln")):
            with self.subTest(field=field[0]):
                answer = self.ask(path, fields=bearer(self.token) + [field])
                self.assertEqual(answer.status, 200, answer.body)

    def test_a_missing_scope_is_named_in_field_and_body(self):
        answer = self.ask(f"/check/scope/{READ}+{WRITE}", self.reader)
        self.assertEqual(answer.status, 403)
        self.assertIn(f'scope="{WRITE}"', answer.headers["WWW-Authenticate"])
        self.assertIn(f'"missingScopes":["{WRITE}"]'.encode(), answer.body)
        self.assertEqual(answer.headers["Latchkey-Verdict"], "insufficient_scope")

    def test_a_doubled_authorization_field_is_refused(self):
        path = f"/check/scope/{READ}"
        for second in (self.token, self.reader, "x"):
            answer = self.ask(path, fields=bearer(self.token) + bearer(second))
            self.assertEqual(answer.status, 400, answer.body)

    def test_a_cookie_and_a_session_are_no_token(self):
        path = f"/check/scope/{READ}"
        session = self.authority.server.session()
        self.assertEqual(self.ask(path, fields=[("Cookie", f"latchkey={self.token}")]).status, 401)
        self.assertEqual(self.ask(path, fields=bearer(session)).status, 401)


# The bases have no gateway; only their subclasses are run.
def load_tests(loader, _tests, _pattern):
    suite = unittest.TestSuite()
    for case in (NginxTest, CaddyTest, NginxTlsToClientsTest, CaddyTlsToClientsTest,
                 NginxTlsToLatchkeyTest, CaddyTlsToLatchkeyTest, NginxTlsBothTest,
                 CaddyTlsBothTest, CheckPathTest):
        suite.addTests(loader.loadTestsFromTestCase(case))
    return suite
