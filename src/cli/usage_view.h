// How the use of a token is shown: bars of days, why it was denied, who called. Pure.
#pragma once

#include <string>

#include "base/json.h"
#include "cli/table.h"

namespace latchkey::cli {

// One column a day, oldest first, the highest as the busiest day: "▁▃█·▂". "·" is a day without.
std::string day_bars(const json::object& usage);
// "12 in 30 days, 340 in all, 3 denied"
std::string uses_in_words(const json::object& usage);
// "expired 2, insufficient_scope 1"; empty: never.
std::string denials_in_words(const json::object& usage);

Table generations_table(const json::object& usage);
Table scopes_table(const json::object& usage);
// Who still calls with a secret that is being replaced.
Table callers_table(const json::object& usage);

}  // namespace latchkey::cli
