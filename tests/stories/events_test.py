"""`latchkey events tail` and `export`, as people use them."""

import json
import os
import queue
import signal
import subprocess
import threading
import unittest

from latchkey_server import BINARY, LatchkeyServer


class Tail:
    """A running `events tail`, line by line."""

    def __init__(self, server, *args):
        self.process = subprocess.Popen([BINARY, "events", "tail", *args], text=True,
                                        env=server.environment(), stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.lines, self.notes = queue.Queue(), queue.Queue()
        for stream, lines in ((self.process.stdout, self.lines), (self.process.stderr, self.notes)):
            threading.Thread(target=self._read, args=(stream, lines), daemon=True).start()

    @staticmethod
    def _read(stream, lines):
        for line in stream:
            lines.put(line.rstrip("\n"))
        lines.put(None)

    def line(self):
        return self.lines.get(timeout=60)

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=60)


class Events(unittest.TestCase):
    def setUp(self):
        self.server = LatchkeyServer()
        self.addCleanup(self.server.__exit__)
        self.server.login()

    def tail(self, *args):
        tail = Tail(self.server, *args)
        self.addCleanup(tail.process.wait)
        self.addCleanup(tail.process.kill)
        return tail

    def head(self):
        done = self.server.cli("--json", "events", "checkpoint")
        return json.loads(done.stdout)["revision"]

    def test_events_are_shown_as_they_happen_and_control_c_ends_it(self):
        tail = self.tail("--after", str(self.head()))
        self.server.cli("project", "create", "seen at once")
        line = tail.line()
        self.assertIn("project.created", line)
        self.assertIn("seen at once", line)
        self.assertEqual(tail.interrupt(), 130)
        self.assertIsNone(tail.line(), "heads are shown as nothing")

    def test_json_is_one_event_a_line_and_types_are_filtered(self):
        tail = self.tail("--json", "--type", "project.", "--after", str(self.head()))
        self.server.cli("token", "create", "-n", "not shown")
        self.server.cli("project", "create", "shown")
        event = json.loads(tail.line())
        self.assertEqual((event["type"], event["data"]["name"]), ("project.created", "shown"))

    def test_it_goes_on_where_it_was_when_the_server_comes_back(self):
        tail = self.tail("--json", "--after", str(self.head()))
        self.server.cli("project", "create", "before")
        self.assertEqual(json.loads(tail.line())["data"]["name"], "before")
        self.server.stop()
        self.server.start()
        self.server.cli("project", "create", "after")
        self.assertEqual(json.loads(tail.line())["data"]["name"], "after")
        self.assertIn("connecting again", tail.notes.get(timeout=60))

    def test_a_session_that_is_ended_ends_it(self):
        tail = self.tail("--json", "--after", str(self.head()))
        self.server.cli("project", "create", "before")
        tail.line()
        self.server.cli("logout")
        self.assertEqual(tail.process.wait(timeout=60), 4)

    def test_what_the_server_refuses_is_an_error_at_once(self):
        done = self.server.cli("events", "tail", "--after", "nonsense", check=False)
        self.assertEqual(done.returncode, 6)
        self.assertIn("revision", done.stderr)
        done = self.server.cli("events", "tail", check=False,
                               environment={"LATCHKEY_SERVER": "http://127.0.0.1:1"})
        self.assertEqual(done.returncode, 4, "nobody is logged in there")
        done = self.server.cli("--server", "http://127.0.0.1:1", "--token", "x" * 40, "events",
                               "tail", check=False)
        self.assertEqual(done.returncode, 8)

    def test_an_export_is_verified_with_nothing_but_the_key_set(self):
        for name in ("one", "two", "three"):
            self.server.cli("project", "create", name)
        log = os.path.join(self.server.scratch, "log.jsonl")
        keys = os.path.join(self.server.scratch, "jwks.json")
        self.assertIn("Exported", self.server.cli("events", "export", "--out", log).stdout)
        with open(keys, "wb") as file:
            file.write(self.server.request("GET", "/.well-known/jwks.json").body)
        self.assertEqual(os.stat(log).st_mode & 0o777, 0o600)
        self.server.stop()
        done = self.server.cli("events", "verify", log, "--jwks", keys)
        self.assertIn("verified", done.stdout)
        with open(log) as file:
            lines = file.read()
        with open(log, "w") as file:
            file.write(lines.replace('\\"two\\"', '\\"TWO\\"', 1))
        done = self.server.cli("events", "verify", log, "--jwks", keys, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertNotIn("verified", done.stdout)


if __name__ == "__main__":
    unittest.main()
