// POST /oauth2/token: a signed assertion in, an access token out (RFC 6749 §4.4, RFC 7523 §2.2).
// Its errors are OAuth's (RFC 6749 §5.2), not problem documents.
#include "api/handlers.h"
#include "api/oauth_answers.h"
#include "api/oauth_grants.h"
#include "authority/exchange_assertion.h"
#include "base/encoding.h"
#include "base/log.h"
#include "verify/usage.h"

namespace latchkey::api {
namespace {

constexpr std::string_view kAssertionType =
    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
// The cause of a refused assertion is for our log alone.
void refuse_logged(const CallPtr& call, Error error) {
    if (!error.detail.empty() && error.reason == "invalid_client") {
        log::info("a client assertion was refused",
                  {{"requestId", std::string(call->request().request_id)}, {"why", error.detail}});
    }
    refuse(call, std::move(error));
}

struct TokenRequest {
    std::string assertion;
    authority::AccessRequest asked;
};

Result<TokenRequest> read_request(const Call& call, const Form& form, const AssertionTerms& terms) {
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
    read.asked.address = client_address(call.services, call.request());
    read.asked.audiences = terms.audiences;
    read.asked.for_identity = terms.for_identity;
    if (terms.for_identity) return read;
    read.asked.scope = form.get("scope");
    read.asked.project = TRY(project_of(form));
    return read;
}

constexpr int kDecisionsMax = 3;

// One request on its way to an access token.
struct Exchange {
    Exchange(CallPtr asked_in, Form form_in, AssertionTerms terms_in)
        : call(std::move(asked_in)), form(std::move(form_in)), terms(std::move(terms_in)) {}

    CallPtr call;
    Form form;
    AssertionTerms terms;
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
    refuse_logged(exchange.call, std::move(error));
}

Status prove(Exchange& exchange) {
    auto& authority = exchange.call->services.authority;
    exchange.request = TRY(read_request(*exchange.call, exchange.form, exchange.terms));
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
    if (exchange.terms.for_identity) return {};
    exchange.request.asked.holder_key = TRY(proven_key(*exchange.call));
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
    exchange.response = token_answer(200, access_view(exchange.decided.claims, token));
    return {};
}

// A key token whose access tokens are checked off-line is used all the same, for what was asked for
// by name.
void record_use(const Exchange& exchange) {
    auto& services = exchange.call->services;
    std::vector<std::string_view> scopes;
    if (exchange.request.asked.scope) {
        const auto& named = exchange.decided.claims.scopes.items();
        scopes.assign(named.begin(), named.end());
    }
    const auto agent = exchange.call->request().find("User-Agent").value_or("");
    const std::lock_guard lock(services.exchange_usage_mutex);
    services.exchange_usage.record({.token = exchange.client.token,
                                    .now = services.authority.clock().now(),
                                    .address = exchange.request.asked.address,
                                    .agent = agent,
                                    .scopes = verify::scopes_asked(scopes)});
}

void use(const ExchangePtr& exchange);

void finish(const ExchangePtr& exchange, Status used) {
    if (used) {
        record_use(*exchange);
        return reply(exchange->call, std::move(exchange->response));
    }
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

void exchange(const CallPtr& call, Form form, AssertionTerms terms) {
    const auto started = std::make_shared<Exchange>(call, std::move(form), std::move(terms));
    auto proven = prove(*started);
    if (!proven) return fail(*started, std::move(proven).error());
    auto decided = decide(*started);
    if (!decided) return fail(*started, std::move(decided).error());
    use(started);
}

void on_worker(const CallPtr& call, std::function<void()> work) {
    const bool is_taken = call->services.workers.submit(std::move(work));
    if (!is_taken) reply(call, Error{ErrorCode::kUnavailable, "too busy; try again"});
}

void answer(const CallPtr& call, Result<http::Response> made) {
    if (!made) return refuse(call, std::move(made).error());
    reply(call, std::move(made));
}

}  // namespace

void client_credentials(const CallPtr& call, Form form, AssertionTerms terms) {
    on_worker(call, [call, form = std::move(form), terms = std::move(terms)] {
        exchange(call, form, terms);
    });
}

void post_oauth_token(const CallPtr& call) {
    auto form = read_form(call->request());
    if (!form) return refuse(call, std::move(form).error());
    const auto grant_type = form->get("grant_type");
    if (!grant_type) return refuse(call, invalid_request("grant_type is missing."));
    if (*grant_type == "client_credentials") {
        return client_credentials(call, std::move(*form), {});
    }
    if (*grant_type == kDeviceGrant) {
        return on_worker(
            call, [call, read = std::move(*form)] { answer(call, device_grant(*call, read)); });
    }
    if (*grant_type == kAuthorizationCodeGrant) {
        return on_worker(call, [call, read = std::move(*form)] {
            answer(call, authorization_code_grant(*call, read));
        });
    }
    if (*grant_type == kTokenExchangeGrant) return answer(call, token_exchange(*call, *form));
    refuse(call,
           invalid("The grant types are: client_credentials, authorization_code, " +
                       std::string(kDeviceGrant) + ", " + std::string(kTokenExchangeGrant) + ".",
                   "unsupported_grant_type"));
}

}  // namespace latchkey::api
