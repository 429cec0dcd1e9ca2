"""The JavaScript SDK, whole: built, its types, its own tests (the vectors, the demo APIs against
this build's server, bad input, what is packed)."""

import json
import os
import pathlib
import re
import sys
import unittest

import programs
from latchkey_server import BINARY, SOURCE

SDK = os.path.join(SOURCE, "sdk", "js")
VECTORS = pathlib.Path(SOURCE, "spec", "vectors", "verifier")


def environment():
    path = programs.run(os.path.join(SOURCE, "tools", "node-path")).stdout.strip()
    return {**os.environ, "PATH": path, "LATCHKEY_BINARY": BINARY}


def run(*command):
    return programs.run(*command, cwd=SDK, env=environment()).stdout


class SdkJs(unittest.TestCase):
    def test_it_builds_its_types_are_strict_and_its_own_tests_pass(self):
        if not os.path.isdir(os.path.join(SDK, "node_modules")):
            raise RuntimeError("sdk/js/node_modules is missing: run `npm ci` in sdk/js first")
        run("npm", "run", "--silent", "build")
        run("npm", "run", "--silent", "types")
        tests = sorted(str(path) for path in pathlib.Path(SDK, "test").glob("*.test.mjs"))
        log = run("node", "--test", "--test-timeout=300000", "--test-reporter=tap", *tests)
        count = re.search(r"verifier vectors: (\d+) cases", log)
        print(count.group(), file=sys.stderr)
        self.assertEqual(int(count.group(1)), sum(
            len(json.loads(path.read_text())["cases"]) for path in VECTORS.glob("*.json")))
        self.assertRegex(log, r"(?m)^# fail 0$")
        self.assertRegex(log, r"(?m)^# skipped 0$")

    def test_the_vectors_are_what_their_script_writes(self):
        script = VECTORS / "generator" / "generate.py"
        run("/usr/bin/python3", "-B", str(script), "--check")


if __name__ == "__main__":
    unittest.main()
