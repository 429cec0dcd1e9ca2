// GET /v1/tokens/{id}/unused and POST /v1/tokens/{id}/shrink: scopes that nobody asked for, and a
// token as narrow as what was used.
#include "api/body.h"
#include "api/handlers.h"
#include "api/token_filters.h"
#include "api/usage_flush.h"
#include "api/views.h"
#include "authority/shrink_token.h"

namespace latchkey::api {
namespace {

using authority::ScopeReview;

constexpr std::int64_t kDaysLooked = 90;

Result<std::int64_t> read_days(Body& body) {
    const json::value* const value = body.value("days");
    if (value == nullptr) return kDaysLooked;
    return check_days(value->is_int64() ? value->get_int64() : 0, "bad_days", "/days");
}

json::object review_view(const ScopeReview& review, std::int64_t days) {
    json::object view;
    view["days"] = days;
    view["since"] = format_rfc3339(review.since);
    view["enough"] = review.is_enough;
    view["usesWithoutScope"] = review.uses_without_scope;
    return view;
}

json::object shrink_view(const ScopeReview& review, const std::vector<std::string>& from,
                         std::int64_t days, bool is_applied) {
    auto view = review_view(review, days);
    view["from"] = texts_view(from);
    view["to"] = texts_view(review.to);
    json::array denied;
    for (const auto& one : review.denied) {
        denied.push_back(json::object{{"scope", one.scope}, {"uses", one.uses}});
    }
    view["wouldHaveBeenDenied"] = std::move(denied);
    view["applied"] = is_applied;
    return view;
}

// As far as uses are written.
Result<ScopeReview> review_now(Call& call, std::int64_t days) {
    auto& authority = call.services.authority;
    const auto apis = authority.directory().view();
    return authority.store().query<ScopeReview>([&](store::Connection& db) {
        return authority::review_scopes(db, call.actor(), *apis, call.parameters[0], days,
                                        authority.clock().now());
    });
}

// A use of this very second counts. Written down only for who may see the token.
Result<ScopeReview> review_of_now(Call& call, std::int64_t days) {
    const auto written = TRY(review_now(call, days));
    TRY(flush_usage_of(call.services, written.details.token.id));
    return review_now(call, days);
}

}  // namespace

Result<http::Response> get_token_unused(Call& call) {
    const std::int64_t days = TRY(days_asked(call.query, kDaysLooked));
    const auto review = TRY(review_of_now(call, days));
    auto view = review_view(review, days);
    view["tokenId"] = review.details.token.id.uuid();
    view["scopes"] = texts_view(review.unused);
    view["used"] = texts_view(review.used);
    return json_answer(200, view);
}

Result<http::Response> post_token_shrink(Call& call) {
    auto body = TRY(Body::parse(call.request(), true));
    const std::int64_t days = TRY(read_days(body));
    const bool is_applied = TRY(body.flag("apply", false));
    TRY(body.done());
    auto& authority = call.services.authority;
    auto review = TRY(review_of_now(call, days));
    const auto from = *review.details.token.scopes;
    if (!is_applied) return json_answer(200, shrink_view(review, from, days, false));
    const auto apis = authority.directory().view();
    TRY(authority.store().mutate([&](store::Transaction& tx) -> Status {
        review = TRY(authority::shrink_token(tx, call.actor(), *apis, call.parameters[0], days));
        return {};
    }));
    auto view = shrink_view(review, from, days, true);
    view["token"] = token_view(review.details, *apis, authority.clock().now());
    return json_answer(200, view);
}

}  // namespace latchkey::api
