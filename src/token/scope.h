// Scopes:   scope   = name 1*( ":" segment ), at most 64 characters, case-sensitive
//           name    = [A-Za-z][A-Za-z0-9._-]*      segment = [A-Za-z0-9._-]+
//           pattern = a scope with "*" as one or more whole segments, or the lone "*"
// A "*" stands for exactly one segment, wherever it is: "create:*" covers "create:log" but not
// "create:log:line", so that a catalogue that grows deeper never widens tokens minted before.
// The lone "*" covers every scope. Pure; matching never allocates.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace latchkey {

inline constexpr std::size_t kScopeBytesMax = 64;
inline constexpr std::size_t kScopesMax = 256;  // in one set

bool is_scope(std::string_view text);          // no "*"
bool is_scope_pattern(std::string_view text);  // a scope, a pattern, or "*"
inline bool is_everything(std::string_view pattern) {
    return pattern == "*";
}

// Whether `pattern` covers `scope`. Both may be patterns: then every scope that `scope` covers is
// covered, so that "a token can only hand on what it has" is one call.
bool scope_matches(std::string_view pattern, std::string_view scope);

// Whether some scope is covered by both patterns: "a:*" and "*" do, "a:*" and "a:b:c" do not.
bool scopes_overlap(std::string_view a, std::string_view b);

// A set of scopes and patterns: sorted, unique, each valid.
class ScopeSet {
public:
    ScopeSet() = default;
    // Reason "bad_scope" (field "/scopes/<index>") or "too_many_scopes".
    static Result<ScopeSet> create(std::vector<std::string> scopes);
    // Separated by spaces or commas, empty items skipped: the CLI's -s and the `scope` claim.
    static Result<ScopeSet> parse(std::string_view text);

    [[nodiscard]] const std::vector<std::string>& items() const { return items_; }
    [[nodiscard]] bool empty() const { return items_.empty(); }
    [[nodiscard]] std::size_t size() const { return items_.size(); }
    [[nodiscard]] bool contains(std::string_view item) const;  // literally this item
    [[nodiscard]] bool allows(std::string_view scope) const;   // some item covers it; no allocation
    // The required scopes that no item covers, in the order given.
    [[nodiscard]] std::vector<std::string> missing(std::span<const std::string> required) const;
    // Exactly what both sets cover: "a:*" and "a:b" meet in "a:b".
    [[nodiscard]] ScopeSet intersection(const ScopeSet& patterns) const;
    [[nodiscard]] bool is_within(const ScopeSet& wider) const;  // each item is allowed there
    [[nodiscard]] std::string to_text() const;                  // separated by one space
    bool operator==(const ScopeSet&) const = default;

private:
    std::vector<std::string> items_;
};

// Up to three entries of the catalogue that `near_miss` may have meant: equal but for case, or at
// most two edits away; nearest first, then by name.
std::vector<std::string> suggest_scopes(std::string_view near_miss,
                                        std::span<const std::string> catalogue);

}  // namespace latchkey
