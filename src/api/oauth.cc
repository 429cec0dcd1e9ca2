// POST /oauth2/token: a signed assertion in, an access token out (RFC 6749 §4.4, RFC 7523 §2.2).
// Its errors are OAuth's (RFC 6749 §5.2), not problem documents.
#include "api/form.h"
#include "api/handlers.h"
#include "authority/exchange_assertion.h"
#include "base/encoding.h"
#include "base/log.h"

namespace latchkey::api {
namespace {

constexpr std::string_view kAssertionType =
    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
constexpr std::string_view kProjectUrn = "urn:latchkey:project:";

Error invalid_request(std::string why) {
    return invalid(std::move(why), "invalid_request");
}

int status_of_oauth(const Error& error) {
    if (error.reason == "invalid_client") return 401;
    return error.code == ErrorCode::kRateLimited ? 429 : 400;
}

bool is_of_oauth(const Error& error) {
    static constexpr std::array<std::string_view, 6> kReasons = {
        "invalid_request", "invalid_client", "invalid_scope",
        "invalid_target",  "slow_down",      "unsupported_grant_type"};
    return std::find(kReasons.begin(), kReasons.end(), error.reason) != kReasons.end();
}

// RFC 6749 §5.1 demands both fields, for caches of two generations.
http::Response token_answer(int status, const json::value& value) {
    auto response = json_answer(status, value);
    response.fields.emplace_back("Pragma", "no-cache");
    return response;
}

// Everything else (no disk, no store) is answered as everywhere.
void refuse(const CallPtr& call, Error error) {
    if (!error.detail.empty() && error.reason == "invalid_client") {
        log::info("a client assertion was refused",
                  {{"requestId", std::string(call->request().request_id)}, {"why", error.detail}});
    }
    if (!is_of_oauth(error)) return reply(call, std::move(error));
    auto response =
        token_answer(status_of_oauth(error),
                     json::object{{"error", error.reason}, {"error_description", error.message}});
    if (error.retry_after_seconds > 0) {
        response.fields.emplace_back("Retry-After", std::to_string(error.retry_after_seconds));
    }
    reply(call, std::move(response));
}

struct TokenRequest {
    std::string assertion;
    authority::AccessRequest asked;
};

Result<std::optional<ProjectId>> project_of(const Form& form) {
    std::optional<ProjectId> project;
    const Error unknown =
        invalid("there is no such project, or the token was not added to it", "invalid_target");
    if (const auto id = form.get("project_id")) {
        project = ProjectId::parse(*id);
        if (!project) return unknown;
    }
    const auto resource = form.get("resource");
    if (!resource) return project;
    if (!resource->starts_with(kProjectUrn)) return unknown;
    const auto named = ProjectId::parse(std::string_view(*resource).substr(kProjectUrn.size()));
    if (!named || (project && *project != *named)) return unknown;
    return named;
}

Result<TokenRequest> read_request(const Call& call) {
    const auto& request = call.request();
    if (!request.query.empty()) return invalid_request("Parameters belong into the body.");
    const auto form = TRY(Form::parse(request));
    const auto grant_type = form.get("grant_type");
    if (!grant_type) return invalid_request("grant_type is missing.");
    if (*grant_type != "client_credentials") {
        return invalid("The grant types are: client_credentials.", "unsupported_grant_type");
    }
    const auto type = form.get("client_assertion_type");
    if (type != kAssertionType) {
        return invalid_request("client_assertion_type must be " + std::string(kAssertionType) +
                               ".");
    }
    TokenRequest read;
    read.assertion = form.get("client_assertion").value_or("");
    if (read.assertion.empty()) return invalid_request("client_assertion is missing.");
    if (const auto client = form.get("client_id")) {
        read.asked.client_id = TokenId::parse(*client).value_or(TokenId{});
    }
    read.asked.scope = form.get("scope");
    read.asked.project = TRY(project_of(form));
    read.asked.address = client_address(call.services, request);
    return read;
}

http::Response answer_of(const AccessClaims& claims, const std::string& token) {
    json::object answer;
    answer["access_token"] = token;
    answer["token_type"] = "Bearer";
    answer["expires_in"] = claims.expires_at.seconds() - claims.issued_at.seconds();
    if (claims.requested || !claims.scopes.empty()) answer["scope"] = claims.scopes.to_text();
    return token_answer(200, answer);
}

constexpr int kDecisionsMax = 3;

// One request on its way to an access token.
struct Exchange {
    explicit Exchange(CallPtr asked_in) : call(std::move(asked_in)) {}

    CallPtr call;
    TokenRequest request;
    std::optional<TokenId> named;  // whom the assertion says that it is of
    authority::ProvenClient client;
    authority::DecidedAccess decided;
    http::Response response;
    int decisions{0};
    bool is_outdated{false};  // something happened since the last decision
};
using ExchangePtr = std::shared_ptr<Exchange>;

// By the id, not by how it is written: nobody gets a fresh budget for capital letters.
authority::FailureBudget::Payer payer_of(const Exchange& exchange) {
    const auto name = exchange.named ? as_text(exchange.named->bytes) : std::string_view();
    return {exchange.request.asked.address, name};
}

// Whoever shows assertions that are no good, forged, expired or used before, pays for what we check
// in vain.
void fail(const Exchange& exchange, Error error) {
    auto& authority = exchange.call->services.authority;
    if (error.reason == "invalid_client") {
        authority.assertion_failures().charge(payer_of(exchange), authority.clock().steady());
    }
    refuse(exchange.call, std::move(error));
}

Status prove(Exchange& exchange) {
    auto& authority = exchange.call->services.authority;
    exchange.request = TRY(read_request(*exchange.call));
    exchange.named = authority::named_client(exchange.request.assertion);
    const auto seconds =
        authority.assertion_failures().wait_for(payer_of(exchange), authority.clock().steady());
    if (seconds > 0) {
        Error error{ErrorCode::kRateLimited, "Too many wrong assertions came from this address."};
        error.reason = "slow_down";
        error.retry_after_seconds = seconds;
        return error;
    }
    exchange.client = TRY(authority::prove_client(authority, exchange.request.assertion));
    return {};
}

// The answer is ready before the writer is asked: it has better to do than to write JSON.
Status decide(Exchange& exchange) {
    auto& services = exchange.call->services;
    if (!services.authority.is_current()) {
        return Error{ErrorCode::kUnavailable, "verification is not current"};
    }
    ++exchange.decisions;
    {
        const std::lock_guard lock(services.worker_reader_mutex);
        exchange.decided = TRY(authority::decide_access(services.authority, *services.worker_reader,
                                                        exchange.client, exchange.request.asked));
    }
    const auto token = TRY(authority::sign_access(services.authority, exchange.decided));
    exchange.response = answer_of(exchange.decided.claims, token);
    return {};
}

void use(const ExchangePtr& exchange);

void finish(const ExchangePtr& exchange, Status used) {
    if (used) return reply(exchange->call, std::move(exchange->response));
    exchange->is_outdated = used.error().reason == authority::kDecideAgain;
    if (exchange->is_outdated && exchange->decisions < kDecisionsMax) return use(exchange);
    fail(*exchange, std::move(used).error());
}

// What is outdated the writer itself decides again: that is rare, and the change that made it so
// cost more.
void use(const ExchangePtr& exchange) {
    store::Mutation mutation;
    mutation.work = [exchange](store::Transaction& tx) -> Status {
        if (exchange->is_outdated) TRY(decide(*exchange));
        return authority::use_assertion(tx, exchange->decided);
    };
    mutation.done = [exchange](Status status) { finish(exchange, std::move(status)); };
    exchange->call->services.authority.store().submit(std::move(mutation));
}

void exchange(const CallPtr& call) {
    const auto started = std::make_shared<Exchange>(call);
    auto proven = prove(*started);
    if (!proven) return fail(*started, std::move(proven).error());
    auto decided = decide(*started);
    if (!decided) return fail(*started, std::move(decided).error());
    use(started);
}

}  // namespace

void post_oauth_token(const CallPtr& call) {
    const bool is_taken = call->services.workers.submit([call] { exchange(call); });
    if (!is_taken) reply(call, Error{ErrorCode::kUnavailable, "too busy; try again"});
}

}  // namespace latchkey::api
