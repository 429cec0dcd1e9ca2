// /v1/projects/{id}/members and /v1/members/{id}.
#include "authority/members.h"

#include <algorithm>

#include "api/body.h"
#include "dialects/calyptia/pages.h"
#include "dialects/calyptia/permissions.h"
#include "dialects/calyptia/routes.h"
#include "dialects/calyptia/views.h"

namespace latchkey::dialects::calyptia {
namespace {

using authority::Member;

// Before anything is changed, so that nobody waits for the search.
Result<Member> get_member(const api::Call& call) {
    const auto id = TRY(id_parameter(call, "member"));
    using Found = std::optional<Member>;
    auto found = TRY(call.services.authority.store().query<Found>([&](store::Connection& db) {
        return authority::find_member(db, call.actor(), *parse_uuid(id));
    }));
    if (!found) return authority::no_such_principal();
    return std::move(*found);
}

// The place that gives these permissions; nothing: the one that he has does.
Result<std::optional<std::string>> place_for(const Member& member,
                                             std::vector<std::string> permissions) {
    auto had = permissions_of_place(member.place);
    std::sort(had.begin(), had.end());
    std::sort(permissions.begin(), permissions.end());
    if (had == permissions) return std::optional<std::string>();
    if (permissions.size() == kPermissions.size()) return std::optional<std::string>("admin");
    if (permissions == std::vector<std::string>{"read:*"}) {
        return std::optional<std::string>("member");
    }
    return Error{ErrorCode::kInvalidArgument, "invalid permission"}.with_hint(
        "members have all four permissions or read:* alone; tokens take any of them");
}

}  // namespace

Result<http::Response> get_members(api::Call& call) {
    const auto project = TRY(id_parameter(call, "project"));
    const auto page = TRY(read_page(call, "members of " + project));
    using Members = std::vector<Member>;
    auto found = call.services.authority.store().query<Members>([&](store::Connection& db) {
        return authority::list_memberships(db, call.actor(), project,
                                           {.before = page.before, .limit = page.last + 1});
    });
    if (!found && found.error().reason == "bad_query") {
        // Who was the last one of the page before has left.
        return Error{ErrorCode::kInvalidArgument, "decode cursor"};
    }
    auto members = TRY(std::move(found));
    const bool has_more = members.size() > page.last;
    if (has_more) members.pop_back();
    json::array list;
    for (const auto& member : members) {
        list.push_back(member_view(member));
    }
    auto response = api::json_answer(200, std::move(list));
    if (has_more && !members.empty()) {
        const auto& last = members.back().membership;
        add_next_link(call, page, authority::member_id(last.project, last.user), response);
    }
    return response;
}

Result<http::Response> patch_member(api::Call& call) {
    const auto member = TRY(get_member(call));
    auto body = TRY(api::Body::parse(call.request()));
    auto permissions = TRY(body.optional_texts("permissions"));
    std::optional<std::string> place;
    if (permissions) {
        permissions = TRY(expanded(permissions));
        place = TRY(place_for(member, *permissions));
    }
    TRY(call.services.authority.store().mutate([&](store::Transaction& tx) -> Status {
        TRY(authority::change_member(tx, call.actor(), member.membership, place));
        return {};
    }));
    return api::no_content();
}

Result<http::Response> delete_member(api::Call& call) {
    const auto member = TRY(get_member(call));
    Timestamp at;
    TRY(call.services.authority.store().mutate(
        [&](store::Transaction& tx) -> Status {
            at = tx.now();
            return authority::remove_member(tx, call.actor(), member.membership.project.uuid(),
                                            member.membership.user.uuid());
        },
        true));
    return api::json_answer(200, deleted_view(at));
}

}  // namespace latchkey::dialects::calyptia
