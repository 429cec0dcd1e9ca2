"""The portal as attackers meet it (portal_attacks.mjs)."""

from portal_browser import PortalInBrowser

NAUGHTY = ["<img src=x onerror=window.pwned=1>", "<script>window.pwned=2</script>alert",
           "\"><svg onload=alert(3)>", "</title></textarea><base href=//evil.example>",
           "{{constructor.constructor('alert(4)')()}}", "javascript:alert(5)",
           "<a href='//evil.example' target=_blank><i style=naughty>", "ключ 🔑 & &lt;b&gt; alert",
           "<form action=//evil.example><input name=x><!--", "'\"`;alert(6)//${7*7}"]

# Where a login must not lead.
TARGETS = ["https://evil.example/", "//evil.example", "/%5Cevil.example", "/%09/evil.example",
           "%20//evil.example", "/.//evil.example", "/x/..//evil.example", "javascript:alert(1)",
           "%2F%2Fevil.example", "/%0d%0aLocation:%20//evil.example", "data:text/html,x",
           "/developer%2F..%2F..%2F%2Fevil.example", "https:evil.example", "///evil.example"]


class AttacksTest(PortalInBrowser):
    program = "portal_attacks.mjs"

    def fill(self, server, facts):
        """Each text into each field that takes text; returns the texts by the page they stand on."""
        session = server.session()

        def call(method, path, body):
            answer = server.request(method, path, body, token=session)
            self.assertLess(answer.status, 300, f"{method} {path}: {answer.body}")
            return answer.json() if answer.body else None

        tokens, projects, users = [], [], []
        for text in NAUGHTY:
            made = call("POST", "/v1/tokens", {"name": text, "description": text, "scopes": []})
            call("POST", f"/v1/tokens/{made['id']}/suspend", {"reason": text})
            tokens.append(made["id"])
            project = call("POST", "/v1/projects", {"name": text[:64], "description": text})
            projects.append(project["id"])
            user = call("POST", "/v1/users", {"kind": "machine", "name": text})
            users.append(user["id"])
            self.assertEqual(server.request("GET", "/v1/tokens/self", token=facts["secret"],
                                            headers={"User-Agent": text.encode("ascii", "ignore")
                                                     .decode()}).status, 200)
        scopes = [{"name": f"naughty:{n}", "description": text, "group": text}
                  for n, text in enumerate(NAUGHTY)]
        call("POST", "/v1/apis", {"slug": "naughty", "audience": "naughty-api",
                                  "name": NAUGHTY[0], "scopes": scopes})
        policy = {"version": "2022-12-15", "statement": [
            {"effect": "Allow", "action": ["*"], "resource": ["<img src=x onerror=pwned=1>"]}]}
        server.request("PUT", f"/v1/projects/{facts['project']}/principals/token/"
                       f"{facts['token']}/policy", policy, token=session)
        return tokens, projects, users

    def test_every_field_is_text(self):
        server, facts = self.seeded()
        tokens, projects, users = self.fill(server, facts)
        list_, page = "/developer/access-tokens", "/developer/access-tokens/"
        paths = ["/", list_, "/access/tokens", "/projects", "/access/users", "/access/apis",
                 "/access/roles", "/audit", "/system", list_ + "/new?api=naughty",
                 page + tokens[0], page + tokens[2] + "?ask=revoke",
                 page + facts["token"] + "?tab=usage", page + facts["token"] + "?tab=projects",
                 page + tokens[0] + "?tab=activity", "/projects/" + projects[0],
                 "/access/users/" + users[1], list_ + "/new?like=" + tokens[3]]
        texts = {list_ + "?sort=name": NAUGHTY, "/projects": [t[:64] for t in NAUGHTY],
                 "/access/users": NAUGHTY, page + tokens[1]: [NAUGHTY[1]]}
        self.browse("naughtyEverywhere", server, paths=paths, texts=texts)

    def test_a_login_leads_nowhere_else(self):
        self.browse("redirects", self.serve(), targets=TARGETS)

    def test_other_pages_get_no_hold(self):
        self.browse("frames", self.serve())

    def test_a_secret_leaves_no_trace(self):
        self.browse("traces", self.serve())

    def test_a_private_key_is_not_sent(self):
        self.browse("privateKey", self.serve())

    def test_commands_are_quoted(self):
        self.browse("commands", self.serve())

    def test_a_foreign_token_is_taken_apart(self):
        self.browse("inspector", self.serve())

    def test_an_old_tab_after_an_upgrade(self):
        self.browse("upgraded", self.serve())
