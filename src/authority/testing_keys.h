// For tests: somebody who holds the private half of a key token's key, and what he signs, rightly
// and wrongly.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "authority/projects.h"
#include "authority/testing.h"
#include "base/encoding.h"
#include "crypto/key_pair.h"
#include "crypto/random.h"

namespace latchkey::authority::testing {

inline std::string encoded(const json::value& value) {
    return base64url_encode(to_json(value));
}

struct KeyHolder {
    PrivateKey key;
    TokenId token;
    std::string kid;
    std::string issuer;

    [[nodiscard]] json::object header() const {
        return {{"alg", algorithm_name(key.algorithm())}, {"kid", kid}};
    }
    // What is right at this moment, with a jti of its own.
    [[nodiscard]] json::object claims(Timestamp now) const {
        return {{"iss", token.uuid()},
                {"sub", token.uuid()},
                {"aud", issuer},
                {"iat", now.seconds()},
                {"exp", now.seconds() + 120},
                {"jti", base64url_encode(random_string(12))}};
    }
    [[nodiscard]] std::string sign(const json::object& header, const json::object& claims) const {
        return sign_text(encoded(header) + "." + encoded(claims));
    }
    [[nodiscard]] std::string sign_text(const std::string& input) const {
        return input + "." + base64url_encode(key.sign(input));
    }
    [[nodiscard]] std::string assertion(Timestamp now) const { return sign(header(), claims(now)); }
};

// Billing's key token of this actor, in these projects.
inline KeyHolder key_token(Fixture& fixture, const Actor& actor,
                           std::vector<std::string> projects = {},
                           std::optional<std::vector<std::string>> scopes = std::nullopt,
                           Algorithm algorithm = Algorithm::kEs256) {
    auto key = PrivateKey::generate(algorithm);
    CreateToken wanted;
    wanted.name = "billing service";
    wanted.kind = store::TokenKind::kKey;
    wanted.api = "billing";
    wanted.keys = {key.public_key()};
    wanted.projects = std::move(projects);
    wanted.scopes = std::move(scopes);
    const auto made = fixture.create(actor, std::move(wanted));
    EXPECT_TRUE(made) << made.error().message;
    return {std::move(key), made->token.id, made->secret.kid, fixture.authority->settings().issuer};
}

inline std::string project_of(Fixture& fixture, const Actor& actor, const std::string& name) {
    return fixture
        .write<ProjectView>([&](store::Transaction& tx) {
            CreateProject wanted;
            wanted.name = name;
            return create_project(tx, actor, *fixture.authority->directory().view(), wanted);
        })
        .value()
        .project.id.uuid();
}

}  // namespace latchkey::authority::testing
