// For the tests of this folder and of api/: an authority over a fresh data directory, whose time is
// a FakeClock's, with one administrator and two members who know nothing of each other.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "authority/apis.h"
#include "authority/authority.h"
#include "authority/change_token.h"
#include "authority/create_token.h"
#include "authority/users.h"
#include "store/testing.h"
#include "token/scope.h"
#include "verify/judge.h"

namespace latchkey::authority::testing {

// What a test says of an error: its reason, or "" for none.
template <typename T>
std::string reason_of(const Result<T>& result) {
    if (result) return {};
    return result.error().reason.empty() ? result.error().message
                                         : std::string(result.error().reason);
}

inline std::vector<store::ScopeRecord> licensing() {
    return {{"license:read", "See licenses", "License", {}},
            {"license:write", "Change licenses", "License", {}},
            {"template:write", "Change templates", "Template", {"temaplate:write"}},
            {"log:*", "Anything with logs", "Log", {}}};
}

class Fixture {
public:
    Fixture() { reopen(); }

    void reopen() {
        reader.reset();
        authority.reset();
        auto opened = Authority::open(options());
        ASSERT_TRUE(opened) << opened.error().message << " " << opened.error().detail;
        authority = std::move(*opened);
        reader = authority->replica().make_reader();
    }
    AuthorityOptions options() {
        AuthorityOptions made;
        made.data_directory = directory.data();
        made.default_issuer = "http://127.0.0.1:8080";
        made.clock = &clock;
        return made;
    }

    // Runs on the writer and hands out what `work` returned.
    template <typename T>
    Result<T> write(const std::function<Result<T>(store::Transaction&)>& work) {
        std::optional<T> made;
        TRY(authority->store().mutate([&](store::Transaction& tx) -> Status {
            made = TRY(work(tx));
            return {};
        }));
        return std::move(*made);
    }

    Result<store::UserRecord> add_user(const Actor& actor, const CreateUser& wanted) {
        return write<store::UserRecord>([&](store::Transaction& tx) {
            return create_user(tx, actor, *authority->directory().view(), wanted);
        });
    }
    Result<store::UserRecord> edit(const Actor& actor, const UserId& id, const EditUser& edit) {
        return write<store::UserRecord>([&](store::Transaction& tx) {
            return edit_user(tx, actor, *authority->directory().view(), id.uuid(), edit);
        });
    }
    store::UserRecord human(const std::string& email, const std::string& role = "member") {
        CreateUser wanted;
        wanted.email = email;
        wanted.roles = {role};
        return add_user(Actor::system(), wanted).value();
    }
    store::UserRecord machine(const std::string& name, const std::string& api,
                              const std::string& role = "verifier") {
        CreateUser wanted;
        wanted.kind = store::UserKind::kMachine;
        wanted.name = name;
        wanted.roles = {role};
        if (!api.empty()) wanted.verifies = {api};
        return add_user(Actor::system(), wanted).value();
    }
    store::ApiRecord add_api(const std::string& slug, std::vector<std::string> defaults = {}) {
        CreateApi wanted;
        wanted.slug = slug;
        wanted.audience = "https://" + slug + ".example.com";
        wanted.default_scopes = std::move(defaults);
        wanted.scopes = licensing();
        return write<store::ApiRecord>(
                   [&](store::Transaction& tx) { return create_api(tx, Actor::system(), wanted); })
            .value();
    }

    // As a session of this user would act now.
    Actor session_of(const UserId& user) {
        Actor actor;
        actor.user = user;
        const verify::ReadGuard guard(*reader);
        EXPECT_TRUE(reader->find_user_patterns(user, kManagementApi, actor.permissions));
        return actor;
    }
    // As that token would act now.
    Actor token_actor(const PreparedToken& made) {
        Actor actor;
        const verify::ReadGuard guard(*reader);
        verify::TokenView view;
        EXPECT_TRUE(reader->find(sha256(made.text.expose()), view));
        actor.user = view.owner;
        actor.token = view.token;
        actor.secret = view.secret;
        actor.rate = view.rate;
        actor.expires_at = view.expires_at;
        actor.allowed_ips.assign(view.allowed_ips.begin(), view.allowed_ips.end());
        if (view.api_slug != kManagementApi) return actor;
        std::string scopes;
        verify::effective_scopes(view, scopes);
        actor.permissions = ScopeSet::parse(scopes).value().items();
        return actor;
    }

    Result<PreparedToken> create(const Actor& actor, CreateToken wanted) {
        if (wanted.name.empty()) wanted.name = "a token";
        auto made = TRY(prepare_token(*authority, *reader, actor, std::move(wanted)));
        TRY(authority->store().mutate(
            [&](store::Transaction& tx) { return insert_token(*authority, tx, made); }));
        return made;
    }
    PreparedToken token(const Actor& actor, const std::string& api, std::vector<std::string> scopes,
                        store::TokenKind kind = store::TokenKind::kJwt) {
        CreateToken wanted;
        wanted.api = api;
        wanted.scopes = std::move(scopes);
        wanted.kind = kind;
        auto made = create(actor, std::move(wanted));
        EXPECT_TRUE(made) << made.error().message;
        return std::move(*made);
    }
    Result<TokenDetails> change(const Actor& actor, const std::string& id, TokenChange kind,
                                const std::string& reason = {}) {
        return write<TokenDetails>(
            [&](store::Transaction& tx) { return change_token(tx, actor, id, kind, reason); });
    }

    // "active", "revoked" …, from this authority's replica or another reader.
    std::string verdict(const PreparedToken& made) { return verdict(made, *reader); }
    std::string verdict(const PreparedToken& made, verify::Replica::Reader& with) {
        const verify::ReadGuard guard(with);
        verify::TokenView view;
        if (!with.find(sha256(made.text.expose()), view)) return "unknown";
        verify::Requirement wanted;
        wanted.api_slug = made.api_slug;
        return std::string(verify::verdict_name(verify::judge(view, wanted, clock.now()).verdict));
    }
    std::uint64_t revision() { return authority->replica().position().revision; }
    std::vector<store::Event> events(std::uint64_t after = 0) {
        store::EventQuery query;
        query.after = after;
        query.limit = 200;
        return authority->store()
            .query<std::vector<store::Event>>(
                [&](store::Connection& db) { return store::list_events(db, query); })
            .value();
    }

    FakeClock clock;
    store::testing::TemporaryDirectory directory;
    std::unique_ptr<Authority> authority;
    std::unique_ptr<verify::Replica::Reader> reader;
};

class AuthorityTest : public ::testing::Test, protected Fixture {
protected:
    void SetUp() override {
        admin_ = human("admin@example.com", "administrator");
        alice_ = human("alice@example.com");
        bob_ = human("bob@example.com");
        add_api("billing", {"license:read"});
        as_admin_ = session_of(admin_.id);
        as_alice_ = session_of(alice_.id);
        as_bob_ = session_of(bob_.id);
    }

    store::UserRecord admin_;
    store::UserRecord alice_;
    store::UserRecord bob_;
    Actor as_admin_;
    Actor as_alice_;
    Actor as_bob_;
};

}  // namespace latchkey::authority::testing
