#include <string>

#include "store/project_pages.h"
#include "store/rows.h"
#include "store/tables.h"
#include "store/token_rows.h"

namespace latchkey::store {
namespace {

#define LATCHKEY_PROJECT_COLUMNS \
    "p.id, p.name, p.description, p.api_slug, p.created_at, p.updated_at, p.deleted_at"

Result<ProjectRecord> read_project(const Statement& row) {
    ProjectRecord project;
    project.id = row.id<ProjectId>(0);
    project.name = row.text(1);
    project.description = row.text(2);
    project.api_slug = row.text(3);
    project.created_at = row.time(4);
    project.updated_at = row.time(5);
    project.deleted_at = row.optional_time(6);
    return project;
}

Result<std::vector<ProjectRecord>> list_all(Connection& db, const ProjectQuery& query) {
    Statement rows = TRY(db.prepare("SELECT " LATCHKEY_PROJECT_COLUMNS
                                    " FROM projects p WHERE p.id > $1 AND p.deleted_at IS NULL"
                                    " ORDER BY p.id LIMIT $2"));
    rows.bind(query.after.value_or(ProjectId{})).bind(page_limit(query.limit));
    return collect<ProjectRecord>(rows, read_project);
}

Result<std::vector<ProjectRecord>> list_of_member(Connection& db, const ProjectQuery& query,
                                                  const UserId& member) {
    Statement rows =
        TRY(db.prepare("SELECT " LATCHKEY_PROJECT_COLUMNS
                       " FROM memberships m JOIN projects p ON p.id = m.project_id"
                       " WHERE m.user_id = $1 AND m.project_id > $2 AND p.deleted_at IS NULL"
                       " ORDER BY m.project_id LIMIT $3"));
    rows.bind(member).bind(query.after.value_or(ProjectId{})).bind(page_limit(query.limit));
    return collect<ProjectRecord>(rows, read_project);
}

}  // namespace

Status insert_project(Connection& db, const ProjectRecord& project) {
    Statement statement =
        TRY(db.prepare("INSERT INTO projects (id, name, description, api_slug, created_at,"
                       " updated_at, deleted_at) VALUES ($1, $2, $3, $4, $5, $6, $7)"));
    statement.bind(project.id).bind(std::string_view(project.name));
    statement.bind(std::string_view(project.description));
    statement.bind(std::string_view(project.api_slug)).bind(project.created_at);
    return statement.bind(project.updated_at).bind(project.deleted_at).run();
}

Status update_project(Connection& db, const ProjectRecord& project) {
    Statement statement =
        TRY(db.prepare("UPDATE projects SET name = $1, description = $2, api_slug = $3,"
                       " updated_at = $4, deleted_at = $5 WHERE id = $6"));
    statement.bind(std::string_view(project.name)).bind(std::string_view(project.description));
    statement.bind(std::string_view(project.api_slug)).bind(project.updated_at);
    TRY(statement.bind(project.deleted_at).bind(project.id).run());
    return one_changed(db, "project");
}

Result<std::optional<ProjectRecord>> find_project(Connection& db, const ProjectId& id) {
    Statement rows =
        TRY(db.prepare("SELECT " LATCHKEY_PROJECT_COLUMNS " FROM projects p WHERE p.id = $1"));
    rows.bind(id);
    return first<ProjectRecord>(rows, read_project);
}

Result<std::vector<ProjectRecord>> list_projects(Connection& db, const ProjectQuery& query) {
    return query.member ? list_of_member(db, query, *query.member) : list_all(db, query);
}

Result<std::vector<ProjectRecord>> list_newest_projects(Connection& db,
                                                        const NewestProjects& query) {
    Statement rows = TRY(db.prepare(
        "SELECT " LATCHKEY_PROJECT_COLUMNS
        " FROM projects p WHERE p.id < $1 AND p.deleted_at IS NULL"
        " AND ($2 IS NULL OR p.name = $2) AND ($3 IS NULL OR EXISTS (SELECT 1 FROM memberships m"
        " WHERE m.project_id = p.id AND m.user_id = $3)) ORDER BY p.id DESC LIMIT $4"));
    ProjectId before;
    before.bytes.fill(0xFF);
    rows.bind(query.before.value_or(before));
    if (query.name) {
        rows.bind(std::string_view(*query.name));
    } else {
        rows.bind_null();
    }
    rows.bind(query.member).bind(page_limit(query.limit));
    return collect<ProjectRecord>(rows, read_project);
}

}  // namespace latchkey::store
