// Which of a token's scopes anybody used, and making it as narrow as that. What was recorded is
// judged against the narrower token, so that nobody finds out afterwards.
#pragma once

#include <string>
#include <vector>

#include "authority/change_token.h"
#include "authority/directory.h"
#include "store/usage.h"

namespace latchkey::authority {

struct ScopeReview {
    TokenDetails details;
    std::vector<std::string> used;    // of those it was granted
    std::vector<std::string> unused;  // never asked for in that time
    std::vector<std::string> to;      // what it would be narrowed to: patterns become what was used
    std::vector<store::ScopeUsage> denied;  // recorded uses that the narrower token would not allow
    std::int64_t uses_without_scope{0};     // nobody can say what these needed
    Timestamp since;                        // from when on is known
    bool is_enough{false};                  // that is as long ago as was asked for
};

// Of the last `days`. Reason scopes_not_declared for a token that policies alone limit.
Result<ScopeReview> review_scopes(store::Connection& db, const Actor& actor,
                                  const DirectoryView& directory, std::string_view id,
                                  std::int64_t days, Timestamp now);
// Narrows it, as review_scopes says at this moment. Reason would_deny: a recorded use would be
// denied; nothing changed.
Result<ScopeReview> shrink_token(store::Transaction& tx, const Actor& actor,
                                 const DirectoryView& directory, std::string_view id,
                                 std::int64_t days);

}  // namespace latchkey::authority
