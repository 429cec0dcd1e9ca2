// /v1/users.
#include "authority/users.h"

#include "api/body.h"
#include "api/create_once.h"
#include "api/edited_text.h"
#include "api/handlers.h"
#include "api/invites.h"
#include "api/views.h"
#include "authority/setup.h"

namespace latchkey::api {
namespace {

Result<std::vector<store::RoleRecord>> all_roles(Services& services) {
    return services.authority.store().query<std::vector<store::RoleRecord>>(store::list_roles);
}

Result<http::Response> user_answer(Call& call, int status, const store::UserRecord& user) {
    const auto roles = TRY(all_roles(call.services));
    return json_answer(status, user_view(user, roles, *call.services.authority.directory().view()));
}

Result<store::UserRecord> read_user(Call& call, const UserId& id) {
    return call.services.authority.store().query<store::UserRecord>(
        [&](store::Connection& db) { return authority::get_user(db, id); });
}

Result<http::Response> create_machine(Call& call, const authority::CreateUser& wanted) {
    const auto apis = call.services.authority.directory().view();
    return create_once(call, [&](store::Transaction& tx) -> Result<json::object> {
        const auto user = TRY(authority::create_user(tx, call.actor(), *apis, wanted));
        const auto roles = TRY(store::list_roles(tx.connection()));
        return user_view(user, roles, *apis);
    });
}

}  // namespace

Result<http::Response> get_me(Call& call) {
    const auto user = TRY(read_user(call, call.actor().user));
    const auto roles = TRY(all_roles(call.services));
    auto view = user_view(user, roles, *call.services.authority.directory().view());
    view["presented"] = call.principal.session ? "session" : "token";
    if (call.principal.token) view["tokenId"] = call.principal.token->uuid();
    if (call.principal.came_by_cookie) view["csrf"] = call.principal.csrf;
    view["permissions"] = texts_view(call.actor().permissions);
    return json_answer(200, view);
}

Result<http::Response> get_users(Call& call) {
    const Query& query = call.query;
    const std::size_t limit = TRY(query.limit(50, 200));
    std::optional<UserId> after;
    if (query.has("after")) {
        after = UserId::parse(query.get("after"));
        if (!after) return invalid("after is the id of a user", "bad_query");
    }
    const auto users = TRY(call.services.authority.store().query<std::vector<store::UserRecord>>(
        [&](store::Connection& db) { return store::list_users(db, after, limit); }));
    const auto roles = TRY(all_roles(call.services));
    const auto apis = call.services.authority.directory().view();
    json::array list;
    for (const auto& user : users) {
        list.push_back(user_view(user, roles, *apis));
    }
    auto response = json_answer(200, std::move(list));
    if (users.size() == limit) {
        response.fields.emplace_back("Link", "</v1/users?limit=" + std::to_string(limit) +
                                                 "&after=" + users.back().id.uuid() +
                                                 ">; rel=\"next\"");
    }
    return response;
}

Result<http::Response> post_user(Call& call) {
    auto body = TRY(Body::parse(call.request()));
    const std::string kind = TRY(body.text("kind"));
    authority::CreateUser wanted;
    wanted.roles = TRY(body.optional_texts("roles")).value_or(std::vector<std::string>());
    if (kind == "machine") {
        wanted.kind = store::UserKind::kMachine;
        wanted.name = TRY(body.text("name"));
        wanted.verifies = TRY(body.optional_texts("verifies")).value_or(std::vector<std::string>());
        TRY(body.done());
        return create_machine(call, wanted);
    }
    if (kind != "human") return invalid("kind is human or machine", "unknown_kind", "/kind");
    // No Idempotency-Key here: what is kept for it has a digest of the body, and so of a password.
    wanted.email = TRY(body.text("email"));
    wanted.name = TRY(body.optional_text("name")).value_or("");
    auto typed = TRY(body.optional_text("password"));
    TRY(body.done());
    if (!typed) {
        const auto made =
            TRY(authority::invite_new_user(call.services.authority, call.actor(), wanted));
        return invited_answer(call, made);
    }
    const Secret password(std::move(*typed));
    const auto user = TRY(authority::create_user_with_password(
        call.services.authority, call.actor(), std::move(wanted), password));
    return user_answer(call, 201, user);
}

Result<http::Response> get_user(Call& call) {
    const auto id = UserId::parse(call.parameters[0]);
    return user_answer(call, 200, TRY(read_user(call, id.value_or(UserId{}))));
}

Result<http::Response> patch_user(Call& call) {
    auto body = TRY(Body::parse(call.request()));
    authority::EditUser edit;
    edit.name = TRY(edited_text(body, "name"));
    edit.roles = TRY(body.optional_texts("roles"));
    edit.verifies = TRY(body.optional_texts("verifies"));
    const auto state = TRY(body.optional_text("state"));
    TRY(body.done());
    if (state && *state != "active" && *state != "disabled") {
        return invalid("state is active or disabled", "unknown_state", "/state");
    }
    if (state) {
        edit.state = *state == "active" ? store::UserState::kActive : store::UserState::kDisabled;
    }
    auto& authority = call.services.authority;
    const auto apis = authority.directory().view();
    std::optional<store::UserRecord> user;
    const bool is_urgent = edit.state == store::UserState::kDisabled;
    TRY(authority.store().mutate(
        [&](store::Transaction& tx) -> Status {
            user = TRY(authority::edit_user(tx, call.actor(), *apis, call.parameters[0], edit));
            return {};
        },
        is_urgent));
    if (is_urgent) authority.sessions().remove_all_of(user->id);
    return user_answer(call, 200, *user);
}

}  // namespace latchkey::api
