// Policies: what a principal may do in a project.
//   {"version":"2022-12-15","statement":[{"effect":"Allow"|"Deny","action":["license:*"],
//     "resource":["*"],"principal":["ari:iam::<project>:token/<id>"]?}]}
// An action is a scope pattern (scope.h). A resource is a name of segments between ':' and '/';
// "*" stands for one whole segment, as the last segment for all that are left, and alone for every
// resource. Deny wins over Allow, and what no statement names is denied. Pure and thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace latchkey {

inline constexpr std::string_view kPolicyVersion = "2022-12-15";
inline constexpr std::size_t kPolicyBytesMax = 32'768;
inline constexpr std::size_t kPolicyStatementsMax = 64;
inline constexpr std::size_t kPolicyItemsMax = 128;    // actions, or resources, of a statement
inline constexpr std::size_t kPolicyEntriesMax = 512;  // of all statements: a check reads them all
inline constexpr std::size_t kResourceBytesMax = 2'000;

enum class Effect : std::uint8_t { kAllow, kDeny };

struct PolicyStatement {
    Effect effect{Effect::kAllow};
    std::vector<std::string> actions;
    std::vector<std::string> resources;
    std::vector<std::string> principals;  // empty: not said
};

struct Policy {
    std::vector<PolicyStatement> statements;

    // Everything that `actions` name, on every resource.
    static Policy allowing(std::vector<std::string> actions);
};

// Strict: unknown members, wrong types, an empty action or resource list and what is no pattern are
// refused. Reason "bad_policy" (or "malformed_json", "too_large"), the pointer as field ("" is the
// document, "/statement/1/action/0" an item), and in the message "line 4, column 17: …".
// The empty strings that other products write for "no rights" (action [""]) are read as nothing.
Result<Policy> parse_policy(std::string_view text);
// The document again: members in the order of the comment above.
json::object to_json(const Policy& policy);
std::string to_text(const Policy& policy);  // the same in one line

// Where the value that a JSON pointer names begins in a text that is valid JSON; {1, 1} when there
// is none. Columns count characters (code points) from 1.
struct TextPosition {
    std::size_t line{1};
    std::size_t column{1};
};
TextPosition locate(std::string_view text, std::string_view pointer);

bool is_resource(std::string_view text);          // printable, no "*" segment, <= 2,000 bytes
bool is_resource_pattern(std::string_view text);  // a resource, or one with "*" segments, or "*"
// Asked about "*" (no resource was named), only the pattern "*" matches.
bool resource_matches(std::string_view pattern, std::string_view resource);

struct PolicyDecision {
    bool is_allowed{false};
    // The statement that decided: the first Deny that matches, else the first Allow; none: nothing
    // matched.
    std::optional<std::size_t> statement;
};
// `resource` "*" or empty: none was named. Then an Allow must say "*", and a Deny that matches the
// action denies whatever its resources are. Never allocates.
PolicyDecision decide(const Policy& policy, std::string_view action, std::string_view resource);

// What the policy allows on every resource: the widest patterns of its Allows on "*" that no Deny
// cuts into, sorted; at most kPolicyItemsMax of them, so that it may say less than is true, never
// more.
std::vector<std::string> allowed_everywhere(const Policy& policy);

}  // namespace latchkey
