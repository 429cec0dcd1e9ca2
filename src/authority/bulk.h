// Revoking or suspending many tokens at once: one event with a rule, which counts at once however
// many tokens it is about, and which is then settled token by token in the background.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "authority/authority.h"
#include "store/bulk.h"
#include "store/store.h"

namespace latchkey::authority {

inline constexpr std::size_t kBulkShown = 200;
// Named one by one: by project, or by how long they were not used.
inline constexpr std::size_t kBulkListMax = 100'000;
inline constexpr std::size_t kOpenBulksMax = 32;
// Of one who may stop his own tokens alone.
inline constexpr std::size_t kOpenBulksOfUserMax = 4;

// All that is given must hold.
struct BulkFilter {
    std::optional<UserId> owner{};
    std::optional<ProjectId> project{};
    std::optional<ApiId> api{};
    std::optional<Timestamp> minted_before{};
    std::string kid{};
    std::string scope{};
    std::optional<Timestamp> unused_since{};

    [[nodiscard]] bool is_empty() const;
};

// Needs token:write, and user:write for other people's tokens: who lacks it means his own, and one
// who names another owner is refused. Reasons empty_filter, bad_scope, unknown_user,
// unknown_project.
Result<BulkFilter> allowed_filter(store::Connection& db, const Actor& actor, BulkFilter filter);

struct BulkPreview {
    std::uint64_t count{0};
    std::vector<store::ListedToken> tokens;  // the first kBulkShown
};
Result<BulkPreview> preview_bulk(store::Connection& db, store::TokenState action,
                                 const BulkFilter& filter);

// What a rule needs that takes reading, done before the writer is asked.
struct PreparedBulk {
    store::BulkRecord rule;
    std::vector<TokenId> tokens;  // that it names
    json::object filter;          // as the event tells it
};
// Reason too_many_tokens.
Result<PreparedBulk> prepare_bulk(Authority& authority, const Actor& actor,
                                  store::TokenState action, const BulkFilter& filter,
                                  const std::string& reason);
// One event; returns its revision. Reason too_many_bulk_rules.
Result<std::uint64_t> start_bulk(store::Transaction& tx, const Actor& actor, PreparedBulk& bulk);

// His own, or any with user:read; kNotFound else.
Result<store::BulkRecord> get_bulk(store::Connection& db, const Actor& actor, std::string_view id);

// For maintenance: goes on with what is not settled, for about so long.
Status settle_bulk_rules(Authority& authority, Microseconds budget);

}  // namespace latchkey::authority
