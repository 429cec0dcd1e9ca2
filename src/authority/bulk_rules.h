// What rules over many tokens mean for one of them, while its row does not say so yet. Whoever
// reads a token to show it or to decide on it asks here; without a rule that costs one look into an
// empty index.
#pragma once

#include <vector>

#include "base/json.h"
#include "store/bulk.h"
#include "store/store.h"
#include "verify/facts.h"

namespace latchkey::authority {

// With the tokens that it names and spares.
Result<verify::BulkFact> fact_of(store::Connection& db, const store::BulkRecord& rule);

// The state that these rules give the token, with the reason; unchanged if none concerns it.
Status apply_bulk_rules(store::Connection& db, const std::vector<store::BulkRecord>& rules,
                        store::TokenRecord& token);
Status apply_bulk_rules(store::Connection& db, store::TokenRecord& token);

// Somebody gives one token its life back: from now on no rule that stands is about it. The facts
// that say so, for the event.
Result<std::vector<verify::BulkSparedFact>> spare_from_bulk_rules(store::Transaction& tx,
                                                                  const store::TokenRecord& token);

// A token that was prepared before a rule and comes after it would be dead in the replica and alive
// in its row: kUnavailable, and the next try has a newer id.
Status check_no_bulk_rule(store::Connection& db, const store::TokenRecord& token);

}  // namespace latchkey::authority
