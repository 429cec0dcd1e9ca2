#include "api/usage_flush.h"

#include <algorithm>
#include <iterator>

#include "authority/maintenance.h"

namespace latchkey::api {

namespace {

constexpr std::size_t kFewRows = 64;
// A quarter of what a recorder holds: within a second it may not fill up.
constexpr std::size_t kTooManyRows = 16'384;
constexpr int kSecondsBetween = 5;

}  // namespace

Status flush_usage(Services& services) {
    std::vector<verify::Usage> batch;
    const auto take = [&batch](verify::UsageRecorder& recorder) {
        auto taken = recorder.take();
        batch.insert(batch.end(), std::make_move_iterator(taken.begin()),
                     std::make_move_iterator(taken.end()));
    };
    for (auto& reactor : services.reactors) {
        take(reactor->usage);
    }
    take(services.exchange_usage);
    return authority::write_usage(services.authority, batch);
}

Status flush_usage_when_due(Services& services, int seconds_since_start) {
    std::size_t most = services.exchange_usage.waiting();
    for (const auto& reactor : services.reactors) {
        most = std::max(most, reactor->usage.waiting());
    }
    const bool may_wait = most > kFewRows && most < kTooManyRows;
    if (may_wait && seconds_since_start % kSecondsBetween != 0) return {};
    return flush_usage(services);
}

}  // namespace latchkey::api
