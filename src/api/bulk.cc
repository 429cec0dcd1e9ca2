// POST /v1/tokens/bulk: revoke or suspend what a filter finds, or say first what that would be.
#include "authority/bulk.h"

#include "api/body.h"
#include "api/handlers.h"
#include "api/token_filters.h"
#include "api/usage_flush.h"
#include "api/views.h"

namespace latchkey::api {
namespace {

using authority::BulkFilter;

struct Wanted {
    store::TokenState action{store::TokenState::kRevoked};
    BulkFilter filter;
    std::string reason;
    bool is_dry_run{false};
};

Result<store::TokenState> action_of(const std::string& action) {
    if (action == "revoke") return store::TokenState::kRevoked;
    if (action == "suspend") return store::TokenState::kSuspended;
    return invalid("action is revoke or suspend", "bad_action", "/action");
}

template <typename AnyId>
Result<std::optional<AnyId>> optional_id(Body& body, std::string_view name) {
    const auto text = TRY(body.optional_text(name));
    if (!text) return std::optional<AnyId>{};
    const auto id = AnyId::parse(*text);
    if (id) return id;
    return invalid("this is not an id", "bad_id", "/filter/" + std::string(name));
}

Result<BulkFilter> read_filter(const Services& services, Body& body) {
    const json::value* const value = body.value("filter");
    if (value == nullptr || !value->is_object()) {
        return invalid("which tokens? filter is an object", "missing_member", "/filter");
    }
    Body inner(value->get_object());
    BulkFilter filter;
    filter.owner = TRY(optional_id<UserId>(inner, "owner"));
    filter.project = TRY(optional_id<ProjectId>(inner, "project"));
    if (const auto api = TRY(inner.optional_text("api"))) {
        filter.api = TRY(api_named(services, *api, "unknown_api", "/filter/api"));
    }
    filter.minted_before = TRY(inner.optional_time("mintedBefore"));
    filter.kid = TRY(inner.optional_text("kid")).value_or("");
    filter.scope = TRY(inner.optional_text("scope")).value_or("");
    if (const auto unused = TRY(inner.optional_text("unusedFor"))) {
        filter.unused_since = TRY(moment_ago(*unused, services.authority.clock().now(),
                                             "bad_duration", "/filter/unusedFor"));
    }
    TRY(inner.done());
    return filter;
}

Result<Wanted> read_wanted(Call& call) {
    auto body = TRY(Body::parse(call.request()));
    Wanted wanted;
    wanted.action = TRY(action_of(TRY(body.text("action"))));
    wanted.filter = TRY(read_filter(call.services, body));
    wanted.reason = TRY(body.optional_text("reason")).value_or("");
    wanted.is_dry_run = TRY(body.flag("dryRun", false));
    TRY(body.done());
    return wanted;
}

Result<http::Response> preview(Call& call, const Wanted& wanted) {
    auto& authority = call.services.authority;
    const auto found =
        TRY(authority.store().query<authority::BulkPreview>([&](store::Connection& db) {
            return authority::preview_bulk(db, wanted.action, wanted.filter);
        }));
    const auto apis = authority.directory().view();
    json::array tokens;
    for (const auto& one : found.tokens) {
        tokens.push_back(token_view(one.token, *apis, authority.clock().now(), one.last_used_at));
    }
    return json_answer(200, json::object{{"count", found.count},
                                         {"tokens", std::move(tokens)},
                                         {"more", found.count > found.tokens.size()}});
}

json::value total_view(const store::BulkRecord& bulk) {
    if (!bulk.total) return nullptr;
    return *bulk.total;
}

}  // namespace

Result<http::Response> post_tokens_bulk(Call& call) {
    auto wanted = TRY(read_wanted(call));
    auto& authority = call.services.authority;
    wanted.filter = TRY(authority.store().query<BulkFilter>([&](store::Connection& db) {
        return authority::allowed_filter(db, call.actor(), wanted.filter);
    }));
    // A use of this very second must count before a token is called unused.
    if (wanted.filter.unused_since) TRY(flush_usage(call.services));
    if (wanted.is_dry_run) return preview(call, wanted);
    TRY(call.actor().require_proof());
    auto bulk = TRY(authority::prepare_bulk(authority, call.actor(), wanted.action, wanted.filter,
                                            wanted.reason));
    std::uint64_t revision = 0;
    TRY(authority.store().mutate(
        [&](store::Transaction& tx) -> Status {
            revision = TRY(authority::start_bulk(tx, call.actor(), bulk));
            return {};
        },
        true));
    return json_answer(200, json::object{{"id", bulk.rule.id.uuid()},
                                         {"count", total_view(bulk.rule)},
                                         {"revision", revision}});
}

Result<http::Response> get_tokens_bulk(Call& call) {
    auto& authority = call.services.authority;
    const auto bulk = TRY(authority.store().query<store::BulkRecord>([&](store::Connection& db) {
        return authority::get_bulk(db, call.actor(), call.parameters[0]);
    }));
    json::object view;
    view["id"] = bulk.id.uuid();
    view["action"] = bulk.match.action == store::TokenState::kRevoked ? "revoke" : "suspend";
    view["state"] = bulk.settled_at ? "settled" : "settling";
    view["settled"] = bulk.settled;
    view["count"] = total_view(bulk);
    view["createdAt"] = format_rfc3339(bulk.created_at);
    return json_answer(200, view);
}

}  // namespace latchkey::api
