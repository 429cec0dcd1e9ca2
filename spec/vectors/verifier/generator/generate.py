#!/usr/bin/python3
"""Writes the vectors of verifiers, ../*.json, always the same: generate.py [--check]

--check writes nothing and exits 1 when a file is not what this would write.
"""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import rules  # noqa: E402
import state  # noqa: E402
import tokens  # noqa: E402
from world import CONFIG, DOCUMENTS  # noqa: E402

FOLDER = pathlib.Path(__file__).resolve().parent.parent


def one_a_line(document, cases):
    head = json.dumps(document, indent=1, ensure_ascii=False)[:-2]
    lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases)
    return f"{head},\n \"cases\": [\n{lines}\n ]\n}}\n"


def used_documents(cases):
    """Of all documents those that the cases name, so that a file can be read alone."""
    found = {}
    for case in cases:
        for step in case["steps"]:
            for answer in step["network"].values():
                name = answer if isinstance(answer, str) else answer.get("body")
                if name:
                    found[name] = DOCUMENTS[name]
    return dict(sorted(found.items()))


def files():
    for module in (tokens, state):
        for name, (description, cases) in module.FILES.items():
            listed = list(cases())
            config = {**CONFIG, "revocation": "stream" if name == "stream" else "poll"}
            yield name, one_a_line({"description": description, "config": config,
                                    "documents": used_documents(listed)}, listed), listed
    for name, (description, cases) in rules.FILES.items():
        listed = list(cases())
        yield name, one_a_line({"description": description}, listed), listed


def main():
    is_check, total, wrong = "--check" in sys.argv[1:], 0, []
    for name, text, cases in files():
        names = [case["name"] for case in cases]
        assert len(set(names)) == len(names), [n for n in names if names.count(n) > 1]
        path = FOLDER / f"{name}.json"
        total += len(cases)
        if not is_check:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            wrong.append(path.name)
    print(f"{total} cases" + (f"; not as generated: {', '.join(wrong)}" if wrong else ""))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
