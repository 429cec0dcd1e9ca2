#include "authority/login.h"

#include "authority/bootstrap.h"
#include "authority/maintenance.h"
#include "authority/setup.h"
#include "authority/testing.h"

namespace latchkey::authority {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::reason_of;

constexpr std::string_view kPassword = "four unrelated plain words";

LoginThrottle::Address v4(std::uint8_t last) {
    return {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 192, 0, 2, last};
}

class LoginTest : public ::testing::Test, protected testing::Fixture {
protected:
    void SetUp() override {
        CreateUser wanted;
        wanted.email = "admin@example.com";
        admin_ = set_up(*authority, wanted, Secret(std::string(kPassword))).value();
    }
    Result<LoggedIn> try_login(const std::string& email, std::string_view password,
                               std::uint8_t address = 1) {
        Login login;
        login.login = email;
        login.password = Secret(std::string(password));
        login.address = v4(address);
        login.agent = "tests\x1b[2J";
        return log_in(*authority, login);
    }

    store::UserRecord admin_;
};

TEST_F(LoginTest, TheRightPasswordOpensASessionWithoutCase) {
    const auto made = try_login(" Admin@Example.com ", kPassword);
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_TRUE(made->secret.expose().starts_with("lks_"));
    EXPECT_EQ(made->session.agent, "tests?[2J");
    EXPECT_TRUE(authority->sessions().use(sha256(made->secret.expose()), clock.now()));
    EXPECT_NE(made->secret.expose(), try_login("admin@example.com", kPassword)->secret.expose());
}

TEST_F(LoginTest, EveryCauseOfARefusalReadsAlike) {
    CreateUser robot;
    robot.kind = store::UserKind::kMachine;
    robot.name = "robot";
    ASSERT_TRUE(add_user(Actor::system(), robot));
    const auto alice = human("alice@example.com");  // without a password
    const auto wrong = try_login("admin@example.com", "another thing entirely");
    ASSERT_FALSE(wrong);
    for (const std::string name : {"nobody@example.com", "robot", "alice@example.com", ""}) {
        const auto made = try_login(name, kPassword, 2);
        ASSERT_FALSE(made) << name;
        EXPECT_EQ(made.error().code, wrong.error().code);
        EXPECT_EQ(made.error().reason, wrong.error().reason);
        EXPECT_EQ(made.error().message, wrong.error().message);
        EXPECT_EQ(made.error().hint, wrong.error().hint);
    }
    EXPECT_EQ(reason_of(try_login("admin@example.com", std::string(1025, 'x'))), "bad_credentials");
}

TEST_F(LoginTest, ASecondSetupIsRefused) {
    CreateUser wanted;
    wanted.email = "eve@example.com";
    EXPECT_EQ(reason_of(set_up(*authority, wanted, Secret(std::string(kPassword)))),
              "already_set_up");
    EXPECT_FALSE(authority->needs_setup());
}

TEST_F(LoginTest, ADisabledUsersOldSessionDoesNotComeBackWithHim) {
    const auto second = human("second@example.com", "administrator");
    const auto session = open_session(*authority, admin_, {}).value();
    EditUser wanted;
    wanted.state = store::UserState::kDisabled;
    ASSERT_TRUE(edit(session_of(second.id), admin_.id, wanted));
    EXPECT_FALSE(open_session(*authority, admin_, {}));  // he was let in a moment before
    wanted.state = store::UserState::kActive;
    ASSERT_TRUE(edit(session_of(second.id), admin_.id, wanted));
    reopen();
    EXPECT_FALSE(authority->sessions().use(sha256(session.secret.expose()), clock.now()));
}

TEST_F(LoginTest, APasswordThatWasReplacedWhileItWasCheckedOpensNothing) {
    const auto before = admin_;
    ASSERT_TRUE(authority->store().mutate([&](store::Transaction& tx) {
        return replace_password(tx, "system", admin_, "the hash of another");
    }));
    EXPECT_EQ(reason_of(open_session(*authority, before, {})), "bad_credentials");
    EXPECT_TRUE(authority->sessions().of_user(admin_.id, clock.now()).empty());
    EXPECT_TRUE(open_session(*authority, admin_, {}));
}

TEST_F(LoginTest, SessionsSlideAndEnd) {
    const auto made = open_session(*authority, admin_, {}).value();
    const auto digest = sha256(made.secret.expose());
    clock.advance(hours(11));
    EXPECT_TRUE(authority->sessions().use(digest, clock.now()));
    clock.advance(hours(11));
    EXPECT_TRUE(authority->sessions().use(digest, clock.now()));
    ASSERT_TRUE(write_sessions(*authority));
    reopen();
    EXPECT_TRUE(authority->sessions().use(digest, clock.now()));
    clock.advance(hours(12));
    EXPECT_FALSE(authority->sessions().use(digest, clock.now()));
    EXPECT_TRUE(authority->sessions().of_user(admin_.id, clock.now()).empty());
}

TEST_F(LoginTest, AClosedSessionIsClosedAfterARestartToo) {
    const auto made = open_session(*authority, admin_, {}).value();
    ASSERT_TRUE(close_session(*authority, made.session.id));
    EXPECT_FALSE(authority->sessions().use(sha256(made.secret.expose()), clock.now()));
    reopen();
    EXPECT_FALSE(authority->sessions().use(sha256(made.secret.expose()), clock.now()));
}

TEST(LoginThrottle, AStrangerCannotLockTheOwnerOut) {
    LoginThrottle throttle;
    ASSERT_EQ(throttle.admit("owner", v4(1), Microseconds{}), 0);
    throttle.succeeded("owner", v4(1));
    int admitted = 0;
    for (int i = 0; i < 200; ++i) {
        admitted +=
            throttle.admit("owner", v4(static_cast<std::uint8_t>(2 + i)), Microseconds{}) == 0;
    }
    EXPECT_LE(admitted, 30);  // the account's budget holds against many addresses
    EXPECT_EQ(throttle.admit("owner", v4(1), Microseconds{}), 0);
    EXPECT_GT(throttle.admit("owner", v4(250), Microseconds{}), 0);
}

TEST(LoginThrottle, OneAddressHasFewTriesAndGetsThemBackWithTime) {
    LoginThrottle throttle;
    int admitted = 0;
    for (int i = 0; i < 50; ++i) {
        admitted += throttle.admit("x", v4(1), Microseconds{}) == 0;
    }
    EXPECT_EQ(admitted, 5);
    const auto wait = throttle.admit("x", v4(1), Microseconds{});
    EXPECT_GT(wait, 0);
    EXPECT_EQ(throttle.admit("x", v4(1), std::chrono::seconds(wait)), 0);
}

TEST(LoginThrottle, AWholeIpv6NetworkSharesOneBudget) {
    LoginThrottle throttle;
    int admitted = 0;
    for (int i = 0; i < 100; ++i) {
        LoginThrottle::Address address{0x20, 1, 0xd, 0xb8};
        address[15] = static_cast<std::uint8_t>(i);
        admitted += throttle.admit("user" + std::to_string(i), address, Microseconds{}) == 0;
    }
    EXPECT_EQ(admitted, 20);
}

TEST(LoginThrottle, AFloodOfAccountsDoesNotShutOutWhoLoggedInBefore) {
    LoginThrottle throttle;
    ASSERT_EQ(throttle.admit("owner", v4(1), Microseconds{}), 0);
    throttle.succeeded("owner", v4(1));
    for (std::uint32_t i = 0; i < 40'000; ++i) {
        LoginThrottle::Address address{0x20, 1, 0xd, 0xb8};
        address[5] = static_cast<std::uint8_t>(i >> 16);
        address[6] = static_cast<std::uint8_t>(i >> 8);
        address[7] = static_cast<std::uint8_t>(i);
        (void)throttle.admit("user" + std::to_string(i), address, Microseconds{});
    }
    EXPECT_GT(throttle.admit("stranger", v4(9), Microseconds{}), 0);
    EXPECT_EQ(throttle.admit("owner", v4(1), Microseconds{}), 0);
}

TEST(SetupCode, DiesWithTimeWithTriesAndWithItsSuccessor) {
    FakeClock clock;
    SetupCode code;
    EXPECT_FALSE(code.matches("", clock));
    const Secret first = code.renew(clock);
    EXPECT_TRUE(code.matches(first.expose(), clock));
    const Secret second = code.renew(clock);
    EXPECT_FALSE(code.matches(first.expose(), clock));
    EXPECT_TRUE(code.matches(second.expose(), clock));
    clock.advance(minutes(30));
    EXPECT_FALSE(code.matches(second.expose(), clock));
    const Secret third = code.renew(clock);
    for (int i = 0; i < 100; ++i) {
        EXPECT_FALSE(code.matches("guess", clock));
    }
    EXPECT_FALSE(code.matches(third.expose(), clock));
}

}  // namespace
}  // namespace latchkey::authority
