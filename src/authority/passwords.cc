#include "authority/passwords.h"

#include <algorithm>
#include <array>

#include "base/encoding.h"

namespace latchkey::authority {
namespace {

// The stems that lists of leaked passwords repeat most; with digits and marks stripped from the end
// they stand for thousands.
constexpr std::array<std::string_view, 48> kCommonStems = {
    "password",      "passwort", "qwerty",   "qwertyui", "qwertyuiop", "asdfghjk", "asdfghjkl",
    "iloveyou",      "princess", "football", "baseball", "superman",   "welcome",  "sunshine",
    "letmein",       "monkey",   "dragon",   "master",   "shadow",     "michael",  "jennifer",
    "computer",      "internet", "samsung",  "starwars", "whatever",   "trustno",  "admin",
    "administrator", "changeme", "secret",   "default",  "zxcvbnm",    "qazwsx",   "qazwsxedc",
    "abcdefgh",      "abcd",     "abc",      "google",   "pokemon",    "charlie",  "jordan",
    "liverpool",     "chelsea",  "freedom",  "mustang",  "latchkey",   "test"};

bool is_common(std::string_view password) {
    std::string lower;
    for (const char c : password) {
        lower.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
    }
    const bool one_character =
        std::all_of(lower.begin(), lower.end(), [&](char c) { return c == lower.front(); });
    const bool only_digits =
        std::all_of(lower.begin(), lower.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (one_character || (only_digits && lower.size() < 12)) return true;
    const auto stem_end = lower.find_last_not_of("0123456789!?.*#@$");
    const std::string_view stem =
        std::string_view{lower}.substr(0, stem_end == std::string::npos ? 0 : stem_end + 1);
    return std::find(kCommonStems.begin(), kCommonStems.end(), stem) != kCommonStems.end();
}

}  // namespace

Status check_password(std::string_view password) {
    if (!is_valid_utf8(password)) {
        return invalid("the password is not valid UTF-8", "bad_password", "/password");
    }
    const std::size_t length = utf8_length(password);
    if (length < 8 || length > 128) {
        return invalid("a password has 8 to 128 characters", "bad_password", "/password");
    }
    if (is_common(password)) {
        return invalid("this password is among the most used ones", "bad_password", "/password")
            .with_hint("take a few unrelated words instead");
    }
    return {};
}

Status check_email(std::string_view email) {
    const auto at = email.find('@');
    const bool has_form = at != std::string_view::npos && at > 0 && at + 1 < email.size() &&
                          email.find('@', at + 1) == std::string_view::npos;
    const bool has_space = email.find_first_of(" \t\"<>\\,;") != std::string_view::npos;
    if (!has_form || has_space || email.size() > 254 || has_unprintable(email)) {
        return invalid("this is not an e-mail address", "bad_email", "/email");
    }
    return {};
}

std::string normalise_login(std::string_view login) {
    const auto first = login.find_first_not_of(' ');
    if (first == std::string_view::npos) return {};
    login = login.substr(first, login.find_last_not_of(' ') - first + 1);
    std::string lower;
    for (const char c : login) {
        lower.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
    }
    return lower;
}

}  // namespace latchkey::authority
