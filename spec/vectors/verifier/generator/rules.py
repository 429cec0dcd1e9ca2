"""Cases of the pure rules: which scopes, actions, resources and addresses cover which."""

from world import PROJECT, TOKEN


def scopes():
    """(what is had, what is asked for, what is missing)"""
    rows = [
        (["license:read"], ["license:read"], []),
        (["license:read"], [], []),
        ([], [], []),
        ([], ["license:read"], ["license:read"]),
        (["license:read"], ["license:write"], ["license:write"]),
        (["license:read", "product:read"], ["product:read", "license:read"], []),
        (["license:read"], ["product:read", "license:read", "user:read"],
         ["product:read", "user:read"]),
        (["*"], ["license:read", "create:log:line"], []),
        (["*"], ["*"], []),
        (["*"], ["license:*"], []),
        (["license:*"], ["license:read", "license:write"], []),
        (["license:*"], ["product:read"], ["product:read"]),
        (["license:*"], ["license:read:all"], ["license:read:all"]),
        (["license:*"], ["license"], ["license"]),
        (["license:*"], ["license:*"], []),
        (["license:*"], ["*"], ["*"]),
        (["license:read"], ["license:*"], ["license:*"]),
        (["create:*:*"], ["create:log:line"], []),
        (["create:*:*"], ["create:log"], ["create:log"]),
        (["create:*:line"], ["create:log:line"], []),
        (["create:*:line"], ["create:log:word"], ["create:log:word"]),
        (["create:*:*"], ["create:*:line"], []),
        (["create:*:line"], ["create:*:*"], ["create:*:*"]),
        (["create:log:*"], ["create:*:line"], ["create:*:line"]),
        (["license:read"], ["License:read"], ["License:read"]),
        (["license:read"], ["license:Read"], ["license:Read"]),
        (["license:read"], ["license:rea"], ["license:rea"]),
        (["license:read"], ["license:reads"], ["license:reads"]),
        (["license:read"], ["license"], ["license"]),
        (["license:read"], [""], [""]),
        (["a.b_c-d:e"], ["a.b_c-d:e"], []),
        (["license:read", "license:*"], ["license:delete"], []),
        (["license:*", "product:*"], ["license:a", "product:b", "user:c"], ["user:c"]),
    ]
    for have, wanted, missing in rows:
        yield {"name": f"{have} for {wanted}",
               "have": have, "wanted": wanted, "missing": missing}


def statement(effect, actions, resources):
    return {"effect": effect, "action": actions, "resource": resources}


def policies():
    """(statements, [(action, resource or None, allowed)])"""
    allow, deny = "Allow", "Deny"
    rows = {
        "nothing is allowed that no statement names": (
            [], [("license:read", None, False), ("license:read", "license/7", False)]),
        "an Allow on everything": (
            [statement(allow, ["license:read"], ["*"])],
            [("license:read", None, True), ("license:read", "*", True),
             ("license:read", "license/7", True), ("license:write", None, False)]),
        "an Allow on one resource": (
            [statement(allow, ["license:*"], ["license/7"])],
            [("license:read", "license/7", True), ("license:read", "license/8", False),
             ("license:read", None, False), ("license:read", "license/7/file", False),
             ("license:read", "license", False)]),
        "a star for the last segments": (
            [statement(allow, ["license:read"], ["license/*"])],
            [("license:read", "license/7", True), ("license:read", "license/7/file", True),
             ("license:read", "license", False), ("license:read", "licenses/7", False),
             ("license:read", "license:7", False)]),
        "a star for a segment in the middle": (
            [statement(allow, ["license:read"], ["project/*/license"])],
            [("license:read", "project/a/license", True),
             ("license:read", "project/a/b/license", False),
             ("license:read", "project/a/product", False),
             ("license:read", "project/license", False)]),
        "colons and slashes are not the same": (
            [statement(allow, ["license:read"], ["ari:iam/a:*"])],
            [("license:read", "ari:iam/a:b", True), ("license:read", "ari/iam/a:b", False),
             ("license:read", "ari:iam/a/b", False)]),
        "a Deny wins, whatever stands first": (
            [statement(deny, ["license:delete"], ["*"]), statement(allow, ["license:*"], ["*"])],
            [("license:delete", None, False), ("license:delete", "license/7", False),
             ("license:read", None, True)]),
        "a Deny wins, whatever stands last": (
            [statement(allow, ["license:*"], ["*"]), statement(deny, ["license:delete"], ["*"])],
            [("license:delete", None, False), ("license:read", "license/7", True)]),
        "a Deny of one resource denies the question that names none": (
            [statement(allow, ["license:*"], ["*"]),
             statement(deny, ["license:delete"], ["license/7"])],
            [("license:delete", "license/7", False), ("license:delete", "license/8", True),
             ("license:delete", None, False), ("license:read", None, True)]),
        "an action of another name is not meant": (
            [statement(allow, ["license:*"], ["*"]), statement(deny, ["product:*"], ["*"])],
            [("license:read", None, True), ("product:read", None, False)]),
        "the lone star": (
            [statement(allow, ["*"], ["*"])],
            [("license:read", None, True), ("create:log:line", "log/1", True)]),
        "a star in an action is one segment": (
            [statement(allow, ["create:*"], ["*"])],
            [("create:log", None, True), ("create:log:line", None, False)]),
        "letters count": (
            [statement(allow, ["license:read"], ["license/A"])],
            [("license:read", "license/A", True), ("license:read", "license/a", False),
             ("License:read", "license/A", False)]),
        "several resources": (
            [statement(allow, ["license:read"], ["license/7", "license/8"])],
            [("license:read", "license/7", True), ("license:read", "license/8", True),
             ("license:read", "license/9", False), ("license:read", None, False)]),
        "a statement for one principal": (
            [{**statement(allow, ["license:read"], ["*"]),
              "principal": [f"ari:iam::{PROJECT}:token/{TOKEN}"]}],
            [("license:read", None, True)]),
    }
    for name, (statements, questions) in rows.items():
        for action, resource, allowed in questions:
            yield {"name": f"{name}: {action} on {resource or 'nothing named'}",
                   "policy": {"version": "2022-12-15", "statement": statements},
                   "action": action, "resource": resource, "allowed": allowed}


def addresses():
    rows = [
        ("192.0.2.1", "192.0.2.1", True), ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.0/24", "192.0.2.255", True), ("192.0.2.0/24", "192.0.3.0", False),
        ("192.0.2.77/24", "192.0.2.1", True), ("0.0.0.0/0", "203.0.113.9", True),
        ("0.0.0.0/0", "2001:db8::1", False), ("192.0.2.0/31", "192.0.2.1", True),
        ("192.0.2.0/31", "192.0.2.2", False), ("10.0.0.0/9", "10.127.255.255", True),
        ("10.0.0.0/9", "10.128.0.0", False), ("192.0.2.1/32", "192.0.2.1", True),
        ("2001:db8::/32", "2001:db8:ffff::1", True), ("2001:db8::/32", "2001:db9::1", False),
        ("2001:db8::1", "2001:0db8:0000:0000:0000:0000:0000:0001", True),
        ("2001:db8::1", "2001:DB8::1", True), ("::/0", "2001:db8::1", True),
        ("::/0", "192.0.2.1", True), ("192.0.2.0/24", "::ffff:192.0.2.9", True),
        ("::ffff:192.0.2.0/120", "192.0.2.9", True), ("::1", "127.0.0.1", False),
        ("2001:db8::/127", "2001:db8::1", True), ("2001:db8::/127", "2001:db8::2", False),
        # What cannot be read matches nothing: a damaged list opens a token to nobody.
        ("", "192.0.2.1", False), ("192.0.2.0/33", "192.0.2.1", False),
        ("192.0.2.0/", "192.0.2.1", False), ("192.0.2.0/-1", "192.0.2.1", False),
        ("192.0.2/24", "192.0.2.1", False), ("192.0.2.256", "192.0.2.1", False),
        ("192.0.02.1", "192.0.2.1", False), ("2001:db8::/129", "2001:db8::1", False),
        ("2001:db8:::1", "2001:db8::1", False), ("1::2::3", "1::2:0:3", False),
        ("hello", "192.0.2.1", False), ("192.0.2.0/24", "", False),
        ("192.0.2.0/24", "192.0.2.1 ", False), ("192.0.2.0/24", "192.0.2", False),
        ("fe80::1", "fe80::1%eth0", False), ("::/0", "hello", False),
        ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8", True), ("1:2:3:4:5:6:7", "1:2:3:4:5:6:7:0", False),
        ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0", True), ("12345::", "1::", False),
    ]
    for block, address, is_inside in rows:
        yield {"name": f"{address or 'nothing'} in {block or 'nothing'}",
               "block": block, "address": address, "inside": is_inside}


FILES = {
    "scopes": ("`missing`: what no item of `have` covers, in the order of `wanted`.", scopes),
    "policies": ("`allowed`: what a policy says about an action on a resource; null: none named.",
                 policies),
    "addresses": ("`inside`: whether an address is in a block or is the same address.", addresses),
}
