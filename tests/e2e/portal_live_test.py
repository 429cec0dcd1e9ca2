"""What happens elsewhere while a page of the portal is open (portal_live.mjs)."""

from portal_browser import PortalInBrowser


class LiveTest(PortalInBrowser):
    program = "portal_live.mjs"

    def test_what_happens_elsewhere_appears(self):
        server, facts = self.seeded()
        self.browse("live", server, **facts)

    def test_what_happens_before_a_page_hears_appears_too(self):
        server, facts = self.seeded()
        self.browse("beforeTheStream", server, **facts)

    def test_what_happens_while_an_answer_is_under_way_appears_too(self):
        server, facts = self.seeded()
        self.browse("beforeTheAnswer", server, **facts)

    def test_what_could_not_be_read_again_is_not_called_live(self):
        server, facts = self.seeded()
        self.browse("failedReading", server, **facts)

    def test_a_server_that_is_away_for_a_while(self):
        server, facts = self.seeded()
        self.browse("awayAndBack", server, **facts)
