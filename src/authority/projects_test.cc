#include "authority/projects.h"

#include "authority/bootstrap.h"
#include "authority/facts_of_records.h"
#include "authority/project_testing.h"

namespace latchkey::authority {
namespace {

using testing::reason_of;

class ProjectsTest : public testing::ProjectTest {
protected:
    Result<ProjectView> get(const Actor& actor, const std::string& id) {
        return read<ProjectView>([&](store::Connection& db) { return get_project(db, actor, id); });
    }
    std::vector<std::string> names(const Actor& actor) {
        const auto views = read<std::vector<ProjectView>>(
            [&](store::Connection& db) { return list_projects(db, actor, std::nullopt, 200); });
        std::vector<std::string> found;
        for (const auto& view : views.value()) {
            found.push_back(view.project.name);
        }
        return found;
    }
};

TEST_F(ProjectsTest, WhoMakesOneOwnsIt) {
    const auto made = make_project(as_alice_, "checkout").value();
    EXPECT_EQ(made.role, "owner");
    EXPECT_EQ(get(as_alice_, made.project.id.uuid())->role, "owner");
    EXPECT_EQ(names(as_alice_), std::vector<std::string>{"checkout"});
    EXPECT_TRUE(names(as_bob_).empty());
}

TEST_F(ProjectsTest, AnotherPersonsProjectIsAnUnknownOne) {
    const auto id = project();
    const auto nobody = new_id<ProjectId>(clock.now()).uuid();
    for (const auto& asked : {id, nobody, std::string("nonsense"), std::string()}) {
        const auto refused = get(as_bob_, asked);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, ErrorCode::kNotFound);
        EXPECT_EQ(refused.error().message, no_such_project().message);
        EditProject edit;
        edit.name = "mine";
        EXPECT_EQ(reason_of(change_project(as_bob_, asked, edit)), "unknown_project");
        EXPECT_EQ(reason_of(remove_project(as_bob_, asked)), "unknown_project");
    }
}

TEST_F(ProjectsTest, AdministratorsSeeAndChangeEveryProject) {
    const auto id = project();
    EXPECT_EQ(get(as_admin_, id)->role, "");
    EditProject edit;
    edit.description = "of the shop";
    EXPECT_EQ(change_project(as_admin_, id, edit)->project.description, "of the shop");
    const auto sees = management(as_admin_, {"project:read", "project:write", "user:read"});
    EXPECT_TRUE(get(sees, id));
    EXPECT_EQ(reason_of(change_project(sees, id, edit)), "insufficient_scope");
}

TEST_F(ProjectsTest, ATokenDoesOnlyWhatItsScopesSay) {
    const auto id = project();
    const auto reads = management(as_alice_, {"project:read"});
    EXPECT_TRUE(get(reads, id));
    EXPECT_EQ(reason_of(make_project(reads, "more")), "insufficient_scope");
    EXPECT_EQ(reason_of(remove_project(reads, id)), "insufficient_scope");
    const auto writes = management(as_alice_, {"project:write"});
    EXPECT_EQ(reason_of(get(writes, id)), "insufficient_scope");
    EXPECT_TRUE(make_project(writes, "more"));
}

TEST_F(ProjectsTest, ANameStandsForOneOfOnesOwnProjects) {
    project("checkout");
    EXPECT_EQ(reason_of(make_project(as_alice_, "checkout")), "project_name_taken");
    EXPECT_TRUE(make_project(as_bob_, "checkout"));
    const auto other = project("other");
    EditProject edit;
    edit.name = "checkout";
    EXPECT_EQ(reason_of(change_project(as_alice_, other, edit)), "project_name_taken");
    edit.name = "other";
    EXPECT_TRUE(change_project(as_alice_, other, edit));
}

TEST_F(ProjectsTest, WhatIsWrongIsNamed) {
    EXPECT_EQ(reason_of(make_project(as_alice_, "")), "bad_name");
    EXPECT_EQ(reason_of(make_project(as_alice_, " x")), "bad_name");
    EXPECT_EQ(reason_of(make_project(as_alice_, std::string(65, 'x'))), "bad_name");
    EXPECT_TRUE(make_project(as_alice_, std::string(64, 'x')));
    const auto id = project();
    EditProject edit;
    edit.api = "nowhere";
    EXPECT_EQ(reason_of(change_project(as_alice_, id, edit)), "unknown_api");
    edit.api = "latchkey";
    EXPECT_EQ(reason_of(change_project(as_alice_, id, edit)), "management_api");
    edit.api = "https://billing.example.com";
    EXPECT_EQ(change_project(as_alice_, id, edit)->project.api_slug, "billing");
    edit.api = "";
    EXPECT_EQ(change_project(as_alice_, id, edit)->project.api_slug, "");
}

TEST_F(ProjectsTest, OnlyAnOwnerDeletes) {
    const auto id = project();
    ASSERT_TRUE(put(as_alice_, id, bob_.id, "admin"));
    EXPECT_EQ(reason_of(remove_project(as_bob_, id)), "owner_needed");
    EXPECT_TRUE(remove_project(as_alice_, id));
    EXPECT_EQ(reason_of(get(as_alice_, id)), "unknown_project");
    EXPECT_EQ(reason_of(get(as_admin_, id)), "unknown_project");
    EXPECT_EQ(reason_of(remove_project(as_alice_, id)), "unknown_project");
    EXPECT_TRUE(make_project(as_alice_, "checkout"));
}

TEST_F(ProjectsTest, DeletingEndsEveryRightInOneEventAndForGood) {
    const auto id = project();
    ASSERT_TRUE(put(as_alice_, id, bob_.id));
    const auto of_alice = token(as_alice_, "billing", {"license:read"});
    const auto of_bob = token(as_bob_, "billing", {"license:read"});
    for (const auto* made : {&of_alice, &of_bob}) {
        ASSERT_TRUE(add(as_admin_, id, *made));
        ASSERT_TRUE(allow(as_alice_, id, *made, {"license:read"}));
        ASSERT_EQ(may(*made, id, "license:read"), "active");
    }
    ASSERT_TRUE(set(as_alice_, id, store::PrincipalKind::kUser, bob_.id.uuid(),
                    testing::policy_text("Allow", {"license:*"})));
    const auto before = revision();
    ASSERT_TRUE(remove_project(as_alice_, id));
    EXPECT_EQ(revision(), before + 1);
    EXPECT_EQ(events(before).at(0).type, "project.deleted");
    for (const auto* made : {&of_alice, &of_bob}) {
        EXPECT_EQ(may(*made, id, "license:read"), "insufficient_scope");
        EXPECT_EQ(verdict(*made), "active");  // elsewhere nothing changed
    }
    reopen();
    EXPECT_EQ(may(of_bob, id, "license:read"), "insufficient_scope");
    const auto grants = read<std::vector<store::GrantRecord>>([&](store::Connection& db) {
        return store::list_grants(db, {.project = *ProjectId::parse(id)});
    });
    EXPECT_TRUE(grants->empty());
}

TEST_F(ProjectsTest, DeletingDisablesTheProjectsOwnUser) {
    const auto id = project();
    store::UserRecord own;
    own.id = UserId{ProjectId::parse(id)->bytes};
    own.kind = store::UserKind::kProject;
    own.login = id;
    own.name = "checkout";
    own.roles = {built_in_role("member")};
    own.created_at = own.updated_at = clock.now();
    ASSERT_TRUE(run([&](store::Transaction& tx) -> Status {
        TRY(store::insert_user(tx.connection(), own));
        store::EventDraft event;
        event.type = "user.created";
        event.actor = "system";
        event.data = json::object{{"facts", {verify::to_json(fact_of(own))}}};
        TRY(tx.append_event(std::move(event)));
        return {};
    }));
    ASSERT_TRUE(remove_project(as_alice_, id));
    const auto found = read<std::optional<store::UserRecord>>(
        [&](store::Connection& db) { return store::find_user(db, own.id); });
    EXPECT_EQ(found->value().state, store::UserState::kDisabled);
    const verify::ReadGuard guard(*reader);
    std::vector<std::string> patterns;
    EXPECT_FALSE(reader->find_user_patterns(own.id, "billing", patterns));
}

TEST_F(ProjectsTest, AListHasPagesAndShowsEachProjectOnce) {
    for (int i = 0; i < 7; ++i) {
        clock.advance(std::chrono::milliseconds(1));
        project("p" + std::to_string(i));
    }
    std::vector<std::string> seen;
    std::optional<ProjectId> after;
    while (true) {
        const auto page = read<std::vector<ProjectView>>([&](store::Connection& db) {
                              return list_projects(db, as_alice_, after, 3);
                          }).value();
        for (const auto& view : page) {
            seen.push_back(view.project.name);
        }
        if (page.size() < 3) break;
        after = page.back().project.id;
    }
    EXPECT_EQ(seen, (std::vector<std::string>{"p0", "p1", "p2", "p3", "p4", "p5", "p6"}));
}

TEST_F(ProjectsTest, TheNewestComeFirstWhereThatIsAsked) {
    clock.advance(std::chrono::seconds(1));
    project("one");
    clock.advance(std::chrono::seconds(1));
    project("two");
    clock.advance(std::chrono::seconds(1));
    ASSERT_TRUE(make_project(as_bob_, "three"));
    const auto newest = [&](const Actor& actor, store::NewestProjects query) {
        std::string found;
        const auto views = read<std::vector<ProjectView>>(
            [&](store::Connection& db) { return list_newest_projects(db, actor, query); });
        for (const auto& view : views.value()) {
            found += view.project.name + " ";
        }
        return found;
    };
    EXPECT_EQ(newest(as_alice_, {}), "two one ");
    EXPECT_EQ(newest(as_alice_, {.member = bob_.id}), "two one ");
    EXPECT_EQ(newest(as_admin_, {}), "three two one default ");
    EXPECT_EQ(newest(as_admin_, {.limit = 2}), "three two ");
    EXPECT_EQ(newest(as_alice_, {.name = "one"}), "one ");
    EXPECT_EQ(newest(as_alice_, {.name = "three"}), "");
    const auto two = read<std::vector<ProjectView>>([&](store::Connection& db) {
                         return list_newest_projects(db, as_alice_, {.limit = 1});
                     }).value();
    EXPECT_EQ(newest(as_admin_, {.before = two[0].project.id, .name = "one"}), "one ");
}

TEST_F(ProjectsTest, WhoWasDisabledMeanwhileChangesNothing) {
    const auto id = project();
    EditUser edit_wanted;
    edit_wanted.state = store::UserState::kDisabled;
    ASSERT_TRUE(edit(as_admin_, alice_.id, edit_wanted));
    EXPECT_EQ(reason_of(remove_project(as_alice_, id)), "invalid_token");
    EXPECT_EQ(reason_of(make_project(as_alice_, "more")), "invalid_token");
}

}  // namespace
}  // namespace latchkey::authority
