// Strict JSON (RFC 8259) with one meaning per input: valid UTF-8, no duplicate members (compared
// after unescaping), no lone surrogates, bounded size, depth and member count. The limits hold
// before anything is built.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/result.h"

namespace latchkey {

namespace json = boost::json;

struct JsonLimits {
    std::size_t bytes_max{65'536};
    std::size_t depth_max{16};
    std::size_t members_max{256};  // members and elements of one object or array
};

// `stopped_at` gets the byte at which reading ended, for who shows people where.
Result<json::value> parse_json(std::string_view text, const JsonLimits& limits = {},
                               std::size_t* stopped_at = nullptr);

// The canonical text of a value, as RFC 8785 orders it: members sorted by their UTF-16 code units,
// no white space. Only integers, strings, booleans, null, arrays and objects; a fraction is a bug.
std::string canonical_json(const json::value& value);

std::string to_json(const json::value& value);  // as boost writes it, in insertion order
std::string json_quote(std::string_view utf8);  // one string with its quotes

}  // namespace latchkey
