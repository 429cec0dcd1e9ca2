// For tests with projects: the use cases in one line each, and what judge says in a project.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "authority/grants.h"
#include "authority/members.h"
#include "authority/projects.h"
#include "authority/roles.h"
#include "authority/testing.h"
#include "crypto/random.h"

namespace latchkey::authority::testing {

inline std::string policy_text(const std::string& effect, const std::vector<std::string>& actions,
                               const std::string& resource = "*") {
    PolicyStatement statement;
    statement.effect = effect == "Deny" ? Effect::kDeny : Effect::kAllow;
    statement.actions = actions;
    statement.resources = {resource};
    Policy policy;
    policy.statements.push_back(std::move(statement));
    return to_text(policy);
}

class ProjectTest : public AuthorityTest {
protected:
    using Kind = store::PrincipalKind;

    Result<ProjectView> make_project(const Actor& actor, const std::string& name) {
        return write<ProjectView>([&](store::Transaction& tx) {
            CreateProject wanted;
            wanted.name = name;
            return create_project(tx, actor, *authority->directory().view(), wanted);
        });
    }
    // Owned by alice.
    std::string project(const std::string& name = "checkout") {
        return make_project(as_alice_, name).value().project.id.uuid();
    }
    Result<ProjectView> change_project(const Actor& actor, const std::string& id,
                                       const EditProject& edit) {
        return write<ProjectView>([&](store::Transaction& tx) {
            return edit_project(tx, actor, *authority->directory().view(), id, edit);
        });
    }
    Status remove_project(const Actor& actor, const std::string& id) {
        return run([&](store::Transaction& tx) { return delete_project(tx, actor, id); });
    }
    Result<PrincipalView> put(const Actor& actor, const std::string& project, const UserId& user,
                              const std::optional<std::string>& role = std::nullopt) {
        return write<PrincipalView>([&](store::Transaction& tx) {
            return put_member(tx, actor, project, user.uuid(), role);
        });
    }
    Status remove(const Actor& actor, const std::string& project, const UserId& user) {
        return run(
            [&](store::Transaction& tx) { return remove_member(tx, actor, project, user.uuid()); });
    }
    Result<PrincipalView> add(const Actor& actor, const std::string& project,
                              const PreparedToken& token) {
        return write<PrincipalView>([&](store::Transaction& tx) {
            return add_token(tx, actor, project, token.token.id.uuid());
        });
    }
    Result<Policy> set(const Actor& actor, const std::string& project, Kind kind,
                       const std::string& id, const std::string& text) {
        return write<Policy>([&](store::Transaction& tx) {
            return set_policy(tx, actor, *authority->directory().view(), {project, kind, id}, text);
        });
    }
    Result<Policy> allow(const Actor& actor, const std::string& project, const PreparedToken& token,
                         const std::vector<std::string>& actions) {
        return set(actor, project, Kind::kToken, token.token.id.uuid(),
                   policy_text("Allow", actions));
    }
    Result<store::RoleRecord> role(const Actor& actor, const std::string& name,
                                   const Rights& patterns) {
        return write<store::RoleRecord>([&](store::Transaction& tx) {
            return create_role(tx, actor, *authority->directory().view(), name, patterns);
        });
    }
    Result<store::RoleRecord> change_role(const Actor& actor, const RoleId& id,
                                          const EditRole& edit) {
        return write<store::RoleRecord>([&](store::Transaction& tx) {
            return edit_role(tx, actor, *authority->directory().view(), id.uuid(), edit);
        });
    }
    // "active", "insufficient_scope" …: what a check in the project would say.
    std::string may(const PreparedToken& token, const std::string& project, std::string_view action,
                    std::string_view resource = "*") {
        const verify::ReadGuard guard(*reader);
        verify::TokenView view;
        if (!reader->find(sha256(token.text.expose()), view)) return "unknown";
        const auto id = ProjectId::parse(project);
        (void)reader->find_grant(*id, view);
        const std::array<std::string_view, 1> scopes = {action};
        verify::Requirement wanted;
        wanted.api_slug = token.api_slug;
        wanted.scopes = scopes;
        wanted.project = *id;
        wanted.resource = resource;
        return std::string(verify::verdict_name(verify::judge(view, wanted, clock.now()).verdict));
    }
    template <typename T>
    Result<T> read(const std::function<Result<T>(store::Connection&)>& work) {
        return authority->store().query<T>(work);
    }
    Status run(const std::function<Status(store::Transaction&)>& work) {
        return authority->store().mutate(work);
    }
    // Another session of the same person, whose rights are those of now.
    Actor again(const Actor& actor) { return session_of(actor.user); }
    Actor management(const Actor& actor, std::vector<std::string> scopes) {
        return token_actor(token(actor, "latchkey", std::move(scopes)));
    }
};

}  // namespace latchkey::authority::testing
