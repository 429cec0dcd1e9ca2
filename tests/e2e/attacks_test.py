"""Rows B3, B4 and B5 of docs/attacks.md, against a whole server and the real command line: where
secrets could be left lying, where a token could be sent, and what a stolen database is worth.
"""

import base64
import http.client
import http.server
import json
import os
import re
import sqlite3
import stat
import threading
import unittest

from key_tokens import Application, KeyPair
from latchkey_server import EMAIL, PASSWORD
from licensing import LicensingCase
from waiting import poll_until

PASSPHRASE = "orchid lantern 8151 quarry"
NOBODY = "01890000-0000-7000-8000-000000000001"


def forms(secret):
    """The ways in which a secret may be written down, each long enough to be no accident."""
    raw = secret.encode()
    encoded = base64.b64encode(raw).rstrip(b"=")
    middle = (len(raw) + 1) // 2
    return {"text": raw, "first half": raw[:middle], "second half": raw[middle:],
            "reversed": raw[::-1], "hex": raw.hex().encode(), "HEX": raw.hex().upper().encode(),
            "base64": encoded, "base64url": base64.urlsafe_b64encode(raw).rstrip(b"="),
            "half of the base64": encoded[:len(encoded) // 2],
            "percent": b"".join(b"%%%02X" % byte for byte in raw)}


def read_files(folder, when):
    """Every file below, as {"when/path": bytes}."""
    found = {}
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            if stat.S_ISREG(os.stat(path).st_mode) and name != "reserve":
                with open(path, "rb") as opened:
                    found[f"{when}/{os.path.relpath(path, folder)}"] = opened.read()
    return found


class Canary(LicensingCase):
    """Secrets are used everywhere, in wrong places too; then nothing on the outside holds them."""

    def setUp(self):
        self.serve(args=["--log-level", "debug"])
        self.secrets = {"session": self.session, "password": PASSWORD}
        self.project = self.api("POST", "/v1/projects", {"name": "shop", "api": "licensing"},
                                status=201)["id"]

    def search(self, places):
        for name, secret in self.secrets.items():
            for form, needle in forms(secret).items():
                for place, text in places.items():
                    self.assertNotIn(needle, text, f"the {form} of {name} is in {place}")

    def make_secrets(self):
        """One of each kind, {name: id}; those that can be are revoked or deleted too."""
        made = {}
        for kind in ("jwt", "opaque"):
            for state in ("live", "revoked", "deleted"):
                token = self.api("POST", "/v1/tokens",
                                 {"name": f"{kind} {state}", "kind": kind, "api": "latchkey",
                                  "scopes": ["*"]}, status=201)
                self.secrets[f"{kind} {state}"] = token["token"]
                made[f"{kind} {state}"] = token["id"]
        token = self.api("POST", f"/v1/projects/{self.project}/tokens",
                         {"name": "two-part", "permissions": ["license:read"]}, status=201)
        self.secrets["two-part"] = token["token"]
        application = Application(self.server, self.session, projects=[self.project])
        self.secrets["assertion"] = application.assertion()
        answer = application.exchange(self.secrets["assertion"])
        self.assertEqual(answer.status, 200, answer.body)
        self.secrets["access token"] = answer.json()["access_token"]
        self.secrets["unused assertion"] = application.assertion(aud="https://elsewhere.example")
        application.exchange(self.secrets["unused assertion"])
        portal = self.server.request("POST", "/v1/session", {"email": EMAIL, "password": PASSWORD})
        self.secrets["cookie"] = re.search(r"=(lks_\w+)", portal.headers["Set-Cookie"])[1]
        self.secrets["csrf"] = portal.json()["csrf"]
        return made

    def paste_private_keys(self):
        """What people paste by mistake, into every member that takes a key."""
        key_token = Application(self.server, self.session).id
        for algorithm in ("RS256", "ES256", "Ed25519"):
            pair = KeyPair(algorithm)
            pem = pair.private_pem()
            numbers = pair.key.private_numbers() if algorithm != "Ed25519" else None
            self.secrets[f"{algorithm} private key"] = pem.splitlines()[1]
            documents = [pem, [pem], pem.replace("\n", "\r\n"), pair.public_pem() + pem]
            if algorithm == "ES256":
                point = numbers.public_numbers
                private = base64.urlsafe_b64encode(
                    numbers.private_value.to_bytes(32, "big")).rstrip(b"=").decode()
                self.secrets["private JWK"] = private
                x, y = (base64.urlsafe_b64encode(v.to_bytes(32, "big")).rstrip(b"=").decode()
                        for v in (point.x, point.y))
                jwk = {"kty": "EC", "crv": "P-256", "x": x, "y": y, "d": private, "alg": "ES256"}
                documents += [jwk, {"keys": [jwk]}, json.dumps(jwk)]
            for document in documents:
                for method, path, body in (
                        ("POST", "/v1/tokens", {"kind": "key", "name": "pasted key"}),
                        ("POST", f"/v1/tokens/{key_token}/keys", {}),
                        ("PATCH", f"/v1/tokens/{key_token}", {})):
                    answer = self.server.request(method, path, {**body, "keys": document},
                                                 token=self.session)
                    self.assertEqual(answer.status, 422, answer.body)
                    self.errors.append(answer.body)

    def requests_of_the_api(self):
        """[(method, path with {names})] of everything that the server describes."""
        paths = self.server.request("GET", "/openapi.json").json()["paths"]
        return [(method.upper(), path) for path, methods in paths.items() for method in methods
                if method in ("get", "post", "put", "patch", "delete")]

    def use(self, secret):
        """Rightly, and wherever it does not belong."""
        def ask(*args, **options):
            answer = self.server.request(*args, **options)
            if answer.status >= 400:
                self.errors.append(answer.body)
        ask("GET", "/check/api/latchkey", token=secret)
        ask("GET", "/v1/tokens/self", token=secret)
        ask("POST", "/v1/tokens/verify", {"token": secret}, token=secret)
        for method, path in self.routes:
            if path in ("/v1/session", "/v1/signing-keys/rotate", "/v1/setup"):
                continue
            place = re.sub(r"\{\w+\}", secret, path, count=1)
            place = re.sub(r"\{\w+\}", NOBODY, place)
            targets = [place, f"{place}?after={secret}", f"{place}?{secret}=1"]
            if path == "/v1/events/stream":
                targets.remove(place)  # it is answered for ever
            for target in targets:
                ask(method, target, None if method in ("GET", "DELETE") else {secret: 1},
                    token=self.session)
        for body in (b'{"name": "' + secret.encode() + b'",', {"name": "x", "scopes": [secret]},
                     {"name": "x", "api": secret}, {"name": "x", "expiresAt": secret},
                     {"name": "x", "kind": secret}, {"name": "x", "projects": [secret]},
                     {"name": "x y z w v", "kind": "key", "keys": secret},
                     {"name": "x y z w v", "kind": "key", "keys": [{"kty": secret, "d": secret}]},
                     {"name": "x", "allowedIps": [secret]}):
            ask("POST", "/v1/tokens", body, token=self.session)
        ask("POST", "/v1/session", {"email": secret, "password": secret})
        form = "application/x-www-form-urlencoded"
        for body in (f"grant_type={secret}", f"grant_type=client_credentials&client_assertion_type="
                     f"urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"
                     f"&client_assertion={secret}&scope={secret}&resource={secret}", secret):
            ask("POST", "/oauth2/token", body.encode(), headers={"Content-Type": form})
        for headers in ({"Authorization": f"Basic {secret}"}, {"Authorization": secret},
                        {"X-Api-Key": secret, "Cookie": f"a={secret}"}, {"X-Request-Id": secret},
                        {"User-Agent": "curl", "Referer": f"http://x/?t={secret}"},
                        {"Idempotency-Key": secret, "X-Forwarded-For": secret}):
            ask("GET", "/check", headers=headers)
        for target in (f"/check?access_token={secret}", f"/check/scope/{secret}",
                       f"/check/project/{secret}", f"/{secret}", f"/errors/{secret}"):
            ask("GET", target, token=self.session)

    def test_b3_no_secret_is_left_anywhere(self):
        self.errors = []
        self.routes = self.requests_of_the_api()
        self.assertGreater(len(self.routes), 40)
        made = self.make_secrets()
        self.paste_private_keys()
        for name, secret in self.secrets.items():
            if " " not in secret:  # a sentence fits into no path
                self.use(secret)
            if name.endswith("revoked"):
                self.api("POST", f"/v1/tokens/{made[name]}/revoke", {"reason": "canary"})
                self.use(secret)
            elif name.endswith("deleted"):
                self.api("DELETE", f"/v1/tokens/{made[name]}", status=204)
                self.use(secret)
        self.server.request("POST", "/v1/session", {"email": PASSWORD, "password": PASSWORD + "x"})
        poll_until(lambda: self.api("GET", "/v1/tokens"),
                   lambda tokens: any(token["lastUsedAt"] for token in tokens))
        places = {"metrics": self.server.request("GET", self.server.ops_url + "/metrics").body}
        for path in ("/v1/events?limit=200", "/v1/tokens?state=all", "/v1/sessions", "/v1/users",
                     "/v1/projects", "/v1/signing-keys", "/v1/settings"):
            places[path] = self.server.request("GET", path, token=self.session).body
        places.update(read_files(self.server.data, "running"))
        backup = os.path.join(self.server.scratch, "backup.db")
        self.server.cli("admin", "backup", backup, "--data", self.server.data)
        self.assertEqual(self.server.stop(), 0)
        places.update(read_files(self.server.data, "stopped"))
        with open(backup, "rb") as opened:
            places["backup"] = opened.read()
        places["log"] = "".join(self.server.errors).encode()
        places["stdout"] = "".join(self.server.output).encode()
        # What is no secret must be found, or the search proves nothing. While the server runs, it
        # depends on the last checkpoint which of two files holds it.
        for found in (("running/latchkey.db", "running/latchkey.db-wal"),
                      ("stopped/latchkey.db",), ("backup",)):
            self.assertTrue(any(b"canary" in places[place] for place in found), found)
        self.assertIn(b"stopping", places["log"])
        # An error names what it refuses only when that is no secret.
        places["errors"] = b"\n".join(self.errors)
        self.search(places)


class CommandLine(LicensingCase):
    """The same for the command line: what it prints, keeps, and shows to `ps`."""

    def test_b3_no_command_prints_or_keeps_what_it_was_given(self):
        made = json.loads(self.server.cli("token", "create", "-n", "canary", "--kind", "opaque",
                                          "--api", "latchkey", "-s", "*", "--json").stdout)
        secret = made["token"]
        said = []
        unknown = "7VgsDiH8jBPtiFiGXPvsxk"
        for command in (["whoami"], ["token", "list"], ["token", "get", made["id"]],
                        ["token", "inspect", secret], ["token", "verify", secret],
                        ["token", "get", secret], ["token", "delete", secret],
                        ["token", "create", "-n", "x", "-s", secret], ["project", "list"],
                        ["token", "create", "-n", "x", "-e", secret], ["api", "get", secret],
                        ["project", "get", secret], ["events", "list"], ["role", "list"],
                        ["request", "GET", "http://127.0.0.1:1/"], ["status"], [secret],
                        ["token", "update", unknown, "-n", "x"]):
            for more in (["--token", secret], ["--token", secret, "--json"],
                         ["--token", secret, "--verbose"]):
                done = self.server.cli(*command, *more, check=False)
                said.append((" ".join(command[:2]), (done.stdout + done.stderr).encode()))
        for command, text in said:
            for form, needle in forms(secret).items():
                self.assertNotIn(needle, text, f"the {form} is in the answer of {command}")
        kept = read_files(os.path.join(self.server.scratch, "config"), "config")
        self.assertTrue(kept)
        for place, text in kept.items():
            for form, needle in forms(secret).items():
                self.assertNotIn(needle, text, f"the {form} is in {place}")

    def test_b3_a_passphrase_is_kept_nowhere(self):
        out = os.path.join(self.server.scratch, "credentials.json")
        self.server.cli("token", "create-token", "-n", "application", "-g", "-a", "ES256",
                        "--api", "licensing", "--passphrase-file", "-", "--out", out,
                        stdin=PASSPHRASE + "\n")
        with open(out, encoding="utf-8") as opened:
            self.assertIn("BEGIN ENCRYPTED PRIVATE KEY", json.load(opened)["privateKey"])
        self.server.stop()
        places = read_files(self.server.scratch, "scratch")
        places["log"] = "".join(self.server.errors).encode()
        self.assertIn("scratch/credentials.json", places)
        self.assertTrue(any(place.endswith("latchkey.db") for place in places))
        for place, text in places.items():
            for form, needle in forms(PASSPHRASE).items():
                self.assertNotIn(needle, text, f"the {form} of the passphrase is in {place}")


class Elsewhere(http.server.ThreadingHTTPServer):
    """Answers every request with a redirect, or writes down what reached it."""

    daemon_threads = True

    def __init__(self, location=None):
        self.seen, self.location = [], location
        super().__init__(("127.0.0.1", 0), Elsewhere.Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self):
            self.server.seen.append((self.command, self.path, dict(self.headers)))
            self.send_response(307 if self.server.location else 200)
            if self.server.location:
                self.send_header("Location", self.server.location + self.path)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

        def log_message(self, *_):
            pass


class Redirected(LicensingCase):
    def setUp(self):
        super().setUp()
        self.foreign = Elsewhere()
        self.redirecting = Elsewhere(self.foreign.url)
        for server in (self.foreign, self.redirecting):
            self.addCleanup(server.server_close)
            self.addCleanup(server.shutdown)

    def test_b4_no_command_follows_a_redirect_with_a_token(self):
        secret = json.loads(self.server.cli("token", "create", "-n", "x", "--kind", "opaque",
                                            "--json").stdout)["token"]
        unknown = "7VgsDiH8jBPtiFiGXPvsxk"
        for command in (["whoami"], ["token", "list"], ["token", "get", unknown],
                        ["token", "create", "-n", "x"], ["token", "revoke", unknown],
                        ["token", "verify", secret], ["api", "list"], ["scope", "list"],
                        ["user", "list"], ["project", "list"], ["role", "list"],
                        ["events", "list"]):
            done = self.server.cli(*command, "--token", secret, check=False,
                                   environment={"LATCHKEY_SERVER": self.redirecting.url})
            self.assertNotEqual(done.returncode, 0, command)
        self.assertTrue(any(secret in headers.get("Authorization", "")
                            for _, _, headers in self.redirecting.seen))
        self.assertEqual(self.foreign.seen, [])

    def test_b4_a_kept_login_goes_to_its_own_server_only(self):
        for command in (["whoami"], ["token", "list"], ["token", "create", "-n", "x"]):
            self.server.cli(*command, check=False,
                            environment={"LATCHKEY_SERVER": self.foreign.url})
        for _, _, headers in self.foreign.seen:
            self.assertNotIn("Authorization", headers)

    def test_b4_an_exchange_sends_its_assertion_to_its_own_endpoint_only(self):
        application = Application(self.server, self.session)
        file = os.path.join(self.server.scratch, "credentials.json")
        credentials = {"version": 1, "server": self.redirecting.url,
                       "tokenEndpoint": self.redirecting.url + "/oauth2/token",
                       "tokenId": application.id, "keyId": application.key_id,
                       "algorithm": application.pair.algorithm,
                       "privateKey": application.pair.private_pem()}
        with open(file, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)) as opened:
            json.dump(credentials, opened)
        done = self.server.cli("exchange", "--credentials", file, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(self.foreign.seen, [])
        # An endpoint that is not of the server it names would get what that server accepts.
        credentials["server"] = self.server.url
        credentials["tokenEndpoint"] = self.foreign.url + "/oauth2/token"
        with open(file, "w", encoding="utf-8") as opened:
            json.dump(credentials, opened)
        done = self.server.cli("exchange", "--credentials", file, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(self.foreign.seen, [])


class StolenDatabase(LicensingCase):
    def test_b5_nothing_in_the_database_opens_anything(self):
        project = self.api("POST", "/v1/projects", {"name": "shop", "api": "licensing"},
                           status=201)["id"]
        for kind in ("jwt", "opaque"):
            self.api("POST", "/v1/tokens", {"name": kind, "kind": kind, "api": "latchkey",
                                            "scopes": ["*"]}, status=201)
        self.api("POST", f"/v1/projects/{project}/tokens",
                 {"name": "two-part", "permissions": ["license:read"]}, status=201)
        Application(self.server, self.session, projects=[project]).access_token()
        values = self.values()
        self.assertGreater(len(values), 50)
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        self.addCleanup(connection.close)
        for value in values:
            for prefix in ("", "lkp_", "lks_"):
                for headers in ({"Authorization": f"Bearer {prefix}{value}"},
                                {"Cookie": f"latchkey_session={prefix}{value}"}):
                    connection.request("GET", "/v1/users/me", headers=headers)
                    answer = connection.getresponse()
                    answer.read()
                    self.assertEqual(answer.status, 401, value)
            connection.request("GET", "/check/api/latchkey",
                               headers={"Authorization": f"Bearer {value}"})
            answer = connection.getresponse()
            answer.read()
            self.assertEqual(answer.status, 401, value)

    def values(self):
        """Every text and every blob of every table, written as a header can carry it."""
        database = sqlite3.connect(os.path.join(self.server.data, "latchkey.db"))
        self.addCleanup(database.close)
        found = set()
        tables = [row[0] for row in database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")]
        self.assertIn("token_secrets", tables)
        for table in tables:
            for row in database.execute(f'SELECT * FROM "{table}"'):
                for value in row:
                    if isinstance(value, bytes):
                        found |= {value.hex(), base64.b64encode(value).decode(),
                                  base64.urlsafe_b64encode(value).rstrip(b"=").decode()}
                    elif isinstance(value, str):
                        found |= set(re.findall(r"[\w.~+/-]{16,}", value, re.ASCII)) | {
                            base64.b64encode(value.encode()).decode()}
        return {value for value in found if value and len(value) < 8000}


if __name__ == "__main__":
    unittest.main()
