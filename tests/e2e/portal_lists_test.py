"""The list of tokens in the portal: found, chosen, exported and long (portal_lists.mjs)."""

import concurrent.futures

from portal_browser import PortalInBrowser

# What a spreadsheet would run, and what would end a cell too early.
FORMULAS = ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1+9)", '=HYPERLINK("http://x","y")',
            '"quoted", and more', "a;b", "\uff1d1+1", "plain"]


class ListsTest(PortalInBrowser):
    program = "portal_lists.mjs"

    def bulk(self):
        server = self.serve()
        server.login()
        for n in range(1, 7):
            server.cli("token", "create", "-n", f"bulk-{n}", "--kind", "opaque", "-e", "30d")
        return server

    def test_many_tokens_are_found_and_stopped(self):
        self.browse("many", self.bulk())

    def test_columns_are_chosen(self):
        self.browse("columns", self.bulk())

    def test_an_export_is_inert(self):
        server = self.serve()
        session = server.session()
        for name in FORMULAS:
            made = server.request("POST", "/v1/tokens", {"name": name, "scopes": [],
                                  "description": name}, token=session)
            self.assertEqual(made.status, 201, made.body)
        self.browse("csv", server, names=FORMULAS)

    def test_a_long_list(self):
        server = self.serve()
        session, count = server.session(), 650
        def make(n):
            wanted = {"name": f"row-{n}", "kind": "opaque", "scopes": ["account:read"]}
            return server.request("POST", "/v1/tokens", wanted, token=session)

        self.assertEqual(make(1).status, 201)
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            made = list(pool.map(make, range(2, count)))
        self.assertEqual({answer.status for answer in made}, {201})
        self.assertEqual(make(count).status, 201)
        self.browse("longList", server, count=count)

    def test_a_page_that_does_not_come(self):
        self.browse("brokenPage", self.serve())

    def test_ten_thousand_tokens_scroll(self):
        server = self.serve()
        print(self.browse("tenThousand", server, session=server.session()))
