// Rows E4 and E5 of docs/attacks.md: two people with the same things, who learn nothing of each
// other; and no secret in whatever can be read.
#include <map>

#include "api/attack_testing.h"

namespace latchkey::api {
namespace {

using testing::bearer;
using testing::Fields;
using testing::kNobody;
using testing::method_name;
using testing::Reply;
using testing::Tenant;

// What stands in a path, by the name of its place.
using Names = std::map<std::string, std::string>;

std::string filled(std::string_view path, const Names& names) {
    std::string target(path);
    for (const auto& [name, value] : names) {
        const auto at = target.find("{" + name + "}");
        if (at != std::string::npos) target.replace(at, name.size() + 2, value);
    }
    return target;
}

class TwoTenants : public testing::AttackTest {
protected:
    void SetUp() override {
        AttackTest::SetUp();
        alices_ = make_tenant(alice_);
        bobs_ = make_tenant(bob_);
        by_bob_ = bearer(bobs_.session);
        alices_bulk_ = want(200, "POST", "/v1/tokens/bulk", bearer(alices_.session),
                            R"({"action":"suspend","dryRun":false,)"
                            R"("filter":{"mintedBefore":"2001-01-01T00:00:00Z"}})")
                           .text("id");
    }
    // A body that the route would take.
    std::string body_for(const testing::Tenant& of, const Route& route) {
        const std::string method = method_name(route.method);
        const std::string_view path = route.path;
        if (method == "GET" || method == "DELETE") return "";
        if (path.ends_with("/policy")) return policy(allow("\"license:read\""));
        if (path.ends_with("/keys")) {
            return R"({"keys":)" +
                   testing::json_quoted(PrivateKey::generate(Algorithm::kEs256).public_pem()) + "}";
        }
        if (path.ends_with("/simulate")) {
            return R"({"principalType":"token","principalId":")" + of.jwt.id +
                   R"(","action":"license:read"})";
        }
        if (path == "/v1/projects/{id}/tokens") {
            return R"({"name":"x","permissions":["license:read"]})";
        }
        return method == "PATCH" ? R"({"name":"renamed token"})" : "";
    }
    static std::vector<std::string> tokens_of(const Tenant& tenant) {
        return {tenant.jwt.id, tenant.opaque.id, tenant.project_token.id, tenant.key.id};
    }
    void expect_alike(const std::string& method, const Reply& foreign, const Reply& unknown,
                      const std::string& target) {
        EXPECT_EQ(foreign.shape(), unknown.shape()) << method << " " << target;
        EXPECT_EQ(foreign.head.size(), unknown.head.size()) << foreign.head << unknown.head;
        EXPECT_NE(foreign.status, 200) << method << " " << target;
        EXPECT_NE(foreign.status, 204) << method << " " << target;
    }
    // By each of Bob's credentials that may do anything here at all.
    void compare(const Route& route, const Names& foreign, const Names& unknown) {
        const auto method = method_name(route.method);
        const auto body = body_for(alices_, route);
        for (const auto& by : {by_bob_, bearer(everything_of_bob())}) {
            const auto target = filled(route.path, foreign);
            const auto first = ask(method, target, by, body);
            expect_alike(method, first, ask(method, filled(route.path, unknown), by, body), target);
            EXPECT_EQ(first.body.find(foreign.at("id")), std::string::npos) << first.body;
        }
    }
    std::string everything_of_bob() {
        if (bobs_token_.empty()) {
            bobs_token_ =
                make_token(by_bob_, R"("name":"all","api":"latchkey","scopes":["*"])").secret;
        }
        return bobs_token_;
    }

    Tenant alices_;
    Tenant bobs_;
    Fields by_bob_;
    std::string alices_bulk_;

private:
    std::string bobs_token_;
};

using AttackE4 = TwoTenants;

TEST_F(AttackE4, EveryRouteAnswersAnothersIdsAsUnknownOnes) {
    std::size_t compared = 0;
    for (const auto& route : routes()) {
        if (!route.path.starts_with("/v1/") || route.path.find('{') == std::string::npos) continue;
        const Names nobody = {{"id", kNobody},
                              {"kid", alices_.key.kid},
                              {"type", "token"},
                              {"principalId", alices_.jwt.id}};
        Names foreign = nobody;
        const auto try_ids = [&](const std::vector<std::string>& ids) {
            for (const auto& id : ids) {
                foreign["id"] = id;
                compare(route, foreign, nobody);
                ++compared;
            }
        };
        if (route.path.starts_with("/v1/tokens/{id}")) {
            try_ids(tokens_of(alices_));
        } else if (route.path.starts_with("/v1/tokens/bulk/{id}")) {
            try_ids({alices_bulk_});
        } else if (route.path.starts_with("/v1/projects/{id}")) {
            try_ids({alices_.project});
        } else if (route.path.starts_with("/v1/sessions/{id}")) {
            try_ids({alices_.session_id});
        } else if (route.path.starts_with("/v1/users/{id}")) {
            try_ids({alice_.id.uuid()});
        } else {
            // Installation-wide things belong to nobody: everybody may see that they are there.
            // A device's code is anybody's who reads it from a screen, and nobody's here.
            EXPECT_TRUE(
                route.path.starts_with("/v1/apis/") || route.path.starts_with("/v1/roles/") ||
                route.path.starts_with("/v1/imports/") || route.path.starts_with("/v1/device/"))
                << "say here whose " << route.path << " is";
        }
    }
    EXPECT_GE(compared, 40U);
    // Nothing of hers was changed by any of it.
    for (const auto& token : {alices_.jwt, alices_.opaque, alices_.project_token}) {
        EXPECT_EQ(ask("GET", "/check/api/billing/scope/license:write/project/" + alices_.project,
                      bearer(token.secret))
                      .status,
                  200);
    }
}

// A stranger's thing inside of one's own project.
TEST_F(AttackE4, ForeignPrincipalsAreUnknownInOnesOwnProject) {
    for (const auto& route : routes()) {
        if (route.path.find("{principalId}") == std::string::npos) continue;
        const bool is_user = route.path.find("/user/") != std::string::npos;
        // Whom one invites one must be able to name: ids of users are no secret.
        if (is_user && route.method == http::Method::kPut) continue;
        for (const std::string type : {"token", "user"}) {
            auto ids = tokens_of(alices_);
            if (is_user || type == "user") ids = {alice_.id.uuid()};
            for (const auto& id : ids) {
                Names foreign = {{"id", bobs_.project}, {"type", type}, {"principalId", id}};
                Names unknown = foreign;
                unknown["principalId"] = kNobody;
                const auto method = method_name(route.method);
                const auto body = body_for(alices_, route);
                const auto target = filled(route.path, foreign);
                const auto first = ask(method, target, by_bob_, body);
                EXPECT_EQ(first.status, 404) << target;
                expect_alike(method, first, ask(method, filled(route.path, unknown), by_bob_, body),
                             target);
            }
        }
    }
}

TEST_F(AttackE4, IdsInBodiesAndQueriesAreNoOracleEither) {
    struct Row {
        const char* method;
        std::string target;
        std::string body;  // with @ where the id stands
        std::string foreign;
    };
    const std::string own = "/v1/projects/" + bobs_.project;
    const std::vector<Row> rows = {
        {"GET", "/v1/tokens?owner=@", "", alice_.id.uuid()},
        {"POST", "/v1/tokens?owner=@", R"({"name":"x"})", alice_.id.uuid()},
        {"POST", "/v1/tokens", R"({"name":"x","projects":["@"]})", alices_.project},
        {"GET", "/v1/events?token=@", "", alices_.jwt.id},
        {"GET", "/v1/events?owner=@", "", alice_.id.uuid()},
        {"POST", own + "/simulate",
         R"({"principalType":"token","principalId":"@","action":"license:read"})", alices_.jwt.id},
        {"POST", own + "/simulate",
         R"({"principalType":"user","principalId":"@","action":"license:read"})",
         alice_.id.uuid()}};
    const auto with = [](std::string text, const std::string& id) {
        const auto at = text.find('@');
        return at == std::string::npos ? text : text.replace(at, 1, id);
    };
    for (const auto& row : rows) {
        const auto foreign =
            ask(row.method, with(row.target, row.foreign), by_bob_, with(row.body, row.foreign));
        const auto unknown =
            ask(row.method, with(row.target, kNobody), by_bob_, with(row.body, kNobody));
        expect_alike(row.method, foreign, unknown, row.target + row.body);
    }
    const auto foreign = exchange(bobs_.key, "&project_id=" + alices_.project);
    const auto unknown = exchange(bobs_.key, "&project_id=" + kNobody);
    EXPECT_EQ(foreign.text("error"), "invalid_target");
    EXPECT_EQ(foreign.shape(), unknown.shape());
}

TEST_F(AttackE4, ListsHoldNothingOfAnybodyElse) {
    auto ids = tokens_of(alices_);
    ids.insert(ids.end(), {alices_.project, alices_.session_id, alice_.id.uuid()});
    for (const auto& route : routes()) {
        const bool is_list = route.method == http::Method::kGet && route.path.starts_with("/v1/");
        if (!is_list) continue;
        const Names mine = {
            {"id", route.path.starts_with("/v1/projects") ? bobs_.project : bobs_.key.id},
            {"type", "token"},
            {"principalId", bobs_.key.id}};
        const auto reply = ask("GET", filled(route.path, mine), by_bob_);
        for (const auto& id : ids) {
            EXPECT_EQ(reply.body.find(id), std::string::npos) << route.path;
        }
    }
    // The same name may be used by both, so that nobody learns what others call theirs.
    EXPECT_EQ(ask("GET", "/v1/projects", by_bob_).json().as_array().size(), 1U);
}

class AttackE5 : public TwoTenants {
protected:
    // Each secret as it was given out, and what is kept of it.
    static std::vector<std::string> forms(const std::string& secret) {
        const auto digest = sha256(secret);
        std::string hex;
        for (const auto byte : digest) {
            static constexpr std::string_view kHex = "0123456789abcdef";
            hex += {kHex[byte >> 4], kHex[byte & 15]};
        }
        return {secret, secret.substr(secret.size() / 2), hex, base64url_encode(as_text(digest)),
                base64_encode(as_text(digest))};
    }
};

TEST_F(AttackE5, NothingThatCanBeReadHoldsASecret) {
    const auto access = access_token(alices_.key, alices_.project);
    ASSERT_EQ(ask("GET", "/check/api/billing", bearer(access)).status, 200);
    std::vector<std::string> needles = {"passwordHash", "password_hash", "$argon2",
                                        "wrapped",      "PRIVATE KEY",   "\"d\":"};
    for (const auto& secret : {alices_.jwt.secret, alices_.opaque.secret,
                               alices_.project_token.secret, alices_.session, access}) {
        for (auto& form : forms(secret)) {
            needles.push_back(std::move(form));
        }
    }
    const auto by_admin = bearer(session(admin_));
    std::size_t read = 0;
    for (const auto& route : routes()) {
        if (route.method != http::Method::kGet || !route.path.starts_with("/v1/")) continue;
        for (const auto& id :
             {alices_.jwt.id, alices_.opaque.id, alices_.project_token.id, alices_.key.id,
              alices_.project, alice_.id.uuid(), std::string("billing")}) {
            const Names names = {{"id", id}, {"type", "token"}, {"principalId", alices_.jwt.id}};
            for (const auto& by : {bearer(alices_.session), by_admin}) {
                const auto reply = ask("GET", filled(route.path, names), by);
                read += reply.status == 200 ? 1 : 0;
                for (const auto& needle : needles) {
                    // An event names the digest by which a replica finds the token: its readers
                    // are verifiers, and nobody can present a digest.
                    const bool is_event = route.path == "/v1/events" && needle.size() == 43;
                    if (is_event) continue;
                    EXPECT_EQ(reply.body.find(needle), std::string::npos)
                        << route.path << " " << needle;
                }
            }
        }
    }
    EXPECT_GE(read, 30U);
    EXPECT_NE(ask("GET", "/v1/projects/" + alices_.project + "/tokens", bearer(alices_.session))
                  .body.find(R"("token":"redacted")"),
              std::string::npos);
}

}  // namespace
}  // namespace latchkey::api
