#include "api/views.h"

#include <algorithm>

#include "authority/token_keys.h"
#include "base/encoding.h"

namespace latchkey::api {

json::array texts_view(const std::vector<std::string>& texts) {
    json::array view;
    for (const auto& text : texts) {
        view.emplace_back(text);
    }
    return view;
}

json::array words_view(std::string_view words) {
    json::array view;
    while (!words.empty()) {
        const auto end = std::min(words.find(' '), words.size());
        if (end > 0) view.emplace_back(words.substr(0, end));
        words.remove_prefix(std::min(end + 1, words.size()));
    }
    return view;
}

json::value time_view(const std::optional<Timestamp>& time) {
    if (!time) return nullptr;
    return json::value(format_rfc3339(*time));
}

json::value rate_view(const RateLimit& rate) {
    if (!rate.is_set()) return nullptr;
    return json::object{{"requests", rate.requests}, {"seconds", rate.seconds}};
}

json::value silence_view(const store::SecretRecord& secret) {
    if (secret.until_silent_seconds == 0) return nullptr;
    return secret.until_silent_seconds;
}

std::string_view kind_name(store::TokenKind kind) {
    switch (kind) {
        case store::TokenKind::kJwt: return "jwt";
        case store::TokenKind::kOpaque: return "opaque";
        case store::TokenKind::kKey: return "key";
    }
    return "key";
}

std::string_view state_name(const store::TokenRecord& token, Timestamp now) {
    if (token.state == store::TokenState::kRevoked) return "revoked";
    if (token.expires_at && *token.expires_at <= now) return "expired";
    return token.state == store::TokenState::kSuspended ? "suspended" : "active";
}

json::object token_view(const store::TokenRecord& token, const authority::DirectoryView& apis,
                        Timestamp now, std::optional<Timestamp> last_used_at,
                        std::uint32_t generation) {
    const auto* api = apis.find(token.api);
    json::object view;
    view["id"] = token.id.uuid();
    view["name"] = token.name;
    view["description"] = token.description;
    view["kind"] = kind_name(token.kind);
    view["api"] = api == nullptr ? "" : api->api.slug;
    view["audience"] = api == nullptr ? "" : api->api.audience;
    view["owner"] = token.owner.uuid();
    if (token.scopes) {
        view["scopes"] = texts_view(*token.scopes);
    } else {
        view["scopes"] = nullptr;
    }
    view["allowedIps"] = texts_view(token.allowed_ips);
    view["rateLimit"] = rate_view(token.rate);
    view["state"] = state_name(token, now);
    if (!token.reason.empty()) view["reason"] = token.reason;
    view["createdAt"] = format_rfc3339(token.created_at);
    view["updatedAt"] = format_rfc3339(token.updated_at);
    view["notBefore"] = time_view(token.not_before);
    view["expiresAt"] = time_view(token.expires_at);
    if (token.revoked_at) view["revokedAt"] = format_rfc3339(*token.revoked_at);
    view["lastUsedAt"] = time_view(last_used_at);
    view["generation"] = generation;
    if (!token.source.empty()) view["source"] = token.source;
    return view;
}

namespace {

std::string_view secret_state(const store::SecretRecord& secret, const store::TokenRecord& token,
                              Timestamp now) {
    if (secret.state == store::SecretState::kRevoked) return "revoked";
    if (token.state == store::TokenState::kRevoked) return "revoked";
    const bool has_ended = (secret.ends_at && *secret.ends_at <= now) ||
                           (token.expires_at && *token.expires_at <= now);
    return has_ended ? "ended" : "live";
}

// Newest first: the first is the one that counts when nothing is being replaced.
json::array secrets_view(const authority::TokenDetails& details, Timestamp now) {
    json::array view;
    for (auto secret = details.secrets.rbegin(); secret != details.secrets.rend(); ++secret) {
        store::SecretUsage usage;
        for (const auto& one : *details.generations) {
            if (one.generation == secret->generation) usage = one;
        }
        const bool was_used = usage.uses > 0;
        view.push_back(json::object{
            {"id", secret->id.uuid()},
            {"generation", secret->generation},
            {"state", secret_state(*secret, details.token, now)},
            {"createdAt", format_rfc3339(secret->created_at)},
            {"endsAt", time_view(secret->ends_at)},
            {"untilSilentSeconds", silence_view(*secret)},
            {"lastUsedAt", time_view(was_used ? std::optional(usage.last_used_at) : std::nullopt)},
            {"lastAddress", usage.last_address},
            {"lastAgent", usage.last_agent},
            {"uses", usage.uses}});
    }
    return view;
}

}  // namespace

json::object token_view(const authority::TokenDetails& details,
                        const authority::DirectoryView& apis, Timestamp now) {
    const auto& secrets = details.secrets;
    const bool has_keys = details.token.kind == store::TokenKind::kKey;
    auto view =
        token_view(details.token, apis, now,
                   details.usage ? std::optional(details.usage->last_used_at) : std::nullopt,
                   secrets.empty() || has_keys ? 1 : secrets.back().generation);
    if (has_keys) view["keys"] = keys_view(secrets);
    if (!has_keys && details.generations) view["secrets"] = secrets_view(details, now);
    return view;
}

json::array keys_view(const std::vector<store::SecretRecord>& secrets) {
    json::array view;
    for (const auto& key : authority::live_keys(secrets)) {
        view.push_back(json::object{{"kid", key.kid},
                                    {"algorithm", key.algorithm},
                                    {"thumbprint", key.thumbprint},
                                    {"createdAt", format_rfc3339(key.created_at)}});
    }
    return view;
}

json::object user_view(const store::UserRecord& user, const std::vector<store::RoleRecord>& roles,
                       const authority::DirectoryView& apis) {
    const bool is_human = user.kind == store::UserKind::kHuman;
    json::object view;
    view["id"] = user.id.uuid();
    view["kind"] = is_human ? "human" : "machine";
    view["email"] = is_human ? json::value(user.login) : json::value(nullptr);
    view["name"] = user.name;
    view["state"] = user.state == store::UserState::kActive ? "active" : "disabled";
    json::array names;
    for (const auto& role : roles) {
        if (std::find(user.roles.begin(), user.roles.end(), role.id) != user.roles.end()) {
            names.emplace_back(role.name);
        }
    }
    view["roles"] = std::move(names);
    json::array verifies;
    for (const auto& id : user.verifies) {
        const auto* api = apis.find(id);
        if (api != nullptr) verifies.emplace_back(api->api.slug);
    }
    view["verifies"] = std::move(verifies);
    view["createdAt"] = format_rfc3339(user.created_at);
    view["invitedUntil"] = time_view(user.invited_until);
    view["secondFactor"] = user.has_second_factor;
    return view;
}

json::object api_view(const store::ApiRecord& api) {
    json::object view;
    view["id"] = api.id.uuid();
    view["slug"] = api.slug;
    view["audience"] = api.audience;
    view["name"] = api.name;
    view["baseUrl"] = api.base_url.empty() ? json::value(nullptr) : json::value(api.base_url);
    view["defaultScopes"] = texts_view(api.default_scopes);
    view["default"] = api.is_default;
    view["builtIn"] = api.is_built_in;
    view["createdAt"] = format_rfc3339(api.created_at);
    return view;
}

json::array scopes_view(const std::vector<store::ScopeRecord>& scopes) {
    json::array view;
    for (const auto& scope : scopes) {
        json::object entry{{"name", scope.name}, {"description", scope.description}};
        if (!scope.group.empty()) entry["group"] = scope.group;
        if (!scope.aliases.empty()) entry["aliases"] = texts_view(scope.aliases);
        view.push_back(std::move(entry));
    }
    return view;
}

json::object session_view(const store::SessionRecord& session, bool is_current) {
    return {{"id", session.id.uuid()},
            {"kind", session.kind == store::SessionKind::kCli ? "cli" : "portal"},
            {"agent", session.agent},
            {"address", session.address},
            {"createdAt", format_rfc3339(session.created_at)},
            {"lastSeenAt", format_rfc3339(session.last_seen_at)},
            {"expiresAt", format_rfc3339(session.expires_at)},
            {"current", is_current}};
}

json::object event_view(const store::Event& event) {
    json::object view;
    view["epoch"] = event.epoch;
    view["revision"] = event.revision;
    view["at"] = format_rfc3339(event.at);
    view["type"] = event.type;
    view["actor"] = event.actor;
    JsonLimits limits;
    limits.bytes_max = 16U << 20;
    limits.members_max = 1U << 20;
    const auto body = parse_json(event.body, limits);
    const json::value* data = body ? body->get_object().if_contains("data") : nullptr;
    view["data"] = data == nullptr ? json::value(json::object()) : *data;
    view["hash"] = base64url_encode(as_text(event.hash));
    // The exact text that the hash covers, so that anyone can check the chain.
    view["body"] = event.body;
    return view;
}

}  // namespace latchkey::api
