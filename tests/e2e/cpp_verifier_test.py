"""The C++ library as somebody installs it: find_package(latchkey), a program of his own, and the
documents of a real server."""

import os
import re
import subprocess
import unittest

from latchkey_server import BINARY, SOURCE
from licensing import LicensingCase
from programs import run

BUILD = os.path.dirname(os.path.abspath(BINARY))


def cached(name):
    """A value of the build's CMakeCache: the example must be built with the same sanitizers."""
    with open(os.path.join(BUILD, "CMakeCache.txt"), encoding="utf-8") as file:
        found = re.search(rf"^{name}:[A-Z]+=(.*)$", file.read(), re.M)
    return found.group(1) if found else ""


class CppVerifier(LicensingCase):
    def setUp(self):
        super().setUp()
        self.folder = os.path.join(self.server.scratch, "documents")
        os.mkdir(self.folder)

    def install(self):
        prefix = os.path.join(self.server.scratch, "prefix")
        libraries = [f"latchkey_{name}" for name in ("base", "crypto", "token", "verify", "embed")]
        run("cmake", "--build", BUILD, "--target", *libraries)
        run("cmake", "--install", BUILD, "--component", "library", "--prefix", prefix)
        return prefix

    def build_example(self, prefix):
        flags = cached("LATCHKEY_SANITIZE")
        build = os.path.join(self.server.scratch, "example")
        run("cmake", "-S", os.path.join(SOURCE, "examples", "cpp-verifier"), "-B", build, "-G",
            "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}",
            f"-DCMAKE_CXX_FLAGS={'-fsanitize=' + flags if flags else ''}")
        run("cmake", "--build", build)
        return os.path.join(build, "cpp-verifier")

    def documents(self):
        for path, name in (("/.well-known/jwks.json", "jwks.json"), ("/status/0", "status-0")):
            with open(os.path.join(self.folder, name), "wb") as file:
                file.write(self.server.request("GET", path).body)

    def ask(self, program, token, *scopes):
        done = subprocess.run([program, self.server.url, "licensing-api", self.folder, *scopes],
                              input=token, text=True, capture_output=True, timeout=60)
        return done.returncode, done.stdout.split("\n")

    def test_a_program_that_finds_the_package_verifies_tokens(self):
        prefix = self.install()
        listed = {os.path.relpath(os.path.join(folder, name), prefix)
                  for folder, _, names in os.walk(prefix) for name in names}
        self.assertIn("include/latchkey/verifier.h", listed)
        self.assertEqual([name for name in listed if name.startswith("include/")],
                         ["include/latchkey/verifier.h"])
        program = self.build_example(prefix)

        made = self.api("POST", "/v1/tokens", {
            "name": "demo", "api": "licensing", "scopes": ["license:read"]}, status=201)
        self.documents()
        code, lines = self.ask(program, made["token"], "license:read")
        self.assertEqual((code, lines[:2]), (0, ["active", "token " + made["id"]]))
        code, lines = self.ask(program, made["token"], "license:read", "license:write")
        self.assertEqual((code, lines[0]), (1, "insufficient_scope"))
        self.assertIn("missing license:write", lines)
        self.assertEqual(self.ask(program, "hello")[1][0], "malformed")

        self.api("POST", f"/v1/tokens/{made['id']}/revoke", {})
        self.documents()
        self.assertEqual(self.ask(program, made["token"])[1][0], "revoked")
        os.remove(os.path.join(self.folder, "status-0"))
        self.assertEqual(self.ask(program, made["token"])[1][0], "not_current")


if __name__ == "__main__":
    unittest.main()
