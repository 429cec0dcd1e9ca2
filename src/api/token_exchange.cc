// Token exchange at POST /oauth2/token (RFC 8693): by who holds the subject token, or by a verifier
// of its API that somebody showed it to. Runs on the reactor, as a check does: what is decided is
// as new as the replica.
#include <algorithm>

#include "api/handlers.h"
#include "api/oauth_answers.h"
#include "api/oauth_grants.h"
#include "api/presented_token.h"
#include "api/problem.h"
#include "api/proof.h"
#include "api/token_fields.h"
#include "authority/access_claims.h"
#include "authority/exchange_token.h"
#include "verify/usage.h"

namespace latchkey::api {
namespace {

constexpr std::string_view kProjectUrn = "urn:latchkey:project:";
constexpr std::string_view kAccessTokenType = "urn:ietf:params:oauth:token-type:access_token";
constexpr std::string_view kJwtType = "urn:ietf:params:oauth:token-type:jwt";

struct Asked {
    std::string subject;
    std::optional<ProjectId> project;
    std::optional<std::string> scope;
    std::optional<std::string> audience;
};

bool is_token_type(const std::optional<std::string>& type) {
    return type == kAccessTokenType || type == kJwtType;
}

Result<Asked> read_asked(const Form& form) {
    Asked asked;
    asked.subject = form.get("subject_token").value_or("");
    if (asked.subject.empty()) return invalid_request("subject_token is missing.");
    if (!is_token_type(form.get("subject_token_type"))) {
        return invalid_request("subject_token_type must be " + std::string(kAccessTokenType) +
                               " or " + std::string(kJwtType) + ".");
    }
    const auto wanted = form.get("requested_token_type");
    if (wanted && !is_token_type(wanted)) {
        return invalid_request("requested_token_type must be " + std::string(kAccessTokenType) +
                               ".");
    }
    if (form.get("actor_token")) return invalid_request("actor_token is not taken.");
    asked.project = TRY(project_of(form));
    asked.scope = form.get("scope");
    asked.audience = form.get("audience");
    return asked;
}

// Unknown, dead and none of the asker's business are one answer (RFC 8693 §2.2.2).
Error bad_subject() {
    return invalid_request("The subject token is not valid.");
}

struct Caller {
    std::optional<TokenId> verifier;  // none: whoever holds the subject token
    std::vector<ApiId> verifies;
};

Result<Caller> caller_of(Call& call, std::string_view subject) {
    const auto& request = call.request();
    if (!request.find("Authorization")) return Caller{};
    std::string decoded;
    const auto presented = presented_credential(request, decoded);
    if (presented && equal_in_constant_time(presented->text, subject)) return Caller{};
    const Error refused =
        Error{ErrorCode::kUnauthenticated, "The client must be the subject itself or a verifier."}
            .with_reason("invalid_client");
    const auto principal = authenticate(call.services, call.reactor, request, CookieRule::kRefused);
    if (!principal) {
        const Error& error = principal.error();
        if (error.code == ErrorCode::kRateLimited) return Error(error).with_reason("slow_down");
        return error.code == ErrorCode::kUnavailable ? error : refused;
    }
    const bool is_verifier =
        principal->token && principal->owner_is_machine && principal->actor.may("token:verify");
    if (!is_verifier) return refused;
    return Caller{principal->token, principal->verifies};
}

bool may_ask(const Caller& caller, const ApiId& api) {
    if (!caller.verifier) return true;
    return std::find(caller.verifies.begin(), caller.verifies.end(), api) != caller.verifies.end();
}

Status check_audience(const verify::TokenView& view, const std::optional<std::string>& audience) {
    if (!audience || *audience == view.audience || *audience == view.api_slug) return {};
    return invalid("the token is for another audience", "invalid_target");
}

bool is_bound(const verify::TokenView& view) {
    return view.access != nullptr && view.access->holder_key.has_value();
}

verify::Proof proof_for(const verify::TokenView& view, const std::optional<Digest>& proven) {
    if (!is_bound(view)) return verify::Proof::kAbsent;
    if (!proven) return verify::Proof::kAbsent;
    return equal_in_constant_time(*view.access->holder_key, *proven) ? verify::Proof::kValid
                                                                     : verify::Proof::kInvalid;
}

json::object answer_view(const AccessClaims& claims, const std::string& token) {
    auto answer = access_view(claims, token);
    answer["issued_token_type"] = kAccessTokenType;
    answer["scope"] = claims.scopes.to_text();
    return answer;
}

Error too_often(const verify::RateState& rate) {
    Error error{ErrorCode::kRateLimited, "The subject token was used too often."};
    error.retry_after_seconds = rate.reset;
    return std::move(error).with_reason("slow_down");
}

// What was asked for by name counts as used, for what comes of it may be checked off-line.
void record_exchange(const Call& call, const verify::TokenView& view, const ScopeSet* named,
                     verify::Verdict verdict) {
    auto& services = call.services;
    std::vector<std::string_view> scopes;
    if (named != nullptr) scopes.assign(named->items().begin(), named->items().end());
    services.reactors[call.reactor]->usage.record(
        {.token = view.token,
         .generation = view.generation,
         .now = services.authority.clock().now(),
         .address = client_address(services, call.request()),
         .agent = call.request().find("User-Agent").value_or(""),
         .verdict = verdict,
         .scopes = verify::scopes_asked(scopes),
         .is_being_replaced = view.secret_ends_at.has_value()});
}

Result<http::Response> exchange(Call& call, const Asked& asked) {
    auto& services = call.services;
    const Caller caller = TRY(caller_of(call, asked.subject));
    if (!services.authority.is_current()) {
        return Error{ErrorCode::kUnavailable, "verification is not current"};
    }
    ReactorState& state = *services.reactors[call.reactor];
    const Address address = client_address(services, call.request());
    const verify::ReadGuard guard(*state.reader);
    RecognisedToken found;
    const auto recognition =
        recognise(services, state, {asked.subject, address, asked.project}, found);
    if (recognition == Recognition::kNotNow) {
        return Error{ErrorCode::kUnavailable, "too many wrong tokens came from this address"};
    }
    if (recognition != Recognition::kFound || !may_ask(caller, found.view.api)) {
        return bad_subject();
    }
    const auto* access = found.view.access;
    if (access != nullptr && asked.project && asked.project != access->project) {
        return invalid("the access token is for another project", "invalid_target");
    }
    authority::ExchangeRequest wanted;
    wanted.wanted.api_slug = found.view.api_slug;
    wanted.wanted.address = address;
    // The proof comes last: it costs more than all this, and nobody without a token makes us
    // check and remember any.
    if (is_bound(found.view)) wanted.wanted.proof = verify::Proof::kValid;
    const Timestamp now = services.authority.clock().now();
    const auto may_be = verify::judge(found.view, wanted.wanted, now);
    if (may_be.verdict != verify::Verdict::kActive) return bad_subject();
    TRY(check_audience(found.view, asked.audience));
    wanted.holder_key = TRY(proven_key(call));
    // Whoever stole a bound token must not get an unbound one for it.
    wanted.wanted.proof = proof_for(found.view, wanted.holder_key);
    const auto judged = verify::judge(found.view, wanted.wanted, now);
    if (judged.verdict != verify::Verdict::kActive) return bad_subject();
    wanted.project = asked.project;
    wanted.scope = asked.scope;
    wanted.actor = caller.verifier;
    const auto claims =
        TRY(authority::derive_access(services.authority, {found.view, found.facts}, wanted));
    const auto used = count_use(services, found.view, judged.verdict);
    record_exchange(call, found.view, asked.scope ? &claims.scopes : nullptr, used.verdict);
    if (used.verdict != verify::Verdict::kActive) return too_often(used.rate);
    const auto token = TRY(authority::sign_access_claims(services.authority, claims));
    return token_answer(200, answer_view(claims, token));
}

}  // namespace

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

json::object access_view(const AccessClaims& claims, const std::string& token) {
    json::object answer;
    answer["access_token"] = token;
    answer["token_type"] = claims.holder_key ? "DPoP" : "Bearer";
    answer["expires_in"] = claims.expires_at.seconds() - claims.issued_at.seconds();
    if (claims.requested || !claims.scopes.empty()) answer["scope"] = claims.scopes.to_text();
    return answer;
}

Result<std::optional<Digest>> proven_key(Call& call) {
    const auto field = TRY(proof_field(call.request()));
    if (!field) return std::optional<Digest>();
    ProofRequest asked;
    asked.proof = *field;
    asked.method = "POST";
    const std::string url = call.services.issuer() + "/oauth2/token";
    asked.url = url;
    asked.from = client_address(call.services, call.request());
    return std::optional<Digest>(TRY(prove_possession(call.services, asked)));
}

Result<http::Response> token_exchange(Call& call, const Form& form) {
    return exchange(call, TRY(read_asked(form)));
}

}  // namespace latchkey::api
