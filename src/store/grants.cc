#include <string>

#include "store/rows.h"
#include "store/tables.h"

namespace latchkey::store {
namespace {

#define LATCHKEY_GRANT_COLUMNS \
    "g.project_id, g.principal_kind, g.principal_id, g.policy, g.created_at, g.updated_at"
// Of what belongs to a token that lists no longer show, nothing is left to show or to load.
#define LATCHKEY_OF_A_TOKEN_THAT_IS_THERE                                                   \
    " (g.principal_kind <> 1 OR EXISTS (SELECT 1 FROM tokens t WHERE t.id = g.principal_id" \
    " AND t.deleted_at IS NULL))"

Status read_grant_into(const Statement& row, GrantRecord& grant) {
    grant.project = row.id<ProjectId>(0);
    grant.kind = TRY(read_enum(row, 1, PrincipalKind::kUser));
    grant.principal = uuid_from_bytes(row.blob(2)).value_or(UuidBytes{});
    grant.policy_json = row.text(3);
    grant.created_at = row.time(4);
    grant.updated_at = row.time(5);
    return {};
}

Result<GrantRecord> read_grant(const Statement& row) {
    GrantRecord grant;
    TRY(read_grant_into(row, grant));
    return grant;
}

}  // namespace

Status put_grant(Connection& db, const GrantRecord& grant) {
    Statement statement =
        TRY(db.prepare("INSERT INTO token_grants (project_id, principal_kind, principal_id, policy,"
                       " created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6)"
                       " ON CONFLICT (project_id, principal_kind, principal_id) DO UPDATE SET"
                       " policy = excluded.policy, updated_at = excluded.updated_at"));
    statement.bind(grant.project).bind(as_integer(grant.kind));
    statement.bind_blob(as_text(grant.principal)).bind(std::string_view(grant.policy_json));
    return statement.bind(grant.created_at).bind(grant.updated_at).run();
}

Status delete_grant(Connection& db, const ProjectId& project, PrincipalKind kind,
                    const UuidBytes& principal) {
    Statement statement =
        TRY(db.prepare("DELETE FROM token_grants WHERE project_id = $1 AND principal_kind = $2"
                       " AND principal_id = $3"));
    return statement.bind(project).bind(as_integer(kind)).bind_blob(as_text(principal)).run();
}

Result<std::optional<GrantRecord>> find_grant(Connection& db, const ProjectId& project,
                                              PrincipalKind kind, const UuidBytes& principal) {
    Statement rows = TRY(db.prepare("SELECT " LATCHKEY_GRANT_COLUMNS
                                    " FROM token_grants g WHERE g.project_id = $1"
                                    " AND g.principal_kind = $2 AND g.principal_id = $3"));
    rows.bind(project).bind(as_integer(kind)).bind_blob(as_text(principal));
    return first<GrantRecord>(rows, read_grant);
}

Result<std::vector<GrantRecord>> list_grants(Connection& db, const GrantQuery& query) {
    Statement rows = TRY(
        db.prepare("SELECT " LATCHKEY_GRANT_COLUMNS " FROM token_grants g WHERE g.project_id = $1"
                   " AND g.principal_kind = $2 AND g.principal_id > $3"
                   " AND" LATCHKEY_OF_A_TOKEN_THAT_IS_THERE " ORDER BY g.principal_id LIMIT $4"));
    const UuidBytes after = query.after.value_or(UuidBytes{});
    rows.bind(query.project).bind(as_integer(query.kind)).bind_blob(as_text(after));
    rows.bind(page_limit(query.limit));
    return collect<GrantRecord>(rows, read_grant);
}

Result<std::vector<GrantRecord>> grants_of(Connection& db, PrincipalKind kind,
                                           const UuidBytes& principal) {
    Statement rows = TRY(db.prepare("SELECT " LATCHKEY_GRANT_COLUMNS
                                    " FROM token_grants g JOIN projects p ON p.id = g.project_id"
                                    " WHERE g.principal_kind = $1 AND g.principal_id = $2"
                                    " AND p.deleted_at IS NULL ORDER BY g.project_id"));
    rows.bind(as_integer(kind)).bind_blob(as_text(principal));
    return collect<GrantRecord>(rows, read_grant);
}

Result<std::vector<GrantRecord>> grants_of_owner(Connection& db, const ProjectId& project,
                                                 const UserId& owner) {
    Statement rows =
        TRY(db.prepare("SELECT " LATCHKEY_GRANT_COLUMNS
                       " FROM token_grants g JOIN tokens t ON t.id = g.principal_id"
                       " WHERE g.project_id = $1 AND g.principal_kind = 1 AND t.owner_id = $2"
                       " ORDER BY g.principal_id"));
    rows.bind(project).bind(owner);
    return collect<GrantRecord>(rows, read_grant);
}

Status for_each_grant(Connection& db, const std::function<Status(const GrantRecord&)>& visit) {
    Statement rows =
        TRY(db.prepare("SELECT " LATCHKEY_GRANT_COLUMNS
                       " FROM projects p CROSS JOIN token_grants g WHERE g.project_id = p.id"
                       " AND p.deleted_at IS NULL AND" LATCHKEY_OF_A_TOKEN_THAT_IS_THERE
                       " ORDER BY p.id, g.principal_kind, g.principal_id"));
    GrantRecord grant;
    while (true) {
        const bool has_row = TRY(rows.step());
        if (!has_row) return {};
        TRY(read_grant_into(rows, grant));
        TRY(visit(grant));
    }
}

}  // namespace latchkey::store
