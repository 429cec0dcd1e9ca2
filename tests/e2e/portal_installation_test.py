"""Settings, token rules, the palette and the questions of the portal (portal_installation.mjs)."""

import hashlib

from latchkey_server import EMAIL
from portal_browser import PortalInBrowser
from waiting import poll_until


class InstallationTest(PortalInBrowser):
    program = "portal_installation.mjs"

    def test_settings_are_changed_and_never_overwritten_unseen(self):
        self.browse("settings", self.serve(), **self.shots())

    def test_the_form_of_a_token_says_everything(self):
        self.browse("formSaysAll", self.serve())

    def test_rules_say_first_what_they_would_refuse(self):
        server = self.serve()
        server.login()
        server.cli("api", "import", self.LICENSING)
        make = lambda *words: server.cli("token", "create", "-q", *words).stdout.strip()
        make("-n", "backup-nightly", "-e", "7d", "-s", "license:read", "--kind", "jwt")
        secret = make("-n", "ci-deploy", "-e", "50d", "-s", "license:read", "--kind", "opaque")
        body = {"name": "billing-service", "kind": "key", "keys": self.PUBLIC}
        made = server.request("POST", "/v1/tokens", body, token=server.session())
        self.assertEqual(made.status, 201, made.body)
        self.browse("rules", server, secret=secret, **self.shots())

    def test_who_only_reads_is_offered_no_change(self):
        server = self.serve()
        session = server.session()
        role = {"name": "looker", "patterns": {"latchkey": ["account:read", "settings:read"]}}
        user = {"kind": "human", "email": "reader@example.com", "roles": ["looker"],
                "password": "a long enough password"}
        for path, body in (("/v1/roles", role), ("/v1/users", user)):
            made = server.request("POST", path, body, token=session)
            self.assertEqual(made.status, 201, made.body)
        self.browse("readers", server)

    def test_everything_is_found_from_the_keyboard(self):
        server, facts = self.seeded()
        self.browse("palette", server, **facts, **self.shots())

    def test_who_is_quick_keeps_the_keyboard(self):
        server, facts = self.seeded()
        self.browse("quickHands", server, **facts)

    def test_a_token_is_shrunk_to_what_is_used(self):
        server, facts = self.seeded()
        for path in ("/check/api/licensing/scope/license:read", "/check/api/licensing"):
            check = server.request("GET", path, token=facts["secret"])
            self.assertEqual(check.status, 200, check.body)
        session = server.session()
        # Uses are written a little later, and the page reads them once.
        poll_until(lambda: server.request("GET", f"/v1/tokens/{facts['token']}/unused?days=90",
                                          token=session).json(),
                   lambda said: said["scopes"] == ["license:write"] and
                   said.get("usesWithoutScope", 0) > 0)
        self.browse("shrink", server, **facts)

    def test_a_policy_is_never_overwritten_unseen(self):
        server, facts = self.seeded()
        self.browse("policies", server, **facts)

    def test_two_tabs_do_not_overwrite_each_other(self):
        server = self.serve()
        server.login()
        server.cli("api", "import", self.LICENSING)
        self.browse("twoTabs", server)

    def test_an_imported_token_says_where_it_comes_from(self):
        server, facts = self.seeded()
        session = server.session()
        source = {"name": "acme", "prefix": "acme_live_", "algorithm": "sha256",
                  "entropyBits": 160}
        token = {"digest": hashlib.sha256(b"acme_live_something").hexdigest(),
                 "name": "from the old system", "owner": EMAIL, "api": "licensing",
                 "scopes": ["license:read"]}
        for path, body in (("/v1/imports", source), ("/v1/imports/acme/tokens", {"tokens": [token]})):
            made = server.request("POST", path, body, token=session)
            self.assertIn(made.status, (200, 201), made.body)
        self.browse("imported", server, **facts)

    def test_questions_say_what_happens(self):
        server, facts = self.seeded()
        self.browse("questions", server, **facts)
