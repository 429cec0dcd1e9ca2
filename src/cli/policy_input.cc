#include "cli/policy_input.h"

#include <cstdio>
#include <optional>
#include <sstream>
#include <vector>

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

// Errors about a policy begin with "line 4, column 17: ".
std::optional<TextPosition> position_in_words(const std::string& message) {
    TextPosition position;
    if (std::sscanf(message.c_str(), "line %zu, column %zu:", &position.line, &position.column) !=
        2) {
        return std::nullopt;
    }
    return position;
}

// The members of the document that the places name; `prefix` is where it stood.
std::vector<TextPosition> members_named(const std::vector<ProblemPlace>& places,
                                        std::string_view text, std::string_view prefix) {
    std::vector<TextPosition> positions;
    for (const ProblemPlace& place : places) {
        std::string_view pointer = place.pointer;
        if (pointer.rfind(prefix, 0) != 0) continue;
        pointer.remove_prefix(prefix.size());
        if (pointer.empty() || pointer.front() == '/') positions.push_back(locate(text, pointer));
    }
    return positions;
}

// Of a text that was sent as it is: where the server says it is wrong, else the members it names.
std::vector<TextPosition> positions_said(const std::vector<ProblemPlace>& places,
                                         const std::string& message, std::string_view text) {
    std::vector<TextPosition> positions;
    for (const ProblemPlace& place : places) {
        if (place.line != 0) positions.push_back({place.line, place.column});
    }
    if (!positions.empty()) return positions;
    if (const auto said = position_in_words(message)) return {*said};
    return members_named(places, text, "");
}

// What the server says is a place in the request, which the user never saw.
void say_position(Error& error, const TextPosition& position) {
    if (!position_in_words(error.message)) return;
    error.message = fmt::format("line {}, column {}: {}", position.line, position.column,
                                error.message.substr(error.message.find(": ") + 2));
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
    const std::string resources = TRY(
        ask_or(context.console(), "Allowed resources, with spaces between; * is everything", "*"));
    const std::string actions = TRY(
        ask_or(context.console(), "Allowed actions, with spaces between; * is everything", "*"));
    const json::object statement{
        {"effect", "Allow"}, {"action", words_of(actions)}, {"resource", words_of(resources)}};
    return json::object{{"version", kPolicyVersion}, {"statement", json::array{statement}}};
}

Error with_excerpt(Context& context, Error error, std::string_view text, std::string_view prefix) {
    if (!context.problem) context.problem.emplace();
    const std::vector<ProblemPlace>& places = context.problem->places;
    const std::vector<TextPosition> positions = prefix.empty()
                                                    ? positions_said(places, error.message, text)
                                                    : members_named(places, text, prefix);
    if (!prefix.empty() && !positions.empty()) say_position(error, positions.front());
    std::string& lines = context.problem->excerpt;
    for (const TextPosition& position : positions) {
        const std::string more = excerpt(text, position.line, position.column);
        if (lines.find(more) == std::string::npos) lines += more;
    }
    return error;
}

}  // namespace latchkey::cli
