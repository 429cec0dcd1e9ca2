#include "verify/replica.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "verify/fact_makers.h"
#include "verify/judge.h"

namespace latchkey::verify {
namespace {

constexpr Timestamp kNow = Timestamp::from_seconds(1'800'000'000);

// One API, one role, one owner and one active jwt, numbered 1; facts changed from there.
struct Scene {
    Replica replica;
    std::unique_ptr<Replica::Reader> reader;
    std::uint64_t revision{0};
    RoleFact role;
    UserFact owner;
    ApiFact api;
    TokenFact token;
    SecretFact secret;

    Scene() {
        role.id = make_id<RoleId>(1);
        role.patterns["*"] = {"license:*"};
        owner.id = make_id<UserId>(1);
        owner.roles = {role.id};
        api = {make_id<ApiId>(1), "licensing", "https://licensing.example", true};
        token.id = make_id<TokenId>(1);
        token.owner = owner.id;
        token.api = api.id;
        token.kind = TokenKind::kJwt;
        token.scopes = {"license:read"};
        secret.id = make_id<SecretId>(1);
        secret.token = token.id;
        secret.digest = make_digest(1);
        secret.kid = "k1";
        secret.status_index = 5;
        replica.finish_loading({.epoch = 1, .revision = 0});
        reader = replica.make_reader();
    }

    Status apply(const std::vector<Fact>& facts) {
        return replica.apply({.epoch = 1, .revision = ++revision}, make_body(facts));
    }
    void apply_all() { ASSERT_TRUE(apply({secret, token, owner, role, api})); }

    Verdict verdict(std::vector<std::string_view> scopes = {"license:read"}) {
        return verdict_of(secret.digest, std::move(scopes));
    }
    Verdict verdict_of(const Digest& digest, std::vector<std::string_view> scopes = {}) {
        const ReadGuard guard(*reader);
        TokenView view;
        if (!reader->find(digest, view)) return Verdict::kUnknown;
        Requirement wanted;
        wanted.scopes = scopes;
        return judge(view, wanted, kNow).verdict;
    }
    int status(std::uint64_t index) {
        const ReadGuard guard(*reader);
        const std::string list = reader->status_list(index >> 20);
        const std::uint64_t entry = index & 0xFFFFF;
        return list.empty() ? -1 : list.at(entry / 4) >> (entry % 4 * 2) & 3;
    }
    std::uint64_t version() {
        const ReadGuard guard(*reader);
        return reader->status_list_version(0);
    }
};

TEST(Replica, FindsASecretByItsDigestWithAllThatAVerdictNeeds) {
    Scene scene;
    scene.owner.is_machine = true;
    scene.owner.verifies = {make_id<ApiId>(3), make_id<ApiId>(4)};
    scene.token.expires_at = kNow;
    scene.token.allowed_ips = {"10.0.0.0/8"};
    scene.apply_all();
    const ReadGuard guard(*scene.reader);
    TokenView view;
    ASSERT_TRUE(scene.reader->find(scene.secret.digest, view));
    EXPECT_EQ(view.token, scene.token.id);
    EXPECT_EQ(view.secret, scene.secret.id);
    EXPECT_EQ(view.owner, scene.owner.id);
    EXPECT_EQ(view.kind, TokenKind::kJwt);
    EXPECT_EQ(view.state, TokenState::kActive);
    EXPECT_TRUE(view.owner_is_machine);
    EXPECT_EQ(view.expires_at, kNow);
    EXPECT_FALSE(view.secret_ends_at.has_value());
    EXPECT_EQ(view.api, scene.api.id);
    EXPECT_EQ(view.api_slug, "licensing");
    EXPECT_EQ(view.audience, "https://licensing.example");
    EXPECT_TRUE(view.api_is_default);
    EXPECT_EQ(view.scopes_text, "license:read");
    ASSERT_EQ(view.owner_patterns.size(), 1U);
    EXPECT_EQ(view.owner_patterns[0], "license:*");
    ASSERT_EQ(view.verifies.size(), 2U);
    EXPECT_EQ(view.verifies[1], make_id<ApiId>(4));
    ASSERT_EQ(view.allowed_ips.size(), 1U);
    EXPECT_EQ(view.allowed_ips[0], "10.0.0.0/8");

    TokenView by_token;
    ASSERT_TRUE(scene.reader->find_by_token(scene.token.id, by_token));
    EXPECT_EQ(by_token.secret, scene.secret.id);
    EXPECT_FALSE(scene.reader->find(make_digest(2), view));
    EXPECT_FALSE(scene.reader->find_by_token(make_id<TokenId>(2), view));
}

TEST(Replica, SaysNothingOfATokenWhoseOwnerOrApiNeverCame) {
    Scene scene;
    ASSERT_TRUE(scene.apply({scene.secret}));
    EXPECT_EQ(scene.verdict(), Verdict::kUnknown);
    ASSERT_TRUE(scene.apply({scene.token}));
    EXPECT_EQ(scene.verdict(), Verdict::kUnknown);
    ASSERT_TRUE(scene.apply({scene.api}));
    EXPECT_EQ(scene.verdict(), Verdict::kUnknown);
    ASSERT_TRUE(scene.apply({scene.owner, scene.role}));
    EXPECT_EQ(scene.verdict(), Verdict::kActive);
    EXPECT_EQ(scene.status(5), 0);
}

TEST(Replica, LoadsASnapshotInAnyOrder) {
    Scene scene;
    std::vector<Fact> facts{scene.role, scene.owner, scene.api, scene.token, scene.secret};
    std::vector<int> order{0, 1, 2, 3, 4};
    do {
        Replica replica;
        for (const int i : order) {
            replica.load(facts[static_cast<std::size_t>(i)]);
        }
        replica.finish_loading({.epoch = 2, .revision = 40});
        EXPECT_EQ(replica.position().epoch, 2U);
        EXPECT_EQ(replica.position().revision, 40U);
        EXPECT_EQ(replica.token_count(), 1U);
        const auto reader = replica.make_reader();
        const ReadGuard guard(*reader);
        TokenView view;
        ASSERT_TRUE(reader->find(scene.secret.digest, view));
        EXPECT_EQ(view.owner_patterns.size(), 1U);
        EXPECT_EQ(reader->status_list(0).size(), 262'144U);
        EXPECT_EQ(reader->status_list(0)[1], 0);
    } while (std::next_permutation(order.begin(), order.end()));
}

TEST(Replica, ARevokedTokenOrSecretIsRevokedAtOnceAndStays) {
    Scene scene;
    scene.apply_all();
    EXPECT_EQ(scene.verdict(), Verdict::kActive);
    EXPECT_EQ(scene.replica.token_count(), 1U);
    SecretFact revoked = scene.secret;
    revoked.is_revoked = true;
    ASSERT_TRUE(scene.apply({revoked}));
    EXPECT_EQ(scene.verdict(), Verdict::kRevoked);
    EXPECT_EQ(scene.status(5), 1);
    ASSERT_TRUE(scene.apply({scene.secret}));
    EXPECT_EQ(scene.verdict(), Verdict::kActive);
    scene.token.state = TokenState::kRevoked;
    ASSERT_TRUE(scene.apply({scene.token}));
    EXPECT_EQ(scene.verdict(), Verdict::kRevoked);
    EXPECT_EQ(scene.status(5), 1);
    EXPECT_EQ(scene.replica.token_count(), 0U);
}

TEST(Replica, AnOwnerDisabledSuspendsAllTheirTokensAndBack) {
    Scene scene;
    scene.apply_all();
    const auto before = scene.version();
    scene.owner.is_disabled = true;
    ASSERT_TRUE(scene.apply({scene.owner}));
    EXPECT_EQ(scene.verdict(), Verdict::kOwnerDisabled);
    EXPECT_EQ(scene.status(5), 2);
    EXPECT_GT(scene.version(), before);
    scene.owner.is_disabled = false;
    ASSERT_TRUE(scene.apply({scene.owner}));
    EXPECT_EQ(scene.verdict(), Verdict::kActive);
    EXPECT_EQ(scene.status(5), 0);
}

TEST(Replica, ADemotionTakesTheScopesAndSetsTheEntryToAsk) {
    Scene scene;
    scene.apply_all();
    scene.owner.roles = {};
    ASSERT_TRUE(scene.apply({scene.owner}));
    EXPECT_EQ(scene.verdict(), Verdict::kInsufficientScope);
    EXPECT_EQ(scene.verdict({}), Verdict::kActive);
    EXPECT_EQ(scene.status(5), 3);
    scene.owner.roles = {scene.role.id};
    ASSERT_TRUE(scene.apply({scene.owner}));
    EXPECT_EQ(scene.verdict(), Verdict::kActive);
    EXPECT_EQ(scene.status(5), 0);
    scene.role.patterns = {{"*", {"report:*"}}};
    ASSERT_TRUE(scene.apply({scene.role}));
    EXPECT_EQ(scene.verdict(), Verdict::kInsufficientScope);
    EXPECT_EQ(scene.status(5), 3);
}

TEST(Replica, ACompromisedKeyKillsEverySecretOfIt) {
    Scene scene;
    scene.apply_all();
    ASSERT_TRUE(scene.apply({KeyFact{.kid = "other", .is_compromised = true}}));
    EXPECT_EQ(scene.verdict(), Verdict::kActive);
    ASSERT_TRUE(scene.apply({KeyFact{.kid = "k1", .is_compromised = true}}));
    EXPECT_EQ(scene.verdict(), Verdict::kKeyCompromised);
    EXPECT_EQ(scene.status(5), 1);
}

TEST(Replica, AStatusEntryAsksWhenTheClaimsAreNotTheWholeTruth) {
    Scene scene;
    scene.apply_all();
    EXPECT_EQ(scene.status(5), 0);
    scene.token.allowed_ips = {"10.0.0.0/8"};
    ASSERT_TRUE(scene.apply({scene.token}));
    EXPECT_EQ(scene.status(5), 3);
    scene.token.allowed_ips = {};
    ASSERT_TRUE(scene.apply({scene.token}));
    EXPECT_EQ(scene.status(5), 0);
    scene.secret.must_ask = true;
    ASSERT_TRUE(scene.apply({scene.secret}));
    EXPECT_EQ(scene.status(5), 3);
    scene.token.state = TokenState::kSuspended;
    ASSERT_TRUE(scene.apply({scene.token}));
    EXPECT_EQ(scene.status(5), 2);
    EXPECT_EQ(scene.status(std::uint64_t{7} << 20), -1);
}

TEST(Replica, ARotatedTokenIsFoundByBothSecretsUntilOneEnds) {
    Scene scene;
    scene.apply_all();
    SecretFact next = scene.secret;
    next.id = make_id<SecretId>(2);
    next.digest = make_digest(2);
    next.status_index = (std::uint64_t{1} << 20) + 3;
    next.generation = 2;
    scene.secret.ends_at = kNow;
    ASSERT_TRUE(scene.apply({scene.secret, next}));
    EXPECT_EQ(scene.verdict(), Verdict::kExpired);
    EXPECT_EQ(scene.verdict_of(next.digest, {"license:read"}), Verdict::kActive);
    EXPECT_EQ(scene.status((std::uint64_t{1} << 20) + 3), 0);
    {
        const ReadGuard guard(*scene.reader);
        TokenView view;
        ASSERT_TRUE(scene.reader->find_by_token(scene.token.id, view));
        EXPECT_EQ(view.secret, next.id);
    }
    scene.token.state = TokenState::kRevoked;
    ASSERT_TRUE(scene.apply({scene.token}));
    EXPECT_EQ(scene.verdict(), Verdict::kRevoked);
    EXPECT_EQ(scene.verdict_of(next.digest), Verdict::kRevoked);
    EXPECT_EQ(scene.status((std::uint64_t{1} << 20) + 3), 1);
    EXPECT_EQ(scene.status(5), 1);
}

TEST(Replica, ATokenWithoutASecretIsFoundByItsIdOnly) {
    Scene scene;
    scene.token.kind = TokenKind::kKey;
    scene.token.scopes = std::nullopt;
    ASSERT_TRUE(scene.apply({scene.token, scene.owner, scene.api}));
    const ReadGuard guard(*scene.reader);
    TokenView view;
    ASSERT_TRUE(scene.reader->find_by_token(scene.token.id, view));
    EXPECT_FALSE(view.has_scopes);
    EXPECT_TRUE(view.secret.is_nil());
    EXPECT_FALSE(scene.reader->find(Digest{}, view));
}

TEST(Replica, AStarRoleReachesEveryApiButOurOwn) {
    Scene scene;
    scene.role.patterns["latchkey"] = {"token:*"};
    scene.role.patterns["billing"] = {"invoice:read"};
    const ApiFact own{make_id<ApiId>(2), "latchkey", "https://latchkey.example", false};
    const ApiFact billing{make_id<ApiId>(3), "billing", "https://billing.example", false};
    scene.apply_all();
    ASSERT_TRUE(scene.apply({own, billing}));
    const ReadGuard guard(*scene.reader);
    using Patterns = std::vector<std::string>;
    const auto patterns_at = [&](std::string_view slug) {
        Patterns patterns{"stale"};
        EXPECT_TRUE(scene.reader->find_user_patterns(scene.owner.id, slug, patterns));
        return patterns;
    };
    EXPECT_EQ(patterns_at("latchkey"), Patterns{"token:*"});
    EXPECT_EQ(patterns_at("licensing"), Patterns{"license:*"});
    EXPECT_EQ(patterns_at("billing"), (Patterns{"invoice:read", "license:*"}));
    EXPECT_EQ(patterns_at(""), Patterns{"license:*"});
    EXPECT_EQ(patterns_at("unknown"), Patterns{});
}

TEST(Replica, GivesADisabledOrUnknownUserNoPatterns) {
    Scene scene;
    scene.owner.is_disabled = true;
    scene.apply_all();
    const ReadGuard guard(*scene.reader);
    std::vector<std::string> patterns;
    EXPECT_FALSE(scene.reader->find_user_patterns(scene.owner.id, "licensing", patterns));
    EXPECT_FALSE(scene.reader->find_user_patterns(make_id<UserId>(9), "licensing", patterns));
}

TEST(Replica, FindsAnApiBySlugOrTheDefault) {
    Scene scene;
    scene.apply_all();
    const ReadGuard guard(*scene.reader);
    EXPECT_EQ(scene.reader->find_api("licensing")->id, scene.api.id);
    EXPECT_EQ(scene.reader->find_api("")->id, scene.api.id);
    EXPECT_FALSE(scene.reader->find_api("nothing"));
}

TEST(Replica, TakesOnlyTheNextEvent) {
    Scene scene;
    Replica& replica = scene.replica;
    const std::string body = make_body({scene.owner});
    const auto try_at = [&](std::uint64_t epoch, std::uint64_t revision) {
        return replica.apply({.epoch = epoch, .revision = revision}, body).has_value();
    };
    EXPECT_FALSE(try_at(1, 0));
    EXPECT_FALSE(try_at(1, 2));
    EXPECT_FALSE(try_at(0, 1));
    EXPECT_FALSE(try_at(2, 2));
    EXPECT_EQ(replica.position().revision, 0U);
    EXPECT_TRUE(try_at(1, 1));
    EXPECT_FALSE(try_at(1, 1));
    EXPECT_TRUE(try_at(3, 2));
    EXPECT_FALSE(try_at(1, 3));
    EXPECT_EQ(replica.position().epoch, 3U);
    EXPECT_EQ(replica.position().revision, 2U);
}

TEST(Replica, ChangesNothingWhenAnEventCannotBeRead) {
    Scene scene;
    scene.apply_all();
    const auto refuses = [&](std::string_view body) {
        const auto status = scene.replica.apply({.epoch = 1, .revision = 2}, body);
        return !status && status.error().code == ErrorCode::kInternal;
    };
    EXPECT_TRUE(refuses("{"));
    EXPECT_TRUE(refuses("[]"));
    EXPECT_TRUE(refuses(R"({"data":7})"));
    EXPECT_TRUE(refuses(R"({"data":{"facts":[{"kind":"planet"}]}})"));
    scene.token.state = TokenState::kRevoked;
    SecretFact other = scene.secret;
    other.digest = make_digest(77);
    EXPECT_TRUE(refuses(make_body({scene.token, other})));  // a digest never changes
    other = scene.secret;
    other.id = make_id<SecretId>(8);
    EXPECT_TRUE(refuses(make_body({scene.token, other})));  // nor has it two secrets
    other.digest = make_digest(78);
    SecretFact twin = other;
    twin.id = make_id<SecretId>(9);
    EXPECT_TRUE(refuses(make_body({scene.token, other, twin})));  // not in one event either
    other.status_index = std::uint64_t{1} << 32;
    EXPECT_TRUE(refuses(make_body({scene.token, other})));
    EXPECT_EQ(scene.verdict(), Verdict::kActive);
    EXPECT_EQ(scene.replica.position().revision, 1U);
    EXPECT_FALSE(refuses(R"({"data":{}})"));
    EXPECT_EQ(scene.replica.position().revision, 2U);
}

TEST(Replica, KeepsWhatAReaderInsideHolds) {
    Scene scene;
    scene.apply_all();
    const auto other = scene.replica.make_reader();
    const ReadGuard outer(*other);
    TokenView view;
    {
        const ReadGuard nested(*other);  // leaving it leaves nothing
        ASSERT_TRUE(other->find(scene.secret.digest, view));
    }
    for (int i = 0; i < 50; ++i) {
        scene.token.scopes = {"license:" + std::string(40, 'x') + std::to_string(i)};
        scene.api.audience = "https://" + std::to_string(i);
        scene.role.patterns["*"] = *scene.token.scopes;
        ASSERT_TRUE(scene.apply({scene.token, scene.api, scene.role}));
    }
    EXPECT_EQ(view.scopes_text, "license:read");  // AddressSanitizer watches
    EXPECT_EQ(view.scopes[0], "license:read");
    EXPECT_EQ(view.audience, "https://licensing.example");
    EXPECT_EQ(view.owner_patterns[0], "license:*");
}

TEST(Replica, DoesNotGrowWhenTheSameTokenChangesAgainAndAgain) {
    Scene scene;
    scene.apply_all();
    const auto change = [&](int i) {
        scene.token.scopes = {"license:" + std::to_string(10000 + i)};
        scene.token.allowed_ips = {"10.0.0." + std::to_string(100 + i % 100)};
        ASSERT_TRUE(scene.apply({scene.token, scene.secret}));
    };
    for (int i = 0; i < 10; ++i) {
        change(i);
    }
    const std::size_t before = scene.replica.memory_bytes();
    for (int i = 10; i < 3000; ++i) {
        change(i);
    }
    EXPECT_EQ(scene.replica.memory_bytes(), before);
}

}  // namespace
}  // namespace latchkey::verify
