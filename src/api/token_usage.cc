// GET /v1/tokens/{id}/usage: when, from where and how often a token was used, why it was denied,
// and who still calls with a secret that is being replaced.
#include <map>

#include "api/handlers.h"
#include "api/token_filters.h"
#include "api/views.h"
#include "store/usage.h"
#include "verify/usage.h"

namespace latchkey::api {
namespace {

using authority::TokenDetails;

constexpr std::int64_t kDaysShown = 30;

struct UsageOfToken {
    TokenDetails details;
    std::vector<store::DayUsage> days;
    std::vector<store::DenialUsage> denied;
    std::vector<store::SecretUsage> generations;
    std::vector<store::CallerUsage> callers;
    std::vector<store::ScopeUsage> scopes;
};

Result<UsageOfToken> read_usage(store::Connection& db, const Call& call, std::int64_t first_day) {
    UsageOfToken usage;
    usage.details = TRY(authority::get_token(db, call.actor(), call.parameters[0]));
    const TokenId& token = usage.details.token.id;
    usage.days = TRY(store::usage_days(db, token, first_day));
    usage.denied = TRY(store::usage_denials(db, token));
    usage.generations = TRY(store::secret_usages(db, token));
    usage.callers = TRY(store::usage_callers(db, token));
    usage.scopes = TRY(store::usage_scopes(db, token));
    return usage;
}

// Every day from the first on, used or not, so that a reader can draw them as they are.
json::array days_view(const UsageOfToken& usage, std::int64_t first_day, std::int64_t last_day) {
    std::map<std::int64_t, store::DayUsage> known;
    for (const auto& day : usage.days) {
        known.emplace(day.day, day);
    }
    json::array days;
    for (std::int64_t day = first_day; day <= last_day; ++day) {
        const auto found = known.find(day);
        const store::DayUsage counted = found == known.end() ? store::DayUsage{} : found->second;
        constexpr std::int64_t kSecondsOfDay = 86'400;
        constexpr std::size_t kDateLength = 10;
        const auto text = format_rfc3339(Timestamp::from_seconds(day * kSecondsOfDay));
        days.push_back(json::object{{"date", text.substr(0, kDateLength)},
                                    {"uses", counted.uses},
                                    {"denials", counted.denials}});
    }
    return days;
}

json::array denied_view(const UsageOfToken& usage) {
    json::array denied;
    for (const auto& denial : usage.denied) {
        denied.push_back(json::object{{"verdict", denial.verdict},
                                      {"count", denial.count},
                                      {"lastAt", format_rfc3339(denial.last_at)}});
    }
    return denied;
}

json::array callers_view(const UsageOfToken& usage, std::uint32_t generation) {
    json::array callers;
    for (const auto& caller : usage.callers) {
        if (caller.generation != generation) continue;
        callers.push_back(json::object{{"address", caller.address},
                                       {"agent", caller.agent},
                                       {"uses", caller.uses},
                                       {"lastUsedAt", format_rfc3339(caller.last_used_at)}});
    }
    return callers;
}

json::array generations_view(const UsageOfToken& usage) {
    json::array generations;
    for (const auto& secret : usage.generations) {
        generations.push_back(json::object{{"generation", secret.generation},
                                           {"uses", secret.uses},
                                           {"denials", secret.denials},
                                           {"lastUsedAt", format_rfc3339(secret.last_used_at)},
                                           {"lastAddress", secret.last_address},
                                           {"lastAgent", secret.last_agent},
                                           {"callers", callers_view(usage, secret.generation)}});
    }
    return generations;
}

json::object usage_view(const UsageOfToken& usage, std::int64_t first_day, std::int64_t last_day) {
    const auto totals = usage.details.usage.value_or(store::UsageRecord{});
    json::object view;
    view["tokenId"] = usage.details.token.id.uuid();
    view["lastUsedAt"] =
        time_view(usage.details.usage ? std::optional(totals.last_used_at) : std::nullopt);
    view["lastAddress"] = totals.last_address;
    view["lastAgent"] = totals.last_agent;
    view["uses"] = totals.uses;
    view["denials"] = totals.denials;
    view["days"] = days_view(usage, first_day, last_day);
    view["denied"] = denied_view(usage);
    view["generations"] = generations_view(usage);
    std::int64_t without_scope = 0;
    json::array scopes;
    for (const auto& scope : usage.scopes) {
        if (scope.scope == verify::kNoScopeNamed) {
            without_scope = scope.uses;
            continue;
        }
        scopes.push_back(json::object{{"scope", scope.scope},
                                      {"uses", scope.uses},
                                      {"lastUsedAt", format_rfc3339(scope.last_used_at)}});
    }
    view["scopes"] = std::move(scopes);
    view["usesWithoutScope"] = without_scope;
    return view;
}

}  // namespace

Result<http::Response> get_token_usage(Call& call) {
    const auto days = TRY(days_asked(call.query, kDaysShown));
    auto& authority = call.services.authority;
    const std::int64_t today = verify::day_of(authority.clock().now());
    const std::int64_t first = today - days + 1;
    const auto usage = TRY(authority.store().query<UsageOfToken>(
        [&](store::Connection& db) { return read_usage(db, call, first); }));
    return json_answer(200, usage_view(usage, first, today));
}

}  // namespace latchkey::api
