#include "api/check.h"

#include <algorithm>

#include "api/presented_token.h"
#include "api/principal.h"
#include "api/problem.h"
#include "api/proof.h"
#include "api/token_fields.h"
#include "base/encoding.h"
#include "store/verification_scope.h"
#include "token/scope.h"

namespace latchkey::api {
namespace {

using verify::Verdict;

constexpr std::string_view kNoStore = "Cache-Control: no-store\r\n";

// The text of one element, decoded into the scratch when it is encoded. The scratch was reserved
// for the whole path, so that views into it stay good.
std::optional<std::string_view> element(std::string_view segment, std::string& decoded) {
    if (segment.empty() || segment == "." || segment == "..") return std::nullopt;
    bool is_encoded = false;
    for (const char c : segment) {
        if (c == ';' || c == '\\') return std::nullopt;
        is_encoded = is_encoded || c == '%';
    }
    if (!is_encoded) return segment;
    auto text = percent_decode(segment);
    if (!text || has_unprintable(*text)) return std::nullopt;
    const std::size_t start = decoded.size();
    decoded += *text;
    return std::string_view{decoded}.substr(start);
}

bool take_scopes(std::string_view text, CheckPath& path) {
    while (true) {
        const auto end = text.find('+');
        const std::string_view scope = text.substr(0, end);
        if (!is_scope_pattern(scope) || path.scope_count == path.scopes.size()) return false;
        path.scopes[path.scope_count++] = scope;
        if (end == std::string_view::npos) return true;
        text.remove_prefix(end + 1);
    }
}

// The next segment, and the rest behind it.
std::string_view next_segment(std::string_view& rest) {
    const auto end = rest.find('/');
    const std::string_view segment = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end);
    if (!rest.empty()) rest.remove_prefix(1);
    return segment;
}

bool take_element(std::string_view name, std::string_view value, CheckPath& path) {
    if (name == "api") {
        if (!path.api_slug.empty()) return false;
        path.api_slug = value;
        return true;
    }
    if (name == "scope") return path.scope_count == 0 && take_scopes(value, path);
    if (name == "project") {
        const auto id = ProjectId::parse(value);
        if (!id || path.project) return false;
        path.project = id;
        return true;
    }
    if (name == "resource") {
        if (!path.resource.empty()) return false;
        path.resource = value;
        return true;
    }
    return false;
}

// Answers for one request; the reactor's scratch buffers are its memory.
class CheckAnswer {
public:
    CheckAnswer(Services& services, http::Exchange& exchange, const CheckPath& path)
        : services_(services),
          exchange_(exchange),
          state_(*services.reactors[exchange.reactor()]),
          api_slug_(path.api_slug),
          is_nginx_(path.is_nginx) {}

    // In few pieces: of the answers of a check it is the one that is counted in nanoseconds.
    void allow(const verify::TokenView& view, const verify::RateState& rate) {
        std::string& head = state_.head;
        head.assign("HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nLatchkey-Token-Id: ");
        append_uuid(view.token.bytes, head);
        head.append("\r\nLatchkey-Owner: ");
        append_uuid(view.owner.bytes, head);
        state_.scopes.clear();
        verify::effective_scopes(view, state_.scopes);
        head.append("\r\nLatchkey-Scopes: ");
        head.append(state_.scopes.empty() ? std::string_view("-") : state_.scopes);
        head.append("\r\nLatchkey-Project: ");
        if (view.grant) {
            append_uuid(view.grant->project.bytes, head);
        } else {
            head.push_back('-');
        }
        head.append(view.kind == verify::TokenKind::kJwt      ? "\r\nLatchkey-Kind: jwt"
                    : view.kind == verify::TokenKind::kOpaque ? "\r\nLatchkey-Kind: opaque"
                                                              : "\r\nLatchkey-Kind: key");
        head.append("\r\nLatchkey-Verdict: active\r\n");
        append_expiry_field(view, head);
        append_rate_fields(view.rate, rate, head);
        exchange_.answer_flat(head, {});
    }

    void deny(Verdict verdict, std::string_view missing_scopes) {
        std::string& head = state_.head;
        const bool is_scope = verdict == Verdict::kInsufficientScope;
        head.assign(is_scope ? "HTTP/1.1 403 Forbidden\r\n" : "HTTP/1.1 401 Unauthorized\r\n");
        head.append(kNoStore);
        append("Latchkey-Verdict", verify::verdict_name(verdict));
        head.append("WWW-Authenticate: Bearer realm=\"latchkey\"");
        append_metadata(head);
        head.append(", error=\"");
        head.append(is_scope ? "insufficient_scope" : "invalid_token");
        head.append("\", error_description=\"").append(verify::verdict_reason(verdict));
        if (!missing_scopes.empty()) head.append("\", scope=\"").append(missing_scopes);
        head.append("\"\r\n");
        std::string& body = state_.decoded;  // the path is answered: its scratch is free
        body.assign("{\"code\":\"").append(is_scope ? "insufficient_scope" : "invalid_token");
        body.append("\",\"verdict\":\"").append(verify::verdict_name(verdict));
        body.append("\",\"detail\":\"").append(verify::verdict_reason(verdict)).append("\"");
        if (is_scope) append_missing(missing_scopes, body);
        finish(head, body.append("}"));
    }

    // A bound token without the proof that it needs: what to send, and with which nonce.
    void deny_proof(Verdict verdict, std::string_view error) {
        std::string& head = state_.head;
        head.assign("HTTP/1.1 401 Unauthorized\r\n").append(kNoStore);
        append("Latchkey-Verdict", verify::verdict_name(verdict));
        append("DPoP-Nonce", fresh_nonce(services_));
        head.append("WWW-Authenticate: DPoP realm=\"latchkey\"");
        append_metadata(head);
        head.append(", error=\"").append(error.empty() ? "invalid_token" : error);
        head.append("\", error_description=\"").append(verify::verdict_reason(verdict));
        head.append("\", algs=\"").append(kProofAlgorithms).append("\"\r\n");
        std::string& body = state_.decoded;
        body.assign("{\"code\":\"").append(error.empty() ? "invalid_token" : error);
        body.append("\",\"verdict\":\"").append(verify::verdict_name(verdict));
        body.append("\",\"detail\":\"").append(verify::verdict_reason(verdict)).append("\"}");
        finish(head, body);
    }

    void deny_rate(const verify::TokenView& view, const verify::RateState& rate) {
        std::string& head = state_.head;
        head.assign(is_nginx_ ? "HTTP/1.1 403 Forbidden\r\n"
                              : "HTTP/1.1 429 Too Many Requests\r\n");
        head.append(kNoStore);
        append("Latchkey-Verdict", verify::verdict_name(Verdict::kRateLimited));
        const auto seconds = std::to_string(rate.reset);
        append("Retry-After", seconds);
        append_rate_fields(view.rate, rate, head);
        std::string& body = state_.decoded;
        body.assign("{\"code\":\"rate_limited\",\"verdict\":\"rate_limited\",\"detail\":\"");
        body.append(verify::verdict_reason(Verdict::kRateLimited));
        body.append("\",\"retryAfter\":").append(seconds).append("}");
        finish(head, body);
    }

    void no_credential() {
        std::string& head = state_.head;
        head.assign("HTTP/1.1 401 Unauthorized\r\n").append(kNoStore);
        append("Latchkey-Verdict", "no_credential");
        head.append("WWW-Authenticate: Bearer realm=\"latchkey\"");
        append_metadata(head);
        head.append("\r\n");
        finish(head, "{\"code\":\"no_credential\",\"detail\":\"no token was presented\"}");
    }

    // The operator's mistake: never a yes. nginx passes on 403 and turns 400 into 500.
    void bad_requirement() {
        std::string& head = state_.head;
        head.assign(is_nginx_ ? "HTTP/1.1 403 Forbidden\r\n" : "HTTP/1.1 400 Bad Request\r\n");
        head.append(kNoStore);
        append("Latchkey-Verdict", "bad_requirement");
        finish(head,
               "{\"code\":\"bad_requirement\",\"detail\":\"the path of the check is not of "
               "the form /check/api/<slug>/scope/<scope>\"}");
    }

    // "Could not tell" is no verdict: 503 everywhere, and a gateway denies.
    void not_current() {
        std::string& head = state_.head;
        head.assign("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n").append(kNoStore);
        append("Latchkey-Verdict", "not_current");
        finish(head, "{\"code\":\"unavailable\",\"detail\":\"verification is not current\"}");
    }

private:
    void append(std::string_view name, std::string_view value) {
        state_.head.append(name).append(": ");
        state_.head.append(value.empty() ? "-" : value).append("\r\n");
    }
    // Where the API says how to get a token for it (RFC 9728 §5.1). The slug is ours, never the
    // path's text.
    void append_metadata(std::string& head) const {
        const verify::ReadGuard guard(*state_.reader);
        const auto api = state_.reader->find_api(api_slug_);
        if (!api) return;
        head.append(", resource_metadata=\"").append(services_.issuer());
        head.append("/.well-known/oauth-protected-resource/").append(api->slug).append("\"");
    }
    static void append_missing(std::string_view scopes, std::string& body) {
        body.append(",\"missingScopes\":[");
        while (!scopes.empty()) {
            const auto end = scopes.find(' ');
            if (body.back() != '[') body.push_back(',');
            body.append("\"").append(scopes.substr(0, end)).append("\"");
            scopes = end == std::string_view::npos ? std::string_view() : scopes.substr(end + 1);
        }
        body.push_back(']');
    }
    void finish(std::string& head, std::string_view body) {
        head.append("Content-Type: application/json\r\n");
        exchange_.answer_flat(head, body);
    }

    Services& services_;
    http::Exchange& exchange_;
    ReactorState& state_;
    std::string_view api_slug_;
    bool is_nginx_;
};

void name_missing(const CheckPath& path, std::uint32_t missing, std::string& out) {
    out.clear();
    for (std::size_t i = 0; i < path.scope_count; ++i) {
        if ((missing & (1U << i)) == 0) continue;
        if (!out.empty()) out.push_back(' ');
        out.append(path.scopes[i]);
    }
}

// A token that was presented with the scheme DPoP, and is fine but for that; what its proof says
// besides the verdict goes to `checked`.
verify::Judgement judge_bound(Services& services, const http::Request& request,
                              const BoundToken& token, verify::Requirement& wanted,
                              CheckedProof& checked) {
    checked = check_request_proof(services, request, token);
    wanted.proof = checked.proof;
    return verify::judge(token.view, wanted, services.authority.clock().now());
}

void judge_and_answer(Services& services, http::Exchange& exchange, const CheckPath& path,
                      const Presented& presented) {
    ReactorState& state = *services.reactors[exchange.reactor()];
    CheckAnswer answer(services, exchange, path);
    const std::string_view token = presented.text;
    const auto count = [&](Verdict verdict) {
        state.checks[static_cast<std::size_t>(verdict)].fetch_add(1, std::memory_order_relaxed);
    };
    const auto& request = exchange.request();
    const Timestamp now = services.authority.clock().now();
    // What can never change may still be said: a text that is no token.
    if (!services.authority.is_current() && could_be_presented(state, token)) {
        state.checks_unanswered.fetch_add(1, std::memory_order_relaxed);
        return answer.not_current();
    }
    const Address client = client_address(services, request);
    const verify::ReadGuard guard(*state.reader);
    RecognisedToken found;
    const auto recognition = recognise(services, state, {token, client, path.project}, found);
    if (recognition == Recognition::kNotNow) {
        state.checks_unanswered.fetch_add(1, std::memory_order_relaxed);
        return answer.not_current();
    }
    if (recognition != Recognition::kFound) {
        const Verdict verdict = verdict_of(recognition);
        count(verdict);
        return answer.deny(verdict, {});
    }
    const verify::TokenView& view = found.view;
    verify::Requirement wanted;
    wanted.api_slug = path.api_slug;
    wanted.scopes = std::span(path.scopes.data(), path.scope_count);
    wanted.project = path.project;
    wanted.resource = path.resource;
    wanted.address = client;
    CheckedProof checked;
    if (presented.is_dpop) wanted.proof = verify::Proof::kInvalid;
    auto judged = verify::judge(view, wanted, now);
    if (presented.is_dpop && judged.verdict == Verdict::kProofInvalid) {
        const auto asked = asked_for(services, request);
        judged =
            judge_bound(services, request, {token, view, asked.url, asked.method}, wanted, checked);
        if (checked.could_not_tell) return answer.not_current();
    }
    const auto used = count_use(services, view, judged.verdict);
    count(used.verdict);
    state.usage.record({.token = view.token,
                        .generation = view.generation,
                        .now = now,
                        .address = client,
                        .agent = request.find("User-Agent").value_or(""),
                        .verdict = used.verdict,
                        .scopes = verify::scopes_asked(wanted.scopes),
                        .is_being_replaced = view.secret_ends_at.has_value()});
    if (used.verdict == Verdict::kActive) return answer.allow(view, used.rate);
    if (used.verdict == Verdict::kRateLimited) return answer.deny_rate(view, used.rate);
    const bool is_about_proof =
        judged.verdict == Verdict::kProofNeeded || judged.verdict == Verdict::kProofInvalid;
    if (is_about_proof) return answer.deny_proof(judged.verdict, checked.error);
    name_missing(path, judged.missing, state.scopes);
    answer.deny(judged.verdict, state.scopes);
}

}  // namespace

std::optional<CheckPath> parse_check_path(std::string_view path, std::string& decoded) {
    decoded.clear();
    decoded.reserve(path.size());
    CheckPath parsed;
    std::string_view rest = path.substr(std::string_view("/check").size());
    if (rest.empty()) return parsed;
    rest.remove_prefix(1);
    if (rest == "nginx" || rest.starts_with("nginx/")) {
        parsed.is_nginx = true;
        next_segment(rest);
    }
    while (!rest.empty()) {
        const std::string_view name = next_segment(rest);
        if (name == "-") return parsed;
        const auto value = element(next_segment(rest), decoded);
        if (!value || !take_element(name, *value, parsed)) return std::nullopt;
    }
    // "/check/" and "/check/scope/a/" are other texts than the ones without the last slash.
    if (path.back() == '/') return std::nullopt;
    return parsed;
}

void check(Services& services, http::Exchange& exchange) {
    const store::VerificationScope no_queries;
    ReactorState& state = *services.reactors[exchange.reactor()];
    const auto& request = exchange.request();
    const auto path = parse_check_path(request.path, state.decoded);
    CheckPath unread;
    unread.is_nginx = request.path.starts_with("/check/nginx");
    CheckAnswer answer(services, exchange, path ? *path : unread);
    if (!path) {
        state.checks_refused.fetch_add(1, std::memory_order_relaxed);
        return answer.bad_requirement();
    }
    static thread_local std::string basic_password;
    const auto presented = presented_credential(request, basic_password);
    if (!presented) {
        state.checks_refused.fetch_add(1, std::memory_order_relaxed);
        if (presented.error().reason == "no_credential") return answer.no_credential();
        return answer.deny(Verdict::kMalformed, {});
    }
    judge_and_answer(services, exchange, *path, *presented);
}

}  // namespace latchkey::api
