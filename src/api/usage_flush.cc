#include "api/usage_flush.h"

#include <algorithm>
#include <iterator>

#include "authority/maintenance.h"

namespace latchkey::api {

namespace {

// Up to so many are written each second, so that a person sees at once what happened.
constexpr std::size_t kFewRows = 64;
// Else a fifth of the parts: most tokens are used again meanwhile, and then cost one row instead
// of one a second.
constexpr std::size_t kPartsASecond = verify::UsageRecorder::kParts / 5 + 1;
// Never many more, or writing down who used what would cost more than the checks.
constexpr std::size_t kManyRows = 4'096;

template <typename Visitor>
Status for_each_recorder(Services& services, Visitor&& visit) {
    for (auto& reactor : services.reactors) {
        TRY(visit(reactor->usage));
    }
    return visit(services.exchange_usage);
}

// Takes part by part while `goes_on(parts, rows)`.
template <typename Condition>
Status write_parts(Services& services, verify::UsageRecorder& recorder, Condition&& goes_on) {
    std::vector<verify::Usage> batch;
    std::size_t rows = 0;
    for (std::size_t parts = 0; parts < verify::UsageRecorder::kParts; ++parts) {
        if (!goes_on(parts, rows)) break;
        auto taken = recorder.take_part();
        rows += taken.size();
        batch.insert(batch.end(), std::make_move_iterator(taken.begin()),
                     std::make_move_iterator(taken.end()));
        if (batch.size() < kManyRows) continue;
        TRY(authority::write_usage(services.authority, batch));
        batch.clear();
    }
    return authority::write_usage(services.authority, batch);
}

}  // namespace

Status flush_usage(Services& services) {
    const std::lock_guard lock(services.usage_flush_mutex);
    return for_each_recorder(services, [&](verify::UsageRecorder& recorder) {
        return write_parts(services, recorder, [](std::size_t, std::size_t) { return true; });
    });
}

Status flush_usage_of_a_second(Services& services) {
    const std::lock_guard lock(services.usage_flush_mutex);
    return for_each_recorder(services, [&](verify::UsageRecorder& recorder) {
        return write_parts(services, recorder, [](std::size_t parts, std::size_t rows) {
            return rows < kFewRows || (parts < kPartsASecond && rows < kManyRows);
        });
    });
}

}  // namespace latchkey::api
