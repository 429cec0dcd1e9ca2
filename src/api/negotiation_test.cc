// What header fields make of an answer, for every route of the table where it is the same for all.
#include "api/negotiation.h"

#include <set>

#include <zlib.h>

#include "api/testing.h"

namespace latchkey::api {
namespace {

using testing::bearer;
using testing::method_name;

std::string gunzip(const std::string& packed) {
    z_stream stream{};
    std::string plain(1U << 20, '\0');
    std::string input = packed;
    EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
    // NOLINTBEGIN: zlib's own types.
    stream.next_in = reinterpret_cast<Bytef*>(input.data());
    stream.avail_in = static_cast<uInt>(input.size());
    stream.next_out = reinterpret_cast<Bytef*>(plain.data());
    stream.avail_out = static_cast<uInt>(plain.size());
    // NOLINTEND
    EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
    plain.resize(stream.total_out);
    inflateEnd(&stream);
    return plain;
}

std::string filled(std::string_view path) {
    std::string target(path);
    for (auto open = target.find('{'); open != std::string::npos; open = target.find('{')) {
        target.replace(open, target.find('}') - open + 1, "x");
    }
    return target;
}

class NegotiationTest : public testing::ApiTest {
protected:
    testing::Fields admin(const std::string& name = {}, const std::string& value = {}) {
        auto fields = bearer(session(admin_));
        if (!name.empty()) fields.emplace_back(name, value);
        return fields;
    }
    void set_origins(const std::string& list) {
        ASSERT_EQ(
            ask("PUT", "/v1/settings", admin(),
                R"({"defaultKind":"jwt","defaultLifeDays":null,"corsOrigins":[)" + list + "]}")
                .status,
            200);
    }
};

TEST_F(NegotiationTest, AMethodThatAPathDoesNotHaveIs405WithThoseItHas) {
    std::map<std::string, std::set<std::string>> methods;
    for (const auto& route : routes()) {
        auto& of_path = methods[filled(route.path)];
        of_path.insert(method_name(route.method));
        if (route.method == http::Method::kGet) of_path.insert("HEAD");
    }
    for (const auto& [path, has] : methods) {
        for (const std::string method : {"GET", "POST", "PUT", "PATCH", "DELETE"}) {
            // Another route of the same shape may have it: /v1/tokens/{id} is /v1/tokens/self too.
            const auto reply = ask(method, path);
            if (reply.status != 405) continue;
            EXPECT_FALSE(has.contains(method)) << method << " " << path;
            EXPECT_EQ(reply.text("code"), "method_not_allowed");
            const std::string allowed = ", " + reply.field("Allow") + ",";
            for (const auto& one : has) {
                EXPECT_NE(allowed.find(", " + one + ","), std::string::npos)
                    << path << " has " << one << " and says " << allowed;
            }
        }
        if (has.contains("DELETE")) continue;
        const auto status = ask("DELETE", path).status;
        EXPECT_TRUE(status == 405 || (status == 401 && path.starts_with("/v1/tokens/"))) << path;
    }
}

TEST_F(NegotiationTest, EveryDataRouteSaysThatItHasNoOtherForm) {
    std::size_t seen = 0;
    for (const auto& route : routes()) {
        if (!route.path.starts_with("/v1/")) continue;
        const bool is_let_in = route.permission.kind() == Permission::Kind::kPublic ||
                               route.permission.kind() == Permission::Kind::kScope ||
                               route.permission.kind() == Permission::Kind::kSession;
        if (!is_let_in || !route.queries.empty()) continue;
        ++seen;
        auto fields = admin("Accept", "image/png, text/html;q=0.5, application/json;q=0");
        const auto reply = ask(method_name(route.method), filled(route.path), fields);
        EXPECT_EQ(reply.status, 406) << method_name(route.method) << " " << route.path;
        EXPECT_EQ(reply.text("code"), "not_acceptable");
    }
    EXPECT_GT(seen, 30U);
    for (const std::string good :
         {"application/json", "*/*", "application/*", "text/html, */*;q=0.1", "APPLICATION/JSON"}) {
        EXPECT_EQ(ask("GET", "/v1/settings", admin("Accept", good)).status, 200) << good;
    }
    EXPECT_EQ(ask("GET", "/v1/events/stream", admin("Accept", "application/json")).status, 406);
}

TEST_F(NegotiationTest, EveryBodyOfADataRouteIsJson) {
    for (const auto& route : routes()) {
        const bool has_body = route.method != http::Method::kGet;
        const bool is_let_in = route.permission.kind() == Permission::Kind::kPublic ||
                               route.permission.kind() == Permission::Kind::kScope ||
                               route.permission.kind() == Permission::Kind::kSession;
        if (!route.path.starts_with("/v1/") || !has_body || !is_let_in) continue;
        for (const std::string type : {"text/plain", "application/x-www-form-urlencoded",
                                       "application/jsonx", "multipart/form-data"}) {
            const auto reply = ask(method_name(route.method), filled(route.path),
                                   admin("Content-Type", type), "{}");
            EXPECT_EQ(reply.status, 415) << method_name(route.method) << " " << route.path;
        }
    }
}

TEST_F(NegotiationTest, WhatIsKnownAlreadyIsNotSentAgain) {
    for (const std::string path :
         {"/v1/settings", "/v1/apis", "/v1/roles", "/v1/apis/billing/scopes", "/v1/token-rules",
          "/.well-known/jwks.json", "/.well-known/oauth-authorization-server", "/openapi.json"}) {
        const auto first = ask("GET", path, admin());
        ASSERT_EQ(first.status, 200) << path;
        const auto etag = first.field("ETag");
        ASSERT_FALSE(etag.empty()) << path;
        const auto again = ask("GET", path, admin("If-None-Match", "\"x\", " + etag));
        EXPECT_EQ(again.status, 304) << path;
        EXPECT_TRUE(again.body.empty());
        EXPECT_EQ(again.field("ETag"), etag);
        EXPECT_EQ(ask("GET", path, admin("If-None-Match", "\"other\"")).status, 200) << path;
    }
}

TEST_F(NegotiationTest, LargeAnswersAreCompressedWhenAskedAndSecretsNever) {
    for (int i = 0; i < 20; ++i) {
        add_api("api-" + std::to_string(i));
    }
    const auto plain = ask("GET", "/v1/apis", admin());
    EXPECT_TRUE(plain.field("Content-Encoding").empty());
    EXPECT_EQ(plain.field("Vary"), "Accept-Encoding");
    const auto packed = ask("GET", "/v1/apis", admin("Accept-Encoding", "br, gzip;q=0.5"));
    EXPECT_EQ(packed.field("Content-Encoding"), "gzip");
    EXPECT_LT(packed.body.size(), plain.body.size() / 2);
    EXPECT_EQ(gunzip(packed.body), plain.body);
    EXPECT_NE(packed.field("ETag"), plain.field("ETag")) << "another form, another tag";
    auto fields = admin("Accept-Encoding", "gzip");
    fields.emplace_back("If-None-Match", packed.field("ETag"));
    EXPECT_EQ(ask("GET", "/v1/apis", fields).status, 304);
    EXPECT_TRUE(ask("GET", "/v1/apis", admin("Accept-Encoding", "gzip;q=0"))
                    .field("Content-Encoding")
                    .empty());
    const auto secret = ask("POST", "/v1/tokens", admin("Accept-Encoding", "gzip"),
                            R"({"name":"x","description":")" + std::string(400, 'x') + R"("})");
    ASSERT_EQ(secret.status, 201);
    EXPECT_GT(secret.body.size(), 1024U);
    EXPECT_TRUE(secret.field("Content-Encoding").empty());
}

TEST_F(NegotiationTest, NoOtherOriginReadsAnythingUntilItIsNamed) {
    const auto origin = [&](const std::string& value) { return admin("Origin", value); };
    EXPECT_TRUE(ask("GET", "/v1/settings", origin("https://a.example"))
                    .field("Access-Control-Allow-Origin")
                    .empty());
    set_origins("\"https://a.example\"");
    const auto read = ask("GET", "/v1/settings", origin("https://a.example"));
    EXPECT_EQ(read.field("Access-Control-Allow-Origin"), "https://a.example");
    EXPECT_TRUE(read.field("Access-Control-Allow-Credentials").empty());
    EXPECT_EQ(read.field("Vary"), "Origin");
    for (const std::string other : {"https://a.example.evil", "null", "https://A.example",
                                    "http://a.example", "https://a.example:444"}) {
        EXPECT_TRUE(
            ask("GET", "/v1/settings", origin(other)).field("Access-Control-Allow-Origin").empty())
            << other;
    }
    const auto preflight = ask("OPTIONS", "/v1/tokens/x",
                               {{"Origin", "https://a.example"},
                                {"Access-Control-Request-Method", "PATCH"},
                                {"Access-Control-Request-Headers", "authorization"}});
    EXPECT_EQ(preflight.status, 204);
    EXPECT_NE(preflight.field("Access-Control-Allow-Methods").find("PATCH"), std::string::npos);
    EXPECT_NE(preflight.field("Access-Control-Allow-Headers").find("Authorization"),
              std::string::npos);
    EXPECT_TRUE(ask("OPTIONS", "/v1/tokens/x", {{"Origin", "https://b.example"}})
                    .field("Access-Control-Allow-Methods")
                    .empty());
}

}  // namespace
}  // namespace latchkey::api
