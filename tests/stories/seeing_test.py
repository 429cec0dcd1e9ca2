"""Who uses what: usage, filters, unused scopes and shrinking, as people and gateways meet them."""

import json
import unittest

from latchkey_server import LICENSING
from story import Story
from waiting import poll_until


class SeeingStories(Story):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cli("api", "import", LICENSING)

    def check(self, secret, *scopes, agent="gateway/1"):
        path = "/check/api/licensing" + ("/scope/" + "+".join(scopes) if scopes else "")
        return self.server.request("GET", path, token=secret,
                                   headers={"User-Agent": agent}).status

    def usage(self, token, is_good):
        """As `token usage --json` tells it, once it says what it must."""
        return poll_until(lambda: json.loads(self.cli("token", "usage", token["id"],
                                                      "--json").stdout), is_good)

    def make(self, *scopes, kind="opaque", name="a token"):
        return self.create("-n", name, "--api", "licensing", "--kind", kind,
                           "-s", ",".join(scopes))

    def listed(self, *args):
        return [token["id"] for token in
                json.loads(self.cli("token", "list", "--json", "--all", *args).stdout)]

    def test_uses_denials_and_scopes_are_counted(self):
        token = self.make("license:read", "license:write")
        for _ in range(3):
            self.assertEqual(self.check(token["token"], "license:read"), 200)
        self.assertEqual(self.check(token["token"]), 200)
        self.assertEqual(self.check(token["token"], "user:read"), 403)
        usage = self.usage(token, lambda seen: (seen["uses"], seen["denials"]) == (4, 1))
        self.assertEqual(usage["lastAgent"], "gateway/1")
        self.assertEqual(usage["lastAddress"], "127.0.0.1")
        self.assertEqual(len(usage["days"]), 30)
        self.assertEqual(usage["days"][-1]["uses"], 4)
        self.assertEqual([(one["verdict"], one["count"]) for one in usage["denied"]],
                         [("insufficient_scope", 1)])
        self.assertEqual([(one["scope"], one["uses"]) for one in usage["scopes"]],
                         [("license:read", 3)])
        self.assertEqual(usage["usesWithoutScope"], 1)
        self.assertEqual([one["generation"] for one in usage["generations"]], [1])
        shown = self.cli("token", "get", token["id"]).stdout
        self.assertRegex(shown, r"uses +4 in 30 days, 4 in all, 1 denied")
        self.assertRegex(shown, r"days +·+█")
        self.assertRegex(shown, r"denied +insufficient_scope 1")
        told = self.cli("token", "usage", token["id"], "--days", "7").stdout
        self.assertIn("license:read", told)
        self.assertIn("gateway/1", told)

    def test_a_token_that_was_never_used(self):
        token = self.make("license:read")
        usage = json.loads(self.cli("token", "usage", token["id"], "--json", "--days", "3").stdout)
        self.assertEqual((usage["uses"], usage["lastUsedAt"], len(usage["days"])), (0, None, 3))
        self.assertRegex(self.cli("token", "usage", token["id"]).stdout, r"last used +Never")

    def test_unknown_tokens_and_wrong_days(self):
        for verb in ("usage", "unused", "shrink"):
            self.assertIn("no such token", self.fails(3, "token", verb, "7VgsDiH8jBPtiFiGXPvsxk"))
        token = self.make("license:read")
        self.assertIn("number of days", self.fails(2, "token", "usage", token["id"], "--days", "x"))
        self.assertIn("from 1 to 400", self.fails(6, "token", "unused", token["id"],
                                                  "--days", "500"))

    def test_unused_scopes_are_named_and_taken_away(self):
        token = self.make("license:read", "license:write", "user:read", kind="jwt")
        self.assertEqual(self.check(token["token"], "license:read"), 200)
        self.usage(token, lambda seen: seen["uses"] == 1)
        unused = json.loads(self.cli("token", "unused", token["id"], "--json").stdout)
        self.assertEqual(unused["scopes"], ["license:write", "user:read"])
        self.assertEqual(unused["used"], ["license:read"])
        self.assertFalse(unused["enough"])
        told = self.cli("token", "unused", token["id"])
        self.assertRegex(told.stdout, r"unused +license:write user:read")
        self.assertIn("recorded only since", told.stderr)

        done = self.cli("token", "shrink", token["id"])
        self.assertRegex(done.stdout, r"from +license:read license:write user:read")
        self.assertRegex(done.stdout, r"to +license:read\n")
        self.assertIn("nothing that was recorded", done.stdout)
        self.assertIn("nothing was changed", done.stderr)
        self.assertEqual(self.check(token["token"], "user:read"), 200)

        again = json.loads(self.cli("token", "shrink", token["id"], "--json").stdout)
        self.assertEqual(again["to"], ["license:read", "user:read"])  # the check above counts
        self.assertEqual((again["applied"], again["wouldHaveBeenDenied"]), (False, []))
        done = self.cli("token", "shrink", token["id"], "--apply")
        self.assertIn(f"Narrowed token {token['id']}", done.stdout)
        self.assertEqual(self.check(token["token"], "license:write"), 403)
        self.assertEqual(self.check(token["token"], "license:read"), 200)
        self.assertEqual(json.loads(self.cli("token", "get", token["id"], "--json").stdout)
                         ["scopes"], ["license:read", "user:read"])

    def test_lists_are_filtered(self):
        read = self.make("license:read", name="ci reader")
        make = self.make("license:write", name="ci maker")
        soon = self.create("-n", "soon", "--api", "licensing", "-e", "2d", "-s", "user:read")
        other = self.create("-n", "manager", "--api", "latchkey", "-s", "token:read")
        self.assertEqual(self.check(read["token"], "license:read"), 200)
        self.usage(read, lambda seen: seen["uses"] == 1)
        self.assertEqual(self.listed("--scope", "license:write"), [make["id"]])
        self.assertEqual(self.listed("--search", "CI MAK"), [make["id"]])
        self.assertIn(soon["id"], self.listed("--state", "expiring"))
        self.assertNotIn(make["id"], self.listed("--state", "expiring"))
        self.assertIn(soon["id"], self.listed("--expires-before", "3d"))
        self.assertNotIn(soon["id"], self.listed("--expires-before", "1d"))
        self.assertNotIn(other["id"], self.listed("--api", "licensing"))
        self.assertEqual(self.listed("--unused-for", "1d"), [])
        self.assertEqual(self.listed("--sort", "-lastUsedAt")[0], read["id"])
        self.assertEqual(self.listed("--sort", "expiresAt")[0], soon["id"])
        self.assertIn("scope is one scope",
                      self.fails(6, "token", "list", "--scope", "no scope"))
        self.assertIn("90d", self.fails(6, "token", "list", "--unused-for", "soon"))

    def test_a_list_shows_the_last_seven_days_when_asked(self):
        token = self.make("license:read", name="weekly")
        self.assertEqual(self.check(token["token"], "license:read"), 200)
        self.usage(token, lambda seen: seen["uses"] == 1)
        answer = self.server.request("GET", "/v1/tokens?include=usage&q=weekly",
                                     token=self.server.session())
        self.assertEqual(answer.json()[0]["uses7d"], [0, 0, 0, 0, 0, 0, 1])

    def test_the_scopes_that_our_own_api_asked_for_count_too(self):
        token = self.create("-n", "manager", "--api", "latchkey", "-s", "token:read,project:read")
        self.cli("token", "list", "--token", token["token"])
        usage = self.usage(token, lambda seen: seen["uses"] >= 1 and seen["scopes"])
        self.assertEqual([one["scope"] for one in usage["scopes"]], ["token:read"])


if __name__ == "__main__":
    unittest.main()
