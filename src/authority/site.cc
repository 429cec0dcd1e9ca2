#include "authority/site.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/encoding.h"
#include "base/json.h"

namespace latchkey::authority {
namespace {

constexpr std::string_view kSiteKey = "site";
constexpr std::string_view kRulesKey = "token_rules";
constexpr std::uint32_t kLifeDaysMax = 36'500;
constexpr std::size_t kOriginsMax = 32;
constexpr std::size_t kDryRunTokensMax = 200;

constexpr std::array<std::pair<store::TokenKind, std::string_view>, 3> kKinds{{
    {store::TokenKind::kJwt, "jwt"},
    {store::TokenKind::kOpaque, "opaque"},
    {store::TokenKind::kKey, "key"},
}};

std::string_view word_of_kind(store::TokenKind kind) {
    for (const auto& [known, word] : kKinds) {
        if (known == kind) return word;
    }
    return "jwt";
}

store::TokenKind kind_of_word(std::string_view text) {
    for (const auto& [kind, word] : kKinds) {
        if (word == text) return kind;
    }
    return store::TokenKind::kJwt;
}

json::value days_json(const std::optional<std::uint32_t>& days) {
    return days ? json::value(*days) : json::value(nullptr);
}

std::optional<std::uint32_t> days_of(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    if (value == nullptr || !value->is_int64()) return std::nullopt;
    return static_cast<std::uint32_t>(value->get_int64());
}

bool flag_of(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value != nullptr && value->is_bool() && value->get_bool();
}

json::object rules_json(const TokenRules& rules) {
    json::array kinds;
    for (const auto kind : rules.kinds) {
        kinds.emplace_back(word_of_kind(kind));
    }
    return {{"max_life_days", days_json(rules.max_life_days)},
            {"requires_expiry", rules.requires_expiry},
            {"requires_addresses", rules.requires_addresses},
            {"kinds", std::move(kinds)}};
}

json::object site_json(const Site& site) {
    json::array origins;
    for (const auto& origin : site.cors_origins) {
        origins.emplace_back(origin);
    }
    return {{"default_kind", word_of_kind(site.default_kind)},
            {"default_life_days", days_json(site.default_life_days)},
            {"cors_origins", std::move(origins)}};
}

// What this version wrote is read back; anything else is damage, and a rule is never forgotten.
Result<json::object> read_object(store::Connection& db, std::string_view key) {
    const auto text = TRY(store::find_setting(db, key));
    if (!text) return json::object();
    auto value = parse_json(*text);
    if (value && value->is_object()) return std::move(value->get_object());
    return Error{ErrorCode::kInternal, "a stored setting is not readable", std::string(key)};
}

Status append(store::Transaction& tx, const Actor& actor, std::string_view type,
              json::object data) {
    store::EventDraft event;
    event.type = type;
    event.actor = actor.text();
    event.data = std::move(data);
    TRY(tx.append_event(std::move(event)));
    return {};
}

// RFC 6454: scheme://host[:port], nothing behind it, and never a wildcard.
bool is_origin(std::string_view text) {
    const bool has_scheme = text.starts_with("https://") || text.starts_with("http://");
    const auto host = text.substr(has_scheme ? text.find("://") + 3 : 0);
    return has_scheme && !host.empty() && text.size() <= 200 &&
           std::all_of(host.begin(), host.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
                      c == ':' || c == '[' || c == ']';
           });
}

Status check_origins(const std::vector<std::string>& origins) {
    if (origins.size() > kOriginsMax) {
        return invalid("at most 32 origins", "bad_origin", "/corsOrigins");
    }
    for (std::size_t i = 0; i < origins.size(); ++i) {
        if (is_origin(origins[i])) continue;
        return invalid("an origin is https://host[:port], in small letters and without a path",
                       "bad_origin", "/corsOrigins/" + std::to_string(i));
    }
    return {};
}

Status check_days(const std::optional<std::uint32_t>& days, std::string field) {
    if (!days || (*days >= 1 && *days <= kLifeDaysMax)) return {};
    return invalid("a life is 1 to 36500 days, or null for none", "bad_life", std::move(field));
}

// A default that the rules refuse would make every plain creation fail.
Status check_defaults(const Site& site) {
    const auto& rules = site.rules;
    if (std::find(rules.kinds.begin(), rules.kinds.end(), site.default_kind) == rules.kinds.end()) {
        return invalid("the default kind is not among the kinds that the rules allow", "rule_kind",
                       "/defaultKind");
    }
    if (rules.max_life_days && site.default_life_days &&
        *site.default_life_days > *rules.max_life_days) {
        return invalid("the default life is longer than the rules allow", "rule_life",
                       "/defaultLifeDays");
    }
    return {};
}

}  // namespace

Result<Site> read_site(store::Connection& db) {
    const auto stored = TRY(read_object(db, kSiteKey));
    const auto rules = TRY(read_object(db, kRulesKey));
    Site site;
    if (const auto* kind = stored.if_contains("default_kind")) {
        site.default_kind = kind_of_word(kind->as_string());
    }
    site.default_life_days = days_of(stored, "default_life_days");
    if (const auto* origins = stored.if_contains("cors_origins")) {
        for (const auto& origin : origins->as_array()) {
            site.cors_origins.emplace_back(origin.as_string());
        }
    }
    site.rules.max_life_days = days_of(rules, "max_life_days");
    site.rules.requires_expiry = flag_of(rules, "requires_expiry");
    site.rules.requires_addresses = flag_of(rules, "requires_addresses");
    if (const auto* kinds = rules.if_contains("kinds")) {
        site.rules.kinds.clear();
        for (const auto& kind : kinds->as_array()) {
            site.rules.kinds.push_back(kind_of_word(kind.as_string()));
        }
    }
    return site;
}

Status put_site(store::Transaction& tx, const Actor& actor, const Site& site) {
    TRY(actor.require("settings:write"));
    auto& db = tx.connection();
    TRY(require_still_active(db, actor, tx.now()));
    Site changed = TRY(read_site(db));
    const Site before = changed;
    changed.default_kind = site.default_kind;
    changed.default_life_days = site.default_life_days;
    changed.cors_origins = site.cors_origins;
    if (site.default_kind == store::TokenKind::kKey) {
        return invalid("the default kind is jwt or opaque: a key token needs its holder's key",
                       "unknown_kind", "/defaultKind");
    }
    TRY(check_days(site.default_life_days, "/defaultLifeDays"));
    TRY(check_origins(site.cors_origins));
    TRY(check_defaults(changed));
    if (changed == before) return {};
    TRY(store::put_setting(db, kSiteKey, to_json(site_json(changed))));
    return append(tx, actor, "settings.updated",
                  {{"before", site_json(before)}, {"after", site_json(changed)}});
}

Status check_token_rules(const TokenRules& rules) {
    TRY(check_days(rules.max_life_days, "/maxLifeDays"));
    const std::set<store::TokenKind> distinct(rules.kinds.begin(), rules.kinds.end());
    if (rules.kinds.empty() || distinct.size() != rules.kinds.size()) {
        return invalid("kinds names at least one of jwt, opaque and key, each once", "unknown_kind",
                       "/kinds");
    }
    return {};
}

Status put_token_rules(store::Transaction& tx, const Actor& actor, const TokenRules& rules) {
    TRY(actor.require("settings:write"));
    auto& db = tx.connection();
    TRY(require_still_active(db, actor, tx.now()));
    TRY(check_token_rules(rules));
    Site site = TRY(read_site(db));
    const TokenRules before = std::exchange(site.rules, rules);
    TRY(check_defaults(site));
    if (rules == before) return {};
    TRY(store::put_setting(db, kRulesKey, to_json(rules_json(rules))));
    return append(tx, actor, "settings.token_rules_updated",
                  {{"before", rules_json(before)}, {"after", rules_json(rules)}});
}

Status check_rules(const TokenRules& rules, const store::TokenRecord& token, Timestamp since,
                   const RuledTerms& terms) {
    const auto& kinds = rules.kinds;
    if (terms.kind && std::find(kinds.begin(), kinds.end(), token.kind) == kinds.end()) {
        return invalid(
            "tokens of kind " + std::string(word_of_kind(token.kind)) + " are not made here",
            "rule_kind", "/kind");
    }
    if (terms.end && !token.expires_at && (rules.requires_expiry || rules.max_life_days)) {
        return invalid("a token must have an end here", "rule_expiry", "/expiresAt")
            .with_hint("give an expiration, such as 30d");
    }
    if (terms.end && rules.max_life_days &&
        *token.expires_at > since + std::chrono::hours(24) * *rules.max_life_days) {
        return invalid("a token lives at most " + std::to_string(*rules.max_life_days) +
                           " days here, counted from when its secret was made",
                       "rule_life", "/expiresAt")
            .with_hint("choose a nearer end; a rotation makes a new secret");
    }
    if (terms.addresses && rules.requires_addresses && token.allowed_ips.empty()) {
        return invalid("a token must name the addresses that it works from", "rule_addresses",
                       "/allowedIps");
    }
    return {};
}

Result<RulesDryRun> try_token_rules(store::Connection& db, const Actor& actor,
                                    const TokenRules& rules, Timestamp now) {
    TRY(actor.require("settings:write"));
    TRY(actor.require("user:read"));
    TRY(check_token_rules(rules));
    RulesDryRun found;
    store::TokenQuery query;
    query.filter = store::TokenFilter::kActive;
    query.now = now;
    query.limit = 200;
    while (true) {
        auto page = TRY(store::list_tokens(db, query));
        if (page.empty()) return found;
        query.after = page.back().token.id;
        for (auto& listed : page) {
            if (check_rules(rules, listed.token, listed.token.created_at)) continue;
            ++found.count;
            if (found.tokens.size() < kDryRunTokensMax) {
                found.tokens.push_back(std::move(listed.token));
            }
        }
        if (page.size() < query.limit) return found;
    }
}

}  // namespace latchkey::authority
