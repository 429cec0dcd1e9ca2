// /v1/settings and /v1/token-rules: what the administrators of an installation decide for all.
#include "api/body.h"
#include "api/handlers.h"
#include "api/negotiation.h"
#include "api/views.h"
#include "authority/site.h"

namespace latchkey::api {
namespace {

using authority::Site;
using authority::TokenRules;

json::value days_view(const std::optional<std::uint32_t>& days) {
    return days ? json::value(*days) : json::value(nullptr);
}

json::object rules_view(const TokenRules& rules) {
    json::array kinds;
    for (const auto kind : rules.kinds) {
        kinds.emplace_back(kind_name(kind));
    }
    return {{"maxLifeDays", days_view(rules.max_life_days)},
            {"requireExpiry", rules.requires_expiry},
            {"requireAddresses", rules.requires_addresses},
            {"kinds", std::move(kinds)}};
}

json::object settings_view(const Services& services, const Site& site) {
    const auto& settings = services.authority.settings();
    const auto apis = services.authority.directory().view();
    const auto* api = apis->find("");
    return {{"issuer", settings.issuer},
            {"installationId", settings.installation_id},
            {"tokenPrefix", settings.token_prefix},
            {"defaultApi", api == nullptr ? "" : api->api.slug},
            {"version", LATCHKEY_VERSION},
            {"defaultKind", kind_name(site.default_kind)},
            {"defaultLifeDays", days_view(site.default_life_days)},
            {"maxLifeDays", days_view(site.rules.max_life_days)},
            {"corsOrigins", texts_view(site.cors_origins)}};
}

Result<store::TokenKind> kind_of(std::string_view name, std::string field) {
    for (const auto kind :
         {store::TokenKind::kJwt, store::TokenKind::kOpaque, store::TokenKind::kKey}) {
        if (kind_name(kind) == name) return kind;
    }
    return invalid("a kind is jwt, opaque or key", "unknown_kind", std::move(field));
}

// Null is none; a member that is missing is missing.
Result<std::optional<std::uint32_t>> read_days(Body& body, std::string_view name) {
    const std::string field = "/" + std::string(name);
    const json::value* value = body.value(name);
    if (value == nullptr) {
        return invalid("the member " + std::string(name) + " is missing", "missing_member", field);
    }
    if (value->is_null()) return std::optional<std::uint32_t>();
    if (!value->is_int64()) {
        return invalid(std::string(name) + " is a whole number of days, or null", "wrong_type",
                       field);
    }
    const auto days = value->get_int64();
    if (days >= 1 && days <= 36'500) return std::optional(static_cast<std::uint32_t>(days));
    return invalid("a life is 1 to 36500 days, or null for none", "bad_life", field);
}

Result<bool> read_flag(Body& body, std::string_view name) {
    if (body.has(name)) return body.flag(name, false);
    return invalid("the member " + std::string(name) + " is missing", "missing_member",
                   "/" + std::string(name));
}

Result<TokenRules> read_rules(Body& body) {
    TokenRules rules;
    rules.max_life_days = TRY(read_days(body, "maxLifeDays"));
    rules.requires_expiry = TRY(read_flag(body, "requireExpiry"));
    rules.requires_addresses = TRY(read_flag(body, "requireAddresses"));
    const auto kinds = TRY(body.optional_texts("kinds"));
    if (!kinds) return invalid("the member kinds is missing", "missing_member", "/kinds");
    rules.kinds.clear();
    for (std::size_t i = 0; i < kinds->size(); ++i) {
        rules.kinds.push_back(TRY(kind_of((*kinds)[i], "/kinds/" + std::to_string(i))));
    }
    TRY(body.done());
    TRY(authority::check_token_rules(rules));
    return rules;
}

// Who reads, edits and sends back the whole sends these too; they are as they are.
Status check_fixed(Body& body, const json::object& current) {
    for (const char* name :
         {"issuer", "installationId", "tokenPrefix", "defaultApi", "version", "maxLifeDays"}) {
        const json::value* sent = body.value(name);
        if (sent == nullptr || *sent == current.at(name)) continue;
        return invalid(std::string(name) + " cannot be changed here", "read_only",
                       "/" + std::string(name));
    }
    return {};
}

}  // namespace

Result<http::Response> get_settings(Call& call) {
    return json_answer(200, settings_view(call.services, *call.services.authority.site()));
}

Result<http::Response> put_settings(Call& call) {
    auto body = TRY(Body::parse(call.request()));
    auto& authority = call.services.authority;
    Site wanted;
    const auto kind = TRY(body.text("defaultKind"));
    wanted.default_kind = TRY(kind_of(kind, "/defaultKind"));
    wanted.default_life_days = TRY(read_days(body, "defaultLifeDays"));
    const auto origins = TRY(body.optional_texts("corsOrigins"));
    if (!origins) {
        return invalid("the member corsOrigins is missing", "missing_member", "/corsOrigins");
    }
    wanted.cors_origins = *origins;
    TRY(check_fixed(body, settings_view(call.services, *authority.site())));
    TRY(body.done());
    TRY(authority.store().mutate([&](store::Transaction& tx) -> Status {
        const Site current = TRY(authority::read_site(tx.connection()));
        TRY(check_if_match(call.request(), to_json(settings_view(call.services, current))));
        return authority::put_site(tx, call.actor(), wanted);
    }));
    return json_answer(200, settings_view(call.services, *authority.site()));
}

Result<http::Response> get_token_rules(Call& call) {
    return json_answer(200, rules_view(call.services.authority.site()->rules));
}

Result<http::Response> put_token_rules(Call& call) {
    auto body = TRY(Body::parse(call.request()));
    const auto rules = TRY(read_rules(body));
    auto& authority = call.services.authority;
    TRY(authority.store().mutate([&](store::Transaction& tx) -> Status {
        const Site current = TRY(authority::read_site(tx.connection()));
        TRY(check_if_match(call.request(), to_json(rules_view(current.rules))));
        return authority::put_token_rules(tx, call.actor(), rules);
    }));
    return json_answer(200, rules_view(rules));
}

Result<http::Response> post_token_rules_dry_run(Call& call) {
    auto body = TRY(Body::parse(call.request()));
    const json::value* sent = body.value("rules");
    if (sent == nullptr || !sent->is_object()) {
        return invalid("the member rules is missing", "missing_member", "/rules");
    }
    Body inner(sent->get_object());
    const auto rules = TRY(read_rules(inner));
    TRY(body.done());
    auto& authority = call.services.authority;
    const Timestamp now = authority.clock().now();
    const auto found =
        TRY(authority.store().query<authority::RulesDryRun>([&](store::Connection& db) {
            return authority::try_token_rules(db, call.actor(), rules, now);
        }));
    json::array tokens;
    const auto apis = authority.directory().view();
    for (const auto& token : found.tokens) {
        tokens.push_back(token_view(token, *apis, now, std::nullopt));
    }
    return json_answer(200,
                       json::object{{"wouldRefuse", found.count}, {"tokens", std::move(tokens)}});
}

}  // namespace latchkey::api
