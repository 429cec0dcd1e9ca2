// POST /oauth2/revoke (RFC 7009): who holds a token may end it. The answer comes when that is
// durable and in force here, and is the same for a token that nobody knows.
#include "api/handlers.h"
#include "api/oauth_answers.h"
#include "api/presented_token.h"
#include "api/problem.h"
#include "authority/login.h"
#include "authority/revoke_presented.h"
#include "token/opaque.h"

namespace latchkey::api {
namespace {

// Of all tokens together. It takes thousands of holders who revoke a thousand each within an hour.
constexpr std::size_t kRevokedAccessMax = 1'000'000;

http::Response done() {
    http::Response response;
    response.fields.emplace_back("Cache-Control", "no-store");
    response.fields.emplace_back("Pragma", "no-cache");
    return response;
}

// In the body as RFC 7009 has it, or alone in the Authorization field. A form without it is a
// mistake, which must not cost the caller the token that he called with.
Result<std::string> presented_text(const http::Request& request) {
    const auto type = request.find("Content-Type");
    const bool has_form = !request.body.empty() || !request.query.empty() ||
                          (type && type->starts_with("application/x-www-form-urlencoded"));
    if (has_form) {
        const auto form = TRY(read_form(request));
        auto token = form.get("token");
        if (!token || token->empty()) return invalid_request("token is missing.");
        return std::move(*token);
    }
    std::string decoded;
    const auto presented = presented_credential(request, decoded);
    if (!presented) return invalid_request("token is missing.");
    return std::string(presented->text);
}

void submit(const CallPtr& call, std::function<Status(store::Transaction&)> work) {
    store::Mutation mutation;
    mutation.work = std::move(work);
    mutation.is_urgent = true;
    mutation.done = [call](Status status) {
        if (status) return reply(call, done());
        reply(call, std::move(status).error());
    };
    call->services.authority.store().submit(std::move(mutation));
}

// `latchkey login` keeps a session, which RFC 8628 hands out as an access token.
void end_session(const CallPtr& call, const Digest& digest) {
    auto& authority = call->services.authority;
    const auto session = authority.sessions().use(digest, authority.clock().now());
    if (!session) return reply(call, done());
    const auto closed = authority::close_session(authority, session->id);
    if (!closed) return reply(call, closed.error());
    reply(call, done());
}

struct Found {
    Recognition recognition{Recognition::kUnknown};
    TokenId token;
    bool is_replaced{false};  // a secret that a rotation ended
    std::optional<authority::PresentedAccess> access;
    Timestamp ends_at{kEndOfTime};
};

Found find(const Call& call, std::string_view text) {
    auto& services = call.services;
    ReactorState& state = *services.reactors[call.reactor];
    const verify::ReadGuard guard(*state.reader);
    RecognisedToken token;
    Found found;
    found.recognition = recognise(
        services, state, {text, client_address(services, call.request()), std::nullopt}, token);
    if (found.recognition != Recognition::kFound) return found;
    found.token = token.view.token;
    const auto& end = token.view.secret_ends_at;
    found.is_replaced =
        token.view.secret_is_revoked || (end && *end <= services.authority.clock().now());
    if (const auto* access = token.view.access) {
        found.access = authority::PresentedAccess{access->ids.front(), token.view.token,
                                                  token.view.owner, access->expires_at};
        found.ends_at = access->expires_at;
    }
    return found;
}

}  // namespace

void post_oauth_revoke(const CallPtr& call) {
    auto text = presented_text(call->request());
    if (!text) return refuse(call, std::move(text).error());
    auto& authority = call->services.authority;
    if (text->starts_with("lks_")) {
        if (!has_valid_checksum(*text)) return reply(call, done());
        const bool is_taken = call->services.workers.submit(
            [call, digest = sha256(*text)] { end_session(call, digest); });
        if (!is_taken) reply(call, Error{ErrorCode::kUnavailable, "too busy; try again"});
        return;
    }
    if (!authority.is_current()) {
        return reply(call, Error{ErrorCode::kUnavailable, "verification is not current"});
    }
    const Found found = find(*call, *text);
    if (found.recognition == Recognition::kNotNow) {
        return reply(
            call, Error{ErrorCode::kUnavailable, "too many wrong tokens came from this address"});
    }
    if (found.recognition != Recognition::kFound) return reply(call, done());
    // Whoever found the one that was replaced must not stop the one that replaced it.
    if (found.is_replaced) return reply(call, done());
    if (!found.access) {
        return submit(call, [id = found.token](store::Transaction& tx) {
            return authority::revoke_presented_token(tx, id);
        });
    }
    if (found.ends_at <= authority.clock().now()) return reply(call, done());
    if (authority.replica().revoked_access_count() >= kRevokedAccessMax) {
        return reply(call,
                     Error{ErrorCode::kUnavailable, "too many access tokens are revoked"}.with_hint(
                         "revoke the token that it was got with"));
    }
    submit(call, [access = *found.access](store::Transaction& tx) {
        return authority::revoke_presented_access(tx, access);
    });
}

}  // namespace latchkey::api
