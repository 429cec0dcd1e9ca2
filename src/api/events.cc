// /v1/events: the log, and the signed checkpoint that proves its head.
#include <charconv>

#include "api/body.h"
#include "api/handlers.h"
#include "api/negotiation.h"
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

Status read_about(const Query& query, std::optional<TokenId>& token, std::optional<UserId>& owner) {
    if (query.has("token")) {
        token = TokenId::parse(query.get("token"));
        if (!token) return invalid("token is the id of a token", "bad_query");
    }
    if (query.has("owner")) {
        owner = UserId::parse(query.get("owner"));
        if (!owner) return invalid("owner is the id of a user", "bad_query");
    }
    return {};
}

Result<store::EventQuery> read_query(const Query& query) {
    store::EventQuery wanted;
    wanted.after = TRY(number_of(query.get("after", "0")));
    wanted.limit = TRY(query.limit(50, 200));
    wanted.type = query.get("type");
    wanted.actor = query.get("actor");
    TRY(read_about(query, wanted.token, wanted.owner));
    return wanted;
}

// "<epoch>.<revision>", as our own frames have it in their ids.
Status read_last_event_id(std::string_view text, StreamWanted& wanted) {
    const auto dot = text.find('.');
    const auto epoch = number_of(std::string(text.substr(0, dot)));
    const auto revision =
        number_of(dot == std::string_view::npos ? "" : std::string(text.substr(dot + 1)));
    if (!epoch || !revision) {
        return invalid("a Last-Event-ID is <epoch>.<revision>", "bad_request");
    }
    wanted.epoch = *epoch;
    wanted.after = *revision;
    return {};
}

Result<StreamWanted> read_stream(const Call& call) {
    const auto& request = call.request();
    const auto& principal = call.principal;
    StreamWanted wanted;
    wanted.caller = {principal.actor.text(), principal.session.has_value(),
                     principal.session ? principal.session->digest : principal.token_facts,
                     client_address(call.services, request)};
    wanted.filter.type = call.query.get("type");
    TRY(read_about(call.query, wanted.filter.token, wanted.filter.owner));
    if (call.query.has("after")) wanted.after = TRY(number_of(call.query.get("after")));
    // A browser that reconnects sends it beside the query that it began with.
    const auto last = request.find("Last-Event-ID");
    if (last && !last->empty()) TRY(read_last_event_id(*last, wanted));
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

void get_event_stream(const CallPtr& call) {
    auto wanted = read_stream(*call);
    if (!wanted) return reply(call, std::move(wanted).error());
    if (call->request().method == http::Method::kHead) {
        http::Response head;
        head.content_type = "text/event-stream";
        head.fields.emplace_back("Cache-Control", "no-store");
        return reply(call, std::move(head));
    }
    http::Response head;
    add_cors_fields(call->services, call->request(), head);
    auto opened = call->services.streams.open(call->deferred, std::move(*wanted), std::move(head));
    if (!opened) return reply(call, std::move(opened).error());
    ++call->services.answers[2];
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
