#include "store/active_projects.h"

#include "store/rows.h"

namespace latchkey::store {

Result<std::optional<ProjectId>> find_active_project(Connection& db, const SessionId& session) {
    Statement rows =
        TRY(db.prepare("SELECT project_id FROM active_projects WHERE session_id = $1"));
    rows.bind(session);
    return first<ProjectId>(rows,
                            [](const Statement& row) { return Result(row.id<ProjectId>(0)); });
}

Status put_active_project(Connection& db, const SessionId& session, const ProjectId& project) {
    Statement statement =
        TRY(db.prepare("INSERT INTO active_projects (session_id, project_id) VALUES ($1, $2)"
                       " ON CONFLICT (session_id) DO UPDATE SET project_id = excluded.project_id"));
    return statement.bind(session).bind(project).run();
}

}  // namespace latchkey::store
