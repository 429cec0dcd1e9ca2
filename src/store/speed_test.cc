// Figures, not checks: run by hand with --gtest_also_run_disabled_tests in a release build.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include <gtest/gtest.h>

#include "store/testing.h"

namespace latchkey::store {
namespace {

using testing::StoreTest;

class Speed : public StoreTest {
protected:
    // Submits `total` creations with never more than `in_flight` waiting.
    void create(std::uint64_t from, std::uint64_t total, std::size_t in_flight) {
        std::mutex mutex;
        std::condition_variable room;
        std::size_t waiting = 0;
        for (std::uint64_t i = 0; i < total; ++i) {
            std::unique_lock lock(mutex);
            room.wait(lock, [&] { return waiting < in_flight; });
            ++waiting;
            lock.unlock();
            store_->submit(Mutation{
                .work = [number = from + i](
                            Transaction& transaction) { return create_one(transaction, number); },
                .done =
                    [&](const Status& status) {
                        EXPECT_TRUE(status) << status.error().detail;
                        const std::lock_guard done_lock(mutex);
                        --waiting;
                        room.notify_one();
                    },
                .is_urgent = false});
        }
        std::unique_lock lock(mutex);
        room.wait(lock, [&] { return waiting == 0; });
    }

    static Status create_one(Transaction& transaction, std::uint64_t number) {
        TRY(testing::insert_token_with_secret(transaction.connection(), number));
        EventDraft event = testing::draft(
            "token.created", {{"name", "token"},
                              {"scopes", {"license:read", "license:write"}},
                              {"facts",
                               {{{"kind", "token"},
                                 {"id", testing::id<TokenId>(number).uuid()},
                                 {"owner", testing::id<UserId>(1).uuid()},
                                 {"api", testing::id<ApiId>(1).uuid()},
                                 {"state", "active"},
                                 {"scopes", {"license:read", "license:write"}}},
                                {{"kind", "secret"},
                                 {"id", testing::id<TokenId>(number).uuid()},
                                 {"digest", "LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ"}}}}});
        event.owner = testing::id<UserId>(1);
        event.token = testing::id<TokenId>(number);
        TRY(transaction.append_event(std::move(event)));
        return {};
    }

    static double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }
    static double seconds_of(const std::function<void()>& work) {
        const auto start = std::chrono::steady_clock::now();
        work();
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    }
};

// LATCHKEY_TOKENS says how many, 100,000 by default. On a busy machine only the CPU time counts.
TEST_F(Speed, DISABLED_CreationsAndTheReplicasStart) {
    const char* wanted = std::getenv("LATCHKEY_TOKENS");
    const std::uint64_t step =
        std::strtoull(wanted != nullptr ? wanted : "100000", nullptr, 10) / 4;
    for (std::uint64_t made = 0; made < 4 * step; made += step) {
        const double cpu = cpu_seconds();
        const double seconds = seconds_of([&] { create(made + 1, step, 64); });
        const auto count = static_cast<double>(step);
        std::printf("%8lu tokens: %.0f creations/s, %.1f us each, of CPU %.1f us\n", made + step,
                    count / seconds, seconds * 1e6 / count, (cpu_seconds() - cpu) * 1e6 / count);
        std::fflush(stdout);
        committed_.clear();
    }
    const double cpu_before = cpu_seconds();
    std::uint64_t visited = 0;
    const double reading = seconds_of([&] {
        ASSERT_TRUE(store_->read([&](Connection& db) {
            return for_each_live_secret(db, [&](const TokenRecord&, const SecretRecord&) -> Status {
                ++visited;
                return {};
            });
        }));
    });
    std::printf("%lu secrets visited in %.2f s, of CPU %.2f s\n", visited, reading,
                cpu_seconds() - cpu_before);
    const double again = seconds_of([&] { reopen(); });
    std::printf("closed and opened in %.3f s\n", again);
}

}  // namespace
}  // namespace latchkey::store
