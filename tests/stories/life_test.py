"""The life of a token at the command line: changed, limited, rotated, copied, ended."""

import base64
import json
import os
import re
import unittest

from latchkey_server import SOURCE
from story import Story

JWT = r"[\w-]+\.[\w-]+\.[\w-]+"
OPAQUE = r"lkp_[0-9A-Za-z]{40}"
UNKNOWN_ID = "7VgsDiH8jBPtiFiGXPvsxk"


def claims_of(jwt):
    body = jwt.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


class LifeStory(Story):
    def get(self, token):
        return json.loads(self.cli("token", "get", token, "--json").stdout)

    def check(self, secret, path="/check/api/latchkey"):
        return self.server.request("GET", path, token=secret)

    def verdict(self, secret):
        answer = self.check(secret)
        return answer.headers["Latchkey-Verdict"]


class UpdateStories(LifeStory):
    def make(self, *args):
        return self.create("-n", "mine", "--api", "latchkey", "--kind", "opaque",
                           "-s", "token:read", *args)

    def test_every_flag_changes_what_it_says(self):
        made = self.make()
        done = self.cli("token", "update", made["id"], "-n", "new", "-d", "for the office",
                        "-e", "30d", "-s", "token:read,account:read", "--ip",
                        "127.0.0.0/8,2001:db8::/32", "--rate", "100/1m")
        self.assertEqual(done.stdout, f"Updated token {made['id']}\n")
        now = self.get(made["id"])
        self.assertEqual(now["name"], "new")
        self.assertEqual(now["description"], "for the office")
        self.assertEqual(now["scopes"], ["account:read", "token:read"])
        self.assertEqual(now["allowedIps"], ["127.0.0.0/8", "2001:db8::/32"])
        self.assertEqual(now["rateLimit"], {"requests": 100, "seconds": 60})
        self.assertIsNotNone(now["expiresAt"])
        shown = self.cli("token", "get", made["id"]).stdout
        self.assertIn("100 a minute", shown)
        self.assertIn("127.0.0.0/8 2001:db8::/32", shown)
        self.cli("token", "update", made["id"], "-e", "none", "--ip", "none", "--rate", "none")
        now = self.get(made["id"])
        self.assertEqual([now["expiresAt"], now["allowedIps"], now["rateLimit"]], [None, [], None])

    def test_scopes_take_steps(self):
        made = self.make()
        self.cli("token", "update", made["id"], "-s", "+account:read,-token:read")
        self.assertEqual(self.get(made["id"])["scopes"], ["account:read"])
        self.cli("token", "update", made["id"], "--scope=-account:read")
        self.assertEqual(self.get(made["id"])["scopes"], [])
        self.assertIn("has no scope", self.fails(2, "token", "update", made["id"], "--scope=-a:b"))
        self.assertIn("steps", self.fails(2, "token", "update", made["id"], "-s", "+a:b,c:d"))

    def test_an_address_that_is_not_allowed_is_refused_at_once(self):
        made = self.make()
        self.assertEqual(self.verdict(made["token"]), "active")
        self.cli("token", "update", made["id"], "--ip", "192.0.2.0/24")
        self.assertEqual(self.verdict(made["token"]), "address_not_allowed")
        self.assertIn("address range", self.fails(6, "token", "update", made["id"], "--ip", "x"))

    def test_a_token_may_begin_later(self):
        made = self.make("--not-before", "2099-01-31")
        self.assertEqual(made["notBefore"], "2099-01-31T00:00:00.000Z")
        self.assertEqual(self.verdict(made["token"]), "not_yet_valid")
        self.cli("token", "update", made["id"], "--not-before", "now")
        self.assertEqual(self.verdict(made["token"]), "active")
        error = self.fails(6, "token", "update", made["id"], "-e", "1h", "--not-before", "2h")
        self.assertIn("end before it begins", error)

    def test_a_jwt_is_only_narrowed(self):
        made = self.create("-n", "a jwt", "--api", "latchkey", "-s", "token:read,account:read",
                           "-e", "30d")
        for wider in (["-s", "+token:write"], ["-e", "none"], ["-e", "60d"]):
            error = self.fails(6, "token", "update", made["id"], *wider)
            self.assertIn("only ever narrowed", error)
            self.assertIn("latchkey token rotate", error)
        self.cli("token", "update", made["id"], "-s", "token:read", "-e", "10d")
        self.assertEqual(self.check(made["token"], "/check/api/latchkey/scope/account:read").status,
                         403)
        self.assertEqual(self.check(made["token"], "/check/api/latchkey/scope/token:read").status,
                         200)

    def test_what_is_wrong_is_said(self):
        made = self.make()
        self.assertIn("nothing to change", self.fails(2, "token", "update", made["id"]))
        self.fails(3, "token", "update", UNKNOWN_ID, "-n", "x")
        for rate in ("100", "0/1m", "100/", "many/1m", "-1/1m", "100/0s"):
            error = self.fails(2, "token", "update", made["id"], f"--rate={rate}")
            self.assertIn("is no rate", error)
        self.assertIn("a rate is", self.fails(6, "token", "update", made["id"], "--rate=1/2d"))
        self.fails(2, "token", "update", made["id"], "-e", "soon")
        self.fails(2, "token", "update", made["id"], "--not-before", "later")

    def test_reasons_stay_with_what_was_stopped(self):
        made = self.make()
        self.cli("token", "suspend", made["id"], "--reason", "on holiday")
        self.assertEqual(self.get(made["id"])["reason"], "on holiday")
        self.assertEqual(self.verdict(made["token"]), "suspended")
        self.cli("token", "resume", made["id"])
        self.assertEqual(self.verdict(made["token"]), "active")
        self.cli("token", "revoke", made["id"], "--reason", "lost")
        self.assertIn("lost", self.cli("token", "get", made["id"]).stdout)
        self.assertIn("for ever", self.fails(6, "token", "update", made["id"], "--rate", "1/1m"))
        self.assertIn("for ever", self.fails(6, "token", "rotate", made["id"]))


class RateStories(LifeStory):
    def test_a_rate_is_kept_and_told(self):
        made = self.create("-n", "limited", "--api", "latchkey", "-s", "token:read",
                           "--rate", "3/1d")
        answers = [self.check(made["token"]) for _ in range(4)]
        self.assertEqual([answer.status for answer in answers], [200, 200, 200, 429])
        self.assertRegex(answers[0].headers["RateLimit"], r'\A"token";r=2;t=\d+\Z')
        self.assertEqual(answers[0].headers["RateLimit-Policy"], '"token";q=3;w=86400')
        refused = answers[3]
        self.assertEqual(refused.headers["Latchkey-Verdict"], "rate_limited")
        self.assertRegex(refused.headers["RateLimit"], r'\A"token";r=0;t=\d+\Z')
        self.assertEqual(refused.json()["code"], "rate_limited")
        self.assertEqual(int(refused.headers["Retry-After"]), refused.json()["retryAfter"])
        nginx = self.check(made["token"], "/check/nginx/api/latchkey")
        self.assertEqual(nginx.status, 403)
        self.assertEqual(nginx.headers["Latchkey-Verdict"], "rate_limited")
        error = self.fails(7, "token", "list", "--token", made["token"])
        self.assertIn("too often", error)

    def test_denials_cost_nothing(self):
        made = self.create("-n", "limited", "--api", "latchkey", "-s", "token:read",
                           "--rate", "1/1d")
        for _ in range(5):
            path = "/check/api/latchkey/scope/token:write"
            self.assertEqual(self.check(made["token"], path).status, 403)
        self.assertEqual(self.check(made["token"]).status, 200)
        self.assertEqual(self.check(made["token"]).status, 429)

    def test_a_token_without_a_rate_hears_nothing_of_one(self):
        made = self.create("-n", "plain", "--api", "latchkey")
        headers = self.check(made["token"]).headers
        self.assertIsNone(headers["RateLimit"])
        self.assertIsNone(headers["Token-Expires-At"])


class RotateStories(LifeStory):
    def make(self, *args):
        return self.create("-n", "in use", "--api", "latchkey", "-s", "token:read", *args)

    def test_it_prints_as_create_does_and_tells_about_the_old_one(self):
        made = self.make()
        done = self.cli("token", "rotate", made["id"])
        self.assertRegex(done.stdout, rf"\ASuccess! Your token: {JWT}\n\Z")
        self.assertIn("the old secret works until", done.stderr)
        new = done.stdout.split()[-1]
        self.assertNotEqual(new, made["token"])
        self.assertEqual(self.verdict(made["token"]), "active")
        self.assertEqual(self.verdict(new), "active")
        self.assertIn("token_id", claims_of(new))
        self.assertNotIn("token_id", claims_of(made["token"]))
        quiet = self.cli("token", "rotate", made["id"], "-q")
        self.assertRegex(quiet.stdout, rf"\A{JWT}\n\Z")
        self.assertEqual(quiet.stderr, "")
        # Two older ones never live side by side.
        self.assertEqual(self.verdict(made["token"]), "revoked")
        self.assertEqual(self.verdict(new), "active")

    def test_json_is_the_token_and_what_became_of_the_old_secret(self):
        made = self.make("--kind", "opaque")
        done = self.cli("token", "rotate", made["id"], "--json", "--grace", "7d",
                        "--until-silent", "6h")
        rotated = json.loads(done.stdout)
        self.assertRegex(rotated["token"], rf"\A{OPAQUE}\Z")
        self.assertEqual(rotated["id"], made["id"])
        self.assertEqual(rotated["previous"]["untilSilentSeconds"], 6 * 3600)
        self.assertEqual(rotated["generation"], 2)
        secrets = self.get(made["id"])["secrets"]
        self.assertEqual([secret["generation"] for secret in secrets], [2, 1])
        self.assertEqual([secret["state"] for secret in secrets], ["live", "live"])
        self.assertEqual(secrets[1]["endsAt"], rotated["previous"]["endsAt"])
        shown = self.cli("token", "get", made["id"]).stdout
        self.assertRegex(shown, r"old secret +works until .*, or 6 hours of silence, never used")

    def test_no_grace_ends_the_old_one_at_once(self):
        made = self.make()
        done = self.cli("token", "rotate", made["id"], "--grace", "0")
        self.assertIn("the old secret has ended", done.stderr)
        self.assertEqual(self.verdict(made["token"]), "revoked")
        self.assertEqual(self.get(made["id"])["secrets"][1]["state"], "revoked")

    def test_a_jwt_is_widened_by_a_rotation(self):
        made = self.make("-e", "30d")
        done = self.cli("token", "rotate", made["id"], "-s", "token:read,account:read", "-e",
                        "none", "-q")
        claims = claims_of(done.stdout.strip())
        self.assertEqual(claims["scope"], "account:read token:read")
        self.assertNotIn("exp", claims)

    def test_a_retry_with_its_key_rotates_once(self):
        made = self.make()
        headers = {"Idempotency-Key": "rotate-once-1234"}
        session = self.server.session()
        path = f"/v1/tokens/{made['id']}/rotate"
        first = self.server.request("POST", path, {}, token=session, headers=headers)
        second = self.server.request("POST", path, {}, token=session, headers=headers)
        self.assertEqual(first.status, 200, first.body)
        self.assertEqual(first.json()["token"], second.json()["token"])
        self.assertEqual(self.get(made["id"])["generation"], 2)

    def test_what_is_wrong_is_said(self):
        made = self.make()
        self.fails(3, "token", "rotate", UNKNOWN_ID)
        self.assertIn("no length of time", self.fails(2, "token", "rotate", made["id"],
                                                      "--grace", "long"))
        self.assertIn("30 days", self.fails(6, "token", "rotate", made["id"], "--grace", "31d"))
        self.assertIn("an hour", self.fails(6, "token", "rotate", made["id"],
                                            "--until-silent", "59m"))
        self.assertIn("no scope", self.fails(6, "token", "rotate", made["id"], "-s", "tokn:read"))
        key = json.loads(self.cli("token", "create-token", "-n", "a key token", "-g", "--json",
                                  "-a", "ES256").stdout)
        error = self.fails(6, "token", "rotate", key["token"]["id"])
        self.assertIn("add a new key", error)


class CopyStories(LifeStory):
    def test_like_copies_what_is_not_given(self):
        made = self.create("-n", "the first", "-d", "for ci", "--api", "latchkey", "-s",
                           "token:read", "--ip", "127.0.0.1", "--rate", "5/1m", "-e", "30d",
                           "--kind", "opaque")
        copy = self.create("--like", made["id"])
        self.assertEqual(copy["name"], "the first copy")
        for member in ("description", "kind", "api", "scopes", "allowedIps", "rateLimit"):
            self.assertEqual(copy[member], made[member], member)
        self.assertIsNotNone(copy["expiresAt"])
        other = self.create("--like", made["id"], "-n", "another", "-e", "none", "--ip", "none")
        self.assertEqual(other["name"], "another")
        self.assertEqual([other["expiresAt"], other["allowedIps"]], [None, []])

    def test_what_is_not_there_is_not_copied(self):
        self.fails(3, "token", "create", "--like", UNKNOWN_ID)


class ExpiryStories(LifeStory):
    def test_what_expires_says_so(self):
        made = self.create("-n", "short", "--api", "latchkey", "-s", "token:read", "-e", "30d")
        self.assertEqual(self.check(made["token"]).headers["Token-Expires-At"], made["expiresAt"])
        own = self.server.request("GET", "/v1/tokens/self", token=made["token"])
        self.assertEqual(own.headers["Token-Expires-At"], made["expiresAt"])
        session = self.server.request("GET", "/v1/tokens", token=self.server.session())
        self.assertIsNone(session.headers["Token-Expires-At"])

    def test_the_command_line_warns_in_the_last_two_weeks(self):
        for life, warns in (("13d", True), ("15d", False)):
            made = self.create("-n", "short", "--api", "latchkey", "-s", "token:read", "-e", life)
            done = self.cli("token", "list", "--token", made["token"])
            self.assertEqual("rotate it before" in done.stderr, warns, done.stderr)
        made = self.create("-n", "short", "--api", "latchkey", "-s", "token:read", "-e", "1h")
        self.assertEqual(self.cli("token", "list", "-q", "--token", made["token"]).stderr, "")

    def test_a_rotated_secret_says_when_it_ends(self):
        made = self.create("-n", "in use", "--api", "latchkey", "-s", "token:read")
        rotated = json.loads(self.cli("token", "rotate", made["id"], "--json").stdout)
        self.assertEqual(self.check(made["token"]).headers["Token-Expires-At"],
                         rotated["previous"]["endsAt"])
        self.assertIsNone(self.check(rotated["token"]).headers["Token-Expires-At"])


class DocumentStories(LifeStory):
    def test_the_commands_of_the_page_about_rotation_work(self):
        with open(os.path.join(SOURCE, "docs", "rotation.md")) as page:
            text = page.read()
        made = self.create("-n", "of the page", "--api", "latchkey", "-s", "token:read",
                           "--kind", "opaque")
        commands = re.findall(r"^latchkey (token .*)$", text, re.M)
        self.assertGreater(len(commands), 5)
        for command in commands:
            words = [made["id"] if word == "ID" else word.strip("'")
                     for word in command.split("#")[0].split()]
            self.cli(*words)


if __name__ == "__main__":
    unittest.main()
