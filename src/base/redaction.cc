#include "base/redaction.h"

#include <algorithm>

namespace latchkey {
namespace {

constexpr std::size_t kAnyWordMin = 32;     // an id has 22 or 36 characters, the latter no capitals
constexpr std::size_t kMarkedWordMin = 16;  // one that says what it is

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_small(char c) {
    return c >= 'a' && c <= 'z';
}
bool is_capital(char c) {
    return c >= 'A' && c <= 'Z';
}
bool is_of_word(char c) {
    return is_digit(c) || is_small(c) || is_capital(c) ||
           std::string_view("_.~=-").find(c) != std::string_view::npos;
}

// How the base64 of a key in DER begins, which goes on over "+" and "/".
bool begins_key(std::string_view text) {
    return text.starts_with("MII") || text.starts_with("MIG") || text.starts_with("MHc") ||
           text.starts_with("MC4CAQ");
}

// The length of the word that the text begins with.
std::size_t word_length(std::string_view text) {
    const bool is_key = begins_key(text);
    const auto end = std::find_if_not(text.begin(), text.end(), [&](char c) {
        return is_of_word(c) || (is_key && (c == '+' || c == '/'));
    });
    return static_cast<std::size_t>(end - text.begin());
}

// "lkp_" and the like, or the beginning of a JWT's header.
bool is_marked(std::string_view word) {
    if (word.starts_with("eyJ")) return true;
    const auto end = word.find('_');
    if (end == std::string_view::npos || end < 2 || end > 16) return false;
    const auto prefix = word.substr(0, end);
    return is_small(prefix.front()) && std::all_of(prefix.begin(), prefix.end(), [](char c) {
               return is_small(c) || is_digit(c);
           });
}

bool is_secret(std::string_view word) {
    if (word.size() < kMarkedWordMin) return false;
    const bool is_mixed = std::any_of(word.begin(), word.end(), is_digit) &&
                          std::any_of(word.begin(), word.end(), is_small) &&
                          std::any_of(word.begin(), word.end(), is_capital);
    return is_mixed && (word.size() >= kAnyWordMin || is_marked(word));
}

}  // namespace

std::string without_secrets(std::string_view text) {
    std::string clean;
    while (!text.empty()) {
        const std::size_t length = word_length(text);
        const auto word = text.substr(0, length);
        clean += is_secret(word) ? std::string_view("[hidden]") : word;
        if (length < text.size()) clean.push_back(text[length]);
        text.remove_prefix(std::min(length + 1, text.size()));
    }
    return clean;
}

}  // namespace latchkey
