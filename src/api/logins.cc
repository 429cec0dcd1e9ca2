#include "api/logins.h"

#include "api/views.h"

namespace latchkey::api {
namespace {

std::string cookie_of(const Services& services, std::string_view secret, std::int64_t seconds) {
    std::string cookie = services.cookie_name() + "=" + std::string(secret) +
                         "; Path=/; HttpOnly; SameSite=Strict; Max-Age=" + std::to_string(seconds);
    if (services.has_secure_cookies) cookie += "; Secure";
    return cookie;
}

}  // namespace

authority::Login login_of(const Call& call) {
    authority::Login login;
    login.address = client_address(call.services, call.request());
    login.address_text = format_address(login.address);
    login.agent = call.request().find("User-Agent").value_or("");
    return login;
}

Result<http::Response> session_answer(Call& call, int status, const authority::LoggedIn& made,
                                      Handover handover) {
    auto& authority = call.services.authority;
    const auto roles =
        TRY(authority.store().query<std::vector<store::RoleRecord>>(store::list_roles));
    json::object view;
    view["user"] = user_view(made.user, roles, *authority.directory().view());
    view["expiresAt"] = format_rfc3339(made.session.expires_at);
    if (handover == Handover::kBody) {
        view["session"] = made.secret.expose();
        return json_answer(status, view);
    }
    view["csrf"] = csrf_of(made.secret.expose());
    auto response = json_answer(status, view);
    const auto life = std::chrono::duration_cast<std::chrono::seconds>(
        authority::session_life(made.session.kind));
    response.fields.emplace_back("Set-Cookie",
                                 cookie_of(call.services, made.secret.expose(), life.count()));
    return response;
}

Handover handover_of(const Call& call) {
    return call.principal.came_by_cookie ? Handover::kCookie : Handover::kBody;
}

std::string ended_cookie(const Services& services) {
    return cookie_of(services, "", 0);
}

Status check_no_page(const http::Request& request) {
    if (!request.find("Origin") && !request.find("Sec-Fetch-Site")) return {};
    return Error{ErrorCode::kPermissionDenied, "this request came from a browser"}.with_reason(
        "csrf");
}

Status check_own_origin(const http::Request& request) {
    const auto site = request.find("Sec-Fetch-Site");
    if (!site || *site == "same-origin" || *site == "none") return {};
    return Error{ErrorCode::kPermissionDenied, "this request did not come from our own pages"}
        .with_reason("csrf");
}

}  // namespace latchkey::api
