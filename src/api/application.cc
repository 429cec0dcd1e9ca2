#include "api/application.h"

#include <exception>

#include "api/check.h"
#include "api/problem.h"
#include "base/log.h"

namespace latchkey::api {
namespace {

Result<Principal> permit(Services& services, std::size_t reactor, const http::Request& request,
                         const Permission& permission) {
    using Kind = Permission::Kind;
    if (permission.kind() == Kind::kPublic) return Principal{};
    if (permission.kind() == Kind::kLocal) {
        if (!request.is_unix) return missing_credential();
        Principal principal;
        principal.actor = authority::Actor::system();
        return principal;
    }
    auto principal = TRY(
        authenticate(services, reactor, request,
                     permission.takes_cookies() ? CookieRule::kAccepted : CookieRule::kRefused));
    TRY(check_csrf(principal, request));
    if (permission.kind() == Kind::kAnyCredential) return principal;
    if (principal.token && principal.token_api != authority::kManagementApi) {
        return invalid_token("this token is for another API");
    }
    if (permission.kind() == Kind::kSession && !principal.session) {
        return Error{ErrorCode::kPermissionDenied, "only a person's own session may do this"}
            .with_reason("session_needed")
            .with_hint("log in with e-mail and password");
    }
    if (permission.kind() == Kind::kMachineToken &&
        !(principal.token && principal.owner_is_machine)) {
        return Error{ErrorCode::kPermissionDenied, "only a machine user's token may do this"}
            .with_reason("machine_needed")
            .with_hint("create a machine user bound to the API, and a token for it");
    }
    if (!permission.scope_name().empty()) {
        TRY(principal.actor.require(permission.scope_name()));
    }
    return principal;
}

void run_in_pool(Workers& pool, const CallPtr& call, Handler handler) {
    const bool is_taken = pool.submit([call, handler] { reply(call, handler(*call)); });
    if (!is_taken) reply(call, Error{ErrorCode::kUnavailable, "too busy; try again"});
}

}  // namespace

void Application::handle(http::Exchange& exchange) noexcept {
    try {
        const std::string_view path = exchange.request().path;
        if (path.starts_with("/check") && (path.size() == 6 || path[6] == '/')) {
            check(services_, exchange);
        } else {
            dispatch(exchange);
        }
    } catch (const std::exception& failure) {
        // The border of the request loop. Whatever was deferred answers 500 by itself.
        log::error("a request failed", {{"why", failure.what()}});
    }
}

void Application::dispatch(http::Exchange& exchange) {
    const auto& request = exchange.request();
    auto found = match(table_, request.method, request.path);
    auto call = std::make_shared<Call>(Call{services_, {}, {}, {}, exchange.reactor()});
    if (found.route == nullptr) {
        call->deferred = exchange.defer();
        if (found.is_malformed) {
            return reply(call, invalid("this path is not well-formed", "bad_path"));
        }
        if (found.allowed.empty()) {
            return reply(call, Error{ErrorCode::kNotFound, "there is nothing here"});
        }
        http::Response response;
        if (request.method == http::Method::kOptions) {
            response.status = 204;
        } else {
            response = problem(invalid("this path has no such method", "method_not_allowed"),
                               services_.issuer(), request.request_id);
        }
        response.fields.emplace_back("Allow", found.allowed);
        return reply(call, std::move(response));
    }
    auto principal = permit(services_, exchange.reactor(), request, found.route->permission);
    call->deferred = exchange.defer();
    call->parameters = std::move(found.parameters);
    if (!principal) return reply(call, std::move(principal).error());
    call->principal = std::move(*principal);
    const Work& work = found.route->work;
    if (work.async != nullptr) return work.async(call);
    switch (work.place) {
        case Work::Place::kReactor: return reply(call, work.handler(*call));
        case Work::Place::kWorker: return run_in_pool(services_.workers, call, work.handler);
        case Work::Place::kPasswords: return run_in_pool(services_.passwords, call, work.handler);
    }
}

http::Response Application::refusal(int status, std::string_view why) const {
    http::Response response;
    response.status = status;
    response.content_type = "application/problem+json";
    json::object body;
    body["type"] = services_.issuer() + "/errors/bad_request";
    body["title"] = http::reason_phrase(status);
    body["status"] = status;
    body["detail"] = why;
    body["code"] = "bad_request";
    response.body = to_json(body);
    return response;
}

}  // namespace latchkey::api
