// What rules over many tokens did since a backup: their events name no single token.
#pragma once

#include <vector>

#include "store/records.h"
#include "store/sql.h"

namespace latchkey::authority {

// The tokens that a batch of settling was about; none for any other event.
Result<std::vector<TokenId>> tokens_settled_by(const store::Event& event);
// Those that a rule stopped whose rows do not say so yet.
Result<std::vector<TokenId>> tokens_under_rules(store::Connection& db);

}  // namespace latchkey::authority
