#include "base/json.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>
#include <vector>

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_stack.hpp>
#include <fmt/format.h>

#include "base/encoding.h"

namespace latchkey {
namespace {

using boost::system::error_code;

constexpr std::size_t kNoLimit = static_cast<std::size_t>(-1);

// Builds a value while it refuses what a plain parser lets pass: repeated members and long
// containers. Boost.JSON itself refuses bad UTF-8, lone surrogates and depth.
class StrictHandler {
public:
    // NOLINTBEGIN(readability-identifier-naming): the names that basic_parser asks for.
    static constexpr std::size_t max_object_size = kNoLimit;
    static constexpr std::size_t max_array_size = kNoLimit;
    static constexpr std::size_t max_key_size = kNoLimit;
    static constexpr std::size_t max_string_size = kNoLimit;
    // NOLINTEND(readability-identifier-naming)

    explicit StrictHandler(std::size_t members_max) : members_max_(members_max) { stack_.reset(); }

    json::value release() { return stack_.release(); }
    [[nodiscard]] const std::string& complaint() const { return complaint_; }

    static bool on_document_begin(error_code& /*ec*/) { return true; }
    static bool on_document_end(error_code& /*ec*/) { return true; }
    bool on_object_begin(error_code& /*ec*/) {
        open_.emplace_back();
        return true;
    }
    bool on_object_end(std::size_t count, error_code& /*ec*/) {
        open_.pop_back();
        stack_.push_object(count);
        return true;
    }
    static bool on_array_begin(error_code& /*ec*/) { return true; }
    bool on_array_end(std::size_t count, error_code& ec) {
        if (count > members_max_) return refuse("an array has too many elements", ec);
        stack_.push_array(count);
        return true;
    }
    bool on_key_part(json::string_view part, std::size_t /*n*/, error_code& /*ec*/) {
        key_.append(part.data(), part.size());
        stack_.push_chars(part);
        return true;
    }
    bool on_key(json::string_view part, std::size_t /*n*/, error_code& ec) {
        key_.append(part.data(), part.size());
        if (open_.back().size() >= members_max_) {
            return refuse("an object has too many members", ec);
        }
        if (!open_.back().insert(key_).second) {
            return refuse("a member stands twice in one object", ec);
        }
        key_.clear();
        stack_.push_key(part);
        return true;
    }
    bool on_string_part(json::string_view part, std::size_t /*n*/, error_code& /*ec*/) {
        stack_.push_chars(part);
        return true;
    }
    bool on_string(json::string_view part, std::size_t /*n*/, error_code& /*ec*/) {
        stack_.push_string(part);
        return true;
    }
    static bool on_number_part(json::string_view /*part*/, error_code& /*ec*/) { return true; }
    bool on_int64(std::int64_t value, json::string_view /*text*/, error_code& /*ec*/) {
        stack_.push_int64(value);
        return true;
    }
    bool on_uint64(std::uint64_t value, json::string_view /*text*/, error_code& /*ec*/) {
        stack_.push_uint64(value);
        return true;
    }
    bool on_double(double value, json::string_view /*text*/, error_code& ec) {
        // 1e400 reads as infinity, which no JSON text can say.
        if (!std::isfinite(value)) return refuse("a number is too large", ec);
        stack_.push_double(value);
        return true;
    }
    bool on_bool(bool value, error_code& /*ec*/) {
        stack_.push_bool(value);
        return true;
    }
    bool on_null(error_code& /*ec*/) {
        stack_.push_null();
        return true;
    }
    static bool on_comment_part(json::string_view /*part*/, error_code& /*ec*/) { return true; }
    static bool on_comment(json::string_view /*part*/, error_code& /*ec*/) { return true; }

private:
    bool refuse(const char* why, error_code& ec) {
        complaint_ = why;
        ec = json::error::syntax;
        return false;
    }

    std::size_t members_max_;
    json::value_stack stack_;
    std::vector<std::unordered_set<std::string>> open_;
    std::string key_;
    std::string complaint_;
};

// The order of UTF-16 code units, which is the order of UTF-8's bytes but for one thing: surrogates
// (lead bytes F0..F4) come before U+E000..U+FFFF (lead bytes EE and EF).
bool is_before(std::string_view a, std::string_view b) {
    const auto rank = [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte == 0xEE || byte == 0xEF ? byte + 0x10 : byte;
    };
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                        [&](char x, char y) { return rank(x) < rank(y); });
}

void append_escaped(char c, std::string& out) {
    switch (c) {
        case '"': out += "\\\""; return;
        case '\\': out += "\\\\"; return;
        case '\b': out += "\\b"; return;
        case '\f': out += "\\f"; return;
        case '\n': out += "\\n"; return;
        case '\r': out += "\\r"; return;
        case '\t': out += "\\t"; return;
        default: out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    }
}

// In runs: nearly no text has anything to escape, and every event passes through here.
void append_quoted(std::string_view utf8, std::string& out) {
    out.push_back('"');
    std::size_t start = 0;
    for (std::size_t i = 0; i < utf8.size(); ++i) {
        const char c = utf8[i];
        if (static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\') continue;
        out.append(utf8, start, i - start);
        append_escaped(c, out);
        start = i + 1;
    }
    out.append(utf8, start);
    out.push_back('"');
}

void write_canonical(const json::value& value, std::string& out);

void write_object(const json::object& object, std::string& out) {
    std::vector<const json::key_value_pair*> members;
    members.reserve(object.size());
    for (const auto& member : object) {
        members.push_back(&member);
    }
    std::sort(members.begin(), members.end(),
              [](const auto* a, const auto* b) { return is_before(a->key(), b->key()); });
    out.push_back('{');
    for (const auto* member : members) {
        if (out.back() != '{') out.push_back(',');
        append_quoted(member->key(), out);
        out.push_back(':');
        write_canonical(member->value(), out);
    }
    out.push_back('}');
}

void write_canonical(const json::value& value, std::string& out) {
    switch (value.kind()) {
        case json::kind::null: out += "null"; return;
        case json::kind::bool_: out += value.get_bool() ? "true" : "false"; return;
        case json::kind::int64: out += std::to_string(value.get_int64()); return;
        case json::kind::uint64: out += std::to_string(value.get_uint64()); return;
        case json::kind::double_: CHECK(false && "no fractions in canonical JSON"); return;
        case json::kind::string: append_quoted(value.get_string(), out); return;
        case json::kind::object: write_object(value.get_object(), out); return;
        case json::kind::array: break;
    }
    out.push_back('[');
    for (const auto& element : value.get_array()) {
        if (out.back() != '[') out.push_back(',');
        write_canonical(element, out);
    }
    out.push_back(']');
}

}  // namespace

Result<json::value> parse_json(std::string_view text, const JsonLimits& limits,
                               std::size_t* stopped_at) {
    if (text.size() > limits.bytes_max) {
        return invalid(fmt::format("the JSON text is longer than {} bytes", limits.bytes_max),
                       "too_large");
    }
    json::parse_options options;
    options.max_depth = limits.depth_max;
    json::basic_parser<StrictHandler> parser(options, limits.members_max);
    error_code ec;
    const std::size_t read = parser.write_some(false, text.data(), text.size(), ec);
    if (stopped_at != nullptr) *stopped_at = read;
    if (!ec && read < text.size()) ec = json::error::extra_data;
    if (!ec && !parser.done()) ec = json::error::incomplete;
    if (!ec) return parser.handler().release();
    const std::string& complaint = parser.handler().complaint();
    if (!complaint.empty()) return invalid("not valid JSON: " + complaint, "malformed_json");
    return invalid(fmt::format("not valid JSON at byte {}: {}", read, ec.message()),
                   "malformed_json");
}

std::string canonical_json(const json::value& value) {
    std::string out;
    out.reserve(1024);  // what an event takes
    write_canonical(value, out);
    return out;
}

std::string to_json(const json::value& value) {
    return json::serialize(value);
}

std::string json_quote(std::string_view utf8) {
    std::string out;
    append_quoted(utf8, out);
    return out;
}

}  // namespace latchkey
