// /v1/events: the log, and the signed checkpoint that proves its head.
#include <charconv>

#include "api/body.h"
#include "api/handlers.h"
#include "api/views.h"
#include "base/encoding.h"
#include "token/jws.h"

namespace latchkey::api {
namespace {

Result<std::uint64_t> number_of(const std::string& text) {
    std::uint64_t value = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) {
        return invalid("after is a revision", "bad_query");
    }
    return value;
}

Result<store::EventQuery> read_query(const Query& query) {
    store::EventQuery wanted;
    wanted.after = TRY(number_of(query.get("after", "0")));
    wanted.limit = TRY(query.limit(50, 200));
    wanted.type = query.get("type");
    wanted.actor = query.get("actor");
    if (query.has("token")) {
        const auto id = TokenId::parse(query.get("token"));
        if (!id) return invalid("token is the id of a token", "bad_query");
        wanted.token = *id;
    }
    if (query.has("owner")) {
        const auto id = UserId::parse(query.get("owner"));
        if (!id) return invalid("owner is the id of a user", "bad_query");
        wanted.owner = *id;
    }
    return wanted;
}

}  // namespace

Result<http::Response> get_events(Call& call) {
    const Query& query = call.query;
    const auto wanted = TRY(read_query(query));
    const auto events = TRY(call.services.authority.store().query<std::vector<store::Event>>(
        [&](store::Connection& db) { return store::list_events(db, wanted); }));
    json::array list;
    for (const auto& event : events) {
        list.push_back(event_view(event));
    }
    auto response = json_answer(200, std::move(list));
    if (events.size() == wanted.limit) {
        std::string link = "</v1/events?after=" + std::to_string(events.back().revision) +
                           "&limit=" + std::to_string(wanted.limit);
        for (const char* name : {"type", "token", "owner", "actor"}) {
            if (query.has(name)) {
                link.append("&").append(name).append("=").append(percent_encode(query.get(name)));
            }
        }
        response.fields.emplace_back("Link", link + ">; rel=\"next\"");
    }
    return response;
}

Result<http::Response> get_checkpoint(Call& call) {
    auto& authority = call.services.authority;
    const auto head = TRY(authority.store().query<store::FeedHead>(store::read_head));
    const auto keys = authority.keys().keys();
    const std::string hash = base64url_encode(as_text(head.hash));
    const Timestamp now = authority.clock().now();
    json::object claims;
    claims["iss"] = call.services.issuer();
    claims["iat"] = now.seconds();
    claims["epoch"] = head.epoch;
    claims["revision"] = head.revision;
    claims["hash"] = hash;
    json::object view;
    view["epoch"] = head.epoch;
    view["revision"] = head.revision;
    view["hash"] = hash;
    view["at"] = format_rfc3339(now);
    view["checkpoint"] =
        sign_jws(*keys->active, "latchkey-checkpoint+jwt", keys->active->kid(), claims);
    return json_answer(200, view);
}

}  // namespace latchkey::api
