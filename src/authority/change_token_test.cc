#include "authority/change_token.h"

#include <map>
#include <random>

#include "authority/edit_token.h"
#include "authority/load_replica.h"
#include "authority/testing.h"

namespace latchkey::authority {
namespace {

using testing::reason_of;

class ChangeTokenTest : public testing::AuthorityTest {
protected:
    void SetUp() override {
        AuthorityTest::SetUp();
        made_.emplace(token(as_alice_, "billing", {"license:read"}));
        id_ = made_->token.id.uuid();
    }
    Result<TokenDetails> read(const Actor& actor, const std::string& id) {
        return authority->store().query<TokenDetails>(
            [&](store::Connection& db) { return get_token(db, actor, id); });
    }

    std::optional<PreparedToken> made_;
    std::string id_;
};

TEST_F(ChangeTokenTest, EveryTransitionLeadsWhereItSays) {
    struct Row {
        const char* name;
        std::vector<TokenChange> steps;
        const char* verdict;
        const char* last_reason;  // of the last step's error
    };
    const std::vector<Row> rows = {
        {"revoked", {TokenChange::kRevoke}, "revoked", ""},
        {"revoked twice", {TokenChange::kRevoke, TokenChange::kRevoke}, "revoked", ""},
        {"revoked is for ever",
         {TokenChange::kRevoke, TokenChange::kResume},
         "revoked",
         "token_revoked"},
        {"no suspension of a revoked one",
         {TokenChange::kRevoke, TokenChange::kSuspend},
         "revoked",
         "token_revoked"},
        {"suspended", {TokenChange::kSuspend}, "suspended", ""},
        {"suspended twice", {TokenChange::kSuspend, TokenChange::kSuspend}, "suspended", ""},
        {"resumed", {TokenChange::kSuspend, TokenChange::kResume}, "active", ""},
        {"resumed without need", {TokenChange::kResume}, "active", ""},
        {"suspended, then revoked", {TokenChange::kSuspend, TokenChange::kRevoke}, "revoked", ""},
        {"deleted", {TokenChange::kDelete}, "revoked", ""},
        {"deleted twice", {TokenChange::kDelete, TokenChange::kDelete}, "revoked", "unknown_token"},
        {"deleted, then resumed",
         {TokenChange::kDelete, TokenChange::kResume},
         "revoked",
         "unknown_token"},
        {"revoked, then deleted", {TokenChange::kRevoke, TokenChange::kDelete}, "revoked", ""},
        {"suspended, then deleted", {TokenChange::kSuspend, TokenChange::kDelete}, "revoked", ""},
    };
    for (const auto& row : rows) {
        const auto made = token(as_alice_, "billing", {"license:read"});
        std::string last;
        for (const auto step : row.steps) {
            last = reason_of(change(as_alice_, made.token.id.uuid(), step));
        }
        EXPECT_EQ(last, row.last_reason) << row.name;
        EXPECT_EQ(verdict(made), row.verdict) << row.name;
    }
}

TEST_F(ChangeTokenTest, AChangeThatChangesNothingMakesNoEvent) {
    ASSERT_TRUE(change(as_alice_, id_, TokenChange::kRevoke, "lost"));
    const auto before = revision();
    const auto again = change(as_alice_, id_, TokenChange::kRevoke, "another reason");
    ASSERT_TRUE(again);
    EXPECT_EQ(again->token.reason, "lost");
    EXPECT_EQ(revision(), before);
}

TEST_F(ChangeTokenTest, EachChangeIsOneEventThatNamesItsReason) {
    const auto before = revision();
    ASSERT_TRUE(change(as_alice_, id_, TokenChange::kSuspend, "on holiday"));
    const auto made = events(before);
    ASSERT_EQ(made.size(), 1U);
    EXPECT_EQ(made[0].type, "token.suspended");
    EXPECT_EQ(made[0].actor, "user/" + alice_.id.uuid());
    EXPECT_EQ(made[0].token, made_->token.id);
    EXPECT_NE(made[0].body.find("on holiday"), std::string::npos);
}

TEST_F(ChangeTokenTest, OtherPeoplesIdsAnswerExactlyAsUnknownOnes) {
    const std::string nobody = TokenId{}.uuid();
    const auto same = [](const Error& a, const Error& b) {
        EXPECT_EQ(a.code, b.code);
        EXPECT_EQ(a.reason, b.reason);
        EXPECT_EQ(a.message, b.message);
        EXPECT_EQ(a.hint, b.hint);
    };
    for (const auto kind : {TokenChange::kRevoke, TokenChange::kSuspend, TokenChange::kResume,
                            TokenChange::kDelete}) {
        const auto foreign = change(as_bob_, id_, kind);
        const auto unknown = change(as_bob_, nobody, kind);
        const auto nonsense = change(as_bob_, "no id at all", kind);
        ASSERT_FALSE(foreign);
        same(foreign.error(), unknown.error());
        same(foreign.error(), nonsense.error());
    }
    same(read(as_bob_, id_).error(), read(as_bob_, nobody).error());
    TokenEdit edit;
    edit.name = "mine now";
    EXPECT_EQ(reason_of(write<TokenDetails>([&](store::Transaction& tx) {
                  return edit_token(tx, as_bob_, *authority->directory().view(), id_, edit);
              })),
              "unknown_token");
    EXPECT_EQ(verdict(*made_), "active");
}

TEST_F(ChangeTokenTest, AnAdministratorMaySeeAndStopAnybodysToken) {
    EXPECT_TRUE(read(as_admin_, id_));
    EXPECT_TRUE(change(as_admin_, id_, TokenChange::kRevoke));
    EXPECT_EQ(verdict(*made_), "revoked");
}

TEST_F(ChangeTokenTest, ATokenNeedsTokenWriteToChangeEvenItself) {
    const auto reading = token(as_alice_, "latchkey", {"token:read"});
    const Actor actor = token_actor(reading);
    EXPECT_TRUE(read(actor, id_));
    EXPECT_EQ(reason_of(change(actor, reading.token.id.uuid(), TokenChange::kRevoke)),
              "insufficient_scope");
    const Actor foreign = token_actor(*made_);
    EXPECT_EQ(reason_of(read(foreign, id_)), "insufficient_scope");
}

TEST_F(ChangeTokenTest, EitherFormOfTheIdIsTaken) {
    EXPECT_TRUE(read(as_alice_, made_->token.id.shortuuid()));
    EXPECT_TRUE(change(as_alice_, made_->token.id.shortuuid(), TokenChange::kRevoke));
}

TEST_F(ChangeTokenTest, AReasonIsOneShortLine) {
    EXPECT_FALSE(change(as_alice_, id_, TokenChange::kRevoke, "two\nlines"));
    EXPECT_FALSE(change(as_alice_, id_, TokenChange::kRevoke, std::string(501, 'x')));
    EXPECT_EQ(verdict(*made_), "active");
}

TEST_F(ChangeTokenTest, ARenamingIsAnEventOnlyWhenItRenames) {
    const auto rename = [&](const std::string& name) {
        return write<TokenDetails>([&](store::Transaction& tx) {
            TokenEdit edit;
            edit.name = name;
            return edit_token(tx, as_alice_, *authority->directory().view(), id_, edit);
        });
    };
    const auto before = revision();
    EXPECT_EQ(rename("new").value().token.name, "new");
    EXPECT_TRUE(rename("new"));
    EXPECT_EQ(revision(), before + 1);
    EXPECT_EQ(reason_of(rename("\x1b]0;x\x07")), "bad_name");
}

// Whoever was let in before his token was revoked must not act after it: the writer looks again.
TEST_F(ChangeTokenTest, ARevokedTokenChangesNothingEvenIfItWasLetInBefore) {
    const auto key = token(as_alice_, "latchkey", {"token:write"});
    const Actor actor = token_actor(key);
    ASSERT_TRUE(change(as_alice_, key.token.id.uuid(), TokenChange::kRevoke));
    CreateToken wanted;
    wanted.api = "latchkey";
    wanted.scopes = {{"token:write"}};
    EXPECT_EQ(reason_of(create(actor, wanted)), "invalid_token");
    EXPECT_EQ(reason_of(change(actor, id_, TokenChange::kRevoke)), "invalid_token");
    EXPECT_EQ(verdict(*made_), "active");
}

TEST_F(ChangeTokenTest, ADisabledUserChangesNothingEvenIfHeWasLetInBefore) {
    EditUser disable;
    disable.state = store::UserState::kDisabled;
    ASSERT_TRUE(edit(as_admin_, alice_.id, disable));
    EXPECT_EQ(reason_of(change(as_alice_, id_, TokenChange::kRevoke)), "invalid_token");
}

// What a running server knows from events is what a fresh start reads from the rows.
TEST_F(ChangeTokenTest, AReplicaThatLivedAndOneThatWasLoadedSayTheSame) {
    std::mt19937 random(11);  // NOLINT: the same walk each time
    const auto pick = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
    std::vector<PreparedToken> tokens;
    const std::vector<Actor> owners = {as_alice_, as_bob_, as_admin_};
    for (int step = 0; step < 400; ++step) {
        clock.advance(std::chrono::seconds(pick(60)));
        if (pick(3) == 0 || tokens.empty()) {
            CreateToken wanted;
            wanted.api = pick(2) == 0 ? "billing" : "latchkey";
            wanted.kind = pick(2) == 0 ? store::TokenKind::kJwt : store::TokenKind::kOpaque;
            if (pick(3) == 0) wanted.expires_at = clock.now() + std::chrono::minutes(1 + pick(90));
            auto made = create(owners[pick(owners.size())], wanted);
            if (made) tokens.push_back(std::move(*made));
        } else if (pick(20) == 0) {
            EditUser change_of_state;
            change_of_state.state =
                pick(2) == 0 ? store::UserState::kDisabled : store::UserState::kActive;
            ASSERT_TRUE(edit(as_admin_, bob_.id, change_of_state));
        } else if (pick(60) == 0) {
            ASSERT_TRUE(authority->store().mutate([&](store::Transaction& tx) {
                return rotate_keys(authority->keys(), tx, "system",
                                   pick(2) == 0 ? Rotation::kOrderly : Rotation::kEmergency);
            }));
        } else {
            const auto kind = static_cast<TokenChange>(pick(4));
            (void)change(as_admin_, tokens[pick(tokens.size())].token.id.uuid(), kind);
        }
    }
    verify::Replica fresh;
    ASSERT_TRUE(load_replica(authority->store(), fresh, clock.now()));
    const auto fresh_reader = fresh.make_reader();
    EXPECT_EQ(fresh.position().revision, revision());
    std::map<std::string, int> seen;
    for (const auto& made : tokens) {
        const auto lived = verdict(made);
        const auto loaded = verdict(made, *fresh_reader);
        ++seen[lived];
        // A revoked token that has expired too is forgotten at a start.
        const bool is_forgotten = lived == "revoked" && loaded == "unknown" &&
                                  made.token.expires_at && *made.token.expires_at <= clock.now();
        EXPECT_TRUE(lived == loaded || is_forgotten) << lived << " but loaded " << loaded;
    }
    EXPECT_GE(seen.size(), 4U);  // else the walk was too tame to prove anything
}

TEST_F(ChangeTokenTest, ATokenResumesOnlyWhatItCouldMake) {
    const auto strong = token(as_alice_, "billing", {"license:read"});
    const auto id = strong.token.id.uuid();
    ASSERT_TRUE(change(as_alice_, id, TokenChange::kSuspend));
    const Actor weak = token_actor(token(as_alice_, "latchkey", {"token:write"}));
    EXPECT_EQ(reason_of(change(weak, id, TokenChange::kResume)), "insufficient_scope");
    EXPECT_EQ(verdict(strong), "suspended");
    EXPECT_TRUE(change(as_alice_, id, TokenChange::kResume));
}

}  // namespace
}  // namespace latchkey::authority
