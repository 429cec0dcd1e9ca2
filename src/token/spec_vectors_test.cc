// What spec/ promises to everybody else, held against our own code.
#include <gtest/gtest.h>

#include "base/encoding.h"
#include "crypto/digest.h"
#include "support/vectors.h"
#include "token/opaque.h"
#include "token/scope.h"

namespace latchkey {
namespace {

json::value promised(std::string_view name) {
    return testing::read_vectors("../../spec/vectors/" + std::string(name));
}

std::string text(const json::value& entry, std::string_view member) {
    return std::string(entry.at(member).as_string());
}

TEST(SpecVectors, OpaqueTokensHaveTheChecksumAndDigestThatTheSpecShows) {
    const auto vectors = promised("opaque.json");
    for (const auto& entry : vectors.at("good").as_array()) {
        const std::string token = text(entry, "token");
        EXPECT_TRUE(has_valid_checksum(token)) << token;
        EXPECT_EQ(shape_of(token), TokenShape::kOpaque) << token;
        EXPECT_EQ(opaque_checksum(text(entry, "random")), text(entry, "checksum"));
        EXPECT_EQ(hex_encode(as_text(sha256(token))), text(entry, "sha256"));
    }
    for (const auto& entry : vectors.at("bad").as_array()) {
        const std::string token = text(entry, "token");
        EXPECT_FALSE(shape_of(token) == TokenShape::kOpaque && has_valid_checksum(token))
            << token << ": " << text(entry, "why");
    }
}

TEST(SpecVectors, ScopesAndPatternsAreWhatTheSpecSays) {
    const auto vectors = promised("scope.json");
    for (const auto& scope : vectors.at("scopes").as_array()) {
        EXPECT_TRUE(is_scope(scope.as_string())) << scope;
    }
    for (const auto& scope : vectors.at("not_scopes").as_array()) {
        EXPECT_FALSE(is_scope(scope.as_string())) << scope;
    }
    for (const auto& pattern : vectors.at("patterns").as_array()) {
        EXPECT_TRUE(is_scope_pattern(pattern.as_string())) << pattern;
    }
    for (const auto& pattern : vectors.at("not_patterns").as_array()) {
        EXPECT_FALSE(is_scope_pattern(pattern.as_string())) << pattern;
    }
    for (const auto& entry : vectors.at("match").as_array()) {
        EXPECT_EQ(scope_matches(text(entry, "pattern"), text(entry, "scope")),
                  entry.at("covered").as_bool())
            << entry;
    }
}

// The first revision whose hash is not that of the event before and its own body; 0: none.
std::int64_t first_break(const json::array& events) {
    Digest previous{};
    for (const auto& event : events) {
        const Digest hash = sha256(as_text(previous), text(event, "body"));
        if (base64url_encode(as_text(hash)) != text(event, "hash")) {
            return event.at("revision").as_int64();
        }
        previous = hash;
    }
    return 0;
}

TEST(SpecVectors, TheEventChainHoldsAndEveryChangeOfItIsSeen) {
    const auto vectors = promised("event_chain.json");
    const auto& events = vectors.at("events").as_array();
    EXPECT_EQ(first_break(events), 0);
    EXPECT_EQ(text(events.back(), "hash"), text(vectors, "head"));
    for (const auto& broken : vectors.at("broken").as_array()) {
        json::array changed;
        for (const auto& event : events) {
            const auto& rule = broken.as_object();
            const json::value* removed = rule.if_contains("remove");
            if (removed != nullptr && event.at("revision") == *removed) continue;
            changed.push_back(event);
            const json::value* change = rule.if_contains("change");
            if (change == nullptr || event.at("revision") != change->at("revision")) continue;
            for (const auto& [name, value] : change->as_object()) {
                changed.back().as_object()[name] = value;
            }
        }
        EXPECT_EQ(first_break(changed), broken.at("break_at").as_int64()) << text(broken, "why");
    }
}

}  // namespace
}  // namespace latchkey
