#include <string>

#include "store/rows.h"
#include "store/tables.h"
#include "store/token_rows.h"

namespace latchkey::store {
namespace {

#define LATCHKEY_API_COLUMNS                                                       \
    "id, slug, audience, name, base_url, default_scopes, is_default, is_built_in," \
    " created_at, updated_at"

Result<ApiRecord> read_api(const Statement& row) {
    ApiRecord api;
    api.id = row.id<ApiId>(0);
    api.slug = row.text(1);
    api.audience = row.text(2);
    api.name = row.text(3);
    api.base_url = row.text(4);
    TRY(decode_list(row.text(5), api.default_scopes));
    api.is_default = row.integer(6) != 0;
    api.is_built_in = row.integer(7) != 0;
    api.created_at = row.time(8);
    api.updated_at = row.time(9);
    return api;
}

Result<std::optional<ApiRecord>> find_by_text(Connection& db, Sql sql, std::string_view text) {
    Statement rows = TRY(db.prepare(sql));
    rows.bind(text);
    return first<ApiRecord>(rows, read_api);
}

Status insert_scope(Connection& db, const ApiId& api, const ScopeRecord& scope,
                    std::int64_t position) {
    Statement statement = TRY(
        db.prepare("INSERT INTO scopes (api_id, name, position, description, group_name, aliases)"
                   " VALUES ($1, $2, $3, $4, $5, $6)"));
    statement.bind(api).bind(std::string_view(scope.name)).bind(position);
    statement.bind(std::string_view(scope.description)).bind(std::string_view(scope.group));
    return statement.bind(std::string_view(encode_list(scope.aliases))).run();
}

Result<ScopeRecord> read_scope(const Statement& row) {
    ScopeRecord scope;
    scope.name = row.text(0);
    scope.description = row.text(1);
    scope.group = row.text(2);
    TRY(decode_list(row.text(3), scope.aliases));
    return scope;
}

}  // namespace

Status insert_api(Connection& db, const ApiRecord& api) {
    Statement statement = TRY(db.prepare("INSERT INTO apis (" LATCHKEY_API_COLUMNS
                                         ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"));
    statement.bind(api.id).bind(std::string_view(api.slug)).bind(std::string_view(api.audience));
    statement.bind(std::string_view(api.name)).bind(std::string_view(api.base_url));
    statement.bind(std::string_view(encode_list(api.default_scopes)));
    statement.bind(std::int64_t{api.is_default ? 1 : 0});
    statement.bind(std::int64_t{api.is_built_in ? 1 : 0});
    return statement.bind(api.created_at).bind(api.updated_at).run();
}

Status update_api(Connection& db, const ApiRecord& api) {
    Statement statement =
        TRY(db.prepare("UPDATE apis SET slug = $1, audience = $2, name = $3, base_url = $4,"
                       " default_scopes = $5, is_built_in = $6, updated_at = $7 WHERE id = $8"));
    statement.bind(std::string_view(api.slug)).bind(std::string_view(api.audience));
    statement.bind(std::string_view(api.name)).bind(std::string_view(api.base_url));
    statement.bind(std::string_view(encode_list(api.default_scopes)));
    statement.bind(std::int64_t{api.is_built_in ? 1 : 0});
    TRY(statement.bind(api.updated_at).bind(api.id).run());
    return one_changed(db, "API");
}

Result<std::optional<ApiRecord>> find_api(Connection& db, const ApiId& id) {
    Statement rows = TRY(db.prepare("SELECT " LATCHKEY_API_COLUMNS " FROM apis WHERE id = $1"));
    rows.bind(id);
    return first<ApiRecord>(rows, read_api);
}

Result<std::optional<ApiRecord>> find_api_by_slug(Connection& db, std::string_view slug) {
    return find_by_text(db, "SELECT " LATCHKEY_API_COLUMNS " FROM apis WHERE slug = $1", slug);
}

Result<std::optional<ApiRecord>> find_api_by_audience(Connection& db, std::string_view audience) {
    return find_by_text(db, "SELECT " LATCHKEY_API_COLUMNS " FROM apis WHERE audience = $1",
                        audience);
}

Result<std::optional<ApiRecord>> find_default_api(Connection& db) {
    Statement rows =
        TRY(db.prepare("SELECT " LATCHKEY_API_COLUMNS " FROM apis WHERE is_default = 1"));
    return first<ApiRecord>(rows, read_api);
}

Status make_default_api(Connection& db, const ApiId& id) {
    // In this order: there is never more than one, not even for a moment.
    TRY(db.run("UPDATE apis SET is_default = 0 WHERE is_default = 1"));
    Statement statement = TRY(db.prepare("UPDATE apis SET is_default = 1 WHERE id = $1"));
    TRY(statement.bind(id).run());
    return one_changed(db, "API");
}

Result<std::vector<ApiRecord>> list_apis(Connection& db) {
    Statement rows = TRY(db.prepare("SELECT " LATCHKEY_API_COLUMNS " FROM apis ORDER BY id"));
    return collect<ApiRecord>(rows, read_api);
}

Status replace_scopes(Connection& db, const ApiId& api, const std::vector<ScopeRecord>& scopes) {
    Statement statement = TRY(db.prepare("DELETE FROM scopes WHERE api_id = $1"));
    TRY(statement.bind(api).run());
    std::int64_t position = 0;
    for (const ScopeRecord& scope : scopes) {
        TRY(insert_scope(db, api, scope, position++));
    }
    return {};
}

Result<std::vector<ScopeRecord>> list_scopes(Connection& db, const ApiId& api) {
    Statement rows =
        TRY(db.prepare("SELECT name, description, group_name, aliases FROM scopes"
                       " WHERE api_id = $1 ORDER BY position"));
    rows.bind(api);
    return collect<ScopeRecord>(rows, read_scope);
}

}  // namespace latchkey::store
