#include "cli/usage_view.h"

#include <algorithm>
#include <array>
#include <functional>
#include <string_view>

#include <fmt/format.h>

#include "cli/client/fields.h"
#include "cli/text.h"

namespace latchkey::cli {
namespace {

void for_each(const json::object& object, std::string_view member,
              const std::function<void(const json::object&)>& visit) {
    const json::value* const list = object.if_contains(member);
    if (list == nullptr || !list->is_array()) return;
    for (const json::value& item : list->get_array()) {
        if (item.is_object()) visit(item.get_object());
    }
}

std::uint64_t count_of(const json::object& object, std::string_view member) {
    return number_of(object, member).value_or(0);
}

}  // namespace

std::string day_bars(const json::object& usage) {
    static constexpr std::array<std::string_view, 8> kBars{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    std::uint64_t most = 0;
    for_each(usage, "days",
             [&](const json::object& day) { most = std::max(most, count_of(day, "uses")); });
    if (most == 0) return {};
    std::string bars;
    for_each(usage, "days", [&](const json::object& day) {
        const std::uint64_t uses = count_of(day, "uses");
        bars += uses == 0 ? std::string_view("·") : kBars.at((uses * 8 - 1) / most % 8);
    });
    return bars;
}

std::string uses_in_words(const json::object& usage) {
    const auto total = number_of(usage, "uses");
    if (!total) return {};
    std::uint64_t recent = 0;
    std::size_t days = 0;
    for_each(usage, "days", [&](const json::object& day) {
        recent += count_of(day, "uses");
        ++days;
    });
    const auto denied = count_of(usage, "denials");
    if (days == 0) return fmt::format("{}, {} denied", *total, denied);
    return fmt::format("{} in {} days, {} in all, {} denied", recent, days, *total, denied);
}

std::string denials_in_words(const json::object& usage) {
    std::vector<std::string> words;
    for_each(usage, "denied", [&](const json::object& denial) {
        words.push_back(
            fmt::format("{} {}", text_of(denial, "verdict"), count_of(denial, "count")));
    });
    return join(words, ", ");
}

Table generations_table(const json::object& usage) {
    Table table;
    table.head = {"SECRET", "USES", "DENIED", "LAST USED", "FROM", "BY"};
    for_each(usage, "generations", [&](const json::object& one) {
        table.rows.push_back({std::to_string(count_of(one, "generation")),
                              std::to_string(count_of(one, "uses")),
                              std::to_string(count_of(one, "denials")),
                              local_time_or_never(text_of(one, "lastUsedAt")),
                              text_of(one, "lastAddress"), text_of(one, "lastAgent")});
    });
    return table;
}

Table scopes_table(const json::object& usage) {
    Table table;
    table.head = {"SCOPE", "USES", "LAST USED"};
    for_each(usage, "scopes", [&](const json::object& one) {
        table.rows.push_back({text_of(one, "scope"), std::to_string(count_of(one, "uses")),
                              local_time_or_never(text_of(one, "lastUsedAt"))});
    });
    const auto without = count_of(usage, "usesWithoutScope");
    if (without > 0) table.rows.push_back({"(none named)", std::to_string(without), ""});
    return table;
}

Table callers_table(const json::object& usage) {
    Table table;
    table.head = {"OLD SECRET", "FROM", "BY", "USES", "LAST USED"};
    for_each(usage, "generations", [&](const json::object& generation) {
        for_each(generation, "callers", [&](const json::object& caller) {
            table.rows.push_back({std::to_string(count_of(generation, "generation")),
                                  text_of(caller, "address"), text_of(caller, "agent"),
                                  std::to_string(count_of(caller, "uses")),
                                  local_time_or_never(text_of(caller, "lastUsedAt"))});
        });
    });
    return table;
}

}  // namespace latchkey::cli
