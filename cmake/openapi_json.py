"""Converts the OpenAPI description to JSON: openapi_json.py IN.yaml OUT.json"""

import json
import sys

try:
    import yaml
except ImportError:
    sys.exit("openapi_json.py needs PyYAML: apt-get install python3-yaml")


class TextualTimes(yaml.SafeLoader):
    """Leaves times as the text they are written in; JSON has no other form for them."""


TextualTimes.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def main(source, target):
    with open(source, encoding="utf-8") as file:
        document = yaml.load(file, Loader=TextualTimes)
    with open(target, "w", encoding="utf-8") as file:
        json.dump(document, file, ensure_ascii=False, separators=(",", ":"))


main(*sys.argv[1:])
