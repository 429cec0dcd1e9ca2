// GET /v1/tokens: whose, in which state, for what, how long unused; in pages of a stable order.
#include <array>
#include <utility>

#include "api/cursor.h"
#include "api/handlers.h"
#include "api/token_filters.h"
#include "api/views.h"
#include "authority/bulk_rules.h"
#include "store/usage.h"
#include "token/durations.h"
#include "token/scope.h"
#include "verify/usage.h"

namespace latchkey::api {
namespace {

constexpr std::size_t kTextBytesMax = 400;  // a hundred characters, whatever they are
constexpr std::int64_t kDaysShown = 7;

Result<store::TokenFilter> filter_of(const std::string& state) {
    static constexpr std::array<std::pair<std::string_view, store::TokenFilter>, 6> kFilters{{
        {"all", store::TokenFilter::kAll},
        {"active", store::TokenFilter::kActive},
        {"expiring", store::TokenFilter::kExpiring},
        {"expired", store::TokenFilter::kExpired},
        {"revoked", store::TokenFilter::kRevoked},
        {"suspended", store::TokenFilter::kSuspended},
    }};
    for (const auto& [name, filter] : kFilters) {
        if (name == state) return filter;
    }
    return invalid("state is active, expiring, expired, revoked, suspended or all", "bad_query");
}

Result<store::TokenSort> sort_of(const std::string& sort) {
    static constexpr std::array<std::pair<std::string_view, store::TokenSort>, 6> kSorts{{
        {"-createdAt", store::TokenSort::kNewest},
        {"createdAt", store::TokenSort::kOldest},
        {"name", store::TokenSort::kName},
        {"expiresAt", store::TokenSort::kExpiry},
        {"lastUsedAt", store::TokenSort::kIdlest},
        {"-lastUsedAt", store::TokenSort::kLatestUsed},
    }};
    for (const auto& [name, known] : kSorts) {
        if (name == sort) return known;
    }
    return invalid("sort is createdAt, -createdAt, name, expiresAt, lastUsedAt or -lastUsedAt",
                   "bad_query");
}

Result<std::optional<UserId>> owner_of(const Call& call) {
    if (!call.query.has("owner")) return std::optional{call.actor().user};
    const std::string owner = call.query.get("owner");
    const auto id = UserId::parse(owner);
    if (!id && owner != "all") return invalid("owner is a user's id, or all", "bad_query");
    if (!id || *id != call.actor().user) TRY(call.actor().require("user:read"));
    return id;
}

Status read_filters(const Call& call, store::TokenQuery& wanted) {
    const Query& query = call.query;
    if (query.has("scope")) {
        wanted.scope = query.get("scope");
        if (!is_scope(wanted.scope)) return invalid("scope is one scope", "bad_query");
    }
    if (query.has("api")) {
        wanted.api = TRY(api_named(call.services, query.get("api"), "bad_query", ""));
    }
    if (query.has("project")) {
        wanted.project = ProjectId::parse(query.get("project"));
        if (!wanted.project) return invalid("project is the id of a project", "bad_query");
    }
    if (query.has("unusedFor")) {
        wanted.unused_since = TRY(moment_ago(query.get("unusedFor"), wanted.now, "bad_query", ""));
    }
    if (query.has("expiresBefore")) {
        const auto before = parse_expiry(query.get("expiresBefore"), wanted.now);
        if (!before || !*before) {
            return invalid("expiresBefore is a moment to come, or a duration like 30d",
                           "bad_query");
        }
        wanted.expires_before = **before;
    }
    wanted.text = query.get("q");
    if (wanted.text.size() <= kTextBytesMax) return {};
    return invalid("q has at most 100 characters", "bad_query");
}

Result<store::TokenQuery> read_list_query(const Call& call) {
    const Query& query = call.query;
    store::TokenQuery wanted;
    wanted.owner = TRY(owner_of(call));
    wanted.filter = TRY(filter_of(query.get("state", "all")));
    wanted.sort = TRY(sort_of(query.get("sort", "-createdAt")));
    wanted.limit = TRY(query.limit(50, 200));
    wanted.now = call.services.authority.clock().now();
    TRY(read_filters(call, wanted));
    if (query.has("after")) {
        const auto cursor =
            TRY(open_cursor(call.services.authority.keys().kek(), query.get("after")));
        const auto id = TokenId::parse(cursor.id);
        if (!id) return invalid("this cursor is not ours", "bad_query");
        wanted.after = *id;
        wanted.after_key = cursor.key;
    }
    return wanted;
}

struct Page {
    std::vector<store::ListedToken> tokens;
    std::vector<std::vector<store::DayUsage>> days;  // of each token, when asked for
};

Result<Page> read_page(store::Connection& db, const store::TokenQuery& wanted, bool with_usage) {
    Page page;
    page.tokens = TRY(store::list_tokens(db, wanted));
    const auto rules = TRY(store::open_bulks(db));
    for (auto& listed : page.tokens) {
        TRY(authority::apply_bulk_rules(db, rules, listed.token));
        if (!with_usage) continue;
        const std::int64_t first = verify::day_of(wanted.now) - kDaysShown + 1;
        auto days = TRY(store::usage_days(db, listed.token.id, first));
        page.days.push_back(std::move(days));
    }
    return page;
}

json::array week_view(const std::vector<store::DayUsage>& days, Timestamp now) {
    const std::int64_t first = verify::day_of(now) - kDaysShown + 1;
    json::array week(static_cast<std::size_t>(kDaysShown), json::value(0));
    for (const auto& day : days) {
        if (day.day < first || day.day >= first + kDaysShown) continue;
        week[static_cast<std::size_t>(day.day - first)] = day.uses;
    }
    return week;
}

// A rule that is being settled may have taken a token out of the state that was asked for.
bool is_still_wanted(const store::TokenRecord& token, store::TokenFilter filter) {
    switch (filter) {
        case store::TokenFilter::kActive:
        case store::TokenFilter::kExpiring: return token.state == store::TokenState::kActive;
        case store::TokenFilter::kSuspended:
        case store::TokenFilter::kExpired: return token.state != store::TokenState::kRevoked;
        case store::TokenFilter::kAll:
        case store::TokenFilter::kRevoked: break;
    }
    return true;
}

}  // namespace

Result<http::Response> get_tokens(Call& call) {
    const auto wanted = TRY(read_list_query(call));
    const bool with_usage = call.query.get("include") == "usage";
    if (call.query.has("include") && !with_usage) return invalid("include is usage", "bad_query");
    auto& authority = call.services.authority;
    const auto page = TRY(authority.store().query<Page>(
        [&](store::Connection& db) { return read_page(db, wanted, with_usage); }));
    const auto apis = authority.directory().view();
    json::array list;
    for (std::size_t i = 0; i < page.tokens.size(); ++i) {
        const auto& item = page.tokens[i];
        if (!is_still_wanted(item.token, wanted.filter)) continue;
        auto view = token_view(item.token, *apis, wanted.now, item.last_used_at);
        if (with_usage) view["uses7d"] = week_view(page.days[i], wanted.now);
        list.push_back(std::move(view));
    }
    auto response = json_answer(200, std::move(list));
    if (page.tokens.size() == wanted.limit) {
        const auto& last = page.tokens.back();
        response.fields.emplace_back(
            "Link", next_link(call, seal_cursor(authority.keys().kek(),
                                                {last.token.id.uuid(),
                                                 store::sort_key(last, wanted.sort)})));
    }
    return response;
}

}  // namespace latchkey::api
