// POST /oauth2/token: a signed assertion in, an access token out (RFC 6749 §4.4, RFC 7523 §2.2).
// Its errors are OAuth's (RFC 6749 §5.2), not problem documents.
#include "api/form.h"
#include "api/handlers.h"
#include "authority/exchange_assertion.h"
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

// Everything else (no disk, no store) is answered as everywhere.
void refuse(const CallPtr& call, Error error) {
    if (!error.detail.empty() && error.reason == "invalid_client") {
        log::info("a client assertion was refused",
                  {{"requestId", std::string(call->request().request_id)}, {"why", error.detail}});
    }
    if (!is_of_oauth(error)) return reply(call, std::move(error));
    auto response =
        json_answer(status_of_oauth(error),
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

// Who cannot sign pays for the signatures that we check in vain.
Result<authority::ProvenClient> prove(Call& call, const TokenRequest& request) {
    auto& authority = call.services.authority;
    auto& failures = authority.assertion_failures();
    const Microseconds steady = authority.clock().steady();
    if (const auto seconds = failures.wait_for({request.asked.address, {}}, steady); seconds > 0) {
        Error error{ErrorCode::kRateLimited, "Too many wrong assertions came from this address."};
        error.reason = "slow_down";
        error.retry_after_seconds = seconds;
        return error;
    }
    auto proven = authority::prove_client(authority, request.assertion);
    if (!proven && proven.error().reason == "invalid_client") {
        failures.charge({request.asked.address, {}}, steady);
    }
    return proven;
}

http::Response answer_of(const AccessClaims& claims, const std::string& token) {
    json::object answer;
    answer["access_token"] = token;
    answer["token_type"] = "Bearer";
    answer["expires_in"] = claims.expires_at.seconds() - claims.issued_at.seconds();
    if (claims.requested || !claims.scopes.empty()) answer["scope"] = claims.scopes.to_text();
    return json_answer(200, answer);
}

// The answer is ready before the writer is asked: it has better to do than to write JSON.
struct Granted {
    authority::DecidedAccess decided;
    http::Response response;
};

Result<Granted> grant(Call& call) {
    const auto request = TRY(read_request(call));
    auto& services = call.services;
    if (!services.authority.is_current()) {
        return Error{ErrorCode::kUnavailable, "verification is not current"};
    }
    const auto client = TRY(prove(call, request));
    Granted granted;
    {
        const std::lock_guard lock(services.worker_reader_mutex);
        granted.decided = TRY(authority::decide_access(services.authority, *services.worker_reader,
                                                       client, request.asked));
    }
    const auto token = TRY(authority::sign_access(services.authority, granted.decided));
    granted.response = answer_of(granted.decided.claims, token);
    return granted;
}

void exchange(const CallPtr& call) {
    auto made = grant(*call);
    if (!made) return refuse(call, std::move(made).error());
    const auto granted = std::make_shared<Granted>(std::move(*made));
    store::Mutation mutation;
    mutation.work = [granted](store::Transaction& tx) {
        return authority::use_assertion(tx, granted->decided);
    };
    mutation.done = [call, granted](Status status) {
        if (!status) return refuse(call, std::move(status).error());
        reply(call, std::move(granted->response));
    };
    call->services.authority.store().submit(std::move(mutation));
}

}  // namespace

void post_oauth_token(const CallPtr& call) {
    const bool is_taken = call->services.workers.submit([call] { exchange(call); });
    if (!is_taken) reply(call, Error{ErrorCode::kUnavailable, "too busy; try again"});
}

}  // namespace latchkey::api
