// Reading what a client sent, strictly: an object with known members of the right types. What is
// left over when the reader is done is an unknown member, and that is an error.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "base/secret.h"
#include "http/message.h"

namespace latchkey::api {

class Body {
public:
    // The request's body as a JSON object; an empty body is an empty object only if `may_be_empty`.
    static Result<Body> parse(const http::Request& request, bool may_be_empty = false);
    explicit Body(json::object object) : object_(std::move(object)) {}

    Result<std::string> text(std::string_view name);  // required
    Result<std::optional<std::string>> optional_text(std::string_view name);
    Result<bool> flag(std::string_view name, bool otherwise);
    Result<std::optional<std::vector<std::string>>> optional_texts(std::string_view name);
    Result<std::optional<Timestamp>> optional_time(std::string_view name);  // null is none
    Result<std::optional<std::vector<Body>>> optional_objects(std::string_view name);
    Result<std::optional<std::uint32_t>> optional_number(
        std::string_view name);  // whole, 0 or more
    // Any JSON; nullptr when it is not there. Valid as long as the Body.
    const json::value* value(std::string_view name) { return take(name); }
    [[nodiscard]] bool has(std::string_view name) const;
    // Every member must have been asked for.
    [[nodiscard]] Status done() const;

private:
    const json::value* take(std::string_view name);

    json::object object_;
    std::set<std::string, std::less<>> asked_;
};

// The body's text as it was sent, for documents whose errors name a line and a column.
Result<std::string_view> json_text(const http::Request& request);

// Bodies that are arrays of objects (scope catalogues).
Result<std::vector<Body>> parse_objects(const http::Request& request);

// Query parameters: each at most once, only known ones (names with commas between).
class Query {
public:
    static Result<Query> parse(std::string_view query, std::string_view known);
    // The same, but others are left out: clients of a dialect send what its server never read.
    static Result<Query> parse_known(std::string_view query, std::string_view known);
    [[nodiscard]] std::string get(std::string_view name, std::string_view otherwise = {}) const;
    [[nodiscard]] bool has(std::string_view name) const;
    // A number within [1, most].
    [[nodiscard]] Result<std::size_t> limit(std::size_t otherwise, std::size_t most) const;

private:
    std::vector<std::pair<std::string, std::string>> items_;
    std::optional<std::string> unknown_;  // the first that was left out
};

}  // namespace latchkey::api
