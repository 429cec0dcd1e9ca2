// Time as a type. A Timestamp counts microseconds since 1970 UTC, as the database stores it.
// Decisions never read a clock: they get `now` handed in. Only Clock may ask the system.
#pragma once

#include <atomic>
#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace latchkey {

using Microseconds = std::chrono::microseconds;

class Timestamp {
public:
    constexpr Timestamp() = default;
    static constexpr Timestamp from_microseconds(std::int64_t value) { return Timestamp{value}; }
    static constexpr Timestamp from_seconds(std::int64_t value) {
        return Timestamp{value * 1'000'000};
    }
    [[nodiscard]] constexpr std::int64_t microseconds() const { return value_; }
    [[nodiscard]] constexpr std::int64_t seconds() const { return value_ / 1'000'000; }
    // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 misreads the defaulted comparison.
    constexpr auto operator<=>(const Timestamp&) const = default;
    constexpr Timestamp operator+(Microseconds step) const {
        return Timestamp{value_ + step.count()};
    }
    constexpr Timestamp operator-(Microseconds step) const {
        return Timestamp{value_ - step.count()};
    }
    constexpr Microseconds operator-(Timestamp other) const {
        return Microseconds{value_ - other.value_};
    }

private:
    constexpr explicit Timestamp(std::int64_t value) : value_(value) {}
    std::int64_t value_{0};
};

// The last moment we accept anywhere: the end of year 9999, so that RFC 3339 can always show it.
inline constexpr Timestamp kEndOfTime = Timestamp::from_seconds(253'402'300'799);

// "2026-11-21T22:04:00.000Z": UTC, milliseconds, always 24 characters.
std::string format_rfc3339(Timestamp time);
// RFC 3339 with any offset and up to nine fractional digits (more are refused).
Result<Timestamp> parse_rfc3339(std::string_view text);
// "Sat, 21 Nov 2026 22:04:00 GMT", RFC 9110 §5.6.7.
std::string format_http_date(Timestamp time);

// Thread-safe, both methods.
class Clock {
public:
    Clock() = default;
    Clock(const Clock&) = delete;
    Clock& operator=(const Clock&) = delete;
    virtual ~Clock() = default;
    [[nodiscard]] virtual Timestamp now() const = 0;
    // Never jumps; counts suspended time. For ages and deadlines, never for what people see.
    [[nodiscard]] virtual Microseconds steady() const = 0;
};

class SystemClock final : public Clock {
public:
    [[nodiscard]] Timestamp now() const override;
    [[nodiscard]] Microseconds steady() const override;
};

class FakeClock final : public Clock {
public:
    explicit FakeClock(Timestamp start = Timestamp::from_seconds(1'800'000'000))
        : now_(start.microseconds()) {}
    [[nodiscard]] Timestamp now() const override {
        return Timestamp::from_microseconds(now_.load());
    }
    [[nodiscard]] Microseconds steady() const override { return Microseconds{steady_.load()}; }
    void advance(Microseconds step) {
        now_ += step.count();
        steady_ += step.count();
    }
    void jump_to(Timestamp time) { now_ = time.microseconds(); }

private:
    std::atomic<std::int64_t> now_;
    std::atomic<std::int64_t> steady_{0};
};

}  // namespace latchkey
