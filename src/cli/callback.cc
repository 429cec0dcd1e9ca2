#include "cli/callback.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/encoding.h"
#include "base/secret.h"
#include "crypto/digest.h"

namespace latchkey::cli {
namespace {

// The texts are ours and hold nothing that was sent.
constexpr std::string_view kStyle =
    ":root{color-scheme:light dark}"
    "body{margin:0;padding:15vh 1rem 2rem;font:1rem/1.5 system-ui,sans-serif;color:#18202b;"
    "background:#f5f6f8}"
    "main{max-width:30rem;margin:auto;padding:1.5rem 2rem;border-radius:.75rem;background:#fff;"
    "overflow-wrap:anywhere}"
    "h1{margin:0 0 .5rem;font-size:1.375rem;line-height:1.3}p{margin:0}"
    "@media (prefers-color-scheme:dark){body{color:#e6eaf0;background:#10141a}"
    "main{background:#1a2029}}";

struct Words {
    std::string_view title;
    std::string_view text;
};

Words words_of(CallbackPage page, PageLanguage language) {
    const bool is_german = language == PageLanguage::kGerman;
    switch (page) {
        case CallbackPage::kLoggedIn:
            return is_german
                       ? Words{"Die Kommandozeile ist angemeldet.",
                               "Sie können dieses Fenster schließen."}
                       : Words{"The command line is logged in.", "You can close this window."};
        case CallbackPage::kRefused:
            return is_german ? Words{"Die Anmeldung wurde abgelehnt.",
                                     "Sie können dieses Fenster schließen."}
                             : Words{"The login was refused.", "You can close this window."};
        case CallbackPage::kFailed:
            return is_german ? Words{"Die Anmeldung ist nicht gelungen.",
                                     "Die Kommandozeile sagt, warum. Sie können dieses Fenster "
                                     "schließen."}
                             : Words{"The login did not succeed.",
                                     "The command line says why. You can close this window."};
        case CallbackPage::kNotWaitedFor:
            return is_german
                       ? Words{"Darauf wartet hier niemand.",
                               "Diese Antwort gehört nicht zu der Anmeldung, die hier wartet."}
                       : Words{"Nobody waits for this here.",
                               "This answer does not belong to the login that waits here."};
        case CallbackPage::kNotFound:
            return is_german
                       ? Words{"Hier ist nichts.", "Eine Kommandozeile wartet auf ihre Anmeldung."}
                       : Words{"There is nothing here.", "A command line waits for its login."};
        case CallbackPage::kWrongMethod:
            return is_german
                       ? Words{"So wird hier nichts gelesen.", "Nur GET wird verstanden."}
                       : Words{"Nothing is read here in this way.", "Only GET is understood."};
    }
    return {};
}

std::string_view status_of(CallbackPage page) {
    switch (page) {
        case CallbackPage::kLoggedIn:
        case CallbackPage::kRefused:
        case CallbackPage::kFailed: return "200 OK";
        case CallbackPage::kNotWaitedFor: return "400 Bad Request";
        case CallbackPage::kNotFound: return "404 Not Found";
        case CallbackPage::kWrongMethod: return "405 Method Not Allowed\r\nAllow: GET";
    }
    return "500 Internal Server Error";
}

bool equal_without_case(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [&](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trimmed_field(std::string_view text) {
    const auto begin = std::min(text.find_first_not_of(" \t"), text.size());
    text.remove_prefix(begin);
    const auto end = text.find_last_not_of(" \t");
    return text.substr(0, end == std::string_view::npos ? 0 : end + 1);
}

// The one field of that name; nothing when there are two.
std::optional<std::string_view> field(std::string_view head, std::string_view name) {
    std::optional<std::string_view> found;
    auto at = head.find("\r\n");
    while (at != std::string_view::npos) {
        head.remove_prefix(at + 2);
        at = head.find("\r\n");
        const std::string_view line = head.substr(0, at);
        const auto colon = line.find(':');
        if (colon == std::string_view::npos || !equal_without_case(line.substr(0, colon), name)) {
            continue;
        }
        if (found) return std::nullopt;
        found = trimmed_field(line.substr(colon + 1));
    }
    return found;
}

using Parameters = std::vector<std::pair<std::string, std::string>>;

std::optional<std::string> decoded(std::string_view text) {
    std::string spaced(text);
    std::replace(spaced.begin(), spaced.end(), '+', ' ');
    return percent_decode(spaced);
}

// Nothing when it is not well-formed, or says something twice.
std::optional<Parameters> read_query(std::string_view query) {
    Parameters read;
    while (!query.empty()) {
        const auto end = std::min(query.find('&'), query.size());
        const std::string_view item = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        const auto equals = std::min(item.find('='), item.size());
        auto name = decoded(item.substr(0, equals));
        auto value = decoded(item.substr(std::min(equals + 1, item.size())));
        if (!name || !value) return std::nullopt;
        const bool is_known = std::any_of(read.begin(), read.end(),
                                          [&](const auto& known) { return known.first == *name; });
        if (is_known) return std::nullopt;
        read.emplace_back(std::move(*name), std::move(*value));
    }
    return read;
}

std::string value_of(const Parameters& parameters, std::string_view name) {
    for (const auto& [known, value] : parameters) {
        if (known == name) return value;
    }
    return {};
}

std::optional<Callback> read_callback(std::string_view query, std::string_view state) {
    const auto parameters = read_query(query);
    if (!parameters || !equal_in_constant_time(value_of(*parameters, "state"), state)) {
        return std::nullopt;
    }
    Callback callback;
    callback.code = value_of(*parameters, "code");
    callback.error = value_of(*parameters, "error");
    callback.issuer = value_of(*parameters, "iss");
    if (callback.code.empty() == callback.error.empty()) return std::nullopt;
    return callback;
}

}  // namespace

Heard hear(std::string_view head, const ExpectedCallback& expected) {
    Heard heard;
    const auto languages = field(head, "Accept-Language").value_or("");
    if (equal_without_case(languages.substr(0, 2), "de")) heard.language = PageLanguage::kGerman;
    const std::string_view line = head.substr(0, head.find("\r\n"));
    const auto method_end = std::min(line.find(' '), line.size());
    const auto version = line.rfind(" HTTP/1.");
    if (version == std::string_view::npos || version <= method_end) return heard;
    // A name of somebody else's that leads to this machine: his page could read what we answer.
    if (field(head, "Host") != expected.authority) return heard;
    if (line.substr(0, method_end) != "GET") {
        heard.page = CallbackPage::kWrongMethod;
        return heard;
    }
    const std::string_view target = line.substr(method_end + 1, version - method_end - 1);
    const auto path_end = std::min(target.find('?'), target.size());
    if (target.substr(0, path_end) != kCallbackPath) {
        heard.page = CallbackPage::kNotFound;
        return heard;
    }
    heard.callback =
        read_callback(target.substr(std::min(path_end + 1, target.size())), expected.state);
    return heard;
}

std::string callback_answer(CallbackPage page, PageLanguage language) {
    const Words words = words_of(page, language);
    const std::string html = fmt::format(
        "<!doctype html>\n<html lang=\"{0}\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<title>{1} · Latchkey</title>\n<style>{3}</style>\n</head>\n<body>\n<main>\n"
        "<h1>{1}</h1>\n<p>{2}</p>\n</main>\n</body>\n</html>\n",
        language == PageLanguage::kGerman ? "de" : "en", words.title, words.text, kStyle);
    return fmt::format(
        "HTTP/1.1 {}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n"
        "Content-Security-Policy: default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'\r\nX-Frame-Options: DENY\r\n"
        "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"
        "Cross-Origin-Resource-Policy: same-origin\r\nCache-Control: no-store\r\n"
        "Connection: close\r\n\r\n{}",
        status_of(page), html.size(), base64_encode(as_text(sha256(kStyle))), html);
}

}  // namespace latchkey::cli
