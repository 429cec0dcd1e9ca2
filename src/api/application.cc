#include "api/application.h"

#include <algorithm>
#include <exception>

#include "api/check.h"
#include "api/introspect.h"
#include "api/negotiation.h"
#include "api/problem.h"
#include "base/encoding.h"
#include "base/log.h"

namespace latchkey::api {
namespace {

Status require_any(const authority::Actor& actor, std::string_view names) {
    std::string_view last;
    for (std::string_view rest = names; !rest.empty();) {
        const auto space = std::min(rest.find(' '), rest.size());
        last = rest.substr(0, space);
        rest.remove_prefix(std::min(space + 1, rest.size()));
        if (actor.may(last)) return {};
    }
    return actor.require(last);
}

// What it was let in for, so that nobody takes that from it as never used. Of several it counts
// each: which of them mattered is not known here.
void record_scopes(Services& services, std::size_t reactor, const Principal& principal,
                   std::string_view names) {
    if (!principal.token) return;
    const Timestamp now = services.authority.clock().now();
    while (!names.empty()) {
        const auto space = std::min(names.find(' '), names.size());
        const std::string_view name = names.substr(0, space);
        names.remove_prefix(std::min(space + 1, names.size()));
        if (!principal.actor.may(name)) continue;
        services.reactors[reactor]->usage.record_scope(*principal.token, principal.generation, now,
                                                       name);
    }
}

Result<Principal> permit(Services& services, const Edge& edge, std::size_t reactor,
                         const http::Request& request, const Permission& permission) {
    using Kind = Permission::Kind;
    if (permission.kind() == Kind::kPublic) return Principal{};
    if (permission.kind() == Kind::kLocal) {
        if (!request.is_unix) return missing_credential();
        Principal principal;
        principal.actor = authority::Actor::system();
        return principal;
    }
    const auto cookies = permission.takes_cookies() ? CookieRule::kAccepted : CookieRule::kRefused;
    auto principal = TRY(edge.authenticate(services, reactor, request, cookies));
    TRY(check_csrf(principal, request));
    if (permission.kind() == Kind::kAnyCredential) return principal;
    // One that an edge let in manages what is behind its door, with the permissions that it got.
    const bool is_let_in = principal.actor.hands_on.has_value();
    if (principal.token && !is_let_in && principal.token_api != authority::kManagementApi) {
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
    if (permission.kind() == Kind::kAnyScope) {
        TRY(require_any(principal.actor, permission.scope_name()));
    } else if (!permission.scope_name().empty()) {
        TRY(principal.actor.require(permission.scope_name()));
    }
    if (permission.needs_proof()) TRY(principal.actor.require_proof());
    // Its own scope, which is another name, the edge has recorded.
    if (!is_let_in) record_scopes(services, reactor, principal, permission.scope_name());
    return principal;
}

void run_in_pool(Workers& pool, const CallPtr& call, Handler handler) {
    const bool is_taken = pool.submit([call, handler] { reply(call, handler(*call)); });
    if (!is_taken) reply(call, Error{ErrorCode::kUnavailable, "too busy; try again"});
}

// Field values are any bytes to HTTP; here they are text. A credential in other bytes is an unknown
// credential, and says so as a 401.
const http::Field* unreadable_field(const http::Request& request) {
    const auto found =
        std::find_if(request.fields.begin(), request.fields.end(), [](const http::Field& field) {
            return !is_valid_utf8(field.value) &&
                   !http::equal_without_case(field.name, "Authorization");
        });
    return found == request.fields.end() ? nullptr : &*found;
}

// The path is not in the table, or not with this method.
void answer_unrouted(const CallPtr& call, const Match& found) {
    if (found.is_malformed) return reply(call, invalid("this path is not well-formed", "bad_path"));
    if (found.allowed.empty()) {
        return reply(call, Error{ErrorCode::kNotFound, "there is nothing here"});
    }
    const auto& request = call->request();
    http::Response response;
    if (request.method == http::Method::kOptions) {
        response.status = 204;
    } else {
        response = call->edge.error(call->services, request,
                                    invalid("this path has no such method", "method_not_allowed"));
    }
    response.fields.emplace_back("Allow", found.allowed);
    reply(call, std::move(response));
}

}  // namespace

void Application::handle(http::Exchange& exchange) noexcept {
    try {
        const std::string_view path = exchange.request().path;
        if (!edge_->is_ours()) {
            dispatch(exchange);
        } else if (path.starts_with("/check") && (path.size() == 6 || path[6] == '/')) {
            check(services_, exchange);
        } else if (path != "/oauth2/introspect" || !introspect_plainly(services_, exchange)) {
            dispatch(exchange);
        }
    } catch (const std::exception& failure) {
        // The border of the request loop. Whatever was deferred answers 500 by itself.
        log::error("a request failed", {{"why", failure.what()}});
    }
}

void Application::dispatch(http::Exchange& exchange) {
    const auto& request = exchange.request();
    const auto position = services_.authority.settled_position();
    auto call = std::make_shared<Call>(
        Call{services_, *edge_, {}, {}, {}, exchange.reactor(), {}, position});
    if (const auto* field = unreadable_field(request)) {
        call->deferred = exchange.defer();
        return reply(call, invalid("the field " + std::string(field->name) + " is not valid UTF-8",
                                   "bad_request"));
    }
    auto found = match(edge_->routes(), request.method, request.path);
    if (found.route == nullptr) {
        call->deferred = exchange.defer();
        return answer_unrouted(call, found);
    }
    auto principal =
        permit(services_, *edge_, exchange.reactor(), request, found.route->permission);
    call->deferred = exchange.defer();
    call->parameters = std::move(found.parameters);
    if (!principal) return reply(call, std::move(principal).error());
    call->principal = std::move(*principal);
    if (!edge_->is_ours()) {
        auto query = Query::parse_known(request.query, found.route->queries);
        if (!query) return reply(call, std::move(query).error());
        call->query = std::move(*query);
    } else if (request.path.starts_with("/v1/")) {
        auto query = Query::parse(request.query, found.route->queries);
        if (!query) return reply(call, std::move(query).error());
        call->query = std::move(*query);
        const bool is_stream = request.path == "/v1/events/stream";
        auto fits = check_acceptable(request, is_stream ? "text/event-stream" : "application/json");
        if (fits) fits = check_body_type(request);
        if (!fits) return reply(call, std::move(fits).error());
    }
    const Work& work = found.route->work;
    if (work.async != nullptr) return work.async(call);
    switch (work.place) {
        case Work::Place::kReactor: return reply(call, work.handler(*call));
        case Work::Place::kWorker: return run_in_pool(services_.workers, call, work.handler);
        case Work::Place::kPasswords: return run_in_pool(services_.passwords, call, work.handler);
    }
}

http::Response Application::refusal(int status, std::string_view why,
                                    std::string_view request_id) const {
    return edge_->refusal(services_, status, why, request_id);
}

}  // namespace latchkey::api
