// Result<T>: a value or an Error, with std::expected's names. Ignoring one is a compile error.
// An Error says two things on purpose: `message` may be shown to the client, `detail` is for our
// log only. Neither may ever hold a token or any part of one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace latchkey {

enum class ErrorCode : std::uint8_t {
    kInvalidArgument,
    kUnauthenticated,
    kPermissionDenied,
    kNotFound,
    kConflict,
    kPrecondition,
    kRateLimited,
    kOutOfSpace,
    kUnavailable,
    kInternal,
};

struct Error {
    ErrorCode code{ErrorCode::kInternal};
    std::string message;
    std::string detail;
    // A stable word for machines ("unknown_scope"), always a literal; empty means the code's own.
    std::string_view reason;
    std::string hint;                 // what to do about it, in one sentence
    std::string field;                // JSON pointer of the member at fault, "/scopes/0"
    std::vector<std::string> scopes;  // for a denial: the scopes that were missing
    std::int64_t retry_after_seconds{0};

    Error() = default;
    Error(ErrorCode error_code, std::string text, std::string log_only = {})
        : code(error_code), message(std::move(text)), detail(std::move(log_only)) {}

    Error with_reason(std::string_view literal) && {
        reason = literal;
        return std::move(*this);
    }
    Error with_hint(std::string text) && {
        hint = std::move(text);
        return std::move(*this);
    }
    Error with_field(std::string pointer) && {
        field = std::move(pointer);
        return std::move(*this);
    }
    Error with_scopes(std::vector<std::string> missing) && {
        scopes = std::move(missing);
        return std::move(*this);
    }
};

inline Error invalid(std::string message, std::string_view reason, std::string field = {}) {
    return Error{ErrorCode::kInvalidArgument, std::move(message)}.with_reason(reason).with_field(
        std::move(field));
}

template <typename T>
class [[nodiscard]] Result {
public:
    // NOLINTBEGIN(google-explicit-constructor): both alternatives convert, as in std::expected.
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}
    // NOLINTEND(google-explicit-constructor)

    explicit operator bool() const { return has_value(); }
    [[nodiscard]] bool has_value() const { return state_.index() == 0; }
    T& value() & { return std::get<0>(state_); }
    const T& value() const& { return std::get<0>(state_); }
    T&& value() && { return std::get<0>(std::move(state_)); }
    Error& error() & { return std::get<1>(state_); }
    const Error& error() const& { return std::get<1>(state_); }
    Error&& error() && { return std::get<1>(std::move(state_)); }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

private:
    std::variant<T, Error> state_;
};

struct Unit {};

template <>
class [[nodiscard]] Result<void> {
public:
    Result() = default;
    // NOLINTBEGIN(google-explicit-constructor)
    Result(Unit /*nothing*/) {}
    Result(Error error) : error_(std::move(error)) {}
    // NOLINTEND(google-explicit-constructor)

    explicit operator bool() const { return has_value(); }
    [[nodiscard]] bool has_value() const { return !error_; }
    static Unit value() { return {}; }
    Error& error() & { return *error_; }
    const Error& error() const& { return *error_; }
    Error&& error() && { return *std::move(error_); }

private:
    std::optional<Error> error_;
};

using Status = Result<void>;

// Stands only as a whole statement or a whole initializer: inside braces the compilers skip the
// destructors of members already built (tools/tidy refuses that).
// NOLINTBEGIN(bugprone-macro-parentheses): the name of a variable takes none.
#define TRY(expression) LATCHKEY_TRY_AS(expression, LATCHKEY_JOIN(try_result_, __COUNTER__))
// A name of its own each time, so that a lambda handed to TRY may use TRY inside.
#define LATCHKEY_TRY_AS(expression, name)          \
    __extension__({                                \
        auto name = (expression);                  \
        if (!name) return std::move(name).error(); \
        std::move(name).value();                   \
    })
// NOLINTEND(bugprone-macro-parentheses)
#define LATCHKEY_JOIN(a, b) LATCHKEY_JOIN_EXPANDED(a, b)
#define LATCHKEY_JOIN_EXPANDED(a, b) a##b

// For what cannot happen. Always compiled in; throws, so that it ends the request and not the
// process. Never for input.
#define CHECK(condition)                                                            \
    do {                                                                            \
        if (!(condition)) ::latchkey::check_failed(#condition, __FILE__, __LINE__); \
    } while (false)

[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace latchkey
