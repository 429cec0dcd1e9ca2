"""Tokens of another system: the dry run, the import, what breaks off, and what is refused."""

import base64
import hashlib
import hmac
import json
import os
import secrets
import unittest

from latchkey_server import BINARY, SOURCE
from latchkey_terminal import Terminal
from story import Story

LICENSING = os.path.join(SOURCE, "examples", "catalogues", "licensing.toml")
PEPPER = "the pepper of the other system"


def plain(secret):
    return hashlib.sha256(secret.encode()).hexdigest()


def keyed(secret, key=PEPPER.encode()):
    return hmac.new(key, secret.encode(), hashlib.sha256).hexdigest()


def entry(digest, **members):
    return {"digest": digest, "name": "old token", "owner": "admin@example.com",
            "api": "licensing", "scopes": ["license:read"], **members}


class ImportStories(Story):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cli("api", "import", LICENSING)
        cls.pepper = cls.file("pepper", PEPPER + "\n")

    @classmethod
    def file(cls, name, text):
        path = os.path.join(cls.server.scratch, name)
        with open(path, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        return path

    @classmethod
    def lines(cls, name, entries):
        return cls.file(name, "".join(json.dumps(one) + "\n" for one in entries))

    def run_import(self, source, prefix, file, *args, check=True, **options):
        return self.cli("import", "--from", "hashes", "--source", source, "--prefix", prefix,
                        file, *args, check=check, **options)

    def tally(self, *args, code=0, **options):
        done = self.run_import(*args, "--json", check=False, **options)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def verdict(self, secret):
        answer = self.server.request("GET", "/check/api/licensing/scope/license:read",
                                     token=secret)
        return answer.headers["Latchkey-Verdict"]

    def test_programs_go_on_sending_what_they_always_sent(self):
        old = [f"acme_{secrets.token_hex(20)}" for _ in range(3)]
        file = self.lines("acme.jsonl", [
            entry(keyed(old[0]), name="ci"),
            entry(base64.b64encode(bytes.fromhex(keyed(old[1]))).decode(),
                  expiresAt="2099-01-31T00:00:00Z"),
            entry(keyed(old[2]).upper(), allowedIps=["192.0.2.0/24"])])
        key = ("--hmac-key-file", self.pepper)
        dry = self.run_import("acme", "acme_", file, *key, "--dry-run")
        self.assertEqual(dry.stdout, "3 tokens can be imported; nothing was written\n")
        self.assertEqual(self.verdict(old[0]), "malformed")
        self.assertNotIn("acme", self.cli("import-source", "list").stdout)

        done = self.run_import("acme", "acme_", file, *key)
        self.assertEqual((done.stdout, done.stderr), ("Imported 3 tokens\n", ""))
        self.assertEqual([self.verdict(secret) for secret in old],
                         ["active", "active", "address_not_allowed"])
        self.assertEqual(self.verdict("acme_unknown"), "unknown")
        again = self.run_import("acme", "acme_", file, *key)
        self.assertEqual(again.stdout, "Imported 0 tokens, 3 were there already\n")

        listed = json.loads(self.cli("token", "list", "--api", "licensing", "--json").stdout)
        token = next(one for one in listed if one["name"] == "ci")
        self.assertEqual((token["source"], token["kind"]), ("acme", "opaque"))
        self.assertIn("acme", self.cli("token", "get", token["id"]).stdout)
        self.cli("user", "create", "--machine", "-n", "gateway", "--verifies", "licensing")
        self.cli("user", "set-roles", "gateway", "verifier")
        gateway = json.loads(self.cli("user", "get", "gateway", "--json").stdout)["id"]
        verifier = self.server.request(
            "POST", f"/v1/tokens?owner={gateway}",
            {"name": "gateway", "api": "latchkey", "scopes": ["token:verify"]},
            token=self.server.session()).json()["token"]
        answer = self.server.request("POST", "/v1/tokens/verify",
                                     {"token": old[0], "scopes": ["license:read"]},
                                     token=verifier).json()
        self.assertEqual((answer["verdict"], answer["tokenId"]), ("active", token["id"]))

        # After a restart, and after kill -9.
        self.server.kill()
        self.server.start()
        self.assertEqual(self.verdict(old[0]), "active")
        rotated = json.loads(self.cli("token", "rotate", token["id"], "--grace", "1h",
                                      "--json").stdout)
        self.assertTrue(rotated["token"].startswith("lkp_"))
        self.assertEqual([self.verdict(old[0]), self.verdict(rotated["token"])],
                         ["active", "active"])
        self.cli("token", "revoke", token["id"], "-y")
        self.assertEqual([self.verdict(old[0]), self.verdict(rotated["token"])],
                         ["revoked", "revoked"])
        self.run_import("acme", "acme_", file, *key)
        self.assertEqual(self.verdict(old[0]), "revoked")
        self.cli("events", "verify")
        self.assertNotIn(PEPPER, self.cli("events", "list", "--json").stdout)

    def test_every_line_that_is_wrong_is_named_and_keeps_no_other_out(self):
        good = f"bad_{secrets.token_hex(20)}"
        tokens = [f"bad_{secrets.token_hex(20)}" for _ in range(4)]
        ours = self.create("-n", "ours", "--api", "licensing", "-s", "license:read",
                           "--kind", "opaque")["token"]
        session = self.server.session()
        rows = [
            json.dumps(entry(plain(good))).encode(),
            b"{not json",
            b'{"digest": "\xff\xfe"}',
            b'{"digest": "a", "digest": "b"}',
            b"[1, 2]",
            json.dumps(entry(plain(good)[:-2])).encode(),
            json.dumps(entry(plain(tokens[0]), owner="who@example.com")).encode(),
            json.dumps(entry(plain(tokens[1]), scopes=["license:raed"])).encode(),
            json.dumps(entry(plain(tokens[2]), isAdmin=True)).encode(),
            json.dumps(entry(plain(tokens[3]), description="x" * (1 << 20))).encode(),
            json.dumps(entry(plain(good), name="twin")).encode(),
            json.dumps(entry(plain(ours))).encode(),
            json.dumps(entry(plain(session))).encode(),
            b"",
            json.dumps(entry(plain("bad_last"))).encode(),
        ]
        file = self.file("bad.jsonl", b"\n".join(rows))
        found = self.tally("bad", "bad_", file, "--entropy-bits", "160", "--dry-run", code=10)
        codes = [(one["line"], one["code"]) for one in found["refused"]]
        self.assertEqual([line for line, _ in codes], [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13])
        self.assertEqual([code for _, code in codes[3:]],
                         ["wrong_type", "bad_digest", "unknown_owner", "unknown_scope",
                          "unknown_member", "too_large", "duplicate_digest", "digest_taken",
                          "digest_taken"])
        self.assertEqual((found["imported"], found["lines"], found["dryRun"]), (2, 15, True))
        self.assertEqual(self.verdict(good), "malformed")
        written = self.tally("bad", "bad_", file, "--entropy-bits", "160", code=10)
        self.assertEqual(written["refused"], found["refused"])
        self.assertEqual(self.verdict(good), "active")
        self.assertEqual(self.verdict(ours), "active")
        told = self.run_import("bad", "bad_", file, "--entropy-bits", "160", check=False)
        self.assertIn("line 8: the API licensing has no scope license:raed (/scopes/0)\n"
                      "hint: did you mean license:read?\n", told.stderr)
        self.assertNotIn(plain(good), told.stderr)
        only_bad = self.file("only-bad.jsonl", rows[1])
        self.tally("bad", "bad_", only_bad, "--entropy-bits", "160", code=6)

    def test_what_was_torn_in_the_middle_is_run_again(self):
        tokens = [f"many_{secrets.token_hex(20)}" for _ in range(450)]
        half = [entry(plain(one)) for one in tokens[:130]]
        args = ("--entropy-bits", "160")
        self.run_import("many", "many_", self.lines("half.jsonl", half), *args)
        self.server.kill()
        whole = self.lines("whole.jsonl", [entry(plain(one)) for one in tokens])
        failed = self.run_import("many", "many_", whole, *args, check=False)
        self.assertEqual(failed.returncode, 8, failed.stderr)
        self.server.start()
        tally = self.tally("many", "many_", whole, *args)
        self.assertEqual((tally["imported"], tally["existing"]), (320, 130))
        self.assertEqual({self.verdict(one) for one in tokens[::50]}, {"active"})
        sources = json.loads(self.cli("import-source", "list", "--json").stdout)
        many = next(one for one in sources if one["name"] == "many")
        self.assertEqual((many["tokens"], many["needed"]), (450, 450))
        self.assertIn("many_", self.cli("import-source", "list").stdout)
        self.assertIn("450 tokens", self.fails(6, "import-source", "remove", "many"))
        self.fails(3, "import-source", "remove", "nowhere")

    def test_the_source_is_checked_before_anything_is_sent(self):
        file = self.lines("one.jsonl", [entry(plain("zz_1"))])
        for prefix in ("lkp_", "lk", "eyJ", "x"):
            self.cli_fails(6, "zz", prefix, file, "--entropy-bits", "160")
        self.assertIn("112 bits", self.cli_fails(6, "zz", "zz_", file, "--entropy-bits", "64"))
        self.cli_fails(2, "zz", "zz_", file)
        self.cli_fails(2, "zz", "zz_", file, "--entropy-bits", "many")
        self.cli_fails(2, "zz", "zz_", file, "--entropy-bits", "160", "--hmac-key-file",
                       self.pepper)
        self.cli_fails(1, "zz", "zz_", os.path.join(self.server.scratch, "missing"),
                       "--entropy-bits", "160")
        self.cli_fails(1, "zz", "zz_", file, "--hmac-key-file", self.pepper, "--hmac-key-form",
                       "hex")
        short = self.file("short", "13 bytes long")
        self.cli_fails(6, "zz", "zz_", file, "--hmac-key-file", short)

    def cli_fails(self, code, source, prefix, file, *args):
        return self.fails(code, "import", "--from", "hashes", "--source", source, "--prefix",
                          prefix, file, *args)

    def test_a_token_imports_nothing_whatever_it_may_do(self):
        token = self.create("-n", "all", "--api", "latchkey", "-s", "*")["token"]
        file = self.lines("token.jsonl", [entry(plain("tok_1"))])
        done = self.run_import("tok", "tok_", file, "--entropy-bits", "160", check=False,
                               environment={"LATCHKEY_TOKEN": token})
        self.assertEqual(done.returncode, 5, done.stderr)

    def test_a_bar_is_shown_at_a_terminal_only(self):
        tokens = [entry(plain(f"bar_{secrets.token_hex(20)}")) for _ in range(250)]
        file = self.lines("bar.jsonl", tokens)
        command = [BINARY, "import", "--from", "hashes", "--source", "bar", "--prefix", "bar_",
                   "--entropy-bits", "160", file]
        with Terminal(command, self.server.environment()) as terminal:
            terminal.read_all()
        self.assertEqual(terminal.code, 0, terminal.text)
        self.assertIn("100 % 250 lines", terminal.text)
        self.assertIn("Imported 250 tokens", terminal.text)
        again = self.run_import("bar", "bar_", file, "--entropy-bits", "160")
        self.assertEqual(again.stderr, "")

    def test_lines_come_from_standard_input_too(self):
        secret = f"in_{secrets.token_hex(20)}"
        done = self.run_import("in", "in_", "-", "--entropy-bits", "160",
                               stdin=json.dumps(entry(plain(secret))) + "\n")
        self.assertEqual(done.stdout, "Imported 1 token\n")
        self.assertEqual(self.verdict(secret), "active")


if __name__ == "__main__":
    unittest.main()
