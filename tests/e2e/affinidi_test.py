"""Affinidi's command line and libraries from npm, unmodified, against the dialect `affinidi`: they
do not notice. Their ports are fixed, so that all this has a network of its own."""

import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import unittest
import urllib.parse
import urllib.request

import own_network
from key_tokens import KeyPair, base64url
from latchkey_server import EMAIL, PASSWORD, SOURCE, LatchkeyServer
from latchkey_terminal import Terminal
from node_program import NodeProgram
from waiting import poll_until

HERE = os.path.join(SOURCE, "tests", "e2e", "affinidi")
COMMAND = os.path.join(HERE, "node_modules", "@affinidi", "cli", "bin", "run.js")
GATEWAY = "http://localhost:2777"
CALLBACK = ("127.0.0.1", 64287)
NOBODY = "5d3dbb0e-7c8f-4a5e-9d3b-0123456789ab"
NOT_LOGGED_IN = "You are not authorized to perform this action"


def setUpModule():
    own_network.enter()


def is_waiting_for_the_browser():
    with socket.socket() as probe:
        return probe.connect_ex(CALLBACK) == 0


class Affinidi:
    """Their command line, with a home of its own."""

    def __init__(self, home):
        self.home = home
        # Where CI is set it takes no terminal for one, and holds back what it says until it ends.
        outer = {name: value for name, value in os.environ.items() if name != "CI"}
        self.environment = {**outer, "HOME": home, "AFFINIDI_CLI_ENVIRONMENT": "local",
                            "AFFINIDI_SKIP_NEW_VERSION_CHECK": "true", "NO_COLOR": "1"}

    def command(self, *args):
        return [shutil.which("node"), COMMAND, *args]

    def start(self, *args):
        """At a terminal: without one it holds back what it says until it ends."""
        return Terminal(self.command(*args), self.environment, columns=400, timeout=300)

    def run(self, *args):
        return subprocess.run(self.command(*args, "--no-input"), env=self.environment, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=300)

    def stored_session(self):
        with open(os.path.join(self.home, ".affinidi", "credentials-v2.json"),
                  encoding="utf-8") as file:
            return json.load(file).get("sessionId")


def documents(text):
    """The JSON objects and lists that a command printed, in their order."""
    decoder, found, at = json.JSONDecoder(), [], 0
    while match := re.compile(r"^[\[{]", re.M).search(text, at):
        value, at = decoder.raw_decode(text, match.start())
        found.append(value)
    return found


class AffinidiTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = LatchkeyServer(args=["--dialect", "affinidi=127.0.0.1:2777"])
        cls.addClassCleanup(cls.server.__exit__)
        cls.server.login()
        cls.server.cli("api", "import",
                       os.path.join(SOURCE, "examples", "catalogues", "licensing.toml"))
        cls.portal = cls.server.session()
        cls.scratch = tempfile.TemporaryDirectory(prefix="latchkey-affinidi-")
        cls.addClassCleanup(cls.scratch.cleanup)
        cls.affinidi = cls.home("main")
        cls.log_in(cls.affinidi)
        cls.libraries = NodeProgram("affinidi/libraries.mjs", GATEWAY)
        cls.libraries.__enter__()
        cls.addClassCleanup(cls.libraries.__exit__)

    @classmethod
    def home(cls, name):
        path = os.path.join(cls.scratch.name, name)
        os.makedirs(path, exist_ok=True)
        return Affinidi(path)

    @classmethod
    def log_in(cls, affinidi, decide=None):
        """`affinidi start`, and a person who decides about it."""
        with affinidi.start("start") as login:
            login.expect("&state=")
            login.expect_after("\n", login.text.index("&state="))
            url = re.search(r"http\S+&state=[\w-]+", login.text).group(0)
            poll_until(is_waiting_for_the_browser, bool)
            shown = (decide or cls.approve)(url)
            said = login.read_all()
        return login.code, said, shown

    @classmethod
    def approve(cls, url):
        """As the portal's page does; what the command line shows the browser afterwards."""
        code = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)["user_code"][0]
        waiting = cls.server.request("GET", f"/v1/device/{code}", token=cls.portal).json()
        answer = cls.server.request("POST", f"/v1/device/{code}", {
            "approve": True, "password": PASSWORD}, token=cls.portal)
        assert answer.status == 204, answer.body
        with urllib.request.urlopen(waiting["returnUrl"], timeout=60) as page:
            return page.read().decode()

    def in_the_browser(self, scenario):
        def decide(url):
            facts = {"url": self.server.url, "email": EMAIL, "password": PASSWORD, "path": url,
                     "origins": [self.server.url, "http://127.0.0.1:64287"]}
            done = subprocess.run(["node", os.path.join(SOURCE, "tests", "e2e",
                                                        "affinidi_login.mjs"),
                                   scenario, json.dumps(facts)],
                                  text=True, capture_output=True, timeout=300)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return decide

    def done(self, *args):
        done = self.affinidi.run(*args)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return documents(done.stdout)

    def refused(self, *args, code):
        refused = self.affinidi.run(*args)
        self.assertEqual(refused.returncode, code, refused.stdout + refused.stderr)
        return refused.stdout + refused.stderr

    def do(self, action, **members):
        return self.libraries.ask(json.dumps({"do": action, **members}))

    def result(self, action, **members):
        answer = self.do(action, **members)
        self.assertTrue(answer["ok"], answer)
        return answer["result"]

    def check(self, token, project, scope="license:read"):
        return self.server.request(
            "GET", f"/check/api/licensing/scope/{scope}/project/{project}", token=token).status

    # --- login ----------------------------------------------------------------------------------

    def test_login_and_logout(self):
        other = self.home("login")
        code, said, shown = self.log_in(other)
        self.assertEqual(code, 0, said)
        self.assertIn("Your active project has been set to the project", said)
        self.assertIn("Logged in successfully", shown)
        secret = other.stored_session()
        self.assertTrue(secret.startswith("lks_"), secret)
        agents = self.server.request("GET", "/v1/sessions", token=secret).json()
        self.assertTrue(any("axios" in session["agent"] for session in agents), agents)
        stopped = other.run("stop")
        self.assertEqual(stopped.returncode, 0, stopped.stderr)
        self.assertIn("Logged out successfully!", stopped.stderr)
        self.assertIsNone(other.stored_session())
        self.assertEqual(self.server.request("GET", "/v1/users/me", token=secret).status, 401)
        self.assertIn(NOT_LOGGED_IN, other.run("whoami").stderr)

    def test_a_person_decides_in_the_browser_and_is_sent_back(self):
        other = self.home("browser")
        code, said, _ = self.log_in(other, self.in_the_browser("approve"))
        self.assertEqual(code, 0, said)
        self.assertEqual(other.run("whoami").returncode, 0)
        code, said, _ = self.log_in(self.home("denied"), self.in_the_browser("deny"))
        self.assertNotEqual(code, 0)
        self.assertIn("You have declined access to your data", " ".join(said.split()))

    def test_a_session_that_was_ended_elsewhere_says_so(self):
        other = self.home("ended")
        self.log_in(other)
        secret = other.stored_session()
        self.assertEqual(self.server.request("DELETE", "/v1/session", token=secret).status, 204)
        self.assertIn("Your session has expired", other.run("whoami").stderr)

    # --- projects -------------------------------------------------------------------------------

    def test_projects_are_made_listed_chosen_and_changed(self):
        first = self.done("project", "create-project", "-n", "first shop", "-d", "a shop")[0]
        self.assertEqual(first["description"], "a shop")
        second = self.done("project", "create-project", "-n", "second shop")[0]
        self.assertEqual(self.done("project", "get-active-project")[0]["id"], second["id"])
        listed = self.done("project", "list-projects")[0]
        self.assertLessEqual({first["id"], second["id"]}, {each["id"] for each in listed})
        chosen = self.done("project", "select-project", "-i", first["id"])[0]
        self.assertEqual(chosen["name"], "first shop")
        self.assertEqual(self.done("project", "get-active-project")[0]["id"], first["id"])
        changed = self.done("project", "update-project", "-i", first["id"], "-n", "kiosk",
                            "-d", "small")[0]
        self.assertEqual((changed["name"], changed["description"]), ("kiosk", "small"))
        who = self.done("whoami")[0]
        self.assertEqual(who["activeProject"], {"id": first["id"], "name": "kiosk"})
        said = self.refused("project", "update-project", "-i", NOBODY, "-n", "nobody's",
                            "-d", "x", code=2)
        self.assertIn("The resource you are trying to access was not found", said)
        said = self.refused("project", "create-project", "-n", "kiosk", code=2)
        self.assertIn("already exists", said)

    # --- tokens ---------------------------------------------------------------------------------

    def test_a_token_with_a_key_of_its_own_goes_all_the_way(self):
        project = self.done("project", "create-project", "-n", "the way")[0]["id"]
        token, fields = self.done("token", "create-token", "-n", "MyNewToken", "-g", "-w",
                                  "-p", "secret pass")
        self.assertEqual(token["name"], "MyNewToken")
        self.assertEqual(token["ari"], f"ari:iam:::token/{token['id']}")
        key = token["authenticationMethod"]["publicKeyInfo"]["jwks"]["keys"][0]
        self.assertEqual((key["kid"], key["alg"], key["use"]), (token["id"], "RS256", "sig"))
        self.assertEqual(fields["projectId"], project)
        self.assertIn("ENCRYPTED PRIVATE KEY", fields["privateKey"])

        self.result("make", name="cli", fields=fields)
        scoped = self.result("fetch", name="cli")
        self.assertEqual(self.check(scoped, project), 200)
        self.assertEqual(self.result("fetch", name="cli"), scoped)
        self.assertIn("iotaJwt", self.result("iotaToken", name="cli"))
        who = self.result("iam", api="StsApi", method="whoami", name="cli")
        self.assertEqual(who, {"status": 200, "data": {
            "principalId": f"token/{token['id']}", "principalType": "token"}})
        # It may what its policy says at the API, and manages nothing.
        denied = self.do("iam", api="TokensApi", method="listToken", name="cli")
        self.assertEqual((denied["status"], denied["name"]), (403, "UnauthorizedError"))

        listed = self.done("token", "list-tokens")[0]
        self.assertIn(token, listed)
        self.assertEqual(self.done("token", "get-token", "-i", token["id"])[0], token)
        self.done("token", "delete-token", "-i", token["id"])
        self.assertEqual(self.check(scoped, project), 401)
        said = self.refused("token", "get-token", "-i", token["id"], code=1)
        self.assertIn("NotFoundError: Not found: token.", said)

    def test_keys_from_files_and_of_every_algorithm(self):
        pair = KeyPair("RS256")
        path = os.path.join(self.scratch.name, "public.pem")
        with open(path, "w", encoding="ascii") as file:
            file.write(pair.public_pem())
        token, fields = self.done("token", "create-token", "-n", "from a file", "-f", path,
                                  "-k", "my-key", "-a", "RS512")
        self.assertEqual(fields, {"tokenId": token["id"], "keyId": "my-key"})
        method = token["authenticationMethod"]
        self.assertEqual(method["signingAlgorithm"], "RS512")
        self.assertEqual(method["publicKeyInfo"]["jwks"]["keys"][0]["kid"], "my-key")
        for algorithm in ("ES256", "ES512"):
            made = self.done("token", "create-token", "-n", f"with {algorithm}", "-g",
                             "-a", algorithm)[0]
            self.assertEqual(made["authenticationMethod"]["signingAlgorithm"], algorithm)
        other = KeyPair("RS256")
        with open(path, "w", encoding="ascii") as file:
            file.write(other.public_pem())
        updated = self.done("token", "update-token", "-i", token["id"], "-n", "another name",
                            "-f", path, "-k", "new-key")[0]
        self.assertEqual(updated["name"], "another name")
        keys = updated["authenticationMethod"]["publicKeyInfo"]["jwks"]["keys"]
        self.assertEqual([key["kid"] for key in keys], ["new-key"])
        # Its EC keys in files come without a curve and a point.
        with open(path, "w", encoding="ascii") as file:
            file.write(KeyPair("ES256").public_pem())
        said = self.refused("token", "create-token", "-n", "an EC file", "-f", path,
                            "-a", "ES256", code=1)
        self.assertRegex(" ".join(said.split()),
                         "InvalidParameterError: .*crv, x and y; crv, x, y are missing")

    def test_what_is_refused_is_refused_in_their_words(self):
        said = self.refused("token", "create-token", "-n", "short", "-g", code=2)
        self.assertIn("String must contain at least 8 character(s)", said)
        for command in (("get-token",), ("delete-token",)):
            said = self.refused("token", *command, "-i", NOBODY, code=1)
            self.assertIn("NotFoundError: Not found: token.", said)
        said = self.refused("iam", "get-policies", "-i", NOBODY, "-t", "token", code=1)
        self.assertIn("NotFoundError: Not found: principal.", said)
        nobody = self.home("nobody")
        said = nobody.run("token", "list-tokens")
        self.assertEqual(said.returncode, 1)
        self.assertIn("UnauthorizedError: Unauthorized", said.stdout + said.stderr)

    # --- principals and policies ----------------------------------------------------------------

    def test_principals_and_their_policies(self):
        project = self.done("project", "create-project", "-n", "people")[0]["id"]
        token = self.done("token", "create-token", "-n", "a principal", "-g", "-a", "ES256")[0]
        of_token = ("-i", token["id"], "-t", "token")
        self.done("iam", "add-principal", *of_token)
        records = self.done("iam", "list-principals")[0]["records"]
        self.assertIn(f"token/{token['id']}", [record["principalId"] for record in records])
        policies = self.done("iam", "get-policies", *of_token)[0]
        self.assertEqual(policies["statement"][0]["action"], [""])
        policies["statement"][0].update(action=["license:read"], resource=["*"])
        path = os.path.join(self.scratch.name, "policies.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(policies, file)
        self.assertEqual(self.done("iam", "update-policies", *of_token, "-f", path)[0], policies)
        self.assertEqual(self.done("iam", "get-policies", *of_token)[0], policies)
        ours = self.server.request(
            "GET", f"/v1/projects/{project}/principals/token/{token['id']}/policy",
            token=self.portal).json()
        self.assertEqual(ours["statement"][0]["action"], ["license:read"])
        self.done("iam", "remove-principal", *of_token)
        said = self.refused("iam", "get-policies", *of_token, code=1)
        self.assertIn("NotFoundError", said)
        self.done("iam", "add-principal", "-i", NOBODY, "-t", "token")

    # --- the libraries --------------------------------------------------------------------------

    def test_what_our_own_command_line_printed_serves_their_provider_through_a_rotation(self):
        self.server.cli("project", "create", "rotating")
        self.server.cli("project", "select", "rotating")
        made = json.loads(self.server.cli("token", "create-token", "-n", "made by latchkey", "-g",
                                          "-w", "--json", "--no-input").stdout)["credentials"]
        project = made["projectId"]
        self.result("make", name="ours", fields=made)
        before = self.result("fetch", name="ours")
        self.assertEqual(self.check(before, project), 200)
        rotated = self.server.request("POST", "/v1/signing-keys/rotate", {}, token=self.portal)
        self.assertEqual(rotated.status, 201, rotated.body)
        # What was given goes on, a process that stays gets another, and one that starts too.
        self.assertEqual(self.result("fetch", name="ours"), before)
        self.assertEqual(self.check(before, project), 200)
        self.result("forget", name="ours")
        after = self.result("fetch", name="ours")
        self.assertNotEqual(after, before)
        self.assertEqual(self.check(after, project), 200)
        self.result("make", name="anew", fields=made)
        anew = self.result("fetch", name="anew")
        self.assertEqual(self.check(anew, project), 200)
        self.assertEqual(self.result("fetch", name="anew"), anew)

    def test_their_typed_client_with_the_secret_of_a_session(self):
        secret = self.affinidi.stored_session()

        def ask(api, method, *args):
            return self.result("iam", api=api, method=method, args=args, secret=secret)

        project = ask("ProjectsApi", "createProject", {"name": "typed"})["data"]
        self.assertEqual(ask("ProjectsApi", "getProject", project["id"])["data"], project)
        names = [each["name"] for each in ask("ProjectsApi", "listProject")["data"]["projects"]]
        self.assertIn("typed", names)
        changed = ask("ProjectsApi", "updateProject", project["id"], {"name": "typed again"})
        self.assertEqual(changed["data"]["name"], "typed again")
        jwk = {"kid": "one", "use": "sig", "alg": "ES256", **self.ec_members()}
        token = ask("TokensApi", "createToken", {
            "name": "a typed token", "authenticationMethod": {
                "type": "PRIVATE_KEY", "signingAlgorithm": "ES256",
                "publicKeyInfo": {"jwks": {"keys": [jwk]}}}})["data"]
        self.assertEqual(ask("ProjectsApi", "addPrincipalToProject", {
            "principalId": token["id"], "principalType": "token"})["status"], 204)
        policy = {"version": "2022-12-15", "statement": [{
            "principal": [f"ari:iam::{project['id']}:token/{token['id']}"],
            "action": ["license:*"], "resource": ["*"], "effect": "Allow"}]}
        self.assertEqual(ask("PoliciesApi", "updatePolicies", token["id"], "token",
                             policy)["data"], policy)
        self.assertEqual(ask("PoliciesApi", "getPolicies", token["id"], "token")["data"], policy)
        placed = ask("TokensApi", "listProjectsOfToken", token["id"])["data"]["projects"]
        self.assertEqual(placed, [{"id": project["id"], "name": "typed again", "policy": policy}])
        page = ask("TokensApi", "listToken", 1)["data"]
        self.assertEqual(len(page["tokens"]), 1)
        keys = ask("WellKnownApi", "getWellKnownJwks")["data"]["keys"]
        self.assertEqual(keys[0]["alg"], "ES256")
        self.assertEqual(ask("ProjectsApi", "deletePrincipalFromProject", token["id"],
                             "token")["status"], 204)
        self.assertEqual(ask("TokensApi", "deleteToken", token["id"])["status"], 204)

    @staticmethod
    def ec_members():
        numbers = KeyPair("ES256").key.public_key().public_numbers()

        def text(number):
            return base64url(number.to_bytes(32, "big"))

        return {"kty": "EC", "crv": "P-256", "x": text(numbers.x), "y": text(numbers.y)}

    def test_a_refused_assertion_is_what_their_provider_throws(self):
        pair = KeyPair("RS256")
        self.result("make", name="stranger", fields={
            "tokenId": NOBODY, "projectId": NOBODY, "privateKey": pair.private_pem()})
        answer = self.do("fetch", name="stranger")
        self.assertFalse(answer["ok"])
        self.assertEqual(answer["status"], 401)
        self.assertEqual(answer["body"]["error"], "invalid_client")


if __name__ == "__main__":
    unittest.main()
