// Who sees which events, and how they look to him on the stream. A caller with event:read sees all;
// a verifier the facts that verification of its APIs depends on, and no names; anybody else what
// concerns himself.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "store/records.h"

namespace latchkey::api {

struct EventSight {
    enum class Kind : std::uint8_t { kEverything, kVerifier, kOwn };
    Kind kind{Kind::kOwn};
    UserId user;
    std::vector<ApiId> apis;         // of a verifier
    std::vector<std::string> slugs;  // of the same

    bool operator==(const EventSight&) const = default;
};

struct EventFilter {
    std::string type;  // "token.revoked", or "token." for a family; empty: all
    std::optional<TokenId> token;
    std::optional<UserId> owner;
};
[[nodiscard]] bool passes(const EventFilter& filter, const store::Event& event);

// What an event alone does not say.
struct EventLookup {
    std::function<std::optional<ApiId>(const TokenId&)> api_of;
    std::function<bool(const UserId&, const std::vector<ApiId>&)> owns_tokens_at;
};

// An event as text, made when first asked for and kept while it is handed out.
class EventText {
public:
    explicit EventText(store::Event event) : event_(std::move(event)) {}
    [[nodiscard]] const store::Event& event() const { return event_; }
    // The event as this caller sees it, as JSON; none: it is nothing to him.
    [[nodiscard]] std::optional<std::string> seen_by(const EventSight& sight,
                                                     const EventLookup& lookup);

private:
    const json::object& data();
    [[nodiscard]] json::object head() const;
    const std::string& whole();
    std::optional<std::string> for_verifier(const EventSight& sight, const EventLookup& lookup);

    store::Event event_;
    std::optional<json::object> data_;
    std::string whole_;
};

}  // namespace latchkey::api
