#include "cli/client/api_client.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/encoding.h"
#include "base/redaction.h"
#include "cli/client/fields.h"
#include "fetch/url.h"

namespace latchkey::cli {
namespace {

constexpr JsonLimits kAnswerLimits{std::size_t{16} * 1024 * 1024, 32, 100'000};

// "/name" is `name`, and what people type by another word is that; deeper pointers say nothing to a
// person.
std::string member_of(std::string_view pointer) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kFlags{{
        {"/graceSeconds", "--grace"},
        {"/untilSilentSeconds", "--until-silent"},
        {"/notBefore", "--not-before"},
        {"/expiresAt", "--expires"},
    }};
    for (const auto& [member, flag] : kFlags) {
        if (pointer == member) return std::string(flag);
    }
    const bool is_flat = pointer.size() > 1 && pointer.find('/', 1) == std::string_view::npos;
    return is_flat ? std::string(pointer.substr(1)) : std::string();
}

// "the scope …; /scopes/1: …": only what the main text does not say already. A text about one
// member that does not name it gets its name in front.
std::string message_of(const json::object& body) {
    std::string message = text_of(body, "detail");
    if (message.empty()) message = text_of(body, "title");
    if (message.empty()) message = text_of(body, "error_description");
    if (message.empty()) message = text_of(body, "error");
    const json::value* errors = body.if_contains("errors");
    if (errors == nullptr || !errors->is_array()) return message;
    for (const json::value& entry : errors->get_array()) {
        if (!entry.is_object()) continue;
        const std::string detail = text_of(entry.get_object(), "detail");
        const std::string member = member_of(text_of(entry.get_object(), "pointer"));
        if (detail == message && message.find(member) == std::string::npos) {
            message = fmt::format("{}: {}", member, detail);
        }
        if (detail.empty() || message.find(detail) != std::string::npos) continue;
        message += fmt::format("; {}: {}", text_of(entry.get_object(), "pointer"), detail);
    }
    return message;
}

std::vector<ProblemPlace> places_of(const json::object& body) {
    std::vector<ProblemPlace> places;
    const json::value* errors = body.if_contains("errors");
    if (errors == nullptr || !errors->is_array()) return places;
    for (const json::value& entry : errors->get_array()) {
        if (!entry.is_object()) continue;
        const json::object& object = entry.get_object();
        places.push_back({text_of(object, "pointer"), number_of(object, "line").value_or(0),
                          number_of(object, "column").value_or(0)});
    }
    return places;
}

}  // namespace

Error decode_problem(const fetch::HttpResponse& response, Problem& problem) {
    problem.status = response.status;
    problem.request_id = std::string(response.header("x-request-id").value_or(""));
    Error error{code_of_status(response.status),
                fmt::format("the server answered {}", response.status)};
    const auto value = parse_json(response.body, kAnswerLimits);
    if (value && value->is_object()) {
        const json::object& body = value->get_object();
        problem.code = text_of(body, "code");
        problem.places = places_of(body);
        if (problem.code.empty()) problem.code = text_of(body, "error");
        if (const std::string id = text_of(body, "requestId"); !id.empty()) {
            problem.request_id = id;
        }
        if (const std::string message = message_of(body); !message.empty()) {
            error.message = message;
        }
        error.hint = text_of(body, "hint");
        error.scopes = texts_of(body, "missingScopes");
        error.retry_after_seconds =
            static_cast<std::int64_t>(number_of(body, "retryAfter").value_or(0));
    }
    if (error.code == ErrorCode::kInternal && !problem.request_id.empty() && error.hint.empty()) {
        error.hint =
            fmt::format("the server's log tells more about request {}", problem.request_id);
    }
    return error;
}

std::optional<std::string> next_link(const fetch::HttpResponse& response) {
    for (const auto& [name, value] : response.headers) {
        if (name != "link") continue;
        const std::size_t rel = value.find("rel=\"next\"");
        if (rel == std::string::npos) continue;
        const std::size_t open = value.rfind('<', rel);
        const std::size_t close = value.find('>', open == std::string::npos ? 0 : open);
        if (open == std::string::npos || close == std::string::npos || close > rel) continue;
        return value.substr(open + 1, close - open - 1);
    }
    return std::nullopt;
}

std::string with_query(std::string_view path, const Query& query) {
    std::string out(path);
    char separator = '?';
    for (const auto& [name, value] : query) {
        if (value.empty()) continue;
        out += fmt::format("{}{}={}", separator, name, percent_encode(value));
        separator = '&';
    }
    return out;
}

ApiClient::ApiClient(fetch::Options options, std::string server, Secret credential,
                     std::optional<Problem>& problem)
    : client_(std::move(options)),
      server_(std::move(server)),
      credential_(std::move(credential)),
      problem_(problem) {}

fetch::HttpRequest ApiClient::request_to(std::string method, const std::string& path) const {
    fetch::HttpRequest request;
    request.method = std::move(method);
    request.url = server_ + path;
    if (!credential_.empty()) {
        request.headers.emplace_back("Authorization",
                                     fmt::format("Bearer {}", credential_.expose()));
    }
    return request;
}

Result<fetch::HttpResponse> ApiClient::exchange(std::string method, const std::string& path,
                                                std::optional<Body> body) {
    auto request = request_to(std::move(method), path);
    request.headers.emplace_back("Accept", "application/json");
    if (body) {
        request.headers.emplace_back("Content-Type", std::move(body->type));
        request.body = std::move(body->bytes);
    }
    problem_.reset();
    auto answered = judge(request, client_.send(request));
    const bool is_asked = !answered && prove_ && problem_ && problem_->code == "step_up_needed";
    if (!is_asked) return answered;
    credential_ = TRY(prove_(credential_.expose()));
    for (auto& [name, value] : request.headers) {
        if (name == "Authorization") value = fmt::format("Bearer {}", credential_.expose());
    }
    problem_.reset();
    return judge(request, client_.send(request));
}

Status ApiClient::follow(const std::string& path, fetch::Headers headers,
                         const fetch::Client::UseBytes& use) {
    auto request = request_to("GET", path);
    request.headers.emplace_back("Accept", "text/event-stream");
    std::move(headers.begin(), headers.end(), std::back_inserter(request.headers));
    problem_.reset();
    TRY(judge(request, client_.follow(request, use)));
    return {};
}

Result<fetch::HttpResponse> ApiClient::judge(const fetch::HttpRequest& request,
                                             Result<fetch::HttpResponse> response) {
    if (trace_ != nullptr) {
        *trace_ << fmt::format("{} {} → {}\n", request.method, without_secrets(request.url),
                               response ? std::to_string(response->status) : "no answer");
    }
    if (end_ != nullptr && response) {
        *end_ = std::string(response->header("token-expires-at").value_or(""));
    }
    if (!response) {
        Error error = std::move(response).error();
        if (error.code == ErrorCode::kUnavailable && error.hint.empty()) {
            error.hint = "is the server running, and is --server right?";
        }
        if (error.reason == "tls_failed") error.hint = "give its authority's file with --cacert";
        return error;
    }
    if (response->status >= 200 && response->status < 300) return response;
    problem_.emplace();
    return decode_problem(*response, *problem_);
}

Result<json::value> ApiClient::exchange_json(std::string method, const std::string& path,
                                             std::optional<std::string> json_text) {
    std::optional<Body> sent;
    if (json_text) sent.emplace(Body{"application/json", *std::move(json_text)});
    const fetch::HttpResponse response = TRY(exchange(std::move(method), path, std::move(sent)));
    if (response.body.empty()) return json::value{};
    auto value = parse_json(response.body, kAnswerLimits);
    if (value) return value;
    return failure(fmt::format("{} answered something that is not Latchkey's JSON", server_),
                   "is --server the address of a Latchkey server?");
}

Result<json::value> ApiClient::get(const std::string& path) {
    return exchange_json("GET", path, std::nullopt);
}
Result<json::value> ApiClient::post(const std::string& path, const json::value& body) {
    return exchange_json("POST", path, to_json(body));
}
Result<json::value> ApiClient::patch(const std::string& path, const json::value& body) {
    return exchange_json("PATCH", path, to_json(body));
}
Result<json::value> ApiClient::put(const std::string& path, const json::value& body) {
    return exchange_json("PUT", path, to_json(body));
}
Result<json::value> ApiClient::put_text(const std::string& path, std::string json_text) {
    return exchange_json("PUT", path, std::move(json_text));
}

Status ApiClient::remove(const std::string& path) {
    TRY(exchange("DELETE", path, std::nullopt));
    return {};
}

Result<json::object> ApiClient::get_object(const std::string& path) {
    json::value value = TRY(get(path));
    if (!value.is_object()) return failure(server_ + " answered no JSON object");
    return std::move(value.get_object());
}

Result<json::object> ApiClient::post_object(const std::string& path, const json::value& body) {
    json::value value = TRY(post(path, body));
    if (!value.is_object()) return failure(server_ + " answered no JSON object");
    return std::move(value.get_object());
}

Result<json::object> ApiClient::post_form(const std::string& path, const Query& form) {
    // percent_encode leaves nothing that a form could read otherwise, a space least of all.
    std::string fields = with_query("", form);
    if (!fields.empty()) fields.erase(0, 1);
    const fetch::HttpResponse response =
        TRY(exchange("POST", path, Body{"application/x-www-form-urlencoded", std::move(fields)}));
    auto value = parse_json(response.body, kAnswerLimits);
    if (value && value->is_object()) return std::move(value->get_object());
    return failure(server_ + " answered no JSON object");
}

Result<std::string> ApiClient::get_text(const std::string& path) {
    fetch::HttpResponse response = TRY(exchange("GET", path, std::nullopt));
    return std::move(response.body);
}

Result<json::array> ApiClient::page(const std::string& path, std::optional<std::string>& next) {
    const fetch::HttpResponse response = TRY(exchange("GET", path, std::nullopt));
    auto value = TRY(parse_json(response.body, kAnswerLimits));
    if (!value.is_array()) return failure(server_ + " answered no JSON array");
    next = next_link(response);
    if (!next) return std::move(value.get_array());
    if (next->rfind("/", 0) == 0 && next->rfind("//", 0) != 0) return std::move(value.get_array());
    // The server may know itself under another name than the one we reached it by; our credential
    // goes only where the user sent it, so only path and query are taken from the link.
    const fetch::Url url = TRY(fetch::parse_url(*next));
    next = url.path + (url.query.empty() ? "" : "?" + url.query);
    return std::move(value.get_array());
}

Result<Listing> ApiClient::list(const std::string& path, std::size_t limit) {
    Listing listing;
    std::optional<std::string> next = path;
    while (next) {
        const std::string current = *next;
        json::array items = TRY(page(current, next));
        if (items.empty()) break;
        for (json::value& item : items) {
            if (limit != 0 && listing.items.size() == limit) {
                listing.has_more = true;
                return listing;
            }
            listing.items.push_back(std::move(item));
        }
        if (limit != 0 && listing.items.size() == limit) {
            listing.has_more = next.has_value();
            break;
        }
    }
    return listing;
}

Status ApiClient::each_page(const std::string& path,
                            const std::function<Status(json::array)>& use) {
    std::optional<std::string> next = path;
    while (next) {
        const std::string current = *next;
        json::array items = TRY(page(current, next));
        if (items.empty()) return {};
        TRY(use(std::move(items)));
    }
    return {};
}

}  // namespace latchkey::cli
