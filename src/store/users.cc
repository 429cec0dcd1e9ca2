#include <string>

#include "store/rows.h"
#include "store/tables.h"
#include "store/token_rows.h"

namespace latchkey::store {
namespace {

#define LATCHKEY_USER_COLUMNS                                                        \
    "id, kind, state, login, name, password_hash, verifies, created_at, updated_at," \
    " (SELECT expires_at FROM invites WHERE user_id = users.id),"                    \
    " (SELECT confirmed_at FROM factors WHERE user_id = users.id)"

// ASCII letters only: what two people would type alike, without a table of every script.
std::string without_case(std::string_view login) {
    std::string key(login);
    for (char& c : key) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return key;
}

Result<UserRecord> read_user(const Statement& row) {
    UserRecord user;
    user.id = row.id<UserId>(0);
    user.kind = TRY(read_enum(row, 1, UserKind::kProject));
    user.state = TRY(read_enum(row, 2, UserState::kDisabled));
    user.login = row.text(3);
    user.name = row.text(4);
    user.password_hash = row.text(5);
    user.verifies = TRY(decode_ids<ApiId>(row.text(6)));
    user.created_at = row.time(7);
    user.updated_at = row.time(8);
    user.invited_until = row.optional_time(9);
    user.has_second_factor = !row.is_null(10);
    return user;
}

Status read_roles(Connection& db, UserRecord& user) {
    Statement rows =
        TRY(db.prepare("SELECT role_id FROM role_assignments WHERE user_id = $1 ORDER BY role_id"));
    rows.bind(user.id);
    user.roles = TRY(collect<RoleId>(
        rows, [](const Statement& row) -> Result<RoleId> { return row.id<RoleId>(0); }));
    return {};
}

Status write_roles(Connection& db, const UserRecord& user) {
    for (const RoleId& role : user.roles) {
        Statement statement =
            TRY(db.prepare("INSERT INTO role_assignments (user_id, role_id) VALUES ($1, $2)"
                           " ON CONFLICT (user_id, role_id) DO NOTHING"));
        TRY(statement.bind(user.id).bind(role).run());
    }
    return {};
}

Status delete_roles_of(Connection& db, const UserId& user) {
    Statement statement = TRY(db.prepare("DELETE FROM role_assignments WHERE user_id = $1"));
    return statement.bind(user).run();
}

Result<std::optional<UserRecord>> first_with_roles(Connection& db, Statement& rows) {
    auto user = TRY(first<UserRecord>(rows, read_user));
    if (user) TRY(read_roles(db, *user));
    return user;
}

}  // namespace

Status insert_user(Connection& db, const UserRecord& user) {
    Statement statement =
        TRY(db.prepare("INSERT INTO users (id, kind, state, login, login_key, name, password_hash,"
                       " verifies, created_at, updated_at)"
                       " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"));
    statement.bind(user.id).bind(as_integer(user.kind)).bind(as_integer(user.state));
    statement.bind(std::string_view(user.login));
    statement.bind(std::string_view(without_case(user.login)));
    statement.bind(std::string_view(user.name)).bind(std::string_view(user.password_hash));
    statement.bind(std::string_view(encode_ids(user.verifies)));
    TRY(statement.bind(user.created_at).bind(user.updated_at).run());
    return write_roles(db, user);
}

Status update_user(Connection& db, const UserRecord& user) {
    Statement statement = TRY(
        db.prepare("UPDATE users SET kind = $1, state = $2, login = $3, login_key = $4, name = $5,"
                   " password_hash = $6, verifies = $7, updated_at = $8 WHERE id = $9"));
    statement.bind(as_integer(user.kind)).bind(as_integer(user.state));
    statement.bind(std::string_view(user.login));
    statement.bind(std::string_view(without_case(user.login)));
    statement.bind(std::string_view(user.name)).bind(std::string_view(user.password_hash));
    statement.bind(std::string_view(encode_ids(user.verifies)));
    TRY(statement.bind(user.updated_at).bind(user.id).run());
    TRY(one_changed(db, "user"));
    TRY(delete_roles_of(db, user.id));
    return write_roles(db, user);
}

Result<std::optional<UserRecord>> find_user(Connection& db, const UserId& id) {
    Statement rows = TRY(db.prepare("SELECT " LATCHKEY_USER_COLUMNS " FROM users WHERE id = $1"));
    rows.bind(id);
    return first_with_roles(db, rows);
}

Result<std::optional<UserRecord>> find_user_by_login(Connection& db, std::string_view login) {
    Statement rows =
        TRY(db.prepare("SELECT " LATCHKEY_USER_COLUMNS " FROM users WHERE login_key = $1"));
    rows.bind(std::string_view(without_case(login)));
    return first_with_roles(db, rows);
}

Result<std::vector<UserRecord>> list_users(Connection& db, std::optional<UserId> after,
                                           std::size_t limit) {
    Statement rows =
        TRY(db.prepare("SELECT " LATCHKEY_USER_COLUMNS
                       " FROM users WHERE id > $1 AND kind <> 3 ORDER BY id LIMIT $2"));
    rows.bind(after.value_or(UserId{})).bind(page_limit(limit));
    auto users = TRY(collect<UserRecord>(rows, read_user));
    for (UserRecord& user : users) {
        TRY(read_roles(db, user));
    }
    return users;
}

Status for_each_user(Connection& db, const std::function<Status(const UserRecord&)>& visit) {
    Statement rows = TRY(db.prepare("SELECT " LATCHKEY_USER_COLUMNS " FROM users ORDER BY id"));
    while (true) {
        const bool has_row = TRY(rows.step());
        if (!has_row) return {};
        UserRecord user = TRY(read_user(rows));
        TRY(read_roles(db, user));
        TRY(visit(user));
    }
}

Result<std::uint64_t> count_users(Connection& db) {
    Statement rows = TRY(db.prepare("SELECT count(*) FROM users WHERE kind <> 3"));
    return number(rows);
}

}  // namespace latchkey::store
