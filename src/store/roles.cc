#include <string>

#include "store/rows.h"
#include "store/tables.h"
#include "store/token_rows.h"

namespace latchkey::store {
namespace {

#define LATCHKEY_ROLE_COLUMNS "id, name, is_built_in, patterns"

Result<RoleRecord> read_role(const Statement& row) {
    return RoleRecord{.id = row.id<RoleId>(0),
                      .name = std::string(row.text(1)),
                      .is_built_in = row.integer(2) != 0,
                      .patterns_json = std::string(row.text(3))};
}

}  // namespace

Status insert_role(Connection& db, const RoleRecord& role) {
    Statement statement =
        TRY(db.prepare("INSERT INTO roles (" LATCHKEY_ROLE_COLUMNS ") VALUES ($1, $2, $3, $4)"));
    statement.bind(role.id).bind(std::string_view(role.name));
    statement.bind(std::int64_t{role.is_built_in ? 1 : 0});
    return statement.bind(std::string_view(role.patterns_json)).run();
}

Status update_role(Connection& db, const RoleRecord& role) {
    Statement statement =
        TRY(db.prepare("UPDATE roles SET name = $1, patterns = $2 WHERE id = $3"));
    statement.bind(std::string_view(role.name)).bind(std::string_view(role.patterns_json));
    TRY(statement.bind(role.id).run());
    return one_changed(db, "role");
}

Status delete_role(Connection& db, const RoleId& id) {
    // A project that nobody sees any more must not hold a role for ever.
    Statement places =
        TRY(db.prepare("DELETE FROM memberships WHERE custom_role = $1 AND project_id IN"
                       " (SELECT id FROM projects WHERE deleted_at IS NOT NULL)"));
    TRY(places.bind(id).run());
    Statement statement = TRY(db.prepare("DELETE FROM roles WHERE id = $1"));
    TRY(statement.bind(id).run());
    return one_changed(db, "role");
}

Result<std::optional<RoleRecord>> find_role(Connection& db, const RoleId& id) {
    Statement rows = TRY(db.prepare("SELECT " LATCHKEY_ROLE_COLUMNS " FROM roles WHERE id = $1"));
    rows.bind(id);
    return first<RoleRecord>(rows, read_role);
}

Result<std::uint64_t> count_role_uses(Connection& db, const RoleId& id) {
    Statement rows =
        TRY(db.prepare("SELECT (SELECT count(*) FROM role_assignments WHERE role_id = $1)"
                       " + (SELECT count(*) FROM memberships m JOIN projects p"
                       " ON p.id = m.project_id WHERE m.custom_role = $1"
                       " AND p.deleted_at IS NULL)"));
    rows.bind(id);
    return number(rows);
}

Result<std::vector<RoleRecord>> list_roles(Connection& db) {
    Statement rows = TRY(db.prepare("SELECT " LATCHKEY_ROLE_COLUMNS " FROM roles ORDER BY id"));
    return collect<RoleRecord>(rows, read_role);
}

}  // namespace latchkey::store
