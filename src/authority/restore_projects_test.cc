#include "authority/restore_projects.h"

#include <filesystem>

#include "authority/facts_of_records.h"
#include "authority/restore_testing.h"
#include "store/sqlite/connection.h"

namespace latchkey::authority {
namespace {

using store::testing::at;

constexpr std::string_view kReadLicenses =
    R"({"version":"2022-12-15","statement":[{"effect":"Allow","action":["license:read"],)"
    R"("resource":["*"]}]})";
constexpr std::string_view kWriteLicenses =
    R"({"version":"2022-12-15","statement":[{"effect":"Allow","action":["license:write"],)"
    R"("resource":["*"]}]})";

// Project 1, where alice and bob are members; a key token of alice's with a policy there.
class RestoreProjects : public testing::AuthorityTest {
protected:
    void SetUp() override {
        AuthorityTest::SetUp();
        project_ = store::testing::project(1);
        change([&](store::Connection& db, json::array& facts) -> Status {
            TRY(store::insert_project(db, project_));
            facts.push_back(verify::to_json(fact_of(project_)));
            return {};
        });
        put(place(alice_.id));
        put(place(bob_.id));
        token_ = make_key_token(alice_.id, 1);
        put(policy_of(token_, kReadLicenses));
    }

    // One mutation with the event that says what it changed.
    void change(const std::function<Status(store::Connection&, json::array&)>& work,
                std::optional<TokenId> token = std::nullopt) {
        const Status done = authority->store().mutate([&](store::Transaction& tx) -> Status {
            json::array facts;
            TRY(work(tx.connection(), facts));
            store::EventDraft event;
            event.type = "project.changed";
            event.actor = "system";
            event.token = token;
            event.data = json::object{{"facts", std::move(facts)}};
            TRY(tx.append_event(std::move(event)));
            return {};
        });
        ASSERT_TRUE(done) << done.error().message << ": " << done.error().detail;
    }
    void put(const store::MembershipRecord& membership) {
        change([&](store::Connection& db, json::array& facts) -> Status {
            TRY(store::put_membership(db, membership));
            facts.push_back(verify::to_json(fact_of(membership)));
            return {};
        });
    }
    void put(const store::GrantRecord& grant) {
        change([&](store::Connection& db, json::array& facts) -> Status {
            TRY(store::put_grant(db, grant));
            facts.push_back(verify::to_json(fact_of(grant)));
            return {};
        });
    }
    void remove(const store::GrantRecord& grant) {
        change([&](store::Connection& db, json::array& facts) -> Status {
            TRY(store::delete_grant(db, grant.project, grant.kind, grant.principal));
            auto fact = fact_of(grant);
            fact.is_removed = true;
            facts.push_back(verify::to_json(fact));
            return {};
        });
    }
    void remove(const store::MembershipRecord& membership) {
        change([&](store::Connection& db, json::array& facts) -> Status {
            TRY(store::delete_membership(db, membership.project, membership.user));
            auto fact = fact_of(membership);
            fact.is_removed = true;
            facts.push_back(verify::to_json(fact));
            return {};
        });
    }

    [[nodiscard]] store::MembershipRecord place(const UserId& user) const {
        store::MembershipRecord made;
        made.project = project_.id;
        made.user = user;
        made.created_at = clock.now();
        return made;
    }
    [[nodiscard]] store::GrantRecord policy_of(const TokenId& token, std::string_view text) const {
        store::GrantRecord made;
        made.project = project_.id;
        made.principal = token.bytes;
        made.policy_json = text;
        made.created_at = made.updated_at = clock.now();
        return made;
    }
    [[nodiscard]] store::GrantRecord policy_of(const UserId& user, std::string_view text) const {
        auto made = policy_of(TokenId{user.bytes}, text);
        made.kind = store::PrincipalKind::kUser;
        return made;
    }
    static store::SecretRecord key(const TokenId& token, std::uint32_t generation) {
        store::SecretRecord made;
        made.token = token;
        made.id = SecretId{token.bytes};
        made.id.bytes[0] = static_cast<std::uint8_t>(generation - 1);  // the first has the token's
        made.generation = generation;
        made.kid = "laptop-" + std::to_string(generation);
        made.public_jwk = R"({"kty":"EC"})";
        made.digest = sha256(token.uuid() + made.kid);
        made.created_at = at(2'000);
        return made;
    }
    TokenId make_key_token(const UserId& owner, std::uint64_t number) {
        store::TokenRecord made;
        made.id = store::testing::id<TokenId>(number);
        made.owner = owner;
        made.api = authority->directory().view()->find("billing")->api.id;
        made.kind = store::TokenKind::kKey;
        made.name = "key token";
        made.created_at = made.updated_at = at(2'000);
        change(
            [&](store::Connection& db, json::array& facts) -> Status {
                TRY(store::insert_token(db, made));
                facts.push_back(verify::to_json(fact_of(made)));
                for (const std::uint32_t generation : {1U, 2U}) {
                    TRY(store::insert_secret(db, key(made.id, generation)));
                    facts.push_back(verify::to_json(fact_of(key(made.id, generation))));
                }
                return {};
            },
            made.id);
        return made.id;
    }
    bool use_assertion(std::string_view jti) {
        return write<bool>([&](store::Transaction& tx) {
                   return store::insert_assertion(tx.connection(), sha256(jti),
                                                  tx.now() + std::chrono::minutes(5));
               })
            .value();
    }

    void restore(const std::string& file) {
        testing::restore(*this, file);
        EXPECT_TRUE(authority->store().query<std::string>(store::check_integrity));
    }
    void resume(const TokenId& token) {
        ASSERT_TRUE(Fixture::change(as_admin_, token.uuid(), TokenChange::kResume));
    }

    std::string state_of(const store::SecretRecord& with) {
        const verify::ReadGuard guard(*reader);
        verify::TokenView view;
        if (!reader->find(with.digest, view)) return "unknown";
        verify::Requirement wanted;
        wanted.api_slug = "billing";
        return std::string(verify::verdict_name(verify::judge(view, wanted, clock.now()).verdict));
    }
    // What a token may do in the project: the actions of its policy, "nothing", or "no grant".
    std::string rights_of(const TokenId& token) {
        const verify::ReadGuard guard(*reader);
        verify::TokenView view;
        if (!reader->find_by_token(token, view)) return "unknown";
        if (!reader->find_grant(project_.id, view)) return "no grant";
        if (view.grant->policy == nullptr || view.grant->policy->statements.empty()) {
            return "nothing";
        }
        return view.grant->policy->statements.front().actions.front();
    }
    template <typename T>
    T ask(const std::function<Result<T>(store::Connection&)>& work) {
        return authority->store().query<T>(work).value();
    }
    std::optional<store::MembershipRecord> place_now(const UserId& user) {
        return ask<std::optional<store::MembershipRecord>>(
            [&](store::Connection& db) { return store::find_membership(db, project_.id, user); });
    }

    store::ProjectRecord project_;
    TokenId token_;
};

TEST_F(RestoreProjects, AKeyTokenItsPolicyAndItsReplayMarkComeBack) {
    EXPECT_TRUE(use_assertion("before"));
    const auto file = testing::back_up(*this);
    restore(file);
    EXPECT_EQ(state_of(key(token_, 1)), "active");
    EXPECT_EQ(rights_of(token_), "license:read");
    EXPECT_TRUE(place_now(alice_.id));
    EXPECT_FALSE(use_assertion("before"));
    const auto secrets = ask<std::vector<store::SecretRecord>>(
        [&](store::Connection& db) { return store::secrets_of(db, token_); });
    ASSERT_EQ(secrets.size(), 2U);
    EXPECT_EQ(secrets[1].kid, "laptop-2");
    EXPECT_EQ(secrets[1].public_jwk, R"({"kty":"EC"})");
}

TEST_F(RestoreProjects, AnAssertionUsedSinceIsNotGoodAgain) {
    const auto file = testing::back_up(*this);
    EXPECT_TRUE(use_assertion("since"));
    restore(file);
    EXPECT_FALSE(use_assertion("since"));
    EXPECT_TRUE(use_assertion("never"));
}

TEST_F(RestoreProjects, WithAnUnknownPastKeyTokensAreSuspendedToo) {
    const auto file = testing::back_up(*this);
    reader.reset();
    authority.reset();
    std::filesystem::remove(directory.database());
    restore(file);
    EXPECT_EQ(state_of(key(token_, 1)), "suspended");
    resume(token_);
    EXPECT_EQ(state_of(key(token_, 1)), "active");
}

TEST_F(RestoreProjects, AKeyRemovedSinceStaysRemovedWhenItsTokenIsResumed) {
    const auto file = testing::back_up(*this);
    auto removed = key(token_, 2);
    removed.state = store::SecretState::kRevoked;
    change(
        [&](store::Connection& db, json::array& facts) -> Status {
            TRY(store::update_secret(db, removed));
            facts.push_back(verify::to_json(fact_of(removed)));
            return {};
        },
        token_);
    restore(file);
    EXPECT_EQ(state_of(key(token_, 1)), "suspended");  // touched since the backup
    resume(token_);
    EXPECT_EQ(state_of(key(token_, 1)), "active");
    EXPECT_EQ(state_of(removed), "revoked");
}

TEST_F(RestoreProjects, PoliciesTakenOrChangedSinceGiveNothing) {
    const auto taken = make_key_token(alice_.id, 2);
    const auto changed = make_key_token(alice_.id, 3);
    const auto added = make_key_token(alice_.id, 4);
    put(policy_of(taken, kReadLicenses));
    put(policy_of(changed, kReadLicenses));
    const auto file = testing::back_up(*this);
    remove(policy_of(taken, kReadLicenses));
    put(policy_of(changed, kWriteLicenses));
    put(policy_of(added, kReadLicenses));
    for (int i = 0; i < 2; ++i) {  // the second time knows what the first one did
        restore(file);
        EXPECT_EQ(rights_of(token_), "license:read");
        EXPECT_EQ(rights_of(taken), "no grant");
        EXPECT_EQ(rights_of(changed), "nothing");
        EXPECT_EQ(rights_of(added), "no grant");
    }
    reopen();
    EXPECT_EQ(rights_of(changed), "nothing");
}

TEST_F(RestoreProjects, ALimitThatAUserGotSinceHoldsAndAChangedOneAllowsNothing) {
    put(policy_of(bob_.id, kReadLicenses));
    const auto of_bob = make_key_token(bob_.id, 2);
    put(policy_of(of_bob, kReadLicenses));
    const auto file = testing::back_up(*this);
    put(policy_of(alice_.id, kWriteLicenses));
    put(policy_of(bob_.id, kWriteLicenses));
    restore(file);
    const auto limit_of = [&](const TokenId& token) {
        const verify::ReadGuard guard(*reader);
        verify::TokenView view;
        EXPECT_TRUE(reader->find_by_token(token, view));
        EXPECT_TRUE(reader->find_grant(project_.id, view));
        EXPECT_NE(view.grant->owner_policy, nullptr);
        return view.grant->owner_policy == nullptr ? Policy::allowing({"*"})
                                                   : *view.grant->owner_policy;
    };
    ASSERT_EQ(limit_of(token_).statements.size(), 1U);
    EXPECT_EQ(limit_of(token_).statements.front().actions.front(), "license:write");
    EXPECT_TRUE(limit_of(of_bob).statements.empty());
}

TEST_F(RestoreProjects, AMemberRemovedSinceStaysOutAndHisTokensToo) {
    const auto of_bob = make_key_token(bob_.id, 2);
    put(policy_of(of_bob, kReadLicenses));
    const auto file = testing::back_up(*this);
    remove(place(bob_.id));  // and his tokens' rights, which this test leaves
    restore(file);
    EXPECT_FALSE(place_now(bob_.id));
    EXPECT_TRUE(place_now(alice_.id));
    EXPECT_EQ(rights_of(of_bob), "no grant");
    EXPECT_EQ(rights_of(token_), "license:read");
}

TEST_F(RestoreProjects, APlaceIsTheLeastOfThenAndNow) {
    auto of_alice = place(alice_.id);
    of_alice.role = store::ProjectRole::kOwner;
    put(of_alice);
    const auto file = testing::back_up(*this);
    of_alice.role = store::ProjectRole::kViewer;
    put(of_alice);
    auto of_bob = place(bob_.id);
    of_bob.role = store::ProjectRole::kOwner;
    put(of_bob);
    restore(file);
    EXPECT_EQ(place_now(alice_.id)->role, store::ProjectRole::kViewer);
    EXPECT_EQ(place_now(bob_.id)->role, store::ProjectRole::kMember);
}

TEST_F(RestoreProjects, AProjectDeletedSinceStaysDeletedAndItsOwnTokensDie) {
    store::UserRecord own;
    own.id = UserId{project_.id.bytes};
    own.kind = store::UserKind::kProject;
    own.login = "project:1";
    change([&](store::Connection& db, json::array& facts) -> Status {
        TRY(store::insert_user(db, own));
        facts.push_back(verify::to_json(fact_of(own)));
        return {};
    });
    const auto its_token = make_key_token(own.id, 2);
    EXPECT_EQ(state_of(key(its_token, 1)), "active");
    const auto file = testing::back_up(*this);
    project_.deleted_at = clock.now();
    change([&](store::Connection& db, json::array& facts) -> Status {
        TRY(store::update_project(db, project_));
        facts.push_back(verify::to_json(fact_of(project_)));
        return {};
    });
    restore(file);
    EXPECT_EQ(rights_of(token_), "no grant");
    EXPECT_EQ(state_of(key(its_token, 1)), "owner_disabled");
    EXPECT_TRUE(ask<std::vector<store::ProjectRecord>>([](store::Connection& db) {
                    return store::list_projects(db, {});
                }).size() == 1U);  // the default one
}

TEST_F(RestoreProjects, ARoleIsWhatThenAndNowBothAllow) {
    const store::RoleRecord role{store::testing::id<RoleId>(77), "reader", false,
                                 R"({"billing":["license:*"],"pipelines":["*"]})"};
    change([&](store::Connection& db, json::array& facts) -> Status {
        TRY(store::insert_role(db, role));
        facts.push_back(verify::to_json(fact_of(role).value()));
        return {};
    });
    const auto file = testing::back_up(*this);
    auto changed = role;
    changed.patterns_json = R"({"billing":["license:read","template:write"]})";
    change([&](store::Connection& db, json::array& facts) -> Status {
        TRY(store::update_role(db, changed));
        facts.push_back(verify::to_json(fact_of(changed).value()));
        return {};
    });
    restore(file);
    const auto found = ask<std::optional<store::RoleRecord>>(
        [&](store::Connection& db) { return store::find_role(db, role.id); });
    ASSERT_TRUE(found);
    const auto patterns = fact_of(*found).value().patterns;
    EXPECT_EQ(patterns.at("billing"), std::vector<std::string>{"license:read"});
    EXPECT_FALSE(patterns.contains("pipelines") && !patterns.at("pipelines").empty());
}

// What step 2 of the schema added goes away again, as an older version never had it.
TEST_F(RestoreProjects, ABackupOfAnOlderVersionIsBroughtUpToDate) {
    const auto made = token(as_alice_, "billing", {"license:read"});
    const auto file = testing::back_up(*this);
    {
        auto opened =
            store::sqlite::SqliteConnection::open(file, store::sqlite::Access::kReadWrite);
        ASSERT_TRUE(opened);
        for (const store::Sql sql :
             {store::Sql("DROP TABLE active_projects"),
              store::Sql("DROP TABLE import_sources"),
              store::Sql("DROP TABLE recovery_codes"),
              store::Sql("DROP TABLE factors"),
              store::Sql("DROP TABLE invites"),
              store::Sql("DROP INDEX IF EXISTS tokens_source"),
              store::Sql("ALTER TABLE tokens DROP COLUMN source"),
              store::Sql("ALTER TABLE sessions DROP COLUMN proven_at"),
              store::Sql("DROP TABLE memberships"),
              store::Sql("DROP TABLE token_grants"),
              store::Sql("DROP TABLE assertions_seen"),
              store::Sql("DROP TABLE projects"),
              store::Sql("ALTER TABLE token_secrets DROP COLUMN public_jwk"),
              store::Sql("CREATE TABLE projects (id BLOB NOT NULL PRIMARY KEY, name TEXT NOT NULL"
                         " UNIQUE, description TEXT NOT NULL, created_at BIGINT NOT NULL)"
                         " WITHOUT ROWID"),
              store::Sql("DROP INDEX token_secrets_silent"),
              store::Sql("ALTER TABLE token_secrets DROP COLUMN until_silent"),
              store::Sql("ALTER TABLE token_secrets DROP COLUMN must_ask"),
              store::Sql("ALTER TABLE tokens DROP COLUMN not_before"),
              store::Sql("ALTER TABLE tokens DROP COLUMN rate_requests"),
              store::Sql("ALTER TABLE tokens DROP COLUMN rate_seconds"),
              store::Sql("DROP TABLE usage_days"),
              store::Sql("DROP TABLE usage_denials"),
              store::Sql("DROP TABLE usage_scopes"),
              store::Sql("DROP TABLE usage_callers"),
              store::Sql("DROP TABLE bulk_rules"),
              store::Sql("DROP TABLE bulk_rule_tokens"),
              store::Sql("DROP TABLE bulk_spared"),
              store::Sql("DROP TABLE revoked_access"),
              store::Sql("DROP TABLE device_codes"),
              store::Sql("UPDATE settings SET value = '1' WHERE key = 'schema'")}) {
            const Status done = (*opened)->run(sql);
            ASSERT_TRUE(done) << done.error().detail;
        }
        ASSERT_TRUE((*opened)->checkpoint(store::sqlite::SqliteConnection::Checkpoint::kTruncate));
    }
    restore(file);
    EXPECT_EQ(verdict(made), "active");
    EXPECT_EQ(state_of(key(token_, 1)), "active");
}

}  // namespace
}  // namespace latchkey::authority
