#include "authority/restore_projects.h"

#include "authority/facts_of_records.h"
#include "authority/rights.h"
#include "token/policy.h"

namespace latchkey::authority {
namespace {

// One run over the copy: what it changed, as facts.
class Cut {
public:
    Cut(store::Transaction& tx, const PresentProjects& present, json::array& facts)
        : tx_(tx), db_(tx.connection()), present_(present), facts_(facts) {}

    Status run() {
        TRY(cut_roles());
        TRY(delete_projects());
        TRY(cut_members());
        TRY(cut_policies());
        return limit_users();
    }
    [[nodiscard]] std::size_t count() const { return count_; }

private:
    Status cut_roles();
    Status delete_projects();
    Status delete_project(store::ProjectRecord project);
    Status cut_members();
    Status cut_member(const store::MembershipRecord& then);
    Status remove_member(const store::MembershipRecord& then);
    Status remove(const store::GrantRecord& grant);
    Status cut_policies();
    Status give_nothing(store::GrantRecord grant);
    Status limit_users();
    void add(const verify::Fact& fact) { facts_.push_back(verify::to_json(fact)); }

    store::Transaction& tx_;
    store::Connection& db_;
    const PresentProjects& present_;
    json::array& facts_;
    std::size_t count_{0};
};

Result<std::vector<store::ProjectRecord>> all_projects(store::Connection& db) {
    std::vector<store::ProjectRecord> all;
    store::ProjectQuery query;
    query.limit = 200;
    while (true) {
        auto page = TRY(store::list_projects(db, query));
        for (auto& project : page) {
            query.after = project.id;
            all.push_back(std::move(project));
        }
        if (page.size() < query.limit) return all;
    }
}

std::string text_of(const Rights& rights) {
    json::object patterns;
    for (const auto& [api, list] : rights) {
        json::array items;
        for (const auto& pattern : list) {
            items.emplace_back(pattern);
        }
        patterns[api] = std::move(items);
    }
    return canonical_json(patterns);
}

// Built-in roles are what this version says they are: the next start sees to it.
Status Cut::cut_roles() {
    for (auto& role : TRY(store::list_roles(db_))) {
        if (role.is_built_in) continue;
        const auto now = present_.roles.find(role.id);
        if (now != present_.roles.end() && now->second.patterns_json == role.patterns_json) {
            continue;
        }
        Rights rights;
        if (now != present_.roles.end()) {
            const Rights left = TRY(rights_of(role));
            const Rights right = TRY(rights_of(now->second));
            rights = intersection(left, right);
        }
        role.patterns_json = text_of(rights);
        TRY(store::update_role(db_, role));
        add(TRY(fact_of(role)));
        ++count_;
    }
    return {};
}

Status Cut::delete_projects() {
    for (auto& project : TRY(all_projects(db_))) {
        if (!present_.projects.contains(project.id)) TRY(delete_project(std::move(project)));
    }
    return {};
}

// With the user of its own tokens, so that they die too.
Status Cut::delete_project(store::ProjectRecord project) {
    project.updated_at = tx_.now();
    project.deleted_at = tx_.now();
    TRY(store::update_project(db_, project));
    add(fact_of(project));
    ++count_;
    auto own = TRY(store::find_user(db_, UserId{project.id.bytes}));
    if (!own || own->kind != store::UserKind::kProject) return {};
    own->state = store::UserState::kDisabled;
    own->updated_at = tx_.now();
    TRY(store::update_user(db_, *own));
    add(fact_of(*own));
    return {};
}

Status Cut::cut_members() {
    std::vector<store::MembershipRecord> members;
    TRY(store::for_each_membership(db_, [&](const store::MembershipRecord& then) -> Status {
        members.push_back(then);
        return {};
    }));
    for (const auto& then : members) {
        TRY(cut_member(then));
    }
    return {};
}

Status Cut::cut_member(const store::MembershipRecord& then) {
    const auto found = present_.members.find({then.project, then.user});
    if (found == present_.members.end()) return remove_member(then);
    const auto& now = found->second;
    if (now.role == then.role && now.custom_role == then.custom_role) return {};
    // The least of both. Built-in places are in order; beside a custom one nobody can say.
    if (now.custom_role || then.custom_role) return remove_member(then);
    if (now.role < then.role) return {};
    auto lowered = then;
    lowered.role = now.role;
    TRY(store::put_membership(db_, lowered));
    add(fact_of(lowered));
    ++count_;
    return {};
}

// As when somebody removes a member: the rights of his tokens there go with him.
Status Cut::remove_member(const store::MembershipRecord& then) {
    TRY(store::delete_membership(db_, then.project, then.user));
    auto fact = fact_of(then);
    fact.is_removed = true;
    add(fact);
    ++count_;
    for (const auto& grant : TRY(store::grants_of_owner(db_, then.project, then.user))) {
        TRY(remove(grant));
    }
    return {};
}

Status Cut::remove(const store::GrantRecord& grant) {
    TRY(store::delete_grant(db_, grant.project, grant.kind, grant.principal));
    auto fact = fact_of(grant);
    fact.is_removed = true;
    add(fact);
    ++count_;
    return {};
}

Status Cut::cut_policies() {
    std::vector<store::GrantRecord> gone;
    std::vector<store::GrantRecord> changed;
    TRY(store::for_each_grant(db_, [&](const store::GrantRecord& then) -> Status {
        if (then.kind != store::PrincipalKind::kToken) return {};
        const auto now = present_.token_policies.find({then.project, TokenId{then.principal}});
        if (now == present_.token_policies.end()) {
            gone.push_back(then);
        } else if (now->second != sha256(then.policy_json)) {
            changed.push_back(then);
        }
        return {};
    }));
    for (const auto& grant : gone) {
        TRY(remove(grant));
    }
    for (const auto& grant : changed) {
        TRY(give_nothing(grant));
    }
    return {};
}

Status Cut::give_nothing(store::GrantRecord grant) {
    grant.policy_json = to_text(Policy{});
    grant.updated_at = tx_.now();
    TRY(store::put_grant(db_, grant));
    add(fact_of(grant));
    ++count_;
    return {};
}

// A policy of a member's own limits his tokens. One that he got since is put back; one that was
// changed since gives nothing.
Status Cut::limit_users() {
    for (const auto& [place, text] : present_.user_policies) {
        const auto& [project, user] = place;
        const auto then =
            TRY(store::find_grant(db_, project, store::PrincipalKind::kUser, user.bytes));
        if (then && then->policy_json == text) continue;
        store::GrantRecord grant;
        if (then) {
            grant = *then;
        } else {
            if (!TRY(store::find_project(db_, project))) continue;
            if (!TRY(store::find_user(db_, user))) continue;
            grant.project = project;
            grant.kind = store::PrincipalKind::kUser;
            grant.principal = user.bytes;
            grant.created_at = tx_.now();
        }
        grant.policy_json = then ? to_text(Policy{}) : text;
        grant.updated_at = tx_.now();
        TRY(store::put_grant(db_, grant));
        add(fact_of(grant));
        ++count_;
    }
    return {};
}

}  // namespace

Status read_projects(store::Connection& db, PresentProjects& present) {
    for (const auto& project : TRY(all_projects(db))) {
        present.projects.insert(project.id);
    }
    TRY(store::for_each_membership(db, [&](const store::MembershipRecord& now) -> Status {
        present.members.emplace(std::pair(now.project, now.user), now);
        return {};
    }));
    TRY(store::for_each_grant(db, [&](const store::GrantRecord& now) -> Status {
        if (now.kind == store::PrincipalKind::kUser) {
            present.user_policies.emplace(std::pair(now.project, UserId{now.principal}),
                                          now.policy_json);
        } else {
            present.token_policies.emplace(std::pair(now.project, TokenId{now.principal}),
                                           sha256(now.policy_json));
        }
        return {};
    }));
    for (auto& role : TRY(store::list_roles(db))) {
        const RoleId id = role.id;
        present.roles.emplace(id, std::move(role));
    }
    return {};
}

Result<std::size_t> keep_taken(store::Transaction& tx, const PresentProjects& present,
                               json::array& facts) {
    Cut cut(tx, present, facts);
    TRY(cut.run());
    return cut.count();
}

Result<UsedAssertions> read_assertions(store::Connection& db) {
    UsedAssertions used;
    TRY(store::for_each_assertion(db, [&](const Digest& mark, Timestamp expires_at) -> Status {
        used.emplace_back(mark, expires_at);
        return {};
    }));
    return used;
}

Status keep_assertions(store::Connection& db, const UsedAssertions& used) {
    for (const auto& [mark, expires_at] : used) {
        // Whether the backup has it already does not matter.
        TRY(store::insert_assertion(db, mark, expires_at));
    }
    return {};
}

Status keep_revoked_access(store::Connection& db,
                           const std::vector<store::RevokedAccessRecord>& revoked,
                           json::array& facts) {
    for (const auto& one : revoked) {
        const bool is_new = TRY(store::insert_revoked_access(db, one));
        if (is_new) facts.push_back(verify::to_json(fact_of(one)));
    }
    return {};
}

}  // namespace latchkey::authority
