"""`latchkey login --web`: the browser of the same machine confirms, nothing is typed."""

import json
import os
import signal
import socket
import stat
import unittest
from urllib.parse import parse_qs, quote, urlsplit, urlunsplit, urlencode

from latchkey_server import BINARY, EMAIL, PASSWORD
from latchkey_terminal import Terminal
from story import Story
from waiting import poll_until
from web_login import WebLogin


def changed(url, **parameters):
    parts = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    query.update(parameters)
    return urlunsplit(parts._replace(query=urlencode(query)))


class WebLogins(Story):
    def setUp(self):
        self.context = self.id().rsplit(".", 1)[1]

    def start(self, *args, **options):
        started = WebLogin(self.server, "--no-browser", "--context", self.context, *args, **options)
        self.addCleanup(started.__exit__)
        return started

    def who(self, *args):
        return json.loads(self.cli("whoami", "--json", "--context", self.context, *args).stdout)

    def token_form(self, **parameters):
        return self.server.request(
            "POST", "/oauth2/token", urlencode(parameters).encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded"})

    def test_who_allows_it_is_logged_in_at_the_command_line(self):
        login = self.start()
        self.assertIn("Open this page in a browser of this machine", login.said)
        self.assertEqual(login.asked["host"], socket.gethostname())
        self.assertEqual(login.asked["address"], "127.0.0.1")
        self.assertRegex(login.asked["redirectUri"], r"^http://127\.0\.0\.1:\d+/callback$")
        url = login.decide(True)
        page = login.browse(url)
        self.assertEqual(page.status, 200)
        text = page.body.decode()
        self.assertIn("The command line is logged in.", text)
        self.assertIn("You can close this window.", text)
        self.assertTrue(page.headers["Content-Security-Policy"].startswith("default-src 'none'; "))
        self.assertEqual(page.headers["Cache-Control"], "no-store")
        code, out, err = login.end()
        self.assertEqual(code, 0, err)
        self.assertEqual(out, f"Logged in to {self.server.url} as {EMAIL}\n")
        self.assertEqual(self.who()["email"], EMAIL)
        # As the one with e-mail and password: listed, and ended by logout.
        kinds = [s["kind"] for s in self.server.request(
            "GET", "/v1/sessions", token=login.person).json()]
        self.assertIn("cli", kinds)
        # By now the code in the address is nobody's.
        again = self.token_form(grant_type="authorization_code", client_id="latchkey-cli",
                                code=parse_qs(urlsplit(url).query)["code"][0],
                                redirect_uri=login.asked["redirectUri"], code_verifier="x" * 43)
        self.assertEqual((again.status, again.json()["error"]), (400, "invalid_grant"))
        # And it was shown twice: it got into other hands, so that what it gave ends.
        self.assertEqual(self.cli("whoami", "--context", self.context, check=False).returncode, 4)

    def test_the_same_output_as_other_logins(self):
        login = self.start("--json")
        login.browse(login.decide(True))
        code, out, err = login.end()
        self.assertEqual(code, 0, err)
        self.assertEqual(json.loads(out), {"server": self.server.url, "name": EMAIL,
                                           "kind": "session"})
        self.assertEqual(self.cli("logout", "--context", self.context).returncode, 0)

    def test_who_refuses_ends_it(self):
        login = self.start()
        page = login.browse(login.decide(False))
        self.assertIn("The login was refused.", page.body.decode())
        code, out, err = login.end()
        self.assertEqual((code, out), (4, ""), err)
        self.assertIn("error: the login was refused in the browser", err)

    def test_a_wrong_state_is_told_so_and_it_goes_on_waiting(self):
        login = self.start()
        url = login.decide(True)
        for wrong in (changed(url, state="another"), login.origin + "/callback",
                      login.origin + "/callback?code=lkc_x",
                      url + "&state=" + quote(parse_qs(urlsplit(url).query)["state"][0])):
            answer = login.browse(wrong)
            self.assertEqual(answer.status, 400, wrong)
            self.assertIn("This answer does not belong to the login that waits here.",
                          answer.body.decode())
        self.assertEqual(login.browse(login.origin + "/favicon.ico").status, 404)
        self.assertEqual(login.server.request("POST", url, b"x").status, 405)
        self.assertEqual(login.browse(url, headers={"Host": "evil.example"}).status, 400)
        with socket.create_connection(("127.0.0.1", login.port)):  # and never says anything
            self.assertEqual(login.browse(url).status, 200)
        self.assertEqual(login.end()[0], 0)

    def test_the_answer_of_another_server_is_sent_to_none(self):
        login = self.start()
        page = login.browse(changed(login.decide(True), iss="https://evil.example"))
        self.assertIn("The login did not succeed.", page.body.decode())
        code, out, err = login.end()
        self.assertEqual((code, out), (1, ""), err)
        self.assertIn("came back from another server", err)

    def test_a_login_that_was_ended_meanwhile_is_told_of(self):
        login = self.start(person=self.server.session())
        url = login.decide(True)
        self.server.request("DELETE", "/v1/session", token=login.person)
        page = login.browse(url)
        self.assertIn("The command line says why.", page.body.decode())
        code, _, err = login.end()
        self.assertEqual(code, 4, err)
        self.assertIn("hint: run latchkey login --web again", err)

    def test_a_login_that_cannot_be_kept_is_none_and_the_page_says_so(self):
        person = self.server.session()
        sessions = self.server.request("GET", "/v1/sessions", token=person).json()
        here = os.path.join(self.server.scratch, "a-file")
        with open(here, "w", encoding="utf-8"):
            pass
        login = self.start(person=person, environment={"LATCHKEY_CONFIG_DIR": here + "/config"})
        page = login.browse(login.decide(True))
        self.assertIn("The command line says why.", page.body.decode())
        code, out, err = login.end()
        self.assertEqual((code, out), (1, ""), err)
        self.assertIn("Not a directory", err)
        left = self.server.request("GET", "/v1/sessions", token=person).json()
        self.assertEqual({one["id"] for one in left}, {one["id"] for one in sessions})

    def test_the_page_speaks_german_to_who_does(self):
        login = self.start()
        page = login.browse(login.decide(True), headers={"Accept-Language": "de-DE,de;q=0.9"})
        self.assertIn('<html lang="de">', page.body.decode())
        self.assertIn("Sie können dieses Fenster schließen.", page.body.decode())
        self.assertEqual(login.end()[0], 0)

    def browser(self, text):
        path = os.path.join(self.server.scratch, self.context + ".sh")
        with open(path, "w", encoding="utf-8") as program:
            program.write("#!/bin/sh\n" + text)
        os.chmod(path, stat.S_IRWXU)
        return path

    def test_it_opens_the_browser_that_the_variable_names(self):
        opened = os.path.join(self.server.scratch, "opened")
        program = self.browser(f'printf "%s\\n" "$@" > {opened}.new; mv {opened}.new {opened}\n')
        with WebLogin(self.server, environment={"BROWSER": f"no-such-browser:{program} --new %s"},
                      ) as login:
            self.assertIn("Your browser opens this page", login.said)
            poll_until(lambda: os.path.exists(opened), bool)
            with open(opened, encoding="utf-8") as words:
                self.assertEqual(words.read().split(), ["--new", login.page])

    def test_where_no_browser_opens_it_says_how_else(self):
        for variable in ({"BROWSER": "no-such-browser"}, {"BROWSER": self.browser("exit 3\n")}):
            none = {"DISPLAY": "", "WAYLAND_DISPLAY": "", **variable}
            environment = {**self.server.environment(), **none}
            for name in ("DISPLAY", "WAYLAND_DISPLAY"):
                environment.pop(name)
            with Terminal([BINARY, "login", "--web"], environment) as tty:
                tty.expect("/authorize?client_id=latchkey-cli")
                tty.expect("latchkey login, without --web, shows a code to confirm in any browser")

    def test_ctrl_c_ends_it_at_once(self):
        with Terminal([BINARY, "login", "--web", "--no-browser"],
                      self.server.environment()) as tty:
            tty.expect("Waiting for the browser... ")
            tty.send("\x03")
            tty.read_all()
            self.assertEqual(tty.code, 130)
        login = self.start()
        login.process.send_signal(signal.SIGINT)
        code, out, _ = login.end()
        self.assertEqual((code, out), (130, ""))
        self.assertNotIn("Waiting", login.said)

    def test_what_cannot_be_meant_is_refused(self):
        for args in (["--email", EMAIL], ["--password-stdin"], ["--with-token"],
                     ["--code", "123456"]):
            err = self.fails(2, "login", "--web", *args, stdin=PASSWORD + "\n")
            self.assertIn("--web excludes", err)
        self.fails(2, "login", "--no-browser", "--email", EMAIL)

    def test_a_server_that_calls_itself_otherwise_gets_nothing(self):
        err = self.fails(1, "login", "--web", "--no-browser",
                         "--server", f"http://localhost:{self.server.port}")
        self.assertIn(f"calls itself {self.server.url}", err)


if __name__ == "__main__":
    unittest.main()
