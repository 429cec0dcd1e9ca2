// `latchkey events tail`: events as they happen, for as long as one likes to watch.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "cli/context.h"

namespace latchkey::cli {

struct TailOptions {
    std::optional<std::string> after;
    std::optional<std::string> type;
    std::optional<std::string> about;
    std::optional<std::string> owner;
};

Result<int> tail_events(Context& context, const TailOptions& options);

// What a person looks for in an event. The facts, which verification needs, are for --json.
std::string event_summary(const json::object& event);

}  // namespace latchkey::cli
