#include "api/usage_flush.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <span>

#include "authority/maintenance.h"

namespace latchkey::api {

namespace {

// The thread of maintenance has other things to do, but must get its turn among many who ask.
constexpr std::chrono::milliseconds kPatience{500};
constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();
// So many rows a mutation that a revocation behind it in the queue waits for milliseconds.
constexpr std::size_t kGroup = 200;
constexpr std::size_t kGroupWhenNobodyWaits = 4'096;
// Up to so many are written each second, so that a person sees at once what happened.
constexpr std::size_t kFewRows = 64;
// Else a fifth of the parts: most tokens are used again meanwhile, and then cost one row instead
// of one a second.
constexpr std::size_t kPartsASecond = verify::UsageRecorder::kParts / 5 + 1;
// Never more: what is written down of a million tokens must not cost what their checks cost.
constexpr std::size_t kManyRows = 2'048;

template <typename Visitor>
Status for_each_recorder(Services& services, Visitor&& visit) {
    for (auto& reactor : services.reactors) {
        TRY(visit(reactor->usage));
    }
    return visit(services.exchange_usage);
}

std::size_t add(WaitingUsage& waiting, std::vector<verify::Usage> taken) {
    waiting.rows.insert(waiting.rows.end(), std::make_move_iterator(taken.begin()),
                        std::make_move_iterator(taken.end()));
    return taken.size();
}

constexpr auto kAlways = [] { return true; };

// Until `goes_on()` says no. What cannot be written waits for the next time. After an unknown
// outcome a group is written again: counts may then be too large by it, but no use is forgotten.
template <typename Condition>
Status write(Services& services, std::size_t most, std::size_t group, Condition&& goes_on) {
    WaitingUsage& waiting = services.usage_waiting;
    while (most > 0 && waiting.written < waiting.rows.size() && goes_on()) {
        const auto left = std::span(waiting.rows).subspan(waiting.written);
        const auto rows = left.first(std::min({left.size(), most, group}));
        TRY(authority::write_usage(services.authority, rows));
        waiting.written += rows.size();
        most -= rows.size();
    }
    if (waiting.written == waiting.rows.size()) {
        waiting.rows = {};
        waiting.written = 0;
    }
    return {};
}

// Part by part, and each written before the next, until `goes_on()` says no.
template <typename Condition>
Status write_all(Services& services, std::size_t group, Condition&& goes_on) {
    TRY(write(services, kAll, group, goes_on));
    return for_each_recorder(services, [&](verify::UsageRecorder& recorder) -> Status {
        for (std::size_t i = 0; i < verify::UsageRecorder::kParts && goes_on(); ++i) {
            add(services.usage_waiting, recorder.take_part());
            TRY(write(services, kAll, group, goes_on));
        }
        return {};
    });
}

}  // namespace

std::uint64_t uses_left_out(const Services& services) {
    std::uint64_t left_out = services.exchange_usage.left_out();
    for (const auto& reactor : services.reactors) {
        left_out += reactor->usage.left_out();
    }
    return left_out;
}

Status flush_usage(Services& services) {
    const std::lock_guard lock(services.usage_waiting.mutex);
    return write_all(services, kGroup, kAlways);
}

Status flush_usage_of(Services& services, const TokenId& token) {
    const std::lock_guard lock(services.usage_waiting.mutex);
    TRY(write(services, kAll, kGroup, kAlways));  // where that fails, nothing more is taken
    TRY(for_each_recorder(services, [&](verify::UsageRecorder& recorder) -> Status {
        add(services.usage_waiting, recorder.take_part_of(token));
        return {};
    }));
    return write(services, kAll, kGroup, kAlways);
}

Status flush_last_usage(Services& services, std::chrono::steady_clock::time_point end) {
    const std::unique_lock lock(services.usage_waiting.mutex, end);
    const auto has_time = [&] { return std::chrono::steady_clock::now() < end; };
    if (lock.owns_lock()) TRY(write_all(services, kGroupWhenNobodyWaits, has_time));
    if (lock.owns_lock() && has_time()) return {};
    return Error{ErrorCode::kUnavailable, "there was no time to write down all uses"};
}

Status flush_usage_of_a_second(Services& services) {
    WaitingUsage& waiting = services.usage_waiting;
    const std::unique_lock lock(waiting.mutex, kPatience);
    if (!lock.owns_lock()) return {};  // somebody else is at it
    const std::size_t most = kManyRows * services.reactors.size();
    if (waiting.rows.empty()) {
        TRY(for_each_recorder(services, [&](verify::UsageRecorder& recorder) -> Status {
            std::size_t rows = 0;
            for (std::size_t i = 0; i < verify::UsageRecorder::kParts; ++i) {
                if (rows >= (i < kPartsASecond ? kManyRows : kFewRows)) break;
                rows += add(waiting, recorder.take_part());
            }
            return {};
        }));
    }
    return write(services, most, kGroup, kAlways);
}

}  // namespace latchkey::api
