#include "api/event_sight.h"

#include <algorithm>

#include "base/encoding.h"

namespace latchkey::api {
namespace {

std::string_view text_of(const json::object& fact, std::string_view member) {
    const auto* value = fact.if_contains(member);
    return value != nullptr && value->is_string() ? std::string_view(value->get_string())
                                                  : std::string_view();
}

bool is_true(const json::object& fact, std::string_view member) {
    const auto* value = fact.if_contains(member);
    return value != nullptr && value->is_bool() && value->get_bool();
}

// The facts of one event that a verifier of some APIs needs.
class VerifierFacts {
public:
    VerifierFacts(const EventSight& sight, const EventLookup& lookup, const json::array& facts)
        : sight_(sight), lookup_(lookup), facts_(facts) {}

    json::array concerning() const {
        json::array kept;
        for (const auto& value : facts_) {
            const auto* fact = value.if_object();
            if (fact == nullptr || !concerns(*fact)) continue;
            kept.push_back(text_of(*fact, "kind") == "role" ? json::value(reduced_role(*fact))
                                                            : value);
        }
        return kept;
    }

private:
    [[nodiscard]] bool is_mine(const std::optional<ApiId>& api) const {
        return !api || std::find(sight_.apis.begin(), sight_.apis.end(), *api) != sight_.apis.end();
    }

    [[nodiscard]] bool concerns(const json::object& fact) const {
        const auto kind = text_of(fact, "kind");
        if (kind == "project") return is_true(fact, "is_deleted");
        if (kind == "membership") return has_tokens_here(text_of(fact, "user"));
        if (kind == "grant") return is_grant_of_mine(fact);
        if (kind == "token" || kind == "bulk") return is_mine(ApiId::parse(text_of(fact, "api")));
        if (kind == "api") return is_mine(ApiId::parse(text_of(fact, "id")));
        if (kind == "bulk_spared") return is_mine(api_of_token(text_of(fact, "token")));
        if (kind == "secret") return is_mine(api_of_token(text_of(fact, "token")));
        if (kind == "user") {
            const auto user = text_of(fact, "id");
            return UserId::parse(user) == sight_.user || has_tokens_here(user);
        }
        return true;  // roles, keys, and what later versions add
    }

    [[nodiscard]] bool has_tokens_here(std::string_view id) const {
        const auto user = UserId::parse(id);
        return !user || lookup_.owns_tokens_at(*user, sight_.apis);
    }

    // An access token is for one project and dies with its token's grant there.
    [[nodiscard]] bool is_grant_of_mine(const json::object& grant) const {
        const auto principal = text_of(grant, "principal");
        if (text_of(grant, "principal_kind") == "user") return has_tokens_here(principal);
        const auto token = TokenId::parse(principal);
        return token && is_mine(lookup_.api_of(*token));
    }

    // Mostly its token's fact stands beside it.
    [[nodiscard]] std::optional<ApiId> api_of_token(std::string_view token) const {
        for (const auto& value : facts_) {
            const auto* fact = value.if_object();
            if (fact != nullptr && text_of(*fact, "kind") == "token" &&
                text_of(*fact, "id") == token) {
                return ApiId::parse(text_of(*fact, "api"));
            }
        }
        const auto id = TokenId::parse(token);
        return id ? lookup_.api_of(*id) : std::nullopt;
    }

    // What a role allows at other APIs is nothing to a verifier of these.
    [[nodiscard]] json::object reduced_role(const json::object& role) const {
        json::object reduced = role;
        const auto* patterns = role.if_contains("patterns");
        if (patterns == nullptr || !patterns->is_object()) return reduced;
        json::object kept;
        for (const auto& [slug, list] : patterns->get_object()) {
            const auto& slugs = sight_.slugs;
            if (slug == "*" || std::find(slugs.begin(), slugs.end(), slug) != slugs.end()) {
                kept[slug] = list;
            }
        }
        reduced["patterns"] = std::move(kept);
        return reduced;
    }

    const EventSight& sight_;
    const EventLookup& lookup_;
    const json::array& facts_;
};

}  // namespace

bool passes(const EventFilter& filter, const store::Event& event) {
    if (filter.token && event.token != filter.token) return false;
    if (filter.owner && event.owner != filter.owner) return false;
    if (filter.type.empty()) return true;
    return filter.type.ends_with('.') ? event.type.starts_with(filter.type)
                                      : event.type == filter.type;
}

const json::object& EventText::data() {
    if (data_) return *data_;
    JsonLimits limits;
    limits.bytes_max = 64U << 20;
    limits.members_max = 1U << 20;
    auto body = parse_json(event_.body, limits);
    auto* object = body ? body->if_object() : nullptr;
    auto* data = object == nullptr ? nullptr : object->if_contains("data");
    data_ = data != nullptr && data->is_object() ? std::move(data->get_object()) : json::object();
    return *data_;
}

json::object EventText::head() const {
    json::object view;
    view["epoch"] = event_.epoch;
    view["revision"] = event_.revision;
    view["at"] = format_rfc3339(event_.at);
    view["type"] = event_.type;
    return view;
}

const std::string& EventText::whole() {
    if (!whole_.empty()) return whole_;
    json::object view = head();
    view["actor"] = event_.actor;
    view["owner"] = event_.owner ? json::value(event_.owner->uuid()) : json::value(nullptr);
    view["token"] = event_.token ? json::value(event_.token->uuid()) : json::value(nullptr);
    view["data"] = data();
    view["hash"] = base64url_encode(as_text(event_.hash));
    whole_ = to_json(view);
    return whole_;
}

std::optional<std::string> EventText::for_verifier(const EventSight& sight,
                                                   const EventLookup& lookup) {
    const auto* facts = data().if_contains("facts");
    json::array kept;
    if (facts != nullptr && facts->is_array()) {
        kept = VerifierFacts(sight, lookup, facts->get_array()).concerning();
    }
    // A new epoch concerns everybody, whatever else it says.
    if (kept.empty() && event_.type != "epoch.began") return std::nullopt;
    json::object view = head();
    view["data"] = json::object{{"facts", std::move(kept)}};
    return to_json(view);
}

std::optional<std::string> EventText::seen_by(const EventSight& sight, const EventLookup& lookup) {
    switch (sight.kind) {
        case EventSight::Kind::kEverything: return whole();
        case EventSight::Kind::kVerifier: return for_verifier(sight, lookup);
        case EventSight::Kind::kOwn:
            return event_.owner == sight.user ? std::optional(whole()) : std::nullopt;
    }
    return std::nullopt;
}

}  // namespace latchkey::api
