"""Pages of a real server in Debian's Chromium, driven by a program of tests/e2e.

`npm ci` in tests/e2e installs playwright-core and axe-core.
"""

import json
import os
import subprocess
import unittest

from latchkey_server import EMAIL, PASSWORD, SOURCE, LatchkeyServer

HERE = os.path.join(SOURCE, "tests", "e2e")
# For a whole scenario, some steps of which may take the minute that browser.mjs gives each.
PATIENCE = 540


class BrowserCase(unittest.TestCase):
    program = None  # of tests/e2e; takes a scenario's name and its facts as JSON

    def serve(self, **options):
        server = LatchkeyServer(**options)
        self.addCleanup(server.__exit__)
        return server

    def browse(self, scenario, server, **more):
        if not os.path.isdir(os.path.join(HERE, "node_modules")):
            self.fail("tests/e2e/node_modules is missing: run `npm ci` in tests/e2e first")
        facts = {"url": server.url, "email": EMAIL, "password": PASSWORD, **more}
        done = subprocess.run(["node", os.path.join(HERE, self.program), scenario,
                               json.dumps(facts)],
                              text=True, capture_output=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout
