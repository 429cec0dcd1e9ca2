"""The Python SDK, whole: its own tests, its types, what is packed, its README and its demo APIs,
driven against a real server that is killed and started again."""

import ast
import json
import math
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import unittest
import zipfile

import programs
from latchkey_server import SOURCE, free_port
from licensing import LicensingCase
from waiting import poll_until

SDK = os.path.join(SOURCE, "sdk", "python")
sys.path.insert(0, os.path.join(SDK, "src"))

from latchkey import (AuthenticationError, AuthProvider, Latchkey,  # noqa: E402
                      NotFoundError, PermissionDenied, Verifier)

AUDIENCE = "licensing-api"
BOUND = 8.0  # seconds that a verifier here may go without the authority, on a busy machine too
PYTHON = "/usr/bin/python3"


def run(*command, **options):
    environment = {**os.environ, "PYTHONPATH": os.path.join(SDK, "src"),
                   "PYTHONDONTWRITEBYTECODE": "1"}
    return programs.run(*command, env=environment, **options)


class Package(unittest.TestCase):
    def test_its_own_tests_pass_and_the_vectors_are_counted(self):
        done = run(PYTHON, "-m", "unittest", "discover", "-s", os.path.join(SDK, "tests"))
        count = re.search(r"verifier vectors: (\d+) cases", done.stderr)
        print(count.group(), file=sys.stderr)
        self.assertEqual(int(count.group(1)), count_of_vectors())
        self.assertNotIn("skipped", done.stderr)

    def test_the_types_are_strict(self):
        run("mypy", "--strict", "--no-incremental", "--cache-dir", os.devnull, "src", cwd=SDK)

    def test_it_is_python_3_9(self):
        for folder, _, names in os.walk(os.path.join(SDK, "src")):
            for name in names:
                if name.endswith(".py"):
                    with open(os.path.join(folder, name), encoding="utf-8") as file:
                        ast.parse(file.read(), feature_version=(3, 9))

    def test_what_is_packed_is_what_belongs_there(self):
        with tempfile.TemporaryDirectory() as scratch:
            copy = os.path.join(scratch, "sdk")
            shutil.copytree(SDK, copy, ignore=shutil.ignore_patterns("__pycache__", ".mypy_cache"))
            build = ("from setuptools import build_meta as b; "
                     "print(b.build_wheel('dist')); print(b.build_sdist('dist'))")
            run(PYTHON, "-c", build, cwd=copy)
            dist = os.path.join(copy, "dist")
            wheel, sdist = sorted(os.listdir(dist), key=lambda name: not name.endswith(".whl"))
            modules = {f"latchkey/{name}" for name in os.listdir(os.path.join(SDK, "src/latchkey"))
                       if name.endswith(".py") or name == "py.typed"}
            info = "latchkey_sdk-0.1.0.dist-info/"
            with zipfile.ZipFile(os.path.join(dist, wheel)) as file:
                self.assertEqual(set(file.namelist()), modules | {
                    info + name for name in ("LICENSE", "METADATA", "RECORD", "WHEEL",
                                             "top_level.txt")})
                needs = file.read(info + "METADATA").decode()
            self.assertEqual(re.findall(r"^Requires-Dist: (\S+)", needs, re.M)[0], "cryptography")
            with tarfile.open(os.path.join(dist, sdist)) as file:
                names = {name.partition("/")[2] for name in file.getnames()}
            stray = {name for name in names if not re.fullmatch(
                r"|(LICENSE|README\.md|PKG-INFO|pyproject\.toml|setup\.cfg)"
                r"|src(/latchkey(/[a-z_]+\.py|/py\.typed)?|/latchkey_sdk\.egg-info(/.*)?)?"
                r"|tests(/test_[a-z]+\.py)?", name)}
            self.assertEqual(stray, set())


def count_of_vectors():
    count = 0
    for path in pathlib.Path(SOURCE, "spec", "vectors", "verifier").glob("*.json"):
        count += len(json.loads(path.read_text(encoding="utf-8"))["cases"])
    return count


class Demo:
    """A demo API in its own process."""

    def __init__(self, command, environment):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = tempfile.TemporaryFile("w+")
        command = [PYTHON, "-m", *command, "--port", str(self.port)]
        environment = {**os.environ, **environment, "PYTHONDONTWRITEBYTECODE": "1",
                       "PYTHONPATH": os.path.join(SDK, "src"), "MAX_STALENESS": str(BOUND)}
        self.process = subprocess.Popen(command, cwd=os.path.join(SDK, "examples"),
                                        env=environment, stdout=self.log, stderr=self.log)

    def output(self):
        self.log.seek(0)
        return self.log.read()

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


DEMOS = {
    "FastAPI": ["uvicorn", "licensing_fastapi:app", "--log-level", "warning"],
    "Flask": ["flask", "--app", "licensing_flask", "run"],
}


class ServerCase(LicensingCase):
    def setUp(self):
        super().setUp()
        self.client = self.closed(Latchkey(self.session, server=self.server.url))

    def closed(self, thing):
        self.addCleanup(thing.close)
        return thing

    def verifiers_token(self):
        answer = self.server.request("POST", "/v1/users", {
            "kind": "machine", "name": "licensing", "verifies": ["licensing"],
            "roles": ["verifier"]}, token=self.session)
        self.assertEqual(answer.status, 201, answer.body)
        made = self.client.tokens.create("verifier", api="latchkey", kind="opaque",
                                         scopes=["token:verify"], owner=answer.json()["id"])
        return made.token

    def mint(self, **options):
        return self.client.tokens.create("demo", api="licensing",
                                         **{"scopes": ["license:read"], **options})


class Demos(ServerCase):
    def call(self, demo, token, method="GET", path="/licenses"):
        try:
            return self.server.request(method, demo.url + path, token=token)
        except OSError:
            return None

    def expect(self, demo, token, status, path="/licenses"):
        return poll_until(lambda: self.call(demo, token, path=path),
                          lambda answer: answer is not None and answer.status == status)

    def start(self, name, with_token):
        environment = {"LATCHKEY_SERVER": self.server.url}
        if with_token:
            environment["LATCHKEY_VERIFIER_TOKEN"] = self.verifiers_token()
        demo = Demo(DEMOS[name], environment)
        self.addCleanup(demo.__exit__)
        return demo

    def story(self, name, with_token):
        demo = self.start(name, with_token)
        made = self.mint()
        answer = self.expect(demo, made.token, 200)
        self.assertEqual((answer.json()["owner"], answer.json()["token"]), (made.owner, made.id))
        refused = self.call(demo, made.token, "DELETE", "/licenses/7")
        self.assertEqual((refused.status, refused.json()["missingScopes"]),
                         (403, ["license:write"]))
        self.assertIn("license:write", refused.headers["WWW-Authenticate"])
        self.assertEqual(self.call(demo, None).status, 401)
        self.assertEqual(self.call(demo, "hello").status, 401)

        self.client.tokens.revoke(made.id, reason="the demo is over")
        poll_until(lambda: self.call(demo, made.token),
                   lambda answer: answer is not None and answer.status == 401 and
                   answer.json()["verdict"] == "revoked", timeout=BOUND + 5)
        self.without_authority(demo)

    def without_authority(self, demo):
        """Killed: verifies within the bound, then cannot tell; back: recovers by itself."""
        survivor = self.mint(scopes=["license:read", "license:write"])
        self.expect(demo, survivor.token, 200)
        self.server.kill()
        killed = time.monotonic()
        self.assertEqual(self.call(demo, survivor.token).status, 200)
        told = self.expect(demo, survivor.token, 503)
        self.assertLess(time.monotonic() - killed, BOUND + 5)
        self.assertEqual(told.json()["code"], "not_current")
        self.assertIn("Retry-After", told.headers)
        self.server.start()
        self.expect(demo, survivor.token, 200)
        self.assertNotIn(survivor.token, demo.output())

    def test_fastapi_with_status_lists_alone(self):
        self.story("FastAPI", with_token=False)

    def test_fastapi_with_a_verifiers_token(self):
        self.story("FastAPI", with_token=True)

    def test_flask_with_status_lists_alone(self):
        self.story("Flask", with_token=False)

    def test_opaque_tokens_and_a_route_with_its_own_policy(self):
        demo = self.start("Flask", with_token=True)
        made = self.mint(kind="opaque")
        self.expect(demo, made.token, 200)
        self.client.tokens.suspend(made.id)
        poll_until(lambda: self.call(demo, made.token),
                   lambda answer: answer is not None and answer.status == 401, timeout=BOUND + 5)
        self.client.tokens.resume(made.id)
        self.expect(demo, made.token, 200)
        self.server.kill()
        self.expect(demo, made.token, 503)
        answer = self.call(demo, made.token, path="/status")
        self.assertEqual((answer.status, answer.json()), (200, {"verdict": "not_current"}))

    def test_a_function_is_run_by_the_client_with_a_token_and_with_a_key(self):
        demo = self.start("FastAPI", with_token=False)
        made = self.mint()
        self.expect(demo, made.token, 200)
        with Latchkey(auth_token=made.token, base_url=demo.url) as client:
            self.assertEqual(client.run(id="resize", data={"width": 7}),
                             {"function": "resize", "data": {"width": 7}, "by": made.id})
        narrow = self.mint(scopes=["license:write"])
        with Latchkey(auth_token=narrow.token, base_url=demo.url) as client:
            with self.assertRaises(PermissionDenied) as raised:
                client.run(id="resize", data={})
            self.assertEqual(raised.exception.missing_scopes, ("license:read",))


class KeyTokens(ServerCase):
    def credentials(self, algorithm, *flags):
        path = os.path.join(self.server.scratch, f"{algorithm}{len(flags)}.json")
        self.server.cli("token", "create-token", "-n", f"application {algorithm}", "-g", "-a",
                        algorithm, "--api", "licensing", "--out", path, "--with-permissions",
                        "--project", "default", *flags)
        return path

    def test_the_file_of_the_command_line_is_all_that_it_needs(self):
        verifier = self.closed(Verifier(self.server.url, AUDIENCE))
        for algorithm in ("RS256", "RS512", "ES256", "ES512", "Ed25519"):
            with self.subTest(algorithm=algorithm):
                provider = self.closed(AuthProvider.from_file(self.credentials(algorithm)))
                found = verifier.verify(provider.token(), "license:read",
                                        project=provider.project_id)
                self.assertEqual((found.verdict, found.token_id, found.kind),
                                 ("active", provider.token_id, "key"), found.error)

    def test_an_encrypted_file_and_its_passphrase(self):
        secret = os.path.join(self.server.scratch, "passphrase")
        with open(secret, "w", encoding="utf-8") as file:
            file.write("open sesame\n")
        path = self.credentials("ES256", "--passphrase-file", secret)
        provider = self.closed(AuthProvider.from_file(path, passphrase=lambda: "open sesame"))
        self.assertEqual(provider.token().count("."), 2)

    def test_signing_keys_rotate_while_forty_threads_call(self):
        provider = self.closed(AuthProvider.from_file(self.credentials("ES256")))
        verifier = self.closed(Verifier(self.server.url, AUDIENCE, jwks_cooldown=0.2))
        verdicts, stop = {}, threading.Event()

        def call():
            while not stop.wait(0.001):  # the server needs the processor too
                found = verifier.verify(provider.token())
                name = found.error.code if found.error else found.verdict
                verdicts[name] = verdicts.get(name, 0) + 1

        threads = [threading.Thread(target=call) for _ in range(40)]
        for thread in threads:
            thread.start()
        for _ in range(5):
            before = sum(verdicts.values())
            answer = self.server.request("POST", "/v1/signing-keys/rotate", {},
                                         token=self.session)
            self.assertEqual(answer.status, 201, answer.body)
            provider.invalidate()
            poll_until(lambda: sum(verdicts.values()), lambda count: count > before + 200)
        stop.set()
        for thread in threads:
            thread.join()
        self.assertEqual(set(verdicts), {"active"}, verdicts)

    def test_a_clock_that_is_wrong(self):
        path = self.credentials("ES256")
        for skew in (-7200, 7200):
            provider = self.closed(AuthProvider.from_file(
                path, clock=lambda skew=skew: time.time() + skew))
            self.assertEqual(provider.token().count("."), 2)

    def test_a_key_token_that_was_revoked_is_refused_and_told(self):
        provider = self.closed(AuthProvider.from_file(self.credentials("ES256")))
        asking = self.closed(Verifier(self.server.url, AUDIENCE, token=self.verifiers_token(),
                                      revocation="poll"))
        token = provider.token()
        self.assertTrue(asking.verify(token))
        self.client.tokens.revoke(provider.token_id)
        poll_until(lambda: asking.verify(token).verdict, lambda verdict: verdict == "revoked")


class Stream(ServerCase):
    # So many that the p99 is none of the two slowest.
    REVOKES = int(os.environ.get("LATCHKEY_REVOKES", "200"))

    def streaming(self, **options):
        verifier = self.closed(Verifier(self.server.url, AUDIENCE, token=self.verifiers_token(),
                                        **options))
        verifier.ready()
        poll_until(verifier.state, lambda state: state["streamIsLive"])
        return verifier

    def latencies(self, verifier, kind):
        made = [self.mint(kind=kind) for _ in range(self.REVOKES)]
        for token in made:
            self.assertTrue(verifier.verify(token.token, "license:read"))
        for token in made:
            self.client.tokens.revoke(token.id)
            began = time.perf_counter()
            poll_until(lambda: verifier.verify(token.token, "license:read").verdict,
                       lambda verdict: verdict == "revoked")
            yield time.perf_counter() - began

    def test_a_revoke_is_felt_within_a_second(self):
        verifier = self.streaming()
        for kind in ("jwt", "opaque"):
            found = sorted(self.latencies(verifier, kind))
            p99 = found[math.ceil(len(found) * 0.99) - 1]
            print(f"revoke to refusal, {kind}: p50 {found[len(found) // 2] * 1000:.0f} ms, "
                  f"p99 {p99 * 1000:.0f} ms of {len(found)}", file=sys.stderr)
            self.assertLess(p99, 1.0)
            self.assertLess(found[-1], verifier.max_staleness + 5)
        # It is heard every second; three without a word are no stream any more.
        poll_until(verifier.state, lambda state: state["streamIsLive"])

    def test_a_server_that_comes_back_is_heard_from_where_it_was(self):
        verifier = self.streaming(max_staleness=60.0)
        made = self.mint()
        self.assertTrue(verifier.verify(made.token))
        self.server.stop()
        poll_until(verifier.state, lambda state: state["streamError"])
        self.server.start()
        self.session = self.server.session()
        poll_until(verifier.state, lambda state: state["streamIsLive"] and not state["streamError"])
        self.client.tokens.revoke(made.id)
        self.hears(verifier, made.token, "revoked")

    def hears(self, verifier, token, verdict):
        """By the stream: while that is heard, no list is read anew."""
        poll_until(lambda: verifier.verify(token).verdict, lambda found: found == verdict)

    def test_what_happens_to_a_token_is_heard(self):
        verifier = self.streaming()
        made = self.mint()
        self.assertTrue(verifier.verify(made.token))
        for change, verdict in (("suspend", "suspended"), ("resume", "active")):
            getattr(self.client.tokens, change)(made.id)
            self.hears(verifier, made.token, verdict)

    def test_an_access_token_dies_with_its_key_token(self):
        verifier = self.streaming()
        path = os.path.join(self.server.scratch, "deploy.json")
        self.server.cli("token", "create-token", "-n", "application", "-g", "-a", "ES256",
                        "--api", "licensing", "--out", path, "--with-permissions", "--project",
                        "default")
        provider = self.closed(AuthProvider.from_file(path))
        token = provider.token()
        self.assertTrue(verifier.verify(token, "license:read", project=provider.project_id))
        self.client.tokens.revoke(provider.token_id)
        self.hears(verifier, token, "revoked")

    def test_the_client_hears_events(self):
        with self.client.events.stream(type="token.") as events:
            heard = iter(events)
            found = []
            listening = threading.Thread(target=lambda: found.append(next(heard)))
            listening.start()
            made = poll_until(lambda: (self.mint(), found), lambda pair: pair[1])[0]
            listening.join()
            self.assertEqual(found[0].type, "token.created")
            self.assertTrue(made.id)


class Readme(ServerCase):
    def test_what_it_shows_runs_against_a_real_server(self):
        scratch, made = self.server.scratch, self.mint(kind="jwt", scopes=["license:read"])
        self.server.cli("token", "create-token", "-n", "application", "-g", "-a", "ES256",
                        "--api", "licensing", "--out", os.path.join(scratch, "deploy.json"),
                        "--with-permissions", "--project", "default")
        with open(os.path.join(scratch, "deploy.json"), encoding="utf-8") as file:
            deploy = json.load(file)
        with open(os.path.join(scratch, "key.pem"), "w", encoding="utf-8") as file:
            file.write(deploy["privateKey"])
        demo = Demo(DEMOS["FastAPI"], {"LATCHKEY_SERVER": self.server.url})
        self.addCleanup(demo.__exit__)
        poll_until(lambda: self.is_up(demo), bool)
        changes = {
            "https://auth.example.com": self.server.url, "https://api.example.com": demo.url,
            '"deploy.json"': repr(os.path.join(scratch, "deploy.json")),
            '"key.pem"': repr(os.path.join(scratch, "key.pem")),
            'passphrase="…", ': "", ', passphrase=lambda: "asked for when it is needed"': "",
            'key_id="…"': f"key_id={deploy['keyId']!r}",
            'token_id="…"': f"token_id={deploy['tokenId']!r}",
            'project_id="…"': f"project_id={deploy['projectId']!r}",
            'auth_token="…", base_url': f"auth_token={made.token!r}, base_url",
            'auth_token="…", server': f"auth_token={self.session!r}, server",
            '"a token"': repr(made.token), "print(": "say(",
            "Latchkey(auth=auth, base": "_ = Latchkey(auth=auth, base",
            "events.stream(": "events.list("}  # which ends
        with open(os.path.join(SDK, "README.md"), encoding="utf-8") as file:
            blocks = re.findall(r"```python\n(.*?)```", file.read(), re.S)
        said = []
        names = {"say": lambda *words: said.extend(words), "__name__": "readme"}
        for block in blocks:
            for old, new in changes.items():
                block = block.replace(old, new)
            exec(compile(block, "README.md", "exec"), names)
        self.assertIn(made.owner, said)
        self.assertEqual(names["auth"].fetch_project_scoped_token().count("."), 2)
        self.assertGreater(len(blocks), 7)
        for name in ("client", "_", "auth", "verifier"):
            names[name].close()

    def is_up(self, demo):
        try:
            return self.server.request("GET", demo.url + "/licenses").status == 401
        except OSError:
            return False


class Client(ServerCase):
    def test_tokens_projects_policies_and_events(self):
        names = [f"token-{number}" for number in range(7)]
        made = {name: self.client.tokens.create(name, api="licensing", scopes=["license:read"])
                for name in names}
        listed = self.client.tokens.list(limit=3)
        self.assertEqual(len(listed.page()), 3)
        self.assertEqual({token.name for token in listed} & set(names), set(names))
        one = made["token-0"]
        self.assertEqual(self.client.tokens.update(one.id, description="d").description, "d")
        self.assertEqual(self.client.tokens.suspend(one.id).state, "suspended")
        self.assertEqual(self.client.tokens.resume(one.id).state, "active")
        self.client.tokens.delete(one.id)
        with self.assertRaises(NotFoundError) as raised:
            self.client.tokens.get(one.id)
        self.assertTrue(raised.exception.request_id)

        project = self.client.projects.create("checkout", description="The shop")
        self.client.projects.add_token(project.id, made["token-1"].id)
        policy = {"version": "2022-12-15", "statement": [
            {"effect": "Allow", "action": ["license:*"], "resource": ["*"]}]}
        self.client.policies.put(project.id, made["token-1"].id, policy)
        self.assertEqual(self.client.policies.get(project.id, made["token-1"].id), policy)
        self.assertIn(made["token-1"].id,
                      [one.id for one in self.client.projects.principals(project.id, "token")])
        aggregator = self.client.projects.create_token(project.id, "aggregator", ["read:*"])
        self.assertEqual(aggregator.token.count("."), 1)

        types = [event.type for event in self.client.events.list(type="token.")]
        self.assertEqual(types.count("token.created"), 8)
        self.assertIn("token.deleted", types)
        self.assertGreater(self.client.events.checkpoint()["revision"], 8)
        with Latchkey(made["token-2"].token, server=self.server.url) as holder:
            self.assertEqual(holder.tokens.self().effective_scopes, ("license:read",))
            with self.assertRaises(AuthenticationError):  # it is for another API
                list(holder.tokens.list())


if __name__ == "__main__":
    unittest.main()
