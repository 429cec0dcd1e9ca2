"""The README's first screen does what it says: its commands run here, as they stand there."""

import os
import re
import subprocess
import unittest

from latchkey_server import BINARY, EMAIL, PASSWORD, SOURCE, LatchkeyServer


def blocks(page):
    with open(os.path.join(SOURCE, page), encoding="utf-8") as opened:
        return re.findall(r"```sh\n(.*?)```", opened.read(), re.S)


class ReadmeTest(unittest.TestCase):
    def test_the_first_screen_mints_checks_and_revokes(self):
        session = next(b for b in blocks("README.md") if "token revoke ID" in b)
        with LatchkeyServer() as server:
            script = self.adapted(session, server)
            done = subprocess.run(["bash", "-euc", script], cwd=SOURCE, text=True,
                                  capture_output=True, timeout=120,
                                  env={**server.environment(), "PATH": self.path()})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        statuses = re.findall(r"^HTTP/1.1 (\d+)", done.stdout, re.M)
        self.assertEqual(statuses, ["200", "403", "401"], done.stdout)
        self.assertIn("license:write", done.stdout)
        self.assertRegex(done.stdout, r"Latchkey-Verdict: revoked")

    @staticmethod
    def path():
        return os.path.dirname(BINARY) + ":" + os.environ["PATH"]

    @staticmethod
    def adapted(session, server):
        """What a person types in answer to a prompt, and the id he copies from the list."""
        scratch = server.scratch
        replaced = [
            (r"^PATH=.*$", ""),
            (r"--email you@example.com", f"--email {EMAIL} --password-stdin <<< '{PASSWORD}'"),
            (r"http://127.0.0.1:8080", server.url),
            (r"revoke ID", "revoke $(latchkey token list --json | grep -o '\"id\": *\"[^\"]*\"'"
                           " | head -1 | cut -d'\"' -f4)"),
            (r"\btoken\.header\b", f"{scratch}/token.header"),
        ]
        for pattern, by in replaced:
            found = re.search(pattern, session, re.M)
            assert found, f"the README has no {pattern} any more"
            session = re.sub(pattern, lambda _: by, session, flags=re.M)
        return session


if __name__ == "__main__":
    unittest.main()
