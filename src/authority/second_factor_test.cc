#include "authority/second_factor.h"

#include "authority/change_password.h"
#include "authority/login.h"
#include "authority/setup.h"
#include "authority/testing.h"
#include "base/encoding.h"
#include "crypto/seal.h"
#include "crypto/totp.h"
#include "store/factors.h"

namespace latchkey::authority {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::reason_of;

constexpr std::string_view kPassword = "four unrelated plain words";

class SecondFactorTest : public testing::AuthorityTest {
protected:
    void SetUp() override {
        AuthorityTest::SetUp();
        CreateUser wanted;
        wanted.email = "ada@example.com";
        ada_ =
            create_user_with_password(*authority, as_admin_, wanted, Secret(std::string(kPassword)))
                .value();
        as_ada_ = session_of(ada_.id);
    }
    // What the authenticator has: read from the row, as the page shows it in base32 alone.
    Secret secret() {
        const auto factor = authority->store().query<std::optional<store::FactorRecord>>(
            [&](store::Connection& db) { return store::find_factor(db, ada_.id); });
        const auto context = "latchkey second factor " + ada_.id.uuid();
        return open_sealed(authority->keys().kek(), (*factor)->wrapped_secret, context).value();
    }
    std::string code(std::int64_t steps_away = 0) {
        return std::string(totp_code(secret(), totp_step(clock.now()) + steps_away).expose());
    }
    RecoveryCodes turn_on() {
        EXPECT_TRUE(begin_factor(*authority, as_ada_));
        auto codes = confirm_factor(*authority, as_ada_, code());
        EXPECT_TRUE(codes);
        clock.advance(seconds(30));
        return std::move(codes).value();
    }
    Result<LoggedIn> try_login(std::string_view code, std::string_view password = kPassword,
                               std::uint8_t address = 1) {
        Login login;
        login.login = "ada@example.com";
        login.password = Secret(std::string(password));
        login.code = Secret(std::string(code));
        login.address = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 192, 0, 2, address};
        return log_in(*authority, login);
    }

    store::UserRecord ada_;
    Actor as_ada_;
};

TEST_F(SecondFactorTest, CountsOnceACodeWasConfirmed) {
    const auto start = begin_factor(*authority, as_ada_).value();
    EXPECT_EQ(start.secret.expose(), base32_encode(secret().expose()));
    EXPECT_TRUE(start.uri.expose().starts_with(
        "otpauth://totp/Latchkey%20127.0.0.1:ada%40example.com?secret="))
        << start.uri.expose();
    EXPECT_TRUE(try_login(""));  // not yet
    EXPECT_FALSE(read_factor(*authority, ada_.id)->since);
    EXPECT_EQ(reason_of(confirm_factor(*authority, as_ada_, "000000")), "bad_code");
    const auto codes = confirm_factor(*authority, as_ada_, code());
    ASSERT_TRUE(codes);
    EXPECT_EQ(codes->size(), kRecoveryCodes);
    EXPECT_EQ(events().back().type, "user.factor_enabled");
    EXPECT_EQ(reason_of(try_login("")), "totp_needed");
    EXPECT_EQ(reason_of(try_login("", "another thing entirely")), "bad_credentials");
    EXPECT_EQ(reason_of(begin_factor(*authority, as_ada_)), "factor_exists");
    EXPECT_EQ(reason_of(confirm_factor(*authority, as_ada_, code())), "factor_exists");
    const auto state = read_factor(*authority, ada_.id).value();
    EXPECT_TRUE(state.since);
    EXPECT_EQ(state.recovery_codes, kRecoveryCodes);
}

TEST_F(SecondFactorTest, TurningItOnEndsEverySessionButTheOneItWasDoneIn) {
    const auto first = try_login("").value();
    const auto second = try_login("").value();
    const auto of_alice = open_session(*authority, alice_, {}).value();
    const auto lives = [&](const LoggedIn& one) {
        return authority->sessions().use(sha256(one.secret.expose()), clock.now()).has_value();
    };
    ASSERT_TRUE(begin_factor(*authority, as_ada_));
    EXPECT_FALSE(confirm_factor(*authority, as_ada_, "000000", first.session.id));
    EXPECT_TRUE(lives(second));  // nothing counts yet
    ASSERT_TRUE(confirm_factor(*authority, as_ada_, code(), first.session.id));
    EXPECT_TRUE(lives(first));
    EXPECT_FALSE(lives(second));
    EXPECT_TRUE(lives(of_alice));
    reopen();
    EXPECT_TRUE(lives(first));
    EXPECT_FALSE(lives(second));
    EXPECT_TRUE(lives(of_alice));
}

TEST_F(SecondFactorTest, ALoginThatWasUnderWayWhenItWasTurnedOnIsNoLogin) {
    const auto proven = try_login("").value().user;
    turn_on();
    EXPECT_EQ(open_session(*authority, proven, {}).error().code, ErrorCode::kUnauthenticated);
    ASSERT_TRUE(end_factor(*authority, as_ada_));
    EXPECT_TRUE(open_session(*authority, proven, {}));
}

TEST_F(SecondFactorTest, AnAdministratorDoesNotResetHisOwn) {
    EditUser raised;
    raised.roles = {{"administrator"}};
    ASSERT_TRUE(edit(as_admin_, ada_.id, raised));
    const auto as_ada = session_of(ada_.id);
    turn_on();
    const auto refused = reset_factor(*authority, as_ada, ada_.id.uuid());
    EXPECT_EQ(reason_of(refused), "own_account");
    EXPECT_FALSE(refused.error().hint.empty());
    EXPECT_EQ(reason_of(try_login("")), "totp_needed");
    EXPECT_TRUE(reset_factor(*authority, as_admin_, ada_.id.uuid()));
    EXPECT_TRUE(try_login(""));
}

TEST_F(SecondFactorTest, AnotherBeginningVoidsTheOneBefore) {
    ASSERT_TRUE(begin_factor(*authority, as_ada_));
    const auto old = code();
    ASSERT_TRUE(begin_factor(*authority, as_ada_));
    EXPECT_EQ(reason_of(confirm_factor(*authority, as_ada_, old)), "bad_code");
    EXPECT_TRUE(confirm_factor(*authority, as_ada_, code()));
}

TEST_F(SecondFactorTest, ACodeServesOnceAndAClockMayBeAStepOff) {
    turn_on();
    const auto now = code();
    EXPECT_TRUE(try_login(now));
    EXPECT_EQ(reason_of(try_login(now)), "bad_code");
    EXPECT_EQ(reason_of(try_login(code(-1))), "bad_code");  // older than one that was used
    EXPECT_TRUE(try_login(code(1)));
    clock.advance(minutes(2));
    EXPECT_EQ(reason_of(try_login(code(-2))), "bad_code");
    EXPECT_EQ(reason_of(try_login(code(2))), "bad_code");
    EXPECT_TRUE(try_login(code(-1)));
    reopen();
    EXPECT_EQ(reason_of(try_login(code(-1))), "bad_code");
}

TEST_F(SecondFactorTest, ACodeWithoutThePasswordIsWorthNothing) {
    turn_on();
    EXPECT_EQ(reason_of(try_login(code(), "another thing entirely")), "bad_credentials");
    EXPECT_TRUE(try_login(code()));  // and was not used up
}

TEST_F(SecondFactorTest, ARecoveryCodeServesOnceHoweverItIsTyped) {
    const auto codes = turn_on();
    std::string typed(codes[0].expose());
    for (char& c : typed) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    EXPECT_TRUE(try_login(" " + typed + " "));
    EXPECT_EQ(events().back().type, "user.recovery_code_used");
    EXPECT_EQ(reason_of(try_login(codes[0].expose())), "bad_code");
    EXPECT_EQ(read_factor(*authority, ada_.id)->recovery_codes, kRecoveryCodes - 1);
    const auto fresh = renew_recovery_codes(*authority, as_ada_).value();
    EXPECT_EQ(reason_of(try_login(codes[1].expose())), "bad_code");
    EXPECT_TRUE(try_login(fresh[1].expose()));
}

TEST_F(SecondFactorTest, NothingThatIsKeptGivesACodeAway) {
    const auto codes = turn_on();
    const auto kept = authority->store().query<std::vector<Digest>>(
        [&](store::Connection& db) { return store::list_recovery_codes(db, ada_.id); });
    std::string plain(codes[0].expose());
    plain.erase(5, 1);
    for (const auto& digest : kept.value()) {
        EXPECT_NE(digest, sha256(plain));
        EXPECT_NE(digest, sha256(codes[0].expose()));
    }
    for (const auto& event : events()) {
        EXPECT_EQ(event.body.find(plain), std::string::npos);
        EXPECT_EQ(event.body.find(base32_encode(secret().expose())), std::string::npos);
    }
}

TEST_F(SecondFactorTest, SixDigitsAreNotGuessedFromManyAddresses) {
    turn_on();
    int tried = 0;
    for (int i = 0; i < 100; ++i) {
        const auto made = try_login("00000" + std::to_string(i % 10), kPassword,
                                    static_cast<std::uint8_t>(i + 1));
        ASSERT_FALSE(made);
        if (made.error().reason == "bad_code") ++tried;
        if (made.error().code == ErrorCode::kRateLimited) {
            EXPECT_GT(made.error().retry_after_seconds, 0);
        }
    }
    EXPECT_EQ(tried, 10);
    clock.advance(minutes(30));
    EXPECT_TRUE(try_login(code()));
}

TEST_F(SecondFactorTest, ARecoveryCodeGetsPastAStrangerWhoKeepsTrying) {
    const auto codes = turn_on();
    for (std::uint8_t i = 1; i <= 10; ++i) {
        EXPECT_EQ(reason_of(try_login("000000", kPassword, i)), "bad_code");
    }
    EXPECT_EQ(try_login(code(), kPassword, 11).error().code, ErrorCode::kRateLimited);
    EXPECT_TRUE(try_login(codes[0].expose(), kPassword, 12));
    EXPECT_EQ(reason_of(try_login(codes[0].expose(), kPassword, 12)), "bad_code");
}

TEST_F(SecondFactorTest, WhatWasBegunIsNotConfirmedByGuessing) {
    ASSERT_TRUE(begin_factor(*authority, as_ada_));
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(reason_of(confirm_factor(*authority, as_ada_, "000000")), "bad_code");
    }
    const auto late = confirm_factor(*authority, as_ada_, code());
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code, ErrorCode::kRateLimited);
    clock.advance(minutes(1));
    EXPECT_TRUE(confirm_factor(*authority, as_ada_, code()));
}

TEST_F(SecondFactorTest, AKnownPasswordBuysNoTries) {
    turn_on();
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(reason_of(try_login("")), "totp_needed");
    }
    EXPECT_EQ(try_login(code()).error().code, ErrorCode::kRateLimited);
}

TEST_F(SecondFactorTest, IsTurnedOffByItsOwnerAndResetByWhoMayDoEverything) {
    turn_on();
    ASSERT_TRUE(end_factor(*authority, as_ada_));
    EXPECT_EQ(events().back().type, "user.factor_disabled");
    EXPECT_TRUE(try_login(""));
    EXPECT_EQ(reason_of(end_factor(*authority, as_ada_)), "no_factor");
    EXPECT_EQ(reason_of(renew_recovery_codes(*authority, as_ada_)), "no_factor");
    turn_on();
    EXPECT_EQ(reason_of(reset_factor(*authority, as_alice_, ada_.id.uuid())), "insufficient_scope");
    const auto everything = token(as_admin_, "latchkey", {"*"});
    EXPECT_EQ(reason_of(reset_factor(*authority, token_actor(everything), ada_.id.uuid())),
              "session_needed");
    ASSERT_TRUE(reset_factor(*authority, as_admin_, ada_.id.uuid()));
    EXPECT_EQ(events().back().type, "user.factor_reset");
    EXPECT_TRUE(try_login(""));
    const auto before = revision();
    ASSERT_TRUE(reset_factor(*authority, as_admin_, ada_.id.uuid()));
    EXPECT_EQ(revision(), before);
}

TEST_F(SecondFactorTest, ASessionIsProvenAnewUnderAnotherSecret) {
    const auto made = try_login("").value();
    const auto old = sha256(made.secret.expose());
    EXPECT_TRUE(is_freshly_proven(made.session, clock.now()));
    clock.advance(kProofLife);
    EXPECT_FALSE(is_freshly_proven(*authority->sessions().find(old, clock.now()), clock.now()));
    Login proof;
    proof.password = Secret("not the password");
    EXPECT_EQ(reason_of(prove_session(*authority, made.session, std::move(proof))),
              "wrong_password");
    Login right;
    right.password = Secret(std::string(kPassword));
    const auto renewed = prove_session(*authority, made.session, std::move(right));
    ASSERT_TRUE(renewed) << renewed.error().message;
    EXPECT_EQ(renewed->session.id, made.session.id);
    const auto fresh = sha256(renewed->secret.expose());
    EXPECT_TRUE(is_freshly_proven(*authority->sessions().use(fresh, clock.now()), clock.now()));
    // What was on its way is answered, but the old secret proves nothing and ends at once.
    EXPECT_FALSE(is_freshly_proven(*authority->sessions().use(old, clock.now()), clock.now()));
    EXPECT_EQ(authority->sessions().of_user(ada_.id, clock.now()).size(), 1U);
    clock.advance(kRenewedSessionLife);
    EXPECT_FALSE(authority->sessions().use(old, clock.now()));
    reopen();
    EXPECT_TRUE(authority->sessions().use(fresh, clock.now()));
    EXPECT_FALSE(authority->sessions().use(old, clock.now()));
    Login late;
    late.password = Secret(std::string(kPassword));
    EXPECT_EQ(reason_of(prove_session(*authority, made.session, std::move(late))),
              "session_renewed");
}

TEST_F(SecondFactorTest, AnotherPasswordEndsEverySessionButTheNewOne) {
    turn_on();
    const auto first = try_login(code()).value();
    const auto second = try_login(code(1)).value();
    const Secret fresh("some other plain words");
    const auto change = [&](std::string_view password, std::string_view code) {
        Login proof;
        proof.password = Secret(std::string(password));
        proof.code = Secret(std::string(code));
        return change_password(*authority, first.session, std::move(proof), fresh);
    };
    clock.advance(minutes(1));
    EXPECT_EQ(reason_of(change("not the password", code())), "wrong_password");
    EXPECT_EQ(reason_of(change(kPassword, "")), "totp_needed");
    const auto made = change(kPassword, code());
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(events().back().type, "user.password_changed");
    for (const auto* ended : {&first, &second}) {
        EXPECT_FALSE(authority->sessions().use(sha256(ended->secret.expose()), clock.now()));
    }
    EXPECT_TRUE(authority->sessions().use(sha256(made->secret.expose()), clock.now()));
    clock.advance(minutes(1));
    EXPECT_EQ(reason_of(try_login(code())), "bad_credentials");
    EXPECT_TRUE(try_login(code(), fresh.expose()));
}

}  // namespace
}  // namespace latchkey::authority
