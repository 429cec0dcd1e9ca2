#include "store/rows.h"
#include "store/tables.h"

namespace latchkey::store {
namespace {

#define LATCHKEY_MEMBERSHIP_COLUMNS "m.project_id, m.user_id, m.role, m.custom_role, m.created_at"

Result<MembershipRecord> read_membership(const Statement& row) {
    MembershipRecord membership;
    membership.project = row.id<ProjectId>(0);
    membership.user = row.id<UserId>(1);
    membership.role = TRY(read_enum(row, 2, ProjectRole::kCustom));
    if (!row.is_null(3)) membership.custom_role = row.id<RoleId>(3);
    membership.created_at = row.time(4);
    return membership;
}

}  // namespace

Status put_membership(Connection& db, const MembershipRecord& membership) {
    Statement statement = TRY(
        db.prepare("INSERT INTO memberships (project_id, user_id, role, custom_role, created_at)"
                   " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (project_id, user_id)"
                   " DO UPDATE SET role = excluded.role, custom_role = excluded.custom_role"));
    statement.bind(membership.project).bind(membership.user).bind(as_integer(membership.role));
    return statement.bind(membership.custom_role).bind(membership.created_at).run();
}

Status delete_membership(Connection& db, const ProjectId& project, const UserId& user) {
    Statement statement =
        TRY(db.prepare("DELETE FROM memberships WHERE project_id = $1 AND user_id = $2"));
    return statement.bind(project).bind(user).run();
}

Result<std::optional<MembershipRecord>> find_membership(Connection& db, const ProjectId& project,
                                                        const UserId& user) {
    Statement rows =
        TRY(db.prepare("SELECT " LATCHKEY_MEMBERSHIP_COLUMNS
                       " FROM memberships m WHERE m.project_id = $1 AND m.user_id = $2"));
    rows.bind(project).bind(user);
    return first<MembershipRecord>(rows, read_membership);
}

Result<std::vector<MembershipRecord>> list_members(Connection& db, const ProjectId& project) {
    Statement rows =
        TRY(db.prepare("SELECT " LATCHKEY_MEMBERSHIP_COLUMNS
                       " FROM memberships m WHERE m.project_id = $1 ORDER BY m.user_id"));
    rows.bind(project);
    return collect<MembershipRecord>(rows, read_membership);
}

Status for_each_membership(Connection& db,
                           const std::function<Status(const MembershipRecord&)>& visit) {
    Statement rows =
        TRY(db.prepare("SELECT " LATCHKEY_MEMBERSHIP_COLUMNS
                       " FROM projects p CROSS JOIN memberships m WHERE m.project_id = p.id"
                       " AND p.deleted_at IS NULL ORDER BY p.id, m.user_id"));
    while (true) {
        const bool has_row = TRY(rows.step());
        if (!has_row) return {};
        const MembershipRecord membership = TRY(read_membership(rows));
        TRY(visit(membership));
    }
}

}  // namespace latchkey::store
