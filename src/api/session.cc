// Sessions and the first administrator. Everything with a password runs on the password worker.
#include "api/body.h"
#include "api/handlers.h"
#include "api/logins.h"
#include "api/problem.h"
#include "api/short_list.h"
#include "api/views.h"
#include "authority/login.h"
#include "authority/setup.h"
#include "authority/users.h"

namespace latchkey::api {
namespace {

Result<store::SessionKind> kind_of(const std::string& name) {
    if (name == "portal") return store::SessionKind::kPortal;
    if (name == "cli") return store::SessionKind::kCli;
    return invalid("kind is portal or cli", "unknown_kind", "/kind");
}

}  // namespace

Result<http::Response> post_session(Call& call) {
    TRY(check_own_origin(call.request()));
    auto body = TRY(Body::parse(call.request()));
    auto login = login_of(call);
    login.login = TRY(body.text("email"));
    login.password = Secret(TRY(body.text("password")));
    login.kind = TRY(kind_of(TRY(body.optional_text("kind")).value_or("portal")));
    login.code = Secret(TRY(body.optional_text("code")).value_or(""));
    TRY(body.done());
    const auto made = authority::log_in(call.services.authority, login);
    // To be asked for a code is half a login, not a failed one.
    const bool is_half = !made && made.error().reason == "totp_needed";
    if (!is_half) ++(made ? call.services.logins_ok : call.services.logins_failed);
    if (!made) return made.error();
    return session_answer(
        call, 201, *made,
        login.kind == store::SessionKind::kCli ? Handover::kBody : Handover::kCookie);
}

Result<http::Response> delete_session(Call& call) {
    TRY(authority::close_session(call.services.authority, call.principal.session->id));
    auto response = no_content();
    if (call.principal.came_by_cookie) {
        response.fields.emplace_back("Set-Cookie", ended_cookie(call.services));
    }
    return response;
}

Result<http::Response> post_session_proof(Call& call) {
    auto body = TRY(Body::parse(call.request()));
    auto login = login_of(call);
    login.password = Secret(TRY(body.text("password")));
    login.code = Secret(TRY(body.optional_text("code")).value_or(""));
    TRY(body.done());
    const auto made = TRY(authority::prove_session(call.services.authority, *call.principal.session,
                                                   std::move(login)));
    return session_answer(call, 200, made, handover_of(call));
}

Result<http::Response> get_sessions(Call& call) {
    auto& authority = call.services.authority;
    json::array list;
    for (const auto& session :
         authority.sessions().of_user(call.actor().user, authority.clock().now())) {
        list.push_back(session_view(session, session.id == call.principal.session->id));
    }
    return short_list_answer(call, std::move(list), "id");
}

Result<http::Response> delete_session_by_id(Call& call) {
    auto& authority = call.services.authority;
    const auto id = SessionId::parse(call.parameters[0]);
    for (const auto& session :
         authority.sessions().of_user(call.actor().user, authority.clock().now())) {
        if (!id || session.id != *id) continue;
        TRY(authority::close_session(authority, session.id));
        return no_content();
    }
    return Error{ErrorCode::kNotFound, "there is no such session"};
}

Result<http::Response> post_setup(Call& call) {
    TRY(check_own_origin(call.request()));
    auto body = TRY(Body::parse(call.request()));
    const std::string code = TRY(body.text("code"));
    authority::CreateUser wanted;
    wanted.email = TRY(body.text("email"));
    const Secret password(TRY(body.text("password")));
    wanted.name = TRY(body.optional_text("name")).value_or("");
    TRY(body.done());
    auto& authority = call.services.authority;
    if (!authority.needs_setup()) {
        return Error{ErrorCode::kConflict, "this installation is already set up"}
            .with_reason("already_set_up")
            .with_hint("log in instead");
    }
    if (!call.services.setup.matches(code, authority.clock())) {
        return Error{ErrorCode::kPermissionDenied, "the setup link is wrong, used or too old"}
            .with_reason("bad_setup_code")
            .with_hint("restart the server: it prints a new link while there is no user");
    }
    const auto user = TRY(authority::set_up(authority, std::move(wanted), password));
    const auto made = TRY(authority::open_session(authority, user, login_of(call)));
    return session_answer(call, 201, made, Handover::kCookie);
}

}  // namespace latchkey::api
