"""spec/vectors/verifier: the same answers as every other implementation, and the same count."""

import json
import pathlib
import sys
import unittest

from latchkey import NetworkError, StreamError, Verifier, missing_scopes
from latchkey._http import Answer
from latchkey._stream import Session, frames_of
from latchkey.policies import is_allowed, is_inside

VECTORS = pathlib.Path(__file__).resolve().parents[3] / "spec" / "vectors" / "verifier"


class Network:
    """Answers as the step says. What it does not name cannot be reached."""

    def __init__(self, documents):
        self.documents, self.answers, self.requests, self.asked = documents, {}, 0, {}

    def __call__(self, method, url, *, headers, body, timeout, bytes_max):
        self.requests += 1
        found = self.answers.get(url)
        if found is None:
            raise NetworkError("it cannot be reached")
        if method != ("POST" if url.endswith("/v1/tokens/verify") else "GET"):
            raise AssertionError(f"{method} {url}")
        if method == "POST":
            self.asked = json.loads(body)
        if isinstance(found, str):
            found = {"status": 200, "body": found}
        text = self.documents.get(found.get("body", ""), "")
        if "json" in found:
            text = json.dumps(found["json"])
        if len(text) > bytes_max:
            raise NetworkError("it is too large", code="too_large")
        return Answer(found["status"], {}, text.encode())


class Case:
    """One verifier that begins with nothing, and a clock that the steps set."""

    def __init__(self, config, documents):
        self.now, self.network = 0.0, Network(documents)
        self.session, self.is_open = None, True
        self.verifier = Verifier(
            config["issuer"], config["audience"], token="not-a-secret" if config["ask"] else None,
            revocation="poll", max_staleness=config["maxStalenessSeconds"],
            clock_tolerance=config["clockToleranceSeconds"], transport=self.network,
            clock=lambda: self.now, monotonic=lambda: self.now, background=False)

    def hear(self, frames):
        """As server-sent events, through the parser."""
        if not frames or not self.is_open:
            return
        self.session = self.session or Session(None, self.verifier.listener)
        lines = []
        for frame in frames:
            lines += [f"{name}: {frame[name]}\n" for name in ("id", "event") if name in frame]
            lines += [f"data: {json.dumps(frame['data'])}\n", "\n"]
        try:
            for name, data in frames_of(line.encode() for line in lines):
                self.session.take(name, data)
        except StreamError as error:
            self.is_open = False
            self.verifier.listener.stream_ended(error)

    def run(self, step):
        self.now, self.network.answers, self.network.requests = step["at"], step["network"], 0
        self.hear(step.get("frames"))
        asked = dict(step["verify"])
        token, scopes = asked.pop("token"), asked.pop("scopes")
        if isinstance(token, dict):
            token = token["before"] + token["repeat"] * token["times"] + token["after"]
        found = self.verifier.verify(token, scopes, **asked)
        again = self.verifier.verify(token, tuple(scopes), **asked)
        if found != again:
            raise AssertionError(f"{found} the first time, {again} the second")
        return shown(found)


def shown(found):
    ends = found.expires_at
    return {"verdict": found.verdict, "tokenId": found.token_id, "owner": found.owner,
            "kind": found.kind, "project": found.project, "scopes": list(found.scopes),
            "missingScopes": list(found.missing_scopes),
            "expiresAt": None if ends is None else int(ends.timestamp())}


def answer_of_rule(kind, case):
    if kind == "scopes":
        return list(missing_scopes(case["have"], case["wanted"])) == case["missing"]
    if kind == "policies":
        return is_allowed(case["policy"], case["action"], case["resource"]) == case["allowed"]
    return is_inside(case["address"], case["block"]) == case["inside"]


class Vectors(unittest.TestCase):
    def test_every_case_is_answered_as_it_says(self):
        count = 0
        for path in sorted(VECTORS.glob("*.json")):
            document = json.loads(path.read_text())
            for case in document["cases"]:
                count += 1
                with self.subTest(file=path.stem, case=case["name"]):
                    if "steps" not in case:
                        self.assertTrue(answer_of_rule(path.stem, case))
                        continue
                    config = {**document["config"], **case.get("config", {})}
                    played = Case(config, document["documents"])
                    for number, step in enumerate(case["steps"], 1):
                        found = played.run(step)
                        wanted = step["expect"]
                        self.assertEqual({name: found[name] for name in wanted}, wanted,
                                         f"step {number}")
                        asked = step.get("asked", {})
                        self.assertEqual({name: played.network.asked.get(name) for name in asked},
                                         asked, f"step {number}")
                        if step.get("requests") == 0:
                            self.assertEqual(played.network.requests, 0, f"step {number}")
        print(f"verifier vectors: {count} cases", file=sys.stderr)
        self.assertGreater(count, 300)


if __name__ == "__main__":
    unittest.main()
