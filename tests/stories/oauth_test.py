"""Stories of `latchkey login` with a browser: the command line shows a code, somebody confirms it
elsewhere, and the command line is logged in."""

import json
import os
import re
import subprocess
import unittest

from latchkey_server import BINARY, EMAIL, PASSWORD
from story import Story


class DeviceLoginStories(Story):
    def setUp(self):
        self.environment = self.server.environment()
        self.environment["LATCHKEY_CONFIG_DIR"] = os.path.join(self.server.scratch, self.id())
        self.environment.pop("DISPLAY", None)
        self.session = self.server.session()

    def begin(self, *flags):
        process = subprocess.Popen([BINARY, "login", *flags], env=self.environment, text=True,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        shown = ""
        while not re.search(r"[A-Z]{4}-[A-Z]{4}", shown):
            line = process.stderr.readline()
            self.assertTrue(line, shown)
            shown += line
        self.assertIn(f"Open {self.server.url}/device in a browser", shown)
        return process, re.search(r"[A-Z]{4}-[A-Z]{4}", shown).group()

    def decide(self, code, **body):
        answer = self.server.request("POST", f"/v1/device/{code}", body, token=self.session)
        self.assertEqual(answer.status, 204, answer.body)

    def test_who_confirms_with_his_password_logs_the_command_line_in(self):
        process, code = self.begin()
        seen = self.server.request("GET", f"/v1/device/{code}", token=self.session).json()
        self.assertEqual((seen["client"], seen["address"]), ("latchkey-cli", "127.0.0.1"))
        self.decide(code, approve=True, password=PASSWORD)
        self.assertEqual(process.wait(timeout=60), 0, process.stderr.read())
        self.assertEqual(process.stdout.read(), f"Logged in to {self.server.url} as {EMAIL}\n")
        who = subprocess.run([BINARY, "whoami"], env=self.environment, text=True,
                             capture_output=True, check=True)
        self.assertIn(EMAIL, who.stdout)

    def test_programs_get_json(self):
        process, code = self.begin("--json", "--no-input")
        self.decide(code, approve=True, password=PASSWORD)
        self.assertEqual(process.wait(timeout=60), 0, process.stderr.read())
        self.assertEqual(json.loads(process.stdout.read()),
                         {"server": self.server.url, "name": EMAIL, "kind": "session"})

    def test_who_is_refused_is_told_and_keeps_nothing(self):
        process, code = self.begin()
        self.decide(code, approve=False)
        self.assertEqual(process.wait(timeout=60), 4)
        self.assertIn("error: the login was refused in the browser", process.stderr.read())
        self.assertFalse(os.path.exists(self.environment["LATCHKEY_CONFIG_DIR"]))


if __name__ == "__main__":
    unittest.main()
