// One check in process, on one thread: SHA-256 of the presented text, the look-up by digest and the
// judgement of one scope, for tokens drawn at random. Prints JSON. Arguments: numbers of tokens.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <string>
#include <vector>

#include <malloc.h>
#include <unistd.h>

#include "base/encoding.h"
#include "crypto/digest.h"
#include "verify/judge.h"
#include "verify/replica.h"
#include "verify/usage.h"

namespace {

using latchkey::as_text;
using latchkey::sha256;
using latchkey::Timestamp;
namespace verify = latchkey::verify;

constexpr std::uint64_t kOwners = 500;
constexpr std::size_t kSample = 1 << 16;
constexpr std::size_t kChecks = 1'000'000;
constexpr Timestamp kNow = Timestamp::from_seconds(1'800'000'000);

// splitmix64: reproducible, and fast enough not to count.
struct Random {
    std::uint64_t state;
    std::uint64_t next() {
        std::uint64_t z = (state += 0x9E3779B97F4A7C15ULL);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
        return z ^ (z >> 31);
    }
};

template <typename AnyId>
AnyId make_id(std::uint64_t number) {
    Random random{number * 977 + 1};
    const std::array<std::uint64_t, 2> bits{random.next(), random.next()};
    AnyId id;
    std::memcpy(id.bytes.data(), bits.data(), id.bytes.size());
    return id;
}

// What a holder presents, at the length that it really has: 45 bytes, or a JWT's 450.
std::string presented(std::uint64_t number, bool is_jwt) {
    std::string text = is_jwt ? "eyJhbGciOiJFUzI1NiJ9." : "lkp_";
    Random random{number + 1};
    const std::size_t bytes = is_jwt ? 450 : 45;
    while (text.size() < bytes) {
        text += latchkey::base62_encode(random.next(), 11);
    }
    text.resize(bytes);
    return text;
}

bool is_jwt(std::uint64_t number) {
    return number % 2 == 0;
}

struct Measures {
    double load_seconds{0};
    double bytes_reported{0};
    double bytes_resident{0};
    double opaque_ns{0};
    double jwt_ns{0};
    double opaque_find_ns{0};
    double jwt_find_ns{0};
};

// The thread's own processor time: a neighbour on the machine costs caches, not the clock.
double cpu_seconds() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

// What the kernel gave us: mappings of whole large pages begin with room that nobody touches.
std::size_t resident() {
    malloc_trim(0);
    std::size_t all = 0;
    std::size_t pages = 0;
    std::ifstream("/proc/self/statm") >> all >> pages;
    return pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

void load_neighbours(verify::Replica& replica) {
    verify::RoleFact role;
    role.id = make_id<latchkey::RoleId>(1);
    role.patterns["*"] = {"license:*", "report:*"};
    replica.load(verify::Fact{role});
    verify::ApiFact api;
    api.id = make_id<latchkey::ApiId>(1);
    api.slug = "licensing";
    api.is_default = true;
    replica.load(verify::Fact{api});
    for (std::uint64_t i = 0; i < kOwners; ++i) {
        verify::UserFact user;
        user.id = make_id<latchkey::UserId>(i);
        user.roles = {role.id};
        replica.load(verify::Fact{user});
    }
}

void load_tokens(verify::Replica& replica, std::size_t count, Measures& measures) {
    const std::array<std::vector<std::string>, 3> scopes{
        {{"license:read"}, {"license:read", "license:write"}, {"license:read", "report:read"}}};
    // Made in blocks, so that neither their making nor the clock is measured.
    constexpr std::uint64_t kBlock = 1000;
    std::vector<verify::TokenFact> tokens(kBlock);
    std::vector<verify::SecretFact> secrets(kBlock);
    for (std::uint64_t i = 0; i < count; ++i) {
        verify::TokenFact& token = tokens[i % kBlock];
        verify::SecretFact& secret = secrets[i % kBlock];
        token.id = make_id<latchkey::TokenId>(i);
        token.api = make_id<latchkey::ApiId>(1);
        token.owner = make_id<latchkey::UserId>(i % kOwners);
        token.kind = is_jwt(i) ? verify::TokenKind::kJwt : verify::TokenKind::kOpaque;
        token.expires_at = Timestamp::from_seconds(1'900'000'000);
        token.scopes = scopes[i % scopes.size()];
        secret.id = latchkey::SecretId{token.id.bytes};
        secret.token = token.id;
        secret.digest = sha256(presented(i, is_jwt(i)));
        secret.kid = is_jwt(i) ? "key-1" : "";
        secret.status_index.reset();
        if (is_jwt(i)) secret.status_index = i;
        if (i % kBlock != kBlock - 1 && i + 1 != count) continue;
        const double start = cpu_seconds();
        for (std::uint64_t k = 0; k <= i % kBlock; ++k) {
            replica.load(tokens[k]);
            replica.load(secrets[k]);
        }
        measures.load_seconds += cpu_seconds() - start;
    }
    const double start = cpu_seconds();
    replica.finish_loading({.epoch = 1, .revision = 1});
    measures.load_seconds += cpu_seconds() - start;
}

// Median of five rounds, of processor time.
template <typename Check>
double nanoseconds_each(Check&& check) {
    std::array<double, 5> rounds{};
    for (double& round : rounds) {
        const double start = cpu_seconds();
        std::size_t active = 0;
        for (std::size_t i = 0; i < kChecks; ++i) {
            if (check(i)) ++active;
        }
        round = (cpu_seconds() - start) * 1e9 / static_cast<double>(kChecks);
        if (active != kChecks) {
            std::fprintf(stderr, "%zu of %zu checks were active\n", active, kChecks);
            std::exit(1);
        }
    }
    std::sort(rounds.begin(), rounds.end());
    return rounds[2];
}

void measure_checks(verify::Replica& replica, std::size_t tokens, bool of_jwts,
                    Measures& measures) {
    Random random{tokens};
    std::vector<std::string> texts;
    std::vector<latchkey::Digest> digests;
    for (std::size_t i = 0; i < kSample; ++i) {
        const std::uint64_t pick = random.next() % (tokens / 2) * 2 + (of_jwts ? 0 : 1);
        texts.push_back(presented(pick, of_jwts));
        digests.push_back(sha256(texts.back()));
    }
    const std::array<std::string_view, 1> scopes{"license:read"};
    verify::Requirement wanted;
    wanted.scopes = scopes;
    const auto reader = replica.make_reader();
    const auto judged = [&](const latchkey::Digest& digest) {
        const verify::ReadGuard guard(*reader);
        verify::TokenView view;
        return reader->find(digest, view) &&
               verify::judge(view, wanted, kNow).verdict == verify::Verdict::kActive;
    };
    // A text is hot, it has just been received; the token it stands for is any. `zero` makes the
    // look-up wait for the digest, as it does in a server.
    const volatile std::size_t zero = 0;
    const double whole = nanoseconds_each([&](std::size_t i) {
        const latchkey::Digest digest = sha256(texts[i % 16]);
        return judged(digests[(i + (digest[0] & zero)) % kSample]);
    });
    const double find =
        nanoseconds_each([&](std::size_t i) { return judged(digests[i % kSample]); });
    (of_jwts ? measures.jwt_ns : measures.opaque_ns) = whole;
    (of_jwts ? measures.jwt_find_ns : measures.opaque_find_ns) = find;
}

Measures measure(std::size_t tokens) {
    Measures measures;
    const std::size_t before = resident();
    verify::Replica replica;
    replica.reserve(tokens);
    load_neighbours(replica);
    load_tokens(replica, tokens, measures);
    const auto each = static_cast<double>(tokens);
    measures.bytes_reported = static_cast<double>(replica.memory_bytes()) / each;
    measures.bytes_resident = static_cast<double>(resident() - before) / each;
    measure_checks(replica, tokens, false, measures);
    measure_checks(replica, tokens, true, measures);
    return measures;
}

double record_ns() {
    verify::UsageRecorder recorder;
    std::vector<latchkey::TokenId> ids;
    for (std::uint64_t i = 0; i < 1000; ++i) {
        ids.push_back(make_id<latchkey::TokenId>(i));
    }
    const latchkey::Address address{};
    const std::string agent =
        "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
    const std::array<std::string_view, 1> scopes{"license:read"};
    return nanoseconds_each([&](std::size_t i) {
        recorder.record({.token = ids[i % ids.size()],
                         .now = kNow,
                         .address = address,
                         .agent = agent,
                         .scopes = scopes});
        return true;
    });
}

}  // namespace

int main(int argc, char** argv) {
    std::vector<std::size_t> sizes;
    for (int i = 1; i < argc; ++i) {
        sizes.push_back(std::strtoul(argv[i], nullptr, 10));
    }
    if (sizes.empty()) sizes = {1000, 1'000'000};
    std::printf("{\"record_usage_ns\":%.1f,\"sizes\":[", record_ns());
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        if (sizes[i] < 2) return 64;
        const Measures m = measure(sizes[i]);
        std::printf(
            "%s\n{\"tokens\":%zu,\"opaque_check_ns\":%.1f,\"jwt_check_ns\":%.1f,"
            "\"opaque_without_digest_ns\":%.1f,\"jwt_without_digest_ns\":%.1f,"
            "\"bytes_per_token\":%.1f,\"resident_bytes_per_token\":%.1f,"
            "\"load_seconds\":%.3f}",
            i == 0 ? "" : ",", sizes[i], m.opaque_ns, m.jwt_ns, m.opaque_find_ns, m.jwt_find_ns,
            m.bytes_reported, m.bytes_resident, m.load_seconds);
    }
    std::printf("]}\n");
    return 0;
}
