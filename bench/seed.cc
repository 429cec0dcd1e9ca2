// Fills the data directory of a stopped server with live tokens, opaque and jwt in turn, faster
// than anybody could create them. They belong to the first user. The events that are written name
// no facts: what is made here is for measuring, and only a start that reads the tables sees it.
//   bench_seed DATA_DIRECTORY COUNT API_SLUG OUT
// Writes the secrets, one a line, to OUT.opaque and OUT.jwt. Time counts back from now, a second a
// token, so that ids lie as they would after years.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/encoding.h"
#include "crypto/random.h"
#include "store/store.h"
#include "store/tables.h"
#include "token/opaque.h"

namespace {

namespace store = latchkey::store;
using latchkey::Result;
using latchkey::Status;
using latchkey::Timestamp;

constexpr std::uint64_t kBatch = 50'000;
constexpr std::size_t kJwtBytes = 450;

struct Ground {
    latchkey::UserId owner;
    latchkey::ApiId api;
    std::string kid;
    std::uint64_t first_status_index{0};
};

struct Outputs {
    std::ofstream opaque;
    std::ofstream jwt;
};

Result<Ground> find_ground(store::Connection& db, const std::string& slug) {
    Ground ground;
    const auto users = TRY(store::list_users(db, std::nullopt, 1));
    const auto api = TRY(store::find_api_by_slug(db, slug));
    if (users.empty() || !api) {
        return latchkey::invalid("start the server once, with a user and the API", "not_ready");
    }
    ground.owner = users.front().id;
    ground.api = api->id;
    for (const auto& key : TRY(store::list_signing_keys(db))) {
        if (key.state == store::KeyState::kActive) ground.kid = key.kid;
    }
    // Behind the list that the server hands out from.
    ground.first_status_index = std::uint64_t{4} << 20U;
    return ground;
}

// Verification judges a jwt by its digest: what is between the dots does not matter here.
std::string jwt_like() {
    const std::string head = latchkey::base64url_encode(R"({"alg":"ES256","typ":"JWT"})");
    const std::string signature = latchkey::random_string_base62(86);
    const std::size_t rest = kJwtBytes - head.size() - signature.size() - 2;
    return head + "." + latchkey::random_string_base62(rest) + "." + signature;
}

Status insert_one(store::Connection& db, const Ground& ground, std::uint64_t number, Timestamp when,
                  Outputs& outputs) {
    store::TokenRecord token;
    token.id = latchkey::new_id<latchkey::TokenId>(when);
    token.owner = ground.owner;
    token.api = ground.api;
    token.kind = number % 2 == 0 ? store::TokenKind::kOpaque : store::TokenKind::kJwt;
    token.name = "seed-" + std::to_string(number);
    token.scopes = number % 3 == 0 ? std::vector<std::string>{"license:read"}
                                   : std::vector<std::string>{"license:create", "license:read"};
    token.expires_at = Timestamp::from_seconds(4'000'000'000);
    token.created_at = when;
    token.updated_at = when;
    store::SecretRecord secret;
    secret.id.bytes = token.id.bytes;
    secret.token = token.id;
    secret.created_at = when;
    std::string text;
    if (token.kind == store::TokenKind::kJwt) {
        text = jwt_like();
        secret.kid = ground.kid;
        secret.status_index = ground.first_status_index + number / 2;
        outputs.jwt << text << '\n';
    } else {
        text = latchkey::make_opaque("lkp").expose();
        outputs.opaque << text << '\n';
    }
    secret.digest = latchkey::sha256(text);
    TRY(store::insert_token(db, token));
    return store::insert_secret(db, secret);
}

Status seed(store::Store& store, std::uint64_t count, const std::string& slug, Outputs& outputs) {
    const Ground ground =
        TRY(store.query<Ground>([&](store::Connection& db) { return find_ground(db, slug); }));
    for (std::uint64_t from = 0; from < count; from += kBatch) {
        TRY(store.mutate([&](store::Transaction& tx) -> Status {
            const std::uint64_t to = std::min(count, from + kBatch);
            for (std::uint64_t i = from; i < to; ++i) {
                const Timestamp when = tx.now() - std::chrono::seconds(count - i);
                TRY(insert_one(tx.connection(), ground, i, when, outputs));
            }
            store::EventDraft event;
            event.type = "token.imported";
            event.actor = "system";
            event.data["count"] = to - from;
            TRY(tx.append_event(std::move(event)));
            return {};
        }));
    }
    return {};
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 5) {
        std::fputs("usage: bench_seed DATA_DIRECTORY COUNT API_SLUG OUT\n", stderr);
        return 2;
    }
    const latchkey::SystemClock clock;
    store::StoreOptions options;
    options.data_directory = argv[1];
    options.clock = &clock;
    auto opened = store::Store::open(std::move(options));
    if (!opened) {
        std::fprintf(stderr, "%s\n", opened.error().message.c_str());
        return 1;
    }
    const std::string out = argv[4];
    Outputs outputs{std::ofstream(out + ".opaque"), std::ofstream(out + ".jwt")};
    const Status done = seed(**opened, std::strtoull(argv[2], nullptr, 10), argv[3], outputs);
    (*opened)->close();
    if (!done) {
        std::fprintf(stderr, "%s %s\n", done.error().message.c_str(), done.error().detail.c_str());
        return 1;
    }
    return 0;
}
