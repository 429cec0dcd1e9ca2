"""Many tokens at once: the dry run, the question, the rule that counts at once, and its settling."""

import json
import os
import unittest

from latchkey_server import BINARY, LICENSING
from latchkey_terminal import Terminal
from story import Story
from waiting import poll_until


class BulkStories(Story):
    def setUp(self):
        # Each story has its own API: bulk changes of one never meet the tokens of another.
        slug = "api-" + self.id().rsplit(".", 1)[1].replace("_", "-")[:24].strip("-")
        with open(LICENSING, encoding="utf-8") as file:
            text = file.read()
        path = os.path.join(self.server.scratch, slug + ".toml")
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(
                f'slug = "{slug}"' if line.startswith("slug") else
                f'audience = "{slug}"' if line.startswith("audience") else line
                for line in text.splitlines()))
        self.cli("api", "import", path)
        self.api = slug

    def make(self, *args, scopes="license:read"):
        return self.create("-n", "a token", "--api", self.api, "-s", scopes, *args)

    def verdict(self, token):
        answer = self.server.request("GET", f"/check/api/{self.api}", token=token["token"])
        return answer.headers["Latchkey-Verdict"]

    def bulk(self, *args, **options):
        return self.cli("token", "bulk", *args, "--api", self.api, **options)

    def settled(self, started):
        return poll_until(
            lambda: json.loads(self.cli("token", "bulk", "status", started["id"],
                                        "--json").stdout),
            lambda progress: progress["state"] == "settled")

    def test_a_dry_run_counts_lists_and_changes_nothing(self):
        first, second = self.make(), self.make(scopes="license:write")
        done = self.bulk("revoke", "--dry-run")
        self.assertIn("2 tokens\n", done.stdout)
        self.assertIn("a token", done.stdout)
        found = json.loads(self.bulk("revoke", "--scope", "license:write", "--dry-run",
                                     "--json").stdout)
        self.assertEqual((found["count"], found["more"]), (1, False))
        self.assertEqual([token["id"] for token in found["tokens"]], [second["id"]])
        self.assertNotIn("token", found["tokens"][0])
        self.assertEqual(self.verdict(first), "active")

    def test_revoking_counts_at_once_and_stays_when_it_is_settled(self):
        tokens = [self.make("--kind", kind) for kind in ("jwt", "opaque", "jwt")]
        started = json.loads(self.bulk("revoke", "--reason", "leaked", "-y", "--json").stdout)
        self.assertEqual(started["count"], 3)
        later = self.make()
        for _ in range(2):
            for token in tokens:
                self.assertEqual(self.verdict(token), "revoked")
                shown = json.loads(self.cli("token", "get", token["id"], "--json").stdout)
                self.assertEqual((shown["state"], shown["reason"]), ("revoked", "leaked"))
            self.assertEqual(self.verdict(later), "active")
            progress = self.settled(started)
        self.assertEqual((progress["settled"], progress["count"]), (3, 3))
        listed = json.loads(self.cli("token", "list", "--api", self.api, "--json").stdout)
        self.assertEqual([token["id"] for token in listed], [later["id"]])
        events = self.cli("events", "list", "--type", "token.bulk_revoked", "--json").stdout
        self.assertIn(started["id"], events)
        self.cli("events", "verify")

    def test_suspended_tokens_are_resumed_before_and_after_settling(self):
        first, second = self.make(), self.make()
        started = json.loads(self.bulk("suspend", "-y", "--json").stdout)
        self.cli("token", "resume", first["id"])
        self.assertEqual(self.verdict(first), "active")
        self.assertEqual(self.verdict(second), "suspended")
        self.settled(started)
        self.assertEqual(self.verdict(first), "active")
        self.assertEqual(self.verdict(second), "suspended")
        self.cli("token", "resume", second["id"])
        self.assertEqual(self.verdict(second), "active")

    def test_status_lists_never_call_a_stopped_token_valid(self):
        token = self.make("--kind", "jwt")
        self.assertEqual(self.verdict(token), "active")
        before = self.server.request("GET", "/status/0").body
        started = json.loads(self.bulk("revoke", "-y", "--json").stdout)
        during = self.server.request("GET", "/status/0").body
        self.assertNotEqual(before, during)
        self.settled(started)
        self.assertEqual(self.verdict(token), "revoked")

    def test_it_asks_at_a_terminal_and_takes_no_for_an_answer(self):
        token = self.make()
        for typed, code, verdict in (("n", 1, "active"), ("y", 0, "revoked")):
            with Terminal([BINARY, "token", "bulk", "revoke", "--api", self.api],
                          self.server.environment()) as terminal:
                terminal.expect("1 token\n")
                terminal.expect("Revoke 1 token?")
                terminal.send(typed + "\n")
                terminal.read_all()
                self.assertEqual(terminal.code, code)
            self.assertEqual(self.verdict(token), verdict)

    def test_errors(self):
        self.make()
        self.assertIn("at least one filter", self.fails(2, "token", "bulk", "revoke"))
        self.assertIn("say --yes", self.cli("token", "bulk", "revoke", "--api", self.api,
                                            check=False).stderr)
        self.assertIn("--minted-before takes", self.fails(
            2, "token", "bulk", "revoke", "--minted-before", "yesterday", "-y"))
        self.assertIn("no duration", self.fails(
            6, "token", "bulk", "revoke", "--unused-for", "long", "-y"))
        self.assertIn("not a scope", self.fails(
            6, "token", "bulk", "revoke", "--scope", "x", "-y"))
        self.assertIn("no such bulk change", self.fails(
            3, "token", "bulk", "status", "7VgsDiH8jBPtiFiGXPvsxk"))

    def test_filters_of_time_and_owner(self):
        token = self.make()
        for args, count in ((["--minted-before", "1h"], 0), (["--minted-before", "2099-01-01"], 1),
                            (["--unused-for", "1d"], 0), (["--owner", "admin@example.com"], 1)):
            with self.subTest(args=args):
                found = json.loads(self.bulk("revoke", *args, "--dry-run", "--json").stdout)
                self.assertEqual(found["count"], count)
        self.bulk("revoke", "--minted-before", "1h", "-y")
        self.assertEqual(self.verdict(token), "active")


class RestartStory(Story):
    def test_a_rule_survives_a_kill_before_it_is_settled(self):
        tokens = [self.create("-n", f"many {i}", "--api", "latchkey", "-s", "token:read")
                  for i in range(3)]
        self.cli("token", "bulk", "revoke", "--scope", "token:read", "-y")
        self.server.kill()
        self.server.start()
        for token in tokens:
            answer = self.server.request("GET", "/v1/tokens/self", token=token["token"])
            self.assertEqual(answer.status, 401)


if __name__ == "__main__":
    unittest.main()
