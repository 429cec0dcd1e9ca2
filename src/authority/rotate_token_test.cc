#include "authority/rotate_token.h"

#include "authority/edit_token.h"
#include "authority/load_replica.h"
#include "authority/maintenance.h"
#include "authority/testing.h"
#include "token/jws.h"
#include "token/jwt_claims.h"

namespace latchkey::authority {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::reason_of;

class RotateTokenTest : public testing::AuthorityTest {
protected:
    Result<RotatedToken> rotate(const Actor& actor, const TokenId& id, const RotateToken& wanted) {
        return write<RotatedToken>([&](store::Transaction& tx) {
            return rotate_token(*authority, tx, actor, id.uuid(), wanted);
        });
    }
    Result<TokenDetails> edit_terms(const Actor& actor, const TokenId& id, const TokenEdit& edit) {
        return write<TokenDetails>([&](store::Transaction& tx) {
            return edit_token(tx, actor, *authority->directory().view(), id.uuid(), edit);
        });
    }
    std::string says(const Secret& text) {
        const verify::ReadGuard guard(*reader);
        verify::TokenView view;
        if (!reader->find(sha256(text.expose()), view)) return "unknown";
        verify::Requirement wanted;
        wanted.api_slug = view.api_slug;
        return std::string(verify::verdict_name(verify::judge(view, wanted, clock.now()).verdict));
    }
    // As if the secret of that generation had been used at this moment.
    void use(const TokenId& id, std::uint32_t generation) {
        verify::Usage usage;
        usage.token = id;
        usage.generation = generation;
        usage.day = verify::day_of(clock.now());
        usage.last_used_at = clock.now();
        usage.uses = 1;
        ASSERT_TRUE(write_usage(*authority, std::span(&usage, 1)));
    }
    void end_silent() { ASSERT_TRUE(end_silent_secrets(*authority, clock.now(), Timestamp{})); }
    int status_of(const store::SecretRecord& secret) {
        const verify::ReadGuard guard(*reader);
        const auto index = secret.status_index.value();
        const auto list = reader->status_list(index >> 20);
        return list.at((index & 0xFFFFF) / 4) >> (index % 4 * 2) & 3;
    }
    static JwtClaims claims_of(const Secret& text) {
        return parse_claims(parse_unverified(text.expose()).value().claims).value();
    }
};

TEST_F(RotateTokenTest, BothSecretsWorkUntilTheGraceIsOver) {
    for (const auto kind : {store::TokenKind::kJwt, store::TokenKind::kOpaque}) {
        const auto made = token(as_alice_, "billing", {"license:read"}, kind);
        RotateToken wanted;
        wanted.grace_seconds = 3600;
        const auto rotated = rotate(as_alice_, made.token.id, wanted);
        ASSERT_TRUE(rotated) << rotated.error().message;
        EXPECT_EQ(rotated->previous->ends_at, clock.now() + hours(1));
        EXPECT_EQ(says(made.text), "active");
        EXPECT_EQ(says(rotated->text), "active");
        clock.advance(hours(1) - seconds(1));
        EXPECT_EQ(says(made.text), "active");
        clock.advance(seconds(1));
        EXPECT_EQ(says(made.text), "expired");
        EXPECT_EQ(says(rotated->text), "active");
    }
}

TEST_F(RotateTokenTest, WithoutGraceTheOldSecretIsRevokedAtOnce) {
    const auto made = token(as_alice_, "billing", {"license:read"});
    RotateToken wanted;
    wanted.grace_seconds = 0;
    const auto rotated = rotate(as_alice_, made.token.id, wanted);
    ASSERT_TRUE(rotated);
    EXPECT_EQ(says(made.text), "revoked");
    EXPECT_EQ(says(rotated->text), "active");
}

TEST_F(RotateTokenTest, AtMostOneOlderSecretLives) {
    const auto made = token(as_alice_, "billing", {"license:read"});
    const auto second = rotate(as_alice_, made.token.id, {});
    const auto third = rotate(as_alice_, made.token.id, {});
    ASSERT_TRUE(second && third);
    EXPECT_EQ(says(made.text), "revoked");
    EXPECT_EQ(says(second->text), "active");
    EXPECT_EQ(says(third->text), "active");
    EXPECT_EQ(third->previous->id, second->details.secrets.back().id);
}

TEST_F(RotateTokenTest, SoManyRotationsADayAndNoMoreAreDone) {
    const auto made = token(as_alice_, "billing", {"license:read"}, store::TokenKind::kOpaque);
    const auto other = token(as_alice_, "billing", {"license:read"});
    const Timestamp first = clock.now();
    for (std::size_t i = 0; i < kRotationsOfDayMax; ++i) {
        ASSERT_TRUE(rotate(as_alice_, made.token.id, {})) << i;
        clock.advance(seconds(1));
    }
    const auto refused = rotate(as_alice_, made.token.id, {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kRateLimited);
    EXPECT_EQ(refused.error().reason, "too_many_rotations");
    EXPECT_EQ(refused.error().retry_after_seconds, 24 * 3600 - 100 + 1);
    EXPECT_NE(refused.error().hint.find(format_rfc3339(first + hours(24))), std::string::npos);
    EXPECT_TRUE(rotate(as_alice_, other.token.id, {}));
    clock.advance(hours(24) - seconds(100));
    EXPECT_TRUE(rotate(as_alice_, made.token.id, {}));
    EXPECT_EQ(reason_of(rotate(as_alice_, made.token.id, {})), "too_many_rotations");
}

// Each change reads a token's secrets on the writer.
TEST_F(RotateTokenTest, AChangeReadsTheNewestSecretsAlone) {
    const auto made = token(as_alice_, "billing", {"license:read"}, store::TokenKind::kOpaque);
    std::optional<RotatedToken> last;
    for (int i = 0; i < store::kRecentSecrets + 20; ++i) {
        auto rotated = rotate(as_alice_, made.token.id, {});
        ASSERT_TRUE(rotated) << i;
        last = std::move(*rotated);
        clock.advance(minutes(15));
    }
    const auto next = rotate(as_alice_, made.token.id, {});
    ASSERT_TRUE(next);
    EXPECT_EQ(next->details.secrets.size(), static_cast<std::size_t>(store::kRecentSecrets) + 1);
    EXPECT_EQ(next->details.secrets.back().generation,
              static_cast<std::uint32_t>(store::kRecentSecrets) + 22U);
    EXPECT_EQ(says(made.text), "revoked");
    EXPECT_EQ(says(last->text), "active");
    EXPECT_EQ(says(next->text), "active");
    ASSERT_TRUE(change(as_alice_, made.token.id.uuid(), TokenChange::kRevoke));
    EXPECT_EQ(says(last->text), "revoked");
}

TEST_F(RotateTokenTest, ARotatedJwtNamesItsToken) {
    const auto made = token(as_alice_, "billing", {"license:read"});
    const auto rotated = rotate(as_alice_, made.token.id, {});
    ASSERT_TRUE(rotated);
    const auto claims = claims_of(rotated->text);
    EXPECT_EQ(claims.token_id, made.token.id);
    EXPECT_NE(claims.id.bytes, made.token.id.bytes);
    EXPECT_FALSE(claims_of(made.text).token_id);
    // Every input that takes a token's id takes the new secret's.
    const auto found = authority->store().query<TokenDetails>(
        [&](store::Connection& db) { return get_token(db, as_alice_, claims.id.uuid()); });
    ASSERT_TRUE(found);
    EXPECT_EQ(found->token.id, made.token.id);
}

TEST_F(RotateTokenTest, ARevocationEndsEverySecret) {
    const auto made = token(as_alice_, "billing", {"license:read"});
    const auto rotated = rotate(as_alice_, made.token.id, {});
    ASSERT_TRUE(change(as_alice_, made.token.id.uuid(), TokenChange::kRevoke));
    EXPECT_EQ(says(made.text), "revoked");
    EXPECT_EQ(says(rotated->text), "revoked");
    EXPECT_EQ(reason_of(rotate(as_alice_, made.token.id, {})), "token_revoked");
}

TEST_F(RotateTokenTest, AnExpiredTokenIsNotBroughtBack) {
    CreateToken wanted;
    wanted.api = "billing";
    wanted.expires_at = clock.now() + hours(1);
    const auto made = create(as_alice_, wanted).value();
    clock.advance(hours(1));
    RotateToken longer;
    longer.expires_at = std::optional(clock.now() + hours(24));
    EXPECT_EQ(reason_of(rotate(as_alice_, made.token.id, longer)), "token_expired");
    TokenEdit edit;
    edit.expires_at = std::optional(clock.now() + hours(24));
    EXPECT_EQ(reason_of(edit_terms(as_alice_, made.token.id, edit)), "token_expired");
}

TEST_F(RotateTokenTest, AJwtIsWidenedByARotationAndByNothingElse) {
    const auto made = token(as_alice_, "billing", {"license:read"});
    TokenEdit edit;
    edit.scopes = {{"license:read", "license:write"}};
    EXPECT_EQ(reason_of(edit_terms(as_alice_, made.token.id, edit)), "jwt_widening");
    RotateToken wanted;
    wanted.scopes = {{"license:read", "license:write"}};
    const auto rotated = rotate(as_alice_, made.token.id, wanted);
    ASSERT_TRUE(rotated);
    EXPECT_EQ(claims_of(rotated->text).scopes.to_text(), "license:read license:write");
    EXPECT_EQ(reason_of(rotate(as_alice_, made.token.id, {.scopes = {{"license:raed"}}})),
              "unknown_scope");
}

TEST_F(RotateTokenTest, TheOldSecretDoesNotOutliveTheEndThatItNames) {
    CreateToken wanted;
    wanted.api = "billing";
    wanted.expires_at = clock.now() + hours(2);
    const auto made = create(as_alice_, wanted).value();
    RotateToken longer;
    longer.expires_at = std::optional<Timestamp>{};
    const auto rotated = rotate(as_alice_, made.token.id, longer);
    ASSERT_TRUE(rotated);
    EXPECT_EQ(rotated->previous->ends_at, wanted.expires_at);
    clock.advance(hours(2));
    EXPECT_EQ(says(made.text), "expired");
    EXPECT_EQ(says(rotated->text), "active");
}

// A simulated day: the old secret is used for a while, then nobody does.
TEST_F(RotateTokenTest, AnOldSecretEndsExactlyWhenItWasSilentForSoLong) {
    const auto made = token(as_alice_, "billing", {"license:read"});
    RotateToken wanted;
    wanted.grace_seconds = 86'400;
    wanted.until_silent_seconds = 6 * 3600;
    const auto rotated = rotate(as_alice_, made.token.id, wanted);
    ASSERT_TRUE(rotated);
    const Timestamp start = clock.now();
    for (int minute = 1; minute < 1440; ++minute) {
        clock.advance(minutes(1));
        // The new one is busy all day; that says nothing about the old one.
        if (minute % 60 == 0) use(made.token.id, 2);
        if (minute % 30 == 0 && minute <= 420) use(made.token.id, 1);
        end_silent();
        const bool lives = clock.now() < start + minutes(420 + 360);
        ASSERT_EQ(says(made.text), lives ? "active" : "expired") << minute;
    }
    EXPECT_EQ(says(rotated->text), "active");
    std::size_t ended = 0;
    for (const auto& event : events()) {
        ended += event.type == "token.secret_ended" ? 1U : 0U;
    }
    EXPECT_EQ(ended, 1U);
}

TEST_F(RotateTokenTest, SilenceCountsFromTheRotationAndTheGraceCapsIt) {
    const auto made = token(as_alice_, "billing", {"license:read"});
    RotateToken wanted;
    wanted.until_silent_seconds = 3600;
    wanted.grace_seconds = 7200;
    ASSERT_TRUE(rotate(as_alice_, made.token.id, wanted));
    clock.advance(minutes(59));
    end_silent();
    EXPECT_EQ(says(made.text), "active");
    use(made.token.id, 1);
    clock.advance(minutes(59));
    end_silent();
    EXPECT_EQ(says(made.text), "active");
    use(made.token.id, 1);
    clock.advance(minutes(2));
    EXPECT_EQ(says(made.text), "expired");
}

TEST_F(RotateTokenTest, UsesThatWereNotRecordedAreNoSilence) {
    const auto made = token(as_alice_, "billing", {"license:read"});
    RotateToken wanted;
    wanted.until_silent_seconds = 3600;
    ASSERT_TRUE(rotate(as_alice_, made.token.id, wanted));
    clock.advance(hours(2));
    ASSERT_TRUE(end_silent_secrets(*authority, clock.now(), clock.now() - minutes(59)));
    EXPECT_EQ(says(made.text), "active");
    ASSERT_TRUE(end_silent_secrets(*authority, clock.now(), clock.now() - minutes(60)));
    EXPECT_EQ(says(made.text), "expired");
}

TEST_F(RotateTokenTest, AfterACrashSilenceCountsFromTheStartAlsoOfLaterProcesses) {
    auto& store = authority->store();
    const Timestamp crashed = clock.now();
    EXPECT_EQ(take_uses_known_since(store, crashed).value(), crashed) << "nobody said otherwise";
    clock.advance(minutes(5));
    EXPECT_EQ(take_uses_known_since(store, clock.now()).value(), clock.now());
    ASSERT_TRUE(put_uses_known_since(store, crashed));
    EXPECT_EQ(take_uses_known_since(store, clock.now()).value(), crashed);
    EXPECT_EQ(take_uses_known_since(store, clock.now()).value(), clock.now()) << "it counts once";
}

TEST_F(RotateTokenTest, WhetherAnySecretIsSilentIsKnownBeforeUsesAreWritten) {
    const auto made = token(as_alice_, "billing", {"license:read"});
    RotateToken wanted;
    wanted.until_silent_seconds = 3600;
    ASSERT_TRUE(rotate(as_alice_, made.token.id, wanted));
    clock.advance(minutes(59));
    EXPECT_TRUE(silent_tokens(*authority, clock.now(), Timestamp{}).value().empty());
    clock.advance(minutes(1));
    EXPECT_FALSE(silent_tokens(*authority, clock.now(), Timestamp{}).value().empty());
    use(made.token.id, 1);
    EXPECT_TRUE(silent_tokens(*authority, clock.now(), Timestamp{}).value().empty());
}

TEST_F(RotateTokenTest, AReplicaThatIsLoadedSaysTheSame) {
    const auto made = token(as_alice_, "billing", {"license:read"});
    const auto second = rotate(as_alice_, made.token.id, {}).value();
    const auto third = rotate(as_alice_, made.token.id, {.grace_seconds = 60}).value();
    clock.advance(seconds(61));
    reopen();
    EXPECT_EQ(says(made.text), "revoked");
    EXPECT_EQ(says(second.text), "expired");
    EXPECT_EQ(says(third.text), "active");
}

// What was given out says that it lives for a year, whatever became of its token.
TEST_F(RotateTokenTest, ARevokedJwtReadsAsRevokedForAsLongAsItSaysItself) {
    CreateToken wanted;
    wanted.api = "billing";
    wanted.expires_at = clock.now() + hours(24 * 365);
    const auto narrowed = create(as_alice_, wanted).value();
    const auto rotated = create(as_alice_, wanted).value();
    const std::optional<Timestamp> soon = clock.now() + minutes(10);
    TokenEdit edit;
    edit.expires_at = soon;
    ASSERT_TRUE(edit_terms(as_alice_, narrowed.token.id, edit));
    ASSERT_TRUE(rotate(as_alice_, rotated.token.id, {.expires_at = soon}));
    ASSERT_TRUE(change(as_alice_, narrowed.token.id.uuid(), TokenChange::kRevoke));
    ASSERT_TRUE(change(as_alice_, rotated.token.id.uuid(), TokenChange::kDelete));
    clock.advance(hours(1));
    token(as_alice_, "billing", {"license:read"});  // the log goes on past the end
    for (int round = 0; round < 2; ++round) {
        EXPECT_EQ(status_of(narrowed.secret), 1) << round;
        EXPECT_EQ(status_of(rotated.secret), 1) << round;
        EXPECT_EQ(says(narrowed.text), "revoked") << round;
        EXPECT_EQ(says(rotated.text), "revoked") << round;
        reopen();
    }
}

TEST_F(RotateTokenTest, WhoActsWithASecretThatWasRotatedAwayActsNoMore) {
    const auto made = token(as_alice_, "latchkey", {"token:read", "token:write"});
    const Actor with_old = token_actor(made);
    ASSERT_TRUE(rotate(as_alice_, made.token.id, {.grace_seconds = 0}));
    const auto other = token(as_alice_, "billing", {"license:read"});
    EXPECT_EQ(reason_of(change(with_old, other.token.id.uuid(), TokenChange::kRevoke)),
              "invalid_token");
    EXPECT_EQ(reason_of(rotate(with_old, made.token.id, {})), "invalid_token");
}

// A rotation hands out the token itself.
TEST_F(RotateTokenTest, NobodyGetsATokenThatHeCouldNotMake) {
    const auto strong = token(as_alice_, "billing", {"license:read"});
    const Actor weak = token_actor(token(as_alice_, "latchkey", {"token:write"}));
    EXPECT_EQ(reason_of(rotate(weak, strong.token.id, {})), "insufficient_scope");
    EXPECT_EQ(reason_of(rotate(as_bob_, strong.token.id, {})), "unknown_token");
    const auto manager = token(as_admin_, "latchkey", {"token:write", "user:write", "user:read"});
    EXPECT_EQ(reason_of(rotate(token_actor(manager), strong.token.id, {})), "insufficient_scope");
    EXPECT_TRUE(rotate(as_admin_, strong.token.id, {}));
    EXPECT_EQ(says(strong.text), "active");
}

TEST_F(RotateTokenTest, TheLengthsOfTimeHaveBounds) {
    const auto made = token(as_alice_, "billing", {"license:read"});
    EXPECT_EQ(reason_of(rotate(as_alice_, made.token.id, {.grace_seconds = 2'592'001})),
              "bad_grace");
    EXPECT_EQ(reason_of(rotate(as_alice_, made.token.id, {.until_silent_seconds = 3'599})),
              "bad_silence");
    EXPECT_EQ(reason_of(rotate(as_alice_, made.token.id, {.until_silent_seconds = 2'592'001})),
              "bad_silence");
}

TEST_F(RotateTokenTest, ASessionThatWasLeftOpenGivesAnothersTokenNoNewSecret) {
    const auto of_alice = token(as_alice_, "billing", {"license:read"});
    const auto own = token(as_admin_, "billing", {"license:read"});
    auto left_open = as_admin_;
    left_open.is_proven = false;
    EXPECT_EQ(reason_of(rotate(left_open, of_alice.token.id, {})), "step_up_needed");
    EXPECT_TRUE(rotate(left_open, own.token.id, {}));
    EXPECT_TRUE(rotate(as_admin_, of_alice.token.id, {}));
}

}  // namespace
}  // namespace latchkey::authority
