// Rules over many tokens at once, as they are kept until every token says so by itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "store/records.h"
#include "store/sql.h"

namespace latchkey {
using BulkId = Id<struct BulkTag>;
}  // namespace latchkey

namespace latchkey::store {

// Which tokens: all that is given must hold. Only of those that are not deleted and not yet in
// `action` or worse.
struct BulkMatch {
    TokenState action{TokenState::kRevoked};  // or kSuspended
    TokenId last_token{};                     // none above
    std::optional<UserId> owner{};
    std::optional<ApiId> api{};
    std::string kid{};    // of any of its live secrets
    std::string scope{};  // that it holds, literally or by a pattern
    // A rule names the tokens that these are about, for both may change under it.
    std::optional<ProjectId> project{};
    std::optional<Timestamp> unused_since{};
};
// The next rows after `after`, at most `rows`: those that match, and where to go on (none: all
// were seen).
struct BulkPage {
    std::vector<TokenId> tokens;
    std::optional<TokenId> next;
};
Result<BulkPage> match_tokens(Connection& db, const BulkMatch& match, const TokenId& after,
                              std::int64_t rows);
Result<bool> matches(Connection& db, const BulkMatch& match, const TokenId& token);
// Tokens with several secrets of which one has this key: a look-up sees one of them only. Those
// whose later ones have ids above `after`.
Result<std::vector<TokenId>> rotated_tokens_of_key(Connection& db, std::string_view kid,
                                                   const SecretId& after);
// The highest id of all; nil: there is no token.
Result<TokenId> newest_token(Connection& db);

struct BulkRecord {
    BulkId id;
    BulkMatch match;      // without project and unused_since
    bool is_list{false};  // its tokens alone
    std::string reason;
    std::string actor;
    std::optional<UserId> actor_user;
    Timestamp created_at;
    std::optional<std::int64_t> total;  // none: nobody has counted
    std::int64_t settled{0};
    TokenId cursor;  // up to here they say so by themselves
    std::optional<Timestamp> settled_at;
};
Status insert_bulk(Connection& db, const BulkRecord& bulk);
Status update_bulk(Connection& db, const BulkRecord& bulk);  // total, settled, cursor, settled_at
Result<std::optional<BulkRecord>> find_bulk(Connection& db, const BulkId& id);
Result<std::vector<BulkRecord>> open_bulks(Connection& db);  // not settled, oldest first

// The tokens that a rule names, and those that it spares again.
Status add_bulk_token(Connection& db, const BulkId& id, const TokenId& token);
Result<std::vector<TokenId>> bulk_tokens(Connection& db, const BulkId& id, const TokenId& after,
                                         std::int64_t limit);
Result<bool> is_bulk_token(Connection& db, const BulkId& id, const TokenId& token);
Status spare_bulk_token(Connection& db, const BulkId& id, const TokenId& token);
Result<std::vector<TokenId>> spared_tokens(Connection& db, const BulkId& id);
Result<bool> is_spared(Connection& db, const BulkId& id, const TokenId& token);
Status forget_bulk_lists(Connection& db, const BulkId& id);

// As a rule says: state, reason, and when. False: it was there already, or worse.
Result<bool> put_token_state(Connection& db, const TokenId& token, const BulkRecord& rule);

}  // namespace latchkey::store
