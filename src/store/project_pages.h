// Pages of projects, the newest first.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "store/records.h"
#include "store/sql.h"

namespace latchkey::store {

struct NewestProjects {
    std::optional<UserId> member{};     // none: all
    std::optional<ProjectId> before{};  // the last one of the page before
    std::optional<std::string> name{};  // exactly this
    std::size_t limit{50};              // at most 200
};
// Without deleted ones.
Result<std::vector<ProjectRecord>> list_newest_projects(Connection& db,
                                                        const NewestProjects& query);

}  // namespace latchkey::store
