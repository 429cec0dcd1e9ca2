#include "token/policy.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>

#include <fmt/format.h>

#include "base/encoding.h"
#include "token/scope.h"

namespace latchkey {
namespace {

constexpr JsonLimits kLimits{kPolicyBytesMax, 8, 256};
constexpr std::size_t kNameBytesMax = 64;  // of an unknown member that an error may repeat

bool is_text(const json::value& value, std::string_view text) {
    return value.is_string() && value.get_string() == text;
}

Error bad(std::string message, std::string pointer) {
    return invalid(std::move(message), "bad_policy", std::move(pointer));
}

// RFC 6901 §3.
std::string below(std::string_view pointer, std::string_view member) {
    std::string out(pointer);
    out.push_back('/');
    for (const char c : member) {
        if (c == '~') {
            out += "~0";
        } else if (c == '/') {
            out += "~1";
        } else {
            out.push_back(c);
        }
    }
    return out;
}

Status check_members(const json::object& object, std::initializer_list<std::string_view> known,
                     std::string_view pointer) {
    for (const auto& member : object) {
        const std::string_view name = member.key();
        if (std::find(known.begin(), known.end(), name) != known.end()) continue;
        std::string list;
        for (const auto entry : known) {
            list += list.empty() ? "" : ", ";
            list += entry;
        }
        return bad("there is no member of this name; here may stand " + list,
                   name.size() > kNameBytesMax ? std::string(pointer) : below(pointer, name));
    }
    return {};
}

// What a list of texts may hold, and what to say when it holds something else.
struct ListRule {
    std::string_view name;
    bool (*is_valid)(std::string_view);
    std::string_view complaint;
};
constexpr ListRule kActionRule{
    "action", is_scope_pattern,
    "this is no action; write a scope, such as license:read, license:* or *"};
constexpr ListRule kResourceRule{
    "resource", is_resource_pattern,
    "this is no resource; a \"*\" stands for a whole segment between \":\" and \"/\""};
constexpr ListRule kPrincipalRule{"principal", is_resource_pattern, "this is no principal"};

Result<std::vector<std::string>> read_list(const json::object& statement, const ListRule& rule,
                                           std::string_view pointer) {
    const auto* value = statement.if_contains(rule.name);
    if (value == nullptr) {
        return bad(fmt::format("{} is missing", rule.name), std::string(pointer));
    }
    const std::string here = below(pointer, rule.name);
    if (!value->is_array()) return bad(fmt::format("{} must be an array", rule.name), here);
    const json::array& items = value->get_array();
    if (items.empty()) return bad(fmt::format("{} is empty", rule.name), here);
    if (items.size() > kPolicyItemsMax) {
        return bad(fmt::format("more than {} entries", kPolicyItemsMax), here);
    }
    std::vector<std::string> out;
    out.reserve(items.size());
    for (std::size_t i = 0; i < items.size(); ++i) {
        const auto* text = items[i].if_string();
        if (text == nullptr) return bad("this must be a string", fmt::format("{}/{}", here, i));
        if (text->empty()) continue;
        if (!rule.is_valid(*text)) {
            return bad(std::string(rule.complaint), fmt::format("{}/{}", here, i));
        }
        out.emplace_back(*text);
    }
    return out;
}

Result<Effect> read_effect(const json::object& statement, std::string_view pointer) {
    const auto* value = statement.if_contains("effect");
    if (value == nullptr) return bad("effect is missing", std::string(pointer));
    if (is_text(*value, "Allow")) return Effect::kAllow;
    if (is_text(*value, "Deny")) return Effect::kDeny;
    return bad("effect must be \"Allow\" or \"Deny\"", below(pointer, "effect"));
}

Result<PolicyStatement> read_statement(const json::value& value, std::string_view pointer) {
    const auto* object = value.if_object();
    if (object == nullptr) return bad("a statement must be an object", std::string(pointer));
    TRY(check_members(*object, {"effect", "action", "resource", "principal"}, pointer));
    PolicyStatement statement;
    statement.effect = TRY(read_effect(*object, pointer));
    statement.actions = TRY(read_list(*object, kActionRule, pointer));
    statement.resources = TRY(read_list(*object, kResourceRule, pointer));
    if (object->contains("principal")) {
        statement.principals = TRY(read_list(*object, kPrincipalRule, pointer));
    }
    return statement;
}

Result<Policy> read_policy(const json::value& document) {
    const auto* object = document.if_object();
    if (object == nullptr) return bad("a policy must be an object", "");
    TRY(check_members(*object, {"version", "statement"}, ""));
    const auto* version = object->if_contains("version");
    if (version == nullptr) return bad("version is missing", "");
    if (!is_text(*version, kPolicyVersion)) {
        return bad(fmt::format("version must be \"{}\"", kPolicyVersion), "/version");
    }
    const auto* list = object->if_contains("statement");
    if (list == nullptr) return bad("statement is missing", "");
    if (!list->is_array()) return bad("statement must be an array", "/statement");
    const json::array& statements = list->get_array();
    if (statements.size() > kPolicyStatementsMax) {
        return bad(fmt::format("more than {} statements", kPolicyStatementsMax), "/statement");
    }
    Policy policy;
    std::size_t entries = 0;
    for (std::size_t i = 0; i < statements.size(); ++i) {
        auto statement = TRY(read_statement(statements[i], fmt::format("/statement/{}", i)));
        entries +=
            statement.actions.size() + statement.resources.size() + statement.principals.size();
        if (entries > kPolicyEntriesMax) {
            return bad(fmt::format("more than {} actions, resources and principals in all",
                                   kPolicyEntriesMax),
                       fmt::format("/statement/{}", i));
        }
        policy.statements.push_back(std::move(statement));
    }
    return policy;
}

TextPosition position_of(std::string_view text, std::size_t at) {
    const auto before = text.substr(0, at);
    const auto line_start = before.rfind('\n') + 1;  // npos + 1 is 0
    const auto lines = std::count(before.begin(), before.end(), '\n');
    return {static_cast<std::size_t>(lines) + 1, utf8_length(before.substr(line_start)) + 1};
}

Error placed(Error error, TextPosition position) {
    error.message =
        fmt::format("line {}, column {}: {}", position.line, position.column, error.message);
    return error;
}

// Walks over JSON text. Of text that is none it makes no sense, but it never leaves it and each
// step moves on.
class Walker {
public:
    explicit Walker(std::string_view text) : text_(text) { skip_space(); }

    [[nodiscard]] std::size_t at() const { return at_; }
    [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

    bool take(char wanted) {
        if (peek() != wanted) return false;
        ++at_;
        skip_space();
        return true;
    }

    // A string with its quotes.
    std::string_view take_string() {
        const std::size_t start = at_;
        if (peek() != '"') return {};
        for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
            if (text_[at_] == '\\') ++at_;
        }
        at_ = std::min(at_ + 1, text_.size());
        const auto out = text_.substr(start, at_ - start);
        skip_space();
        return out;
    }

    void skip_value() {
        std::size_t depth = 0;
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (c == '"') {
                take_string();
            } else if (depth == 0 && (c == ',' || c == ']' || c == '}')) {
                return;
            } else {
                if (c == '{' || c == '[') ++depth;
                if (c == '}' || c == ']') --depth;
                ++at_;
            }
        }
    }

    // To the value of that member, or the element of that index.
    bool enter(std::string_view token) { return peek() == '{' ? member(token) : element(token); }

private:
    void skip_space() { at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size()); }

    bool member(std::string_view name) {
        if (!take('{')) return false;
        for (;;) {
            const auto key = take_string();
            if (key.empty() || !take(':')) return false;
            const auto parsed = parse_json(key);
            if (parsed && is_text(*parsed, name)) return true;
            skip_value();
            if (!take(',')) return false;
        }
    }

    bool element(std::string_view index) {
        if (!take('[') || index.empty() || index.size() > 4) return false;
        std::size_t left = 0;
        for (const char c : index) {
            if (c < '0' || c > '9') return false;
            left = left * 10 + static_cast<std::size_t>(c - '0');
        }
        for (; left > 0; --left) {
            skip_value();
            if (!take(',')) return false;
        }
        return peek() != ']' && peek() != '\0';
    }

    std::string_view text_;
    std::size_t at_{0};
};

// RFC 6901 §4: "~1" before "~0".
std::string unescaped(std::string_view token) {
    std::string out;
    for (std::size_t i = 0; i < token.size(); ++i) {
        const bool is_escape = token[i] == '~' && i + 1 < token.size();
        if (is_escape) ++i;
        out.push_back(!is_escape ? token[i] : token[i] == '1' ? '/' : '~');
    }
    return out;
}

struct Segment {
    std::string_view text;
    char separator;  // behind it; 0 at the end
};

Segment take_segment(std::string_view& rest) {
    const auto end = rest.find_first_of(":/");
    if (end == std::string_view::npos) return {std::exchange(rest, {}), '\0'};
    const Segment out{rest.substr(0, end), rest[end]};
    rest.remove_prefix(end + 1);
    return out;
}

// `is_allowed` looks at each segment that holds a star.
bool is_name(std::string_view text, bool (*is_allowed)(std::string_view segment)) {
    if (text.empty() || text.size() > kResourceBytesMax || !is_valid_utf8(text) ||
        has_unprintable(text)) {
        return false;
    }
    for (;;) {
        const auto segment = take_segment(text);
        if (segment.text.find('*') != std::string_view::npos && !is_allowed(segment.text)) {
            return false;
        }
        if (segment.separator == '\0') return true;
    }
}

// The action may be a pattern: an Allow must cover all of it, and a Deny of any part denies it.
bool names_action(const PolicyStatement& statement, std::string_view action) {
    const bool is_deny = statement.effect == Effect::kDeny;
    return std::any_of(
        statement.actions.begin(), statement.actions.end(), [&](const std::string& pattern) {
            return is_deny ? scopes_overlap(pattern, action) : scope_matches(pattern, action);
        });
}

bool names_resource(const PolicyStatement& statement, std::string_view resource) {
    return std::any_of(
        statement.resources.begin(), statement.resources.end(),
        [&](const std::string& pattern) { return resource_matches(pattern, resource); });
}

json::array to_array(const std::vector<std::string>& items) {
    // What had only empty entries still has to be read again.
    if (items.empty()) return {json::value("")};
    return json::array(items.begin(), items.end());
}

}  // namespace

Policy Policy::allowing(std::vector<std::string> actions) {
    Policy policy;
    if (!actions.empty()) {
        policy.statements.push_back({Effect::kAllow, std::move(actions), {"*"}, {}});
    }
    return policy;
}

Result<Policy> parse_policy(std::string_view text) {
    std::size_t stopped_at = 0;
    auto document = parse_json(text, kLimits, &stopped_at);
    if (!document) {
        if (document.error().reason != "malformed_json") return std::move(document).error();
        return placed(std::move(document).error(), position_of(text, stopped_at));
    }
    auto policy = read_policy(*document);
    if (!policy) {
        const auto position = locate(text, policy.error().field);
        return placed(std::move(policy).error(), position);
    }
    return policy;
}

json::object to_json(const Policy& policy) {
    json::array statements;
    for (const auto& statement : policy.statements) {
        json::object entry{{"effect", statement.effect == Effect::kAllow ? "Allow" : "Deny"},
                           {"action", to_array(statement.actions)},
                           {"resource", to_array(statement.resources)}};
        if (!statement.principals.empty()) entry["principal"] = to_array(statement.principals);
        statements.push_back(std::move(entry));
    }
    return {{"version", kPolicyVersion}, {"statement", std::move(statements)}};
}

std::string to_text(const Policy& policy) {
    return to_json(json::value(to_json(policy)));
}

TextPosition locate(std::string_view text, std::string_view pointer) {
    Walker walker(text);
    while (!pointer.empty()) {
        pointer.remove_prefix(1);
        const auto token = pointer.substr(0, pointer.find('/'));
        pointer.remove_prefix(token.size());
        if (!walker.enter(unescaped(token))) return {};
    }
    return walker.peek() == '\0' ? TextPosition{} : position_of(text, walker.at());
}

bool is_resource(std::string_view text) {
    return is_name(text, [](std::string_view segment) { return segment != "*"; });
}

bool is_resource_pattern(std::string_view text) {
    return is_name(text, [](std::string_view segment) { return segment == "*"; });
}

bool resource_matches(std::string_view pattern, std::string_view resource) {
    if (pattern == "*") return true;
    if (resource.empty() || resource == "*") return false;
    for (;;) {
        const auto wanted = take_segment(pattern);
        const auto given = take_segment(resource);
        if (wanted.text == "*" && wanted.separator == '\0') return true;
        if (wanted.text != "*" && wanted.text != given.text) return false;
        if (wanted.separator != given.separator) return false;
        if (wanted.separator == '\0') return true;
    }
}

PolicyDecision decide(const Policy& policy, std::string_view action, std::string_view resource) {
    const bool is_named = !resource.empty() && resource != "*";
    PolicyDecision decision;
    for (std::size_t i = 0; i < policy.statements.size(); ++i) {
        const PolicyStatement& statement = policy.statements[i];
        if (!names_action(statement, action)) continue;
        const bool is_matched = names_resource(statement, is_named ? resource : "*");
        if (statement.effect == Effect::kAllow) {
            if (is_matched && !decision.statement) decision = {true, i};
        } else if (is_matched || (!is_named && !statement.resources.empty())) {
            return {false, i};
        }
    }
    return decision;
}

std::vector<std::string> allowed_everywhere(const Policy& policy) {
    std::vector<std::string> allowed;
    for (const auto& statement : policy.statements) {
        if (statement.effect != Effect::kAllow || !names_resource(statement, "*")) continue;
        for (const auto& action : statement.actions) {
            if (decide(policy, action, "*").is_allowed) allowed.push_back(action);
        }
    }
    std::sort(allowed.begin(), allowed.end());
    allowed.erase(std::unique(allowed.begin(), allowed.end()), allowed.end());
    std::vector<std::string> widest;
    for (const auto& one : allowed) {
        const bool is_said = std::any_of(allowed.begin(), allowed.end(), [&](const auto& other) {
            return other != one && scope_matches(other, one);
        });
        if (!is_said && widest.size() < kPolicyItemsMax) widest.push_back(one);
    }
    return widest;
}

}  // namespace latchkey
