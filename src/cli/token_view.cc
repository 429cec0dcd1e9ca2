#include "cli/token_view.h"

#include <fmt/format.h>

#include "cli/client/fields.h"
#include "cli/text.h"
#include "cli/usage_view.h"

namespace latchkey::cli {

Table token_table(const json::array& tokens, TokenColumns columns) {
    Table table;
    table.head = {"ID", "NAME", "DESCRIPTION", "CREATED AT"};
    if (columns == TokenColumns::kSix) {
        table.head.insert(table.head.end(), {"LAST USED", "EXPIRES"});
    }
    for (const json::value& item : tokens) {
        if (!item.is_object()) continue;
        const json::object& token = item.get_object();
        std::vector<std::string> row{short_id(text_of(token, "id")), text_of(token, "name"),
                                     text_of(token, "description"),
                                     local_time_or_never(text_of(token, "createdAt"))};
        if (columns == TokenColumns::kSix) {
            row.push_back(local_time_or_never(text_of(token, "lastUsedAt")));
            row.push_back(local_time_or_never(text_of(token, "expiresAt")));
        }
        table.rows.push_back(std::move(row));
    }
    return table;
}

std::string scopes_in_words(const json::object& token) {
    if (is_null(token, "scopes")) return "as its policies say";
    const std::string scopes = join(texts_of(token, "scopes"), " ");
    return scopes.empty() ? "none" : scopes;
}

std::string rate_in_words(const json::object& token) {
    const json::value* rate = token.if_contains("rateLimit");
    if (rate == nullptr || !rate->is_object()) return {};
    const auto seconds = number_of(rate->get_object(), "seconds").value_or(0);
    const auto requests = number_of(rate->get_object(), "requests").value_or(0);
    constexpr std::pair<std::uint64_t, const char*> kUnits[] = {
        {86'400, "day"}, {3'600, "hour"}, {60, "minute"}, {1, "second"}};
    for (const auto& [length, name] : kUnits) {
        if (seconds % length != 0) continue;
        const auto count = seconds / length;
        return count == 1 ? fmt::format("{} a {}", requests, name)
                          : fmt::format("{} in {} {}s", requests, count, name);
    }
    return {};
}

// The secret that a rotation replaced, while it still works: who must change over, and until when.
std::string old_secret_in_words(const json::object& token) {
    const json::value* secrets = token.if_contains("secrets");
    if (secrets == nullptr || !secrets->is_array()) return {};
    for (const json::value& item : secrets->get_array()) {
        if (!item.is_object()) continue;
        const json::object& secret = item.get_object();
        const std::string end = text_of(secret, "endsAt");
        if (end.empty() || text_of(secret, "state") != "live") continue;
        std::string words = "works until " + local_time_or_never(end);
        if (const auto silent = number_of(secret, "untilSilentSeconds")) {
            words += fmt::format(", or {} hours of silence", (*silent + 1800) / 3600);
        }
        const std::string used = text_of(secret, "lastUsedAt");
        if (used.empty()) return words + ", never used";
        return words + fmt::format(", last used {} from {} by {}", local_time_or_never(used),
                                   text_of(secret, "lastAddress"), text_of(secret, "lastAgent"));
    }
    return {};
}

std::string keys_in_words(const json::object& token) {
    std::vector<std::string> words;
    const json::value* keys = token.if_contains("keys");
    if (keys == nullptr || !keys->is_array()) return {};
    for (const json::value& key : keys->get_array()) {
        if (!key.is_object()) continue;
        words.push_back(fmt::format("{} {}", text_of(key.get_object(), "algorithm"),
                                    text_of(key.get_object(), "kid")));
    }
    return join(words, ", ");
}

std::string token_details(const json::object& token, const json::object& usage) {
    const std::string revoked = text_of(token, "revokedAt");
    const std::string used = text_of(token, "lastUsedAt").empty() ? text_of(usage, "lastUsedAt")
                                                                  : text_of(token, "lastUsedAt");
    return render_details({
        {"id", short_id(text_of(token, "id"))},
        {"name", text_of(token, "name")},
        {"description", text_of(token, "description")},
        {"state", text_of(token, "state")},
        {"reason", text_of(token, "reason")},
        {"kind", text_of(token, "kind")},
        {"keys", keys_in_words(token)},
        {"api", fmt::format("{} ({})", text_of(token, "api"), text_of(token, "audience"))},
        {"owner", short_id(text_of(token, "owner"))},
        {"source", text_of(token, "source")},
        {"scopes", scopes_in_words(token)},
        {"addresses", join(texts_of(token, "allowedIps"), " ")},
        {"rate", rate_in_words(token)},
        {"created", local_time_or_never(text_of(token, "createdAt"))},
        {"begins",
         is_null(token, "notBefore") ? "" : local_time_or_never(text_of(token, "notBefore"))},
        {"expires", local_time_or_never(text_of(token, "expiresAt"))},
        {"old secret", old_secret_in_words(token)},
        {"revoked", revoked.empty() ? "" : local_time_or_never(revoked)},
        {"last used", local_time_or_never(used)},
        {"from", text_of(usage, "lastAddress")},
        {"by", text_of(usage, "lastAgent")},
        {"uses", uses_in_words(usage)},
        {"days", day_bars(usage)},
        {"denied", denials_in_words(usage)},
    });
}

}  // namespace latchkey::cli
