// Invitations: links by which people choose their own password. The code is never part of a URL
// that is sent: it comes in a body.
#include "api/invites.h"

#include "api/body.h"
#include "api/handlers.h"
#include "api/logins.h"
#include "api/views.h"

namespace latchkey::api {

Result<http::Response> invited_answer(Call& call, const authority::Invited& made) {
    auto& authority = call.services.authority;
    const auto roles =
        TRY(authority.store().query<std::vector<store::RoleRecord>>(store::list_roles));
    auto view = user_view(made.user, roles, *authority.directory().view());
    // In the fragment, which browsers do not send.
    view["inviteLink"] = call.services.issuer() + "/invite#" + std::string(made.code.expose());
    return json_answer(201, view);
}

Result<http::Response> post_user_invite(Call& call) {
    auto body = TRY(Body::parse(call.request(), true));
    TRY(body.done());
    const auto made =
        TRY(authority::invite_again(call.services.authority, call.actor(), call.parameters[0]));
    return invited_answer(call, made);
}

Result<http::Response> delete_user_invite(Call& call) {
    TRY(authority::withdraw_invite(call.services.authority, call.actor(), call.parameters[0]));
    return no_content();
}

Result<http::Response> post_invite_read(Call& call) {
    TRY(check_own_origin(call.request()));
    auto body = TRY(Body::parse(call.request()));
    const Secret code(TRY(body.text("code")));
    TRY(body.done());
    const auto user = TRY(authority::read_invite(call.services.authority, code.expose()));
    return json_answer(200, json::object{{"email", user.login},
                                         {"name", user.name},
                                         {"expiresAt", time_view(user.invited_until)}});
}

Result<http::Response> post_invite_accept(Call& call) {
    TRY(check_own_origin(call.request()));
    auto body = TRY(Body::parse(call.request()));
    authority::AcceptInvite wanted;
    wanted.code = Secret(TRY(body.text("code")));
    wanted.password = Secret(TRY(body.text("password")));
    wanted.name = TRY(body.optional_text("name"));
    TRY(body.done());
    const auto user = TRY(authority::accept_invite(call.services.authority, wanted));
    return json_answer(200, json::object{{"email", user.login}, {"name", user.name}});
}

}  // namespace latchkey::api
