"""Key tokens on the command line: create-token and its kin, its questions, and `exchange`."""

import json
import os
import re
import subprocess
import tempfile
import unittest

from latchkey_server import BINARY, LICENSING, SOURCE
from latchkey_terminal import Terminal
from programs import run
from story import Story
from waiting import poll_until

UNKNOWN_ID = "7VgsDiH8jBPtiFiGXPvsxk"
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"
SHORT_ID = r"[2-9A-HJ-NP-Za-km-z]{22}"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
JWT = r"[\w-]+\.[\w-]+\.[\w-]+"
GENPKEY = {
    "RS256": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "RS512": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072"],
    "ES256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "ES512": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
    "Ed25519": ["-algorithm", "ed25519"],
}
TRANSCRIPT = """\
{
  "id": "ID",
  "name": "MyNewToken",
  "description": "",
  "kind": "key",
  "api": "licensing",
  "audience": "licensing-api",
  "owner": "OWNER",
  "scopes": null,
  "allowedIps": [],
  "rateLimit": null,
  "state": "active",
  "createdAt": "TIME",
  "updatedAt": "TIME",
  "notBefore": null,
  "expiresAt": null,
  "lastUsedAt": null,
  "generation": 1,
  "keys": [
    {
      "kid": "ID",
      "algorithm": "ES256",
      "thumbprint": "THUMBPRINT",
      "createdAt": "TIME"
    }
  ]
}

{
  "tokenId": "ID",
  "keyId": "ID",
  "privateKey": "PEM"
}
"""


def openssl(*args, stdin=None):
    done = subprocess.run(["openssl", *args], input=stdin, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode(errors="replace")


def two_objects(text):
    """The token and the fields that create-token prints for people."""
    token, end = json.JSONDecoder().raw_decode(text)
    fields, last = json.JSONDecoder().raw_decode(text[end:].lstrip())
    assert text[end:end + 2] == "\n\n" and text[end:].lstrip()[last:] == "\n", text
    return token, fields


class KeyStory(Story):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cli("api", "import", LICENSING)
        cls.folder = tempfile.mkdtemp(dir=cls.server.scratch)
        projects = json.loads(cls.cli("project", "list", "--json").stdout)
        cls.project = projects[0]["id"]

    def path(self, name):
        return os.path.join(self.folder, f"{self.id().rsplit('.', 1)[1]}-{name}")

    def key_file(self, algorithm="ES256"):
        """A private key's file and its public half's."""
        private, public = self.path(f"{algorithm}.pem"), self.path(f"{algorithm}-public.pem")
        openssl("genpkey", *GENPKEY[algorithm], "-out", private)
        os.chmod(private, 0o600)
        openssl("pkey", "-in", private, "-pubout", "-out", public)
        return private, public

    def save(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as opened:
            opened.write(text)
        os.chmod(self.path(name), 0o600)
        return self.path(name)

    def create_token(self, *args, **options):
        return json.loads(self.cli("token", "create-token", "--json", *args, **options).stdout)

    def check(self, access_token, path):
        return self.server.request("GET", f"/check{path}", token=access_token).status

    def elsewhere(self):
        """Nobody is logged in there."""
        return {"LATCHKEY_CONFIG_DIR": self.path("config")}


class CreateTokenStories(KeyStory):
    def test_the_transcript_of_a_generated_pair(self):
        done = self.cli("token", "create-token", "-n", "MyNewToken", "-g", "-a", "ES256")
        shown = re.sub(TIME, "TIME", done.stdout)
        ids = set(re.findall(UUID, shown))
        token, fields = two_objects(done.stdout)
        shown = shown.replace(token["id"], "ID").replace(token["owner"], "OWNER")
        shown = shown.replace(token["keys"][0]["thumbprint"], "THUMBPRINT")
        shown = re.sub(r"-----BEGIN PRIVATE KEY-----\\n[\w+/=\\]+\\n-----END PRIVATE KEY-----\\n",
                       "PEM", shown)
        self.assertEqual(ids, {token["id"], token["owner"]})
        self.assertEqual(shown, TRANSCRIPT)
        self.assertEqual(done.stderr,
                         "Copy the following fields to use this token in your application:\n"
                         "hint: save the private key now: it is not stored and cannot be shown "
                         "again\n")
        self.assertEqual(set(fields), {"tokenId", "keyId", "privateKey"})
        self.assertEqual((fields["tokenId"], fields["keyId"]), (token["id"], token["id"]))

    def test_json_is_one_object_with_the_private_key(self):
        made = self.create_token("-n", "MyNewToken", "-g", "-a", "Ed25519")
        self.assertEqual(set(made), {"token", "credentials"})
        self.assertIn("BEGIN PRIVATE KEY", made["credentials"]["privateKey"])
        self.assertEqual(made["token"]["kind"], "key")
        self.assertIsNone(made["token"]["scopes"])
        self.assertNotIn("token", made["token"])

    def test_the_default_is_rs256_with_4096_bits(self):
        made = self.create_token("-n", "MyNewToken", "-g", "-k", "mine")
        self.assertEqual(made["token"]["keys"][0]["algorithm"], "RS256")
        self.assertEqual(made["credentials"]["keyId"], "mine")
        text = openssl("pkey", "-noout", "-text", stdin=made["credentials"]["privateKey"].encode())
        self.assertIn("4096 bit", text)

    def test_every_algorithm_generated(self):
        for algorithm, words in (("RS512", "4096 bit"), ("ES256", "P-256"), ("ES512", "P-521"),
                                 ("Ed25519", "ED25519")):
            with self.subTest(algorithm):
                made = self.create_token("-n", "MyNewToken", "-g", "-a", algorithm)
                self.assertEqual(made["token"]["keys"][0]["algorithm"], algorithm)
                pem = made["credentials"]["privateKey"].encode()
                self.assertIn(words, openssl("pkey", "-noout", "-text", stdin=pem))

    def test_a_passphrase_encrypts_as_openssl_reads_it(self):
        file = self.save("passphrase", "open sesame\n")
        for flags, stdin in ((["-p", "open sesame"], ""), (["--passphrase-file", file], ""),
                             (["--passphrase-file", "-"], "open sesame\n")):
            with self.subTest(flags=flags[0] + flags[1][:1]):
                done = self.cli("token", "create-token", "-n", "MyNewToken", "-g", "-a", "ES256",
                                *flags, stdin=stdin)
                fields = two_objects(done.stdout)[1]
                self.assertEqual(fields["passphrase"], "open sesame")
                pem = fields["privateKey"].encode()
                self.assertIn(b"BEGIN ENCRYPTED PRIVATE KEY", pem)
                self.assertIn("P-256", openssl("pkey", "-noout", "-text", "-passin",
                                               "pass:open sesame", stdin=pem))
                shown = openssl("asn1parse", stdin=pem)
                for part in ("PBES2", "PBKDF2", "hmacWithSHA256", "aes-256-cbc"):
                    self.assertIn(part, shown)
                self.assertEqual("--passphrase-file is safer" in done.stderr, flags[0] == "-p")

    def test_public_keys_of_every_algorithm_and_form_are_taken(self):
        for algorithm in GENPKEY:
            with self.subTest(algorithm):
                public = self.key_file(algorithm)[1]
                made = self.create_token("-n", "MyNewToken", "-f", public, "-a", algorithm)
                self.assertEqual(made["token"]["keys"][0]["algorithm"], algorithm)
                self.assertEqual(set(made["credentials"]), {"tokenId", "keyId"})
        _, public = self.key_file()
        with open(public, encoding="utf-8") as opened:
            made = self.create_token("-n", "MyNewToken", "-f", "-", "-k", "mine",
                                     stdin=opened.read())
        self.assertEqual(made["token"]["keys"][0]["kid"], "mine")
        der = openssl("pkey", "-pubin", "-in", public, "-text", "-noout")
        point = bytes.fromhex("".join(re.findall(r"^    ([0-9a-f:]+)$", der, re.M))
                              .replace(":", ""))
        encoded = [subprocess.run(["basenc", "--base64url", "-w0"], input=part, check=True,
                                  capture_output=True).stdout.decode().rstrip("=")
                   for part in (point[1:33], point[33:])]
        jwk = {"kty": "EC", "crv": "P-256", "x": encoded[0], "y": encoded[1], "kid": "jwk"}
        for name, document in (("jwk", jwk), ("jwks", {"keys": [jwk]})):
            with self.subTest(name):
                made = self.create_token("-n", "MyNewToken", "-f",
                                         self.save(name + ".json", json.dumps(document)))
                self.assertEqual(made["credentials"]["keyId"], "jwk")

    def test_what_is_no_public_key_is_refused_before_anything_is_sent(self):
        private, public = self.key_file()
        nobody = {"LATCHKEY_SERVER": "http://127.0.0.1:1", "LATCHKEY_TOKEN": "t"}
        name = ["token", "create-token", "-n", "MyNewToken"]
        error = self.fails(6, *name, "-f", private, environment=nobody)
        self.assertIn("holds a private key; nothing was sent", error)
        self.assertIn("hint: give its public half: openssl pkey", error)
        self.assertIn("bits", self.fails(6, *name, "-f", self.rsa_1024(), environment=nobody))
        self.assertIn("curve", self.fails(6, *name, "-f", self.p384(), environment=nobody))
        self.assertIn("algorithm", self.fails(6, *name, "-f", public, "-a", "RS256",
                                              environment=nobody).lower())
        self.assertIn("SSH", self.fails(6, *name, "-f", self.save("ssh.pub", "ssh-rsa AAAA x\n"),
                                        environment=nobody))
        self.fails(1, *name, "-f", public + ".missing", environment=nobody)

    def rsa_1024(self):
        openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024", "-out",
                self.path("weak"))
        openssl("pkey", "-in", self.path("weak"), "-pubout", "-out", self.path("weak-public"))
        return self.path("weak-public")

    def p384(self):
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384", "-out",
                self.path("p384"))
        openssl("pkey", "-in", self.path("p384"), "-pubout", "-out", self.path("p384-public"))
        return self.path("p384-public")

    def test_rules_between_flags_are_usage_errors(self):
        _, public = self.key_file()
        there = self.save("there.json", "{}")
        cases = (
            (["-n", "seven77", "-g"], "at least 8 characters"),
            (["-n", "MyNewToken", "-g", "-f", public], "--auto-generate-key excludes"),
            (["-n", "MyNewToken", "-f", public, "-p", "x"], "--passphrase needs"),
            (["-n", "MyNewToken", "-g", "-p", "x", "--passphrase-file", "y"], "excludes"),
            (["-n", "MyNewToken", "-g", "-a", "HS256"], "hint: --algorithm takes RS256, RS512"),
            (["-n", "MyNewToken", "-g", "--out", there], "is there already"),
            (["-n", "MyNewToken", "-g", "--actions", "license:read"], "need --with-permissions"),
            (["-n", "MyNewToken", "-g", "-w", "--actions", "no such"], '"no such" is no action'),
            (["-n", "MyNewToken", "-g", "-w", "--resources", "a b*"], '"a b*" is no resource'),
            (["-g"], "--name is required"),
            (["-n", "MyNewToken"], "--auto-generate-key or --public-key-file is required"),
            (["-n", "MyNewToken", "--no-input"], "--auto-generate-key or --public-key-file"),
            (["-n", "MyNewToken", "--auto-generate"], "did you mean --auto-generate-key?"),
        )
        before = self.cli("token", "list-tokens").stdout
        for flags, words in cases:
            with self.subTest(flags=flags):
                self.assertIn(words, self.fails(2, "token", "create-token", *flags))
        self.assertEqual(self.cli("token", "list-tokens").stdout, before)
        with open(there, encoding="utf-8") as opened:
            self.assertEqual(opened.read(), "{}")

    def test_out_writes_the_credentials_and_prints_no_private_key(self):
        out = self.path("out.json")
        done = self.cli("token", "create-token", "-n", "MyNewToken", "-g", "-a", "ES256", "-w",
                        "--project", "default", "--out", out)
        self.assertNotIn("PRIVATE", done.stdout + done.stderr)
        self.assertIn(f"latchkey exchange --credentials {out}", done.stderr)
        self.assertEqual(os.stat(out).st_mode & 0o777, 0o600)
        with open(out, encoding="utf-8") as opened:
            file = json.load(opened)
        token, fields = two_objects(done.stdout)
        self.assertEqual({k: v for k, v in file.items() if k != "privateKey"}, {
            "version": 1, "server": self.server.url,
            "tokenEndpoint": self.server.url + "/oauth2/token", "tokenId": token["id"],
            "keyId": token["id"], "projectId": self.project, "algorithm": "ES256"})
        self.assertEqual(fields, {"tokenId": token["id"], "keyId": token["id"],
                                  "projectId": self.project})

    def test_permissions_let_it_through_in_that_project(self):
        made = self.create_token("-n", "MyNewToken", "-g", "-a", "ES256", "-w")
        self.assertEqual(made["credentials"]["projectId"], self.project)
        key = self.save("key.pem", made["credentials"]["privateKey"])
        access = self.cli("exchange", "--key", key, "--token-id", made["token"]["id"],
                          "-q").stdout.strip()
        self.assertEqual(self.check(access, f"/scope/license:read/project/{self.project}"), 200)
        narrow = self.create_token("-n", "MyNewToken", "-g", "-a", "ES256", "-w", "--actions",
                                   "license:read", "--resources", "orders/*")
        key = self.save("narrow.pem", narrow["credentials"]["privateKey"])
        access = self.cli("exchange", "--key", key, "--token-id", narrow["token"]["id"],
                          "-q").stdout.strip()
        for resource, status in (("orders%2F7", 200), ("invoices%2F7", 403)):
            path = f"/scope/license:read/project/{self.project}/resource/{resource}"
            self.assertEqual(self.check(access, path), status)

    def test_the_project_is_the_active_one_or_the_one_that_was_named(self):
        other = json.loads(self.cli("project", "create", "shop", "--json").stdout)["id"]
        self.addCleanup(self.cli, "project", "delete", other, "--yes")
        for flags, environment, project in (
                (["--project", "default"], {}, self.project), (["--project", other], {}, other),
                ([], {"LATCHKEY_PROJECT": "default"}, self.project), ([], {}, other)):
            with self.subTest(flags=flags, environment=environment):
                made = self.create_token("-n", "MyNewToken", "-g", "-a", "ES256", "-w", *flags,
                                         environment=environment)
                self.assertEqual(made["credentials"]["projectId"], project)
        error = self.fails(3, "token", "create-token", "-n", "MyNewToken", "-g", "-a", "ES256",
                           "-w", "--project", "shopp")
        self.assertIn('did you mean "shop"?', error)

    def test_a_grant_that_fails_says_what_was_done(self):
        """A viewer may make tokens, but not give them rights in the project."""
        self.cli("user", "create", "--email", "vic@example.com", "--password-stdin", "-n", "Vic",
                 "--role", "member", stdin="a perfectly fine passphrase\n")
        users = json.loads(self.cli("user", "list", "--json").stdout)
        vic = [user["id"] for user in users if user["name"] == "Vic"][0]
        self.cli("iam", "add-principal", "-i", vic, "-t", "user", "--role", "viewer", "--project",
                 self.project)
        environment = self.elsewhere()
        self.cli("login", "--email", "vic@example.com", "--password-stdin",
                 stdin="a perfectly fine passphrase\n", environment=environment)
        done = self.cli("token", "create-token", "-n", "MyNewToken", "-g", "-a", "ES256", "-w",
                        "--project", self.project, environment=environment, check=False)
        self.assertEqual(done.returncode, 10, done.stderr)
        token, fields = two_objects(done.stdout)
        self.assertIn("BEGIN PRIVATE KEY", fields["privateKey"])
        self.assertRegex(done.stderr, r"error: the token \S+ was made, but not added to the "
                                      r"project: .*\nhint: add it later: latchkey iam "
                                      r"add-principal -i \S+ -t token --project \S+\n")
        self.assertEqual(self.cli("token", "get-token", "-i", token["id"],
                                  environment=environment).returncode, 0)

    def test_create_with_kind_key_takes_a_public_key_and_projects(self):
        private, public = self.key_file("RS256")
        done = self.cli("token", "create", "-n", "MyNewToken", "--kind", "key", "-f", public,
                        "--project", "default")
        self.assertRegex(done.stdout, rf"\ACreated key token {SHORT_ID}\n\Z")
        token_id = done.stdout.split()[-1]
        access = self.cli("exchange", "--key", private, "--token-id", token_id, "-q").stdout.strip()
        self.assertEqual(self.check(access, f"/scope/license:read/project/{self.project}"), 200)
        self.assertIn("create-token -g", self.fails(2, "token", "create", "-n", "MyNewToken",
                                                    "--kind", "key"))

    def test_a_passphrase_is_not_in_the_process_list(self):
        command = [BINARY, "token", "create-token", "-g", "-p", "open sesame"]
        with Terminal(command, self.server.environment()) as tty:
            tty.expect("Name of the token")

            def words():
                with open(f"/proc/{tty.child}/cmdline", "rb") as opened:
                    return opened.read()

            line = poll_until(words, lambda line: b"xxxx" in line)
            self.assertNotIn(b"sesame", line)
            tty.send("\x03")
            tty.read_all()


class TerminalStories(KeyStory):
    def terminal(self, *args, environment=None):
        return Terminal([BINARY, *args], environment or self.server.environment(), columns=100)

    def test_every_question_of_create_token(self):
        with self.terminal("token", "create-token", "-a", "ES256", "--no-color") as tty:
            tty.expect("Name of the token (at least 8 characters): ")
            tty.send("short\n")
            tty.expect("error: the name of a key token has at least 8 characters\n")
            tty.send("My new token\n")
            tty.expect("Generate a new key pair for the token? (Y/n): ")
            tty.send("\n")
            for question in ("Passphrase for the private key (empty for none): ",
                             "The same passphrase again: "):
                tty.expect(question)
                tty.wait_for_hidden_input()
                tty.send("open sesame\n")
            tty.expect('Add the token to the active project "default" and grant it permissions? '
                       "(y/N): ")
            self.assertNotIn("sesame", tty.text, "nobody sees what is typed")
            tty.send("y\n")
            tty.expect("Allowed resources, separated by spaces [*]: ")
            tty.send("orders/* invoices/7\n")
            tty.expect("Allowed actions, separated by spaces [*]: ")
            tty.send("license:read\n")
            text = tty.read_all()
        self.assertEqual(tty.code, 0, text)
        for step in ("Generating a key pair for ES256... done\n", "Creating the token... done\n",
                     "Adding the token to project default... done\n",
                     "Granting permissions to the token... done\n"):
            self.assertIn(step, text)
        fields = json.loads(re.search(r"application:\n(\{.*?\n\})", text, re.S).group(1))
        self.assertEqual(fields["passphrase"], "open sesame")
        policy = self.server.request(
            "GET", f"/v1/projects/{self.project}/principals/token/{fields['tokenId']}/policy",
            token=self.server.session()).json()
        statement = policy["statement"][0]
        self.assertEqual((statement["action"], statement["resource"]),
                         (["license:read"], ["orders/*", "invoices/7"]))

    def test_a_public_key_may_be_given_and_permissions_declined(self):
        _, public = self.key_file()
        with self.terminal("token", "create-token", "-n", "MyNewToken") as tty:
            tty.expect("(Y/n): ")
            tty.send("n\n")
            tty.expect("File of the public key (PEM, JWK or JWKS): ")
            tty.send(public + "\n")
            tty.expect("(y/N): ")
            tty.send("\n")
            text = tty.read_all()
        self.assertEqual(tty.code, 0, text)
        self.assertNotIn("assphrase", text)
        self.assertNotIn("projectId", text)

    def test_passphrases_that_differ_are_asked_again_and_none_is_none(self):
        with self.terminal("token", "create-token", "-n", "MyNewToken", "-a", "ES256") as tty:
            tty.expect("(Y/n): ")
            tty.send("y\n")
            tty.expect("Passphrase for the private key (empty for none): ")
            tty.wait_for_hidden_input()
            tty.send("one\n")
            tty.expect("The same passphrase again: ")
            tty.wait_for_hidden_input()
            tty.send("two\n")
            tty.expect("the two are not the same\n")
            tty.wait_for_hidden_input()
            tty.send("\n")
            tty.expect("(y/N): ")
            tty.send("n\n")
            text = tty.read_all()
        self.assertEqual(tty.code, 0, text)
        self.assertIn("BEGIN PRIVATE KEY", text)

    def test_no_input_asks_nothing_at_a_terminal(self):
        for flags, words in ((["-g"], "--name is required"),
                             (["-n", "MyNewToken"], "--public-key-file is required")):
            with self.terminal("token", "create-token", "--no-input", *flags) as tty:
                text = tty.read_all()
            self.assertEqual(tty.code, 2, text)
            self.assertIn(words, text)

    def test_out_keeps_the_key_off_the_screen(self):
        out = self.path("out.json")
        with self.terminal("token", "create-token", "-n", "MyNewToken", "-g", "-a", "ES256",
                           "--json", "--out", out) as tty:
            text = tty.read_all()
        self.assertEqual(tty.code, 0, text)
        self.assertNotIn("PRIVATE", text)
        self.assertTrue(os.path.exists(out))

    def test_an_interrupted_question_makes_nothing(self):
        before = self.cli("token", "list-tokens").stdout
        with self.terminal("token", "create-token", "-n", "MyNewToken") as tty:
            tty.expect("(Y/n): ")
            tty.send("\n")
            tty.expect("Passphrase for the private key")
            tty.wait_for_hidden_input()
            tty.send("\x03")
            tty.read_all()
        self.assertEqual(tty.code, 130)
        self.assertEqual(self.cli("token", "list-tokens").stdout, before)

    def test_update_asks_for_what_changes(self):
        made = self.create_token("-n", "MyNewToken", "-g", "-a", "ES256")
        with self.terminal("token", "update-token") as tty:
            tty.expect("Id of the token: ")
            tty.send(made["token"]["id"] + "\n")
            tty.expect("New name (empty: as it is): ")
            tty.send("AnotherName\n")
            tty.expect("File of a new public key (empty: as it is): ")
            tty.send("\n")
            text = tty.read_all()
        self.assertEqual(tty.code, 0, text)
        shown = json.loads(self.cli("token", "get", made["token"]["id"], "--json").stdout)
        self.assertEqual(shown["name"], "AnotherName")

    def test_exchange_asks_for_the_passphrase(self):
        made = self.create_token("-n", "MyNewToken", "-g", "-a", "ES256", "-p", "open sesame", "-w")
        key = self.save("locked.pem", made["credentials"]["privateKey"])
        command = ["exchange", "--key", key, "--token-id", made["token"]["id"]]
        for typed, code in (("open sesame", 0), ("no sesame", 6)):
            with self.terminal(*command) as tty:
                tty.expect("Passphrase of the private key: ")
                tty.wait_for_hidden_input()
                tty.send(typed + "\n")
                text = tty.read_all()
            self.assertEqual(tty.code, code, text)
            self.assertNotIn(typed, text)
        with self.terminal(*command, "--no-input") as tty:
            self.assertIn("--passphrase-file is required", tty.read_all())
        self.assertEqual(tty.code, 2)


class FamilyStories(KeyStory):
    def test_list_get_update_delete(self):
        self.assertEqual(self.cli("token", "list-tokens").stdout,
                         "No tokens found. You can create tokens with latchkey token "
                         "create-token\n")
        made = self.create_token("-n", "MyNewToken", "-g", "-a", "ES256")["token"]
        self.create("-n", "no key token")
        table = self.cli("token", "list-tokens").stdout
        self.assertIn("│ MyNewToken │", table)
        self.assertNotIn("no key token", table)
        self.assertEqual([token["id"] for token in
                          json.loads(self.cli("token", "list-tokens", "--json").stdout)],
                         [made["id"]])
        shown = self.cli("token", "get-token", "-i", made["id"]).stdout
        self.assertRegex(shown, rf"(?m)^keys +ES256 {made['id']}$")
        self.assertRegex(shown, r"(?m)^scopes +as its policies say$")
        _, public = self.key_file("RS256")
        done = self.cli("token", "update-token", "-i", made["id"], "-n", "AnotherName", "-f",
                        public, "-k", "second", "-a", "RS512")
        self.assertEqual(done.stdout, f"Updated token {made['id']}\n")
        self.assertIn("its keys are now RS512 second", done.stderr)
        self.assertEqual(self.cli("token", "delete-token", "-i", made["id"]).stdout,
                         f"Deleted token {made['id']}\n")
        for verb in (["get-token"], ["update-token", "-n", "LongEnough"], ["delete-token"]):
            self.assertIn("no such token", self.fails(3, "token", *verb, "-i", made["id"]))

    def test_what_is_missing_is_a_usage_error_that_names_the_flag(self):
        for verb in (["get-token"], ["update-token", "-n", "LongEnough"], ["delete-token"]):
            self.assertIn("--token-id is required", self.fails(2, "token", *verb, "--no-input"))
        update = ["token", "update-token", "-i", UNKNOWN_ID]
        self.assertIn("nothing to change", self.fails(2, *update))
        self.assertIn("at least 8", self.fails(2, *update, "-n", "short"))
        self.assertIn("go with --public-key-file", self.fails(2, *update, "-k", "x"))

    def test_a_bad_token_is_refused_by_every_command_of_the_family(self):
        made = self.create("-n", "deleted", "--api", "latchkey", "-s", "*")
        self.cli("token", "delete", made["id"])
        for verb in (["create-token", "-n", "MyNewToken", "-g", "-a", "ES256"], ["list-tokens"],
                     ["get-token", "-i", UNKNOWN_ID], ["delete-token", "-i", UNKNOWN_ID],
                     ["update-token", "-i", UNKNOWN_ID, "-n", "LongEnough"]):
            with self.subTest(verb=verb[0]):
                error = self.fails(4, "token", *verb, "--token", made["token"])
                self.assertIn("does not accept the token of --token", error)


class ExchangeStories(KeyStory):
    def application(self, *flags, algorithm="ES256"):
        """A key token with every right in the default project; its key's file and its id."""
        private, public = self.key_file(algorithm)
        made = self.create_token("-n", "MyNewToken", "-f", public, "-a", algorithm, "-w",
                                 "--project", self.project, *flags)
        return private, made["token"]["id"]

    def test_every_algorithm_without_any_login(self):
        for algorithm in GENPKEY:
            with self.subTest(algorithm):
                private, token_id = self.application(algorithm=algorithm)
                done = self.cli("exchange", "--key", private, "--token-id", token_id,
                                "--algorithm", algorithm, environment=self.elsewhere())
                self.assertRegex(done.stdout, rf"\A{JWT}\n\Z")
                self.assertIn("hint: good for 3600 s", done.stderr)
                self.assertNotRegex(done.stderr, JWT + r"\.")
                access = done.stdout.strip()
                path = f"/scope/license:read/project/{self.project}"
                self.assertEqual(self.check(access, path), 200)
                self.cli("token", "delete-token", "-i", token_id)
                self.assertEqual(self.check(access, path), 401)

    def test_json_is_the_whole_answer_and_scope_asks_for_less(self):
        private, token_id = self.application()
        done = self.cli("exchange", "--key", private, "--token-id", token_id, "--scope",
                        "license:read", "--project", "default", "--json")
        self.assertEqual(done.stderr, "")
        answer = json.loads(done.stdout)
        self.assertEqual((answer["token_type"], answer["expires_in"], answer["scope"]),
                         ("Bearer", 3600, "license:read"))
        path = f"/project/{self.project}"
        self.assertEqual(self.check(answer["access_token"], "/scope/license:read" + path), 200)
        self.assertEqual(self.check(answer["access_token"], "/scope/license:write" + path), 403)

    def test_the_credentials_file_is_enough(self):
        out, words = self.path("deploy.json"), self.save("passphrase", "open sesame\n")
        self.cli("token", "create-token", "-n", "MyNewToken", "-g", "-a", "ES512", "--out", out,
                 "--passphrase-file", words, "-w")
        environment = {**self.elsewhere(), "LATCHKEY_SERVER": "http://127.0.0.1:1"}
        done = self.cli("exchange", "--credentials", out, "--passphrase-file", words,
                        environment=environment)
        self.assertEqual(self.check(done.stdout.strip(),
                                    f"/scope/license:read/project/{self.project}"), 200)
        self.assertIn("--passphrase-file is required", self.fails(2, "exchange", "--credentials",
                                                                  out, environment=environment))
        self.assertIn("is no credentials file", self.fails(6, "exchange", "--credentials", words))

    def test_oauth_errors_have_exit_codes_and_hints(self):
        private, token_id = self.application()
        other, _ = self.key_file("Ed25519")
        ask = ["exchange", "--key", private, "--token-id", token_id]
        error = self.fails(4, "exchange", "--key", other, "--token-id", token_id)
        self.assertIn("error: The client assertion is not valid.\nhint: is this the token's key",
                      error)
        self.fails(4, "exchange", "--key", private, "--token-id", UNKNOWN_ID)
        self.fails(4, *ask, "--key-id", "nonsense")
        self.assertIn("not in that project", self.fails(6, *ask, "--project", token_id))
        self.assertIn("leave --scope out", self.fails(6, *ask, "--scope", "not a scope"))
        self.assertIn("is no project's id", self.fails(2, *ask, "--project", "default",
                                                       environment=self.elsewhere()))
        lonely = self.create_token("-n", "MyNewToken", "-g", "-a", "ES256")
        key = self.save("lonely.pem", lonely["credentials"]["privateKey"])
        self.assertIn("name a project", self.fails(6, "exchange", "--key", key, "--token-id",
                                                   lonely["token"]["id"]))
        done = self.cli("exchange", "--key", other, "--token-id", token_id, "--json", check=False)
        reported = json.loads(done.stderr.splitlines()[-1])["error"]
        self.assertEqual((done.returncode, reported["code"], reported["status"]),
                         (4, "invalid_client", 401))
        self.fails(8, *ask, environment={"LATCHKEY_SERVER": "http://127.0.0.1:1"})

    def test_a_key_that_was_replaced_works_no_more(self):
        private, token_id = self.application()
        second, public = self.key_file("Ed25519")
        self.cli("token", "update-token", "-i", token_id, "-f", public)
        self.fails(4, "exchange", "--key", private, "--token-id", token_id)
        self.cli("exchange", "--key", second, "--token-id", token_id)

    def test_a_server_that_calls_itself_otherwise_gets_nothing(self):
        private, token_id = self.application()
        other = self.server.url.replace("127.0.0.1", "localhost")
        error = self.fails(1, "exchange", "--key", private, "--token-id", token_id, "--server",
                           other)
        self.assertIn(f"calls itself {self.server.url}", error)


class DocumentStories(KeyStory):
    def test_the_commands_of_the_page_do_what_they_say(self):
        with open(os.path.join(SOURCE, "docs", "key-tokens.md"), encoding="utf-8") as opened:
            blocks = re.findall(r"```sh\n(.*?)```", opened.read(), re.S)
        self.assertGreater(len(blocks), 6)
        done = run("bash", "-euo", "pipefail", "-c", "\n".join(blocks), cwd=self.folder,
                   env={**self.server.environment(),
                        "PATH": os.path.dirname(BINARY) + ":" + os.environ["PATH"]})
        self.assertIn('"access_token"', done.stdout)
        self.assertNotIn("warning:", done.stderr)
        self.assertEqual(os.stat(os.path.join(self.folder, "deploy.json")).st_mode & 0o777, 0o600)


if __name__ == "__main__":
    unittest.main()
