// Sessions and the first administrator. Everything with a password runs on the password worker.
#include "api/body.h"
#include "api/handlers.h"
#include "api/problem.h"
#include "api/views.h"
#include "authority/login.h"
#include "authority/setup.h"
#include "authority/users.h"

namespace latchkey::api {
namespace {

std::string cookie_of(const Services& services, std::string_view secret, std::int64_t seconds) {
    std::string cookie = services.cookie_name() + "=" + std::string(secret) +
                         "; Path=/; HttpOnly; SameSite=Strict; Max-Age=" + std::to_string(seconds);
    if (services.has_secure_cookies) cookie += "; Secure";
    return cookie;
}

authority::Login login_from(Call& call, const std::string& email, std::string password,
                            store::SessionKind kind) {
    authority::Login login;
    login.login = email;
    login.password = Secret(std::move(password));
    login.kind = kind;
    login.address = client_address(call.services, call.request());
    login.address_text = format_address(login.address);
    login.agent = call.request().find("User-Agent").value_or("");
    return login;
}

Result<http::Response> logged_in(Call& call, const authority::LoggedIn& made) {
    auto& authority = call.services.authority;
    const auto roles =
        TRY(authority.store().query<std::vector<store::RoleRecord>>(store::list_roles));
    json::object view;
    view["user"] = user_view(made.user, roles, *authority.directory().view());
    view["expiresAt"] = format_rfc3339(made.session.expires_at);
    const bool is_cli = made.session.kind == store::SessionKind::kCli;
    if (is_cli) {
        view["session"] = made.secret.expose();
    } else {
        view["csrf"] = csrf_of(made.secret.expose());
    }
    auto response = json_answer(201, view);
    if (!is_cli) {
        const auto life = std::chrono::duration_cast<std::chrono::seconds>(
            authority::session_life(made.session.kind));
        response.fields.emplace_back("Set-Cookie",
                                     cookie_of(call.services, made.secret.expose(), life.count()));
    }
    return response;
}

Result<store::SessionKind> kind_of(const std::string& name) {
    if (name == "portal") return store::SessionKind::kPortal;
    if (name == "cli") return store::SessionKind::kCli;
    return invalid("kind is portal or cli", "unknown_kind", "/kind");
}

// A login form must not be driven by another site's page (login CSRF).
Status check_own_origin(const http::Request& request) {
    const auto site = request.find("Sec-Fetch-Site");
    if (!site || *site == "same-origin" || *site == "none") return {};
    return Error{ErrorCode::kPermissionDenied, "this request did not come from our own pages"}
        .with_reason("csrf");
}

}  // namespace

Result<http::Response> post_session(Call& call) {
    TRY(check_own_origin(call.request()));
    auto body = TRY(Body::parse(call.request()));
    const std::string email = TRY(body.text("email"));
    std::string password = TRY(body.text("password"));
    const auto kind = TRY(kind_of(TRY(body.optional_text("kind")).value_or("portal")));
    TRY(body.done());
    const auto made = authority::log_in(call.services.authority,
                                        login_from(call, email, std::move(password), kind));
    ++(made ? call.services.logins_ok : call.services.logins_failed);
    if (!made) return made.error();
    return logged_in(call, *made);
}

Result<http::Response> delete_session(Call& call) {
    TRY(authority::close_session(call.services.authority, call.principal.session->id));
    auto response = no_content();
    if (call.principal.came_by_cookie) {
        response.fields.emplace_back("Set-Cookie", cookie_of(call.services, "", 0));
    }
    return response;
}

Result<http::Response> get_sessions(Call& call) {
    auto& authority = call.services.authority;
    json::array list;
    for (const auto& session :
         authority.sessions().of_user(call.actor().user, authority.clock().now())) {
        list.push_back(session_view(session, session.id == call.principal.session->id));
    }
    return json_answer(200, std::move(list));
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
    const auto made = TRY(authority::open_session(
        authority, user, login_from(call, user.login, {}, store::SessionKind::kPortal)));
    return logged_in(call, made);
}

}  // namespace latchkey::api
