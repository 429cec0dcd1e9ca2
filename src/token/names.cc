#include "token/names.h"

#include <algorithm>
#include <array>
#include <string>

#include <fmt/format.h>

#include "base/encoding.h"

namespace latchkey {
namespace {

// What looks like nothing, as UTF-8: Unicode's spaces, the joiners, the fillers and the empty
// braille cell. At the end of a name they would make two names look alike.
constexpr std::array<std::string_view, 27> kBlanks{" ",
                                                   "\xC2\xA0",
                                                   "\xC2\xAD",
                                                   "\xE1\x85\x9F",
                                                   "\xE1\x85\xA0",
                                                   "\xE1\x9A\x80",
                                                   "\xE2\x80\x80",
                                                   "\xE2\x80\x81",
                                                   "\xE2\x80\x82",
                                                   "\xE2\x80\x83",
                                                   "\xE2\x80\x84",
                                                   "\xE2\x80\x85",
                                                   "\xE2\x80\x86",
                                                   "\xE2\x80\x87",
                                                   "\xE2\x80\x88",
                                                   "\xE2\x80\x89",
                                                   "\xE2\x80\x8A",
                                                   "\xE2\x80\x8C",
                                                   "\xE2\x80\x8D",
                                                   "\xE2\x80\xAF",
                                                   "\xE2\x81\x9F",
                                                   "\xE2\xA0\x80",
                                                   "\xE3\x80\x80",
                                                   "\xE3\x85\xA4",
                                                   "\xEF\xBB\xBF",
                                                   "\xEF\xBE\xA0",
                                                   "\xE1\xA0\x8E"};

bool begins_or_ends_blank(std::string_view text) {
    return std::any_of(kBlanks.begin(), kBlanks.end(), [&](std::string_view blank) {
        return text.starts_with(blank) || text.ends_with(blank);
    });
}

Status check_text(std::string_view text, std::size_t length_max, std::string_view reason,
                  std::string_view field) {
    const auto error = [&](std::string message) {
        return invalid(std::move(message), reason, std::string(field));
    };
    // Four bytes are the most a code point takes: refuses megabytes before looking at them.
    if (text.size() > length_max * 4) {
        return error(fmt::format("longer than {} characters", length_max));
    }
    if (!is_valid_utf8(text)) return error("not valid UTF-8");
    if (utf8_length(text) > length_max) {
        return error(fmt::format("longer than {} characters", length_max));
    }
    if (has_unprintable(text)) {
        return error("control characters, line breaks and text direction marks are not allowed");
    }
    return {};
}

}  // namespace

Status check_name(std::string_view name, std::string_view field) {
    if (name.empty()) return invalid("a name is needed", "bad_name", std::string(field));
    TRY(check_text(name, kNameLengthMax, "bad_name", field));
    if (begins_or_ends_blank(name)) {
        return invalid("a name must not begin or end with white space", "bad_name",
                       std::string(field));
    }
    return {};
}

Status check_description(std::string_view description, std::string_view field) {
    return check_text(description, kDescriptionLengthMax, "bad_description", field);
}

}  // namespace latchkey
