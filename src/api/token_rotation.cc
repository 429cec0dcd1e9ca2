// POST /v1/tokens/{id}/rotate: a new secret, once, and what becomes of the old one.
#include "api/handlers.h"
#include "api/idempotency.h"
#include "api/token_bodies.h"
#include "api/views.h"
#include "authority/rotate_token.h"

namespace latchkey::api {
namespace {

using authority::RotatedToken;
using authority::RotateToken;

Result<RotateToken> read_rotate(Body& body, Timestamp now) {
    RotateToken wanted;
    wanted.grace_seconds =
        TRY(body.optional_number("graceSeconds")).value_or(authority::kGraceSecondsDefault);
    const auto silent = TRY(body.optional_number("untilSilentSeconds"));
    if (silent && *silent == 0) {
        return invalid("silence is an hour at least and 30 days at most", "bad_silence",
                       "/untilSilentSeconds");
    }
    wanted.until_silent_seconds = silent.value_or(0);
    wanted.scopes = TRY(body.optional_texts("scopes"));
    if (body.has("expiresAt")) wanted.expires_at = TRY(read_moment(body, "expiresAt", now));
    TRY(body.done());
    return wanted;
}

json::object view_of(Services& services, const RotatedToken& rotated) {
    auto& authority = services.authority;
    auto view = token_view(rotated.details, *authority.directory().view(), authority.clock().now());
    view["token"] = rotated.text.expose();
    view["previous"] = nullptr;
    if (rotated.previous) {
        const auto& previous = *rotated.previous;
        view["previous"] = json::object{{"id", previous.id.uuid()},
                                        {"endsAt", time_view(previous.ends_at)},
                                        {"untilSilentSeconds", silence_view(previous)}};
    }
    return view;
}

}  // namespace

Result<http::Response> post_token_rotate(Call& call) {
    auto& authority = call.services.authority;
    auto body = TRY(Body::parse(call.request(), true));
    const auto wanted = TRY(read_rotate(body, authority.clock().now()));
    // A retry must not rotate once more: that would end the secret that is still in use.
    const auto once = TRY(IdempotentCreate::of(call));
    std::optional<http::Response> response;
    TRY(authority.store().mutate([&](store::Transaction& tx) -> Status {
        if (once->is_used()) {
            const bool is_done = TRY(once->find(tx.connection()));
            if (is_done) return {};
        }
        const auto rotated =
            TRY(authority::rotate_token(authority, tx, call.actor(), call.parameters[0], wanted));
        response = json_answer(200, view_of(call.services, rotated));
        if (once->is_used()) TRY(once->remember(tx, *response));
        return {};
    }));
    return once->answer ? std::move(*once->answer) : std::move(*response);
}

}  // namespace latchkey::api
