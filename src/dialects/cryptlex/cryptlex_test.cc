// Conversations as Cryptlex's clients have them, word for word.
#include "api/usage_flush.h"
#include "authority/own_tokens.h"
#include "dialects/cryptlex/edge.h"
#include "dialects/testing.h"

namespace latchkey::dialects {
namespace {

const std::string kPath = "/v3/personal-access-tokens";

std::vector<store::ScopeRecord> catalogue() {
    return {{"license:read", "See licenses", "License", {}},
            {"license:write", "Change licenses", "License", {}},
            {"licenseTemplate:write", "Change templates", "Template", {}},
            {"personalAccessToken:write", "Manage tokens", "Tokens", {}},
            {"personalAccessToken:read", "See tokens", "Tokens", {}}};
}

class Cryptlex : public testing::DialectTest {
protected:
    void SetUp() override {
        DialectTest::SetUp();
        authority::CreateApi wanted;
        wanted.slug = "licensing";
        wanted.audience = "licensing-api";
        wanted.scopes = catalogue();
        write<store::ApiRecord>([&](store::Transaction& tx) {
            return create_api(tx, authority::Actor::system(), wanted);
        }).value();
    }
    std::unique_ptr<api::Edge> make_edge(api::Services& services) override {
        return make_cryptlex(services, {"http://localhost:2780"});
    }
    Reply create(const Fields& by, const std::string& members) {
        return say("POST", kPath, by, "{" + members + "}");
    }
    Held made(const Fields& by, const std::string& scopes, const std::string& more = {}) {
        const auto reply = create(by, R"("name":"a token","scopes":[)" + scopes + "]" + more);
        EXPECT_EQ(reply.status, 201) << reply.body;
        // Nobody meets the limit of requests by accident.
        clock.advance(seconds(5));
        return {reply.text("id"), reply.text("token")};
    }
    static std::string view(const std::string& id, const std::string& name,
                            const std::string& scopes, const std::string& rest) {
        return R"({"id":")" + id + R"(","name":)" + json_quoted(name) + R"(,"scopes":[)" + scopes +
               "]," + rest;
    }
    std::string times(Timestamp created, Timestamp updated) {
        return R"("createdAt":")" + format_rfc3339(created) + R"(","updatedAt":")" +
               format_rfc3339(updated) + "\"";
    }
    std::string names(const std::string& query, const Fields& by) {
        const auto reply = say("GET", kPath + query, by);
        EXPECT_EQ(reply.status, 200) << reply.body;
        std::string all;
        const auto list = reply.json();
        for (const auto& item : list.as_array()) {
            all += std::string(item.at("name").as_string()) + " ";
        }
        return all;
    }
    std::string check(const std::string& secret) {
        return ask("GET", "/check/api/licensing", bearer(secret)).field("Latchkey-Verdict");
    }
    static std::string error(const std::string& message, const std::string& code) {
        return R"({"message":)" + json_quoted(message) + R"(,"code":)" + json_quoted(code) + "}";
    }
    void refused(const Reply& reply, int status, const std::string& code) {
        EXPECT_EQ(reply.status, status) << reply.body;
        EXPECT_EQ(reply.text("code"), code) << reply.body;
        EXPECT_FALSE(reply.text("message").empty()) << reply.body;
        EXPECT_EQ(reply.json().as_object().size(), 2U) << reply.body;
    }
};

TEST_F(Cryptlex, LogsInWithEmailAndPassword) {
    const auto login = [&](const std::string& password) {
        return say("POST", "/v3/accounts/login", {},
                   R"({"accountAlias":"acme","email":"dora@example.com","password":)" +
                       json_quoted(password) + "}");
    };
    const auto got = login(kPassword);
    const auto secret = got.text("accessToken");
    expect(got, 200, R"({"accessToken":")" + secret + "\"}");
    EXPECT_EQ(got.field("Cache-Control"), "no-store");
    EXPECT_EQ(got.field("Set-Cookie"), "");
    expect(say("GET", kPath, bearer(secret)), 200, "[]");
    EXPECT_EQ(ask("GET", "/v1/users/me", bearer(secret)).text("email"), "dora@example.com");
    refused(login("wrong"), 401, "bad_credentials");
    refused(say("POST", "/v3/accounts/login", {}, R"({"email":"dora@example.com"})"), 400,
            "missing_member");
}

TEST_F(Cryptlex, MakesReadsRevokesAndDeletesATokenWordForWord) {
    const auto at = clock.now();
    const auto reply =
        create(by_dora_, R"("name":"CI","scopes":["license:write","license:read"],)"
                         R"("expiresAt":"2999-12-31T00:00:00.000Z","revoked":false)");
    const auto id = reply.text("id");
    const auto secret = reply.text("token");
    const std::string scopes = R"("license:read","license:write")";
    const std::string end = R"("expiresAt":"2999-12-31T00:00:00.000Z",)";
    const auto alive = view(id, "CI", scopes, end + R"("revoked":false,)" + times(at, at));
    expect(reply, 201, alive + R"(,"token":")" + secret + "\"}");
    EXPECT_EQ(reply.field("Cache-Control"), "no-store");
    expect(say("GET", kPath + "/" + id, by_dora_), 200, alive + "}");
    expect(say("GET", kPath, by_dora_), 200, "[" + alive + "}]");
    EXPECT_EQ(check(secret), "active");

    clock.advance(seconds(7));
    const auto dead =
        view(id, "CI", scopes, end + R"("revoked":true,)" + times(at, clock.now())) + "}";
    expect(say("PATCH", kPath + "/" + id, by_dora_, R"({"revoked":true})"), 200, dead);
    EXPECT_EQ(check(secret), "revoked");
    expect(say("PATCH", kPath + "/" + id, by_dora_, R"({"revoked":true})"), 200, dead);
    expect(say("GET", kPath, by_dora_), 200, "[" + dead + "]");
    const auto deleted = say("DELETE", kPath + "/" + id, by_dora_);
    expect(deleted, 204, "");
    expect(say("GET", kPath, by_dora_), 200, "[]");
    refused(say("GET", kPath + "/" + id, by_dora_), 404, "unknown_token");
    refused(say("DELETE", kPath + "/" + id, by_dora_), 404, "unknown_token");
}

TEST_F(Cryptlex, RevokingIsForEverAndNothingElseChanges) {
    const auto token = made(by_dora_, R"("license:read")");
    const auto path = kPath + "/" + token.id;
    refused(say("PATCH", path, by_dora_, R"({"revoked":false})"), 400, "bad_request");
    refused(say("PATCH", path, by_dora_, R"({"revoked":null})"), 400, "wrong_type");
    refused(say("PATCH", path, by_dora_, "{}"), 400, "missing_member");
    for (const char* other :
         {R"("name":"x")", R"("scopes":["license:write"])", R"("expiresAt":null)"}) {
        refused(say("PATCH", path, by_dora_, R"({"revoked":true,)" + std::string(other) + "}"), 400,
                "unknown_member");
    }
    EXPECT_EQ(check(token.secret), "active");
    EXPECT_EQ(say("PATCH", path, by_dora_, R"({"revoked":true})").status, 200);
    refused(say("PATCH", path, by_dora_, R"({"revoked":false})"), 409, "token_revoked");
}

TEST_F(Cryptlex, ListsInPagesOldestFirst) {
    for (const char* name : {"b one", "a two", "c one"}) {
        EXPECT_EQ(create(by_dora_, R"("name":)" + json_quoted(name) + R"(,"scopes":[])").status,
                  201);
        clock.advance(seconds(1));
    }
    const auto all = say("GET", kPath, by_dora_);
    EXPECT_EQ(all.field("Pagination-Count"), "3");
    EXPECT_EQ(all.field("Pagination-Page"), "1");
    EXPECT_EQ(all.field("Pagination-Limit"), "10");
    EXPECT_EQ(names("", by_dora_), "b one a two c one ");
    EXPECT_EQ(names("?sort=createdAt", by_dora_), "b one a two c one ");
    EXPECT_EQ(names("?sort=-createdAt", by_dora_), "c one a two b one ");
    EXPECT_EQ(names("?sort=name", by_dora_), "a two b one c one ");
    EXPECT_EQ(names("?page=2&limit=2", by_dora_), "c one ");
    EXPECT_EQ(names("?page=3&limit=2", by_dora_), "");
    EXPECT_EQ(names("?query=ONE", by_dora_), "b one c one ");
    const auto found = say("GET", kPath + "?query=one&limit=1&page=2", by_dora_);
    EXPECT_EQ(found.field("Pagination-Count"), "2");
    EXPECT_EQ(found.field("Pagination-Page"), "2");
    EXPECT_EQ(found.field("Pagination-Limit"), "1");
    clock.advance(seconds(5));
    for (const char* query : {"?page=0", "?page=x", "?page=1000001", "?limit=0", "?limit=101",
                              "?sort=size", "?page=1&page=2", "?query=%ff"}) {
        refused(say("GET", kPath + query, by_dora_), 400, "bad_query");
    }
}

TEST_F(Cryptlex, ALongListIsCountedWhole) {
    for (int i = 0; i < 205; ++i) {
        token(session_of(dora_.id), "licensing", {});
    }
    token(session_of(dora_.id), "billing", {});
    const auto last = say("GET", kPath + "?limit=100&page=3", by_dora_);
    EXPECT_EQ(last.json().as_array().size(), 5U);
    EXPECT_EQ(last.field("Pagination-Count"), "205");
}

TEST_F(Cryptlex, TheMisspeltScopeIsTakenAndSpeltRight) {
    const auto reply =
        create(by_dora_, R"("name":"x","scopes":["licenseTemaplate:write","license:read"])");
    EXPECT_EQ(reply.status, 201) << reply.body;
    EXPECT_EQ(to_json(reply.json().at("scopes")), R"(["license:read","licenseTemplate:write"])");
}

TEST_F(Cryptlex, EveryErrorIsAMessageAndACode) {
    struct Row {
        const char* members;
        int status;
        const char* code;
    };
    const std::vector<Row> rows = {
        {R"("scopes":[])", 400, "missing_member"},
        {R"("name":"x")", 400, "missing_member"},
        {R"("name":"x","scopes":null)", 400, "missing_member"},
        {R"("name":1,"scopes":[])", 400, "wrong_type"},
        {R"("name":"x","scopes":"license:read")", 400, "wrong_type"},
        {R"("name":"x","scopes":["license:fly"])", 400, "unknown_scope"},
        {R"("name":"x","scopes":[],"expiresAt":"tomorrow")", 400, "bad_time"},
        {R"("name":"x","scopes":[],"expiresAt":"2001-01-01T00:00:00.000Z")", 400, "expiry_in_past"},
        {R"("name":"x","scopes":[],"revoked":true)", 400, "bad_request"},
        {R"("name":"x","scopes":[],"owner":"y")", 400, "unknown_member"},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.members);
        refused(create(by_dora_, row.members), row.status, row.code);
    }
    refused(say("POST", kPath, {by_dora_[0], {"Content-Type", "text/plain"}}, "{}"), 415,
            "unsupported_media_type");
    refused(say("POST", kPath, by_dora_, "{"), 400, "malformed_json");
    expect(say("GET", kPath), 401,
           error("this needs a token (send Authorization: Bearer <token>)", "no_credential"));
    refused(say("GET", "/v3/licenses", by_dora_), 404, "not_found");
    const auto method = say("PUT", kPath, by_dora_);
    refused(method, 405, "method_not_allowed");
    EXPECT_EQ(method.field("Allow"), "GET, HEAD, POST");
    refused(say("GET", "/v1/tokens", by_dora_), 404, "not_found");
}

TEST_F(Cryptlex, WhatTheConnectionRefusesHasTheSameShape) {
    http::RawClient socket(server_->port(1));
    ASSERT_TRUE(
        socket.send("GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a\r\n"
                    "Authorization: Bearer b\r\n\r\n"));
    const auto answer = socket.read_answer();
    EXPECT_EQ(answer.status, 400);
    EXPECT_TRUE(answer.body.starts_with(R"({"message":")")) << answer.body;
}

TEST_F(Cryptlex, AnAddressHasFiftyRequestsInFiveSeconds) {
    clock.advance(seconds(5) - clock.steady() % seconds(5));
    const auto reset = now_plus(seconds(5));
    for (int left = 49; left >= 0; --left) {
        const auto reply = say("GET", kPath, left % 2 == 0 ? by_dora_ : Fields{});
        EXPECT_EQ(reply.status, left % 2 == 0 ? 200 : 401);
        EXPECT_EQ(reply.field("X-Rate-Limit-Limit"), "5s");
        EXPECT_EQ(reply.field("X-Rate-Limit-Remaining"), std::to_string(left));
        EXPECT_EQ(reply.field("X-Rate-Limit-Reset"), reset);
    }
    clock.advance(seconds(2));
    for (const auto& reply : {say("GET", kPath, by_dora_), say("POST", "/v3/accounts/login")}) {
        refused(reply, 429, "rate_limited");
        EXPECT_EQ(reply.field("Retry-After"), "3");
        EXPECT_EQ(reply.field("X-Rate-Limit-Remaining"), "0");
        EXPECT_EQ(reply.field("X-Rate-Limit-Reset"), reset);
    }
    EXPECT_EQ(ask("GET", "/v1/tokens", by_dora_).status, 200);
    clock.advance(seconds(3));
    EXPECT_EQ(say("GET", kPath, by_dora_).status, 200);
}

// What a token of the licensing API may do with its owner's tokens, here and nowhere else.
class CryptlexToken : public Cryptlex {
protected:
    void SetUp() override {
        Cryptlex::SetUp();
        manager_ = made(by_dora_, R"("personalAccessToken:write","license:read")");
        by_ = bearer(manager_.secret);
    }
    void insufficient(const Reply& reply) { refused(reply, 403, "insufficient_scope"); }

    Held manager_;
    Fields by_;
};

TEST_F(CryptlexToken, WithTheWriteScopeManagesItsOwnersTokens) {
    const auto child = made(by_, R"("license:read")");
    EXPECT_EQ(check(child.secret), "active");
    EXPECT_EQ(say("GET", kPath, by_).json().as_array().size(), 2U);
    EXPECT_EQ(say("GET", kPath + "/" + child.id, by_).status, 200);
    const auto of_session = made(by_dora_, R"("license:write")");
    EXPECT_EQ(say("PATCH", kPath + "/" + of_session.id, by_, R"({"revoked":true})").status, 200);
    EXPECT_EQ(check(of_session.secret), "revoked");
    EXPECT_EQ(say("DELETE", kPath + "/" + child.id, by_).status, 204);
    EXPECT_EQ(check(child.secret), "revoked");
}

TEST_F(CryptlexToken, MakesNothingThatMayDoMoreThanItself) {
    for (const char* scopes :
         {R"("license:write")", R"("*")", R"("license:read","licenseTemaplate:write")",
          R"("personalAccessToken:read")"}) {
        SCOPED_TRACE(scopes);
        insufficient(create(by_, R"("name":"x","scopes":[)" + std::string(scopes) + "]"));
    }
    // Nothing at all is not more.
    EXPECT_EQ(create(by_, R"("name":"x","scopes":[])").status, 201);
    const auto same = made(by_, R"("personalAccessToken:write","license:read")");
    insufficient(create(bearer(same.secret), R"("name":"x","scopes":["license:write"])"));
}

TEST_F(CryptlexToken, MakesNothingThatOutlivesItOrReachesFurther) {
    const auto brief = make_token(
        by_dora_, R"("name":"brief","api":"licensing","scopes":["personalAccessToken:write"],)"
                  R"("allowedIps":["127.0.0.0/8"],"rateLimit":{"requests":100,"seconds":60},)"
                  R"("expiresAt":")" +
                      now_plus(hours(1)) + "\"");
    const auto by = bearer(brief.secret);
    refused(create(by, R"("name":"x","scopes":[])"), 403, "expiry_beyond_parent");
    refused(create(by, R"("name":"x","scopes":[],"expiresAt":null)"), 403, "expiry_beyond_parent");
    refused(create(by, R"("name":"x","scopes":[],"expiresAt":")" + now_plus(hours(2)) + "\""), 403,
            "expiry_beyond_parent");
    const auto child =
        create(by, R"("name":"x","scopes":[],"expiresAt":")" + now_plus(minutes(30)) + "\"");
    ASSERT_EQ(child.status, 201) << child.body;
    const auto shown = ask("GET", "/v1/tokens/" + child.text("id"), by_dora_).json();
    EXPECT_EQ(to_json(shown.at("allowedIps")), R"(["127.0.0.0/8"])");
    EXPECT_EQ(to_json(shown.at("rateLimit")), R"({"requests":100,"seconds":60})");
    clock.advance(hours(1));
    refused(say("GET", kPath, by), 401, "invalid_token");
}

TEST_F(CryptlexToken, MayNoMoreThanItsOwnerMayNow) {
    // A role that may use the API, and not manage tokens.
    EXPECT_EQ(ask("POST", "/v1/roles", bearer(session(admin_)),
                  R"({"name":"user","patterns":{"licensing":["license:read",)"
                  R"("personalAccessToken:write"],"latchkey":["account:read"]}})")
                  .status,
              201);
    authority::EditUser demoted;
    demoted.roles = {{"user"}};
    ASSERT_TRUE(edit(authority::Actor::system(), dora_.id, demoted));
    insufficient(say("GET", kPath, by_));
    insufficient(create(by_, R"("name":"x","scopes":[])"));
    EXPECT_EQ(say("GET", kPath + "/" + manager_.id, by_).status, 200);
}

TEST_F(CryptlexToken, LosesThePowerWithTheScopeAndWithItsOwnersLeave) {
    EXPECT_EQ(ask("POST", "/v1/roles", bearer(session(admin_)),
                  R"({"name":"narrow","patterns":{"licensing":["license:read"],)"
                  R"("latchkey":["token:read","token:write"]}})")
                  .status,
              201);
    authority::EditUser demoted;
    demoted.roles = {{"narrow"}};
    ASSERT_TRUE(edit(authority::Actor::system(), dora_.id, demoted));
    insufficient(say("GET", kPath, by_));
    demoted.roles = {{"member"}};
    ASSERT_TRUE(edit(authority::Actor::system(), dora_.id, demoted));
    EXPECT_EQ(say("GET", kPath, by_).status, 200);
    EXPECT_EQ(ask("PATCH", "/v1/tokens/" + manager_.id, by_dora_, R"({"scopes":["license:read"]})")
                  .status,
              200);
    insufficient(say("GET", kPath, by_));
}

TEST_F(CryptlexToken, WithoutTheScopeReadsItselfAlone) {
    const auto plain = made(by_dora_, R"("license:read")");
    const auto by = bearer(plain.secret);
    EXPECT_EQ(say("GET", kPath + "/" + plain.id, by).text("id"), plain.id);
    insufficient(say("GET", kPath + "/" + manager_.id, by));
    expect(say("GET", kPath, by), 403,
           R"({"message":"this needs the permission personalAccessToken:write",)"
           R"("code":"insufficient_scope"})");
    insufficient(create(by, R"("name":"x","scopes":["license:read"])"));
    insufficient(say("PATCH", kPath + "/" + plain.id, by, R"({"revoked":true})"));
    insufficient(say("DELETE", kPath + "/" + plain.id, by));
}

TEST_F(CryptlexToken, WithTheReadScopeThatIsOursSeesAndChangesNothing) {
    const auto watcher = made(by_dora_, R"("personalAccessToken:read")");
    const auto by = bearer(watcher.secret);
    EXPECT_EQ(say("GET", kPath, by).json().as_array().size(), 2U);
    EXPECT_EQ(say("GET", kPath + "/" + manager_.id, by).status, 200);
    insufficient(create(by, R"("name":"x","scopes":[])"));
    insufficient(say("DELETE", kPath + "/" + manager_.id, by));
}

TEST_F(CryptlexToken, HasNoPowerAtOurOwnApi) {
    struct Row {
        const char* method;
        std::string path;
        const char* body;
    };
    const std::vector<Row> rows = {
        {"GET", "/v1/tokens", ""},
        {"POST", "/v1/tokens", R"({"name":"x","api":"licensing","scopes":["license:read"]})"},
        {"GET", "/v1/tokens/" + manager_.id, ""},
        {"DELETE", "/v1/tokens/" + manager_.id, ""},
        {"POST", "/v1/tokens/" + manager_.id + "/rotate", "{}"},
        {"PATCH", "/v1/tokens/" + manager_.id, R"({"name":"x"})"},
        {"POST", "/v1/tokens/bulk", "{}"},
        {"GET", "/v1/users/me", ""},
        {"GET", "/v1/projects", ""},
    };
    for (const auto& row : rows) {
        EXPECT_EQ(ask(row.method, row.path, by_, row.body).status, 401) << row.path;
    }
}

TEST_F(CryptlexToken, ReachesNobodyElseAndNoOtherApi) {
    const auto alices =
        make_token(bearer(session(alice_)), R"("name":"of Alice","api":"licensing","scopes":[])");
    const auto other_api =
        make_token(by_dora_, R"("name":"mine","api":"billing","scopes":["license:read"])");
    const auto of_project = make_project_token(by_dora_, make_project(by_dora_, "shop"));
    for (const auto& by : {by_, by_dora_, bearer(session(admin_))}) {
        clock.advance(seconds(5));
        for (const auto& held : {alices, other_api, of_project, Held{api::testing::kNobody, ""}}) {
            refused(say("GET", kPath + "/" + held.id, by), 404, "unknown_token");
            refused(say("PATCH", kPath + "/" + held.id, by, R"({"revoked":true})"), 404,
                    "unknown_token");
            refused(say("DELETE", kPath + "/" + held.id, by), 404, "unknown_token");
        }
    }
    EXPECT_EQ(ask("GET", "/v1/tokens/self", bearer(alices.secret)).status, 200);
    EXPECT_EQ(ask("GET", "/v1/tokens/self", bearer(other_api.secret)).status, 200);
}

TEST_F(CryptlexToken, OfAnotherApiComesNotIn) {
    const auto billing = make_token(by_dora_, R"("name":"x","api":"billing","scopes":["*"])");
    refused(say("GET", kPath, bearer(billing.secret)), 401, "invalid_token");
    refused(say("GET", kPath + "/" + billing.id, bearer(billing.secret)), 401, "invalid_token");
    const auto manager = make_token(
        by_dora_, R"("name":"x","api":"latchkey","scopes":["token:read","token:write"])");
    const auto by = bearer(manager.secret);
    EXPECT_EQ(say("GET", kPath, by).json().as_array().size(), 1U);
    for (const char* scopes : {R"("license:read")", "", R"("*")"}) {
        insufficient(create(by, R"("name":"x","scopes":[)" + std::string(scopes) + "]"));
    }
    refused(say("GET", kPath + "/" + manager.id, by), 404, "unknown_token");
}

TEST_F(CryptlexToken, OfAProjectManagesNothing) {
    const auto project =
        ask("POST", "/v1/projects", by_dora_, R"({"name":"lic","api":"licensing"})");
    ASSERT_EQ(project.status, 201) << project.body;
    const auto made_there =
        ask("POST", "/v1/projects/" + project.text("id") + "/tokens", by_dora_,
            R"({"name":"of it","permissions":["personalAccessToken:write","license:read"]})");
    ASSERT_EQ(made_there.status, 201) << made_there.body;
    const auto by = bearer(made_there.text("token"));
    const auto path = kPath + "/" + made_there.text("id");
    refused(say("GET", kPath, by), 403, "forbidden");
    refused(create(by, R"("name":"x","scopes":["license:read"])"), 403, "forbidden");
    refused(say("PATCH", path, by, R"({"revoked":true})"), 403, "forbidden");
    refused(say("DELETE", path, by), 403, "forbidden");
    EXPECT_EQ(say("GET", path, by).text("name"), "of it");
}

TEST_F(CryptlexToken, AnAccessTokenManagesNothing) {
    const auto got =
        ask("POST", "/oauth2/token", {{"Content-Type", "application/x-www-form-urlencoded"}},
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange"
            "&subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3A"
            "access_token&subject_token=" +
                manager_.secret);
    ASSERT_EQ(got.status, 200) << got.body;
    const auto by = bearer(got.text("access_token"));
    refused(say("GET", kPath, by), 401, "invalid_token");
    refused(create(by, R"("name":"x","scopes":[])"), 401, "invalid_token");
}

TEST_F(CryptlexToken, ThatIsBeingReplacedHasOnlyWhatItSaysItself) {
    // A rotation that gives the new secret the power; the old one says less.
    const auto plain = made(by_dora_, R"("license:read")");
    const auto rotated = ask("POST", "/v1/tokens/" + plain.id + "/rotate", by_dora_,
                             R"({"graceSeconds":86400,"scopes":["license:read",)"
                             R"("personalAccessToken:write"]})");
    ASSERT_EQ(rotated.status, 200) << rotated.body;
    EXPECT_EQ(say("GET", kPath, bearer(rotated.text("token"))).status, 200);
    insufficient(say("GET", kPath, bearer(plain.secret)));
    // And what it makes ends with it, not with its successor.
    const auto again =
        ask("POST", "/v1/tokens/" + manager_.id + "/rotate", by_dora_, R"({"graceSeconds":3600})");
    ASSERT_EQ(again.status, 200) << again.body;
    refused(create(by_, R"("name":"x","scopes":[])"), 403, "expiry_beyond_parent");
}

TEST_F(CryptlexToken, StoppedWhileItsRequestWaitsMakesNothing) {
    authority::PreparedToken held;
    held.text = Secret(std::string(manager_.secret));
    auto actor = token_actor(held);
    const auto api = authority->directory().view()->find("licensing")->api.id;
    authority::let_in(actor, {api, "personalAccessToken:write", ""},
                      {"license:read", "personalAccessToken:write"}, {"token:read", "token:write"});
    authority::CreateToken wanted;
    wanted.name = "x";
    wanted.api = "licensing";
    wanted.scopes = {{"license:read"}};
    auto prepared = authority::prepare_token(*authority, *reader, actor, wanted);
    ASSERT_TRUE(prepared) << prepared.error().message;
    EXPECT_EQ(ask("PATCH", "/v1/tokens/" + manager_.id, by_dora_, R"({"scopes":["license:read"]})")
                  .status,
              200);
    const auto narrowed = authority->store().mutate(
        [&](store::Transaction& tx) { return authority::insert_token(*authority, tx, *prepared); });
    ASSERT_FALSE(narrowed);
    EXPECT_EQ(narrowed.error().reason, "insufficient_scope");
    EXPECT_EQ(ask("POST", "/v1/tokens/" + manager_.id + "/revoke", by_dora_).status, 200);
    const auto revoked = authority->store().mutate(
        [&](store::Transaction& tx) { return authority::insert_token(*authority, tx, *prepared); });
    ASSERT_FALSE(revoked);
    EXPECT_EQ(revoked.error().code, ErrorCode::kUnauthenticated);
}

TEST_F(CryptlexToken, ItsScopeCountsAsUsed) {
    EXPECT_EQ(say("GET", kPath, by_).status, 200);
    ASSERT_TRUE(api::flush_usage(*services_));
    const auto unused = ask("GET", "/v1/tokens/" + manager_.id + "/unused", by_dora_);
    EXPECT_EQ(unused.status, 200) << unused.body;
    EXPECT_EQ(to_json(unused.json().at("scopes")), R"(["license:read"])");
    EXPECT_EQ(to_json(unused.json().at("used")), R"(["personalAccessToken:write"])");
}

TEST_F(Cryptlex, WithoutItsApiSaysHowToGetIt) {
    EXPECT_EQ(ask("DELETE", "/v1/apis/licensing", bearer(session(admin_))).status, 204);
    expect(say("GET", kPath, by_dora_), 409,
           error("this installation has no API licensing (import one: latchkey api import "
                 "examples/catalogues/licensing.toml)",
                 "conflict"));
}

}  // namespace
}  // namespace latchkey::dialects
