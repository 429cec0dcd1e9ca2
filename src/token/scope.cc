#include "token/scope.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/encoding.h"

namespace latchkey {
namespace {

bool is_letter(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool is_word_character(char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

bool is_word(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_word_character);
}

// Cuts the text up to the next ':' off its front.
std::string_view take_segment(std::string_view& rest) {
    const auto colon = rest.find(':');
    const auto segment = rest.substr(0, colon);
    rest = colon == std::string_view::npos ? std::string_view{} : rest.substr(colon + 1);
    return segment;
}

bool is_well_formed(std::string_view text, bool stars_allowed) {
    if (text.size() > kScopeBytesMax || text.empty() || text.back() == ':') return false;
    std::string_view rest = text;
    const auto name = take_segment(rest);
    if (!is_word(name) || !is_letter(name[0]) || rest.empty()) return false;
    while (!rest.empty()) {
        const auto segment = take_segment(rest);
        if (!is_word(segment) && !(stars_allowed && segment == "*")) return false;
    }
    return true;
}

// The pattern that covers exactly what both patterns cover; empty when nothing.
std::string meet(std::string_view a, std::string_view b) {
    if (is_everything(a)) return std::string(b);
    if (is_everything(b)) return std::string(a);
    std::string out;
    while (!a.empty() && !b.empty()) {
        const auto left = take_segment(a);
        const auto right = take_segment(b);
        if (left != right && left != "*" && right != "*") return {};
        if (!out.empty()) out.push_back(':');
        out += left == "*" ? right : left;
    }
    return a.empty() && b.empty() ? out : std::string();
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

bool equal_but_for_case(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return lower(x) == lower(y); });
}

constexpr std::size_t kNearDistance = 2;  // edits that a slip of the pen makes

// Levenshtein's distance over one row, or some number above kNearDistance: many names are asked
// about. Both texts are at most kScopeBytesMax long.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::array<std::size_t, kScopeBytesMax + 1> row{};
    for (std::size_t j = 0; j <= b.size(); ++j) {
        row[j] = j;
    }
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        std::size_t least = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
            least = std::min(least, row[j]);
        }
        if (least > kNearDistance) return least;  // it only grows
    }
    return row[b.size()];
}

// What may be quoted in an error: a hostile "scope" must not forge lines in a terminal or a log.
std::string quotable(std::string_view text) {
    const bool is_plain = is_valid_utf8(text) && !has_unprintable(text);
    if (!is_plain || text.size() > kScopeBytesMax) return "one of the scopes";
    return fmt::format("\"{}\"", text);
}

void sort_unique(std::vector<std::string>& items) {
    std::sort(items.begin(), items.end());
    items.erase(std::unique(items.begin(), items.end()), items.end());
}

}  // namespace

bool is_scope(std::string_view text) {
    return is_well_formed(text, false);
}

bool is_scope_pattern(std::string_view text) {
    return is_everything(text) || is_well_formed(text, true);
}

bool scope_matches(std::string_view pattern, std::string_view scope) {
    if (is_everything(pattern)) return true;
    if (pattern.empty() || scope.empty()) return false;
    while (!pattern.empty() && !scope.empty()) {
        const auto wanted = take_segment(pattern);
        const auto given = take_segment(scope);
        if (wanted != "*" && wanted != given) return false;
    }
    return pattern.empty() && scope.empty();
}

bool scopes_overlap(std::string_view a, std::string_view b) {
    if (a.empty() || b.empty()) return false;
    if (is_everything(a) || is_everything(b)) return true;
    while (!a.empty() && !b.empty()) {
        const auto left = take_segment(a);
        const auto right = take_segment(b);
        if (left != right && left != "*" && right != "*") return false;
    }
    return a.empty() && b.empty();
}

Result<ScopeSet> ScopeSet::create(std::vector<std::string> scopes) {
    if (scopes.size() > kScopesMax) {
        return invalid(fmt::format("more than {} scopes", kScopesMax), "too_many_scopes",
                       "/scopes");
    }
    for (std::size_t i = 0; i < scopes.size(); ++i) {
        if (!is_scope_pattern(scopes[i])) {
            return invalid(quotable(scopes[i]) + " is not a scope", "bad_scope",
                           fmt::format("/scopes/{}", i))
                .with_hint("a scope is written resource:action, for example license:read");
        }
    }
    sort_unique(scopes);
    ScopeSet set;
    set.items_ = std::move(scopes);
    return set;
}

Result<ScopeSet> ScopeSet::parse(std::string_view text) {
    // The longest text that could hold a whole set, so that nobody makes us split megabytes.
    if (text.size() > 2 * kScopesMax * (kScopeBytesMax + 1)) {
        return invalid("the list of scopes is too long", "too_many_scopes", "/scopes");
    }
    std::vector<std::string> items;
    while (!text.empty()) {
        const auto end = text.find_first_of(" ,");
        if (end != 0) items.emplace_back(text.substr(0, end));
        text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    }
    return create(std::move(items));
}

bool ScopeSet::contains(std::string_view item) const {
    return std::binary_search(items_.begin(), items_.end(), item, std::less<>());
}

bool ScopeSet::allows(std::string_view scope) const {
    return std::any_of(items_.begin(), items_.end(),
                       [&](const std::string& item) { return scope_matches(item, scope); });
}

std::vector<std::string> ScopeSet::missing(std::span<const std::string> required) const {
    std::vector<std::string> out;
    std::copy_if(required.begin(), required.end(), std::back_inserter(out),
                 [&](const std::string& scope) { return !allows(scope); });
    return out;
}

ScopeSet ScopeSet::intersection(const ScopeSet& patterns) const {
    ScopeSet out;
    for (const auto& mine : items_) {
        for (const auto& theirs : patterns.items_) {
            auto both = meet(mine, theirs);
            if (!both.empty()) out.items_.push_back(std::move(both));
        }
    }
    sort_unique(out.items_);
    return out;
}

bool ScopeSet::is_within(const ScopeSet& wider) const {
    return std::all_of(items_.begin(), items_.end(),
                       [&](const std::string& item) { return wider.allows(item); });
}

std::string ScopeSet::to_text() const {
    std::string out;
    for (const auto& item : items_) {
        if (!out.empty()) out.push_back(' ');
        out += item;
    }
    return out;
}

std::vector<std::string> suggest_scopes(std::string_view near_miss,
                                        std::span<const std::string> catalogue) {
    if (near_miss.empty() || near_miss.size() > kScopeBytesMax) return {};
    std::vector<std::pair<std::size_t, std::string>> found;
    for (const auto& entry : catalogue) {
        if (entry.size() > kScopeBytesMax || entry == near_miss) continue;
        const bool is_longer = entry.size() > near_miss.size();
        const std::size_t apart =
            is_longer ? entry.size() - near_miss.size() : near_miss.size() - entry.size();
        if (apart > kNearDistance) continue;
        const std::size_t distance =
            equal_but_for_case(near_miss, entry) ? 0 : edit_distance(near_miss, entry);
        if (distance <= kNearDistance) found.emplace_back(distance, entry);
    }
    std::sort(found.begin(), found.end());
    std::vector<std::string> out;
    for (auto& entry : found) {
        if (out.size() < 3) out.push_back(std::move(entry.second));
    }
    return out;
}

}  // namespace latchkey
