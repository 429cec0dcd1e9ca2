"""Reading our OpenAPI description: is an answer as it says, and requests that are nearly as it
says. JSON Schema as far as the description uses it; a word that is not known is an error, so that
nothing is left unchecked."""

import json
import random
import re
import string

IGNORED = {"description", "examples", "example", "default", "format", "title", "readOnly",
           "writeOnly", "deprecated", "contentMediaType", "contentEncoding"}
TYPES = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "object": dict,
         "array": list, "null": type(None)}


def is_type(value, name):
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, TYPES[name])


class Document:
    def __init__(self, document):
        self.document = document

    def resolve(self, node):
        while isinstance(node, dict) and "$ref" in node:
            found = self.document
            for part in node["$ref"][2:].split("/"):
                found = found[part.replace("~1", "/").replace("~0", "~")]
            node = found
        return node

    def operations(self):
        for path, item in self.document["paths"].items():
            for method in ("get", "post", "put", "patch", "delete"):
                if method in item:
                    operation = item[method]
                    parameters = [self.resolve(p) for p in item.get("parameters", [])
                                  + operation.get("parameters", [])]
                    yield path, method, operation, parameters

    # --- answers ---------------------------------------------------------------------------------
    def wrong_with(self, operation, status, content_type, body):
        """What an answer has that the description does not; None when all is well."""
        answers = operation["responses"]
        if str(status) not in answers:
            return f"status {status} is not described"
        content = self.resolve(answers[str(status)]).get("content", {})
        if not body:
            return None
        essence = (content_type or "").split(";")[0].strip()
        if essence not in content:
            return f"a {status} of type {essence!r} is not described"
        if not essence.endswith("json"):
            return None
        return self.violation(json.loads(body), content[essence]["schema"], "")

    def violation(self, value, schema, place):
        schema = self.resolve(schema)
        for word, wanted in schema.items():
            if word in IGNORED:
                continue
            found = getattr(self, "check_" + word.replace("$", ""))(value, wanted, schema, place)
            if found:
                return found
        return None

    def check_type(self, value, wanted, _, place):
        names = wanted if isinstance(wanted, list) else [wanted]
        if not any(is_type(value, name) for name in names):
            return f"{place}: {value!r} is no {wanted}"

    def check_enum(self, value, wanted, _, place):
        if value not in wanted:
            return f"{place}: {value!r} is none of {wanted}"

    def check_const(self, value, wanted, _, place):
        if value != wanted:
            return f"{place}: {value!r} is not {wanted!r}"

    def check_required(self, value, wanted, _, place):
        missing = [name for name in wanted if isinstance(value, dict) and name not in value]
        if missing:
            return f"{place}: lacks {missing}"

    def check_properties(self, value, wanted, _, place):
        for name, schema in wanted.items():
            if isinstance(value, dict) and name in value:
                found = self.violation(value[name], schema, f"{place}/{name}")
                if found:
                    return found

    def check_additionalProperties(self, value, wanted, schema, place):
        for name in value if isinstance(value, dict) else ():
            if name in schema.get("properties", {}):
                continue
            if wanted is False:
                return f"{place}: has {name!r}"
            if wanted is not True and (found := self.violation(value[name], wanted,
                                                               f"{place}/{name}")):
                return found

    def known_names(self, schema):
        schema = self.resolve(schema)
        names = set(schema.get("properties", {}))
        for below in schema.get("allOf", []):
            names |= self.known_names(below)
        return names

    def check_unevaluatedProperties(self, value, wanted, schema, place):
        extra = set(value) - self.known_names(schema) if isinstance(value, dict) else set()
        if extra and wanted is False:
            return f"{place}: has {sorted(extra)}"

    def check_items(self, value, wanted, _, place):
        for index, item in enumerate(value if isinstance(value, list) else ()):
            if found := self.violation(item, wanted, f"{place}/{index}"):
                return found

    def check_maxItems(self, value, wanted, _, place):
        if isinstance(value, list) and len(value) > wanted:
            return f"{place}: more than {wanted} items"

    def check_minItems(self, value, wanted, _, place):
        if isinstance(value, list) and len(value) < wanted:
            return f"{place}: less than {wanted} items"

    def check_uniqueItems(self, value, wanted, _, place):
        if wanted and isinstance(value, list) and len({json.dumps(v) for v in value}) < len(value):
            return f"{place}: an item stands twice"

    def check_maxLength(self, value, wanted, _, place):
        if isinstance(value, str) and len(value) > wanted:
            return f"{place}: longer than {wanted}"

    def check_minLength(self, value, wanted, _, place):
        if isinstance(value, str) and len(value) < wanted:
            return f"{place}: shorter than {wanted}"

    def check_pattern(self, value, wanted, _, place):
        if isinstance(value, str) and not re.search(wanted, value, re.S):
            return f"{place}: {value!r} does not look like {wanted}"

    def check_minimum(self, value, wanted, _, place):
        if is_type(value, "number") and value < wanted:
            return f"{place}: {value} is below {wanted}"

    def check_maximum(self, value, wanted, _, place):
        if is_type(value, "number") and value > wanted:
            return f"{place}: {value} is above {wanted}"

    def check_minProperties(self, value, wanted, _, place):
        if isinstance(value, dict) and len(value) < wanted:
            return f"{place}: less than {wanted} members"

    def check_maxProperties(self, value, wanted, _, place):
        if isinstance(value, dict) and len(value) > wanted:
            return f"{place}: more than {wanted} members"

    def check_propertyNames(self, value, wanted, _, place):
        for name in value if isinstance(value, dict) else ():
            if found := self.violation(name, wanted, f"{place}/{name}"):
                return found

    def fitting(self, value, schemas, place):
        return sum(self.violation(value, schema, place) is None for schema in schemas)

    def check_anyOf(self, value, wanted, _, place):
        if not self.fitting(value, wanted, place):
            return f"{place}: {value!r} fits nothing of anyOf"

    def check_oneOf(self, value, wanted, _, place):
        if self.fitting(value, wanted, place) != 1:
            return f"{place}: {value!r} does not fit exactly one of oneOf"

    def check_allOf(self, value, wanted, _, place):
        for schema in wanted:
            if found := self.violation(value, schema, place):
                return found


ODD_TEXTS = ["", " ", "\u0000", "a\r\nb", "../../etc/passwd", "%00", "𝔘𝔫𝔦", "\u202e", "'; --", "*",
             "<script>", "-1", "null", "9" * 400, "x" * 5000, "é" * 101, "a:b", "license:read",
             "token:*", "1.2.3.4/33", "30d", "0d", "2030-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z",
             "http://[::1]", "\ud7ff", "{}", "jwt"]
ODD_VALUES = [None, True, False, 0, -1, 1, 2 ** 31, 2 ** 63, 2 ** 64, 1.5, 1e308, [], {}, [[]], "",
              {"": ""}, [None], "x" * 70000]


class Generator:
    """Requests: mostly as the schema wants them, with something odd now and then."""

    def __init__(self, document, seed):
        self.document, self.random = document, random.Random(seed)
        self.texts = []  # ids, names and scopes that the server told us

    def text(self):
        kind = self.random.random()
        if self.texts and kind < 0.6:
            return self.random.choice(self.texts)
        if kind < 0.8:
            return self.random.choice(ODD_TEXTS)
        length = self.random.randrange(1, 20)
        return "".join(self.random.choice(string.ascii_lowercase + ":-_ ") for _ in range(length))

    def value(self, schema, depth=0):
        chosen = self.random.random()
        if chosen < 0.06 or depth > 6:
            return self.random.choice(ODD_VALUES)
        schema = self.document.resolve(schema or {})
        for word in ("oneOf", "anyOf", "allOf"):
            if word in schema:
                return self.value(self.random.choice(schema[word]), depth + 1)
        if "enum" in schema:
            return self.random.choice(schema["enum"])
        if "const" in schema:
            return schema["const"]
        kinds = schema.get("type", "string")
        kind = self.random.choice(kinds) if isinstance(kinds, list) else kinds
        return self.of_kind(kind, schema, depth)

    def of_kind(self, kind, schema, depth):
        if kind == "object":
            return self.an_object(schema, depth)
        if kind == "array":
            return [self.value(schema.get("items", {}), depth + 1)
                    for _ in range(self.random.choice((0, 1, 1, 2, 3, 40)))]
        if kind == "integer":
            low, high = schema.get("minimum", 0), schema.get("maximum", 10 ** 6)
            return self.random.choice((low, high, low - 1, high + 1, self.random.randint(low, high)))
        if kind == "boolean":
            return self.random.random() < 0.5
        return None if kind == "null" else self.text()

    def an_object(self, schema, depth):
        required = set(schema.get("required", ()))
        made = {}
        for name, below in schema.get("properties", {}).items():
            if self.random.random() < (0.97 if name in required else 0.4):
                made[name] = self.value(below, depth + 1)
        if self.random.random() < 0.03 or (not made and "properties" not in schema):
            made[self.text()[:50]] = self.value({}, depth + 1)
        return made

    def body(self, operation):
        """(content type, bytes), or nothing."""
        content = self.document.resolve(operation.get("requestBody", {})).get("content", {})
        if not content:
            return (None, b"") if self.random.random() < 0.95 else ("application/json", b"{}")
        kind = self.random.choice(list(content))
        schema, example = content[kind].get("schema", {}), content[kind].get("example")
        value = self.value(schema)
        if example is not None and self.random.random() < 0.3:
            value = example
            if isinstance(example, dict) and isinstance(changed := self.value(schema), dict):
                value = {**example, **dict(list(changed.items())[:1])}
        if kind == "application/x-www-form-urlencoded":
            from urllib.parse import urlencode
            pairs = value if isinstance(value, dict) else {"x": value}
            data = urlencode({k: str(v) for k, v in pairs.items()}, errors="replace").encode()
        else:
            data = json.dumps(value).encode("utf-8", "surrogatepass")
        if self.random.random() < 0.03:
            data = data[:self.random.randrange(len(data) + 1)]
        if self.random.random() < 0.02:
            kind = "text/plain"
        return kind, data
