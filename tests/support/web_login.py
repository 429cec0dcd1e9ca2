"""`latchkey login --web` while it waits, and what the browser and the server say to each other."""

import subprocess
import urllib.parse

from latchkey_server import BINARY, PASSWORD


class WebLogin:
    """Waits until the command line has printed its page; `port` is where it waits itself."""

    def __init__(self, server, *args, environment=None, person=None):
        self.server, self.person = server, person or server.session()
        self.process = subprocess.Popen(
            [BINARY, "login", "--web", *args], env={**server.environment(), **(environment or {})},
            text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.said, self.page = "", None
        while not self.page:
            line = self.process.stderr.readline()
            if not line:
                raise AssertionError("it printed no page: " + self.said)
            self.said += line
            if line.strip().startswith("http"):
                self.page = line.strip()
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.page).query)
        self.name = query["request_uri"][0].rsplit(":", 1)[1]
        self.asked = self.ask("GET").json()
        self.origin = self.asked["redirectUri"].removesuffix("/callback")
        self.port = int(self.origin.rsplit(":", 1)[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def ask(self, method, body=None):
        return self.server.request(method, "/v1/device/" + self.name, body, token=self.person)

    def decide(self, approve):
        """Where the browser is sent."""
        body = {"approve": approve, **({"password": PASSWORD} if approve else {})}
        answer = self.ask("POST", body)
        assert answer.status == 200, answer.body
        return answer.json()["redirectUrl"]

    def browse(self, url, **options):
        return self.server.request("GET", url, **options)

    def end(self, timeout=60):
        """Exit code, stdout, and all of stderr."""
        out, err = self.process.communicate(timeout=timeout)
        return self.process.returncode, out, self.said + err
