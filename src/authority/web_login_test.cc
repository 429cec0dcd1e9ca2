// What a browser carries back to a command line, where only the decision itself can be seen: a
// restore, and two that use one code at once.
#include "authority/web_login.h"

#include <thread>
#include <vector>

#include "authority/device_login.h"
#include "authority/restore.h"
#include "authority/testing.h"
#include "base/encoding.h"

namespace latchkey::authority {
namespace {

using testing::reason_of;

class WebLoginTest : public testing::AuthorityTest {
protected:
    // As if Alice had allowed it in a session of hers: the code.
    std::string allow() {
        const WebLoginRequest wanted{kRedirect, "a state",
                                     base64url_encode(as_text(sha256(verifier_))), "a machine"};
        const auto name = start_web_login(*authority, {}, wanted).value();
        const auto session = open_session(*authority, alice_, {}).value().session;
        std::string url;
        const auto approve = [&](store::Transaction& tx) -> Status {
            auto login = TRY(store::find_device_code_by_user_code(tx.connection(),
                                                                  read_web_login(name).value()));
            login->state = store::DeviceCodeState::kApproved;
            login->user = alice_.id;
            login->session = session.id;
            url = answer_web_login(*login, "https://latchkey.example", tx.now());
            return store::update_device_code(tx.connection(), *login);
        };
        EXPECT_TRUE(authority->store().mutate(approve));
        const auto begin = url.find("code=") + 5;
        return url.substr(begin, url.find('&') - begin);
    }
    Result<LoggedIn> finish(const std::string& code) {
        return finish_web_login(*authority, {code, verifier_, kRedirect}, {});
    }
    bool is_logged_in(const LoggedIn& made) {
        return authority->sessions().use(sha256(made.secret.expose()), clock.now()).has_value();
    }

    static constexpr const char* kRedirect = "http://127.0.0.1:49152/callback";
    const std::string verifier_ = std::string(43, 'v');
};

TEST_F(WebLoginTest, ARestoreRevivesNoCode) {
    const auto code = allow();
    const auto file = directory.file("backup.db");
    ASSERT_TRUE(authority->store().backup_to(file));
    reader.reset();
    authority.reset();
    RestoreInput input;
    input.data_directory = directory.data();
    input.backup_file = file;
    input.clock = &clock;
    const auto restored = restore_backup(input);
    ASSERT_TRUE(restored) << restored.error().message;
    reopen();
    EXPECT_EQ(reason_of(finish(code)), "invalid_grant");
}

TEST_F(WebLoginTest, OfManyWhoUseOneCodeAtOnceNobodyIsLoggedInAfterwards) {
    for (int round = 0; round < 5; ++round) {
        const auto code = allow();
        std::vector<Result<LoggedIn>> made;
        made.reserve(4);
        for (int i = 0; i < 4; ++i)
            made.emplace_back(Error{ErrorCode::kInternal, "not yet"});
        {
            std::vector<std::jthread> users;
            users.reserve(made.size());
            for (auto& result : made)
                users.emplace_back([&] { result = finish(code); });
        }
        int first = 0;
        for (const auto& result : made) {
            first += result ? 1 : 0;
            if (result) {
                EXPECT_FALSE(is_logged_in(*result));
            } else {
                EXPECT_EQ(reason_of(result), "invalid_grant");
            }
        }
        EXPECT_LE(first, 1);
    }
}

TEST_F(WebLoginTest, ASecondUseIsKnownForAsLongAsTheCodeIsRemembered) {
    const auto code = allow();
    const auto made = finish(code).value();
    EXPECT_TRUE(is_logged_in(made));
    clock.advance(kWebCodeLife + std::chrono::minutes(4));
    EXPECT_EQ(reason_of(finish(code)), "invalid_grant");
    EXPECT_FALSE(is_logged_in(made));
}

TEST_F(WebLoginTest, OnlyAPortOfOnesOwnMachineIsACallback) {
    EXPECT_TRUE(is_loopback_callback("http://127.0.0.1:1/callback"));
    EXPECT_TRUE(is_loopback_callback("http://[::1]:65535/callback"));
    for (const char* uri : {"", "http://127.0.0.1:/callback", "http://127.0.0.1:0/callback",
                            "http://127.0.0.1:65536/callback", "http://127.0.0.1:1/callback/",
                            "http://localhost:1/callback", "http://[::1]/callback"}) {
        EXPECT_FALSE(is_loopback_callback(uri)) << uri;
    }
}

}  // namespace
}  // namespace latchkey::authority
