#include "api/introspect.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

#include "api/handlers.h"
#include "api/oauth_answers.h"
#include "api/presented_token.h"
#include "api/problem.h"
#include "api/token_fields.h"
#include "base/encoding.h"
#include "store/verification_scope.h"
#include "token/access_token.h"
#include "token/jws.h"
#include "verify/judge.h"
#include "verify/usage.h"

namespace latchkey::api {
namespace {

constexpr std::string_view kSignedType = "application/token-introspection+jwt";
constexpr std::string_view kSignedTyp = "token-introspection+jwt";

// Ids are UUIDv7: the first 48 bits are the millisecond of their making.
Timestamp made_at(const SecretId& id) {
    std::int64_t milliseconds = 0;
    for (std::size_t i = 0; i < 6; ++i) {
        milliseconds = milliseconds << 8 | id.bytes[i];
    }
    return Timestamp::from_microseconds(milliseconds * 1000);
}

// JSON is written as text, into the reactor's scratch: this answers as often as /check does.
class Answer {
public:
    explicit Answer(std::string& out) : out_(out) { out_.assign("{\"active\":"); }

    void inactive() { out_ += "false}"; }
    void active(const Services& services, ReactorState& state, const verify::TokenView& view) {
        out_ += "true";
        state.scopes.clear();
        verify::effective_scopes(view, state.scopes);
        member("scope", state.scopes);
        member("client_id", view.token.bytes);
        const bool is_bound = view.access != nullptr && view.access->holder_key.has_value();
        member("token_type", is_bound ? "DPoP" : "Bearer");
        member("sub", view.access != nullptr ? view.token.bytes : view.owner.bytes);
        name("aud");
        out_.push_back('[');
        quote(view.audience);
        out_.push_back(']');
        member("iss", services.issuer());
        if (const auto end = end_of(view)) member("exp", *end);
        if (view.access != nullptr) {
            describe(*view.access);
        } else {
            describe_kept(view);
        }
        member("token_id", view.token.bytes);
        member("owner", view.owner.bytes);
        out_.push_back('}');
    }

private:
    void describe(const verify::AccessLimits& access) {
        member("jti", format_access_id(access.ids.front()));
        member("iat", access.issued_at);
        if (access.project) member("project_id", access.project->bytes);
        if (!access.holder_key) return;
        name("cnf");
        out_.append("{\"jkt\":\"").append(base64url_encode(as_text(*access.holder_key)));
        out_ += "\"}";
    }
    void describe_kept(const verify::TokenView& view) {
        const Timestamp issued_at = made_at(view.secret);
        member("jti", view.secret.shortuuid());
        member("iat", issued_at);
        member("nbf", view.not_before.value_or(issued_at));
    }
    void name(std::string_view text) { out_.append(",\"").append(text).append("\":"); }
    void quote(std::string_view text) {
        const bool is_plain = std::all_of(text.begin(), text.end(), [](char c) {
            return c >= ' ' && c <= '~' && c != '"' && c != '\\';
        });
        if (is_plain) {
            out_.append("\"").append(text).append("\"");
        } else {
            out_ += json_quote(text);
        }
    }
    void member(std::string_view what, std::string_view text) {
        name(what);
        quote(text);
    }
    void member(std::string_view what, Timestamp time) {
        name(what);
        std::array<char, 24> digits{};
        const auto end =
            std::to_chars(digits.data(), digits.data() + digits.size(), time.seconds());
        out_.append(digits.data(), end.ptr);
    }
    void member(std::string_view what, const UuidBytes& id) {
        name(what);
        out_.push_back('"');
        append_uuid(id, out_);
        out_.push_back('"');
    }

    std::string& out_;
};

struct Asked {
    std::string_view token;
    std::optional<Address> address;  // where the token came from, if the asker says so
};

// Unknown, dead and none of the asker's business are one answer: nobody probes which tokens exist.
// The answer is in state.decoded. Inside a ReadGuard.
void introspect(Services& services, ReactorState& state, const Asked& asked,
                std::span<const ApiId> bound) {
    Answer answer(state.decoded);
    RecognisedToken found;
    // No budget of its own, as in verify.cc.
    const auto recognition =
        recognise(services, state, {asked.token, std::nullopt, std::nullopt}, found);
    CHECK(recognition != Recognition::kNotNow);
    if (recognition != Recognition::kFound) return answer.inactive();
    const verify::TokenView& view = found.view;
    if (std::find(bound.begin(), bound.end(), view.api) == bound.end()) return answer.inactive();
    verify::Requirement wanted;
    wanted.api_slug = view.api_slug;
    wanted.address = asked.address;
    wanted.proof = verify::Proof::kValid;  // the asker's to check, by cnf
    const Timestamp now = services.authority.clock().now();
    // A verifier that asks is the use, as in verify.cc: it is told the scopes and decides by
    // itself.
    const auto used = count_use(services, view, verify::judge(view, wanted, now).verdict);
    state.checks[static_cast<std::size_t>(used.verdict)].fetch_add(1, std::memory_order_relaxed);
    state.usage.record({.token = view.token,
                        .generation = view.generation,
                        .now = now,
                        .address = asked.address.value_or(Address{}),
                        .agent = {},
                        .verdict = used.verdict,
                        .scopes = verify::scopes_asked({}),
                        .is_being_replaced = view.secret_ends_at.has_value()});
    if (used.verdict != verify::Verdict::kActive) return answer.inactive();
    answer.active(services, state, view);
}

bool wants_signed(const http::Request& request) {
    const auto accept = request.find("Accept").value_or("");
    return accept.find(kSignedType) != std::string_view::npos;
}

// No claim of its own stands outside, so that nobody takes the answer for an access token.
http::Response signed_answer(const Call& call, std::string_view introspection) {
    auto& authority = call.services.authority;
    json::object claims;
    claims["iss"] = call.services.issuer();
    claims["aud"] = call.principal.token->uuid();
    claims["iat"] = authority.clock().now().seconds();
    auto parsed = parse_json(introspection);
    CHECK(parsed.has_value());
    claims["token_introspection"] = std::move(*parsed);
    const auto keys = authority.keys().keys();
    http::Response response;
    response.content_type = kSignedType;
    response.body = sign_jws(*keys->active, kSignedTyp, keys->active->kid(), claims);
    response.fields.emplace_back("Cache-Control", "no-store");
    return response;
}

// "token=…", and perhaps a hint, of nothing but letters that stand for themselves; any other form
// is for the strict reader.
std::optional<std::string_view> plain_token(std::string_view body) {
    constexpr std::string_view kToken = "token=";
    if (!body.starts_with(kToken)) return std::nullopt;
    body.remove_prefix(kToken.size());
    const auto end = body.find('&');
    const std::string_view token = body.substr(0, end);
    const bool is_plain = !token.empty() && token.size() <= kFormBytesMax / 2 &&
                          token.find_first_of("%+=") == std::string_view::npos;
    if (!is_plain) return std::nullopt;
    if (end == std::string_view::npos) return token;
    constexpr std::string_view kHint = "token_type_hint=";
    const std::string_view rest = body.substr(end + 1);
    const bool is_hint =
        rest.starts_with(kHint) &&
        rest.substr(kHint.size()).find_first_not_of("abcdefghijklmnopqrstuvwxyz_") ==
            std::string_view::npos;
    return is_hint ? std::optional(token) : std::nullopt;
}

// What permit() demands of this route, without making a Principal: an active machine user's token
// of our own API with token:verify. Whatever else it is, the long way says what is wrong with it.
bool may_ask(Services& services, ReactorState& state, const http::Request& request,
             const verify::TokenView& view) {
    static constexpr std::array<std::string_view, 1> kScopes = {"token:verify"};
    if (view.access != nullptr || !view.owner_is_machine || view.rate.is_set()) return false;
    verify::Requirement wanted;
    wanted.api_slug = authority::kManagementApi;
    wanted.scopes = kScopes;
    wanted.address = client_address(services, request);
    const Timestamp now = services.authority.clock().now();
    const auto judged = verify::judge(view, wanted, now);
    if (judged.verdict != verify::Verdict::kActive) return false;
    state.usage.record({.token = view.token,
                        .generation = view.generation,
                        .now = now,
                        .address = *wanted.address,
                        .agent = request.find("User-Agent").value_or(""),
                        .verdict = judged.verdict,
                        .scopes = kScopes,
                        .is_being_replaced = view.secret_ends_at.has_value()});
    return true;
}

}  // namespace

bool introspect_plainly(Services& services, http::Exchange& exchange) {
    const store::VerificationScope no_queries;
    const auto& request = exchange.request();
    const bool is_plain = request.method == http::Method::kPost && request.query.empty() &&
                          request.find("Content-Type") == "application/x-www-form-urlencoded" &&
                          !wants_signed(request) && services.authority.is_current();
    const auto token = is_plain ? plain_token(request.body) : std::nullopt;
    if (!token) return false;
    static thread_local std::string basic_password;
    const auto presented = presented_credential(request, basic_password);
    if (!presented || presented->is_dpop || presented->text.starts_with("lks_")) return false;
    ReactorState& state = *services.reactors[exchange.reactor()];
    const verify::ReadGuard guard(*state.reader);
    verify::TokenView verifier;
    if (!state.reader->find(sha256(presented->text), verifier)) return false;
    if (!may_ask(services, state, request, verifier)) return false;
    introspect(services, state, {*token, std::nullopt}, verifier.verifies);
    state.head.assign(
        "HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nPragma: no-cache\r\n"
        "X-Content-Type-Options: nosniff\r\nContent-Type: application/json\r\n");
    ++services.answers[2];
    exchange.answer_flat(state.head, state.decoded);
    return true;
}

Result<http::Response> post_introspect(Call& call) {
    const store::VerificationScope no_queries;
    const auto& request = call.request();
    const auto form = read_form(request);
    if (!form) return refused(form.error());
    const auto token = form->get("token");
    if (!token) return refused(invalid_request("token is missing."));
    std::optional<Address> address;
    if (const auto text = form->get("ip")) {
        address = parse_address(*text);
        if (!address) return refused(invalid_request("ip is not an address."));
    }
    auto& services = call.services;
    if (!services.authority.is_current()) {
        return Error{ErrorCode::kUnavailable, "verification is not current"};
    }
    ReactorState& state = *services.reactors[call.reactor];
    const verify::ReadGuard guard(*state.reader);
    introspect(services, state, {*token, address}, call.principal.verifies);
    if (wants_signed(request)) return signed_answer(call, state.decoded);
    auto response = token_answer(200, nullptr);
    response.body = state.decoded;
    return response;
}

}  // namespace latchkey::api
