// Every route against every kind of credential: what the table of routes says is what happens.
#include <functional>

#include "api/testing.h"
#include "authority/exchange_assertion.h"
#include "authority/testing_keys.h"
#include "token/opaque.h"

namespace latchkey::api {
namespace {

using testing::Fields;
using testing::method_name;
using Kind = Permission::Kind;

enum class Outcome : std::uint8_t { kUnauthenticated, kForbidden, kLetIn };

const char* name_of(Outcome outcome) {
    switch (outcome) {
        case Outcome::kUnauthenticated: return "401";
        case Outcome::kForbidden: return "403";
        case Outcome::kLetIn: return "let in";
    }
    return "";
}

Outcome outcome_of(int status) {
    if (status == 401) return Outcome::kUnauthenticated;
    return status == 403 ? Outcome::kForbidden : Outcome::kLetIn;
}

// Ids that nobody has: being let in then means an answer that is neither 401 nor 403.
std::string target_of(std::string_view path) {
    std::string target(path);
    const auto put = [&](const std::string& name, const std::string& value) {
        const auto at = target.find(name);
        if (at != std::string::npos) target.replace(at, name.size(), value);
    };
    put("{id}", "01890000-0000-7000-8000-000000000001");
    put("{number}", "0");
    put("{code}", "no_credential");
    put("{file}", "app.css");
    put("{page}", "access-tokens");
    put("{kid}", "some-key");
    put("{name}", "acme");
    put("{type}", "token");
    put("{userCode}", "BCDF-GHJK");
    put("{slug}", "billing");
    put("{principalId}", "01890000-0000-7000-8000-000000000001");
    return target;
}

struct Credential {
    std::string name;
    std::function<Fields(const Route&)> fields;
    std::function<Outcome(const Route&)> expected;
};

class MatrixTest : public testing::ApiTest {
protected:
    void SetUp() override {
        ApiTest::SetUp();
        verifier_ = machine("gateway", "billing");
    }
    static std::vector<std::string> scopes_for(const Route& route) {
        const auto scope = route.permission.scope_name();
        return {scope.empty() ? "*" : std::string(scope.substr(scope.rfind(' ') + 1))};
    }
    Fields token_of(const authority::Actor& actor, const std::string& api,
                    std::vector<std::string> scopes) {
        return testing::bearer(token(actor, api, std::move(scopes)).text.expose());
    }
    // What a session may: all that its user's roles allow. It is no token.
    Outcome session_outcome(const Route& route, const authority::Actor& actor) const {
        switch (route.permission.kind()) {
            case Kind::kPublic: return Outcome::kLetIn;
            case Kind::kSession: {
                // The handlers of imports want an administrator besides.
                const bool is_import = route.path.starts_with("/v1/imports");
                const auto wanted = is_import ? "*" : route.permission.scope_name();
                if (wanted.empty()) return Outcome::kLetIn;
                return actor.may(wanted) ? Outcome::kLetIn : Outcome::kForbidden;
            }
            case Kind::kAnyCredential:  // /v1/tokens/self: a session is no token
            case Kind::kMachineToken:
            case Kind::kLocal: return Outcome::kForbidden;
            case Kind::kScope:
                return actor.may(route.permission.scope_name()) ? Outcome::kLetIn
                                                                : Outcome::kForbidden;
            case Kind::kAnyScope: return Outcome::kLetIn;  // account:read is everybody's
        }
        return Outcome::kForbidden;
    }
    static Outcome token_outcome(const Route& route, bool has_scope, bool is_machine) {
        switch (route.permission.kind()) {
            case Kind::kPublic:
            case Kind::kAnyCredential: return Outcome::kLetIn;
            case Kind::kSession:
            case Kind::kLocal: return Outcome::kForbidden;
            case Kind::kMachineToken:
                return is_machine && has_scope ? Outcome::kLetIn : Outcome::kForbidden;
            case Kind::kScope:
            case Kind::kAnyScope: return has_scope ? Outcome::kLetIn : Outcome::kForbidden;
        }
        return Outcome::kForbidden;
    }
    static Outcome none_outcome(const Route& route) {
        return route.permission.kind() == Kind::kPublic ? Outcome::kLetIn
                                                        : Outcome::kUnauthenticated;
    }
    Outcome cookie_outcome(const Route& route, bool has_csrf) const {
        if (!route.permission.takes_cookies()) return none_outcome(route);
        if (!has_csrf && route.method != http::Method::kGet) return Outcome::kForbidden;
        return session_outcome(route, as_admin_);
    }
    void run(const std::vector<Credential>& credentials);

    store::UserRecord verifier_;
};

void MatrixTest::run(const std::vector<Credential>& credentials) {
    for (const auto& route : routes()) {
        const bool has_body =
            route.method != http::Method::kGet && route.method != http::Method::kDelete;
        for (const auto& credential : credentials) {
            const auto reply = ask(method_name(route.method), target_of(route.path),
                                   credential.fields(route), has_body ? "{}" : "");
            EXPECT_STREQ(name_of(outcome_of(reply.status)), name_of(credential.expected(route)))
                << method_name(route.method) << " " << route.path << " with " << credential.name
                << ": " << reply.status << " " << reply.body;
            EXPECT_NE(reply.status, 0) << route.path;
            EXPECT_NE(reply.status, 500) << route.path << reply.body;
            EXPECT_FALSE(reply.field("X-Request-Id").empty()) << route.path;
            if (reply.status == 401) {
                EXPECT_TRUE(reply.field("WWW-Authenticate").starts_with("Bearer realm="));
            }
        }
    }
    EXPECT_GT(routes().size(), 30U);
}

TEST_F(MatrixTest, WhoHasNothingOrNonsenseReachesOnlyWhatIsPublic) {
    const auto fixed = [](Fields fields) { return [=](const Route&) { return fields; }; };
    run({{"nothing", fixed({}), none_outcome},
         {"garbage", fixed(testing::bearer("garbage")), none_outcome},
         {"an unknown opaque token",
          fixed(testing::bearer(std::string(make_opaque("lkp").expose()))), none_outcome},
         {"an unknown session", fixed(testing::bearer(std::string(make_opaque("lks").expose()))),
          none_outcome},
         {"a forged jwt", fixed(testing::bearer("e30.e30.e30")), none_outcome},
         {"another scheme", fixed({{"Authorization", "Digest x=y"}}), none_outcome},
         {"an unknown cookie",
          fixed(testing::cookie_with_csrf(std::string(make_opaque("lks").expose()))),
          none_outcome}});
}

TEST_F(MatrixTest, ATokenDoesWhatItsScopesSayAndNeverWhatASessionDoes) {
    run({{"a token of another API",
          [&](const Route&) { return token_of(as_admin_, "billing", {"*"}); },
          [](const Route& route) {
              return route.permission.kind() == Kind::kAnyCredential ? Outcome::kLetIn
                                                                     : none_outcome(route);
          }},
         {"a management token without scopes",
          [&](const Route&) { return token_of(as_admin_, "latchkey", {}); },
          [](const Route& route) { return token_outcome(route, false, false); }},
         {"a management token with the scope",
          [&](const Route& route) { return token_of(as_admin_, "latchkey", scopes_for(route)); },
          [](const Route& route) { return token_outcome(route, true, false); }},
         {"a management token that may do everything",
          [&](const Route&) { return token_of(as_admin_, "latchkey", {"*"}); },
          [](const Route& route) { return token_outcome(route, true, false); }},
         {"a verifier's token",
          [&](const Route&) { return testing::bearer(verifier_token(verifier_).text.expose()); },
          [](const Route& route) {
              const auto scopes = route.permission.scope_name();
              const bool has_scope = scopes.find("token:verify") != std::string_view::npos;
              return token_outcome(route, has_scope, true);
          }}});
}

TEST_F(MatrixTest, AnAccessTokenSaysWhoItIsAndManagesNothing) {
    const auto access_token = [&](const std::string& api) {
        authority::CreateToken wanted;
        wanted.name = "a key token";
        wanted.kind = store::TokenKind::kKey;
        wanted.api = api;
        wanted.scopes = {{"*"}};
        const auto key = PrivateKey::generate(Algorithm::kEs256);
        wanted.keys = {key.public_key()};
        const auto made = create(as_admin_, wanted).value();
        const authority::testing::KeyHolder holder{key, made.token.id, made.secret.kid,
                                                   authority->settings().issuer};
        const auto client = authority::prove_client(*authority, holder.assertion(clock.now()));
        const auto decided =
            authority::decide_access(*authority, *reader, client.value(), {}).value();
        return testing::bearer(authority::sign_access(*authority, decided).value());
    };
    const auto billing = access_token("billing");
    const auto management = access_token("latchkey");
    run({{"an access token of another API", [&](const Route&) { return billing; },
          [](const Route& route) {
              return route.permission.kind() == Kind::kAnyCredential ? Outcome::kLetIn
                                                                     : none_outcome(route);
          }},
         {"an access token of our own API", [&](const Route&) { return management; },
          [](const Route& route) { return token_outcome(route, false, false); }}});
}

// A body that gets past the reader of every route of a project.
std::string body_of(const Route& route) {
    const bool has_body =
        route.method != http::Method::kGet && route.method != http::Method::kDelete;
    if (!has_body) return {};
    if (route.path.ends_with("/policy")) return R"({"version":"2022-12-15","statement":[]})";
    if (route.path.ends_with("/simulate")) {
        return R"({"principalType":"token","principalId":"x","action":"license:read"})";
    }
    if (route.path.ends_with("/tokens")) return R"({"name":"x","permissions":["read:all"]})";
    return route.method == http::Method::kPatch ? R"({"name":"mine"})" : "{}";
}

// Own project, another's, one that nobody has, one that is gone: for every route of a project and
// every credential that gets past its permission.
TEST_F(MatrixTest, AnothersProjectAnswersAsOneThatDoesNotExist) {
    constexpr std::string_view kPrefix = "/v1/projects/{id}";
    const auto alice = testing::bearer(session(alice_));
    const auto make = [&](const Fields& fields, const std::string& name) {
        return ask("POST", "/v1/projects", fields, R"({"name":")" + name + "\"}").text("id");
    };
    const auto foreign = make(alice, "of alice");
    const auto gone = make(alice, "gone");
    ASSERT_EQ(ask("DELETE", "/v1/projects/" + gone, alice).status, 204);
    std::size_t routes_seen = 0;
    for (const auto& route : routes()) {
        if (!route.path.starts_with(kPrefix)) continue;
        ++routes_seen;
        const auto method = method_name(route.method);
        const auto rest = target_of(route.path.substr(kPrefix.size()));
        const auto target = [&](const std::string& id) { return "/v1/projects/" + id + rest; };
        const auto own = make(testing::bearer(session(bob_)),
                              std::string("of bob ") + std::to_string(routes_seen));
        for (const auto& fields :
             {testing::bearer(session(bob_)),
              token_of(as_bob_, "latchkey", {std::string(route.permission.scope_name())})}) {
            const auto body = body_of(route);
            const auto unknown =
                ask(method, target("01890000-0000-7000-8000-000000000001"), fields, body);
            EXPECT_EQ(unknown.status, 404) << method << " " << route.path << unknown.body;
            EXPECT_EQ(unknown.text("code"), "unknown_project") << route.path;
            for (const auto& id : {foreign, gone, std::string("nonsense")}) {
                EXPECT_EQ(ask(method, target(id), fields, body).shape(), unknown.shape())
                    << method << " " << route.path;
            }
        }
        const auto seen = ask(method, target(own), testing::bearer(session(bob_)), body_of(route));
        EXPECT_EQ(seen.body.find("unknown_project"), std::string::npos)
            << method << " " << route.path << seen.body;
    }
    EXPECT_GE(routes_seen, 10U);
}

TEST_F(MatrixTest, ASessionDoesWhatItsUsersRolesSay) {
    run({{"a member's session", [&](const Route&) { return testing::bearer(session(alice_)); },
          [&](const Route& route) { return session_outcome(route, as_alice_); }},
         {"an administrator's session",
          [&](const Route&) { return testing::bearer(session(admin_)); },
          [&](const Route& route) { return session_outcome(route, as_admin_); }},
         {"an administrator's session as a Basic password",
          [&](const Route&) { return testing::basic(session(admin_)); },
          [&](const Route& route) { return session_outcome(route, as_admin_); }}});
}

TEST_F(MatrixTest, ACookieChangesNothingWithoutItsCsrfValue) {
    const auto portal = store::SessionKind::kPortal;
    run({{"a cookie alone", [&](const Route&) { return testing::cookie(session(admin_, portal)); },
          [&](const Route& route) { return cookie_outcome(route, false); }},
         {"a cookie with another session's CSRF value",
          [&](const Route&) {
              auto fields = testing::cookie(session(admin_, portal));
              fields.emplace_back("X-CSRF-Token", csrf_of(session(admin_, portal)));
              return fields;
          },
          [&](const Route& route) { return cookie_outcome(route, false); }},
         {"a cookie with its CSRF value",
          [&](const Route&) { return testing::cookie_with_csrf(session(admin_, portal)); },
          [&](const Route& route) { return cookie_outcome(route, true); }}});
}

}  // namespace
}  // namespace latchkey::api
