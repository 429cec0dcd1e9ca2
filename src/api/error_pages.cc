#include "api/error_pages.h"

#include <map>

#include <fmt/format.h>

#include "api/assets.h"
#include "base/json.h"

namespace latchkey::api {
namespace {

struct Explanation {
    std::string title;
    std::string why;
    std::string fix;
};
using Explanations = std::map<std::string, Explanation, std::less<>>;

std::string text_of(const json::object& entry, std::string_view name) {
    const json::value* value = entry.if_contains(name);
    CHECK(value != nullptr && value->is_string());  // our own file; the test reads it all
    return std::string(value->get_string());
}

Explanations read_explanations() {
    const Asset* file = find_asset("/assets/errors.json");
    CHECK(file != nullptr);
    const auto parsed =
        parse_json(file->body, {.bytes_max = 1U << 20, .depth_max = 4, .members_max = 1000});
    CHECK(parsed.has_value());
    Explanations explanations;
    for (const auto& entry : parsed.value().as_array()) {
        const auto& object = entry.as_object();
        explanations.emplace(
            text_of(object, "code"),
            Explanation{text_of(object, "title"), text_of(object, "why"), text_of(object, "fix")});
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
  <pre><code>{example}</code></pre>
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
    const auto& [title, why, fix] = found->second;
    const std::string example = "{\n  \"type\": \"https://…/errors/" + found->first +
                                "\",\n  \"detail\": \"" + title + "\",\n  \"code\": \"" +
                                found->first + "\",\n  \"requestId\": \"01a3b6c0…\"\n}";
    return fmt::format(
        kPage, fmt::arg("example", escape_html(example)), fmt::arg("title", escape_html(title)),
        fmt::arg("code", escape_html(found->first)), fmt::arg("why", with_code_marks(why)),
        fmt::arg("fix", with_code_marks(fix)));
}

}  // namespace latchkey::api
