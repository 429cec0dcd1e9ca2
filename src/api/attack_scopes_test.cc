// Rows E7, E8 and E9 of docs/attacks.md: a token shown to the wrong asker, texts that only look
// like its scopes, and what is taken away while a request waits.
#include "api/attack_testing.h"
#include "authority/grants.h"
#include "authority/members.h"
#include "authority/projects.h"
#include "authority/roles.h"
#include "authority/token_keys.h"
#include "token/opaque.h"

namespace latchkey::api {
namespace {

using authority::Actor;
using authority::testing::reason_of;
using testing::bearer;
using testing::Fields;
using testing::kNobody;

class AttackE7 : public testing::AttackTest {};

TEST_F(AttackE7, AVerifierOfOneApiKnowsNothingOfTheTokensOfAnother) {
    add_api("shipping", {"license:read"});
    const auto tenant = make_tenant(alice_);
    const auto gateway = bearer(verifier_token(machine("gateway", "shipping")).text.expose());
    const auto said = [&](const std::string& token, const std::string& more) {
        const auto reply =
            ask("POST", "/v1/tokens/verify", gateway, R"({"token":")" + token + "\"" + more + "}");
        EXPECT_EQ(reply.status, 200) << reply.body;
        auto answer = reply.json();
        answer.as_object().erase("revision");
        auto form = gateway;
        form.emplace_back("Content-Type", "application/x-www-form-urlencoded");
        EXPECT_EQ(ask("POST", "/oauth2/introspect", form, "token=" + token).body,
                  R"({"active":false})");
        return to_json(answer);
    };
    const std::string unknown =
        "lkp_" + std::string(34, 'x') + opaque_checksum(std::string(34, 'x'));
    for (const auto& more : {std::string(), std::string(R"(,"api":"billing")"),
                             R"(,"project":")" + tenant.project + "\""}) {
        const auto wanted = said(unknown, more);
        EXPECT_NE(wanted.find(R"("verdict":"unknown")"), std::string::npos) << wanted;
        for (const auto& token :
             {tenant.jwt.secret, tenant.opaque.secret, tenant.project_token.secret,
              access_token(tenant.key, tenant.project)}) {
            EXPECT_EQ(said(token, more), wanted);
        }
    }
}

TEST_F(AttackE7, OnlyVerifiersAskAndNobodyAsksAboutManagementTokens) {
    const auto tenant = make_tenant(alice_);
    const auto managing = make_token(bearer(tenant.session), R"("name":"m","api":"latchkey")");
    const std::string body = R"({"token":")" + managing.secret + R"(","api":"latchkey"})";
    for (const auto& fields :
         {bearer(tenant.session), bearer(session(admin_)), bearer(managing.secret),
          bearer(tenant.opaque.secret), bearer(tenant.project_token.secret),
          bearer(access_token(tenant.key, tenant.project))}) {
        const auto reply = ask("POST", "/v1/tokens/verify", fields, body);
        EXPECT_TRUE(reply.status == 403 || reply.status == 401) << reply.body;
        auto form = fields;
        form.emplace_back("Content-Type", "application/x-www-form-urlencoded");
        const auto told = ask("POST", "/oauth2/introspect", form, "token=" + tenant.opaque.secret);
        EXPECT_EQ(told.status, reply.status) << told.body;
    }
    const auto gateway = bearer(verifier_token(machine("gateway", "billing")).text.expose());
    EXPECT_EQ(ask("POST", "/v1/tokens/verify", gateway, body).text("verdict"), "unknown");
}

TEST_F(AttackE7, ATokenOfOneProjectIsRefusedInAnother) {
    const auto shop = make_tenant(alice_);
    const auto by = bearer(shop.session);
    const auto office = make_project(by, "office");
    const std::string check = "/check/api/billing/scope/license:read/project/";
    const auto access = access_token(shop.key, shop.project);
    for (const auto& token :
         {shop.jwt.secret, shop.opaque.secret, shop.project_token.secret, access}) {
        EXPECT_EQ(ask("GET", check + shop.project, bearer(token)).status, 200);
        EXPECT_EQ(ask("GET", check + office, bearer(token)).status, 403);
        EXPECT_EQ(ask("GET", check + kNobody, bearer(token)).status, 403);
        EXPECT_EQ(ask("GET", "/check/api/latchkey", bearer(token)).status, 401);
        EXPECT_EQ(ask("GET", "/check/api/pipelines", bearer(token)).status, 401);
    }
    // Good in both projects, an access token is still for the one that was asked for.
    want(200, "PUT", "/v1/projects/" + office + "/principals/token/" + shop.key.id, by);
    want(200, "PUT", "/v1/projects/" + office + "/principals/token/" + shop.key.id + "/policy", by,
         policy(allow(R"("license:read")")));
    EXPECT_EQ(ask("GET", check + office, bearer(access)).status, 403);
    const auto for_office = access_token(shop.key, office);
    EXPECT_EQ(ask("GET", check + office, bearer(for_office)).status, 200);
    EXPECT_EQ(ask("GET", check + shop.project, bearer(for_office)).status, 403);
    EXPECT_EQ(exchange(shop.key).text("error"), "invalid_target");
    EXPECT_EQ(exchange(shop.key, "&project_id=" + kNobody).text("error"), "invalid_target");
    EXPECT_EQ(exchange(shop.key, "&project_id=" + office + "&resource=urn%3Alatchkey%3Aproject%3A" +
                                     shop.project)
                  .text("error"),
              "invalid_target");
}

class AttackE8 : public testing::AttackTest {
protected:
    // Beside the scope itself: other case, blanks, wildcards, other alphabets, an alias.
    const std::vector<std::string> confused_ = {"License:read",
                                                "LICENSE:READ",
                                                "license:Read",
                                                "license:read ",
                                                " license:read",
                                                "license :read",
                                                "license:read\t",
                                                "license:*",
                                                "*:read",
                                                "*:*",
                                                "*",
                                                "license",
                                                "license:",
                                                ":read",
                                                "license:read:all",
                                                "license:re*",
                                                "lic*:read",
                                                "license:read,*",
                                                "license:read license:write",
                                                "l\u0456cense:read",
                                                "license\u200b:read",
                                                std::string("license:read\0", 13),
                                                "\uff4cicense:read",
                                                "license.read",
                                                "license/read",
                                                "temaplate:write"};
};

TEST_F(AttackE8, AtTheCheckOnlyTheScopeItselfIsThatScope) {
    const auto made = token(as_alice_, "billing", {"license:read", "template:write"});
    const auto by = bearer(made.text.expose());
    EXPECT_EQ(ask("GET", "/check/scope/license:read", by).status, 200);
    for (const auto& scope : confused_) {
        std::string encoded;
        for (const char c : scope) {
            static constexpr std::string_view kHex = "0123456789ABCDEF";
            const auto byte = static_cast<unsigned char>(c);
            encoded += {'%', kHex[byte >> 4], kHex[byte & 15]};
        }
        const auto reply = ask("GET", "/check/scope/" + encoded, by);
        EXPECT_TRUE(reply.status == 403 || reply.status == 400) << scope << reply.status;
    }
}

TEST_F(AttackE8, NoPatternOfATokenReachesBeyondItsSegments) {
    const auto made = token(as_alice_, "billing", {"log:*"});
    const auto by = bearer(made.text.expose());
    EXPECT_EQ(ask("GET", "/check/scope/log:write", by).status, 200);
    for (const char* scope : {"logs:write", "log:write:all", "Log:write", "blog:write", "lo:g",
                              "log", "license:read", "*:write"}) {
        const auto reply = ask("GET", "/check/scope/" + std::string(scope), by);
        EXPECT_TRUE(reply.status == 403 || reply.status == 400) << scope << reply.status;
    }
}

TEST_F(AttackE8, NoOtherTextIsGivenOutAsAScope) {
    const auto tenant = make_tenant(alice_);
    const auto by = bearer(tenant.session);
    const auto target = place_of(tenant, "token", tenant.key.id) + "/policy";
    for (const auto& scope : confused_) {
        const bool is_alias = scope == "temaplate:write";
        const bool is_all = scope == "*";
        const auto name = testing::json_quoted(scope);
        const auto made = ask("POST", "/v1/tokens", by,
                              R"({"name":"x","api":"billing","scopes":[)" + name + "]}");
        if (!is_alias && !is_all) {
            EXPECT_EQ(made.status, 422) << scope << made.body;
        }
        const auto project = ask("POST", "/v1/projects/" + tenant.project + "/tokens", by,
                                 R"({"name":"x","permissions":[)" + name + "]}");
        if (!is_alias && !is_all) {
            EXPECT_EQ(project.status, 422) << scope << project.body;
        }
        // Patterns are what a policy is made of; everything else is refused there too.
        const bool is_pattern = is_all || scope == "license:*" || scope == "*:read" ||
                                scope == "*:*" || scope == "license:read:all";
        const auto written = ask("PUT", target, by, policy(allow(name)));
        if (!is_pattern) {
            EXPECT_EQ(written.status, 422) << scope << written.body;
        }
    }
    // An alias is an old spelling of one name, and that name is what counts from then on.
    const auto alias = ask("POST", "/v1/tokens", by,
                           R"({"name":"x","api":"billing","scopes":["temaplate:write"]})");
    EXPECT_EQ(to_json(alias.json().at("scopes")), R"(["template:write"])");
}

class AttackE9 : public testing::AttackTest {
protected:
    void SetUp() override {
        AttackTest::SetUp();
        tenant_ = make_tenant(alice_);
    }
    // Everything that a person or his token could still do, let in as `actor` was when he asked.
    std::string still_possible(const Actor& actor) {
        std::string done;
        const auto apis = authority->directory().view();
        const auto attempt = [&](const char* name, auto work) {
            const auto result = write<int>([&](store::Transaction& tx) -> Result<int> {
                TRY(work(tx));
                return 0;
            });
            if (result) done += std::string(name) + " ";
        };
        attempt("project", [&](store::Transaction& tx) {
            return authority::create_project(tx, actor, *apis,
                                             {"p" + std::to_string(++made_), "", ""});
        });
        attempt("member", [&](store::Transaction& tx) {
            return authority::put_member(tx, actor, tenant_.project, bob_.id.uuid(), "viewer");
        });
        attempt("suspend", [&](store::Transaction& tx) {
            return authority::change_token(tx, actor, tenant_.opaque.id,
                                           authority::TokenChange::kSuspend, "");
        });
        attempt("policy", [&](store::Transaction& tx) {
            return authority::set_policy(
                tx, actor, *apis, {tenant_.project, store::PrincipalKind::kToken, tenant_.jwt.id},
                policy(allow(R"("license:read")")));
        });
        attempt("key", [&](store::Transaction& tx) {
            return authority::remove_key(tx, actor, tenant_.key.id, tenant_.key.kid);
        });
        attempt("role", [&](store::Transaction& tx) {
            return authority::create_role(tx, actor, *apis, "made", {});
        });
        attempt("user", [&](store::Transaction& tx) {
            authority::EditUser edit;
            edit.name = "renamed " + std::to_string(++made_);
            return authority::edit_user(tx, actor, *apis, bob_.id.uuid(), edit);
        });
        attempt("api", [&](store::Transaction& tx) {
            authority::CreateApi wanted;
            wanted.slug = "made-" + std::to_string(++made_);
            wanted.audience = wanted.slug;
            return authority::create_api(tx, actor, wanted);
        });
        return done;
    }
    void end_user(const store::UserRecord& user) {
        authority::EditUser edit;
        edit.state = store::UserState::kDisabled;
        ASSERT_TRUE(this->edit(Actor::system(), user.id, edit));
    }

    testing::Tenant tenant_;
    int made_{0};
};

TEST_F(AttackE9, WhoWasDisabledWhileHisRequestWaitedChangesNothing) {
    const auto helper = human("helper@example.com", "administrator");
    const Actor actor = session_of(helper.id);
    EXPECT_NE(still_possible(actor), "");
    end_user(helper);
    EXPECT_EQ(still_possible(actor), "");
}

TEST_F(AttackE9, ATokenThatWasStoppedWhileItsRequestWaitedChangesNothing) {
    const auto made = make_token(bearer(session(admin_)),
                                 R"("name":"m","kind":"opaque","api":"latchkey","scopes":["*"])");
    Actor actor = session_of(admin_.id);
    actor.token = TokenId::parse(made.id);
    for (const char* verb : {"suspend", "revoke"}) {
        want(200, "POST", "/v1/tokens/" + made.id + "/" + verb, bearer(session(admin_)));
        EXPECT_EQ(still_possible(actor), "") << verb;
    }
}

TEST_F(AttackE9, WhoWasDemotedWhileHisRequestWaitedDoesNothingWithWhatHeHad) {
    const auto helper = human("helper@example.com", "administrator");
    const Actor actor = session_of(helper.id);
    authority::EditUser edit;
    edit.roles = {"member"};
    ASSERT_TRUE(this->edit(Actor::system(), helper.id, edit));
    const auto done = still_possible(actor);
    for (const char* name : {"member", "suspend", "policy", "key", "role", "user", "api"}) {
        EXPECT_EQ(done.find(name), std::string::npos) << done;
    }
}

// An access token that was asked for before its key token died is dead when it arrives.
TEST_F(AttackE9, AnExchangeThatWaitedGivesNothingThatWorks) {
    const auto sent = assertion(tenant_.key);
    const auto access = access_token(tenant_.key, tenant_.project);
    want(200, "POST", "/v1/tokens/" + tenant_.key.id + "/revoke", bearer(tenant_.session));
    EXPECT_EQ(ask("GET", "/check/api/billing", bearer(access)).status, 401);
    EXPECT_EQ(exchange(tenant_.key).text("error"), "invalid_client");
}

}  // namespace
}  // namespace latchkey::api
