"""A generic client of our OpenAPI description: openapi-fetch, with the types that openapi-typescript
makes of it, compiled by `tsc --strict`. It calls every operation against a real server, and each
answer is one that the description has."""

import json
import os
import shutil
import sys
import tempfile
import unittest

from latchkey_server import EMAIL, PASSWORD, SOURCE, LatchkeyServer
from openapi import Document
from programs import run

HERE = os.path.join(SOURCE, "tests", "e2e")
TYPES = os.path.join(HERE, "node_modules", "openapi-typescript", "bin", "cli.js")
COMPILER = os.path.join(HERE, "node_modules", "typescript", "bin", "tsc")
# Its answers of success are of a server that nobody has set up.
NEVER_GOOD = {"setUp"}


class OpenApiClient(unittest.TestCase):
    def compiled(self):
        """The client's folder, as a newcomer has it after two commands."""
        scratch = tempfile.mkdtemp(prefix="latchkey-openapi-")
        self.addCleanup(shutil.rmtree, scratch)
        for name in os.listdir(os.path.join(HERE, "openapi")):
            shutil.copy(os.path.join(HERE, "openapi", name), scratch)
        os.symlink(os.path.join(HERE, "node_modules"), os.path.join(scratch, "node_modules"))
        with open(os.path.join(scratch, "package.json"), "w", encoding="utf-8") as file:
            json.dump({"type": "module"}, file)
        spec = os.path.join(SOURCE, "spec", "openapi.yaml")
        run("node", TYPES, spec, "-o", os.path.join(scratch, "schema.d.ts"), cwd=HERE)
        run("node", COMPILER, "--strict", "--noUncheckedIndexedAccess", "--target", "es2022",
            "--module", "nodenext", "--types", "node", "--skipLibCheck", "main.ts", "schema.d.ts",
            cwd=scratch)
        return scratch

    def test_every_operation_is_called_and_each_answer_is_described(self):
        if not os.path.isdir(os.path.join(HERE, "node_modules")):
            self.fail("tests/e2e/node_modules is missing: run `npm ci` in tests/e2e first")
        scratch = self.compiled()
        server = LatchkeyServer()
        self.addCleanup(server.__exit__)
        text = server.request("GET", "/openapi.json").body
        with open(os.path.join(scratch, "openapi.json"), "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        document = Document(json.loads(text))
        said = run("node", "main.js", server.url, EMAIL, PASSWORD, scratch, cwd=scratch).stdout
        answers = [json.loads(line) for line in said.splitlines()]
        self.compare(document, answers)

    def compare(self, document, answers):
        operations = {(path, method): operation
                      for path, method, operation, _ in document.operations()}
        wrong = [f"{one['failed']}: {one['why']}" for one in answers if "failed" in one]
        good, called = set(), set()
        for one in answers:
            if "failed" in one:
                continue
            operation = operations[one["path"], one["method"]]
            name = operation["operationId"]
            called.add(name)
            if one["status"] < 400:
                good.add(name)
            found = document.wrong_with(operation, one["status"], one["type"], one["body"])
            if found:
                wrong.append(f"{name}, {one['status']}: {found}\n  {one['body'][:500]}")
        names = {operation["operationId"] for operation in operations.values()}
        refused = sorted(names - good - NEVER_GOOD)
        print(f"{len(names)} operations, {len(answers)} answers, {len(good)} with success; "
              f"only refused: {', '.join(refused) or 'none'}", file=sys.stderr)
        self.assertEqual(wrong, [], "\n".join(wrong))
        self.assertEqual(names - called, set(), "these are never called")


if __name__ == "__main__":
    unittest.main()
