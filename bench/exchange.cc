// Exchanges of client assertions for access tokens. Two parts of one measurement:
//   bench_exchange requests FILE KEY.pem ISSUER TOKEN-ID PROJECT-ID COUNT
//     writes requests for bench_load, each with an assertion of its own; good for 300 s
//   bench_exchange plain FILE.db COUNT BATCH
//     one thread that does for each what cannot be left out: verify ES256, sign ES256, insert the
//     replay mark, with one transaction and one sync every BATCH. Prints one line of JSON
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include <sqlite3.h>

#include "base/encoding.h"
#include "crypto/key_pair.h"
#include "crypto/random.h"
#include "store/schema.h"
#include "store/sqlite/connection.h"
#include "token/jws.h"

namespace {

namespace json = latchkey::json;
using latchkey::store::sqlite::Access;
using latchkey::store::sqlite::SqliteConnection;

constexpr int kCheckpointPages = 4'096;  // as the writer

[[noreturn]] void fail(const char* what) {
    std::fprintf(stderr, "%s\n", what);
    std::exit(1);
}

json::object assertion_claims(const std::string& issuer, const std::string& token) {
    const std::int64_t now = std::time(nullptr);
    return {{"iss", token},     {"sub", token},
            {"aud", issuer},    {"iat", now},
            {"exp", now + 300}, {"jti", latchkey::base64url_encode(latchkey::random_string(16))}};
}

int write_requests(char** argv) {
    std::ifstream file{argv[3], std::ios::binary};
    const latchkey::Secret pem(std::string{std::istreambuf_iterator<char>{file}, {}});
    const auto key = latchkey::PrivateKey::from_pem(pem, nullptr, std::nullopt);
    if (!key) fail("the key cannot be read");
    const std::string issuer = argv[4], token = argv[5], project = argv[6];
    std::ofstream out{argv[2], std::ios::binary};
    for (long long left = std::atoll(argv[7]); left > 0; --left) {
        const std::string body =
            "grant_type=client_credentials&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3A"
            "client-assertion-type%3Ajwt-bearer&project_id=" +
            project + "&client_assertion=" +
            latchkey::sign_jws(*key, "JWT", token, assertion_claims(issuer, token));
        out << "POST /oauth2/token HTTP/1.1\r\nHost: auth.example.com\r\nUser-Agent: bench\r\n"
               "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: "
            << body.size() << "\r\n\r\n"
            << body << '\0';
    }
    return out.flush() ? 0 : 1;
}

double now_seconds() {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

void execute(SqliteConnection& db, const char* sql) {
    if (sqlite3_exec(db.handle(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail(sql);
}

class PlainLoop {
public:
    explicit PlainLoop(SqliteConnection& db) : db_(db) {
        constexpr const char* kInsert =
            "INSERT INTO assertions_seen (digest, expires_at) VALUES ($1, $2)";
        if (sqlite3_prepare_v3(db.handle(), kInsert, -1, SQLITE_PREPARE_PERSISTENT, &insert_,
                               nullptr) != SQLITE_OK) {
            fail(sqlite3_errmsg(db.handle()));
        }
    }
    ~PlainLoop() { sqlite3_finalize(insert_); }
    PlainLoop(const PlainLoop&) = delete;
    PlainLoop& operator=(const PlainLoop&) = delete;

    double run(long long count, long long batch) {
        const double start = now_seconds();
        for (long long done = 0; done < count;) {
            execute(db_, "BEGIN IMMEDIATE");
            for (long long i = 0; i < batch; ++i, ++done)
                one();
            execute(db_, "COMMIT");
            if (db_.wal_pages() < kCheckpointPages) continue;
            if (!db_.checkpoint(SqliteConnection::Checkpoint::kPassive)) fail("checkpoint");
        }
        return now_seconds() - start;
    }

private:
    void one() {
        if (!holder_.public_key().verify(kMessage, signature_)) fail("the signature");
        static_cast<void>(ours_.sign(kMessage));
        const std::string digest = latchkey::random_string(32);
        sqlite3_bind_blob64(insert_, 1, digest.data(), digest.size(), SQLITE_STATIC);
        sqlite3_bind_int64(insert_, 2, std::time(nullptr) * 1'000'000);
        if (sqlite3_step(insert_) != SQLITE_DONE) fail(sqlite3_errmsg(db_.handle()));
        sqlite3_reset(insert_);
    }

    inline static const std::string kMessage = std::string(400, 'm');
    SqliteConnection& db_;
    sqlite3_stmt* insert_{nullptr};
    const latchkey::SigningKey holder_ = latchkey::SigningKey::generate();
    const latchkey::SigningKey ours_ = latchkey::SigningKey::generate();
    const std::string signature_ = holder_.sign(kMessage);
};

int run_plain(char** argv) {
    if (std::filesystem::exists(argv[2])) fail("the file exists already");
    std::ofstream(argv[2]).close();
    auto db = SqliteConnection::open(argv[2], Access::kReadWrite);
    if (!db || !latchkey::store::migrate(**db, 0)) fail("the database cannot be made");
    const long long batch = std::max(1LL, std::atoll(argv[4]));
    const long long count = std::max(batch, std::atoll(argv[3]) / batch * batch);
    PlainLoop loop(**db);
    const double seconds = loop.run(count, batch);
    std::printf("{\"count\":%lld,\"batch\":%lld,\"seconds\":%.3f,\"per_second\":%.0f}\n", count,
                batch, seconds, static_cast<double>(count) / seconds);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view part = argc > 1 ? argv[1] : "";
    if (part == "requests" && argc == 8) return write_requests(argv);
    if (part == "plain" && argc == 5) return run_plain(argv);
    std::fputs(
        "usage: bench_exchange requests FILE KEY.pem ISSUER TOKEN-ID PROJECT-ID COUNT\n"
        "       bench_exchange plain FILE.db COUNT BATCH\n",
        stderr);
    return 2;
}
