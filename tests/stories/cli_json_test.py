"""docs/cli-json.md: every command of its table runs, and its answer has the members it names."""

import json
import os
import re
import unittest

import yaml

from latchkey_server import EMAIL, LICENSING, PASSWORD, SOURCE
from story import Story

UNKNOWN_ID = "7VgsDiH8jBPtiFiGXPvsxk"
POLICY = '{"version":"2022-12-15","statement":[{"effect":"Allow","action":["*"],"resource":["*"]}]}'


def documented():
    """{command: (is_list, [words])} of the page's table."""
    with open(os.path.join(SOURCE, "docs", "cli-json.md"), encoding="utf-8") as opened:
        page = opened.read()
    rows = re.findall(r"(?m)^\| `latchkey ([a-z -]+)` \| (.*) \|$", page)
    return {name: (answer.startswith("list of"), re.findall(r"`([^`]+)`", answer))
            for name, answer in rows}


class Schemas:
    """Which members a schema has, and which of them are always there."""

    def __init__(self):
        with open(os.path.join(SOURCE, "spec", "openapi.yaml"), encoding="utf-8") as opened:
            self.all = yaml.safe_load(opened)["components"]["schemas"]

    def members(self, schema):
        if isinstance(schema, str):
            schema = self.all[schema]
        if "$ref" in schema:
            return self.members(schema["$ref"].rsplit("/", 1)[-1])
        known, needed = set(schema.get("properties", ())), set(schema.get("required", ()))
        for part in schema.get("allOf", ()):
            more, must = self.members(part)
            known, needed = known | more, needed | must
        choices = [self.members(part) for part in schema.get("oneOf", schema.get("anyOf", ()))]
        for more, _ in choices:
            known |= more
        if choices:
            needed |= set.intersection(*(must for _, must in choices))
        return known, needed


class JsonStories(Story):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.schemas, cls.documented, cls.seen = Schemas(), documented(), set()

    def expected(self, words):
        known, needed = set(), set()
        for word in words:
            if word[0].isupper():
                more, must = self.schemas.members(word)
                known, needed = known | more, needed | must
            elif word.endswith("?"):
                known.add(word[:-1])
            else:
                known.add(word)
                needed.add(word)
        return known, needed

    def run_one(self, name, *args, check=True, **options):
        """Runs it, compares its answer with the page, and gives the answer back."""
        done = self.cli(*name.split(), "--json", *args, check=check, **options)
        answer = json.loads(done.stdout)
        is_list, words = self.documented[name]
        known, needed = self.expected(words)
        self.assertEqual(isinstance(answer, list), is_list, name)
        items = answer if is_list else [answer]
        self.assertTrue(items, f"{name}: an empty list shows nothing")
        for item in items:
            self.assertEqual(set(item) - known, set(), f"{name}: not on the page")
            self.assertEqual(needed - set(item), set(), f"{name}: on the page alone")
        if is_list:
            lines = self.cli(*name.split(), "--json", "-q", *args, **options).stdout.splitlines()
            # Whole answers may differ by now: a token was used meanwhile.
            self.assertEqual([set(json.loads(line)) for line in lines],
                             [set(item) for item in answer], name)
        self.assertEqual(done.stdout.count("\n"), 1, "into a pipe it is one line")
        self.seen.add(name)
        return answer

    def test_every_command_answers_as_the_page_says(self):
        self.tokens()
        self.many_tokens()
        self.key_tokens()
        self.projects()
        self.roles_users_and_apis()
        self.log()
        self.logins()
        self.assertEqual(set(self.documented) - self.seen, set())

    def tokens(self):
        made = self.run_one("token create", "-n", "first", "-e", "30d")
        self.run_one("token list")
        self.run_one("token get", made["id"])
        self.run_one("token update", made["id"], "-n", "second")
        self.run_one("token verify", made["token"])
        self.run_one("token verify", made["token"], "--scope", "role:write", check=False)
        self.run_one("token inspect", made["token"])
        self.run_one("token rotate", made["id"], "--grace", "1h", "--until-silent", "1h")
        for verb in ("usage", "unused", "shrink"):
            self.run_one(f"token {verb}", made["id"])
        for verb in ("suspend", "resume", "revoke", "delete"):
            self.run_one(f"token {verb}", made["id"])

    def many_tokens(self):
        self.create("-n", "one of many", "--api", "latchkey", "-s", "account:write")
        of_it = ("--scope", "account:write")
        self.run_one("token bulk suspend --dry-run", *of_it)
        self.run_one("token bulk suspend -y", *of_it)
        self.run_one("token bulk revoke --dry-run", *of_it)
        begun = self.run_one("token bulk revoke -y", *of_it)
        self.run_one("token bulk status", begun["id"])

    def key_tokens(self):
        out = os.path.join(self.server.scratch, "key.json")
        made = self.run_one("token create-token", "-n", "key-token", "-g", "-a", "ES256", "-w",
                            "--no-input")
        with open(out, "w", encoding="utf-8") as opened:
            json.dump({**made["credentials"], "server": self.server.url}, opened)
        os.chmod(out, 0o600)
        self.run_one("token list-tokens")
        self.run_one("token get-token", "-i", made["token"]["id"])
        self.run_one("token update-token", "-i", made["token"]["id"], "-n", "key-token-2")
        self.run_one("exchange", "--credentials", out)
        self.run_one("token delete-token", "-i", made["token"]["id"])

    def projects(self):
        token = self.create("-n", "member", "-s", "*")["id"]
        self.run_one("project create", "orders")
        self.run_one("project list")
        self.run_one("project get", "orders")
        self.run_one("project select", "orders")
        self.run_one("project update", "orders", "-d", "all of them")
        self.run_one("iam add-principal", "-i", token)
        self.run_one("iam update-policies", "-i", token, "--file", "-", stdin=POLICY)
        self.run_one("iam get-policies", "-i", token)
        self.run_one("iam list-principals")
        self.run_one("iam test", "-i", token, "-a", "token:read")
        self.run_one("iam remove-principal", "-i", token)
        self.run_one("project delete", "orders", "-y")

    def roles_users_and_apis(self):
        self.run_one("role create", "auditor", "--allow", "latchkey=event:read")
        self.run_one("role get", "auditor")
        self.run_one("role list")
        self.run_one("role update", "auditor", "--allow", "latchkey=event:read,user:read")
        self.run_one("role delete", "auditor")
        self.run_one("user create", "--machine", "-n", "gateway")
        for name in ("user get", "user disable", "user enable"):
            self.run_one(name, "gateway")
        self.run_one("user set-roles", "gateway", "verifier")
        self.run_one("user create", "--email", "grace@example.com", "--invite")
        self.run_one("user invite", "grace@example.com")
        self.run_one("user reset-factor", "grace@example.com")
        self.run_one("user list")
        self.run_one("api create", "things")
        self.run_one("api get", "things")
        self.run_one("api list")
        self.run_one("api import", LICENSING)
        self.run_one("scope list", "--api", "licensing")
        line = {"digest": "ab" * 32, "name": "old", "owner": "admin@example.com",
                "api": "licensing", "scopes": []}
        self.run_one("import", "--from", "hashes", "--source", "acme", "--prefix", "acme_",
                     "--entropy-bits", "160", "-", stdin=json.dumps(line))
        self.run_one("import-source list")
        self.cli("import", "--from", "hashes", "--source", "unused", "--prefix", "unused_",
                 "--entropy-bits", "160", "-")
        self.run_one("import-source remove", "unused")

    def log(self):
        self.run_one("events list", "--limit", "20")
        self.run_one("events checkpoint")
        self.run_one("events verify")
        self.run_one("version")
        self.run_one("docs man", "--out", os.path.join(self.server.scratch, "man"))

    def logins(self):
        own = {"LATCHKEY_CONFIG_DIR": os.path.join(self.server.scratch, "json")}
        for context in ("one", "two", "three"):
            self.run_one("login", "--email", EMAIL, "--password-stdin", "--context", context,
                         stdin=PASSWORD, environment=own)
        own["LATCHKEY_SERVER"] = ""
        self.run_one("whoami", environment=own)
        token = self.create("-n", "who", "--api", "latchkey")["token"]
        self.run_one("whoami", "--token", token)
        self.run_one("status", environment=own)
        self.run_one("status", "--token", token)
        self.run_one("context list", environment=own)
        self.run_one("context show", "one", environment=own)
        self.run_one("context use", "one", environment=own)
        self.run_one("context rename", "two", "second", environment=own)
        self.run_one("context delete", "second", environment=own)
        self.run_one("logout", environment=own)

    def test_errors_are_one_object_on_stderr(self):
        nobody = {"LATCHKEY_SERVER": "http://127.0.0.1:1"}
        weak = self.create("-n", "weak", "--api", "latchkey", "-s", "account:read")["token"]
        for args, environment, exit_code, code, members in (
                (["token", "get", UNKNOWN_ID], {}, 3, "unknown_token", {"status", "requestId"}),
                (["tokn"], {}, 2, "usage", {"hint"}),
                (["token", "create", "--kind", "x", "-n", "y"], {}, 2, "usage", {"hint"}),
                (["status"], nobody, 8, "connect_failed", set()),
                (["whoami", "--token", "lkp_" + "A" * 40], {}, 4, "invalid_token",
                 {"hint", "status", "requestId"}),
                (["token", "list", "--token", weak], {}, 5, "insufficient_scope",
                 {"hint", "status", "requestId", "missingScopes"}),
                (["token", "create", "-n", "x", "-s", "no:pe", "--api", "latchkey"], {}, 6,
                 "unknown_scope", {"status", "requestId"}),
                (["context", "use", "nope"], {}, 3, "not_found", {"hint"})):
            with self.subTest(args=args):
                done = self.cli(*args, "--json", check=False, environment=environment)
                self.assertEqual((done.returncode, done.stdout), (exit_code, ""), done.stderr)
                error = json.loads(done.stderr.splitlines()[-1])["error"]
                self.assertEqual(error["code"], code)
                self.assertLessEqual(members, set(error))
                self.assertLessEqual({"code", "message"}, set(error))
                self.assertLessEqual(set(error), {"code", "message", "hint", "status", "requestId",
                                                  "line", "column", "missingScopes"})


if __name__ == "__main__":
    unittest.main()
