"""Projects, members, policies, roles and users on the command line, piped and at a terminal."""

import json
import os
import re
import tempfile
import unittest

from latchkey_server import BINARY, EMAIL, LICENSING, PASSWORD, SOURCE
from latchkey_terminal import Terminal
from programs import run
from story import Story

UNKNOWN_ID = "7VgsDiH8jBPtiFiGXPvsxk"
ALLOW_ALL = {"effect": "Allow", "action": ["*"], "resource": ["*"]}
SHORT = r"[2-9A-HJ-NP-Za-km-z]{22}"
WORD = "a perfectly fine passphrase"


def document(*statements):
    return json.dumps({"version": "2022-12-15", "statement": list(statements)})


class ProjectStory(Story):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cli("api", "import", LICENSING)
        cls.people = 0

    def made(self, name, *args):
        """The project of this name, made; it is the active one then."""
        return json.loads(self.cli("project", "create", name, "--json", *args).stdout)

    def token(self, name="nightly", scopes="license:read,license:write"):
        return self.create("-n", name, "-s", scopes, "--api", "licensing")["id"]

    def person(self, *roles):
        """A new user, and the environment in which he is logged in."""
        type(self).people += 1
        email = f"user{self.people}@example.com"
        user = json.loads(self.cli("user", "create", "--email", email, "--password-stdin", "-n",
                                   f"User {self.people}", "--json",
                                   *[word for role in roles for word in ("--role", role)],
                                   stdin=WORD + "\n").stdout)
        own = {"LATCHKEY_CONFIG_DIR": os.path.join(self.server.scratch, email)}
        self.cli("login", "--email", email, "--password-stdin", stdin=WORD + "\n", environment=own)
        return user, own

    def at_terminal(self, *args, columns=120, environment=None):
        return Terminal([BINARY, *args], {**self.server.environment(), **(environment or {})},
                        columns)

    def short(self, uuid, kind="project"):
        return re.search(rf"^id +({SHORT})$", self.cli(kind, "get", uuid).stdout, re.M).group(1)


class ProjectStories(ProjectStory):
    def test_a_made_project_is_the_active_one(self):
        done = self.cli("project", "create", "first", "-d", "Ünïcode 日本")
        self.assertRegex(done.stdout, rf"\ACreated project first \({SHORT}\)\n\Z")
        self.assertEqual(done.stderr, 'hint: the active project is now "first"\n')
        shown = self.cli("project", "get").stdout
        self.assertRegex(shown, rf"\Aid           {SHORT}\nname         first\n"
                                r"description  Ünïcode 日本\nyour role    owner\n"
                                r"active       yes\ncreated      .*\nupdated      .*\n\Z")
        quiet = self.cli("project", "create-project", "-n", "second", "-q")
        self.assertRegex(quiet.stdout, r"\A[0-9a-f-]{36}\n\Z")
        self.assertEqual(quiet.stderr, "")
        active = json.loads(self.cli("project", "get-active-project", "--json").stdout)
        self.assertEqual((active["id"], active["name"], active["role"]),
                         (quiet.stdout.strip(), "second", "owner"))

    def test_the_list_marks_the_active_one(self):
        self.made("listed", "-d", "a description")
        table = self.cli("project", "list").stdout
        self.assertRegex(table.splitlines()[1],
                         r"\A│ ID +│ NAME +│ DESCRIPTION +│ ROLE +│ ACTIVE │ CREATED AT +│\Z")
        row = next(line for line in table.splitlines() if " listed " in line)
        self.assertRegex(row, rf"\A│ {SHORT} │ listed +│ a description +│ owner │ yes    │ "
                              r"[A-Z][a-z]{2} \d\d \d{4} \d\d:\d\d │\Z")
        self.assertEqual(table.count("│ yes "), 1)
        self.assertEqual(self.cli("project", "list-projects").stdout, table)
        whole = json.loads(self.cli("project", "list", "--json").stdout)
        lines = self.cli("project", "ls", "--json", "-q").stdout.splitlines()
        self.assertEqual([json.loads(line) for line in lines], whole)
        self.assertLessEqual({"id", "name", "description", "api", "role", "createdAt"},
                             set(whole[0]))
        with self.at_terminal("project", "list", columns=80) as tty:
            text = tty.read_all()
        self.assertTrue(all(len(line) <= 80 for line in text.splitlines()), text)

    def test_who_has_none_is_told_how_to_make_one(self):
        _, own = self.person()
        self.assertEqual(self.cli("project", "list", environment=own).stdout,
                         "No projects found. You can create one with latchkey project create\n")
        error = self.fails(2, "iam", "list-principals", environment=own)
        self.assertEqual(error, "error: there is no project yet\n"
                                "hint: make one: latchkey project create NAME\n")
        with self.at_terminal("project", "select", environment=own) as tty:
            self.assertIn("there is no project yet", tty.read_all())
        self.cli("project", "create", "the only one", environment=own)
        os.remove(os.path.join(own["LATCHKEY_CONFIG_DIR"], "credentials.json"))
        self.cli("login", "--email", f"user{self.people}@example.com", "--password-stdin",
                 stdin=WORD + "\n", environment=own)
        self.assertIn("the only one", self.cli("project", "get", environment=own).stdout)
        self.cli("project", "create", "another", "-q", environment=own)
        os.remove(os.path.join(own["LATCHKEY_CONFIG_DIR"], "credentials.json"))
        self.cli("login", "--email", f"user{self.people}@example.com", "--password-stdin",
                 stdin=WORD + "\n", environment=own)
        self.assertIn("choose one with latchkey project select",
                      self.fails(2, "project", "get", environment=own))

    def test_select_by_id_and_name_and_by_number_at_a_terminal(self):
        one, two = self.made("select-one"), self.made("select-two")
        self.assertEqual(self.cli("project", "select", "select-one").stdout,
                         f"Active project: select-one ({self.short(one['id'])})\n")
        self.assertEqual(json.loads(self.cli("project", "select-project", "-i", two["id"],
                                             "--json").stdout),
                         {"id": two["id"], "name": "select-two"})
        self.assertIn("PROJECT is required", self.fails(2, "project", "select"))
        self.assertIn("PROJECT is required", self.fails(2, "project", "select", "--no-input"))
        names = [project["name"]
                 for project in json.loads(self.cli("project", "list", "--json").stdout)]
        number = names.index("select-one") + 1
        with self.at_terminal("project", "select") as tty:
            tty.expect("Project (number, name or id): ")
            self.assertRegex(tty.text, rf"(?m)^ +{number}  {SHORT}  select-one$")
            self.assertRegex(tty.text, rf"(?m)^ +\d+  {SHORT}  select-two  \(active\)$")
            tty.send(f"{number}\n")
            text = tty.read_all()
        self.assertEqual(tty.code, 0, text)
        self.assertIn("Active project: select-one", text)
        with self.at_terminal("project", "select") as tty:
            tty.expect("or id): ")
            tty.send("select-tow\n")
            self.assertIn('did you mean "select-two"?', tty.read_all())
        self.assertEqual(tty.code, 3)
        self.assertIn("select-one", self.cli("project", "get").stdout)

    def test_flag_variable_and_context_in_this_order(self):
        for name in ("order-flag", "order-variable", "order-active"):
            self.made(name)
        variable = {"LATCHKEY_PROJECT": "order-variable"}

        def name(*args, **options):
            return json.loads(self.cli("project", "get", "--json", *args, **options).stdout)["name"]

        self.assertEqual(name(), "order-active")
        self.assertEqual(name(environment=variable), "order-variable")
        self.assertEqual(name("--project", "order-flag", environment=variable), "order-flag")
        done = self.cli("project", "select", "order-active", environment=variable)
        self.assertIn('warning: LATCHKEY_PROJECT is set to "order-variable"', done.stderr)

    def test_each_context_has_its_own(self):
        self.made("context-one")
        self.cli("login", "--context", "other", "--email", EMAIL, "--password-stdin",
                 stdin=PASSWORD + "\n")
        self.addCleanup(self.server.login)
        self.addCleanup(self.cli, "logout", "--context", "other")
        self.cli("project", "create", "context-two", "--context", "other")
        self.assertIn("context-two", self.cli("project", "get", "--context", "other").stdout)
        self.assertIn("context-one",
                      self.cli("project", "get", "--context", self.server.url).stdout)

    def test_update(self):
        made = self.made("before")
        self.assertRegex(self.cli("project", "update", "-n", "after", "-d", "new").stdout,
                         rf"\AUpdated project after \({SHORT}\)\n\Z")
        changed = json.loads(self.cli("project", "update-project", "-i", made["id"], "--api",
                                      "licensing", "--json").stdout)
        self.assertEqual((changed["name"], changed["description"], changed["api"]),
                         ("after", "new", "licensing"))
        cleared = json.loads(self.cli("project", "update", "after", "--api", "", "--json").stdout)
        self.assertIsNone(cleared["api"])
        self.assertIn("nothing to change", self.fails(2, "project", "update", "after"))
        self.assertIn("excludes", self.fails(2, "project", "update", "after", "-i", made["id"],
                                             "-n", "x"))
        self.assertIn("no API", self.fails(6, "project", "update", "after", "--api", "nope"))

    def test_names_that_cannot_be(self):
        self.made("taken")
        self.assertIn("of this name already", self.fails(6, "project", "create", "taken"))
        for name in ("", "a\x1b[31mb", "x" * 65, "a\u202eb"):
            with self.subTest(name=name[:10]):
                self.assertNotIn("\x1b", self.fails(6, "project", "create", "--", name))
        self.assertIn("NAME is required", self.fails(2, "project", "create"))
        self.assertIn("excludes", self.fails(2, "project", "create", "a", "-n", "b"))
        with self.at_terminal("project", "create") as tty:
            tty.expect("Name of the project: ")
            tty.send("typed\n")
            self.assertIn("Created project typed", tty.read_all())
        self.assertEqual(tty.code, 0)

    def test_delete_asks_for_the_name_at_a_terminal_and_needs_yes_otherwise(self):
        made = self.made("doomed")
        token = self.token()
        self.cli("iam", "add-principal", "-i", token)
        error = self.fails(2, "project", "delete", "doomed")
        self.assertEqual(error, "error: deleting a project needs --yes\n"
                                "hint: there is no terminal to ask at, or --no-input forbids it\n")
        self.assertIn("PROJECT is required", self.fails(2, "project", "delete", "--yes"))
        with self.at_terminal("project", "delete", "doomed") as tty:
            tty.expect("Type the project's name to delete it: ")
            self.assertIn('This deletes the project "doomed" for good: 1 user and 1 token lose '
                          "what they may do in it.\n", tty.text)
            tty.send("dommed\n")
            self.assertIn("nothing was deleted", tty.read_all())
        self.assertEqual(tty.code, 1)
        with self.at_terminal("project", "delete", "doomed") as tty:
            tty.expect("to delete it: ")
            tty.send("doomed\n")
            self.assertIn("Deleted project doomed", tty.read_all())
        self.assertEqual(tty.code, 0)
        self.assertIn('there is no project "doomed"', self.fails(3, "project", "get", "doomed"))
        self.fails(3, "project", "get", made["id"])
        again = self.made("doomed")
        done = self.cli("project", "rm", again["id"], "-y", "--json")
        self.assertEqual(json.loads(done.stdout), {"deleted": [again["id"]]})
        self.assertNotIn("doomed", self.cli("project", "list").stdout)

    def test_the_active_project_that_is_gone_is_said_so(self):
        made = self.made("vanishes")
        session = self.server.session()
        answer = self.server.request("DELETE", f"/v1/projects/{made['id']}", token=session)
        self.assertEqual(answer.status, 204)
        error = self.fails(3, "iam", "list-principals")
        self.assertIn('the active project "vanishes" is gone', error)
        self.assertIn("latchkey project select", error)

    def test_another_persons_project_is_as_if_it_were_not_there(self):
        made = self.made("private")
        _, own = self.person()
        foreign = self.fails(3, "project", "get", made["id"], environment=own)
        unknown = self.fails(3, "project", "get", UNKNOWN_ID, environment=own)
        self.assertEqual(foreign.replace(made["id"], "X"), unknown.replace(UNKNOWN_ID, "X"))
        self.fails(3, "project", "delete", made["id"], "-y", environment=own)
        self.fails(3, "project", "get", "private", environment=own)

    def test_misspelt_words(self):
        for args, meant in ((["project", "creat", "x"], '"create"'),
                            (["project", "select-projct"], '"select-project"'),
                            (["iam", "list-principal"], '"list-principals"'),
                            (["iam", "tset"], '"test"'), (["role", "lits"], '"list"'),
                            (["user", "set-role"], '"set-roles"'),
                            (["project", "create", "x", "--descripton", "y"], "--description"),
                            (["iam", "test", "--acton", "x"], "--action")):
            with self.subTest(args=args):
                self.assertIn(f"did you mean {meant}?", self.fails(2, *args))

    def test_help_has_examples(self):
        for args in (["project", "create"], ["project", "select"], ["project", "update"],
                     ["project", "delete"], ["iam", "add-principal"], ["iam", "remove-principal"],
                     ["iam", "get-policies"], ["iam", "update-policies"], ["iam", "test"],
                     ["role", "create"], ["role", "update"], ["user", "create"],
                     ["user", "set-roles"]):
            with self.subTest(args=args):
                text = self.cli(*args, "--help").stdout
                self.assertIn("Examples:\n  latchkey " + " ".join(args), text)

    def test_no_login_and_no_server(self):
        commands = (["project", "list"], ["project", "create", "x"], ["project", "get", "x"],
                    ["project", "select", "x"], ["project", "update", "x", "-n", "y"],
                    ["project", "delete", "x", "-y"], ["iam", "list-principals"],
                    ["iam", "add-principal", "-i", UNKNOWN_ID],
                    ["iam", "remove-principal", "-i", UNKNOWN_ID],
                    ["iam", "get-policies", "-i", UNKNOWN_ID],
                    ["iam", "update-policies", "-i", UNKNOWN_ID, "--file", "-"],
                    ["iam", "test", "-i", UNKNOWN_ID, "-a", "license:read"], ["role", "list"],
                    ["role", "get", "x"], ["role", "create", "xy", "--allow", "*=*"],
                    ["role", "update", "x", "-n", "y"], ["role", "delete", "x"],
                    ["user", "get", "x"], ["user", "set-roles", "x", "member"])
        nobody = {"LATCHKEY_CONFIG_DIR": os.path.join(self.server.scratch, "nobody")}
        nowhere = {"LATCHKEY_SERVER": "http://127.0.0.1:1", "LATCHKEY_TOKEN": "lkp_" + "A" * 40}
        for command in commands:
            with self.subTest(command=" ".join(command[:2])):
                self.assertIn("latchkey login", self.fails(4, *command, environment=nobody))
                self.assertIn("cannot connect",
                              self.fails(8, *command, environment=nowhere, stdin="{}"))


class IamStories(ProjectStory):
    def setUp(self):
        self.project = self.made(f"iam {self.id().rsplit('.', 1)[1]}"[:64])

    def test_a_token_comes_and_goes(self):
        token = self.token("comes and goes")
        short = self.short(token, "token")
        done = self.cli("iam", "add-principal", "-i", short)
        name = self.project["name"]
        self.assertEqual(done.stdout, f"Added token {short} to project {name}\n")
        self.assertEqual(done.stderr, "hint: it may do nothing there yet: latchkey iam "
                                      f"update-policies -i {short} --file policies.json\n")
        table = self.cli("iam", "list-principals").stdout
        self.assertRegex(table.splitlines()[1], r"\A│ ID +│ TYPE  │ NAME +│ ROLE  │ POLICY │ "
                                                r"ADDED AT +│\Z")
        self.assertRegex(table, rf"│ {SHORT} │ user  │ .* │ owner │ no     │ ")
        self.assertRegex(table, rf"│ {short} │ token │ comes and goes +│       │ no     │ ")
        tokens = json.loads(self.cli("iam", "list-principals", "-t", "token", "--json").stdout)
        self.assertEqual([(one["principalId"], one["principalType"], one["hasPolicy"])
                          for one in tokens], [(token, "token", False)])
        lines = self.cli("iam", "ls", "--json", "-q").stdout.splitlines()
        self.assertEqual(len([json.loads(line) for line in lines]), 2)
        again = json.loads(self.cli("iam", "add-principal", "-i", token, "--json").stdout)
        self.assertEqual(again["principalId"], token)
        self.assertEqual(self.cli("iam", "remove-principal", "-i", token).stdout,
                         f"Removed token {short} from project {name}\n")
        self.assertIn("principal", self.fails(3, "iam", "remove-principal", "-i", token))
        self.assertEqual(self.cli("iam", "list-principals", "-t", "token").stdout,
                         f"No tokens found in project {name}. You can add one with latchkey iam "
                         "add-principal\n")

    def test_users_by_id_e_mail_and_name(self):
        user, own = self.person()
        email = user["email"]
        self.fails(3, "project", "get", self.project["id"], environment=own)
        done = self.cli("iam", "add-principal", "-t", "user", "-i", email, "--role", "viewer")
        self.assertRegex(done.stdout, rf"\AAdded user {SHORT} to project .* as viewer\n\Z")
        self.assertEqual(done.stderr, "")
        shown = json.loads(self.cli("project", "get", self.project["id"], "--json",
                                    environment=own).stdout)
        self.assertEqual(shown["role"], "viewer")
        self.cli("iam", "add-principal", "-t", "user", "-i", user["name"], "--role", "admin")
        members = json.loads(self.cli("iam", "list-principals", "-t", "user", "--json",
                                      environment=own).stdout)
        self.assertEqual({one["principalId"]: one["role"] for one in members}[user["id"]], "admin")
        self.assertIn("no role", self.fails(6, "iam", "add-principal", "-t", "user", "-i", email,
                                            "--role", "king"))
        self.cli("iam", "remove-principal", "-t", "user", "-i", user["id"])
        self.fails(3, "project", "get", self.project["id"], environment=own)
        self.fails(3, "iam", "add-principal", "-t", "user", "-i", "nobody@example.com")

    def test_a_member_names_members_but_not_everybody(self):
        user, own = self.person()
        other, _ = self.person()
        for each in (user, other):
            self.cli("iam", "add-principal", "-t", "user", "-i", each["id"], "--role", "admin")
        self.cli("iam", "remove-principal", "-t", "user", "-i", other["name"], environment=own)
        error = self.fails(5, "iam", "add-principal", "-t", "user", "-i", other["email"],
                           environment=own)
        self.assertIn("hint: give the user's id", error)
        self.cli("iam", "add-principal", "-t", "user", "-i", other["id"], environment=own)

    def test_the_last_owner_stays(self):
        error = self.fails(6, "iam", "remove-principal", "-t", "user", "-i", EMAIL)
        self.assertIn("owner", error)

    def test_a_viewer_may_not_change_anything(self):
        user, own = self.person()
        token = self.token()
        self.cli("iam", "add-principal", "-i", token)
        self.cli("iam", "add-principal", "-t", "user", "-i", user["id"], "--role", "viewer")
        for args in (["iam", "add-principal", "-t", "user", "-i", user["id"], "--role", "owner"],
                     ["iam", "remove-principal", "-i", token],
                     ["iam", "update-policies", "-i", token, "--file", "-"],
                     ["project", "update", self.project["id"], "-n", "mine"],
                     ["project", "delete", self.project["id"], "-y"]):
            with self.subTest(args=args[:2]):
                self.fails(5, *args, environment=own, stdin=document(ALLOW_ALL))
        self.cli("iam", "get-policies", "-i", token, environment=own)

    def test_usage(self):
        token = self.token()
        for args, words in (
                (["add-principal"], "-i/--principal-id is required"),
                (["add-principal", "-i", token, "-t", "robot"], "takes token or user"),
                (["add-principal", "-i", token, "--role", "admin"], "--role is for users"),
                (["remove-principal", "-i", "ci"], "for a user add -t user"),
                (["list-principals", "-t", "all"], "takes token or user"),
                (["get-policies", "--no-input"], "-i/--principal-id is required"),
                (["update-policies", "-i", token], "--file is required"),
                (["update-policies", "-i", token, "--file", "-"], "nothing came on stdin"),
                (["test", "-i", token], "--action is required"),
                (["test", "-a", "license:read"], "-i/--principal-id is required")):
            with self.subTest(args=args):
                self.assertIn(words, self.fails(2, "iam", *args))
        self.fails(3, "iam", "add-principal", "-i", UNKNOWN_ID)
        self.fails(3, "iam", "get-policies", "-i", token)
        self.fails(1, "iam", "update-policies", "-i", token, "--file", "/nowhere/policies.json")

    def test_a_missing_id_is_asked_for_at_a_terminal(self):
        token = self.token()
        with self.at_terminal("iam", "add-principal") as tty:
            tty.expect("Token id: ")
            tty.send(token + "\n")
            self.assertIn("Added token", tty.read_all())
        self.assertEqual(tty.code, 0)
        with self.at_terminal("iam", "add-principal", "-t", "user") as tty:
            tty.expect("The user's id or e-mail: ")
            tty.send("nobody@example.com\n")
            self.assertIn("there is no user", tty.read_all())
        self.assertEqual(tty.code, 3)

    def test_policies_go_out_and_come_back(self):
        token = self.token()
        short = self.short(token, "token")
        self.cli("iam", "add-principal", "-i", token)
        empty = self.cli("iam", "get-policies", "-i", token)
        self.assertEqual(empty.stdout, '{\n  "version": "2022-12-15",\n  "statement": []\n}\n')
        self.assertEqual(empty.stderr, "hint: no statement: it may do nothing there\n")
        file = os.path.join(self.server.scratch, "policies.json")
        statement = {"effect": "Allow", "action": ["license:read"], "resource": ["licenses/*"]}
        with open(file, "w", encoding="utf-8") as opened:
            opened.write(document(statement))
        done = self.cli("iam", "update-policies", "-i", token, "--file", file)
        self.assertEqual(done.stdout, f"Updated the policy of token {short} in project "
                                      f"{self.project['name']}\n")
        shown = self.cli("iam", "get-policies", "-i", token).stdout
        self.assertEqual(json.loads(shown)["statement"], [statement])
        self.assertIn("\n      \"effect\": \"Allow\"", shown)
        compact = self.cli("iam", "get-policies", "-i", token, "--json").stdout
        self.assertEqual((compact.count("\n"), json.loads(compact)), (1, json.loads(shown)))
        back = self.cli("iam", "update-policies", "-i", token, "--file", "-", "--json",
                        stdin=shown)
        self.assertEqual(json.loads(back.stdout), json.loads(shown))
        listed = json.loads(self.cli("iam", "list-principals", "-t", "token", "--json").stdout)
        self.assertTrue(listed[0]["hasPolicy"])

    def test_without_a_file_two_questions_are_asked(self):
        token = self.token()
        self.cli("iam", "add-principal", "-i", token)
        with self.at_terminal("iam", "update-policies", "-i", token) as tty:
            tty.expect("Allowed resources, with spaces between; * is everything [*]: ")
            tty.send("licenses/* products/7\n")
            tty.expect("Allowed actions, with spaces between; * is everything [*]: ")
            tty.send("\n")
            text = tty.read_all()
        self.assertEqual(tty.code, 0, text)
        policy = json.loads(self.cli("iam", "get-policies", "-i", token, "--json").stdout)
        self.assertEqual(policy["statement"], [
            {"effect": "Allow", "action": ["*"], "resource": ["licenses/*", "products/7"]}])
        self.assertIn("--file is required", self.fails(2, "iam", "update-policies", "-i", token))

    def test_a_bad_policy_shows_the_line_and_marks_the_place(self):
        token = self.token()
        self.cli("iam", "add-principal", "-i", token)
        rows = (
            ('{\n  "version": "2022-12-15"\n  "statement": []\n}\n', 3, 3, None),
            ('{\n  "version": "2022-12-15",\n  "statement": [\n    {"effect": "Maybe",\n'
             '     "action": ["*"], "resource": ["*"]}]}\n', 4, 16, "Allow"),
            ('{"version": "2022-12-15", "statement": [\n\t{"effect": "Allow", "action": '
             '["licens:read"], "resource": ["*"]}]}', 2, 33, "license:read"),
            ('{"version": "2022-12-15", "statement": [\n  {"effect": "Allow", "action": '
             '["license:read"], "resource": ["lic*"]}]}', 2, 64, "segment"),
            ('{"version": "2021-01-01", "statement": []}', 1, 13, "2022-12-15"),
        )
        for text, line, column, words in rows:
            with self.subTest(text=text):
                error = self.fails(6, "iam", "update-policies", "-i", token, "--file", "-",
                                   stdin=text)
                lines = error.splitlines()
                self.assertIn(f"line {line}, column {column}", lines[0])
                self.assertIn(words or "", error)
                shown, mark = lines[1], lines[2]
                self.assertRegex(shown, rf"\A +{line} \| ")
                at = mark.index("^") - len("       | ")
                wanted = text.splitlines()[line - 1].replace("\t", " ")
                self.assertTrue(wanted[column - 1:].startswith(
                    shown[len("       | ") + at:].rstrip("…")[:10]), error)
        error = self.fails(6, "iam", "update-policies", "-i", token, "--file", "-", "--json",
                           stdin=rows[1][0])
        shown = json.loads(error.splitlines()[-1])["error"]
        self.assertEqual((shown["code"], shown["line"], shown["column"], shown["status"]),
                         ("bad_policy", 4, 16, 422))
        self.assertIn("32768", self.fails(6, "iam", "update-policies", "-i", token, "--file", "-",
                                          stdin=" " * 32769))

    def test_the_simulator(self):
        token = self.token("simulated", "license:read,license:write,product:read")
        ask = ["iam", "test", "-i", token]

        def judged(*args, **options):
            done = self.cli(*ask, *args, check=False, **options)
            self.assertEqual(done.stderr, "")
            return done.returncode, done.stdout

        code, text = judged("--action", "license:read")
        self.assertEqual(code, 1)
        self.assertRegex(text, r"\Adenied\n(cut by  .*\n)?why  .*not added.*\n\Z")
        self.cli("iam", "add-principal", "-i", token)
        self.assertRegex(judged("--action", "license:read")[1], r"\Adenied\nwhy  .*no policy")
        self.cli("iam", "update-policies", "-i", token, "--file", "-", stdin=document(
            {"effect": "Allow", "action": ["license:*", "user:read"], "resource": ["licenses/*"]},
            {"effect": "Deny", "action": ["license:write"], "resource": ["licenses/old/*"]}))
        self.assertEqual(judged("--action", "license:read", "--resource", "licenses/7"),
                         (0, "allowed\nstatement  1: Allow license:*, user:read on licenses/*\n"))
        self.assertEqual(judged("-a", "license:write", "-r", "licenses/old/7"),
                         (1, "denied\nstatement  2: Deny license:write on licenses/old/*\n"))
        self.assertEqual(judged("-a", "user:read", "-r", "licenses/7"),
                         (1, "denied\nstatement  1: Allow license:*, user:read on licenses/*\n"
                             "cut by     the token's own scopes\n"))
        self.assertRegex(judged("-a", "license:read")[1], r"\Adenied\nwhy  .*every resource")
        self.assertEqual(judged("-a", "license:read", "-q"), (1, ""))
        answer = json.loads(judged("-a", "license:read", "-r", "licenses/7", "--json")[1])
        self.assertEqual((answer["allowed"], answer["decision"], answer["statement"]["index"]),
                         (True, "allow", 0))
        self.assertEqual(judged("-a", "license:read", "--file", "-", stdin=document(ALLOW_ALL)),
                         (0, "allowed\nstatement  1: Allow * on *\n"))
        kept = self.cli("iam", "get-policies", "-i", token).stdout
        self.assertIn("licenses/old/*", kept, "a draft changes nothing")
        self.cli("token", "suspend", token)
        self.assertEqual(judged("-a", "license:read", "-r", "licenses/7"),
                         (1, "denied\nstatement  1: Allow license:*, user:read on licenses/*\n"
                             "cut by     the token's state, which is not active\n"))

    def test_the_simulator_on_users_and_on_what_cannot_be(self):
        user, _ = self.person()
        self.cli("iam", "add-principal", "-t", "user", "-i", user["id"])
        done = self.cli("iam", "test", "-t", "user", "-i", user["email"], "-a", "license:read")
        self.assertEqual(done.stdout.splitlines()[0], "allowed")
        self.cli("iam", "update-policies", "-t", "user", "-i", user["id"], "--file", "-",
                 stdin=document({"effect": "Allow", "action": ["license:read"],
                                 "resource": ["*"]}))
        done = self.cli("iam", "test", "-t", "user", "-i", user["id"], "-a", "license:write",
                        check=False)
        self.assertEqual((done.returncode, done.stdout.splitlines()[0]), (1, "denied"))
        token = self.token()
        self.cli("iam", "add-principal", "-i", token)
        self.fails(6, "iam", "test", "-i", token, "-a", "nonsense")
        self.fails(6, "iam", "test", "-i", token, "-a", "license:read", "-r", "licenses/*")
        self.fails(3, "iam", "test", "-i", UNKNOWN_ID, "-a", "license:read")
        near = '{"version": "2022-12-15", "statement": [\n{"effect": "Deny", "action": ' \
               '["licens:read"], "resource": ["*"]}]}'
        for text, line in ((near, 2), ('{\n"version": 1,\n"statement": []}', 2), ("{\n\n,}", 3)):
            with self.subTest(text=text):
                error = self.fails(6, "iam", "test", "-i", token, "-a", "license:read", "--file",
                                   "-", stdin=text)
                self.assertRegex(error, rf"(?m)^ +{line} \| ")
                self.assertRegex(error, r"(?m)^ +\| +\^$")

    def test_a_role_with_limits_cuts_a_members_token(self):
        self.cli("role", "create", "reader", "--allow", "licensing=license:read", "--allow",
                 "latchkey=project:read,policy:read")
        user, own = self.person()
        token = json.loads(self.cli("token", "create", "--json", "-n", "limited", "-s",
                                    "license:read,license:write", "--api", "licensing",
                                    environment=own).stdout)["id"]
        self.cli("iam", "add-principal", "-t", "user", "-i", user["id"], "--role", "reader")
        self.cli("iam", "add-principal", "-i", token)
        self.cli("iam", "update-policies", "-i", token, "--file", "-", stdin=document(ALLOW_ALL))
        done = self.cli("iam", "test", "-i", token, "-a", "license:write", check=False)
        self.assertEqual((done.returncode, done.stdout),
                         (1, "denied\nstatement  1: Allow * on *\n"
                             "cut by     the owner's role in the project\n"))
        self.cli("role", "update", "reader", "--allow", "licensing=license:read,license:write")
        self.cli("iam", "test", "-i", token, "-a", "license:write")


class RoleAndUserStories(ProjectStory):
    def test_a_roles_life(self):
        done = self.cli("role", "create", "auditor", "--allow",
                        "licensing=license:read,product:read", "--allow", "latchkey=event:read")
        self.assertEqual((done.stdout, done.stderr), ("Created role auditor\n", ""))
        self.assertIn("│ auditor       │          │ latchkey: event:read; licensing: license:read "
                      "product:read", self.cli("role", "list").stdout)
        shown = self.cli("role", "get", "auditor").stdout
        self.assertRegex(shown, rf"\Aid +{SHORT}\nname +auditor\nbuilt in +no\n"
                                r"api latchkey +event:read\n"
                                r"api licensing +license:read product:read\n\Z")
        role = json.loads(self.cli("role", "get", "auditor", "--json").stdout)
        self.assertEqual(role["patterns"], {"latchkey": ["event:read"],
                                            "licensing": ["license:read", "product:read"]})
        self.cli("role", "update", role["id"], "-n", "inspector", "--allow", "latchkey=",
                 "--allow", "licensing=license:*")
        changed = json.loads(self.cli("role", "get", "inspector", "--json").stdout)
        self.assertEqual((changed["id"], changed["patterns"]),
                         (role["id"], {"licensing": ["license:*"]}))
        lines = self.cli("role", "list", "--json", "-q").stdout.splitlines()
        self.assertIn(changed, [json.loads(line) for line in lines])
        self.assertIn("did you mean", self.fails(3, "role", "get", "inspectr"))
        user, _ = self.person("inspector")
        self.fails(6, "role", "delete", "inspector")
        self.cli("user", "set-roles", user["id"], "member")
        self.assertEqual(self.cli("role", "delete", "inspector").stdout,
                         "Deleted role inspector\n")
        self.fails(3, "role", "get", "inspector")

    def test_roles_that_cannot_be(self):
        for args, code, words in (
                (["create", "xy"], 2, "--allow is required"),
                (["create", "xy", "--allow", "license:read"], 2, "--allow does not take"),
                (["create", "xy", "--allow", "nope=license:read"], 6, "no API nope"),
                (["create", "xy", "--allow", "licensing=licens:read"], 6, "did you mean"),
                (["create", "Big Name", "--allow", "*=*"], 6, "name"),
                (["create", "viewer", "--allow", "*=*"], 6, "of this name already"),
                (["update", "member", "--allow", "*=*"], 6, "built in"),
                (["update", "member"], 2, "nothing to change"),
                (["delete", "administrator"], 6, "built in"),
                (["delete", "nobody"], 3, "no role")):
            with self.subTest(args=args):
                self.assertIn(words, self.fails(code, "role", *args))

    def test_nobody_gives_more_than_he_has(self):
        self.cli("role", "create", "manager", "--allow",
                 "latchkey=role:*,user:read,project:read,account:read", "--allow",
                 "licensing=license:read")
        _, own = self.person("manager")
        self.cli("role", "create", "small", "--allow", "licensing=license:read", environment=own)
        error = self.fails(5, "role", "create", "large", "--allow", "licensing=license:write",
                           environment=own)
        self.assertIn("license:write", error)
        self.fails(5, "role", "update", "small", "--allow", "latchkey=user:write",
                   environment=own)

    def test_users_are_shown_and_their_roles_set(self):
        user, own = self.person()
        shown = self.cli("user", "get", user["email"]).stdout
        self.assertRegex(shown, rf"\Aid       {SHORT}\nkind     human\nname     User \d+\n"
                                rf"e-mail   {user['email']}\nstate    active\nroles    member\n"
                                r"created  .*\n\Z")
        self.assertEqual(json.loads(self.cli("user", "show", user["id"], "--json").stdout), user)
        self.fails(5, "role", "create", "own", "--allow", "*=*", environment=own)
        done = self.cli("user", "set-roles", user["name"], "member,administrator")
        self.assertEqual(done.stdout, f"Changed the roles of user {user['name']}\n")
        self.cli("role", "create", "own", "--allow", "*=*", environment=own)
        self.cli("user", "set-roles", user["id"], "member")
        self.fails(6, "user", "set-roles", user["id"], "king")
        self.fails(2, "user", "set-roles", user["id"])
        self.fails(3, "user", "get", "nobody@example.com")
        self.assertIn("not", self.fails(6, "user", "set-roles", EMAIL, "member"))

    def test_a_password_is_typed_twice_and_never_shown(self):
        for first, second, code in ((WORD, WORD + "!", 2), (WORD, WORD, 0)):
            with self.at_terminal("user", "create", "--email", "typed@example.com") as tty:
                tty.expect("Password of the new user: ")
                tty.wait_for_hidden_input()
                tty.send(first + "\n")
                tty.expect("The same again: ")
                tty.wait_for_hidden_input()
                tty.send(second + "\n")
                text = tty.read_all()
            self.assertEqual(tty.code, code, text)
            self.assertNotIn(WORD, text)
        self.assertIn("typed@example.com", self.cli("user", "list").stdout)
        self.cli("login", "--email", "typed@example.com", "--password-stdin", stdin=WORD + "\n",
                 environment={"LATCHKEY_CONFIG_DIR": os.path.join(self.server.scratch, "typed")})

    def test_flags_of_user_create(self):
        self.assertIn("excludes --email", self.fails(
            2, "user", "create", "--machine", "-n", "m", "--email", "m@example.com"))
        self.assertIn("excludes --password-stdin", self.fails(
            2, "user", "create", "--machine", "-n", "m", "--password-stdin"))
        self.assertIn("--verifies needs --machine", self.fails(
            2, "user", "create", "--email", "m@example.com", "--verifies", "licensing"))
        self.assertIn("--password-stdin", self.fails(
            2, "user", "create", "--email", "m@example.com"))
        machine = json.loads(self.cli("user", "create", "--machine", "-n", "gate", "--verifies",
                                      "licensing", "--json").stdout)
        self.assertEqual((machine["kind"], machine["verifies"], machine["email"]),
                         ("machine", ["licensing"], None))
        self.assertIn("verifies  licensing", self.cli("user", "get", "gate").stdout)


class DocumentStories(ProjectStory):
    """docs/projects.md: its commands run in their order, and its tables of patterns are asked."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with open(os.path.join(SOURCE, "docs", "projects.md"), encoding="utf-8") as opened:
            cls.page = opened.read()
        cls.cli("user", "create", "--email", "ana@example.com", "--password-stdin", "-n", "Ana",
                stdin=WORD + "\n")

    def session(self):
        script = "\n".join(re.findall(r"^```sh\n(.*?)^```", self.page, re.M | re.S))
        script = script.replace(
            "\nID=7VgsDiH8jBPtiFiGXPvsxk\n",
            "\nID=$(latchkey token list --json | grep -o '\"id\": *\"[^\"]*\"' | head -1 | "
            "cut -d'\"' -f4)\n")
        # A denial is what is shown here, not a failure of the session.
        script, count = re.subn(r"(?m)^(latchkey iam test [^#\n]*?)(<<'JSON')? *# (\w+)$",
                                r"{ \1 || [ $? = 1 ]; } \2", script)
        self.assertEqual(count, script.count("iam test"), script)
        return script

    def test_the_commands_do_what_the_page_says(self):
        expected = re.findall(r"^latchkey iam test .*# (\w+)$", self.page, re.M)
        self.assertEqual(len(expected), 5)
        environment = {**self.server.environment(),
                       "PATH": os.path.dirname(BINARY) + ":" + os.environ["PATH"]}
        with tempfile.TemporaryDirectory() as scratch:
            os.symlink(os.path.join(SOURCE, "examples"), os.path.join(scratch, "examples"))
            done = run("bash", "-euo", "pipefail", "-c", self.session(), cwd=scratch,
                       env=environment)
        self.assertEqual(re.findall(r"^(allowed|denied)$", done.stdout, re.M), expected)

    def test_the_tables_of_patterns_are_true(self):
        self.made("tables")
        token = self.token("tables", "license:read,license:write")
        self.cli("iam", "add-principal", "-i", token)
        rows = re.findall(r"^\| `([^`]+)` \| (?:`([^`]+)`)? ?\| (yes|no) \|$", self.page, re.M)
        self.assertEqual(len(rows), 18)
        for pattern, asked, allowed in rows:
            with self.subTest(pattern=pattern, asked=asked):
                # A table of actions asks for actions, one of resources for resources.
                is_action = asked in ("license:read", "license:write")
                policy = document({"effect": "Allow", "action": [pattern if is_action else "*"],
                                   "resource": ["*" if is_action else pattern]})
                args = ["-a", asked if is_action else "license:read"]
                if asked and not is_action:
                    args += ["-r", asked]
                done = self.cli("iam", "test", "-i", token, "--file", "-", *args, stdin=policy,
                                check=False)
                self.assertEqual(done.stdout.splitlines()[:1],
                                 ["allowed" if allowed == "yes" else "denied"], done.stderr)


if __name__ == "__main__":
    unittest.main()
