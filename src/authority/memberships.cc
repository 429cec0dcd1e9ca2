#include "authority/memberships.h"

#include <algorithm>
#include <utility>

#include "crypto/digest.h"

namespace latchkey::authority {
namespace {

Result<Member> member_of(store::Connection& db, const store::MembershipRecord& membership) {
    auto user = TRY(store::find_user(db, membership.user));
    if (!user) return Error{ErrorCode::kInternal, "a membership has a user who does not exist"};
    // His place is what he would have without any permission of his own.
    Actor as_member;
    as_member.user = membership.user;
    auto access = TRY(access_to_project(db, as_member, membership.project.uuid()));
    return Member{membership, std::move(*user), std::move(access.place)};
}

// Every membership of the projects that he is in himself.
template <typename Visit>
Status for_each_beside(store::Connection& db, const UserId& user, const Visit& visit) {
    store::ProjectQuery query;
    query.member = user;
    query.limit = 200;
    while (true) {
        const auto projects = TRY(store::list_projects(db, query));
        for (const auto& project : projects) {
            for (const auto& membership : TRY(store::list_members(db, project.id))) {
                TRY(visit(membership));
            }
        }
        if (projects.size() < query.limit) return {};
        query.after = projects.back().id;
    }
}

}  // namespace

UuidBytes member_id(const ProjectId& project, const UserId& user) {
    const Digest digest =
        sha256("latchkey member ", std::string(project.raw()) + std::string(user.raw()));
    UuidBytes id{};
    std::copy_n(digest.begin(), id.size(), id.begin());
    id[6] = static_cast<std::uint8_t>((id[6] & 0x0FU) | 0x80U);  // RFC 9562 §5.8
    id[8] = static_cast<std::uint8_t>((id[8] & 0x3FU) | 0x80U);
    return id;
}

Result<std::vector<Member>> list_memberships(store::Connection& db, const Actor& actor,
                                             std::string_view project, const MemberQuery& query) {
    TRY(actor.require("project:read"));
    const auto access = TRY(access_to_project(db, actor, project));
    TRY(access.require("project:read"));
    auto records = TRY(store::list_members(db, access.project.id));
    std::sort(records.begin(), records.end(), [](const auto& one, const auto& other) {
        return std::pair(one.created_at, one.user) > std::pair(other.created_at, other.user);
    });
    auto from = records.begin();
    if (query.before) {
        from = std::find_if(records.begin(), records.end(), [&](const auto& record) {
            return member_id(record.project, record.user) == *query.before;
        });
        if (from == records.end()) return invalid("this cursor names no member", "bad_query");
        ++from;
    }
    std::vector<Member> members;
    for (; from != records.end() && members.size() < query.limit; ++from) {
        auto member = TRY(member_of(db, *from));
        members.push_back(std::move(member));
    }
    return members;
}

Result<std::optional<Member>> find_member(store::Connection& db, const Actor& actor,
                                          const UuidBytes& id) {
    std::optional<store::MembershipRecord> found;
    const auto look_at = [&](const store::MembershipRecord& membership) -> Status {
        if (member_id(membership.project, membership.user) == id) found = membership;
        return {};
    };
    if (actor.may("user:read") || actor.may("user:write")) {
        TRY(store::for_each_membership(db, look_at));
    } else {
        TRY(for_each_beside(db, actor.user, look_at));
    }
    if (!found) return std::optional<Member>();
    auto member = TRY(member_of(db, *found));
    return std::optional(std::move(member));
}

Result<std::optional<Member>> own_membership(store::Connection& db, const Actor& actor,
                                             const ProjectId& project) {
    const auto membership = TRY(store::find_membership(db, project, actor.user));
    if (!membership) return std::optional<Member>();
    auto member = TRY(member_of(db, *membership));
    return std::optional(std::move(member));
}

}  // namespace latchkey::authority
