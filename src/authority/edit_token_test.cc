#include "authority/edit_token.h"

#include "authority/testing.h"
#include "token/status_list.h"

namespace latchkey::authority {
namespace {

using std::chrono::hours;
using testing::reason_of;

class EditTokenTest : public testing::AuthorityTest {
protected:
    Result<TokenDetails> edit_terms(const Actor& actor, const TokenId& id, const TokenEdit& edit) {
        return write<TokenDetails>([&](store::Transaction& tx) {
            return edit_token(tx, actor, *authority->directory().view(), id.uuid(), edit);
        });
    }
    PreparedToken bound(store::TokenKind kind) {
        CreateToken wanted;
        wanted.api = "billing";
        wanted.kind = kind;
        wanted.scopes = {{"license:read"}};
        wanted.expires_at = clock.now() + hours(10);
        wanted.allowed_ips = {"10.0.0.0/8"};
        wanted.rate = {10, 60};
        return create(as_alice_, wanted).value();
    }
    struct Row {
        const char* name;
        TokenEdit edit;
        bool is_of_claims;
    };
    std::vector<Row> wider() {
        const auto now = clock.now();
        return {{"scopes", {.scopes = {{"license:read", "license:write"}}}, true},
                {"all scopes", {.scopes = {{"*"}}}, true},
                {"end", {.expires_at = std::optional(now + hours(11))}, true},
                {"no end", {.expires_at = std::optional<Timestamp>{}}, true},
                {"addresses", {.allowed_ips = {{"10.0.0.0/7"}}}, false},
                {"everywhere", {.allowed_ips = std::vector<std::string>{}}, false},
                {"rate", {.rate = RateLimit{11, 60}}, false},
                {"burst", {.rate = RateLimit{600, 3600}}, false},
                {"no rate", {.rate = RateLimit{}}, false}};
    }
    std::vector<Row> narrower() {
        const auto now = clock.now();
        return {{"scopes", {.scopes = std::vector<std::string>{}}, true},
                {"end", {.expires_at = std::optional(now + hours(9))}, true},
                {"start", {.not_before = std::optional(now + hours(1))}, false},
                {"addresses", {.allowed_ips = {{"10.1.0.0/16", "10.2.0.1"}}}, false},
                {"rate", {.rate = RateLimit{5, 60}}, false}};
    }
};

TEST_F(EditTokenTest, WhatAJwtSaysItselfIsOnlyNarrowed) {
    for (const auto& row : wider()) {
        const auto made = bound(store::TokenKind::kJwt);
        const auto reason = reason_of(edit_terms(as_alice_, made.token.id, row.edit));
        EXPECT_EQ(reason, row.is_of_claims ? "jwt_widening" : "") << row.name;
    }
}

TEST_F(EditTokenTest, AnOpaqueTokenIsWidenedByWhoCouldMakeIt) {
    const Actor weak = token_actor(token(as_alice_, "latchkey", {"token:write"}));
    for (const auto& row : wider()) {
        const auto made = bound(store::TokenKind::kOpaque);
        EXPECT_NE(reason_of(edit_terms(weak, made.token.id, row.edit)), "") << row.name;
        EXPECT_NE(reason_of(edit_terms(as_bob_, made.token.id, row.edit)), "") << row.name;
        EXPECT_EQ(reason_of(edit_terms(as_alice_, made.token.id, row.edit)), "") << row.name;
    }
}

TEST_F(EditTokenTest, WhoMayChangeATokenMayNarrowIt) {
    const Actor weak = token_actor(token(as_alice_, "latchkey", {"token:write"}));
    for (const auto kind : {store::TokenKind::kJwt, store::TokenKind::kOpaque}) {
        for (const auto& row : narrower()) {
            const auto made = bound(kind);
            const auto edited = edit_terms(weak, made.token.id, row.edit);
            ASSERT_TRUE(edited) << row.name << edited.error().message;
            const bool must_ask = edited->secrets.back().must_ask;
            EXPECT_EQ(must_ask, row.is_of_claims && kind == store::TokenKind::kJwt) << row.name;
        }
    }
}

TEST_F(EditTokenTest, OffLineANarrowedJwtIsToBeAskedAbout) {
    const auto made = token(as_alice_, "billing", {"license:read", "license:write"});
    const auto entry = [&] {
        const auto index = *made.secret.status_index;
        const verify::ReadGuard guard(*reader);
        const auto bytes = reader->status_list(index >> 20);
        const auto bit = (index & 0xFFFFF) * 2;
        return static_cast<unsigned char>(bytes[bit / 8]) >> (bit % 8) & 3;
    };
    EXPECT_EQ(entry(), 0);
    TokenEdit edit;
    edit.scopes = {{"license:read"}};
    ASSERT_TRUE(edit_terms(as_alice_, made.token.id, edit));
    EXPECT_EQ(entry(), 3);
    reopen();
    EXPECT_EQ(entry(), 3);
}

TEST_F(EditTokenTest, ATokenThatBeginsLaterIsNotValidYet) {
    const auto made = token(as_alice_, "billing", {"license:read"});
    TokenEdit edit;
    edit.not_before = std::optional(clock.now() + hours(1));
    ASSERT_TRUE(edit_terms(as_alice_, made.token.id, edit));
    EXPECT_EQ(verdict(made), "not_yet_valid");
    clock.advance(hours(1));
    EXPECT_EQ(verdict(made), "active");
}

TEST_F(EditTokenTest, AStartAfterTheEndAndAPastEndAreRefused) {
    const auto made = bound(store::TokenKind::kOpaque);
    EXPECT_EQ(reason_of(edit_terms(as_alice_, made.token.id,
                                   {.not_before = std::optional(clock.now() + hours(10))})),
              "start_after_end");
    EXPECT_EQ(
        reason_of(edit_terms(as_alice_, made.token.id, {.expires_at = std::optional(clock.now())})),
        "expiry_in_past");
    EXPECT_EQ(reason_of(edit_terms(as_alice_, made.token.id, {.rate = RateLimit{1, 0}})),
              "bad_rate_limit");
    EXPECT_EQ(reason_of(edit_terms(as_alice_, made.token.id, {.allowed_ips = {{"10.0.0.0/40"}}})),
              "bad_address_range");
    EXPECT_EQ(reason_of(edit_terms(as_alice_, made.token.id, {.scopes = {{"license:raed"}}})),
              "unknown_scope");
}

TEST_F(EditTokenTest, TheOwnerMustHaveWhatHisTokenGains) {
    const auto made = token(as_alice_, "latchkey", {"token:read"}, store::TokenKind::kOpaque);
    EXPECT_EQ(reason_of(edit_terms(as_alice_, made.token.id, {.scopes = {{"user:write"}}})),
              "insufficient_scope");
    EXPECT_EQ(reason_of(edit_terms(as_admin_, made.token.id, {.scopes = {{"user:write"}}})),
              "insufficient_scope");
}

TEST_F(EditTokenTest, ALimitedTokenHandsItsRateOn) {
    CreateToken wanted;
    wanted.api = "latchkey";
    wanted.scopes = {{"token:write", "token:read"}};
    wanted.rate = {10, 60};
    const Actor limited = token_actor(create(as_alice_, wanted).value());
    CreateToken child;
    child.api = "latchkey";
    child.scopes = {{"token:read"}};
    EXPECT_EQ(create(limited, child).value().token.rate, (RateLimit{10, 60}));
    child.rate = {11, 60};
    EXPECT_EQ(reason_of(create(limited, child)), "rate_beyond_parent");
    child.rate = {5, 60};
    EXPECT_EQ(reason_of(create(limited, child)), "");
}

TEST_F(EditTokenTest, AChangeThatChangesNothingMakesNoEvent) {
    const auto made = bound(store::TokenKind::kJwt);
    const auto before = revision();
    TokenEdit same;
    same.scopes = {{"license:read"}};
    same.rate = RateLimit{10, 60};
    ASSERT_TRUE(edit_terms(as_alice_, made.token.id, same));
    EXPECT_EQ(revision(), before);
}

TEST_F(EditTokenTest, ARevokedTokenIsNotChanged) {
    const auto made = bound(store::TokenKind::kOpaque);
    ASSERT_TRUE(change(as_alice_, made.token.id.uuid(), TokenChange::kRevoke));
    EXPECT_EQ(reason_of(edit_terms(as_alice_, made.token.id, {.rate = RateLimit{5, 60}})),
              "token_revoked");
}

}  // namespace
}  // namespace latchkey::authority
