"""A server of the test's own: somebody is logged in, and it has the API `licensing`."""

import unittest

from latchkey_server import LICENSING, LatchkeyServer


class LicensingCase(unittest.TestCase):
    def setUp(self):
        self.serve()

    def serve(self, **options):
        self.server = LatchkeyServer(**options)
        self.addCleanup(self.server.__exit__)
        self.server.login()
        self.server.cli("api", "import", LICENSING)
        self.session = self.server.session()

    def api(self, method, path, body=None, status=200):
        answer = self.server.request(method, path, body, token=self.session)
        self.assertEqual(answer.status, status, answer.body)
        return answer.json() if answer.body else None
