#include "embed/stream_facts.h"

#include <algorithm>
#include <string_view>

#include "base/encoding.h"
#include "base/id.h"

namespace latchkey::embed {
namespace {

constexpr std::string_view kRevoked = "revoked";
constexpr std::size_t kEntriesMax = 200'000;

std::string text_of(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string())
                                                  : std::string();
}

bool is_true(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value != nullptr && value->is_bool() && value->get_bool();
}

// The id in the one way that names are written here; empty: it is none.
std::string id_of(const json::object& object, std::string_view name) {
    const auto bytes = parse_uuid(text_of(object, name));
    return bytes ? format_uuid(*bytes) : std::string();
}

}  // namespace

void StreamFacts::begin_again(Since since) {
    std::erase_if(verdicts_, [](const auto& said) { return said.second != kRevoked; });
    open_.clear();
    made_.clear();
    for_owners_ = for_projects_ = for_unknown_ = Since{};
    for_all_ = since;
}

bool StreamFacts::is_compromised(const std::string& kid) const {
    return compromised_.contains(kid);
}

std::optional<std::string> StreamFacts::verdict_of(const SignedToken& token) const {
    std::vector<std::string> names{token.token_id, token.secret_id, token.facts_digest,
                                   token.owner};
    names.insert(names.end(), token.ancestors.begin(), token.ancestors.end());
    std::optional<std::string> found;
    for (const auto& name : names) {
        const auto said = verdicts_.find(name);
        if (name.empty() || said == verdicts_.end()) continue;
        if (said->second == kRevoked) return said->second;
        if (!found) found = said->second;
    }
    if (is_compromised(token.kid)) return "key_compromised";
    return found;
}

Since StreamFacts::newest(Since newest, const std::vector<std::string>& names) const {
    for (const auto& name : names) {
        const auto found = open_.find(name);
        if (!name.empty() && found != open_.end()) newest = std::max(newest, found->second);
    }
    return newest;
}

Since StreamFacts::open_for(const SignedToken& token) const {
    Since since = for_all_;
    if (token.is_access && token.owner.empty()) since = std::max(since, for_owners_);
    return newest(since, {token.token_id, token.secret_id, token.owner, token.project});
}

bool StreamFacts::is_making(const SignedToken& token, std::uint64_t revision) const {
    const auto made = made_.find(token.token_id);
    return revision > 0 && made != made_.end() && made->second == revision;
}

std::uint64_t StreamFacts::open_for_answer(const std::string& token,
                                           const std::string& owner) const {
    Since since = std::max(for_all_, for_projects_);
    if (token.empty()) since = std::max(since, for_unknown_);
    if (owner.empty()) since = std::max(since, for_owners_);
    return newest(since, {token, owner}).revision;
}

void StreamFacts::apply(const json::value* facts, Since since, bool makes_token) {
    if (facts == nullptr || facts->is_null()) return;
    if (!facts->is_array()) {
        for_all_ = since;
        return;
    }
    for (const auto& fact : facts->get_array()) {
        const bool is_understood = apply_one(fact, since);
        if (!is_understood) for_all_ = since;
        const bool is_token = is_understood && text_of(fact.get_object(), "kind") == "token";
        if (makes_token && is_token) made_[id_of(fact.get_object(), "id")] = since.revision;
    }
    if (verdicts_.size() + open_.size() + made_.size() > kEntriesMax) forget(since);
}

void StreamFacts::forget(Since since) {
    verdicts_.clear();
    begin_again(since);
}

bool StreamFacts::apply_one(const json::value& fact, Since since) {
    if (!fact.is_object()) return false;
    const json::object& object = fact.get_object();
    const std::string kind = text_of(object, "kind");
    if (kind == "token") return apply_token(object, since);
    if (kind == "token_states") return apply_states(object, since);
    if (kind == "secret") return apply_secret(object, since);
    if (kind == "user") return apply_user(object, since);
    if (kind == "key") return apply_key(object, since);
    if (kind == "access") return apply_access(object);
    if (kind == "project" || kind == "membership" || kind == "grant") {
        return apply_project(object, since);
    }
    return false;
}

void StreamFacts::say(const std::string& name, const std::string& verdict) {
    auto& said = verdicts_[name];
    if (said == kRevoked) return;  // for ever
    said = verdict;
    if (verdict.empty()) verdicts_.erase(name);
}

bool StreamFacts::apply_states(const json::object& fact, Since since) {
    const auto* tokens = fact.if_contains("tokens");
    if (tokens == nullptr || !tokens->is_array()) return false;
    const std::string state = text_of(fact, "state");
    bool is_understood = true;
    for (const auto& token : tokens->get_array()) {
        const auto bytes = token.is_string() ? parse_uuid(token.get_string()) : std::nullopt;
        is_understood = bytes && set_state(format_uuid(*bytes), state, since) && is_understood;
    }
    return is_understood;
}

bool StreamFacts::apply_token(const json::object& fact, Since since) {
    return set_state(id_of(fact, "id"), text_of(fact, "state"), since);
}

bool StreamFacts::set_state(const std::string& token, const std::string& state, Since since) {
    if (token.empty() || (state != "active" && state != kRevoked && state != "suspended")) {
        return false;
    }
    open_[token] = for_unknown_ = since;
    say(token, state == "active" ? "" : state);
    return true;
}

bool StreamFacts::apply_secret(const json::object& fact, Since since) {
    const std::string secret = id_of(fact, "id");
    const std::string token = id_of(fact, "token");
    const auto digest = base64url_decode(text_of(fact, "digest"));
    if (secret.empty() || token.empty() || !digest || digest->empty()) return false;
    open_[secret] = open_[token] = for_unknown_ = since;
    if (!is_true(fact, "is_revoked")) return true;
    say(secret, std::string(kRevoked));
    say(hex_encode(*digest), std::string(kRevoked));
    return true;
}

bool StreamFacts::apply_user(const json::object& fact, Since since) {
    const std::string user = id_of(fact, "id");
    if (user.empty()) return false;
    open_[user] = for_owners_ = since;
    say(user, is_true(fact, "is_disabled") ? "owner_disabled" : "");
    return true;
}

bool StreamFacts::apply_key(const json::object& fact, Since since) {
    const std::string kid = text_of(fact, "kid");
    if (kid.empty()) return false;
    if (is_true(fact, "is_compromised")) {
        compromised_.insert(kid);
        for_projects_ = since;
    }
    return true;
}

bool StreamFacts::apply_access(const json::object& fact) {
    const std::string id = text_of(fact, "jti");
    if (id.empty()) return false;
    say(id, std::string(kRevoked));
    return true;
}

// Policies and memberships: no claim of a jwt speaks of them.
bool StreamFacts::apply_project(const json::object& fact, Since since) {
    const std::string named = id_of(fact, "project");
    const std::string project = named.empty() ? id_of(fact, "id") : named;
    if (project.empty()) return false;
    open_[project] = for_projects_ = since;
    return true;
}

}  // namespace latchkey::embed
