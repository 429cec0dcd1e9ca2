#include "cli/policy_input.h"

#include <sstream>

#include <fmt/format.h>

#include "cli/excerpt.h"
#include "token/policy.h"

namespace latchkey::cli {
namespace {

Error too_long(std::string_view name) {
    return invalid(
        fmt::format("{} is longer than a policy may be, {} bytes", name, kPolicyBytesMax),
        "too_large");
}

json::array words_of(const std::string& answer) {
    json::array words;
    std::istringstream in(answer);
    for (std::string word; in >> word;) {
        words.emplace_back(word);
    }
    if (words.empty()) words.emplace_back("*");
    return words;
}

// Where the server says it is; else where the member stands that it names.
TextPosition position_of(const ProblemPlace& place, std::string_view text,
                         std::string_view prefix) {
    if (place.line != 0) return {place.line, place.column};
    std::string_view pointer = place.pointer;
    if (!prefix.empty() && pointer.rfind(prefix, 0) == 0) pointer.remove_prefix(prefix.size());
    return locate(text, pointer);
}

}  // namespace

Result<std::string> read_policy_text(Context& context, const std::string& path) {
    if (path != "-") {
        std::string text = TRY(read_file(path, std::size_t{16} * kPolicyBytesMax));
        if (text.size() > kPolicyBytesMax) return too_long(path);
        return text;
    }
    std::string text;
    for (char byte = 0; context.console().in.get(byte);) {
        if (text.size() == kPolicyBytesMax) return too_long("what came on stdin");
        text.push_back(byte);
    }
    if (text.empty()) return usage_error("nothing came on stdin");
    return text;
}

Result<json::object> ask_for_policy(Context& context) {
    const std::string resources =
        TRY(ask(context.console(), "Allowed resources, with spaces between; * is everything [*]"));
    const std::string actions =
        TRY(ask(context.console(), "Allowed actions, with spaces between; * is everything [*]"));
    const json::object statement{
        {"effect", "Allow"}, {"action", words_of(actions)}, {"resource", words_of(resources)}};
    return json::object{{"version", kPolicyVersion}, {"statement", json::array{statement}}};
}

Error with_excerpt(Context& context, Error error, std::string_view text, std::string_view prefix) {
    if (!context.problem) return error;
    std::string& lines = context.problem->excerpt;
    for (const ProblemPlace& place : context.problem->places) {
        const TextPosition position = position_of(place, text, prefix);
        const std::string more = excerpt(text, position.line, position.column);
        if (lines.find(more) == std::string::npos) lines += more;
    }
    return error;
}

}  // namespace latchkey::cli
