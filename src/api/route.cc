#include "api/route.h"

#include <array>

#include "api/edge.h"
#include "api/negotiation.h"
#include "api/token_fields.h"
#include "authority/directory.h"
#include "base/encoding.h"
#include "base/log.h"

namespace latchkey::api {
namespace {

// Splits at '/', without the leading one.
std::vector<std::string_view> segments_of(std::string_view path) {
    std::vector<std::string_view> segments;
    path.remove_prefix(1);
    while (true) {
        const auto end = path.find('/');
        segments.push_back(path.substr(0, end));
        if (end == std::string_view::npos) return segments;
        path.remove_prefix(end + 1);
    }
}

bool fits(std::string_view pattern, const std::vector<std::string_view>& segments,
          std::vector<std::string>& parameters) {
    const auto wanted = segments_of(pattern);
    if (wanted.size() != segments.size()) return false;
    parameters.clear();
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (!wanted[i].starts_with('{')) {
            if (wanted[i] != segments[i]) return false;
            continue;
        }
        auto decoded = percent_decode(segments[i]);
        if (!decoded || decoded->empty()) return false;
        parameters.push_back(std::move(*decoded));
    }
    return true;
}

std::string_view name_of(http::Method method) {
    switch (method) {
        case http::Method::kGet: return "GET";
        case http::Method::kHead: return "HEAD";
        case http::Method::kPost: return "POST";
        case http::Method::kPut: return "PUT";
        case http::Method::kPatch: return "PATCH";
        case http::Method::kDelete: return "DELETE";
        case http::Method::kOptions: return "OPTIONS";
        case http::Method::kOther: return "OTHER";
    }
    return "OTHER";
}

bool is_clean(std::string_view segment) {
    const auto decoded = percent_decode(segment);
    return decoded && *decoded != "." && *decoded != ".." && !has_unprintable(*decoded) &&
           decoded->find_first_of("/\\") == std::string::npos;
}

// What was read holds all that happened up to there; whoever keeps it listens from there on. How
// much happens is nobody's business who cannot listen: a token of another API.
void add_position(const Call& call, http::Response& answer) {
    const auto method = call.request().method;
    const bool is_read = method == http::Method::kGet || method == http::Method::kHead;
    const auto& who = call.principal;
    const bool may_listen =
        who.session || (who.token && who.token_api == authority::kManagementApi && !who.access);
    if (!is_read || !may_listen || answer.status != 200 || !call.edge.is_ours()) return;
    answer.fields.emplace_back("Latchkey-Position", std::to_string(call.position.epoch) + "." +
                                                        std::to_string(call.position.revision));
}

}  // namespace

Match match(std::span<const Route> table, http::Method method, std::string_view path) {
    Match found;
    const auto segments = segments_of(path);
    for (const auto segment : segments) {
        if (!is_clean(segment)) {
            found.is_malformed = true;
            return found;
        }
    }
    const auto wanted = method == http::Method::kHead ? http::Method::kGet : method;
    std::vector<std::string> parameters;
    for (const Route& route : table) {
        if (!fits(route.path, segments, parameters)) continue;
        if (route.method == wanted) {
            found.route = &route;
            found.parameters = std::move(parameters);
            return found;
        }
        if (!found.allowed.empty()) found.allowed += ", ";
        found.allowed += name_of(route.method);
        if (route.method == http::Method::kGet) found.allowed += ", HEAD";
    }
    return found;
}

void reply(const CallPtr& call, Result<http::Response> response) {
    const auto& request = call->request();
    http::Response answer;
    if (response) {
        answer = std::move(*response);
    } else {
        const Error& error = response.error();
        if (error.code == ErrorCode::kInternal) {
            log::error("a request failed", {{"requestId", std::string(request.request_id)},
                                            {"why", error.message},
                                            {"detail", error.detail}});
        }
        answer = call->edge.error(call->services, request, error);
    }
    ++call->services.answers[static_cast<std::size_t>(answer.status / 100)];
    add_token_fields(call->principal, answer);
    add_position(*call, answer);
    finish_answer(call->services, request, answer);
    std::move(call->deferred).answer(std::move(answer));
}

http::Response json_answer(int status, const json::value& value) {
    http::Response response;
    response.status = status;
    response.content_type = "application/json";
    response.body = to_json(value);
    // What an authority says is true now and for who asked: never for a shared cache.
    response.fields.emplace_back("Cache-Control", "no-store");
    return response;
}

http::Response no_content() {
    http::Response response;
    response.status = 204;
    response.fields.emplace_back("Cache-Control", "no-store");
    return response;
}

}  // namespace latchkey::api
