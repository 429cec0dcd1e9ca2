"""The README's first screen does what it says: its commands run here, as they stand there."""

import os
import re
import unittest

from latchkey_server import BINARY, EMAIL, LICENSING, PASSWORD, SOURCE, LatchkeyServer
from programs import run


def blocks(page):
    with open(os.path.join(SOURCE, page), encoding="utf-8") as opened:
        return re.findall(r"```sh\n(.*?)```", opened.read(), re.S)


class ReadmeTest(unittest.TestCase):
    def test_the_first_screen_mints_checks_and_revokes(self):
        with LatchkeyServer() as server:
            out = self.run_block("token revoke ID", server, [
                (r"^PATH=.*$", ""),
                (r"--email you@example.com", f"--email {EMAIL} --password-stdin <<< '{PASSWORD}'"),
                # The id that a person copies from the list.
                (r"revoke ID", "revoke $(latchkey token list --json | grep -o '\"id\": *\"[^\"]*\"'"
                               " | head -1 | cut -d'\"' -f4)"),
            ])
        self.assertEqual(self.statuses(out), ["200", "403", "401"], out)
        self.assertIn("license:write", out)
        self.assertRegex(out, r"Latchkey-Verdict: revoked")

    def test_a_key_pair_becomes_an_access_token(self):
        with LatchkeyServer() as server:
            server.login()
            server.cli("api", "import", LICENSING)
            out = self.run_block("latchkey exchange", server, [
                (r"\bbuild-server\.json\b", f"{server.scratch}/build-server.json"),
            ])
        self.assertEqual(self.statuses(out), ["200"], out)
        self.assertRegex(out, r"Latchkey-Kind: key")

    def run_block(self, words, server, replacements):
        """Runs the block that holds these words as a person would; returns what it printed."""
        script = next(b for b in blocks("README.md") if words in b)
        everywhere = [(r"http://127.0.0.1:8080", server.url),
                      (r"\btoken\.header\b", f"{server.scratch}/token.header")]
        for pattern, by in replacements + everywhere:
            assert re.search(pattern, script, re.M), f"the README has no {pattern} any more"
            script = re.sub(pattern, lambda _: by, script, flags=re.M)
        path = os.path.dirname(BINARY) + ":" + os.environ["PATH"]
        return run("bash", "-euc", script, cwd=SOURCE,
                   env={**server.environment(), "PATH": path}).stdout

    @staticmethod
    def statuses(out):
        return re.findall(r"^HTTP/1.1 (\d+)", out, re.M)


if __name__ == "__main__":
    unittest.main()
