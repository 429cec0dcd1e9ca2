// How tokens are chosen, in the query of a list and in the filter of a bulk change alike.
#pragma once

#include <string_view>

#include "api/body.h"
#include "api/services.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/result.h"

namespace latchkey::api {

// By slug, audience or id.
Result<ApiId> api_named(const Services& services, std::string_view name, std::string_view reason,
                        std::string_view field);
// "90d": the moment that long before now.
Result<Timestamp> moment_ago(std::string_view duration, Timestamp now, std::string_view reason,
                             std::string_view field);

// The query's `days`, from 1 to as many as are kept.
Result<std::int64_t> days_asked(const Query& query, std::int64_t otherwise);
Result<std::int64_t> check_days(std::int64_t days, std::string_view reason, std::string_view field);

}  // namespace latchkey::api
