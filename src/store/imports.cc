#include <string>

#include "store/rows.h"
#include "store/tables.h"
#include "store/token_rows.h"

namespace latchkey::store {
namespace {

ImportSourceRecord read_source(const Statement& row) {
    ImportSourceRecord source;
    source.id = row.id<ImportSourceId>(0);
    source.name = row.text(1);
    source.prefix = row.text(2);
    source.wrapped_key = row.blob(3);
    source.entropy_bits = static_cast<std::uint32_t>(row.integer(4));
    source.created_at = row.time(5);
    return source;
}

}  // namespace

Status insert_import_source(Connection& db, const ImportSourceRecord& source) {
    Statement statement =
        TRY(db.prepare("INSERT INTO import_sources (id, name, prefix, wrapped_key, entropy_bits,"
                       " created_at) VALUES ($1, $2, $3, $4, $5, $6)"));
    statement.bind(source.id).bind(std::string_view(source.name));
    statement.bind(std::string_view(source.prefix)).bind_blob(source.wrapped_key);
    return statement.bind(std::int64_t{source.entropy_bits}).bind(source.created_at).run();
}

Status delete_import_source(Connection& db, const ImportSourceId& id) {
    Statement statement = TRY(db.prepare("DELETE FROM import_sources WHERE id = $1"));
    TRY(statement.bind(id).run());
    return one_changed(db, "import source");
}

Result<std::vector<ImportSourceRecord>> list_import_sources(Connection& db) {
    Statement rows =
        TRY(db.prepare("SELECT id, name, prefix, wrapped_key, entropy_bits, created_at"
                       " FROM import_sources ORDER BY id"));
    return collect<ImportSourceRecord>(
        rows, [](const Statement& row) -> Result<ImportSourceRecord> { return read_source(row); });
}

Result<std::optional<TokenRecord>> find_token_by_digest(Connection& db, const Digest& digest) {
    Statement rows = TRY(db.prepare("SELECT " LATCHKEY_TOKEN_COLUMNS
                                    " FROM token_secrets s JOIN tokens t ON t.id = s.token_id"
                                    " WHERE s.digest = $1"));
    rows.bind(digest);
    return first<TokenRecord>(rows, [](const Statement& row) { return read_token(row); });
}

Result<ImportCount> count_imported(Connection& db, std::string_view source, Timestamp now) {
    // Generation 1 is what was imported; a rotation gives a secret of our own.
    Statement rows = TRY(
        db.prepare("SELECT count(*), coalesce(sum(CASE WHEN t.state <> 3 AND t.deleted_at IS NULL"
                   " AND s.state = 1 AND (t.expires_at IS NULL OR t.expires_at > $1)"
                   " AND (s.ends_at IS NULL OR s.ends_at > $1) THEN 1 ELSE 0 END), 0)"
                   " FROM tokens t JOIN token_secrets s ON s.token_id = t.id AND s.generation = 1"
                   // The index has none of the tokens that were made here.
                   " WHERE t.source = $2 AND t.source <> ''"));
    rows.bind(now).bind(source);
    ImportCount count;
    const bool has_row = TRY(rows.step());
    if (!has_row) return count;
    count.all = static_cast<std::uint64_t>(rows.integer(0));
    count.needed = static_cast<std::uint64_t>(rows.integer(1));
    return count;
}

}  // namespace latchkey::store
