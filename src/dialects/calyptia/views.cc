#include "dialects/calyptia/views.h"

#include "dialects/calyptia/permissions.h"

namespace latchkey::dialects::calyptia {
namespace {

json::array roles_of(store::ProjectRole role) {
    if (role == store::ProjectRole::kOwner) return {"creator"};
    if (role == store::ProjectRole::kAdmin) return {"admin"};
    return {};
}

}  // namespace

json::object token_view(const store::TokenRecord& token, std::string_view secret) {
    json::object view;
    view["id"] = token.id.uuid();
    view["token"] = secret;
    view["name"] = token.name;
    view["permissions"] = shown(token.scopes.value_or(std::vector<std::string>()));
    view["createdAt"] = format_rfc3339(token.created_at);
    return view;
}

json::object membership_view(const authority::Member& member) {
    const auto& membership = member.membership;
    json::object view;
    view["id"] = format_uuid(authority::member_id(membership.project, membership.user));
    view["userID"] = membership.user.uuid();
    view["projectID"] = membership.project.uuid();
    view["roles"] = roles_of(membership.role);
    view["permissions"] = shown(permissions_of_place(member.place));
    view["createdAt"] = format_rfc3339(membership.created_at);
    return view;
}

json::object member_view(const authority::Member& member) {
    auto view = membership_view(member);
    const auto& user = member.user;
    view["user"] = json::object{{"id", user.id.uuid()},
                                {"email", user.login},
                                {"name", user.name},
                                {"avatarURL", nullptr},
                                {"createdAt", format_rfc3339(user.created_at)},
                                {"updatedAt", format_rfc3339(user.updated_at)}};
    return view;
}

json::object deleted_view(Timestamp at) {
    return {{"deleted", true}, {"deletedAt", format_rfc3339(at)}};
}

}  // namespace latchkey::dialects::calyptia
