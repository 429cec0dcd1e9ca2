#include "api/token_filters.h"

#include <algorithm>
#include <charconv>

#include "store/usage.h"
#include "token/durations.h"

namespace latchkey::api {

Result<ApiId> api_named(const Services& services, std::string_view name, std::string_view reason,
                        std::string_view field) {
    const auto apis = services.authority.directory().view();
    const auto* entry = apis->find(name);
    if (!name.empty() && entry != nullptr) return entry->api.id;
    return invalid("there is no API " + std::string(name.substr(0, 60)), reason,
                   std::string(field));
}

Result<Timestamp> moment_ago(std::string_view duration, Timestamp now, std::string_view reason,
                             std::string_view field) {
    const auto span = parse_duration(duration);
    if (!span) return invalid("this is no duration like 90d", reason, std::string(field));
    return Timestamp::from_microseconds(std::max<std::int64_t>(0, (now - *span).microseconds()));
}

Result<std::int64_t> check_days(std::int64_t days, std::string_view reason,
                                std::string_view field) {
    if (days >= 1 && days <= store::kUsageDaysKept) return days;
    return invalid("days is a number from 1 to " + std::to_string(store::kUsageDaysKept), reason,
                   std::string(field));
}

Result<std::int64_t> days_asked(const Query& query, std::int64_t otherwise) {
    if (!query.has("days")) return otherwise;
    const std::string text = query.get("days");
    std::int64_t days = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), days);
    const bool is_number = parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size();
    return check_days(is_number ? days : 0, "bad_query", "");
}

}  // namespace latchkey::api
