#include "authority/bulk.h"

#include <variant>

#include "authority/bulk_rules.h"
#include "authority/facts_of_records.h"
#include "authority/load_replica.h"
#include "authority/maintenance.h"
#include "authority/restore_testing.h"
#include "crypto/random.h"
#include "store/usage.h"

namespace latchkey::authority {
namespace {

using store::TokenKind;
using store::TokenState;
using testing::reason_of;

constexpr Microseconds kSecond{1'000'000};
constexpr Microseconds kDay{std::int64_t{86'400'000'000}};

class BulkTest : public testing::AuthorityTest {
protected:
    Result<BulkFilter> allowed(const Actor& actor, const BulkFilter& filter) {
        return authority->store().query<BulkFilter>(
            [&](store::Connection& db) { return allowed_filter(db, actor, filter); });
    }
    Result<PreparedBulk> start(const Actor& actor, TokenState action, const BulkFilter& filter) {
        auto prepared =
            TRY(prepare_bulk(*authority, actor, action, TRY(allowed(actor, filter)), "too old"));
        TRY(authority->store().mutate([&](store::Transaction& tx) -> Status {
            TRY(start_bulk(tx, actor, prepared));
            return {};
        }));
        clock.advance(kSecond);  // who makes a token now gets a newer id
        return prepared;
    }
    PreparedBulk revoke(const BulkFilter& filter) {
        auto started = start(as_admin_, TokenState::kRevoked, filter);
        EXPECT_TRUE(started) << started.error().message;
        return std::move(*started);
    }
    PreparedBulk suspend(const BulkFilter& filter) {
        auto started = start(as_admin_, TokenState::kSuspended, filter);
        EXPECT_TRUE(started) << started.error().message;
        return std::move(*started);
    }
    void settle() {
        const auto done = settle_bulk_rules(*authority, kSecond);
        EXPECT_TRUE(done) << done.error().message;
    }
    PreparedToken mint(const Actor& actor, TokenKind kind = TokenKind::kJwt,
                       std::vector<std::string> scopes = {"license:read"}) {
        clock.advance(kSecond);
        return token(actor, "billing", std::move(scopes), kind);
    }
    TokenState shown(const PreparedToken& made) {
        const auto found = authority->store().query<TokenDetails>(
            [&](store::Connection& db) { return get_token(db, as_admin_, made.token.id.uuid()); });
        return found ? found->token.state : TokenState::kActive;
    }
    std::string in_a_fresh_replica(const PreparedToken& made) {
        verify::Replica fresh;
        EXPECT_TRUE(load_replica(authority->store(), fresh, clock.now()));
        const auto other = fresh.make_reader();
        return verdict(made, *other);
    }
    int status_of(const PreparedToken& made) {
        const verify::ReadGuard guard(*reader);
        const auto index = made.secret.status_index.value();
        const auto list = reader->status_list(index >> 20);
        return list.at((index & 0xFFFFF) / 4) >> (index % 4 * 2) & 3;
    }
    // The rule alone, then the rows: every check, list and reload must say the same throughout.
    void expect_throughout(const PreparedToken& made, const std::string& verdict_wanted) {
        EXPECT_EQ(verdict(made), verdict_wanted);
        EXPECT_EQ(in_a_fresh_replica(made), verdict_wanted);
        const int status = verdict_wanted == "active" ? 0 : verdict_wanted == "revoked" ? 1 : 2;
        if (made.secret.status_index) {
            EXPECT_EQ(status_of(made), status);
        }
        EXPECT_EQ(static_cast<int>(shown(made)), status == 0 ? 1 : status == 1 ? 3 : 2);
    }
};

TEST_F(BulkTest, ARuleCountsAtOnceAndTheSameAfterItIsSettled) {
    const auto first = mint(as_alice_);
    const auto second = mint(as_alice_, TokenKind::kOpaque);
    const auto other = mint(as_bob_);
    const auto before = revision();
    const auto bulk = revoke({.owner = alice_.id});
    EXPECT_EQ(bulk.rule.total, 2);
    EXPECT_EQ(revision(), before + 1) << "one event, however many tokens";
    const auto later = mint(as_alice_);
    for (int round = 0; round < 2; ++round) {
        expect_throughout(first, "revoked");
        expect_throughout(second, "revoked");
        expect_throughout(other, "active");
        expect_throughout(later, "active");
        settle();
    }
    const auto settled = authority->store().query<store::BulkRecord>(
        [&](store::Connection& db) { return get_bulk(db, as_admin_, bulk.rule.id.uuid()); });
    ASSERT_TRUE(settled);
    EXPECT_TRUE(settled->settled_at);
    EXPECT_EQ(settled->settled, 2);
    EXPECT_EQ(events(before).back().type, "token.bulk_settled");
    EXPECT_EQ(authority->store().query<std::vector<store::BulkRecord>>(store::open_bulks)->size(),
              0U);
}

TEST_F(BulkTest, EveryFilterFindsWhatItSaysAndNothingElse) {
    const auto old = mint(as_alice_);
    const auto wide = mint(as_alice_, TokenKind::kOpaque, {"license:read", "license:write"});
    clock.advance(kDay);
    const auto young = mint(as_bob_, TokenKind::kJwt, {"log:*"});
    const auto api = authority->directory().view()->find("billing")->api.id;
    struct Row {
        const char* name;
        BulkFilter filter;
        std::string verdicts;  // of old, wide, young: a(ctive) or s(uspended)
    };
    const std::vector<Row> rows = {
        {"owner", {.owner = alice_.id}, "ssa"},
        {"api", {.api = api}, "sss"},
        {"another api", {.api = authority->directory().view()->find("latchkey")->api.id}, "aaa"},
        {"minted before", {.minted_before = young.token.created_at}, "ssa"},
        {"kid", {.kid = old.secret.kid}, "sas"},
        {"scope", {.scope = "license:write"}, "asa"},
        {"scope behind a pattern", {.scope = "log:read"}, "aas"},
        {"both", {.owner = alice_.id, .scope = "license:write"}, "asa"},
        {"unused for a day", {.unused_since = clock.now() - kDay}, "ssa"},
        {"nobody's key", {.kid = "no such key"}, "aaa"},
    };
    for (const auto& row : rows) {
        const auto bulk = suspend(row.filter);
        for (int round = 0; round < 2; ++round) {
            std::string verdicts;
            for (const auto* made : {&old, &wide, &young}) {
                verdicts += verdict(*made).substr(0, 1);
            }
            EXPECT_EQ(verdicts, row.verdicts) << row.name << ", round " << round;
            settle();
        }
        for (const auto* made : {&old, &wide, &young}) {
            ASSERT_TRUE(change(as_admin_, made->token.id.uuid(), TokenChange::kResume));
        }
    }
}

TEST_F(BulkTest, ATokenSuspendedByARuleIsResumedBeforeTheRuleIsSettled) {
    const auto resumed = mint(as_alice_);
    const auto other = mint(as_alice_);
    suspend({.owner = alice_.id});
    ASSERT_TRUE(change(as_alice_, resumed.token.id.uuid(), TokenChange::kResume));
    for (int round = 0; round < 2; ++round) {
        expect_throughout(resumed, "active");
        expect_throughout(other, "suspended");
        reopen();
        settle();
    }
}

// Or who resumes tokens one by one under a rule that names a hundred thousand writes gigabytes.
TEST_F(BulkTest, AResumptionSaysNothingOfTheOtherTokensOfItsRule) {
    const auto resumed = mint(as_alice_);
    for (int i = 0; i < 300; ++i) {
        token(as_alice_, "billing", {"license:read"}, TokenKind::kOpaque);
    }
    clock.advance(kDay);
    suspend({.unused_since = clock.now() - kSecond});
    suspend({.owner = alice_.id});
    const auto before = revision();
    ASSERT_TRUE(change(as_alice_, resumed.token.id.uuid(), TokenChange::kResume));
    const auto written = events(before);
    ASSERT_EQ(written.size(), 1U);
    EXPECT_LT(written.front().body.size(), 2'000U);
    for (int round = 0; round < 2; ++round) {
        expect_throughout(resumed, "active");
        reopen();
        settle();
    }
}

TEST_F(BulkTest, ARevokedTokenStaysRevokedWhateverIsDoneWithItMeanwhile) {
    const auto made = mint(as_alice_);
    const auto id = made.token.id.uuid();
    revoke({.owner = alice_.id});
    EXPECT_EQ(reason_of(change(as_alice_, id, TokenChange::kResume)), "token_revoked");
    EXPECT_EQ(reason_of(change(as_alice_, id, TokenChange::kSuspend)), "token_revoked");
    ASSERT_TRUE(change(as_alice_, id, TokenChange::kRevoke));
    expect_throughout(made, "revoked");
    settle();
    expect_throughout(made, "revoked");
    ASSERT_TRUE(change(as_alice_, id, TokenChange::kDelete));
    EXPECT_EQ(verdict(made), "revoked");
}

TEST_F(BulkTest, ATokenThatARuleStoppedChangesNothingItself) {
    auto wanted = CreateToken{};
    wanted.api = "latchkey";
    wanted.scopes = {"token:read", "token:write"};
    wanted.name = "manager";
    clock.advance(kSecond);
    const auto manager = create(as_alice_, wanted).value();
    const auto actor = token_actor(manager);
    const auto other = mint(as_alice_);
    revoke({.owner = alice_.id});
    const auto done = change(actor, other.token.id.uuid(), TokenChange::kDelete);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::kUnauthenticated);
}

TEST_F(BulkTest, RulesSurviveARestartAndARestore) {
    const auto first = mint(as_alice_);
    const auto other = mint(as_bob_);
    revoke({.owner = alice_.id});
    reopen();
    expect_throughout(first, "revoked");
    expect_throughout(other, "active");
    settle();
    reopen();
    expect_throughout(first, "revoked");
}

TEST_F(BulkTest, NoRestoreRevivesWhatARuleStopped) {
    const auto settled = mint(as_alice_);
    const auto ruled = mint(as_bob_, TokenKind::kOpaque, {"license:write"});
    const auto untouched = mint(as_bob_);
    const auto file = testing::back_up(*this);
    revoke({.owner = alice_.id});
    settle();
    revoke({.scope = "license:write"});
    testing::restore(*this, file);
    EXPECT_EQ(verdict(settled), "revoked");
    EXPECT_EQ(verdict(ruled), "revoked");
    EXPECT_EQ(verdict(untouched), "active");
}

TEST_F(BulkTest, ARuleInABackupStandsAfterTheRestore) {
    const auto made = mint(as_alice_);
    revoke({.owner = alice_.id});
    const auto file = testing::back_up(*this);
    settle();
    testing::restore(*this, file);
    expect_throughout(made, "revoked");
    settle();
    expect_throughout(made, "revoked");
}

TEST_F(BulkTest, ATokenPreparedBeforeARuleIsNotInsertedDead) {
    mint(as_alice_);
    CreateToken wanted;
    wanted.api = "billing";
    wanted.name = "in between";
    auto prepared = prepare_token(*authority, *reader, as_alice_, wanted).value();
    // Of the same millisecond, made before the rule and above its own id.
    prepared.token.id.bytes[15] = 0;
    mint(as_alice_);
    revoke({.owner = alice_.id});
    const auto status = authority->store().mutate(
        [&](store::Transaction& tx) { return insert_token(*authority, tx, prepared); });
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::kUnavailable);
    settle();
    const auto again = create(as_alice_, wanted);
    ASSERT_TRUE(again);
    EXPECT_EQ(verdict(*again), "active");
}

TEST_F(BulkTest, ARotationBetweenPreparingARuleAndItsStartSavesNobody) {
    const auto made = mint(as_alice_);
    const auto old_key = made.secret.kid;
    auto prepared = prepare_bulk(*authority, as_admin_, TokenState::kRevoked,
                                 allowed(as_admin_, {.kid = old_key}).value(), "leaked key");
    ASSERT_TRUE(prepared);
    ASSERT_TRUE(write<std::monostate>([&](store::Transaction& tx) -> Result<std::monostate> {
        auto next = made.secret;
        next.id = new_id<SecretId>(clock.now());
        next.generation = 2;
        next.kid = "another-key";
        next.digest = sha256("another secret");
        next.status_index = 7;
        TRY(store::insert_secret(tx.connection(), next));
        store::EventDraft event;
        event.type = "token.rotated";
        event.actor = "test";
        json::array facts;
        facts.push_back(verify::to_json(fact_of(next)));
        event.data = json::object{{"facts", std::move(facts)}};
        TRY(tx.append_event(std::move(event)));
        return std::monostate{};
    }));
    ASSERT_TRUE(authority->store().mutate([&](store::Transaction& tx) -> Status {
        TRY(start_bulk(tx, as_admin_, *prepared));
        return {};
    }));
    const verify::ReadGuard guard(*reader);
    verify::TokenView view;
    ASSERT_TRUE(reader->find(sha256("another secret"), view));
    EXPECT_EQ(view.state, verify::TokenState::kRevoked);
}

TEST_F(BulkTest, OtherPeoplesTokensNeedARight) {
    const auto alices = mint(as_alice_);
    const auto bobs = mint(as_bob_);
    EXPECT_EQ(reason_of(allowed(as_bob_, {.owner = alice_.id})), "insufficient_scope");
    EXPECT_EQ(reason_of(allowed(as_bob_, {})), "empty_filter");
    EXPECT_EQ(reason_of(allowed(as_admin_, {.owner = UserId{}})), "unknown_user");
    EXPECT_EQ(reason_of(allowed(as_bob_, {.scope = "no scope"})), "bad_scope");
    const auto mine = start(as_bob_, TokenState::kRevoked, {.scope = "license:read"});
    ASSERT_TRUE(mine);
    EXPECT_EQ(mine->rule.total, 1);
    for (int round = 0; round < 2; ++round) {
        EXPECT_EQ(verdict(alices), "active");
        EXPECT_EQ(verdict(bobs), "revoked");
        settle();
    }
    const auto seen = [&](const Actor& actor) {
        return reason_of(authority->store().query<store::BulkRecord>(
            [&](store::Connection& db) { return get_bulk(db, actor, mine->rule.id.uuid()); }));
    };
    EXPECT_EQ(seen(as_alice_), "unknown_bulk");
    EXPECT_EQ(seen(as_bob_), "");
    EXPECT_EQ(seen(as_admin_), "");
}

TEST_F(BulkTest, NobodyKeepsAnAdministratorFromStoppingALeak) {
    for (std::size_t i = 0; i < kOpenBulksOfUserMax; ++i) {
        ASSERT_TRUE(start(as_bob_, TokenState::kRevoked, {.scope = "license:read"})) << i;
    }
    const auto more = start(as_bob_, TokenState::kRevoked, {.scope = "license:read"});
    EXPECT_EQ(reason_of(more), "too_many_bulk_rules");
    EXPECT_TRUE(start(as_alice_, TokenState::kRevoked, {.scope = "license:read"}));
    for (std::size_t i = kOpenBulksOfUserMax + 1; i < kOpenBulksMax; ++i) {
        ASSERT_TRUE(start(as_admin_, TokenState::kRevoked, {.scope = "license:read"})) << i;
    }
    const auto full = start(as_admin_, TokenState::kRevoked, {.scope = "license:read"});
    EXPECT_EQ(reason_of(full), "too_many_bulk_rules");
    settle();
    EXPECT_TRUE(start(as_bob_, TokenState::kRevoked, {.scope = "license:read"}));
}

TEST_F(BulkTest, ADryRunCountsListsAndChangesNothing) {
    const auto first = mint(as_alice_);
    const auto second = mint(as_alice_);
    mint(as_bob_);
    const auto before = revision();
    const auto look = [&](TokenState action) {
        return authority->store()
            .query<BulkPreview>([&](store::Connection& db) {
                return preview_bulk(db, action, {.owner = alice_.id});
            })
            .value();
    };
    const auto found = look(TokenState::kRevoked);
    EXPECT_EQ(found.count, 2U);
    ASSERT_EQ(found.tokens.size(), 2U);
    EXPECT_EQ(found.tokens[0].token.id, first.token.id);
    EXPECT_EQ(revision(), before);
    EXPECT_EQ(verdict(second), "active");
    suspend({.owner = alice_.id});
    EXPECT_EQ(look(TokenState::kSuspended).count, 0U) << "a rule has them already";
    EXPECT_EQ(look(TokenState::kRevoked).count, 2U);
}

TEST_F(BulkTest, MoreTokensThanABatchAreSettledInOrder) {
    for (int i = 0; i < 250; ++i) {
        token(as_alice_, "billing", {"license:read"}, TokenKind::kOpaque);
    }
    const auto before = revision();
    revoke({.owner = alice_.id});
    ASSERT_TRUE(settle_bulk_rules(*authority, Microseconds{0}));
    const auto rule =
        authority->store().query<std::vector<store::BulkRecord>>(store::open_bulks)->front();
    EXPECT_EQ(rule.settled, 100);
    reopen();
    settle();
    EXPECT_EQ(revision(), before + 4) << "the rule, and 100, 100, 50";
    EXPECT_EQ(authority->replica().token_count(), 0U);
}

TEST_F(BulkTest, ATokenIsUnusedSinceItsLastUseOrItsCreation) {
    const auto used = mint(as_alice_);
    const auto idle = mint(as_alice_);
    clock.advance(kDay * 90);
    verify::Usage usage;
    usage.token = used.token.id;
    usage.day = verify::day_of(clock.now());
    usage.last_used_at = clock.now() - kDay;
    usage.uses = 1;
    ASSERT_TRUE(write_usage(*authority, std::span(&usage, 1)));
    const auto young = mint(as_alice_);
    revoke({.unused_since = clock.now() - kDay * 60});
    for (int round = 0; round < 2; ++round) {
        expect_throughout(used, "active");
        expect_throughout(idle, "revoked");
        expect_throughout(young, "active");
        settle();
    }
}

}  // namespace
}  // namespace latchkey::authority
