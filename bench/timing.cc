// Does the time of a refusal say how near a guess was? Welch's t-test, as dudect makes it (Reparaz,
// Balasch, Verbauwhede 2017), in process and on one thread: refusals of texts that begin as a live
// token does against refusals of random ones, both with a right checksum. Prints JSON; |t| < 4.5 at
// a million measurements is no difference that an attacker could see. Argument: how many.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "base/secret.h"
#include "crypto/digest.h"
#include "crypto/random.h"
#include "token/opaque.h"
#include "verify/replica.h"

namespace {

using latchkey::kOpaqueRandomLength;
using latchkey::opaque_checksum;
using latchkey::sha256;
namespace verify = latchkey::verify;

constexpr std::size_t kLiveTokens = 10'000;

// Running mean and variance (Welford).
struct Sample {
    double count{0};
    double mean{0};
    double squares{0};

    void add(double value) {
        count += 1;
        const double step = value - mean;
        mean += step / count;
        squares += step * (value - mean);
    }
    [[nodiscard]] double variance() const { return squares / (count - 1); }
};

double welch_t(const Sample& one, const Sample& other) {
    const double spread = one.variance() / one.count + other.variance() / other.count;
    return (one.mean - other.mean) / std::sqrt(spread);
}

std::uint64_t nanoseconds() {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC_RAW, &time);
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U +
           static_cast<std::uint64_t>(time.tv_nsec);
}

std::string with_checksum(const std::string& random) {
    return "lkp_" + random + opaque_checksum(random);
}

struct Measured {
    double t_all{0};
    double t_cropped{0};  // without the slowest twentieth: interrupts, not work
    double near_ns{0};
    double random_ns{0};
};

// A near guess and a random one.
using Guesses = std::array<std::string, 2>;

// Touches both alike: else what is measured is which of the two was written last.
void choose(const Guesses& guesses, std::uint8_t which, std::string& text) {
    const auto mask = static_cast<unsigned char>(-which);
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto near = static_cast<unsigned char>(guesses[0][i]);
        const auto random = static_cast<unsigned char>(guesses[1][i]);
        text[i] = static_cast<char>(near ^ ((near ^ random) & mask));
    }
}

// Each measurement takes a class by chance, so that whatever else changes hits both alike, and
// texts of its own, so that what is measured is the class and not a pool that was drawn once.
template <typename Make, typename Work>
Measured measure(std::size_t count, const Make& make, const Work& work) {
    std::vector<std::uint8_t> which(count);
    std::vector<std::uint32_t> times(count);
    std::string text(make()[0].size(), ' ');  // always at the same place
    std::size_t found = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const Guesses guesses = make();
        which[i] = static_cast<std::uint8_t>(latchkey::random_below(2));
        choose(guesses, which[i], text);
        const auto start = nanoseconds();
        found += work(text) ? 1U : 0U;
        times[i] = static_cast<std::uint32_t>(nanoseconds() - start);
    }
    if (found != 0) std::exit(1);
    auto sorted = times;
    const auto bound = sorted.begin() + static_cast<std::ptrdiff_t>(count - count / 20);
    std::nth_element(sorted.begin(), bound, sorted.end());
    std::array<Sample, 2> all;
    std::array<Sample, 2> cropped;
    for (std::size_t i = 0; i < count; ++i) {
        all[which[i]].add(times[i]);
        if (times[i] < *bound) cropped[which[i]].add(times[i]);
    }
    return {welch_t(all[0], all[1]), welch_t(cropped[0], cropped[1]), cropped[0].mean,
            cropped[1].mean};
}

void print(const char* name, const Measured& measured, const char* end) {
    std::printf("\"%s\":{\"t\":%.2f,\"t_cropped\":%.2f,\"near_ns\":%.1f,\"random_ns\":%.1f}%s\n",
                name, measured.t_all, measured.t_cropped, measured.near_ns, measured.random_ns,
                end);
}

// A replica that knows these texts as tokens.
void load(verify::Replica& replica, const std::vector<std::string>& live) {
    verify::ApiFact api;
    api.slug = "billing";
    replica.load(verify::Fact{api});
    verify::UserFact user;
    replica.load(verify::Fact{user});
    for (std::size_t i = 0; i < live.size(); ++i) {
        verify::TokenFact token;
        token.id.bytes[0] = static_cast<std::uint8_t>(i);
        token.id.bytes[1] = static_cast<std::uint8_t>(i >> 8U);
        verify::SecretFact secret;
        secret.id.bytes = token.id.bytes;
        secret.token = token.id;
        secret.digest = sha256(live[i]);
        replica.load(token);
        replica.load(secret);
    }
    replica.finish_loading({.epoch = 1, .revision = 1});
}

}  // namespace

int main(int argc, char** argv) {
    const std::size_t count = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1'000'000;
    if (count < 1000) return 64;
    std::vector<std::string> live;
    while (live.size() < kLiveTokens) {
        live.push_back(with_checksum(latchkey::random_string_base62(kOpaqueRandomLength)));
    }
    verify::Replica replica;
    load(replica, live);
    const auto reader = replica.make_reader();

    // All but the last character of the random part as a live token has them, or nothing.
    const auto make_tokens = [&] {
        std::string random =
            live[latchkey::random_below(kLiveTokens)].substr(4, kOpaqueRandomLength);
        const char last = random.back();
        while (random.back() == last) {
            random.back() = latchkey::random_string_base62(1)[0];
        }
        return Guesses{with_checksum(random),
                       with_checksum(latchkey::random_string_base62(kOpaqueRandomLength))};
    };
    const auto looked_up = measure(count, make_tokens, [&](const std::string& text) {
        if (!latchkey::could_be_token(text)) return true;
        const verify::ReadGuard guard(*reader);
        verify::TokenView view;
        return reader->find(sha256(text), view);
    });
    // What compares secrets byte by byte: CSRF values, setup codes, digests.
    const std::string secret = live[0];
    const auto make_values = [&] {
        Guesses values = make_tokens();
        values[0] = secret;
        values[0].back() = secret.back() == 'a' ? 'b' : 'a';
        return values;
    };
    const auto compared = measure(count, make_values, [&](const std::string& text) {
        return latchkey::equal_in_constant_time(text, secret);
    });
    std::printf("{\"measurements\":%zu,\n", count);
    print("look_up", looked_up, ",");
    print("compare", compared, "");
    std::printf("}\n");
    const double worst = std::max(std::fabs(looked_up.t_cropped), std::fabs(compared.t_cropped));
    return worst < 4.5 ? 0 : 1;
}
