"""A script of tests/e2e in Node, kept running: one line in, one JSON answer a line out."""

import json
import os
import subprocess

from latchkey_server import SOURCE

HERE = os.path.join(SOURCE, "tests", "e2e")


class NodeProgram:
    def __init__(self, script, *args):
        self.script = script
        self.process = subprocess.Popen(["node", os.path.join(HERE, script), *args], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self.script} ended; its words are on standard error")
        return json.loads(answer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(timeout=60)
        self.process.stdout.close()
