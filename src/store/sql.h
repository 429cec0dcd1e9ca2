// SQL is only ever a literal: Sql's constructor is consteval, so a string made at run time does
// not compile. Connection and Statement are all that the rest of the store knows of a driver.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/id.h"
#include "base/result.h"
#include "crypto/digest.h"

namespace latchkey::store {

class Sql {
public:
    // NOLINTNEXTLINE(google-explicit-constructor): a literal is the SQL.
    consteval Sql(const char* text) : text_(text) {}
    [[nodiscard]] constexpr const char* text() const { return text_; }

private:
    const char* text_;
};

// A prepared statement, borrowed from its connection's cache; reset when it goes. Parameters are
// bound in order, columns read in order. Not thread-safe, as its connection is not.
class Statement {
public:
    class Driver {
    public:
        virtual ~Driver() = default;
        virtual void bind_null(int index) = 0;
        virtual void bind_integer(int index, std::int64_t value) = 0;
        virtual void bind_text(int index, std::string_view value) = 0;
        virtual void bind_blob(int index, std::string_view value) = 0;
        virtual Result<bool> step() = 0;  // true: a row is there
        virtual bool is_null(int column) = 0;
        virtual std::int64_t integer(int column) = 0;
        virtual std::string_view text(int column) = 0;  // valid until the next step
        virtual std::string_view blob(int column) = 0;
        virtual void release() = 0;  // reset and give back
    };

    explicit Statement(Driver* driver) : driver_(driver) {}
    Statement(Statement&& other) noexcept
        : driver_(std::exchange(other.driver_, nullptr)), next_parameter_(other.next_parameter_) {}
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;
    Statement& operator=(Statement&&) = delete;
    ~Statement() {
        if (driver_ != nullptr) driver_->release();
    }

    Statement& bind(std::int64_t value) {
        driver_->bind_integer(next_parameter_++, value);
        return *this;
    }
    Statement& bind(std::string_view text) {
        driver_->bind_text(next_parameter_++, text);
        return *this;
    }
    Statement& bind(Timestamp time) { return bind(time.microseconds()); }
    Statement& bind(const Digest& digest) {
        driver_->bind_blob(next_parameter_++, as_text(digest));
        return *this;
    }
    template <typename Tag>
    Statement& bind(const Id<Tag>& id) {
        driver_->bind_blob(next_parameter_++, id.raw());
        return *this;
    }
    Statement& bind_blob(std::string_view bytes) {
        driver_->bind_blob(next_parameter_++, bytes);
        return *this;
    }
    Statement& bind_null() {
        driver_->bind_null(next_parameter_++);
        return *this;
    }
    template <typename T>
    Statement& bind(const std::optional<T>& value) {
        return value ? bind(*value) : bind_null();
    }

    Result<bool> step() { return driver_->step(); }  // true: a row is there
    Status run();                                    // to the end, rows ignored

    [[nodiscard]] bool is_null(int column) const { return driver_->is_null(column); }
    [[nodiscard]] std::int64_t integer(int column) const { return driver_->integer(column); }
    [[nodiscard]] std::string_view text(int column) const { return driver_->text(column); }
    [[nodiscard]] std::string_view blob(int column) const { return driver_->blob(column); }
    [[nodiscard]] Timestamp time(int column) const {
        return Timestamp::from_microseconds(integer(column));
    }
    [[nodiscard]] std::optional<Timestamp> optional_time(int column) const;
    [[nodiscard]] Digest digest(int column) const;
    template <typename IdType>
    [[nodiscard]] IdType id(int column) const {
        const auto bytes = uuid_from_bytes(blob(column));
        return bytes ? IdType{*bytes} : IdType{};
    }

private:
    Driver* driver_;
    int next_parameter_{1};
};

class Connection {
public:
    Connection() = default;
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    virtual ~Connection() = default;
    // From the cache when the same literal was prepared before.
    virtual Result<Statement> prepare(Sql sql) = 0;
    [[nodiscard]] virtual std::int64_t changes() const = 0;  // rows of the last statement
    Status run(Sql sql);                                     // without parameters
};

}  // namespace latchkey::store
