#include "api/proof.h"

#include "api/oauth_answers.h"
#include "api/principal.h"
#include "base/encoding.h"
#include "token/dpop.h"

namespace latchkey::api {
namespace {

Error bad_proof(std::string why) {
    return invalid(std::move(why), "invalid_dpop_proof");
}

Error could_not_tell(std::string why) {
    return {ErrorCode::kUnavailable, std::move(why)};
}

Status check_nonce(const Services& services, const Proof& proof, Microseconds steady) {
    if (proof.nonce && services.proof_nonces.is_good(*proof.nonce, steady)) return {};
    return invalid("The proof must hold the nonce of this answer's DPoP-Nonce field.",
                   "use_dpop_nonce");
}

Status check_signature(Services& services, const ProofRequest& asked, const Proof& proof,
                       Microseconds steady) {
    auto& failures = services.authority.access_failures();
    const authority::FailureBudget::Payer payer{asked.from.value_or(Address{}),
                                                as_text(proof.thumbprint)};
    if (asked.from && failures.wait_for(payer, steady) > 0) {
        return could_not_tell("too many wrong proofs came from this address");
    }
    if (is_signed(proof)) return {};
    if (asked.from) failures.charge(payer, steady);
    return bad_proof("the signature is not the key's");
}

std::string_view first_or(const std::optional<std::string_view>& one,
                          const std::optional<std::string_view>& other,
                          std::string_view otherwise) {
    if (one && !one->empty()) return *one;
    return other && !other->empty() ? *other : otherwise;
}

}  // namespace

Result<Digest> prove_possession(Services& services, const ProofRequest& asked) {
    const auto proof = TRY(parse_proof(asked.proof));
    if (asked.key && !equal_in_constant_time(*asked.key, proof.thumbprint)) {
        return bad_proof("the proof is by another key");
    }
    ProofDemand demand;
    demand.method = asked.method;
    const auto url = normalised_url(asked.url);
    if (!url) return bad_proof("what was asked for is no URL");
    demand.url = *url;
    demand.token = asked.token;
    demand.now = services.authority.clock().now();
    TRY(check_proof(proof, demand));
    const Microseconds steady = services.authority.clock().steady();
    TRY(check_nonce(services, proof, steady));
    TRY(check_signature(services, asked, proof, steady));
    switch (services.proof_replays.remember(proof.thumbprint, proof.id, steady)) {
        case authority::Replay::kFresh: return proof.thumbprint;
        case authority::Replay::kSeen: return bad_proof("the proof was used before");
        case authority::Replay::kFull: break;
    }
    return could_not_tell("too many proofs came within the last minutes");
}

CheckedProof check_passed_proof(Services& services, const ProofRequest& asked,
                                const verify::TokenView& view) {
    const bool is_bound = view.access != nullptr && view.access->holder_key.has_value();
    if (!is_bound) return {verify::Proof::kInvalid, "invalid_token"};
    ProofRequest bound = asked;
    bound.key = view.access->holder_key;
    const auto proven = prove_possession(services, bound);
    if (proven) return {verify::Proof::kValid, {}};
    if (proven.error().reason == "use_dpop_nonce") {
        return {verify::Proof::kInvalid, "use_dpop_nonce"};
    }
    return {verify::Proof::kInvalid, "invalid_dpop_proof",
            proven.error().code == ErrorCode::kUnavailable};
}

CheckedProof check_request_proof(Services& services, const http::Request& request,
                                 const BoundToken& token) {
    const auto field = proof_field(request);
    if (!field) return {verify::Proof::kInvalid, "invalid_dpop_proof"};
    if (!*field) {
        const bool is_bound = token.view.access != nullptr && token.view.access->holder_key;
        if (!is_bound) return {verify::Proof::kInvalid, "invalid_token"};
        return {verify::Proof::kAbsent, "invalid_dpop_proof"};
    }
    ProofRequest asked;
    asked.proof = **field;
    asked.method = token.method.empty() ? request.method_text : token.method;
    asked.url = token.url;
    asked.token = sha256(token.text);
    asked.from = client_address(services, request);
    return check_passed_proof(services, asked, token.view);
}

std::string fresh_nonce(const Services& services) {
    return services.proof_nonces.current(services.authority.clock().steady());
}

Result<std::optional<std::string_view>> proof_field(const http::Request& request) {
    const auto count = request.count("DPoP");
    if (count == 0) return std::optional<std::string_view>();
    if (count > 1) return bad_proof("there are several DPoP fields");
    return request.find("DPoP");
}

namespace {

// A proxy replaces each of these, or says the same in both. Anything else is what the client put
// beside it, and which is whose cannot be told.
bool contradicts(const http::Request& request, std::string_view one, std::string_view other) {
    if (request.count(one) > 1 || request.count(other) > 1) return true;
    const auto first = request.find(one);
    const auto second = request.find(other);
    return first && second && *first != *second;
}

bool is_contradictory(const http::Request& request) {
    return contradicts(request, "X-Forwarded-Method", "X-Original-Method") ||
           contradicts(request, "X-Forwarded-Uri", "X-Original-URI") ||
           request.count("X-Forwarded-Proto") > 1 || request.count("X-Forwarded-Host") > 1;
}

}  // namespace

AskedFor asked_for(const Services& services, const http::Request& request) {
    std::string_view method = request.method_text;
    std::string_view scheme = request.is_tls ? "https" : "http";
    std::string_view host = request.host;
    std::string_view target = request.target;
    if (is_trusted_proxy(services, request.peer)) {
        if (is_contradictory(request)) return {};
        const auto find = [&](std::string_view name) { return request.find(name); };
        method = first_or(find("X-Forwarded-Method"), find("X-Original-Method"), method);
        scheme = first_or(find("X-Forwarded-Proto"), std::nullopt, scheme);
        host = first_or(find("X-Forwarded-Host"), std::nullopt, host);
        target = first_or(find("X-Forwarded-Uri"), find("X-Original-URI"), target);
    }
    // An absolute URL is what some gateways call the original URI.
    if (target.find("://") != std::string_view::npos && !target.starts_with('/')) {
        return {method, std::string(target)};
    }
    std::string url(scheme);
    return {method, url.append("://").append(host).append(target)};
}

}  // namespace latchkey::api
