"""What makes a command line pleasant: help, suggestions, completion, contexts, safe output."""

import json
import os
import re
import shlex
import shutil
import stat
import subprocess
import tempfile
import unittest

from latchkey_server import BINARY, EMAIL, PASSWORD, SOURCE, LatchkeyServer
from latchkey_terminal import Terminal
from story import Story
from waiting import poll_until

UNKNOWN_ID = "7VgsDiH8jBPtiFiGXPvsxk"
# Its own parser explains these; `latchkey serve --help` is another story.
FOREIGN = {("serve",), ("help",)}


def offers(cli, *words):
    """The values offered after these words, the last of which is being typed."""
    done = cli("__complete", "words", *words)
    assert done.stderr == "", done.stderr
    return [line.split("\t")[0] for line in done.stdout.splitlines()]


def section(text, title):
    found = re.search(rf"(?m)^{title}:\n((?:  .*\n)+)", text)
    return found.group(1) if found else ""


class TreeStories(unittest.TestCase):
    """Every command, without any server."""

    @classmethod
    def setUpClass(cls):
        cls.offline = LatchkeyServer(start=False)
        cls.addClassCleanup(shutil.rmtree, cls.offline.scratch, ignore_errors=True)
        cls.cli = staticmethod(cls.offline.cli)
        cls.help = {}
        cls.walk(())

    @classmethod
    def walk(cls, path):
        if path in FOREIGN:
            return
        text = cls.help[path] = cls.cli(*path, "--help").stdout
        for line in section(text, "Commands").splitlines():
            name = re.match(r"  ([a-z]\S*)", line)
            if name:
                cls.walk(path + (name.group(1),))

    def test_every_command_says_what_it_is_for_and_begins_with_examples(self):
        self.assertGreater(len(self.help), 60)
        for path, text in self.help.items():
            with self.subTest(command=path):
                name = " ".join(("latchkey",) + path)
                first = text.splitlines()[0]
                self.assertRegex(first, rf"\A{name}: [A-Z].*[^.]\Z")
                self.assertIn(f"\nUsage:\n  {name}", text)
                is_group = "\nCommands:\n" in text
                if not is_group:
                    self.assertIn("\nExamples:\n", text, "it has no example")
                    self.assertLess(text.index("\nExamples:\n"), text.index("\nUsage:\n"))
                self.assertLessEqual(max(map(len, text.splitlines())), 120)

    def test_every_example_parses(self):
        for path, text in self.help.items():
            for line in section(text, "Examples").splitlines():
                with self.subTest(example=line):
                    typed = re.search(r"latchkey(?:[^)|<>\"']|\"[^\"]*\"|'[^']*')*", line).group(0)
                    words = shlex.split(typed)[1:]
                    if words and words[0] in ("serve", "help"):
                        continue
                    done = self.cli(*[w for w in words if w != "--"], "--help", check=False)
                    self.assertEqual(done.returncode, 0, done.stderr)
                    if "Commands" not in text:
                        self.assertEqual(done.stdout, text)

    def test_every_flag_is_explained_and_completed(self):
        for path, text in self.help.items():
            with self.subTest(command=path):
                # A text that is wrapped, or stands below its flag, belongs to the line before.
                flags = re.sub(r"\n {9,}(?=\S)", "  ", "\n" + section(text, "Flags"))
                for line in filter(None, flags.splitlines()):
                    self.assertRegex(line, r"\A {2,6}-\S.*  \S", "a flag without a text")
                known = offers(self.cli, *path, "--")
                for flag in re.findall(r"(?m)^ {2,6}(?:-\w, )?(--[\w-]+)", flags):
                    self.assertIn(flag, known)
                self.assertIn("--json", known)

    def test_a_misspelt_flag_or_command_is_recognised_everywhere(self):
        for path, text in self.help.items():
            with self.subTest(command=path):
                known = offers(self.cli, *path, "--")
                flag = max(known, key=len)
                wrong = flag[:-3] + flag[-2] + flag[-3] + flag[-1]
                if wrong in known or wrong == flag:
                    wrong = flag + "x"
                done = self.cli(*path, wrong, check=False)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn(f"hint: did you mean {flag}?", done.stderr)
                names = re.findall(r"(?m)^  ([a-z]\S*)", section(text, "Commands"))
                for name in names:
                    wrong = name[:1] + name[2:] if name[1:2] else name + "x"
                    done = self.cli(*path, wrong, check=False)
                    if wrong not in names and done.returncode == 2:
                        self.assertIn("did you mean", done.stderr)

    def test_help_is_found_however_it_is_asked_for(self):
        text = self.help[("token", "create")]
        for words in (["help", "token", "create"], ["--help", "token", "create"],
                      ["token", "--help", "create"], ["--json", "help", "token", "create"],
                      ["token", "create", "-n", "x", "-h"]):
            self.assertEqual(self.cli(*words).stdout, text, words)
        self.assertIn("--listen", self.cli("help", "serve").stdout)
        self.assertEqual(self.cli("help").stdout, self.help[()])
        self.assertIn("did you mean", self.cli("help", "tokn", check=False).stderr)

    def test_values_of_flags_are_suggested(self):
        for words, error, hint in (
                (["completion", "zhs"], '"zhs" is no shell', "did you mean zsh?"),
                (["completion", "tcsh-and-more"], '"tcsh-and-more" is no shell',
                 "SHELL takes bash, zsh or fish"),
                (["token", "create", "--kind", "opaqe"], '"opaqe" is no kind',
                 "did you mean opaque?"),
                (["token", "list", "--state=activ"], '"activ" is no state', "did you mean active?")):
            done = self.cli(*words, check=False)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn(f"error: {error}", done.stderr)
            self.assertIn(f"hint: {hint}", done.stderr)

    def test_the_exit_codes_are_in_the_help(self):
        text = section(self.help[()], "Exit codes")
        codes = re.findall(r"(?m)^  (\d+) ", text)
        self.assertEqual(codes, ["0", "1", "2", "3", "4", "5", "6", "7", "8", "10", "130"])

    def test_manual_pages_are_well_formed(self):
        with tempfile.TemporaryDirectory() as out:
            done = self.cli("docs", "man", "--out", out,
                            environment={"SOURCE_DATE_EPOCH": "1700000000"})
            pages = sorted(os.listdir(out))
            self.assertEqual(done.stdout, f"Wrote {len(pages)} pages to {out}\n")
            expected = sorted("-".join(("latchkey",) + path) + ".1"
                              for path in set(self.help) | FOREIGN)
            self.assertEqual(pages, expected)
            lint = subprocess.run(["mandoc", "-T", "lint", "-W", "warning"] + pages, cwd=out,
                                  text=True, capture_output=True, check=False)
            self.assertEqual((lint.returncode, lint.stdout), (0, ""))
            shown = subprocess.run(["mandoc", "-T", "utf8", "latchkey-token-create.1"], cwd=out,
                                   text=True, capture_output=True, check=True).stdout
            shown = re.sub(".\b", "", shown)
            for words in ("latchkey-token-create - Make a token", "-n, --name NAME", "14 Nov 2023",
                          "EXIT STATUS", "latchkey-token(1)", "--token-file FILE|-"):
                self.assertIn(words, shown.replace("2023-11-14", "14 Nov 2023"))


class CompletionStories(Story):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.token = json.loads(cls.cli("token", "create", "-n", "ci-deploy", "--json").stdout)
        cls.other = json.loads(cls.cli("token", "create", "-n", "backup", "--json").stdout)
        cls.cli("project", "create", "orders and more")
        cls.short = {}
        for token in (cls.token, cls.other):
            shown = cls.cli("token", "get", token["id"]).stdout
            cls.short[token["name"]] = re.search(r"(?m)^id +(\S+)$", shown).group(1)
        bin_directory = os.path.join(cls.server.scratch, "bin")
        os.mkdir(bin_directory)
        os.symlink(BINARY, os.path.join(bin_directory, "latchkey"))
        cls.shell = {**cls.server.environment(), "HOME": cls.server.scratch, "PS1": "> ",
                     "PATH": bin_directory + ":" + os.environ["PATH"], "LC_ALL": "C.UTF-8"}

    def live(self, *words):
        """What the server knows. Who waits for more than a second for it is offered nothing."""
        return poll_until(lambda: offers(self.cli, *words), bool)

    def test_ids_names_and_scopes_are_live(self):
        done = poll_until(lambda: self.cli("__complete", "words", "token", "get", ""),
                          lambda done: done.stdout)
        self.assertIn(f"{self.short['ci-deploy']}\tci-deploy\n", done.stdout)
        self.assertEqual(self.live("token", "delete", "ci-de"), [self.short["ci-deploy"]])
        given = self.live("token", "delete", self.short["ci-deploy"], "")
        self.assertNotIn(self.short["ci-deploy"], given)
        self.assertIn("--project=orders and more", self.live("token", "--project=ord"))
        self.assertIn("token:read,token:write", self.live(
            "token", "create", "--api", "latchkey", "-s", "token:read,token:w"))
        self.assertEqual(offers(self.cli, "token", "list", "--state", "rev"), ["revoked"])
        self.assertIn("latchkey", self.live("api", "get", ""))
        self.assertIn(EMAIL, self.live("user", "get", "adm"))
        self.assertIn(self.server.url, offers(self.cli, "--context", "http"))
        self.assertEqual(offers(self.cli, "api", "import", ""), [":files"])

    def test_failures_are_silent_and_quick(self):
        for environment in ({"LATCHKEY_SERVER": "http://127.0.0.1:1"}, {"LATCHKEY_TOKEN": "wrong"},
                            {"LATCHKEY_CONFIG_DIR": "/nonexistent"}, {"LATCHKEY_SERVER": "::"}):
            done = self.cli("__complete", "words", "token", "get", "", environment=environment)
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        for words in ((), ("words",), ("bash",), ("bash", "9", ":", "")):
            self.cli("__complete", *words)

    def test_a_token_on_stdin_is_left_alone(self):
        self.assertEqual(self.cli("__complete", "words", "--token-file", "-", "token", "get", "",
                                  stdin="x").stderr, "")

    def in_shell(self, command, script, keys, expected):
        """Types each line once the prompt is back, and waits for what it must bring."""
        with Terminal(command, self.shell, columns=200) as tty:
            tty.send(script + "; PS1='re'; PS1+='ady> '\n")
            tty.expect("ready> ")
            for typed, answer in zip(keys, expected):
                while not self.type_line(tty, typed, answer):
                    self.assertIn("\t", typed, tty.text)

    @staticmethod
    def type_line(tty, typed, answer):
        """False: what was to be completed was not. Then it is typed again: who would wait for more
        than a second for the server is offered nothing."""
        before = len(tty.text)
        tty.send(typed)
        if not typed.endswith("\n"):
            return tty.comes(answer, before, 10)
        came = tty.expect_one_of((answer, "error"), before)
        tty.expect_after("ready> ", before + tty.text[before:].index(came))
        return came == answer

    def test_bash(self):
        bash = [shutil.which("bash"), "--norc", "--noprofile", "-i"]
        script = "bind 'set bell-style none'; eval \"$(latchkey completion bash)\""
        name = self.short["ci-deploy"]
        self.in_shell(bash, script,
                      ["latchkey vers\t\n", "latchkey token get ci-de\t --json -q\n",
                       "latchkey token list --state rev\t --json\n",
                       "latchkey scope list --api latch\t --json -q | head -1\n",
                       "latchkey token create -n x --api latchkey -s token:re\t -q | head -c3\n",
                       "latchkey --project ord\t project get --json -q\n",
                       "latchkey token get \t\t\t"],
                      ["latchkey 0", '"name":"ci-deploy"', "[]", '"name":', "eyJ",
                       '"name":"orders and more"', f"{name}  (ci-deploy)"])

    def test_zsh(self):
        self.in_shell([shutil.which("zsh"), "-f", "-i"],
                      "autoload -Uz compinit; compinit -D -u; eval \"$(latchkey completion zsh)\"",
                      ["latchkey vers\t\n", "latchkey token get ci-de\t --json -q\n",
                       "latchkey --project ord\t project get --json -q\n"],
                      ["latchkey 0", '"name":"ci-deploy"', '"name":"orders and more"'])

    def test_fish(self):
        script = ("latchkey completion fish | source; complete -C 'latchkey vers'; "
                  "complete -C 'latchkey token get '; complete -C 'latchkey token create --ki'; "
                  "complete -C 'latchkey api import REA'")
        done = poll_until(
            lambda: subprocess.run([shutil.which("fish"), "--no-config", "-c", script], text=True,
                                   capture_output=True, env=self.shell, cwd=SOURCE, timeout=300,
                                   check=False),
            lambda done: "\tci-deploy\n" in done.stdout)  # see type_line
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("version\t", done.stdout)
        self.assertIn(f"{self.short['ci-deploy']}\tci-deploy\n", done.stdout)
        self.assertIn("--kind\t", done.stdout)
        self.assertIn("README.md", done.stdout)


class ContextStories(Story):
    def setUp(self):
        self.home = tempfile.mkdtemp(dir=self.server.scratch)
        self.own = {"LATCHKEY_CONFIG_DIR": self.home, "LATCHKEY_SERVER": ""}

    def log_in(self, *args, **environment):
        return self.cli("login", "--email", EMAIL, "--password-stdin", "--server", self.server.url,
                        *args, stdin=PASSWORD + "\n", environment={**self.own, **environment})

    def run_own(self, *args, **options):
        return self.cli(*args, environment={**self.own, **options.pop("environment", {})},
                        **options)

    def test_a_contexts_life(self):
        self.assertEqual(self.run_own("context", "list").stdout,
                         "No contexts found. latchkey login makes one\n")
        self.log_in("--context", "one")
        self.log_in("--context", "two")
        listed = json.loads(self.run_own("context", "list", "--json").stdout)
        self.assertEqual([(item["name"], item["active"], item["kept"], item["as"])
                          for item in listed],
                         [("one", False, "file", EMAIL), ("two", True, "file", EMAIL)])
        self.assertEqual(self.run_own("context", "use", "one").stdout,
                         f"Using context one ({self.server.url})\n")
        self.assertRegex(self.run_own("whoami").stdout, r"(?m)^context +one$")
        self.assertRegex(self.run_own("whoami", "--context", "two").stdout, r"(?m)^context +two$")
        chosen = {"LATCHKEY_CONTEXT": "two"}
        self.assertRegex(self.run_own("whoami", environment=chosen).stdout, r"(?m)^context +two$")
        # Whoever names a context means its server, whatever the environment says.
        nobody = {"LATCHKEY_SERVER": "http://127.0.0.1:1"}
        self.assertIn(EMAIL, self.run_own("whoami", "--context", "two", environment=nobody).stdout)
        self.assertEqual(self.run_own("context", "rename", "two", "second").stdout,
                         "Renamed context two to second\n")
        self.run_own("whoami", "--context", "second")
        shown = self.run_own("context", "show", "second").stdout
        self.assertIn(f"kept in  {self.home}/credentials.json\n", shown)
        self.assertEqual(self.run_own("context", "delete", "second").stdout,
                         "Deleted context second\n")
        self.assertEqual(json.loads(self.run_own("context", "show", "--json").stdout)["name"],
                         "one")
        self.run_own("whoami")

    def test_contexts_that_are_not_there(self):
        self.log_in("--context", "production")
        for args, code in ((["context", "use", "producton"], 3), (["context", "show", "prod"], 3),
                           (["context", "delete", "producton"], 3),
                           (["context", "rename", "producton", "x"], 3),
                           (["whoami", "--context", "producton"], 2)):
            done = self.run_own(*args, check=False)
            self.assertEqual((done.returncode, done.stdout), (code, ""), args)
            self.assertIn("there is no context", done.stderr)
            if "producton" in args:
                self.assertIn('did you mean "production"?', done.stderr)
        self.log_in("--context", "staging")
        done = self.run_own("context", "rename", "staging", "production", check=False)
        self.assertEqual(done.returncode, 6)

    def test_deleting_a_context_ends_its_session(self):
        self.log_in("--context", "gone")
        with open(os.path.join(self.home, "credentials.json"), encoding="utf-8") as opened:
            session = json.load(opened)["contexts"]["gone"]["secret"]
        self.run_own("context", "delete", "gone")
        self.assertEqual(self.server.request("GET", "/v1/users/me", token=session).status, 401)

    def test_out_of_everything_at_once(self):
        self.log_in("--context", "one")
        self.log_in("--context", "two")
        done = self.run_own("logout", "--all", "--json")
        self.assertEqual(json.loads(done.stdout), {"loggedOut": [self.server.url] * 2})
        self.assertEqual(self.run_own("context", "list", "--json").stdout, "[]\n")
        self.assertEqual(self.run_own("logout", "--all", check=False).returncode, 4)

    def test_status_tells_all(self):
        self.log_in("--context", "here")
        shown = json.loads(self.run_own("status", "--json").stdout)
        self.assertEqual((shown["context"], shown["as"], shown["kind"], shown["loggedIn"]),
                         ("here", EMAIL, "session", True))
        self.assertRegex(shown["expiresAt"], r"\A20\d\d-")
        self.assertEqual(shown["version"], shown["clientVersion"])
        text = self.run_own("status").stdout
        for line in (r"reachable +yes", r"context +here", r"with +the login kept in .*/cred.*",
                     r"expires +\w{3} \d\d 20\d\d \d\d:\d\d", r"this is +latchkey \d.*"):
            self.assertRegex(text, rf"(?m)^{line}$")


class KeyringStories(Story):
    SCRIPT = """
        set -e
        printf pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1
        printf %s "$PASSWORD" | latchkey login --email "$EMAIL" --password-stdin "$@"
        cp "$XDG_CONFIG_HOME/latchkey/credentials.json" "$OUT"
        latchkey whoami
        latchkey context rename "$LATCHKEY_SERVER" renamed
        LATCHKEY_SERVER= latchkey status
        latchkey logout
        latchkey whoami || echo "exit $?"
    """

    def session(self, *args):
        scratch = tempfile.mkdtemp(dir=self.server.scratch)
        out = os.path.join(scratch, "credentials.json")
        environment = {**self.server.environment(), "HOME": scratch, "XDG_CONFIG_HOME": scratch,
                       "XDG_DATA_HOME": scratch, "XDG_RUNTIME_DIR": scratch, "OUT": out,
                       "EMAIL": EMAIL, "PASSWORD": PASSWORD,
                       "PATH": f"{os.path.dirname(BINARY)}:{os.environ['PATH']}"}
        del environment["LATCHKEY_CONFIG_DIR"]
        os.chmod(scratch, 0o700)
        done = subprocess.run(["dbus-run-session", "--", "bash", "-c", self.SCRIPT, "sh", *args],
                              text=True, capture_output=True, env=environment, timeout=120,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("exit 4", done.stdout)
        with open(out, encoding="utf-8") as opened:
            return done.stdout, opened.read()

    def test_the_secret_lies_in_the_keyring_alone(self):
        shown, kept = self.session()
        self.assertNotIn("lks_", kept)
        self.assertIn('"kept":"keyring"', kept)
        self.assertIn("the login kept in the system keyring", shown)

    def test_insecure_storage_is_a_file(self):
        shown, kept = self.session("--insecure-storage")
        self.assertIn("lks_", kept)
        self.assertIn("credentials.json", shown)

    def test_without_a_session_bus_it_is_the_file(self):
        environment = self.server.environment()
        for name in ("LATCHKEY_CONFIG_DIR", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"):
            environment.pop(name, None)
        scratch = tempfile.mkdtemp(dir=self.server.scratch)
        environment["XDG_CONFIG_HOME"] = scratch
        subprocess.run([BINARY, "login", "--email", EMAIL, "--password-stdin"], input=PASSWORD,
                       text=True, env=environment, check=True, capture_output=True)
        file = os.path.join(scratch, "latchkey", "credentials.json")
        self.assertEqual(stat.S_IMODE(os.stat(file).st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(os.stat(os.path.dirname(file)).st_mode), 0o700)


class SecretStories(Story):
    def test_a_token_file_that_others_reach(self):
        token = self.create("-n", "file", "--api", "latchkey")["token"]
        path = os.path.join(self.server.scratch, "token.txt")
        with open(path, "w", encoding="utf-8") as opened:
            opened.write(token + "\n")
        for mode, words in ((0o600, ""), (0o400, ""), (0o644, "others can read"),
                            (0o640, f"run chmod 600 {path}")):
            os.chmod(path, mode)
            done = self.cli("whoami", "--token-file", path)
            self.assertIn(words, done.stderr)
            self.assertEqual(bool(words), bool(done.stderr))
        os.chmod(path, 0o666)
        error = self.fails(1, "whoami", "--token-file", path)
        self.assertIn("everybody can write", error)
        self.assertIn(f"hint: run chmod 600 {path}", error)
        self.assertNotIn(token, error)

    def cmdline_while_waiting(self, words, secret):
        """What the process list shows of a command that waits for its input."""
        process = subprocess.Popen([BINARY, *words], env=self.server.environment(), text=True,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        try:
            def line():
                with open(f"/proc/{process.pid}/cmdline", "rb") as opened:
                    return opened.read()
            shown = poll_until(line, lambda text: b"xxxx" in text)
            self.assertNotIn(secret.encode(), shown)
        finally:
            process.communicate("", timeout=60)

    def test_argv_is_scrubbed_of_tokens_and_passphrases(self):
        token = self.create("-n", "argv", "--kind", "opaque")["token"]
        self.cmdline_while_waiting(["login", "--with-token", "--token", token], token)
        self.cmdline_while_waiting(["login", "--with-token", f"--token={token}"], token)
        self.cmdline_while_waiting(["login", "--with-token", "--token", "short-one"], "short-one")
        self.cmdline_while_waiting(["token", "verify", "--token", token, "-"], token)
        self.cmdline_while_waiting(
            ["exchange", "--key", "-", "--token-id", UNKNOWN_ID, "--token", "a-secret"],
            "a-secret")

    def test_a_token_among_the_arguments_is_warned_of_at_a_terminal_once(self):
        token = self.create("-n", "warn", "--api", "latchkey")["token"]
        with Terminal([BINARY, "whoami", "--token", token], self.server.environment()) as tty:
            text = tty.read_all()
        self.assertEqual(text.count("can be seen by others"), 1, text)
        self.assertNotIn(token, text)
        self.assertEqual(self.cli("whoami", "--token", token).stderr, "")


class TerminalStories(Story):
    def at_terminal(self, *args, columns=80):
        return Terminal([BINARY, *args], self.server.environment(), columns)

    def test_destruction_of_several_or_of_what_is_in_use_is_asked_for(self):
        first, second = (self.create("-n", f"several-{i}")["id"] for i in range(2))
        with self.at_terminal("token", "delete", first, second) as tty:
            tty.expect("This will delete 2 tokens. Go on? (y/N): ")
            tty.send("n\n")
            text = tty.read_all()
        self.assertEqual(tty.code, 1, text)
        self.assertIn("nothing was changed", text)
        self.cli("token", "get", first)
        with self.at_terminal("token", "revoke", first, second, "-y") as tty:
            self.assertIn("Revoked token", tty.read_all())
        used = self.create("-n", "in use", "--api", "latchkey")
        self.cli("whoami", "--token", used["token"])
        poll_until(lambda: json.loads(self.cli("token", "get", used["id"], "--json").stdout),
                   lambda token: token["lastUsedAt"])
        with self.at_terminal("token", "suspend", used["id"]) as tty:
            tty.expect('The token "in use" was used within the last hour. Suspend it? (y/N): ')
            tty.send("y\n")
            tty.read_all()
        self.assertEqual(tty.code, 0)
        idle = self.create("-n", "idle")
        with self.at_terminal("token", "delete", idle["id"]) as tty:
            self.assertEqual(tty.read_all(), f"Deleted token {idle['id']}\n")

    def test_tables_never_break_their_frame(self):
        names = ["漢字の名前", "🚀🚀 deploy", "Ünïcödé", "e\u0301\u0302 combined", "x" * 90]
        for name in names:
            self.create("-n", name, "-d", "words " * 12)
        for columns in (200, 100, 80, 60, 40, 30, 20):
            with self.at_terminal("token", "list", columns=columns) as tty:
                lines = [line for line in tty.read_all().splitlines() if line]
            widths = {width(line) for line in lines}
            self.assertEqual(len(widths), 1, lines)
            self.assertLessEqual(widths.pop(), columns)
        with self.at_terminal("token", "list", "--wide", columns=40) as tty:
            self.assertIn("x" * 90, tty.read_all())
        with self.at_terminal("scope", "list", "--api", "latchkey", columns=50) as tty:
            self.assertLessEqual(max(width(line) for line in tty.read_all().splitlines()), 50)

    def test_progress_is_for_terminals(self):
        args = ["token", "create-token", "-n", "progress-token", "-g", "-a", "ES256", "--no-input"]
        self.assertNotIn("...", self.cli(*args).stderr)


def width(text):
    """Columns, as terminals count them for the characters used here."""
    total = 0
    for letter in text:
        code = ord(letter)
        if 0x300 <= code <= 0x36f:
            continue
        total += 2 if 0x3000 <= code <= 0x9fff or code >= 0x1f300 else 1
    return total


class InspectStories(Story):
    def inspect(self, token, *args, **options):
        return self.cli("token", "inspect", "-", *args, stdin=token + "\n", **options)

    def test_our_jwt_in_words(self):
        token = self.create("-n", "look", "-s", "account:read", "--api", "latchkey", "-e",
                            "31d")["token"]
        text = self.inspect(token).stdout
        for line in (r"kind +a personal access token \(jwt\)", r"header +alg ES256 · kid \S+ · typ .*",
                     rf"issuer +{re.escape(self.server.url)} \(the server you use\)",
                     r"audience +latchkey", r"scopes +account:read",
                     r"expires +\w{3} \d\d 20\d\d \d\d:\d\d \(in 3[01] days\)", r"signature +valid",
                     r"revocation +not revoked \(list \d+ s old\)"):
            self.assertRegex(text, rf"(?m)^{line}$")

    def test_fully_off_line_with_the_public_keys(self):
        token = self.create("-n", "keys", "--api", "latchkey")["token"]
        keys = os.path.join(self.server.scratch, "jwks.json")
        with open(keys, "wb") as opened:
            opened.write(self.server.request("GET", "/.well-known/jwks.json").body)
        nobody = {"LATCHKEY_SERVER": "http://127.0.0.1:1"}
        text = self.inspect(token, "--jwks", keys, environment=nobody).stdout
        self.assertRegex(text, r"(?m)^signature +valid$")
        forged = token[:-6] + ("AAAAAA" if not token.endswith("AAAAAA") else "BBBBBB")
        done = self.inspect(forged, "--jwks", keys, environment=nobody, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("NOT VALID", done.stdout)

    def test_opaque_project_and_session_secrets(self):
        opaque = self.create("-n", "opaque", "--kind", "opaque")["token"]
        text = self.inspect(opaque).stdout
        self.assertRegex(text, r"(?m)^kind +an opaque token$")
        self.assertRegex(text, r"(?m)^checksum +right$")
        broken = opaque[:-1] + ("A" if opaque[-1] != "A" else "B")
        done = self.inspect(broken, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("WRONG", done.stdout)
        self.assertIn("a CLI session, which is no token", self.inspect(self.server.session()).stdout)

    def test_an_access_token(self):
        out = os.path.join(self.server.scratch, "deploy.json")
        self.cli("token", "create-token", "-n", "deploy-here", "-g", "-a", "ES256", "--out", out,
                 "-w", "--no-input")
        access = self.cli("exchange", "--credentials", out, "-q").stdout.strip()
        text = self.inspect(access).stdout
        self.assertRegex(text, r"(?m)^kind +an access token: short-lived")
        self.assertRegex(text, r"(?m)^signature +valid$")
        self.assertRegex(text, r"(?m)^expires .*\(in (1 hour|59 minutes)\)$")

    def test_a_foreign_token_is_sent_nowhere(self):
        foreign = LatchkeyServer()
        self.addCleanup(foreign.__exit__)
        foreign.login()
        token = json.loads(foreign.cli("token", "create", "-n", "theirs", "--json").stdout)["token"]
        self.assertEqual(foreign.stop(), 0)
        text = self.inspect(token).stdout
        self.assertRegex(text, r"(?m)^issuer .*\(another issuer; the token was sent nowhere\)$")
        self.assertRegex(text, r"(?m)^signature +not checked: ")
        part = token.split(".")[1]
        self.assertNotIn(part, "".join(self.server.errors + self.server.output))

    def test_control_characters_in_claims_are_harmless(self):
        import base64
        def part(value):
            return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
        token = ".".join([part({"alg": "ES256", "kid": "k\x1b[2J"}),
                          part({"iss": "https://\u202eevil", "sub": "a\nb", "exp": 10**17}), "AA"])
        done = self.inspect(token, "--offline", check=False)
        self.assertNotIn("\x1b", done.stdout + done.stderr)
        self.assertNotIn("\u202e", done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
