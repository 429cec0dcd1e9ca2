"""A story of Calyptia's clients against the whole server, with its dialect on a listener of its own.

What their Go client and their CLI send is sent here as they send it (a bare `?`, null where nothing
was named, a type with its charset), and the project token that comes out passes /check at our own
listener with verbs as scopes.
"""

import base64
import json
import re
import unittest
import urllib.request

from latchkey_server import Answer, EMAIL, LatchkeyServer, NoRedirect, free_port

ALL = ["create:*", "read:*", "update:*", "delete:*"]


class CalyptiaCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.port = free_port()
        cls.server = LatchkeyServer(args=["--dialect", f"calyptia=127.0.0.1:{cls.port}"])
        cls.addClassCleanup(cls.server.__exit__)
        cls.user = {"Authorization": f"Bearer {cls.server.session()}"}

    def call(self, method, path, credential=None, body=..., status=None):
        """As their client asks: a body is JSON with its charset, and only when there is one."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method=method,
                                         data=None if body is ... else json.dumps(body).encode())
        if body is not ...:
            request.add_header("Content-Type", "application/json; charset=utf-8")
        for name, value in (credential or {}).items():
            request.add_header(name, value)
        opener = urllib.request.build_opener(NoRedirect, urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=60) as raw:
                answer = Answer(raw.status, raw.headers, raw.read())
        except urllib.error.HTTPError as error:
            answer = Answer(error.code, error.headers, error.read())
        if status is not None:
            self.assertEqual(answer.status, status, (method, path, answer.body))
        return answer

    def by_user(self, method, path, body=..., status=200):
        return self.call(method, path, self.user, body, status)

    def project(self, name):
        return self.by_user("POST", "/v1/projects", {"name": name}, 201).json()

    def checked(self, secret, scope, project):
        path = f"/check/api/pipelines/scope/{scope}/project/{project}"
        return self.server.request("GET", path, token=secret).status

    def refused(self, answer, status, text):
        self.assertEqual((answer.status, answer.json()["error"]), (status, text))
        self.assertEqual(answer.headers["Content-Type"], "application/json")

    def before(self, answer):
        """What their client reads out of the Link of a page."""
        link = re.fullmatch(r'<([^>]+)>; rel="next"', answer.headers["Link"] or "")
        return link and re.search(r"[?&]before=([^&]+)", link[1])[1]


class AStory(CalyptiaCase):
    def test_a_project_its_tokens_and_its_end(self):
        made = self.project("telemetry")
        project, default = made["id"], made["token"]
        self.assertEqual(made["membership"]["roles"], ["creator"])
        names = json.loads(base64.urlsafe_b64decode(default.split(".")[0] + "=="))
        self.assertEqual(names["ProjectID"], project)  # what their CLI reads before any request

        tokens = f"/v1/projects/{project}/tokens"
        agent = self.by_user("POST", tokens, {"name": "agent", "permissions": None}, 201).json()
        self.assertEqual(agent["permissions"], ALL)
        reader = self.by_user("POST", tokens, {"name": "reader", "permissions": ["read:*"]},
                              201).json()
        self.assertEqual(sorted(reader), ["createdAt", "id", "name", "permissions", "token"])
        listed = self.by_user("GET", tokens + "?").json()
        self.assertEqual([t["name"] for t in listed], ["reader", "agent", "default"])
        self.assertEqual({t["token"] for t in listed}, {"redacted"})
        self.assertEqual(listed[0], {**reader, "token": "redacted"})

        for verb in ("create", "read", "update", "delete"):
            expected = 200 if verb == "read" else 403
            self.assertEqual(self.checked(reader["token"], f"{verb}:pipeline", project), expected)
            self.assertEqual(self.checked(agent["token"], f"{verb}:pipeline", project), 200)

        path = f"/v1/project_tokens/{reader['id']}"
        with_reader = {"X-Project-Token": reader["token"]}
        self.assertEqual(self.call("GET", path, with_reader, status=200).json()["name"], "reader")
        self.refused(self.call("PATCH", path, with_reader, {"name": None, "permissions": []}),
                     403, "permission denied")
        self.by_user("PATCH", path, {"name": "writer", "permissions": ["read:*", "update:*"]}, 204)
        self.assertEqual(self.checked(reader["token"], "update:pipeline", project), 200)
        self.refused(self.call("PATCH", path, with_reader, {"permissions": []}),
                     403, "permission denied")
        self.call("PATCH", path, with_reader, {"name": "mine", "permissions": None}, 204)
        self.assertEqual(self.by_user("GET", path).json()["name"], "mine")

        # `calyptia get members` has nothing but a project token.
        members = self.call("GET", f"/v1/projects/{project}/members?",
                            {"X-Project-Token": default}, status=200).json()
        self.assertEqual([m["user"]["email"] for m in members], [EMAIL])
        self.refused(self.call("POST", tokens, {"X-Project-Token": default}, {"name": "x"}),
                     403, "permission denied")
        self.refused(self.call("GET", tokens, {"X-Project-Token": default}),
                     403, "permission denied")

        self.by_user("DELETE", path, status=204)
        self.assertEqual(self.checked(reader["token"], "read:pipeline", project), 401)
        self.refused(self.by_user("GET", path, status=None), 404, "token not found")
        gone = self.by_user("DELETE", f"/v1/projects/{project}").json()
        self.assertTrue(gone["deleted"])
        self.assertEqual(self.checked(default, "read:pipeline", project), 401)
        self.refused(self.by_user("GET", f"/v1/projects/{project}", status=None),
                     404, "project not found")

    def test_pages_are_walked_as_their_client_walks_them(self):
        project = self.project("pages")["id"]
        tokens = f"/v1/projects/{project}/tokens"
        for i in range(1, 10):
            self.by_user("POST", tokens, {"name": f"t{i}", "permissions": None}, 201)
        seen, before = [], ""
        while before is not None:
            page = self.by_user("GET", f"{tokens}?last=3&before={before}")
            seen.append([t["name"] for t in page.json()])
            before = self.before(page)
        self.assertEqual(seen, [["t9", "t8", "t7"], ["t6", "t5", "t4"], ["t3", "t2", "t1"],
                                ["default"]])
        self.assertEqual([t["name"] for t in self.by_user("GET", f"{tokens}?name=t4").json()],
                         ["t4"])
        self.refused(self.by_user("GET", f"{tokens}?before=forged", status=None),
                     400, "decode cursor")

    def test_every_refusal_is_in_their_words(self):
        project = self.project("words")
        other = self.project("others")
        tokens = f"/v1/projects/{project['id']}/tokens"
        refused = self.refused
        refused(self.call("GET", "/v1/projects"), 401, "unauthenticated")
        refused(self.call("GET", "/v1/projects", {"Authorization": "Bearer x"}),
                401, "invalid token")
        refused(self.call("GET", "/v1/projects", {**self.user, "X-Project-Token": other["token"]}),
                400, "more than one credential")
        for body, text in (({"name": ""}, "invalid token name"),
                           ({"name": "x", "permissions": ["admin"]}, "invalid permission"),
                           ({"name": "x", "permissions": ["read:*"] * 2}, "duplicate permission")):
            refused(self.by_user("POST", tokens, body, None), 400, text)
        refused(self.by_user("POST", tokens, {"name": "default"}, None), 409, "token name taken")
        refused(self.by_user("GET", "/v1/project_tokens/x", status=None), 400, "invalid token ID")
        refused(self.by_user("GET", "/v1/projects/x", status=None), 400, "invalid project ID")
        refused(self.by_user("POST", "/v1/projects", {"name": ""}, None),
                400, "invalid project name")
        refused(self.call("GET", f"/v1/projects/{project['id']}",
                          {"X-Project-Token": other["token"]}), 404, "project not found")
        member = project["membership"]["id"]
        refused(self.by_user("DELETE", f"/v1/members/{member}", status=None),
                409, "cannot delete last creator")
        # Our own refusals of what is no request at all have the same shape.
        refused(self.by_user("DELETE", "/v1/projects", status=None), 405, "method not allowed")


if __name__ == "__main__":
    unittest.main()
