// For the tests of this folder: a fresh store in a directory of its own, and records with ids that
// are counted, not random.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "store/store.h"
#include "store/tables.h"

namespace latchkey::store::testing {

class TemporaryDirectory {
public:
    TemporaryDirectory() {
        std::string pattern = (std::filesystem::temp_directory_path() / "latchkey-XXXXXX").string();
        path_ = ::mkdtemp(pattern.data());
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    ~TemporaryDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    [[nodiscard]] std::string data() const { return path_ + "/data"; }
    [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }
    [[nodiscard]] std::string database() const { return data() + "/latchkey.db"; }

private:
    std::string path_;
};

template <typename IdType>
IdType id(std::uint64_t number) {
    IdType made;
    for (std::size_t i = 16; i-- > 8;) {
        made.bytes[i] = static_cast<std::uint8_t>(number & 0xFF);
        number >>= 8;
    }
    return made;
}

inline Digest digest(std::uint64_t number) {
    return sha256(std::to_string(number));
}

inline Timestamp at(std::int64_t seconds) {
    return Timestamp::from_seconds(seconds);
}

inline UserRecord user(std::uint64_t number) {
    UserRecord made;
    made.id = id<UserId>(number);
    made.login = "user" + std::to_string(number) + "@example.com";
    made.created_at = made.updated_at = at(1'000);
    return made;
}

inline ApiRecord api(std::uint64_t number) {
    ApiRecord made;
    made.id = id<ApiId>(number);
    made.slug = "api" + std::to_string(number);
    made.audience = "https://api" + std::to_string(number) + ".example.com";
    made.created_at = made.updated_at = at(1'000);
    return made;
}

// Of user 1, for API 1.
inline TokenRecord token(std::uint64_t number) {
    TokenRecord made;
    made.id = id<TokenId>(number);
    made.owner = id<UserId>(1);
    made.api = id<ApiId>(1);
    made.kind = TokenKind::kOpaque;
    made.name = "token " + std::to_string(number);
    made.scopes = std::vector<std::string>{"license:read", "license:write"};
    made.created_at = made.updated_at = at(2'000);
    return made;
}

inline SecretRecord secret(std::uint64_t token_number, std::uint32_t generation = 1) {
    SecretRecord made;
    made.token = id<TokenId>(token_number);
    const std::uint64_t number = token_number + (generation - 1) * 1'000'000ULL;
    made.id = id<SecretId>(number);
    made.generation = generation;
    made.digest = digest(number);
    made.created_at = at(2'000);
    return made;
}

inline ProjectRecord project(std::uint64_t number) {
    ProjectRecord made;
    made.id = id<ProjectId>(number);
    made.name = "project " + std::to_string(number);
    made.created_at = made.updated_at = at(1'000);
    return made;
}

// Of user 1 unless another is named.
inline MembershipRecord membership(std::uint64_t project_number, std::uint64_t user_number = 1) {
    MembershipRecord made;
    made.project = id<ProjectId>(project_number);
    made.user = id<UserId>(user_number);
    made.created_at = at(1'500);
    return made;
}

// A token's.
inline GrantRecord grant(std::uint64_t project_number, std::uint64_t token_number) {
    GrantRecord made;
    made.project = id<ProjectId>(project_number);
    made.principal = id<TokenId>(token_number).bytes;
    made.policy_json = R"({"version":"2022-12-15","statement":[]})";
    made.created_at = made.updated_at = at(1'500);
    return made;
}

inline EventDraft draft(std::string type, json::object data = {}) {
    EventDraft made;
    made.type = std::move(type);
    made.actor = "system";
    made.data = std::move(data);
    return made;
}

// One user and one API, so that tokens have something to belong to.
inline Status insert_first_rows(Connection& db) {
    TRY(insert_user(db, user(1)));
    return insert_api(db, api(1));
}

inline Status insert_token_with_secret(Connection& db, std::uint64_t number) {
    TRY(insert_token(db, token(number)));
    return insert_secret(db, secret(number));
}

class StoreTest : public ::testing::Test {
protected:
    void SetUp() override {
        store_ = open();
        ASSERT_TRUE(store_);
        ASSERT_TRUE(store_->mutate(
            [](Transaction& transaction) { return insert_first_rows(transaction.connection()); }));
    }

    StoreOptions options() {
        StoreOptions made;
        made.data_directory = directory_.data();
        made.clock = &clock_;
        made.on_committed = [this](std::span<const Event> events) {
            committed_.insert(committed_.end(), events.begin(), events.end());
        };
        made.reserve_bytes = 1U << 16;
        return made;
    }
    std::unique_ptr<Store> open() {
        auto opened = Store::open(options());
        EXPECT_TRUE(opened) << opened.error().message << opened.error().detail;
        return opened ? std::move(opened).value() : nullptr;
    }
    void reopen() {
        store_.reset();
        store_ = open();
        ASSERT_TRUE(store_);
    }

    // On the writer, expected to succeed.
    void write(const std::function<Status(Connection&)>& work) {
        const Status status = store_->mutate(
            [&](Transaction& transaction) { return work(transaction.connection()); });
        ASSERT_TRUE(status) << status.error().message << ": " << status.error().detail;
    }
    Status append(std::string type, bool is_urgent = false) {
        return store_->mutate(
            [type](Transaction& transaction) -> Status {
                TRY(transaction.append_event(draft(type)));
                return {};
            },
            is_urgent);
    }
    // On a reader, expected to succeed.
    template <typename T>
    T ask(const std::function<Result<T>(Connection&)>& work) {
        auto answer = store_->query<T>(work);
        EXPECT_TRUE(answer) << (answer ? "" : answer.error().detail);
        return answer ? std::move(answer).value() : T{};
    }
    FeedHead head() { return ask<FeedHead>(read_head); }
    std::string integrity() {
        auto answer = store_->query<std::string>(check_integrity);
        return answer ? answer.value() : answer.error().message;
    }

    TemporaryDirectory directory_;
    FakeClock clock_;
    std::vector<Event> committed_;  // written on the writer, read after mutate() has returned
    std::unique_ptr<Store> store_;
};

}  // namespace latchkey::store::testing
