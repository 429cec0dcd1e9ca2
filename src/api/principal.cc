#include "api/principal.h"

#include <algorithm>
#include <array>

#include "api/presented_token.h"
#include "api/problem.h"
#include "api/proof.h"
#include "api/token_fields.h"
#include "authority/create_token.h"
#include "authority/login.h"
#include "base/encoding.h"
#include "token/opaque.h"
#include "token/scope.h"

namespace latchkey::api {
namespace {

constexpr std::size_t kCredentialBytesMax = authority::kSecretBytesMax;

// A table, for this looks at every byte of every credential.
constexpr std::array<bool, 256> kIsOfB64Token = [] {
    std::array<bool, 256> table{};
    for (const char c : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                         "0123456789-._~+/")) {
        table[static_cast<unsigned char>(c)] = true;
    }
    return table;
}();

// RFC 6750 §2.1: b64token.
bool is_b64token(std::string_view text) {
    if (text.empty() || text.size() > kCredentialBytesMax) return false;
    const auto end = text.find_last_not_of('=');
    if (end == std::string_view::npos) return false;
    const std::string_view body = text.substr(0, end + 1);
    return std::all_of(body.begin(), body.end(),
                       [](char c) { return kIsOfB64Token[static_cast<unsigned char>(c)]; });
}

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(' ');
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

std::optional<std::string_view> last_value(const http::Request& request, std::string_view name) {
    std::optional<std::string_view> last;
    for (const auto& field : request.fields) {
        if (http::equal_without_case(field.name, name)) last = field.value;
    }
    return last;
}

bool is_in(const AddressRange& range, const Address& address) {
    for (int bit = 0; bit < range.bits; bit += 8) {
        const auto index = static_cast<std::size_t>(bit / 8);
        const int left = std::min(8, range.bits - bit);
        const unsigned mask = (0xFFU << (8 - left)) & 0xFFU;
        if (((range.address[index] ^ address[index]) & mask) != 0) return false;
    }
    return true;
}

// Where no session would be let in either.
Error missing_token() {
    return Error{ErrorCode::kUnauthenticated, "this needs a token"}
        .with_reason("no_credential")
        .with_hint("send Authorization: Bearer <token>");
}

Result<Principal> session_principal(Services& services, ReactorState& state,
                                    std::string_view secret) {
    if (!services.authority.is_current()) {
        return Error{ErrorCode::kUnavailable, "what a session may do is not known right now"};
    }
    const Timestamp now = services.authority.clock().now();
    auto session = has_valid_checksum(secret)
                       ? services.authority.sessions().use(sha256(secret), now)
                       : std::nullopt;
    if (!session) return invalid_token("the session has ended; log in again");
    Principal principal;
    principal.actor.user = session->user;
    principal.actor.is_proven = authority::is_freshly_proven(*session, now);
    {
        const verify::ReadGuard guard(*state.reader);
        if (!state.reader->find_user_patterns(session->user, authority::kManagementApi,
                                              principal.actor.permissions)) {
            return invalid_token("the session has ended; log in again");
        }
    }
    principal.session = std::move(session);
    return principal;
}

// What a bound token's proof must be for: our own address is the issuer's, whatever stands before.
Result<verify::Judgement> judge_bound(Services& services, const http::Request& request,
                                      std::string_view secret, const verify::TokenView& view,
                                      verify::Requirement& wanted) {
    const auto checked = check_request_proof(
        services, request, {secret, view, services.issuer() + std::string(request.target)});
    if (checked.could_not_tell) {
        return Error{ErrorCode::kUnavailable, "the proof could not be checked right now"};
    }
    wanted.proof = checked.proof;
    const auto judged = verify::judge(view, wanted, services.authority.clock().now());
    if (judged.verdict == verify::Verdict::kActive || checked.error.empty()) return judged;
    return Error{ErrorCode::kUnauthenticated, std::string(verify::verdict_reason(judged.verdict))}
        .with_reason(checked.error);
}

Result<Principal> token_principal(Services& services, ReactorState& state,
                                  const http::Request& request, const Presented& presented) {
    const std::string_view secret = presented.text;
    const Address address = client_address(services, request);
    if (!could_be_presented(state, secret)) {
        return invalid_token(verify::verdict_reason(verify::Verdict::kMalformed));
    }
    if (!services.authority.is_current()) {
        return Error{ErrorCode::kUnavailable, "verification is not current"};
    }
    const Timestamp now = services.authority.clock().now();
    const verify::ReadGuard guard(*state.reader);
    RecognisedToken found;
    const auto recognition = recognise(services, state, {secret, address, std::nullopt}, found);
    if (recognition == Recognition::kNotNow) {
        return Error{ErrorCode::kUnavailable, "too many wrong tokens came from this address"};
    }
    if (recognition != Recognition::kFound) {
        return invalid_token(verify::verdict_reason(verdict_of(recognition)));
    }
    const verify::TokenView& view = found.view;
    verify::Requirement wanted;
    wanted.api_slug = view.api_slug;
    wanted.address = address;
    wanted.proof = presented.is_dpop ? verify::Proof::kInvalid : verify::Proof::kAbsent;
    auto judged = verify::judge(view, wanted, now);
    if (presented.is_dpop && judged.verdict == verify::Verdict::kProofInvalid) {
        judged = TRY(judge_bound(services, request, secret, view, wanted));
    }
    const auto used = count_use(services, view, judged.verdict);
    state.usage.record({.token = view.token,
                        .generation = view.generation,
                        .now = now,
                        .address = address,
                        .agent = request.find("User-Agent").value_or(""),
                        .verdict = used.verdict,
                        .is_being_replaced = view.secret_ends_at.has_value()});
    if (used.verdict == verify::Verdict::kRateLimited) {
        Error limited{ErrorCode::kRateLimited, std::string(verify::verdict_reason(used.verdict))};
        limited.retry_after_seconds = used.rate.reset;
        return limited;
    }
    if (used.verdict != verify::Verdict::kActive) {
        return invalid_token(verify::verdict_reason(used.verdict));
    }
    Principal principal;
    principal.ends_at = end_of(view);
    principal.rate = used.rate;
    principal.token_facts = found.facts;
    if (view.claimed != nullptr) principal.claimed = found.claimed;
    principal.token = view.token;
    principal.token_api = view.api_slug;
    principal.generation = view.generation;
    principal.owner_is_machine = view.owner_is_machine;
    principal.verifies.assign(view.verifies.begin(), view.verifies.end());
    principal.actor.user = view.owner;
    principal.actor.token = view.token;
    principal.actor.secret = view.secret;
    principal.actor.rate = view.rate;
    // A secret that is being replaced hands on nothing that outlives it, and makes no successor.
    principal.actor.expires_at = principal.ends_at;
    principal.actor.allowed_ips.assign(view.allowed_ips.begin(), view.allowed_ips.end());
    if (view.access != nullptr) {
        principal.access = *view.access;
        principal.verifies.clear();
        return principal;
    }
    state.scopes.clear();
    verify::effective_scopes(view, state.scopes);
    if (const auto scopes = ScopeSet::parse(state.scopes)) principal.scopes = scopes->items();
    // A token of a provider's API has no power here.
    if (view.api_slug == authority::kManagementApi) principal.actor.permissions = principal.scopes;
    return principal;
}

}  // namespace

std::optional<std::string_view> cookie_value(const http::Request& request, std::string_view name) {
    std::optional<std::string_view> found;
    for (const auto& field : request.fields) {
        if (!http::equal_without_case(field.name, "Cookie")) continue;
        std::string_view rest = field.value;
        while (!rest.empty()) {
            const auto end = rest.find(';');
            const std::string_view item = trimmed(rest.substr(0, end));
            rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
            const auto equals = item.find('=');
            if (equals == std::string_view::npos || item.substr(0, equals) != name) continue;
            if (found) return std::nullopt;  // two of one name: somebody plants cookies
            found = item.substr(equals + 1);
        }
    }
    return found;
}

Result<Presented> presented_credential(const http::Request& request, std::string& decoded) {
    const auto field = request.find("Authorization");
    if (!field || field->empty()) return missing_credential();
    const auto space = field->find(' ');
    const std::string_view scheme = field->substr(0, space);
    const std::string_view rest =
        space == std::string_view::npos ? std::string_view() : trimmed(field->substr(space));
    if (http::equal_without_case(scheme, "Bearer")) {
        if (!is_b64token(rest)) return invalid_token("the Authorization field holds no token");
        return Presented{rest};
    }
    if (http::equal_without_case(scheme, "Basic")) {
        // git, docker and npm send the token as the password; the user name means nothing.
        const auto plain = base64_decode(rest);
        const auto colon = plain ? plain->find(':') : std::string::npos;
        if (colon == std::string::npos) {
            return invalid_token("the Authorization field holds no token");
        }
        decoded = plain->substr(colon + 1);
        // RFC 6749 §2.3.1: OAuth's clients encode it as a form does. No token holds a percent sign.
        if (decoded.find('%') != std::string::npos) {
            decoded = percent_decode(decoded).value_or("");
        }
        if (!is_b64token(decoded)) return invalid_token("the Authorization field holds no token");
        return Presented{decoded};
    }
    if (http::equal_without_case(scheme, "DPoP")) {
        if (!is_b64token(rest)) return invalid_token("the Authorization field holds no token");
        return Presented{rest, true};
    }
    return invalid_token("the Authorization scheme must be Bearer, DPoP or Basic");
}

bool is_trusted_proxy(const Services& services, const Address& peer) {
    const auto& trusted = services.trusted_proxies;
    return std::any_of(trusted.begin(), trusted.end(),
                       [&](const AddressRange& range) { return is_in(range, peer); });
}

Address client_address(const Services& services, const http::Request& request) {
    if (!is_trusted_proxy(services, request.peer)) return request.peer;
    // A proxy adds itself at the end, in the same line or in one of its own: what a client sent
    // stands before that. An address that cannot be read is «not known», never the proxy's own.
    if (const auto hops = last_value(request, "X-Forwarded-For")) {
        const auto comma = hops->find_last_of(',');
        const auto last = parse_address(
            trimmed(comma == std::string_view::npos ? *hops : hops->substr(comma + 1)));
        return last.value_or(Address{});
    }
    if (const auto real = last_value(request, "X-Real-IP")) {
        if (request.count("X-Real-IP") > 1) return Address{};
        return parse_address(trimmed(*real)).value_or(Address{});
    }
    return request.peer;
}

Result<Principal> authenticate(Services& services, std::size_t reactor,
                               const http::Request& request, CookieRule cookies) {
    if (!request.find("Authorization") && cookies == CookieRule::kAccepted) {
        const auto cookie = cookie_value(request, services.cookie_name());
        if (!cookie) return missing_credential();
        auto principal = TRY(session_principal(services, *services.reactors[reactor], *cookie));
        principal.came_by_cookie = true;
        principal.csrf = csrf_of(*cookie);
        return principal;
    }
    std::string decoded;
    auto presented = presented_credential(request, decoded);
    if (!presented) {
        const bool is_nothing = presented.error().reason == "no_credential";
        if (is_nothing && cookies == CookieRule::kRefused) return missing_token();
        return std::move(presented).error();
    }
    return authenticate_credential(services, reactor, request, *presented);
}

Result<Principal> authenticate_credential(Services& services, std::size_t reactor,
                                          const http::Request& request,
                                          const Presented& presented) {
    ReactorState& state = *services.reactors[reactor];
    if (presented.text.starts_with("lks_") && !presented.is_dpop) {
        return session_principal(services, state, presented.text);
    }
    return token_principal(services, state, request, presented);
}

std::string csrf_of(std::string_view session_secret) {
    // One-way: a page that shows it gives nothing of the session away.
    return base64url_encode(as_text(sha256("latchkey csrf ", session_secret)));
}

Status check_csrf(const Principal& principal, const http::Request& request) {
    if (!principal.came_by_cookie) return {};
    const bool is_safe = request.method == http::Method::kGet ||
                         request.method == http::Method::kHead ||
                         request.method == http::Method::kOptions;
    if (is_safe) return {};
    const Error refused =
        Error{ErrorCode::kPermissionDenied, "this request did not come from our own pages"}
            .with_reason("csrf");
    const auto site = request.find("Sec-Fetch-Site");
    if (site && *site != "same-origin" && *site != "none") return refused;
    const auto origin = request.find("Origin");
    if (origin) {
        const auto scheme_end = origin->find("://");
        if (scheme_end == std::string_view::npos ||
            origin->substr(scheme_end + 3) != request.host) {
            return refused;
        }
    }
    const auto sent = request.find("X-CSRF-Token");
    if (!sent || !equal_in_constant_time(*sent, principal.csrf)) return refused;
    return {};
}

}  // namespace latchkey::api
