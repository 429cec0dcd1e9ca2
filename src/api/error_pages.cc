#include "api/error_pages.h"

#include <map>

#include <fmt/format.h>

#include "api/assets.h"
#include "base/json.h"
#include "http/message.h"

namespace latchkey::api {
namespace {

struct Explanation {
    std::string title;
    std::string why;
    std::string fix;
    std::string request;  // an HTTP request, or a command line after "$ "
    int number{0};        // the status that it is answered with, or the command's exit code
    std::string oauth;    // the error of RFC 6749 that is said there; empty: a problem document
};
using Explanations = std::map<std::string, Explanation, std::less<>>;

std::string text_of(const json::object& entry, std::string_view name) {
    const json::value* value = entry.if_contains(name);
    CHECK(value != nullptr && value->is_string());  // our own file; the test reads it all
    return std::string(value->get_string());
}

Explanation explanation_of(const json::object& entry) {
    Explanation found;
    found.title = text_of(entry, "title");
    found.why = text_of(entry, "why");
    found.fix = text_of(entry, "fix");
    found.request = text_of(entry, "example");
    const auto* number = entry.if_contains("status");
    if (number == nullptr) number = entry.if_contains("exit");
    CHECK(number != nullptr && number->is_int64());
    found.number = static_cast<int>(number->get_int64());
    if (entry.contains("oauth")) found.oauth = text_of(entry, "oauth");
    return found;
}

Explanations read_explanations() {
    const Asset* file = find_asset("/assets/errors.json");
    CHECK(file != nullptr);
    const auto parsed =
        parse_json(file->body, {.bytes_max = 1U << 20, .depth_max = 4, .members_max = 10'000});
    CHECK(parsed.has_value());
    Explanations explanations;
    for (const auto& entry : parsed.value().as_array()) {
        const auto& object = entry.as_object();
        explanations.emplace(text_of(object, "code"), explanation_of(object));
    }
    return explanations;
}

// The texts mark commands with backticks, as people do in a terminal.
std::string with_code_marks(std::string_view text) {
    std::string html;
    bool is_code = false;
    while (true) {
        const auto mark = text.find('`');
        html += escape_html(text.substr(0, mark));
        if (mark == std::string_view::npos) break;
        html += is_code ? "</code>" : "<code>";
        is_code = !is_code;
        text.remove_prefix(mark + 1);
    }
    return is_code ? html + "</code>" : html;
}

// What is answered, as it stands on the wire or on the terminal.
std::string answer_to(std::string_view code, const Explanation& about) {
    if (about.request.starts_with("$ ")) {
        return fmt::format("error: {}\nhint: {}\nexit code {}", about.title, about.fix,
                           about.number);
    }
    const auto status =
        fmt::format("HTTP/1.1 {} {}\n", about.number, http::reason_phrase(about.number));
    if (!about.oauth.empty()) {
        return status + fmt::format("{{\n  \"error\": \"{}\",\n  \"error_description\": \"{}\"\n}}",
                                    about.oauth, about.title);
    }
    return status + fmt::format(
                        "Content-Type: application/problem+json\n\n{{\n"
                        "  \"type\": \"https://…/errors/{}\",\n  \"title\": \"{}\",\n"
                        "  \"status\": {},\n  \"detail\": \"{}\",\n  \"code\": \"{}\",\n"
                        "  \"requestId\": \"b3729d6b000000000003\"\n}}",
                        code, http::reason_phrase(about.number), about.number, about.title, code);
}

constexpr std::string_view kPage = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{title} · Latchkey</title>
<link rel="icon" href="/assets/logo.svg" type="image/svg+xml">
<link rel="stylesheet" href="/assets/app.css">
</head>
<body>
<header class="top">
  <a class="brand" href="/"><img src="/assets/logo.svg" alt="" width="32" height="32"> Latchkey</a>
</header>
<main class="narrow">
<article class="card">
  <p class="quiet">Error <code>{code}</code></p>
  <h1>{title}</h1>
  <h2>Why</h2>
  <p>{why}</p>
  <h2>What to do</h2>
  <p>{fix}</p>
  <h2>Example</h2>
  <pre><code>{request}</code></pre>
  <p>is answered with</p>
  <pre><code>{answer}</code></pre>
  <p class="quiet small">An error answer has a <code>requestId</code>; so has the server's log.</p>
</article>
</main>
</body>
</html>
)";

}  // namespace

std::string escape_html(std::string_view text) {
    std::string html;
    html.reserve(text.size());
    for (const char c : text) {
        switch (c) {
            case '&': html += "&amp;"; break;
            case '<': html += "&lt;"; break;
            case '>': html += "&gt;"; break;
            case '"': html += "&quot;"; break;
            case '\'': html += "&#39;"; break;
            default: html += c;
        }
    }
    return html;
}

std::optional<std::string> render_error_page(std::string_view code) {
    static const Explanations kExplanations = read_explanations();
    const auto found = kExplanations.find(code);
    if (found == kExplanations.end()) return std::nullopt;
    const Explanation& about = found->second;
    return fmt::format(kPage, fmt::arg("title", escape_html(about.title)),
                       fmt::arg("code", escape_html(found->first)),
                       fmt::arg("why", with_code_marks(about.why)),
                       fmt::arg("fix", with_code_marks(about.fix)),
                       fmt::arg("request", escape_html(about.request)),
                       fmt::arg("answer", escape_html(answer_to(found->first, about))));
}

}  // namespace latchkey::api
