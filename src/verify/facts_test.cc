#include "verify/facts.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "verify/fact_makers.h"

namespace latchkey::verify {
namespace {

Fact any_fact() {
    switch (*rc::gen::inRange(0, 10)) {
        case 0: return any_token(*rc::gen::arbitrary<std::uint8_t>());
        case 1: return any_secret(*rc::gen::arbitrary<std::uint8_t>());
        case 2: return any_user(*rc::gen::arbitrary<std::uint8_t>());
        case 3: return any_role(*rc::gen::arbitrary<std::uint8_t>());
        case 4: return any_api(*rc::gen::arbitrary<std::uint8_t>());
        case 5: return any_project(*rc::gen::arbitrary<std::uint8_t>());
        case 6: return any_membership(*rc::gen::arbitrary<std::uint8_t>());
        case 7: return any_grant(*rc::gen::arbitrary<std::uint8_t>());
        case 8: return any_access(*rc::gen::arbitrary<std::uint8_t>());
        default: break;
    }
    switch (*rc::gen::inRange(0, 4)) {
        case 3: return any_spared(*rc::gen::arbitrary<std::uint8_t>());
        case 0: return any_bulk(*rc::gen::arbitrary<std::uint8_t>());
        case 1: return any_states(*rc::gen::arbitrary<std::uint8_t>());
        default: return any_key(*rc::gen::arbitrary<std::uint8_t>());
    }
}

RC_GTEST_PROP(Facts, ComeBackFromTheirTextUnchanged, ()) {
    const Fact fact = any_fact();
    const std::string text = canonical_json(to_json(fact));
    const auto value = parse_json(text);
    RC_ASSERT(value.has_value());
    const auto read = fact_from_json(*value);
    RC_ASSERT(read.has_value());
    RC_ASSERT(read->index() == fact.index());
    RC_ASSERT(canonical_json(to_json(*read)) == text);
}

RC_GTEST_PROP(Facts, WithAMemberMissingAddedOrOfAnotherTypeAreRefused, ()) {
    json::object whole = to_json(any_fact());
    const auto at = *rc::gen::inRange<std::size_t>(0, whole.size());
    const std::string name((whole.begin() + static_cast<std::ptrdiff_t>(at))->key());
    json::object less = whole;
    less.erase(name);
    RC_ASSERT(!fact_from_json(less));
    json::object other = whole;
    other[name] = json::array{json::array{}};
    RC_ASSERT(!fact_from_json(other));
    json::object more = whole;
    more["surplus"] = nullptr;
    RC_ASSERT(!fact_from_json(more));
}

TEST(Facts, OfATokenSayEverythingTheyHold) {
    TokenFact fact = any_token(7);
    fact.kind = TokenKind::kJwt;
    fact.state = TokenState::kSuspended;
    fact.expires_at = Timestamp::from_seconds(1'800'000'000);
    fact.scopes = {"a:x", "b:y"};
    fact.allowed_ips = {"10.0.0.0/8"};
    fact.not_before = Timestamp::from_seconds(1'700'000'000);
    fact.rate = {100, 60};
    const Fact decoded = fact_from_json(to_json(Fact{fact})).value();
    const auto& read = std::get<TokenFact>(decoded);
    EXPECT_EQ(read.id, fact.id);
    EXPECT_EQ(read.owner, fact.owner);
    EXPECT_EQ(read.api, fact.api);
    EXPECT_EQ(read.kind, fact.kind);
    EXPECT_EQ(read.state, fact.state);
    EXPECT_EQ(read.expires_at, fact.expires_at);
    EXPECT_EQ(read.scopes, fact.scopes);
    EXPECT_EQ(read.allowed_ips, fact.allowed_ips);
    EXPECT_EQ(read.not_before, fact.not_before);
    EXPECT_EQ(read.rate, fact.rate);
}

TEST(Facts, OfASecretSayEverythingTheyHold) {
    SecretFact fact = any_secret(9);
    fact.status_index = 1'234'567;
    fact.kid = "k1";
    fact.is_revoked = true;
    fact.must_ask = true;
    fact.generation = 3;
    fact.ends_at = Timestamp::from_seconds(1'800'000'000);
    const Fact decoded = fact_from_json(to_json(Fact{fact})).value();
    const auto& read = std::get<SecretFact>(decoded);
    EXPECT_EQ(read.id, fact.id);
    EXPECT_EQ(read.token, fact.token);
    EXPECT_EQ(read.digest, fact.digest);
    EXPECT_EQ(read.kid, "k1");
    EXPECT_EQ(read.status_index, 1'234'567U);
    EXPECT_TRUE(read.is_revoked);
    EXPECT_TRUE(read.must_ask);
    EXPECT_EQ(read.generation, 3U);
    EXPECT_EQ(read.ends_at, fact.ends_at);
}

TEST(Facts, ThatDeclaredNoScopesDifferFromThoseWithAnEmptyList) {
    TokenFact fact = any_token(1);
    fact.scopes = std::nullopt;
    EXPECT_TRUE(to_json(Fact{fact}).at("scopes").is_null());
    fact.scopes = std::vector<std::string>{};
    const Fact decoded = fact_from_json(to_json(Fact{fact})).value();
    EXPECT_TRUE(std::get<TokenFact>(decoded).scopes.has_value());
}

TEST(Facts, AreReadFromTheDataOfAnEvent) {
    json::object data;
    EXPECT_TRUE(facts_of(data).value().empty());
    data["facts"] = json::array{to_json(Fact{any_user(1)}), to_json(Fact{any_role(2)})};
    EXPECT_EQ(facts_of(data).value().size(), 2U);
    data["facts"] = "none";
    EXPECT_EQ(facts_of(data).error().reason, "bad_fact");
    data["facts"] = json::array{json::object{{"kind", "planet"}}};
    EXPECT_EQ(facts_of(data).error().reason, "bad_fact");
}

}  // namespace
}  // namespace latchkey::verify
