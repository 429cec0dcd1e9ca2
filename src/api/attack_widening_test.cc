// Rows E1 and E2 of docs/attacks.md: nothing that is made or changed ends up with more than its
// maker has. (Random sequences of the same: authority/widening_test.cc.)
#include "api/attack_testing.h"

namespace latchkey::api {
namespace {

using testing::bearer;
using testing::Fields;
using testing::Held;
using testing::json_quoted;
using testing::kNobody;

std::string new_key() {
    return R"("keys":)" + json_quoted(PrivateKey::generate(Algorithm::kEs256).public_pem());
}

class AttackE1 : public testing::AttackTest {
protected:
    void SetUp() override {
        AttackTest::SetUp();
        by_session_ = bearer(session(alice_));
        project_ = make_project(by_session_, "of the parent");
    }
    // A management token of Alice's.
    Fields token_with(const std::string& scopes) {
        return bearer(
            make_token(by_session_, R"("name":"parent","api":"latchkey","scopes":[)" + scopes + "]")
                .secret);
    }
    void refused(const std::string& method, const std::string& target, const Fields& by,
                 const std::string& body) {
        const auto reply = ask(method, target, by, body);
        EXPECT_EQ(reply.status, 403) << method << " " << target << body << reply.body;
        EXPECT_EQ(reply.text("code"), "insufficient_scope") << target << body;
    }
    static std::string child(const std::string& kind, const std::string& rest) {
        return R"({"name":"a child token","kind":")" + kind + '"' +
               (kind == "key" ? "," + new_key() : "") + rest + "}";
    }

    Fields by_session_;
    std::string project_;
};

TEST_F(AttackE1, ATokenMakesNoStrongerTokenOfAnyKind) {
    const auto by = token_with(R"("token:write","token:read")");
    for (const char* kind : {"jwt", "opaque", "key"}) {
        for (const char* scopes : {R"(["*"])", R"(["token:read","account:read"])",
                                   R"(["policy:write"])", R"(["user:write"])"}) {
            refused("POST", "/v1/tokens", by,
                    child(kind, R"(,"api":"latchkey","scopes":)" + std::string(scopes)));
        }
        for (const char* scopes : {R"(["license:read"])", R"(["*"])", "[]"}) {
            refused("POST", "/v1/tokens", by,
                    child(kind, R"(,"api":"billing","scopes":)" + std::string(scopes)));
        }
        // No scopes named: the defaults of the API, or of a key token whatever policies give.
        refused("POST", "/v1/tokens", by, child(kind, R"(,"api":"latchkey")"));
        refused("POST", "/v1/tokens", by, child(kind, R"(,"api":"latchkey","scopes":null)"));
        refused("POST", "/v1/tokens", by, child(kind, ""));
        want(201, "POST", "/v1/tokens", by,
             child(kind, R"(,"api":"latchkey","scopes":["token:read"])"));
    }
}

TEST_F(AttackE1, ATokenWithoutTokenWriteMakesNoCredentialAtAll) {
    const auto by = token_with(R"("account:read","account:write","project:read","project:write",)"
                               R"("policy:read","policy:write","token:read","api:read")");
    for (const char* kind : {"jwt", "opaque", "key"}) {
        refused("POST", "/v1/tokens", by,
                child(kind, R"(,"api":"latchkey","scopes":["token:read"])"));
    }
    refused("POST", "/v1/projects/" + project_ + "/tokens", by,
            R"({"name":"x","permissions":["license:read"]})");
    const auto key = make_key_token(by_session_, R"("name":"application","api":"billing")");
    refused("POST", "/v1/tokens/" + key.id + "/keys", by, "{" + new_key() + "}");
    refused("PATCH", "/v1/tokens/" + key.id, by, "{" + new_key() + "}");
}

// A second key is a second credential: of a token that may do more, it would be a stronger one.
TEST_F(AttackE1, ATokenAddsNoKeyToATokenThatMayDoMoreThanItself) {
    const auto by = token_with(R"("token:write","token:read")");
    const std::vector<std::string> stronger = {
        R"("api":"billing")", R"("api":"billing","scopes":["license:read"])", R"("api":"latchkey")",
        R"("api":"latchkey","scopes":["token:read","policy:write"])"};
    for (const auto& members : stronger) {
        const auto key = make_key_token(by_session_, R"("name":"application",)" + members);
        refused("POST", "/v1/tokens/" + key.id + "/keys", by, "{" + new_key() + "}");
        refused("PATCH", "/v1/tokens/" + key.id, by, "{" + new_key() + "}");
        want(200, "POST", "/v1/tokens/" + key.id + "/suspend", by);
        refused("POST", "/v1/tokens/" + key.id + "/resume", by, "");
    }
    const auto weak = make_key_token(
        by_session_, R"("name":"weak token","api":"latchkey","scopes":["token:read"])");
    want(201, "POST", "/v1/tokens/" + weak.id + "/keys", by, "{" + new_key() + "}");
}

TEST_F(AttackE1, AnEndAndAddressesBindTheKeysOfOthersToo) {
    const auto hour = format_rfc3339(clock.now() + std::chrono::hours(1));
    const auto short_lived = bearer(
        make_token(by_session_, R"("name":"parent","api":"latchkey","scopes":["token:write",)"
                                R"("token:read"],"expiresAt":")" +
                                    hour + '"')
            .secret);
    const auto weak = make_key_token(
        by_session_, R"("name":"weak token","api":"latchkey","scopes":["token:read"])");
    const auto reply =
        ask("POST", "/v1/tokens/" + weak.id + "/keys", short_lived, "{" + new_key() + "}");
    EXPECT_EQ(reply.text("code"), "expiry_beyond_parent") << reply.body;
    const auto local = bearer(
        make_token(by_session_, R"("name":"parent","api":"latchkey","scopes":["token:write",)"
                                R"("token:read"],"allowedIps":["127.0.0.0/8"])")
            .secret);
    const auto wider = ask("POST", "/v1/tokens/" + weak.id + "/keys", local, "{" + new_key() + "}");
    EXPECT_EQ(wider.text("code"), "address_beyond_parent") << wider.body;
}

TEST_F(AttackE1, ATokenGivesNothingAwayInProjects) {
    const auto by = token_with(R"("token:write","token:read","policy:read","project:read")");
    // Into a project only with the right to change policies there, and never into another's.
    const std::string rest = R"(,"api":"latchkey","scopes":["token:read"],"projects":[")";
    refused("POST", "/v1/tokens", by, child("opaque", rest + project_ + "\"]"));
    const auto others = make_project(bearer(session(bob_)), "bob's");
    const auto with_policy = token_with(R"("token:write","policy:write","token:read")");
    const auto foreign =
        ask("POST", "/v1/tokens", with_policy, child("opaque", rest + others + "\"]"));
    const auto unknown =
        ask("POST", "/v1/tokens", with_policy, child("opaque", rest + kNobody + "\"]"));
    EXPECT_EQ(foreign.status, 404);
    EXPECT_EQ(foreign.shape(), unknown.shape());
    refused("POST", "/v1/projects/" + project_ + "/tokens", with_policy,
            R"({"name":"x","permissions":["license:read"]})");
    // A policy that allows something new is a gift; one that allows less is none.
    const auto tenant = make_tenant(alice_);
    const auto target = place_of(tenant, "token", tenant.opaque.id) + "/policy";
    const auto writer = token_with(R"("policy:write","policy:read","project:read")");
    refused("PUT", target, writer, policy(allow(R"("*")")));
    refused("PUT", target, writer, policy(allow(R"("license:read","template:write")")));
    want(200, "PUT", target, writer, policy(allow(R"("license:read")")));
    refused("PUT", target, writer, policy(allow(R"("license:read","license:write")")));
    // A place that allows more than the token itself.
    const auto members = token_with(R"("project:write","project:read")");
    const auto bob = place_of(tenant, "user", bob_.id.uuid());
    for (const char* role : {"owner", "admin", "member", "viewer"}) {
        refused("PUT", bob, members, R"({"role":")" + std::string(role) + "\"}");
    }
}

TEST_F(AttackE1, AnAdministratorsTokenMakesNobodyStrongerThanItself) {
    const auto by = bearer(make_token(bearer(session(admin_)),
                                      R"("name":"helper","api":"latchkey","scopes":[)"
                                      R"("user:write","user:read","role:write","role:read",)"
                                      R"("token:write"])")
                               .secret);
    refused("POST", "/v1/roles", by, R"({"name":"root","patterns":{"latchkey":["*"]}})");
    refused("POST", "/v1/roles", by, R"({"name":"root","patterns":{"latchkey":["key:write"]}})");
    refused("POST", "/v1/roles", by, R"({"name":"root","patterns":{"billing":["license:read"]}})");
    refused("POST", "/v1/roles", by, R"({"name":"root","patterns":{"*":["*"]}})");
    const auto other = human("other@example.com", "administrator");
    const auto user = "/v1/users/" + bob_.id.uuid();
    refused("PATCH", user, by, R"({"roles":["administrator"]})");
    refused("POST", "/v1/tokens?owner=" + other.id.uuid(), by,
            child("opaque", R"(,"api":"latchkey","scopes":["token:write"])"));
    const auto made =
        ask("POST", "/v1/users", by, R"({"kind":"machine","name":"m","roles":["administrator"]})");
    EXPECT_EQ(made.status, 403) << made.body;
    // Alice's key tokens are hers: who manages users must not get a key of his own into them.
    const auto key = make_key_token(by_session_, R"("name":"application","api":"billing")");
    refused("POST", "/v1/tokens/" + key.id + "/keys", by, "{" + new_key() + "}");
    refused("PATCH", "/v1/tokens/" + key.id, by, "{" + new_key() + "}");
}

class AttackE2 : public AttackE1 {};

TEST_F(AttackE2, AChangeOfATokenNeverWidensIt) {
    const auto made = make_token(
        by_session_, R"("kind":"opaque","name":"narrow","api":"billing","scopes":["license:read"],)"
                     R"("allowedIps":["127.0.0.1"])");
    const auto target = "/v1/tokens/" + made.id;
    const auto before = ask("GET", target, by_session_).body;
    for (const char* body :
         {R"({"scopes":null})", R"({"allowedIps":null})", R"({"kind":"jwt"})",
          R"({"api":"latchkey"})", R"({"owner":"01890000-0000-7000-8000-000000000001"})",
          R"({"projects":[]})", R"({"state":"active"})", R"({"generation":2})"}) {
        const auto reply = ask("PATCH", target, by_session_, body);
        EXPECT_TRUE(reply.status == 400 || reply.status == 422) << body << reply.body;
    }
    const auto keys = ask("PATCH", target, by_session_, "{" + new_key() + "}");
    EXPECT_EQ(keys.text("code"), "not_a_key_token") << keys.body;
    EXPECT_EQ(ask("GET", target, by_session_).body, before);
}

// Every respect in which a token can be wider, against every change that could make it so.
TEST_F(AttackE2, ATokenWidensNothingBeyondItselfInAnyWay) {
    const auto hour = format_rfc3339(clock.now() + std::chrono::hours(1));
    const auto two = format_rfc3339(clock.now() + std::chrono::hours(2));
    const std::string bound = R"("allowedIps":["127.0.0.0/8"],"rateLimit":{"requests":50,)"
                              R"("seconds":60},"expiresAt":")" +
                              hour + '"';
    const auto by = bearer(make_token(by_session_, R"("name":"parent","api":"latchkey","scopes":)"
                                                   R"(["token:write","token:read"],)" +
                                                       bound)
                               .secret);
    const Fields wider = {{"scopes", R"(["token:read","account:read"])"},
                          {"scopes", R"(["*"])"},
                          {"expiresAt", "null"},
                          {"expiresAt", '"' + two + '"'},
                          {"expiresAt", R"("30d")"},
                          {"allowedIps", "[]"},
                          {"allowedIps", R"(["0.0.0.0/0"])"},
                          {"allowedIps", R"(["126.0.0.0/7"])"},
                          {"rateLimit", "null"},
                          {"rateLimit", R"({"requests":51,"seconds":60})"},
                          {"rateLimit", R"({"requests":50,"seconds":59})"}};
    for (const auto& [member, value] : wider) {
        const auto made =
            make_token(by_session_, R"("kind":"opaque","name":"narrow","api":"latchkey","scopes":)"
                                    R"(["token:read"],)" +
                                        bound);
        const auto target = "/v1/tokens/" + made.id;
        const auto body = "{\"" + member + "\":" + value + "}";
        const auto before = ask("GET", target, by_session_).body;
        EXPECT_EQ(ask("PATCH", target, by, body).status, 403) << body;
        if (member == "scopes" || member == "expiresAt") {
            EXPECT_EQ(ask("POST", target + "/rotate", by, body).status, 403) << body;
        }
        EXPECT_EQ(ask("GET", target, by_session_).body, before) << body;
        // The same by way of a copy. A limit that is not given is handed on, and no escape.
        const auto copy = ask("POST", "/v1/tokens", by,
                              R"({"like":")" + made.id + "\",\"" + member + "\":" + value + "}");
        const bool is_inherited = value == "[]" || value == "null";
        if (copy.status == 201 && is_inherited && member != "expiresAt") {
            EXPECT_NE(copy.body.find(R"("allowedIps":["127.0.0.0/8"])"), std::string::npos);
            EXPECT_NE(copy.body.find(R"("rateLimit":{"requests":50)"), std::string::npos);
        } else {
            EXPECT_EQ(copy.status, 403) << body << copy.body;
        }
    }
}

// A rotation hands out the token, a copy one like it: no way to one that may do more.
TEST_F(AttackE2, ATokenIsNotTakenByRotatingOrCopyingIt) {
    const auto by = token_with(R"("token:write","token:read")");
    for (const char* members :
         {R"("api":"billing","scopes":["license:read"])", R"("api":"latchkey","scopes":["*"])",
          R"("api":"latchkey","scopes":["token:read","policy:write"])"}) {
        const auto made = make_token(by_session_, R"("name":"stronger",)" + std::string(members));
        refused("POST", "/v1/tokens/" + made.id + "/rotate", by, "{}");
        refused("POST", "/v1/tokens", by, R"({"like":")" + made.id + "\"}");
    }
    const auto bobs = make_token(bearer(session(bob_)),
                                 R"("name":"bob's","api":"billing","scopes":["license:read"])");
    const auto unknown = ask("POST", "/v1/tokens/" + kNobody + "/rotate", by_session_, "{}");
    const auto foreign = ask("POST", "/v1/tokens/" + bobs.id + "/rotate", by_session_, "{}");
    EXPECT_EQ(foreign.status, 404);
    EXPECT_EQ(foreign.shape(), unknown.shape());
    const auto copied = ask("POST", "/v1/tokens", by_session_, R"({"like":")" + bobs.id + "\"}");
    EXPECT_EQ(copied.status, 404) << copied.body;
    // Who manages users does not become one of them.
    const auto manager =
        bearer(make_token(bearer(session(admin_)), R"("name":"helper","api":"latchkey","scopes":)"
                                                   R"(["user:write","user:read","token:write"])")
                   .secret);
    refused("POST", "/v1/tokens/" + bobs.id + "/rotate", manager, "{}");
}

// Row B7: no spelling of "never" gets past what binds who asks, whatever makes the token.
TEST_F(AttackE2, NeverIsNotSmuggledIn) {
    const auto hour = format_rfc3339(clock.now() + std::chrono::hours(1));
    const auto by = bearer(make_token(by_session_, R"("name":"parent","api":"latchkey","scopes":)"
                                                   R"(["token:write","token:read"],)"
                                                   R"("expiresAt":")" +
                                                       hour + '"')
                               .secret);
    const auto made =
        make_token(by_session_, R"("kind":"opaque","name":"narrow","api":"latchkey","scopes":)"
                                R"(["token:read"],"expiresAt":")" +
                                    hour + '"');
    for (const char* never :
         {"null", "0", R"("")", R"("never")", R"("none")", R"("0s")", R"("9999-12-31T23:59:59Z")",
          R"("99999d")", R"("+010000-01-01T00:00:00Z")", "false", "[]", R"("-1d")"}) {
        const std::string member = R"("expiresAt":)" + std::string(never);
        const auto created =
            ask("POST", "/v1/tokens", by,
                R"({"name":"x","api":"latchkey","scopes":["token:read"],)" + member + "}");
        EXPECT_GE(created.status, 400) << never << created.body;
        for (const char* how : {"", "/rotate"}) {
            const auto changed = ask(*how == 0 ? "PATCH" : "POST", "/v1/tokens/" + made.id + how,
                                     by, "{" + member + "}");
            EXPECT_GE(changed.status, 400) << never << how << changed.body;
        }
    }
    EXPECT_EQ(ask("GET", "/v1/tokens/" + made.id, by_session_).text("expiresAt"), hour);
}

TEST_F(AttackE2, WhoMayLessElsewhereAllowsNoMoreInAProject) {
    const auto admin = bearer(session(admin_));
    want(201, "POST", "/v1/roles", admin,
         R"({"name":"reader","patterns":{"billing":["license:read"],"latchkey":["project:read",)"
         R"("project:write","policy:read","policy:write","token:read","token:write"]}})");
    const auto carol = human("carol@example.com", "reader");
    const auto tenant = make_tenant(alice_);
    want(200, "PUT", place_of(tenant, "user", carol.id.uuid()), bearer(tenant.session),
         R"({"role":"admin"})");
    const auto by = bearer(session(carol));
    const auto target = place_of(tenant, "token", tenant.key.id) + "/policy";
    want(200, "PUT", target, by, policy(allow(R"("license:read")")));
    refused("PUT", target, by, policy(allow(R"("license:write")")));
    refused("PUT", target, by, policy(allow(R"("*")")));
    refused("POST", "/v1/projects/" + tenant.project + "/tokens", by,
            R"({"name":"x","permissions":["license:write"]})");
    const auto alice = place_of(tenant, "user", alice_.id.uuid());
    for (const auto& [method, body] : Fields{{"PUT", R"({"role":"viewer"})"}, {"DELETE", ""}}) {
        EXPECT_EQ(want(403, method, alice, by, body).text("code"), "owner_needed") << method;
    }
    const auto own = place_of(tenant, "user", carol.id.uuid());
    EXPECT_EQ(want(403, "PUT", own, by, R"({"role":"owner"})").text("code"), "owner_needed");
    EXPECT_EQ(want(403, "DELETE", "/v1/projects/" + tenant.project, by).text("code"),
              "owner_needed");
}

// Taking something back and giving it again must not give more than there was.
TEST_F(AttackE2, ALimitIsNotLiftedByWhoItLimits) {
    const auto tenant = make_tenant(alice_);
    const auto by_alice = bearer(tenant.session);
    want(200, "PUT", place_of(tenant, "user", bob_.id.uuid()), by_alice, R"({"role":"admin"})");
    const auto limit = place_of(tenant, "user", bob_.id.uuid()) + "/policy";
    want(200, "PUT", limit, by_alice, policy(allow(R"("license:read")")));
    const auto by = bearer(session(bob_));
    refused("PUT", limit, by, policy(allow(R"("*")")));
    refused("PUT", limit, by, policy(allow(R"("license:read","license:write")")));
    const auto target = place_of(tenant, "token", tenant.key.id) + "/policy";
    want(200, "PUT", target, by, policy(allow(R"("license:read")")));
    refused("PUT", target, by, policy(allow(R"("license:write")")));
    // His own tokens are held by the limit too, whatever their policies say.
    const auto made = make_token(by, R"("kind":"opaque","name":"bob's","api":"billing",)"
                                     R"("scopes":["license:read","license:write"],"projects":[")" +
                                         tenant.project + "\"]");
    const std::string check = "/check/api/billing/scope/license:write/project/" + tenant.project;
    EXPECT_EQ(ask("GET", check, bearer(made.secret)).status, 403);
    EXPECT_EQ(ask("GET", check, bearer(tenant.opaque.secret)).status, 200);
}

}  // namespace
}  // namespace latchkey::api
