"""Converts the OpenAPI description to JSON: openapi_json.py IN.yaml OUT.json

Beside it, OUT.json.gz is the same compressed. spec/openapi.yaml says what is particular. What holds for everything is added here, so that nobody
can forget it: the answers that every operation may give, the fields that every answer may carry,
and the bounds that hold where no narrower one is written.
"""

import gzip
import json
import sys

try:
    import yaml
except ImportError:
    sys.exit("openapi_json.py needs PyYAML: apt-get install python3-yaml")

METHODS = ("get", "post", "put", "patch", "delete")
# No body is longer than this, and so is nothing in it; no text anywhere holds a NUL.
TEXT_MAX = 65536
TEXT_PATTERN = "^[^\\u0000]*$"
ITEMS_MAX = 65536
NUMBER_MAX = 9007199254740991  # what every JSON reader keeps exactly
FIELDS = {
    "RateLimit": "What is left, when the token has a rate: `\"token\";r=99;t=60`.",
    "RateLimit-Policy": "The token's rate: `\"token\";q=100;w=60`.",
    "Token-Expires-At": "When the token that was presented ends, if it does.",
    "Access-Control-Allow-Origin": "The asking page's origin, when the settings name it.",
}
EVERYWHERE = (
    ("400", "Unreadable", "The request cannot be read."),
    ("413", "TooLarge", "The body is too large."),
    ("414", "UriTooLong", "The address is too long."),
    ("429", "RateLimited", "Too many requests; Retry-After says when it works again."),
    ("431", "HeaderTooLarge", "The header is too large."),
    ("500", "Failed", "It failed here; the log has the details under the request id."),
)
STRING_BOUNDS = ("maxLength", "enum", "const")
STRING_FORMS = ("format", "pattern", "enum", "const")


class TextualTimes(yaml.SafeLoader):
    """Leaves times as the text they are written in; JSON has no other form for them."""


TextualTimes.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def is_of(schema, name):
    kind = schema.get("type")
    return kind == name or (isinstance(kind, list) and name in kind)


def bound(schema):
    if is_of(schema, "string"):
        if not any(word in schema for word in STRING_BOUNDS):
            schema["maxLength"] = TEXT_MAX
        if not any(word in schema for word in STRING_FORMS):
            schema["pattern"] = TEXT_PATTERN
    if is_of(schema, "integer"):
        schema.setdefault("format", "int64")
        if "enum" not in schema and "const" not in schema:
            schema.setdefault("minimum", 0)
            schema.setdefault("maximum", NUMBER_MAX)
    if is_of(schema, "array"):
        schema.setdefault("maxItems", ITEMS_MAX)


def walk_schema(schema):
    """Every schema below this one; examples and enumerations are data, not schemas."""
    if not isinstance(schema, dict):
        return
    if "$ref" not in schema:
        bound(schema)
    for name in ("items", "additionalProperties", "not", "if", "then", "else", "propertyNames"):
        walk_schema(schema.get(name))
    for name in ("properties", "patternProperties", "$defs", "dependentSchemas"):
        for below in (schema.get(name) or {}).values():
            walk_schema(below)
    for name in ("allOf", "anyOf", "oneOf", "prefixItems"):
        for below in schema.get(name) or []:
            walk_schema(below)


def find_schemas(node, inside=()):
    """Where schemas stand: below `schema`, and in components/schemas."""
    if isinstance(node, list):
        for item in node:
            find_schemas(item, inside)
    if not isinstance(node, dict):
        return
    for name, value in node.items():
        if name in ("example", "examples", "default"):
            continue
        if name == "schema":
            walk_schema(value)
        elif name == "schemas" and inside == ("components",):
            for schema in value.values():
                walk_schema(schema)
        else:
            find_schemas(value, (*inside, name))


def answers_of(document):
    for item in document["paths"].values():
        for method in METHODS:
            yield from item.get(method, {}).get("responses", {}).values()
    yield from document["components"]["responses"].values()


def complete(document):
    responses = document["components"]["responses"]
    headers = document["components"]["headers"]
    for name, description in FIELDS.items():
        headers[name] = {"description": description, "schema": {"type": "string"}}
    for _, name, description in EVERYWHERE:
        responses.setdefault(name, {"description": description, "content": {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}})
    for path, item in document["paths"].items():
        for method in METHODS:
            if method not in item:
                continue
            answers = item[method]["responses"]
            wanted = [(status, name) for status, name, _ in EVERYWHERE]
            if path.startswith("/v1/"):
                wanted += [("406", "NotAcceptable"), ("415", "UnsupportedMediaType")]
                wanted += [("304", "NotModified")] if method == "get" else []
            for status, name in wanted:
                answers.setdefault(status, {"$ref": f"#/components/responses/{name}"})
            item[method]["responses"] = dict(sorted(answers.items()))
            item[method].setdefault("description", item[method]["summary"] + ".")
    for answer in answers_of(document):
        if "$ref" in answer:
            continue
        fields = answer.setdefault("headers", {})
        fields.setdefault("X-Request-Id", {"$ref": "#/components/headers/RequestId"})
        for name in FIELDS:
            fields.setdefault(name, {"$ref": f"#/components/headers/{name}"})
    find_schemas(document)


def main(source, target):
    with open(source, encoding="utf-8") as file:
        document = yaml.load(file, Loader=TextualTimes)
    complete(document)
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    with open(target, "wb") as file:
        file.write(text)
    with open(target + ".gz", "wb") as file:
        file.write(gzip.compress(text, mtime=0))


main(*sys.argv[1:])
