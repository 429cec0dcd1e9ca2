"""`latchkey admin` on a running server and on a stopped one: above all, that no backup brings a
revoked token back."""

import glob
import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import threading
import unittest

from latchkey_server import PASSWORD, LatchkeyServer

RUNNING = "on the running server\n"


class Story(unittest.TestCase):
    def setUp(self):
        self.server = self.a_server()
        self.backup = os.path.join(self.server.scratch, "backup.db")

    def a_server(self, **options):
        server = LatchkeyServer(**options)
        self.addCleanup(server.__exit__)
        return server

    def elsewhere(self, with_kek=True):
        """A machine that has the backup, the key perhaps, and nothing else."""
        other = self.a_server(start=False)
        # The installation's name stays, whatever address it answers at.
        other.args = ["--issuer", self.server.url]
        os.makedirs(other.data, mode=0o700)
        if with_kek:
            shutil.copy(os.path.join(self.server.data, "kek"), other.data)
        return other

    def admin(self, server, *args, check=True, **options):
        return server.cli("admin", *args, "--data", server.data, check=check, **options)

    def where(self, server, running):
        return RUNNING if running else f"on the stopped server's data directory {server.data}\n"

    def create(self, server, name, kind="opaque"):
        answer = server.request("POST", "/v1/tokens",
                                {"name": name, "kind": kind, "api": "latchkey"},
                                token=server.session())
        self.assertEqual(answer.status, 201, answer.body)
        return answer.json()

    def verdict(self, server, token):
        answer = server.request("GET", "/check/api/latchkey", token=token["token"])
        self.assertIn(answer.status, (200, 401), answer.body)
        return "active" if answer.status == 200 else answer.json()["verdict"]

    def change(self, server, token, verb):
        answer = server.request("POST", f"/v1/tokens/{token['id']}/{verb}", {},
                                token=server.session())
        self.assertEqual(answer.status, 200, answer.body)

    def log_verifies(self, server):
        server.login()
        self.assertIn("verified", server.cli("events", "verify").stdout)
        self.assertRegex(self.admin(server, "check").stdout, r"\A\d+ events, \d+ tokens\n\Z")


class CheckAndKeys(Story):
    def both(self):
        """Once on the running server, once on the stopped one."""
        yield True
        self.assertEqual(self.server.stop(), 0)
        yield False

    def test_check_backup_and_create_user(self):
        token = self.create(self.server, "kept")
        for running in self.both():
            with self.subTest(running=running):
                done = self.admin(self.server, "check")
                self.assertRegex(done.stdout, r"\A\d+ events, 1 tokens\n\Z")
                self.assertEqual(done.stderr, self.where(self.server, running))
                file = f"{self.backup}-{running}"
                done = self.admin(self.server, "backup", file)
                self.assertRegex(done.stdout, r"\ABacked up .*epoch 1, revision \d+")
                self.assertEqual(done.stderr, self.where(self.server, running))
                self.assertEqual(os.stat(file).st_mode & 0o077, 0, "others may not read it")
                again = self.admin(self.server, "backup", file, check=False)
                self.assertNotEqual(again.returncode, 0, "a backup is never overwritten")
                email = f"user-{running}@example.com".lower()
                done = self.admin(self.server, "create-user", "--email", email, "--role",
                                  "administrator", "--password-stdin", stdin=PASSWORD + "\n")
                self.assertRegex(done.stdout, rf"\ACreated user {email} \(\w{{22}}\)\n\Z")
                self.assertEqual(done.stderr, self.where(self.server, running))
                again = self.admin(self.server, "create-user", "--email", email,
                                   "--password-stdin", stdin=PASSWORD + "\n", check=False)
                self.assertEqual(again.returncode, 6, again.stderr)
                weak = self.admin(self.server, "create-user", "--email", "w@example.com",
                                  "--password-stdin", stdin="short\n", check=False)
                self.assertEqual(weak.returncode, 6, weak.stderr)
        self.server.start()
        for email in ("user-true@example.com", "user-false@example.com"):
            self.server.cli("login", "--email", email, "--password-stdin", stdin=PASSWORD + "\n")
            self.assertIn("administrator", self.server.cli("whoami").stdout)
        self.assertEqual(self.verdict(self.server, token), "active")
        self.log_verifies(self.server)

    def test_keys_rotate_and_old_tokens_live_on_until_an_emergency(self):
        tokens = [self.create(self.server, "before", "jwt")]
        opaque = self.create(self.server, "opaque")
        seen = {tuple(self.key_ids())}
        for running in self.both():
            with self.subTest(running=running):
                done = self.admin(self.server, "rotate-keys")
                self.assertEqual(done.stderr, self.where(self.server, running))
                self.assertIn("active", done.stdout)
            if running:
                tokens.append(self.create(self.server, "between", "jwt"))
                seen.add(tuple(self.key_ids()))
        self.server.start()
        seen.add(tuple(self.key_ids()))
        self.assertEqual(len(seen), 3, "each rotation changed the key set")
        for token in tokens:
            self.assertEqual(self.verdict(self.server, token), "active")
        refused = self.admin(self.server, "rotate-keys", "--emergency", check=False)
        self.assertEqual(refused.returncode, 2)
        self.assertIn("--yes", refused.stderr)
        last = self.create(self.server, "last", "jwt")
        self.admin(self.server, "rotate-keys", "--emergency", "--yes")
        self.assertEqual(self.verdict(self.server, last), "key_compromised")
        self.assertEqual(self.verdict(self.server, opaque), "active")
        self.assertEqual(self.verdict(self.server, self.create(self.server, "new", "jwt")),
                         "active")
        self.log_verifies(self.server)

    def test_what_is_said_of_a_missing_signing_key_mends_it(self):
        self.assertEqual(self.server.stop(), 0)
        database = sqlite3.connect(os.path.join(self.server.data, "latchkey.db"))
        database.execute("UPDATE signing_keys SET state = 3")  # all are for verifying only
        database.commit()
        database.close()
        refused = subprocess.run(self.server.command(), env=self.server.environment(), text=True,
                                 capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
        self.assertEqual(refused.returncode, 1, refused.stderr)
        self.assertIn("no active signing key", refused.stderr)
        hint = re.search(r"hint: `latchkey ([^`]+)`", refused.stderr)[1]
        self.assertIn("active", self.server.cli(*shlex.split(hint)).stdout)
        self.server.start()
        self.assertEqual(self.verdict(self.server, self.create(self.server, "new", "jwt")),
                         "active")
        self.log_verifies(self.server)

    def key_ids(self):
        return [key["kid"] for key in
                self.server.request("GET", "/.well-known/jwks.json").json()["keys"]]

    def test_what_is_not_there_is_said_so(self):
        nowhere = os.path.join(self.server.scratch, "nowhere")
        for command in (["check"], ["backup", self.backup], ["rotate-keys"]):
            done = self.server.cli("admin", *command, "--data", nowhere, check=False)
            self.assertEqual(done.returncode, 3, done.stderr)
            self.assertIn(f"no Latchkey database in {nowhere}", done.stderr)
        self.assertFalse(os.path.exists(nowhere))


class Restore(Story):
    def test_restore_refuses_while_the_server_runs(self):
        self.admin(self.server, "backup", self.backup)
        done = self.admin(self.server, "restore", self.backup, check=False)
        self.assertEqual(done.returncode, 6)
        self.assertIn("a server is running", done.stderr)
        self.assertIn("stop it first", done.stderr)

    def test_in_place_exactly_what_changed_since_is_stopped(self):
        names = ("untouched", "revoked before", "revoked after", "deleted after",
                 "suspended after", "resumed after")
        tokens = {name: self.create(self.server, name, kind)
                  for name, kind in zip(names, ("opaque", "jwt") * 3)}
        self.change(self.server, tokens["revoked before"], "revoke")
        self.change(self.server, tokens["resumed after"], "suspend")
        self.admin(self.server, "backup", self.backup)
        self.change(self.server, tokens["revoked after"], "revoke")
        self.server.request("DELETE", f"/v1/tokens/{tokens['deleted after']['id']}",
                            token=self.server.session())
        self.change(self.server, tokens["suspended after"], "suspend")
        self.change(self.server, tokens["resumed after"], "resume")
        tokens["created after"] = self.create(self.server, "created after")
        self.assertEqual(self.server.kill(), -9)  # the write-ahead log still holds the end
        done = self.admin(self.server, "restore", self.backup)
        self.assertIn("as epoch 2", done.stdout)
        self.assertIn("2 revoked, ", done.stdout)
        self.assertIn("kept as", done.stdout)
        self.server.start()
        self.assertEqual({name: self.verdict(self.server, token)
                          for name, token in tokens.items()},
                         {"untouched": "active", "revoked before": "revoked",
                          "revoked after": "revoked", "deleted after": "revoked",
                          "suspended after": "suspended", "resumed after": "suspended",
                          "created after": "revoked"})
        self.log_verifies(self.server)
        self.assertEqual(len(glob.glob(self.server.data + "/latchkey.db.before-restore*")) > 0,
                         True)

    def test_a_second_restore_knows_what_the_first_one_knew(self):
        token, other = self.create(self.server, "revoked"), self.create(self.server, "good")
        self.admin(self.server, "backup", self.backup)
        self.change(self.server, token, "revoke")
        for epoch in (2, 3):
            self.server.stop()
            self.assertIn(f"as epoch {epoch}",
                          self.admin(self.server, "restore", self.backup).stdout)
            self.server.start()
            self.assertEqual(self.verdict(self.server, token), "revoked")
            self.assertEqual(self.verdict(self.server, other), "active")
        self.log_verifies(self.server)

    def test_a_gap_that_one_restore_left_is_not_forgotten_by_the_next(self):
        token = self.create(self.server, "revoked where nobody knows")
        self.admin(self.server, "backup", self.backup)
        other = self.elsewhere()
        self.change(self.server, token, "revoke")
        for epoch in (2, 3):
            self.assertIn(f"as epoch {epoch}", self.admin(other, "restore", self.backup).stdout)
            other.start()
            self.assertEqual(self.verdict(other, token), "suspended")
            other.stop()

    def test_a_backup_of_another_past_is_no_continuation(self):
        first = self.backup + "-1"
        token = self.create(self.server, "revoked")
        self.admin(self.server, "backup", first)
        self.create(self.server, "more")
        self.admin(self.server, "backup", self.backup)
        self.change(self.server, token, "revoke")
        self.server.stop()
        self.admin(self.server, "restore", first)
        self.server.start()
        self.assertEqual(self.verdict(self.server, token), "revoked")
        for _ in range(10):  # so that this log is longer than the one of the second backup
            self.create(self.server, "filler")
        self.server.stop()
        done = self.admin(self.server, "restore", self.backup)
        self.assertIn("as epoch 3", done.stdout)
        self.assertIn("is not known here", done.stdout)
        self.server.start()
        self.assertEqual(self.verdict(self.server, token), "suspended")

    def test_elsewhere_everything_is_suspended_until_it_is_resumed(self):
        tokens = {name: self.create(self.server, name) for name in ("good", "revoked", "late")}
        self.change(self.server, tokens["revoked"], "revoke")
        self.admin(self.server, "backup", self.backup)
        self.change(self.server, tokens["late"], "revoke")
        other = self.elsewhere()
        done = self.admin(other, "restore", self.backup)
        self.assertIn("2 tokens are suspended", done.stdout)
        self.assertIn("latchkey token resume ID", done.stdout)
        other.start()
        self.assertEqual({name: self.verdict(other, token) for name, token in tokens.items()},
                         {"good": "suspended", "revoked": "revoked", "late": "suspended"})
        other.login()
        other.cli("token", "resume", tokens["good"]["id"])
        self.assertEqual(self.verdict(other, tokens["good"]), "active")
        self.assertEqual(other.cli("token", "resume", tokens["revoked"]["id"],
                                   check=False).returncode, 6)
        self.assertEqual(self.verdict(other, self.create(other, "new", "jwt")), "active")
        self.log_verifies(other)

    def test_elsewhere_nothing_changed_since_keeps_them(self):
        tokens = {kind: self.create(self.server, kind, kind) for kind in ("jwt", "opaque")}
        revoked = self.create(self.server, "revoked")
        self.change(self.server, revoked, "revoke")
        self.admin(self.server, "backup", self.backup)
        other = self.elsewhere()
        done = self.admin(other, "restore", self.backup, "--nothing-changed-since")
        self.assertIn("no token was suspended", done.stdout)
        other.start()
        for token in tokens.values():
            self.assertEqual(self.verdict(other, token), "active")
        self.assertEqual(self.verdict(other, revoked), "revoked")
        self.log_verifies(other)

    def test_nothing_changed_since_does_not_outvote_what_is_known(self):
        token = self.create(self.server, "revoked after")
        self.admin(self.server, "backup", self.backup)
        self.change(self.server, token, "revoke")
        self.server.stop()
        self.admin(self.server, "restore", self.backup, "--nothing-changed-since")
        self.server.start()
        self.assertEqual(self.verdict(self.server, token), "revoked")

    def test_without_the_kek_new_keys_sign_and_old_tokens_are_still_known(self):
        tokens = {kind: self.create(self.server, kind, kind) for kind in ("jwt", "opaque")}
        self.admin(self.server, "backup", self.backup)
        other = self.elsewhere(with_kek=False)
        done = self.admin(other, "restore", self.backup, "--nothing-changed-since")
        self.assertNotIn("start the server with", done.stdout)
        self.assertEqual(os.stat(os.path.join(other.data, "kek")).st_mode & 0o777, 0o600)
        other.start()
        for token in tokens.values():
            self.assertEqual(self.verdict(other, token), "active")
        self.assertEqual(self.verdict(other, self.create(other, "new", "jwt")), "active")
        self.log_verifies(other)

    def test_the_kek_from_another_file(self):
        self.admin(self.server, "backup", self.backup)
        other = self.elsewhere(with_kek=False)
        kek = os.path.join(other.scratch, "kept-kek")
        shutil.copy(os.path.join(self.server.data, "kek"), kek)
        # The flag counts, whatever the environment says.
        done = self.admin(other, "restore", self.backup, "--kek", kek,
                          environment={"LATCHKEY_KEK": "00" * 32})
        told = re.search(r"start the server with (--kek-file) (\S+), or put it at (\S+)\n",
                         done.stdout)
        self.assertEqual(told[3], os.path.join(other.data, "kek"))
        other.args += [told[1], told[2]]
        other.start()
        self.log_verifies(other)

    def test_the_kek_from_the_environment(self):
        with open(os.path.join(self.server.data, "kek"), encoding="ascii") as opened:
            kek = opened.read().strip()
        self.admin(self.server, "backup", self.backup)
        other = self.elsewhere(with_kek=False)
        other.extra_environment["LATCHKEY_KEK"] = kek
        done = self.admin(other, "restore", self.backup)
        self.assertIn("start the server with the same LATCHKEY_KEK\n", done.stdout)
        self.assertFalse(os.path.exists(os.path.join(other.data, "kek")))
        other.start()
        self.log_verifies(other)

    def test_a_damaged_backup_changes_nothing(self):
        token = self.create(self.server, "kept")
        self.admin(self.server, "backup", self.backup)
        self.server.stop()
        with open(self.backup, "rb") as opened:
            good = opened.read()
        before = self.contents()
        noise = bytearray(good)
        noise[len(noise) // 2:len(noise) // 2 + 4096] = os.urandom(4096)
        for name, text in (("cut", good[:len(good) * 2 // 3]), ("empty", b""),
                           ("no database", b"hello\n" * 1000), ("noise", bytes(noise)),
                           ("missing", None)):
            with self.subTest(name):
                if text is None:
                    os.remove(self.backup)
                else:
                    with open(self.backup, "wb") as opened:
                        opened.write(text)
                done = self.admin(self.server, "restore", self.backup, check=False)
                self.assertNotEqual(done.returncode, 0, done.stdout)
                self.assertTrue(done.stderr.splitlines()[-1:], done.stderr)
                self.assertNotIn("Sanitizer", done.stderr)
                self.assertEqual(self.contents(), before)
        self.server.start()
        self.assertEqual(self.verdict(self.server, token), "active")

    def contents(self):
        found = {}
        for name in sorted(os.listdir(self.server.data)):
            path = os.path.join(self.server.data, name)
            if os.path.isfile(path) and name not in ("lock", "reserve"):
                with open(path, "rb") as opened:
                    found[name] = opened.read()
        return found

    def test_a_backup_during_writes_is_one_moment_of_the_log(self):
        session = self.server.session()
        stop, made, problems = threading.Event(), [], []

        def work():
            while not stop.is_set():
                answer = self.server.request("POST", "/v1/tokens",
                                             {"name": "busy", "kind": "opaque",
                                              "api": "latchkey"}, token=session)
                if answer.status != 201:
                    problems.append(answer.body)
                    return
                made.append(answer.json())

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        try:
            while len(made) < 50 and not problems:
                stop.wait(0.01)
            known_before = list(made)
            done = self.admin(self.server, "backup", self.backup)
            known_after = len(made)
            while len(made) < known_after + 50 and not problems:
                stop.wait(0.01)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        self.assertEqual(problems, [])
        self.assertIn("Backed up", done.stdout)
        other = self.elsewhere()
        self.admin(other, "restore", self.backup, "--nothing-changed-since")
        other.start()
        for token in known_before:
            self.assertEqual(self.verdict(other, token), "active")
        self.assertEqual({self.verdict(other, token) for token in made[-10:]}, {"unknown"})
        self.log_verifies(other)
        other.stop()
        self.assertRegex(self.admin(other, "check").stdout, r"\A\d+ events, \d+ tokens\n\Z")


if __name__ == "__main__":
    unittest.main()
