#include "authority/import_tokens.h"

#include <cctype>
#include <functional>
#include <thread>
#include <utility>

#include "authority/restore.h"
#include "authority/rotate_token.h"
#include "authority/sessions.h"
#include "authority/site.h"
#include "authority/testing.h"
#include "base/encoding.h"
#include "crypto/hmac_key.h"
#include "crypto/random.h"
#include "token/opaque.h"

namespace latchkey::authority {
namespace {

using testing::reason_of;

constexpr std::string_view kKey = "the pepper of the other system";

class ImportTest : public testing::AuthorityTest {
protected:
    static AddImportSource plain(std::string name = "acme", std::string prefix = "acme_") {
        AddImportSource wanted;
        wanted.name = std::move(name);
        wanted.prefix = std::move(prefix);
        wanted.entropy_bits = 160;
        return wanted;
    }
    static AddImportSource keyed(std::string name = "acme", std::string prefix = "acme_",
                                 std::string key = std::string(kKey)) {
        AddImportSource wanted;
        wanted.name = std::move(name);
        wanted.prefix = std::move(prefix);
        wanted.key = Secret(std::move(key));
        return wanted;
    }
    Result<AddedImportSource> add(const Actor& actor, const AddImportSource& wanted) {
        return write<AddedImportSource>([&](store::Transaction& tx) {
            return add_import_source(*authority, tx, actor, wanted);
        });
    }
    Status remove(const Actor& actor, const std::string& name) {
        return authority->store().mutate(
            [&](store::Transaction& tx) { return remove_import_source(tx, actor, name); });
    }
    static std::string plain_digest(std::string_view secret) {
        return hex_encode(as_text(sha256(secret)));
    }
    static std::string keyed_digest(std::string_view secret) {
        return hex_encode(as_text(HmacKey(Secret(std::string(kKey))).mac(secret)));
    }
    static ImportToken line(std::string digest, std::string owner = "alice@example.com") {
        ImportToken token;
        token.digest = std::move(digest);
        token.owner = std::move(owner);
        token.terms.name = "nightly";
        token.terms.api = "billing";
        token.terms.scopes = {{"license:read"}};
        return token;
    }
    static ImportTokens of(std::vector<ImportToken> tokens, std::string source = "acme") {
        ImportTokens wanted;
        wanted.source = std::move(source);
        for (auto& token : tokens) {
            wanted.tokens.emplace_back(std::move(token));
        }
        return wanted;
    }
    Result<ImportOutcome> import(ImportTokens wanted) {
        return import(as_admin_, std::move(wanted));
    }
    Result<ImportOutcome> import(const Actor& actor, ImportTokens wanted) {
        return import_tokens(*authority, *reader, actor, std::move(wanted));
    }
    // "3 0" for three imported and none there already, with the reasons of those refused.
    std::string outcome_of(ImportTokens wanted) {
        const auto outcome = import(std::move(wanted));
        if (!outcome) return std::string(outcome.error().reason);
        auto text = std::to_string(outcome->imported) + " " + std::to_string(outcome->existing);
        for (const auto& refused : outcome->refused) {
            text += " " + std::to_string(refused.index) + ":" + std::string(refused.error.reason);
        }
        return text;
    }
    std::string verdict_on(std::string_view secret) {
        const verify::ReadGuard guard(*reader);
        verify::TokenView view;
        Digest facts{};
        using Imported = verify::Replica::Reader::Imported;
        const auto found = reader->find_imported(secret, facts, view);
        if (found == Imported::kForeign) return "foreign";
        if (found == Imported::kUnknown) return "unknown";
        verify::Requirement wanted;
        wanted.api_slug = "billing";
        return std::string(verify::verdict_name(verify::judge(view, wanted, clock.now()).verdict));
    }
    std::vector<store::ListedToken> tokens_of(const UserId& owner) {
        store::TokenQuery query;
        query.owner = owner;
        query.now = clock.now();
        return authority->store()
            .query<std::vector<store::ListedToken>>(
                [&](store::Connection& db) { return store::list_tokens(db, query); })
            .value();
    }
};

TEST_F(ImportTest, ASecretOfTheOtherSystemWorksAndIsItsOwners) {
    ASSERT_TRUE(add(as_admin_, keyed()));
    EXPECT_EQ(outcome_of(of({line(keyed_digest("acme_one")), line(keyed_digest("acme_two"))})),
              "2 0");
    EXPECT_EQ(verdict_on("acme_one"), "active");
    EXPECT_EQ(verdict_on("acme_two"), "active");
    EXPECT_EQ(verdict_on("acme_three"), "unknown");
    EXPECT_EQ(verdict_on("other_one"), "foreign");
    const auto tokens = tokens_of(alice_.id);
    ASSERT_EQ(tokens.size(), 2U);
    EXPECT_EQ(tokens[0].token.source, "acme");
    EXPECT_EQ(tokens[0].token.kind, store::TokenKind::kOpaque);
    const auto last = events().back();
    EXPECT_EQ(last.type, "token.created");
    EXPECT_EQ(last.owner, alice_.id);
    EXPECT_NE(last.body.find(R"("source":"acme")"), std::string::npos);
    EXPECT_EQ(last.body.find(keyed_digest("acme_two")), std::string::npos);
}

TEST_F(ImportTest, PlainDigestsAreReadInEveryFormThatPeopleHave) {
    ASSERT_TRUE(add(as_admin_, plain()));
    const auto bytes = [](std::string_view secret) { return std::string(as_text(sha256(secret))); };
    auto upper = plain_digest("acme_2");
    for (auto& c : upper)
        c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    EXPECT_EQ(outcome_of(of({line(plain_digest("acme_1")), line(upper),
                             line(base64_encode(bytes("acme_3"))),
                             line(base64url_encode(bytes("acme_4")))})),
              "4 0");
    for (const char* secret : {"acme_1", "acme_2", "acme_3", "acme_4"}) {
        EXPECT_EQ(verdict_on(secret), "active") << secret;
    }
}

TEST_F(ImportTest, RunAgainItChangesNothingAndGoesOn) {
    ASSERT_TRUE(add(as_admin_, keyed()));
    EXPECT_EQ(outcome_of(of({line(keyed_digest("acme_1"))})), "1 0");
    const auto before = revision();
    EXPECT_EQ(outcome_of(of({line(keyed_digest("acme_1"))})), "0 1");
    EXPECT_EQ(revision(), before);
    const auto id = tokens_of(alice_.id).at(0).token.id;
    ASSERT_TRUE(change(as_admin_, id.uuid(), TokenChange::kRevoke));
    // What was revoked since stays revoked.
    EXPECT_EQ(outcome_of(of({line(keyed_digest("acme_1")), line(keyed_digest("acme_2"))})), "1 1");
    EXPECT_EQ(verdict_on("acme_1"), "revoked");
    EXPECT_EQ(verdict_on("acme_2"), "active");
}

TEST_F(ImportTest, ADryRunSaysTheSameAndWritesNothing) {
    auto wanted = of({line(plain_digest("acme_1")), line("00"), line(plain_digest("acme_1"))});
    wanted.is_dry_run = true;
    const auto before = revision();
    // Of a source that is not there yet, too.
    EXPECT_EQ(outcome_of(std::move(wanted)), "1 0 1:bad_digest 2:duplicate_digest");
    EXPECT_EQ(revision(), before);
    EXPECT_TRUE(tokens_of(alice_.id).empty());
    const auto previewed = authority->store().query<AddedImportSource>([&](store::Connection& db) {
        return preview_import_source(*authority, db, as_admin_, plain());
    });
    ASSERT_TRUE(previewed);
    EXPECT_TRUE(previewed->is_new);
    EXPECT_EQ(revision(), before);
}

TEST_F(ImportTest, OnlyAnAdministratorWhoLoggedInImports) {
    ASSERT_TRUE(add(as_admin_, plain()));
    const auto admins = token(as_admin_, "latchkey", {"*"});
    for (const Actor& actor : {as_alice_, token_actor(admins)}) {
        EXPECT_EQ(add(actor, plain("other", "other_")).error().code, ErrorCode::kPermissionDenied);
        EXPECT_EQ(import(actor, of({line(plain_digest("acme_1"))})).error().code,
                  ErrorCode::kPermissionDenied);
        EXPECT_EQ(remove(actor, "acme").error().code, ErrorCode::kPermissionDenied);
    }
    // Not even for himself, or with a custom role that can do nearly everything.
    EXPECT_EQ(outcome_of(of({line(plain_digest("acme_1"))})), "1 0");
}

TEST_F(ImportTest, ASessionThatWasLeftOpenImportsNothing) {
    ASSERT_TRUE(add(as_admin_, plain()));
    auto left_open = as_admin_;
    left_open.is_proven = false;
    EXPECT_EQ(reason_of(add(left_open, plain("other", "other_"))), "step_up_needed");
    EXPECT_EQ(reason_of(add(left_open, plain())), "step_up_needed");
    EXPECT_EQ(reason_of(import(left_open, of({line(plain_digest("acme_1"))}))), "step_up_needed");
    EXPECT_EQ(reason_of(remove(left_open, "acme")), "step_up_needed");
    EXPECT_EQ(verdict_on("acme_1"), "unknown");
}

TEST_F(ImportTest, OwnersRightsBoundWhatIsImportedAndWhatItMayDoLater) {
    ASSERT_TRUE(add(as_admin_, plain()));
    CreateUser nobody;
    nobody.email = "nobody@example.com";
    nobody.roles = {"verifier"};
    ASSERT_TRUE(add_user(Actor::system(), nobody));
    EXPECT_EQ(outcome_of(of({line(plain_digest("acme_1"), "nobody@example.com"),
                             line(plain_digest("acme_2"), "who@example.com"),
                             line(plain_digest("acme_3"))})),
              "1 0 0:insufficient_scope 1:unknown_owner");
    EditUser disabled;
    disabled.state = store::UserState::kDisabled;
    ASSERT_TRUE(edit(as_admin_, alice_.id, disabled));
    EXPECT_EQ(verdict_on("acme_3"), "owner_disabled");
    EXPECT_EQ(outcome_of(of({line(plain_digest("acme_4"))})), "0 0 0:unknown_owner");
}

TEST_F(ImportTest, TheRulesOfEveryTokenHoldForImportedOnes) {
    ASSERT_TRUE(add(as_admin_, plain()));
    TokenRules rules;
    rules.requires_expiry = true;
    ASSERT_TRUE(authority->store().mutate(
        [&](store::Transaction& tx) { return put_token_rules(tx, as_admin_, rules); }));
    auto past = line(plain_digest("acme_2"));
    past.terms.expires_at = clock.now() - std::chrono::hours(1);
    auto good = line(plain_digest("acme_3"));
    good.terms.expires_at = clock.now() + std::chrono::hours(1);
    auto unknown = line(plain_digest("acme_4"));
    unknown.terms.scopes = {{"license:raed"}};
    auto own = line(plain_digest("acme_5"));
    own.terms.api = "latchkey";
    own.terms.scopes = {{"token:read"}};
    own.terms.expires_at = good.terms.expires_at;
    EXPECT_EQ(outcome_of(of({line(plain_digest("acme_1")), past, good, unknown, own})),
              "1 0 0:rule_expiry 1:expiry_in_past 3:unknown_scope 4:management_api_import");
    clock.advance(std::chrono::hours(2));
    EXPECT_EQ(verdict_on("acme_3"), "expired");
}

TEST_F(ImportTest, NoDigestReachesATokenOrSessionOfOurOwn) {
    ASSERT_TRUE(add(as_admin_, plain()));
    const auto made = token(as_alice_, "billing", {"license:read"}, store::TokenKind::kOpaque);
    const auto ours = plain_digest(made.text.expose());
    store::SessionRecord session;
    session.id = new_id<SessionId>(clock.now());
    session.user = admin_.id;
    session.digest = sha256("lks_something");
    session.expires_at = clock.now() + std::chrono::hours(1);
    ASSERT_TRUE(authority->store().mutate(
        [&](store::Transaction& tx) { return store::insert_session(tx.connection(), session); }));
    EXPECT_EQ(outcome_of(of({line(ours, "bob@example.com"), line(plain_digest("lks_something"))})),
              "0 0 0:digest_taken 1:digest_taken");
    // A digest that we do not know: of an access token, say. It is imported, and found by nothing.
    const auto foreign = make_opaque("lkp");
    EXPECT_EQ(outcome_of(of({line(plain_digest(foreign.expose()))})), "1 0");
    EXPECT_EQ(verdict_on(foreign.expose()), "foreign");
    verify::TokenView view;
    const verify::ReadGuard guard(*reader);
    EXPECT_FALSE(reader->find(sha256(foreign.expose()), view));
}

// Calls something the next time that this thread asks what time it is.
class InterruptingClock final : public Clock {
public:
    explicit InterruptingClock(const Clock& clock) : clock_(clock) {}
    void interrupt_with(std::function<void()> work) {
        thread_ = std::this_thread::get_id();
        work_ = std::move(work);
    }
    [[nodiscard]] Timestamp now() const override {
        const bool is_here = thread_ == std::this_thread::get_id();
        if (const auto work = is_here ? std::exchange(work_, {}) : nullptr) work();
        return clock_.now();
    }
    [[nodiscard]] Microseconds steady() const override { return clock_.steady(); }

private:
    const Clock& clock_;
    std::thread::id thread_;
    mutable std::function<void()> work_;
};

TEST_F(ImportTest, ASourceThatWasMadeAnewMeanwhileTakesNothingOfTheOldOne) {
    InterruptingClock interrupting(clock);
    reader.reset();
    authority.reset();
    auto again = options();
    again.clock = &interrupting;
    authority = Authority::open(again).value();
    reader = authority->replica().make_reader();
    ASSERT_TRUE(add(as_admin_, keyed()));
    interrupting.interrupt_with([&] {
        ASSERT_TRUE(remove(as_admin_, "acme"));
        ASSERT_TRUE(add(as_admin_, keyed()));
    });
    EXPECT_EQ(outcome_of(of({line(keyed_digest("acme_1"))})), "0 0 0:unknown_import_source");
    EXPECT_EQ(outcome_of(of({line(keyed_digest("acme_1"))})), "1 0");
    EXPECT_EQ(verdict_on("acme_1"), "active");
    reader.reset();
    authority.reset();
}

TEST_F(ImportTest, SourcesThatCannotBeReadAreLoggedAndNothingIsSaidOfTokens) {
    ::testing::internal::CaptureStderr();
    ASSERT_TRUE(authority->store().mutate([&](store::Transaction& tx) -> Status {
        TRY(tx.connection().run("DROP TABLE import_sources"));
        store::EventDraft event;
        event.type = "import.source_added";
        event.actor = "system";
        TRY(tx.append_event(std::move(event)));
        return {};
    }));
    const auto logged = ::testing::internal::GetCapturedStderr();
    EXPECT_NE(logged.find("could not reload the sources of imports"), std::string::npos) << logged;
    EXPECT_FALSE(authority->is_current());
}

TEST_F(ImportTest, ADigestBelongsToOneSourceAndOneOwner) {
    ASSERT_TRUE(add(as_admin_, plain()));
    ASSERT_TRUE(add(as_admin_, keyed("late", "late_")));
    EXPECT_EQ(outcome_of(of({line(plain_digest("acme_1"))})), "1 0");
    EXPECT_EQ(outcome_of(of({line(plain_digest("acme_1"), "bob@example.com")})),
              "0 0 0:digest_taken");
    // Under another source the same digest is another secret, which nobody has.
    EXPECT_EQ(outcome_of(of({line(plain_digest("acme_1"), "bob@example.com")}, "late")), "1 0");
    EXPECT_EQ(verdict_on("acme_1"), "active");
    EXPECT_EQ(outcome_of(of({line(plain_digest("acme_9"))}, "nowhere")), "unknown_import_source");
}

TEST_F(ImportTest, SourcesArePreciseAboutWhatTheyTake) {
    struct Case {
        AddImportSource wanted;
        const char* reason;
    };
    const auto weak = [](std::optional<std::uint32_t> bits) {
        auto wanted = plain();
        wanted.entropy_bits = bits;
        return wanted;
    };
    std::vector<Case> cases;
    for (const char* prefix : {"lk", "lkp_", "lkp_abc", "lks_", "l", "", "e", "ey", "eyJh",
                               "has space", "tab\t_", "\xC3\xA4_", "lkq"}) {
        cases.push_back({plain("acme", prefix), "bad_import_prefix"});
    }
    cases.push_back({plain("acme", std::string(33, 'a')), "bad_import_prefix"});
    for (const char* name : {"", "Acme", "a b", "../x", "-a", "\xC3\xA4"}) {
        cases.push_back({plain(name), "bad_source_name"});
    }
    cases.push_back({plain(std::string(41, 'a')), "bad_source_name"});
    cases.push_back({weak(111), "weak_import"});
    cases.push_back({weak(0), "weak_import"});
    cases.push_back({weak(std::nullopt), "missing_member"});
    cases.push_back({keyed("acme", "acme_", "thirteen byte"), "bad_import_key"});
    cases.push_back({keyed("acme", "acme_", std::string(257, 'k')), "bad_import_key"});
    for (const auto& one : cases) {
        EXPECT_EQ(reason_of(add(as_admin_, one.wanted)), one.reason)
            << one.wanted.name << " " << one.wanted.prefix;
    }
    EXPECT_TRUE(add(as_admin_, weak(112)));
}

TEST_F(ImportTest, ASourceNeverChanges) {
    EXPECT_TRUE(add(as_admin_, keyed())->is_new);
    const auto before = revision();
    EXPECT_FALSE(add(as_admin_, keyed())->is_new);
    EXPECT_EQ(revision(), before);
    EXPECT_EQ(reason_of(add(as_admin_, keyed("acme", "acme-"))), "import_source_differs");
    EXPECT_EQ(reason_of(add(as_admin_, keyed("acme", "acme_", "another pepper of theirs"))),
              "import_source_differs");
    EXPECT_EQ(reason_of(add(as_admin_, plain())), "import_source_differs");
}

TEST_F(ImportTest, ThereAreAtMostFourKeysAndTheirRoomCanBeHadAgain) {
    for (const char* name : {"a", "b", "c", "d"}) {
        ASSERT_TRUE(add(as_admin_, keyed(name, std::string(name) + "x_")));
    }
    EXPECT_EQ(reason_of(add(as_admin_, keyed("e", "ex_"))), "too_many_import_keys");
    EXPECT_EQ(outcome_of(of({line(keyed_digest("ax_1"))}, "a")), "1 0");
    EXPECT_EQ(reason_of(remove(as_admin_, "a")), "import_source_needed");
    const auto id = tokens_of(alice_.id).at(0).token.id;
    ASSERT_TRUE(change(as_admin_, id.uuid(), TokenChange::kRevoke));
    EXPECT_EQ(reason_of(remove(as_admin_, "a")), "");
    EXPECT_EQ(reason_of(remove(as_admin_, "a")), "unknown_import_source");
    EXPECT_EQ(verdict_on("ax_1"), "foreign");
    EXPECT_TRUE(add(as_admin_, keyed("e", "ex_")));
    for (int i = 0; i < 12; ++i) {
        const auto name = "p" + std::to_string(i);
        ASSERT_TRUE(add(as_admin_, plain(name, name + "_"))) << i;
    }
    EXPECT_EQ(reason_of(add(as_admin_, plain("z", "zz_"))), "too_many_import_sources");
}

TEST_F(ImportTest, SeveralKeysMayHaveOnePrefixForASystemThatChangedItsKey) {
    ASSERT_TRUE(add(as_admin_, keyed("old", "acme_", "the pepper of last year")));
    ASSERT_TRUE(add(as_admin_, keyed("new", "acme_")));
    const HmacKey old(Secret("the pepper of last year"));
    EXPECT_EQ(outcome_of(of({line(hex_encode(as_text(old.mac("acme_1"))))}, "old")), "1 0");
    EXPECT_EQ(outcome_of(of({line(keyed_digest("acme_2"))}, "new")), "1 0");
    EXPECT_EQ(verdict_on("acme_1"), "active");
    EXPECT_EQ(verdict_on("acme_2"), "active");
}

TEST_F(ImportTest, ARotationGivesASecretOfOurOwnForm) {
    ASSERT_TRUE(add(as_admin_, keyed()));
    EXPECT_EQ(outcome_of(of({line(keyed_digest("acme_1"))})), "1 0");
    const auto id = tokens_of(alice_.id).at(0).token.id;
    RotateToken wanted;
    wanted.grace_seconds = 60;
    const auto rotated = write<RotatedToken>([&](store::Transaction& tx) {
        return rotate_token(*authority, tx, as_alice_, id.uuid(), wanted);
    });
    ASSERT_TRUE(rotated) << rotated.error().message;
    EXPECT_TRUE(has_valid_checksum(rotated->text.expose()));
    EXPECT_TRUE(rotated->text.expose().starts_with("lkp_"));
    EXPECT_EQ(verdict_on("acme_1"), "active");
    clock.advance(std::chrono::minutes(2));
    EXPECT_EQ(verdict_on("acme_1"), "expired");
    const verify::ReadGuard guard(*reader);
    verify::TokenView view;
    EXPECT_TRUE(reader->find(sha256(rotated->text.expose()), view));
}

TEST_F(ImportTest, ARestartKeepsEverything) {
    ASSERT_TRUE(add(as_admin_, keyed()));
    EXPECT_EQ(outcome_of(of({line(keyed_digest("acme_1"))})), "1 0");
    reopen();
    as_admin_ = session_of(admin_.id);
    EXPECT_EQ(verdict_on("acme_1"), "active");
    EXPECT_EQ(outcome_of(of({line(keyed_digest("acme_1")), line(keyed_digest("acme_2"))})), "1 1");
    EXPECT_EQ(verdict_on("acme_2"), "active");
    const auto sources =
        authority->store()
            .query<std::vector<store::ImportSourceRecord>>(store::list_import_sources)
            .value();
    ASSERT_EQ(sources.size(), 1U);
    EXPECT_EQ(sources[0].wrapped_key.find(kKey), std::string::npos);
    for (const auto& event : events()) {
        EXPECT_EQ(event.body.find(kKey), std::string::npos);
        EXPECT_EQ(event.body.find(base64url_encode(kKey)), std::string::npos);
    }
}

TEST_F(ImportTest, ARestoreKeepsSourcesAndRevivesNothing) {
    ASSERT_TRUE(add(as_admin_, keyed()));
    auto leaked = line(keyed_digest("acme_2"));
    leaked.terms.name = "leaked";
    EXPECT_EQ(outcome_of(of({line(keyed_digest("acme_1")), std::move(leaked)})), "2 0");
    const auto file = directory.file("backup.db");
    ASSERT_TRUE(authority->store().backup_to(file));
    for (const auto& listed : tokens_of(alice_.id)) {
        if (listed.token.name != "leaked") continue;
        ASSERT_TRUE(change(as_admin_, listed.token.id.uuid(), TokenChange::kRevoke));
    }
    EXPECT_EQ(outcome_of(of({line(keyed_digest("acme_3"))})), "1 0");
    reader.reset();
    authority.reset();
    RestoreInput input;
    input.data_directory = directory.data();
    input.backup_file = file;
    input.clock = &clock;
    ASSERT_TRUE(restore_backup(input));
    reopen();
    EXPECT_EQ(verdict_on("acme_1"), "active");
    EXPECT_EQ(verdict_on("acme_2"), "revoked");
    EXPECT_EQ(verdict_on("acme_3"), "revoked");
}

TEST_F(ImportTest, TwoImportsOfTheSameFileAtOnceMakeEachTokenOnce) {
    ASSERT_TRUE(add(as_admin_, plain()));
    std::vector<ImportToken> lines;
    for (int i = 0; i < 50; ++i) {
        lines.push_back(line(plain_digest("acme_" + std::to_string(i))));
    }
    ImportOutcome outcomes[2];
    std::vector<std::thread> threads;
    for (auto& outcome : outcomes) {
        threads.emplace_back([&] {
            const auto own = authority->replica().make_reader();
            auto copy = lines;
            outcome = import_tokens(*authority, *own, as_admin_, of(std::move(copy))).value();
        });
    }
    for (auto& thread : threads)
        thread.join();
    EXPECT_EQ(outcomes[0].imported + outcomes[1].imported, 50U);
    EXPECT_EQ(outcomes[0].existing + outcomes[1].existing, 50U);
    EXPECT_EQ(tokens_of(alice_.id).size(), 50U);
}

}  // namespace
}  // namespace latchkey::authority
