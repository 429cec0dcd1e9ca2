// Address ranges that a token may be bound to: CIDR notation, IPv4 and IPv6.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace latchkey::authority {

Status check_address_ranges(const std::vector<std::string>& ranges);
// Every range lies within one of `parents` (none: everywhere). A token bound to addresses cannot
// make one that is bound to fewer.
Status check_within(const std::vector<std::string>& ranges,
                    const std::vector<std::string>& parents);

}  // namespace latchkey::authority
