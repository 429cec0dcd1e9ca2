// What SQLite itself can do: a plain loop that inserts the rows of one created token and its event
// into our schema, a transaction and one sync every BATCH tokens, as the writer would, but with
// nothing made, checked, hashed or told. The measure for creations over HTTP.
//   bench_plain_insert FILE TOKENS BATCH        prints one line of JSON
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include <sqlite3.h>

#include "crypto/random.h"
#include "store/schema.h"
#include "store/sqlite/connection.h"
#include "store/tables.h"

namespace {

namespace store = latchkey::store;
using latchkey::Status;
using latchkey::store::sqlite::Access;
using latchkey::store::sqlite::SqliteConnection;

constexpr int kCheckpointPages = 4'096;  // as the writer
constexpr std::string_view kScopes = R"(["license:create","license:read"])";

// As long as the event of such a token really is.
const std::string kBody(760, 'x');

struct Statements {
    sqlite3_stmt* token{nullptr};
    sqlite3_stmt* secret{nullptr};
    sqlite3_stmt* event{nullptr};
    sqlite3_stmt* head{nullptr};
};

[[noreturn]] void fail(const char* what) {
    std::fprintf(stderr, "%s\n", what);
    std::exit(1);
}

sqlite3_stmt* prepare(sqlite3* db, const char* sql) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != 0) {
        fail(sqlite3_errmsg(db));
    }
    return statement;
}

Statements prepare_all(sqlite3* db) {
    return {
        prepare(db,
                "INSERT INTO tokens (id, owner_id, api_id, kind, state, name, description, scopes,"
                " allowed_ips, reason, created_at, updated_at)"
                " VALUES ($1, $2, $3, 2, 1, $4, '', $5, '[]', '', $6, $6)"),
        prepare(db,
                "INSERT INTO token_secrets (id, token_id, generation, state, digest, kid,"
                " created_at) VALUES ($1, $1, 1, 1, $2, '', $3)"),
        prepare(db,
                "INSERT INTO events (revision, epoch, at, type, actor, owner_id, token_id, body,"
                " hash) VALUES ($1, 1, $2, 'token.created', $3, $4, $5, $6, $7)"),
        prepare(db, "UPDATE feed_head SET revision = $1, hash = $2, at = $3 WHERE id = 1"),
    };
}

void bind_blob(sqlite3_stmt* statement, int index, std::string_view bytes) {
    sqlite3_bind_blob64(statement, index, bytes.data(), bytes.size(), SQLITE_STATIC);
}

void bind_text(sqlite3_stmt* statement, int index, std::string_view text) {
    sqlite3_bind_text64(statement, index, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
}

void run(sqlite3_stmt* statement) {
    if (sqlite3_step(statement) != SQLITE_DONE) fail(sqlite3_errmsg(sqlite3_db_handle(statement)));
    sqlite3_reset(statement);
}

double now_seconds() {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

Status add_neighbours(SqliteConnection& db, latchkey::UserId owner, latchkey::ApiId api) {
    store::UserRecord user;
    user.id = owner;
    user.login = user.name = "admin@example.com";
    TRY(store::insert_user(db, user));
    store::ApiRecord record;
    record.id = api;
    record.slug = record.audience = record.name = "licensing";
    return store::insert_api(db, record);
}

class Loop {
public:
    explicit Loop(SqliteConnection& db) : db_(db), statements_(prepare_all(db.handle())) {}

    void insert_one(std::int64_t revision) {
        const latchkey::Timestamp now = latchkey::SystemClock{}.now();
        const auto id = latchkey::new_id<latchkey::TokenId>(now);
        const std::string digest = latchkey::random_string(32);
        const std::string name = "bench-" + std::to_string(revision);
        bind_blob(statements_.token, 1, id.raw());
        bind_blob(statements_.token, 2, owner.raw());
        bind_blob(statements_.token, 3, api.raw());
        bind_text(statements_.token, 4, name);
        bind_text(statements_.token, 5, kScopes);
        sqlite3_bind_int64(statements_.token, 6, now.microseconds());
        run(statements_.token);
        bind_blob(statements_.secret, 1, id.raw());
        bind_blob(statements_.secret, 2, digest);
        sqlite3_bind_int64(statements_.secret, 3, now.microseconds());
        run(statements_.secret);
        sqlite3_bind_int64(statements_.event, 1, revision);
        sqlite3_bind_int64(statements_.event, 2, now.microseconds());
        bind_text(statements_.event, 3, actor_);
        bind_blob(statements_.event, 4, owner.raw());
        bind_blob(statements_.event, 5, id.raw());
        bind_text(statements_.event, 6, kBody);
        bind_blob(statements_.event, 7, digest);
        run(statements_.event);
    }

    void write_head(std::int64_t revision) {
        const std::string hash = latchkey::random_string(32);
        sqlite3_bind_int64(statements_.head, 1, revision);
        bind_blob(statements_.head, 2, hash);
        sqlite3_bind_int64(statements_.head, 3, latchkey::SystemClock{}.now().microseconds());
        run(statements_.head);
    }

    void execute(const char* sql) {
        if (sqlite3_exec(db_.handle(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail(sql);
    }

    const latchkey::UserId owner = latchkey::new_id<latchkey::UserId>({});
    const latchkey::ApiId api = latchkey::new_id<latchkey::ApiId>({});

private:
    SqliteConnection& db_;
    Statements statements_;
    const std::string actor_ = "user:" + owner.uuid();
};

void insert_all(SqliteConnection& db, std::int64_t tokens, std::int64_t batch) {
    Loop loop(db);
    if (!add_neighbours(db, loop.owner, loop.api)) fail("the schema is another");
    const double start = now_seconds();
    int checkpoint_at = kCheckpointPages;
    for (std::int64_t done = 0; done < tokens;) {
        loop.execute("BEGIN IMMEDIATE");
        for (std::int64_t i = 0; i < batch; ++i)
            loop.insert_one(++done);
        loop.write_head(done);
        loop.execute("COMMIT");
        if (db.wal_pages() < checkpoint_at) continue;
        if (!db.checkpoint(SqliteConnection::Checkpoint::kPassive)) fail("checkpoint");
        checkpoint_at = kCheckpointPages;
    }
    const double seconds = now_seconds() - start;
    std::printf("{\"tokens\":%lld,\"batch\":%lld,\"seconds\":%.3f,\"per_second\":%.0f}\n",
                static_cast<long long>(tokens), static_cast<long long>(batch), seconds,
                static_cast<double>(tokens) / seconds);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) {
        std::fputs("usage: bench_plain_insert FILE TOKENS BATCH\n", stderr);
        return 2;
    }
    if (std::filesystem::exists(argv[1])) fail("the file exists already");
    std::ofstream(argv[1]).close();
    auto db = SqliteConnection::open(argv[1], Access::kReadWrite);
    if (!db || !store::migrate(**db, 0)) fail("the database cannot be made");
    insert_all(**db, std::atoll(argv[2]), std::max(1LL, std::atoll(argv[3])));
    return 0;
}
