// Two scope lists, separated by '|': sets survive their text, and an intersection never widens.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "base/encoding.h"
#include "token/durations.h"
#include "token/names.h"
#include "token/scope.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = latchkey::as_text({data, size});
    const auto now = latchkey::Timestamp::from_seconds(1'800'000'000);
    const auto expiry = latchkey::parse_expiry(text, now);
    if (expiry && *expiry && (**expiry <= now || **expiry > latchkey::kEndOfTime)) std::abort();
    if (latchkey::check_name(text) && latchkey::has_unprintable(text)) std::abort();

    const auto bar = text.find('|');
    const auto left = latchkey::ScopeSet::parse(text.substr(0, bar));
    if (!left) return 0;
    const auto again = latchkey::ScopeSet::parse(left->to_text());
    if (!again || *again != *left || !left->is_within(*left)) std::abort();
    if (bar == std::string_view::npos) return 0;
    const auto right = latchkey::ScopeSet::parse(text.substr(bar + 1));
    if (!right) return 0;
    const auto both = left->intersection(*right);
    if (!both.is_within(*left) || !both.is_within(*right)) std::abort();
    if (both != right->intersection(*left)) std::abort();
    bool overlap = false;
    for (const auto& a : left->items()) {
        for (const auto& b : right->items()) {
            overlap = overlap || latchkey::scopes_overlap(a, b);
        }
    }
    if (overlap == both.empty()) std::abort();
    static_cast<void>(latchkey::suggest_scopes(text, left->items()));
    return 0;
}
