#include "verify/project_table.h"

#include <utility>

namespace latchkey::verify {
namespace {

template <typename Tag>
std::uint64_t wide_hash(const Id<Tag>& id) {
    return IdHash<Tag>{}(id);
}

std::uint32_t upper(std::uint64_t hash) {
    return static_cast<std::uint32_t>(hash >> 32);
}

std::uint32_t hash_of_principal(PrincipalKind kind, const UuidBytes& principal) {
    return upper(wide_hash(TokenId{principal}) ^ static_cast<std::uint64_t>(kind) << 60);
}

std::uint32_t hash_of_place(const ProjectId& project, const UuidBytes& principal) {
    return upper(wide_hash(project) * 3 + wide_hash(TokenId{principal}));
}

// About what a parsed document takes beside its text.
constexpr std::size_t kPolicyFactor = 3;

}  // namespace

ProjectTable::ProjectTable(Epochs& epochs, Rights& rights)
    : epochs_(epochs),
      rights_(rights),
      projects_by_id_(epochs),
      grants_by_place_(epochs),
      grants_by_principal_(epochs),
      memberships_by_place_(epochs) {}

ProjectTable::~ProjectTable() = default;

bool ProjectTable::is_live(const ProjectId& project) const {
    const std::uint32_t slot = projects_by_id_.find(
        upper(wide_hash(project)), [&](std::uint32_t at) { return projects_[at].id == project; });
    return slot != IndexTable::kNone && projects_[slot].is_live.load();
}

const ProjectTable::Grant* ProjectTable::find(const ProjectId& project, PrincipalKind kind,
                                              const UuidBytes& principal) const {
    const std::uint32_t slot =
        grants_by_place_.find(hash_of_place(project, principal), [&](std::uint32_t at) {
            const Grant& grant = grants_[at];
            return grant.kind == kind && grant.project == project && grant.principal == principal;
        });
    return slot == IndexTable::kNone ? nullptr : &grants_[slot];
}

const ProjectTable::Membership* ProjectTable::find(const ProjectId& project,
                                                   const UserId& user) const {
    const std::uint32_t slot =
        memberships_by_place_.find(hash_of_place(project, user.bytes), [&](std::uint32_t at) {
            return memberships_[at].project == project && memberships_[at].user == user;
        });
    return slot == IndexTable::kNone ? nullptr : &memberships_[slot];
}

bool ProjectTable::find_grant(const ProjectId& project, TokenView& view) const {
    view.grant.reset();
    if (!is_live(project)) return false;
    const Grant* const grant = find(project, PrincipalKind::kToken, view.token.bytes);
    if (grant == nullptr || !grant->is_live.load()) return false;

    GrantView& found = view.grant.emplace();
    found.project = project;
    const SharedPolicy* const policy = grant->policy.load();
    if (policy != nullptr) {
        found.policy = &policy->policy;
        found.everywhere = policy->everywhere;
    }
    const Grant* const of_owner = find(project, PrincipalKind::kUser, view.owner.bytes);
    if (of_owner != nullptr && of_owner->is_live.load()) {
        const SharedPolicy* const limit = of_owner->policy.load();
        if (limit != nullptr) {
            found.owner_policy = &limit->policy;
            found.owner_everywhere = limit->everywhere;
        }
    }
    const Membership* const membership = find(project, view.owner);
    const std::uint32_t role_set = membership == nullptr ? 0 : membership->role_set.load();
    if (role_set != 0) {
        found.owner_is_limited = true;
        const std::uint32_t api = rights_.find_api(view.api_slug);
        if (api != Rights::kNone) found.member_patterns = rights_.patterns(role_set, api).items;
    }
    return true;
}

std::vector<ProjectId> ProjectTable::projects_of(const TokenId& token, std::size_t most) const {
    std::vector<ProjectId> found;
    const auto collect = [&](std::uint32_t at) {
        const Grant& grant = grants_[at];
        if (grant.kind == PrincipalKind::kToken && grant.principal == token.bytes &&
            grant.is_live.load() && is_live(grant.project) && found.size() < most) {
            found.push_back(grant.project);
        }
        return false;
    };
    static_cast<void>(
        grants_by_principal_.find(hash_of_principal(PrincipalKind::kToken, token.bytes), collect));
    return found;
}

void ProjectTable::set(const ProjectFact& fact) {
    const std::uint32_t hash = upper(wide_hash(fact.id));
    std::uint32_t slot =
        projects_by_id_.find(hash, [&](std::uint32_t at) { return projects_[at].id == fact.id; });
    if (slot == IndexTable::kNone) {
        slot = projects_.allocate();
        projects_[slot].id = fact.id;
        projects_by_id_.insert(hash, slot);
    }
    projects_[slot].is_live.store(!fact.is_deleted);
}

void ProjectTable::set(const MembershipFact& fact) {
    std::uint32_t role_set = 0;
    if (!fact.is_removed && fact.custom_role) role_set = rights_.role_set_of(*fact.custom_role);
    const std::uint32_t hash = hash_of_place(fact.project, fact.user.bytes);
    std::uint32_t slot = memberships_by_place_.find(hash, [&](std::uint32_t at) {
        return memberships_[at].project == fact.project && memberships_[at].user == fact.user;
    });
    if (slot == IndexTable::kNone) {
        if (role_set == 0) return;  // a built-in role limits nothing: no row needed
        slot = memberships_.allocate();
        memberships_[slot].project = fact.project;
        memberships_[slot].user = fact.user;
        memberships_[slot].role_set.store(role_set);
        memberships_by_place_.insert(hash, slot);
        return;
    }
    memberships_[slot].role_set.store(role_set);
}

void ProjectTable::set(const GrantFact& fact) {
    const std::uint32_t hash = hash_of_place(fact.project, fact.principal);
    std::uint32_t slot = grants_by_place_.find(hash, [&](std::uint32_t at) {
        const Grant& grant = grants_[at];
        return grant.kind == fact.kind && grant.project == fact.project &&
               grant.principal == fact.principal;
    });
    const bool is_new = slot == IndexTable::kNone;
    if (is_new) {
        if (fact.is_removed) return;
        slot = grants_.allocate();
        grants_[slot].project = fact.project;
        grants_[slot].kind = fact.kind;
        grants_[slot].principal = fact.principal;
    }
    Grant& grant = grants_[slot];
    const SharedPolicy* const next =
        !fact.is_removed && fact.policy ? intern(*fact.policy) : nullptr;
    // A user's policy is a limit: it must stand before he counts as having one, and go after.
    if (fact.is_removed) grant.is_live.store(false);
    const SharedPolicy* const old = grant.policy.exchange(next);
    if (!fact.is_removed) grant.is_live.store(true);
    if (old != nullptr) release(old);
    if (is_new) {
        grants_by_place_.insert(hash, slot);
        grants_by_principal_.insert(hash_of_principal(fact.kind, fact.principal), slot);
    }
}

const ProjectTable::SharedPolicy* ProjectTable::intern(const std::string& text) {
    const auto known = policies_.find(text);
    if (known != policies_.end()) {
        ++known->second->users;
        return known->second.get();
    }
    auto shared = std::make_unique<SharedPolicy>();
    // What cannot be read allows nothing: neither to a token, nor to the tokens it limits.
    auto parsed = parse_policy(text);
    if (parsed) shared->policy = std::move(parsed).value();
    shared->everywhere = allowed_everywhere(shared->policy);
    shared->text = text;
    shared->users = 1;
    policy_bytes_ += kPolicyFactor * text.size();
    return policies_.emplace(text, std::move(shared)).first->second.get();
}

void ProjectTable::release(const SharedPolicy* policy) {
    const auto known = policies_.find(policy->text);
    if (--known->second->users > 0) return;
    policy_bytes_ -= kPolicyFactor * policy->text.size();
    const SharedPolicy* const last = known->second.release();
    policies_.erase(known);
    epochs_.retire([last] { delete last; });
}

std::size_t ProjectTable::bytes() const {
    return projects_.bytes() + projects_by_id_.bytes() + grants_.bytes() +
           grants_by_place_.bytes() + grants_by_principal_.bytes() + memberships_.bytes() +
           memberships_by_place_.bytes() + policy_bytes_.load();
}

}  // namespace latchkey::verify
