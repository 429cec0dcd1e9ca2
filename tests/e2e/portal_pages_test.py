"""Every page of the portal in a real browser (portal_pages.mjs), and what is done there."""

from portal_browser import PortalInBrowser


class PagesTest(PortalInBrowser):
    program = "portal_pages.mjs"

    def test_every_page_is_accessible(self):
        server, facts = self.seeded()
        self.browse("pages", server, **facts, **self.shots())

    def test_long_names_fit(self):
        server, facts = self.seeded()
        self.browse("longNames", server, **facts)

    def test_colours_of_the_system(self):
        server, facts = self.seeded()
        self.browse("forcedColours", server, **facts)

    def test_other_languages(self):
        server, facts = self.seeded()
        self.browse("languages", server, **facts)

    def test_projects_and_people(self):
        server, facts = self.seeded()
        self.browse("people", server, **facts)

    def test_the_page_of_a_token(self):
        server, facts = self.seeded()
        self.browse("detail", server, **facts)

    def test_a_token_is_taken_apart_in_the_page(self):
        server, facts = self.seeded()
        self.browse("inspector", server, **facts)

    def test_a_token_gets_a_new_secret(self):
        server, facts = self.seeded()
        self.browse("rotate", server, **facts, **self.shots())

    def test_a_command_line_is_let_in(self):
        self.browse("device", self.serve(), **self.shots())

    def test_many_tokens_are_stopped_by_one_rule(self):
        server, facts = self.seeded()
        self.browse("rule", server, **facts)
