// The project that a session works in: clients that choose one say it once, and not with every
// request.
#pragma once

#include <optional>

#include "store/records.h"
#include "store/sql.h"

namespace latchkey::store {

Result<std::optional<ProjectId>> find_active_project(Connection& db, const SessionId& session);
Status put_active_project(Connection& db, const SessionId& session, const ProjectId& project);

}  // namespace latchkey::store
