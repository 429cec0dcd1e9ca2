// Who uses what, and many tokens at once, as the API tells and does it.
#include <map>

#include "api/testing.h"
#include "api/usage_flush.h"
#include "authority/bulk.h"
#include "verify/usage.h"

namespace latchkey::api {
namespace {

using testing::bearer;
using testing::Fields;
using testing::Reply;

constexpr Microseconds kMinute{60'000'000};
constexpr Microseconds kHour{kMinute * 60};

class SeeingTest : public testing::ApiTest {
protected:
    void SetUp() override {
        ApiTest::SetUp();
        by_alice_ = bearer(session(alice_));
        by_bob_ = bearer(session(bob_));
        by_admin_ = bearer(session(admin_));
    }
    authority::PreparedToken mint(const authority::Actor& actor, std::vector<std::string> scopes,
                                  std::optional<Timestamp> expires_at = std::nullopt) {
        authority::CreateToken wanted;
        wanted.api = "billing";
        wanted.kind = store::TokenKind::kOpaque;
        wanted.scopes = std::move(scopes);
        wanted.expires_at = expires_at;
        clock.advance(Microseconds{1'000});  // no two in one millisecond
        return create(actor, wanted).value();
    }
    int check(const authority::PreparedToken& made, const std::string& scope) {
        Fields fields = bearer(made.text.expose());
        fields.emplace_back("User-Agent", "gateway");
        const std::string path = scope.empty() ? "" : "/scope/" + scope;
        return ask("GET", "/check/api/billing" + path, fields).status;
    }
    // No connection outlives it.
    void pass(Microseconds time) {
        client_.reset();
        clock.advance(time);
        client_ = std::make_unique<testing::Client>(server_->port(0));
    }
    void flush() { ASSERT_TRUE(flush_usage(*services_)); }
    json::object usage_of(const authority::PreparedToken& made, const std::string& query = "") {
        const auto reply =
            ask("GET", "/v1/tokens/" + made.token.id.uuid() + "/usage" + query, by_alice_);
        EXPECT_EQ(reply.status, 200) << reply.body;
        return reply.json().get_object();
    }
    std::string listed(const std::string& query) {
        std::string names;
        const auto page = ask("GET", "/v1/tokens?" + query, by_alice_).json();
        for (const auto& item : page.get_array()) {
            names += item.get_object().at("id").get_string().subview(34);
        }
        return names;
    }
    static std::string tail(const authority::PreparedToken& made) {
        return made.token.id.uuid().substr(34);
    }
    Reply bulk(const Fields& who, const std::string& body) {
        auto reply = ask("POST", "/v1/tokens/bulk", who, body);
        clock.advance(Microseconds{1'000});
        return reply;
    }

    Fields by_alice_;
    Fields by_bob_;
    Fields by_admin_;
};

std::int64_t number(const json::object& object, std::string_view member) {
    return object.at(member).to_number<std::int64_t>();
}

TEST_F(SeeingTest, ADayOfUseIsCountedToTheLastUse) {
    const auto busy = mint(as_alice_, {"license:read", "license:write"});
    const auto once = mint(as_alice_, {"license:read"});
    const auto dying = mint(as_alice_, {"license:read"}, clock.now() + kHour * 6);
    const auto never = mint(as_alice_, {"license:read"});
    std::map<std::int64_t, std::int64_t> uses_by_day;
    std::map<std::string, std::int64_t> scopes;
    std::int64_t alive = 0;
    std::int64_t expired = 0;
    Timestamp last;
    EXPECT_EQ(check(once, "license:read"), 200);
    for (int quarter = 0; quarter < 96; ++quarter) {
        for (int i = 0; i <= quarter % 3; ++i) {
            const std::string scope = (quarter + i) % 10 == 0 ? "license:write" : "license:read";
            ASSERT_EQ(check(busy, scope), 200);
            ++uses_by_day[verify::day_of(clock.now())];
            ++scopes[scope];
            last = clock.now();
        }
        ++(check(dying, "license:read") == 200 ? alive : expired);
        if (quarter % 7 == 0) flush();
        pass(kMinute * 15);
    }
    flush();
    ASSERT_EQ(uses_by_day.size(), 2U) << "the day must have ended in between";

    const auto usage = usage_of(busy, "?days=2");
    const auto& days = usage.at("days").get_array();
    ASSERT_EQ(days.size(), 2U);
    EXPECT_EQ(number(days[0].get_object(), "uses"), uses_by_day.begin()->second);
    EXPECT_EQ(number(days[1].get_object(), "uses"), uses_by_day.rbegin()->second);
    EXPECT_EQ(number(usage, "uses"), 192);
    EXPECT_EQ(number(usage, "denials"), 0);
    EXPECT_EQ(usage.at("lastUsedAt").get_string(), format_rfc3339(last));
    ASSERT_EQ(usage.at("scopes").get_array().size(), 2U);
    for (const auto& scope : usage.at("scopes").get_array()) {
        const auto& one = scope.get_object();
        EXPECT_EQ(number(one, "uses"), scopes[std::string(one.at("scope").get_string())]);
    }

    EXPECT_EQ(alive, 24);
    const auto died = usage_of(dying);
    EXPECT_EQ(number(died, "uses"), alive);
    EXPECT_EQ(number(died, "denials"), expired);
    ASSERT_EQ(died.at("denied").get_array().size(), 1U);
    const auto& denial = died.at("denied").get_array().at(0).get_object();
    EXPECT_EQ(denial.at("verdict").get_string(), "expired");
    EXPECT_EQ(number(denial, "count"), 72);

    // Silence, to the second.
    EXPECT_EQ(listed("unusedFor=24h"), tail(never) + tail(once));
    EXPECT_EQ(listed("unusedFor=25h"), "");
    EXPECT_EQ(listed("unusedFor=899s&state=active"), tail(never) + tail(once) + tail(busy));
    EXPECT_EQ(listed("unusedFor=901s&state=active"), tail(never) + tail(once));
    EXPECT_EQ(number(usage_of(never), "uses"), 0);
}

TEST_F(SeeingTest, FiltersThatCannotBeAreRefused) {
    for (const std::string query :
         {"scope=x", "api=nope", "project=x", "unusedFor=x", "unusedFor=-1d", "expiresBefore=x",
          "expiresBefore=none", "include=all", "sort=uses", "state=dead", "scope=a:b&scope=a:c"}) {
        const auto reply = ask("GET", "/v1/tokens?" + query, by_alice_);
        EXPECT_EQ(reply.status, 400) << query;
        EXPECT_EQ(reply.text("code"), "bad_query") << query;
    }
    EXPECT_EQ(ask("GET", "/v1/tokens?q=" + std::string(401, 'x'), by_alice_).status, 400);
    const auto made = mint(as_alice_, {"license:read"});
    for (const std::string days : {"0", "401", "x", "1.5", ""}) {
        EXPECT_EQ(
            ask("GET", "/v1/tokens/" + made.token.id.uuid() + "/usage?days=" + days, by_alice_)
                .status,
            400)
            << days;
    }
}

TEST_F(SeeingTest, ACursorOfAnotherOrderIsRefused) {
    for (int i = 0; i < 3; ++i) {
        mint(as_alice_, {"license:read"});
    }
    const auto page = ask("GET", "/v1/tokens?limit=2&sort=name", by_alice_);
    const auto link = page.field("Link");
    const auto after =
        link.substr(link.find("after=") + 6, link.find('>') - link.find("after=") - 6);
    EXPECT_EQ(ask("GET", "/v1/tokens?limit=2&sort=name&after=" + after, by_alice_).status, 200);
    EXPECT_EQ(ask("GET", "/v1/tokens?limit=2&sort=lastUsedAt&after=" + after, by_alice_).status,
              400);
}

TEST_F(SeeingTest, ShrinkingKeepsWhatWasUsedAndNothingElse) {
    const auto made = mint(as_alice_, {"license:read", "license:write", "log:*"});
    EXPECT_EQ(check(made, "license:read"), 200);
    EXPECT_EQ(check(made, "log:tail"), 200);
    const std::string path = "/v1/tokens/" + made.token.id.uuid();
    const auto unused = ask("GET", path + "/unused?days=1", by_alice_);
    EXPECT_EQ(to_json(unused.json().get_object().at("scopes")), R"(["license:write"])");
    EXPECT_EQ(to_json(unused.json().get_object().at("enough")), "false");
    const auto shown = ask("POST", path + "/shrink", by_alice_, R"({"days":1})");
    EXPECT_EQ(shown.status, 200) << shown.body;
    EXPECT_EQ(to_json(shown.json().get_object().at("to")), R"(["license:read","log:tail"])");
    EXPECT_EQ(check(made, "license:write"), 200) << "nothing was changed yet";
    const auto done = ask("POST", path + "/shrink", by_alice_, R"({"days":1,"apply":true})");
    EXPECT_EQ(done.status, 200) << done.body;
    // The use in between counts: it keeps its scope.
    EXPECT_EQ(to_json(done.json().get_object().at("to")),
              R"(["license:read","license:write","log:tail"])");
    EXPECT_EQ(check(made, "log:tail"), 200);
    EXPECT_EQ(check(made, "log:head"), 403);
    // A day later nothing of it was used.
    pass(kHour * 25);
    const auto later = ask("POST", path + "/shrink", by_alice_, R"({"days":1,"apply":true})");
    EXPECT_EQ(to_json(later.json().get_object().at("to")), "[]");
    EXPECT_EQ(to_json(later.json().get_object().at("enough")), "true");
    EXPECT_EQ(check(made, "license:read"), 403);
    for (const std::string body : {R"({"days":0})", R"({"days":401})", R"({"days":"x"})"}) {
        const auto refused = ask("POST", path + "/shrink", by_alice_, body);
        EXPECT_EQ(refused.status, 422) << body;
        EXPECT_EQ(refused.text("code"), "bad_days");
    }
}

// Whether other people's things are meant is no route's scope, and who makes tokens hands on what
// he has.
TEST_F(SeeingTest, ShrinkingATokenOfOurOwnApiKeepsWhatNoRouteNames) {
    const auto manage = ask("POST", "/v1/tokens", by_admin_,
                            R"({"name":"m","kind":"opaque","api":"latchkey","scopes":)"
                            R"(["token:read","token:write","user:read","role:read"]})");
    ASSERT_EQ(manage.status, 201) << manage.body;
    const auto by = bearer(manage.text("token"));
    const auto shrunk = [&] {
        const auto reply =
            ask("POST", "/v1/tokens/" + manage.text("id") + "/shrink", by_admin_, R"({"days":1})");
        return to_json(reply.json().get_object().at("to"));
    };
    EXPECT_EQ(shrunk(), "[]");
    EXPECT_EQ(ask("GET", "/v1/tokens?owner=all", by).status, 200);
    EXPECT_EQ(shrunk(), R"(["token:read","user:read"])");
    EXPECT_EQ(
        ask("POST", "/v1/tokens", by, R"({"name":"x","api":"latchkey","scopes":["role:read"]})")
            .status,
        201);
    EXPECT_EQ(shrunk(), R"(["role:read","token:read","token:write","user:read"])");
}

TEST_F(SeeingTest, BulkChangesAreStrictlyRead) {
    struct Row {
        const char* body;
        const char* code;
    };
    const std::vector<Row> rows = {
        {R"({"action":"delete","filter":{"scope":"license:read"}})", "bad_action"},
        {R"({"action":"revoke"})", "missing_member"},
        {R"({"action":"revoke","filter":[]})", "missing_member"},
        {R"({"action":"revoke","filter":{}})", "empty_filter"},
        {R"({"action":"revoke","filter":{"everything":true}})", "unknown_member"},
        {R"({"action":"revoke","filter":{"scope":"license"}})", "bad_scope"},
        {R"({"action":"revoke","filter":{"scope":"*"}})", "bad_scope"},
        {R"({"action":"revoke","filter":{"api":"nope"}})", "unknown_api"},
        {R"({"action":"revoke","filter":{"owner":"me"}})", "bad_id"},
        {R"({"action":"revoke","filter":{"unusedFor":"long"}})", "bad_duration"},
    };
    const auto made = mint(as_alice_, {"license:read"});
    for (const auto& row : rows) {
        const auto reply = bulk(by_admin_, row.body);
        const bool is_unreadable = std::string_view(row.code) == "missing_member" ||
                                   std::string_view(row.code) == "unknown_member";
        EXPECT_EQ(reply.status, is_unreadable ? 400 : 422) << row.body << reply.body;
        EXPECT_EQ(reply.text("code"), row.code) << row.body;
    }
    EXPECT_EQ(verdict(made), "active");
}

TEST_F(SeeingTest, NobodyReachesOtherPeoplesTokensWithABulkChange) {
    const auto alices = mint(as_alice_, {"license:read"});
    const auto bobs = mint(as_bob_, {"license:read"});
    const std::string alice = alice_.id.uuid();
    const auto refused =
        bulk(by_bob_, R"({"action":"revoke","filter":{"owner":")" + alice + R"("}})");
    EXPECT_EQ(refused.status, 403) << refused.body;
    const auto looked =
        bulk(by_bob_, R"({"action":"revoke","filter":{"api":"billing"},"dryRun":true})");
    EXPECT_EQ(number(looked.json().get_object(), "count"), 1);
    EXPECT_EQ(looked.body.find(alices.token.id.uuid()), std::string::npos);
    const auto done = bulk(by_bob_, R"({"action":"revoke","filter":{"api":"billing"}})");
    EXPECT_EQ(done.status, 200) << done.body;
    EXPECT_EQ(verdict(alices), "active");
    EXPECT_EQ(verdict(bobs), "revoked");
    const std::string path = "/v1/tokens/bulk/" + done.text("id");
    EXPECT_EQ(ask("GET", path, by_alice_).status, 404);
    EXPECT_EQ(ask("GET", path, by_bob_).text("state"), "settling");
    ASSERT_TRUE(authority::settle_bulk_rules(*authority, kMinute));
    EXPECT_EQ(ask("GET", path, by_admin_).text("state"), "settled");
    EXPECT_EQ(verdict(bobs), "revoked");
}

TEST_F(SeeingTest, ATokenWithoutTheRightStopsNothing) {
    authority::CreateToken wanted;
    wanted.api = "latchkey";
    wanted.scopes = {{"token:read"}};
    const auto reader_token = create(as_alice_, wanted).value();
    const auto reply = bulk(bearer(reader_token.text.expose()),
                            R"({"action":"revoke","filter":{"api":"billing"}})");
    EXPECT_EQ(reply.status, 403);
    EXPECT_EQ(reply.text("code"), "insufficient_scope");
}

}  // namespace
}  // namespace latchkey::api
