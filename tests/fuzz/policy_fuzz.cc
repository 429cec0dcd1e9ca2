// Any text as a policy, behind a line with an action and a resource: documents survive their text,
// errors say where, and a decision is the same for what was written again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "base/encoding.h"
#include "token/policy.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto input = latchkey::as_text({data, size});
    const auto line = input.substr(0, input.find('\n'));
    const auto text = line.size() == input.size() ? std::string_view{} : input.substr(line.size());
    const auto action = line.substr(0, line.find(' '));
    const auto resource =
        action.size() == line.size() ? std::string_view{} : line.substr(action.size() + 1);
    const auto place = latchkey::locate(text, line.substr(0, line.find(' ')));
    if (place.line == 0 || place.column == 0 || place.line > text.size() + 1) std::abort();
    static_cast<void>(latchkey::resource_matches(action, resource));

    const auto policy = latchkey::parse_policy(text);
    if (!policy) {
        const auto& error = policy.error();
        if (error.reason != "too_large" && !error.message.starts_with("line ")) std::abort();
        return 0;
    }
    const auto again = latchkey::parse_policy(latchkey::to_text(*policy));
    // Written text may be longer than what was read: then it may be too long.
    if (!again) {
        if (again.error().reason != "too_large") std::abort();
        return 0;
    }
    if (latchkey::to_text(*again) != latchkey::to_text(*policy)) std::abort();
    const auto decision = latchkey::decide(*policy, action, resource);
    const auto second = latchkey::decide(*again, action, resource);
    if (decision.is_allowed != second.is_allowed || decision.statement != second.statement) {
        std::abort();
    }
    if (decision.is_allowed && !decision.statement) std::abort();
    if (decision.statement && *decision.statement >= policy->statements.size()) std::abort();
    return 0;
}
