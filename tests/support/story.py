"""What every story of the command line begins with: a server, someone logged in, and runs."""

import json
import unittest

from latchkey_server import LatchkeyServer


class Story(unittest.TestCase):
    """One server for a class; every test makes what it needs."""

    @classmethod
    def setUpClass(cls):
        cls.server = LatchkeyServer()
        cls.addClassCleanup(cls.stop)
        cls.server.login()
        cls.cli = staticmethod(cls.server.cli)

    @classmethod
    def stop(cls):
        cls.server.__exit__()
        log = "".join(cls.server.errors)
        assert cls.server.process.returncode == 0 and "Sanitizer" not in log, log

    def fails(self, code, *args, **options):
        done = self.cli(*args, check=False, **options)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertTrue(done.stderr.startswith("error: "), done.stderr)
        return done.stderr

    def create(self, *args):
        return json.loads(self.cli("token", "create", "--json", *args).stdout)
