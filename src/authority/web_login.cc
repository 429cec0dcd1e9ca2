#include "authority/web_login.h"

#include <algorithm>
#include <array>

#include "authority/device_login.h"
#include "base/encoding.h"
#include "base/log.h"
#include "crypto/random.h"
#include "token/opaque.h"

namespace latchkey::authority {
namespace {

constexpr std::string_view kCodePrefix = "lkc";
constexpr std::size_t kNameLength = 32;
constexpr std::size_t kStateLengthMax = 200;
constexpr std::size_t kHostLengthMax = 64;
constexpr std::size_t kDigestTextLength = 43;
constexpr std::size_t kVerifierLengthMax = 128;

using store::DeviceCodeState;

Error bad_request(std::string why) {
    return invalid(std::move(why), "invalid_request");
}

Error bad_grant(std::string why) {
    return invalid(std::move(why), "invalid_grant");
}

bool is_alphanumeric(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

// RFC 7636 §4.1, and what base64url gives.
bool is_unreserved(char c) {
    return is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

bool is_port(std::string_view text) {
    if (text.empty() || text.size() > 5 || text.front() == '0') return false;
    int port = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return false;
        port = port * 10 + (c - '0');
    }
    return port <= 65535;
}

Status check(const WebLoginRequest& request) {
    if (!is_loopback_callback(request.redirect_uri)) {
        return bad_request(
            "redirect_uri must be http://127.0.0.1:<port>/callback or http://[::1]:<port>/callback,"
            " exactly.");
    }
    const bool is_state = !request.state.empty() && request.state.size() <= kStateLengthMax &&
                          std::all_of(request.state.begin(), request.state.end(),
                                      [](char c) { return c >= ' ' && c <= '~'; });
    if (!is_state) return bad_request("state must be 1 to 200 characters of ASCII.");
    const bool is_digest = request.code_challenge.size() == kDigestTextLength &&
                           base64url_decode(request.code_challenge).has_value();
    if (!is_digest) {
        return bad_request("code_challenge must be a SHA-256 in base64url, 43 characters.");
    }
    if (utf8_length(request.host) > kHostLengthMax) {
        return bad_request("device_name may have 64 characters.");
    }
    return {};
}

bool fits(const store::DeviceCodeRecord& login, std::string_view verifier) {
    const bool is_verifier = verifier.size() >= kDigestTextLength &&
                             verifier.size() <= kVerifierLengthMax &&
                             std::all_of(verifier.begin(), verifier.end(), is_unreserved);
    if (!is_verifier) return false;
    const auto challenge = base64url_decode(login.code_challenge).value_or("");
    const Digest digest = sha256(verifier);
    return equal_in_constant_time(challenge, as_text(digest));
}

// Why a code that was given out is not good for who shows it; empty: it is.
std::string objection(const store::DeviceCodeRecord& login, const WebLoginProof& proof,
                      Timestamp now) {
    if (login.state == DeviceCodeState::kUsed) return "The code was used before.";
    if (login.state != DeviceCodeState::kApproved) return "The login has ended: begin anew.";
    if (login.expires_at <= now) return "The code has expired: begin anew.";
    if (login.return_url != proof.redirect_uri)
        return "redirect_uri is not the one that it began with.";
    if (!fits(login, proof.verifier)) return "code_verifier does not fit the code_challenge.";
    return {};
}

// It is in other hands, so that nobody may go on with it, nor with what it gave.
Status void_code(Authority& authority, const Digest& digest) {
    std::optional<SessionId> given;
    TRY(authority.store().mutate(
        [&](store::Transaction& tx) -> Status {
            auto login = TRY(store::find_device_code(tx.connection(), digest));
            if (!login) return {};
            if (login->state == DeviceCodeState::kUsed) given = login->session;
            login->state = DeviceCodeState::kDenied;
            return store::update_device_code(tx.connection(), *login);
        },
        true));
    if (!given) return {};
    log::warning("the code of a login was shown twice: its session ends");
    return close_session(authority, *given);
}

// What the approval stood on: the session in which it was given goes on.
Status check_session(store::Connection& db, const store::DeviceCodeRecord& login) {
    const auto sessions = TRY(store::list_sessions(db, *login.user));
    const bool goes_on = std::any_of(
        sessions.begin(), sessions.end(),
        [&](const store::SessionRecord& session) { return session.id == login.session; });
    if (goes_on) return {};
    return bad_grant("The login has ended: begin anew.");
}

struct Found {
    std::optional<store::DeviceCodeRecord> login;
    std::optional<store::UserRecord> user;
};

Result<Found> find(Authority& authority, const Digest& digest) {
    return authority.store().query<Found>([&](store::Connection& db) -> Result<Found> {
        Found rows;
        rows.login = TRY(store::find_device_code(db, digest));
        if (rows.login && rows.login->user) {
            rows.user = TRY(store::find_user(db, *rows.login->user));
        }
        return rows;
    });
}

}  // namespace

bool is_loopback_callback(std::string_view uri) {
    static constexpr std::array<std::string_view, 2> kHosts = {"http://127.0.0.1:",
                                                               "http://[::1]:"};
    static constexpr std::string_view kPath = "/callback";
    return std::any_of(kHosts.begin(), kHosts.end(), [&](std::string_view host) {
        if (!uri.starts_with(host) || !uri.ends_with(kPath)) return false;
        if (uri.size() < host.size() + kPath.size()) return false;
        return is_port(uri.substr(host.size(), uri.size() - host.size() - kPath.size()));
    });
}

std::optional<std::string> read_web_login(std::string_view name) {
    const bool is_name =
        name.size() == kNameLength && std::all_of(name.begin(), name.end(), is_alphanumeric);
    if (!is_name) return std::nullopt;
    // The database alone leads to no page that could be decided about.
    return base64url_encode(as_text(sha256(name)));
}

bool is_web_login(const store::DeviceCodeRecord& login) {
    return !login.code_challenge.empty();
}

Result<std::string> start_web_login(Authority& authority, const Login& login,
                                    const WebLoginRequest& request) {
    TRY(check(request));
    const std::string name = random_string_base62(kNameLength);
    store::DeviceCodeRecord code;
    // No code yet: nothing has this digest.
    code.digest = sha256(random_string(sizeof(Digest)));
    code.user_code = read_web_login(name).value();
    code.client = kDeviceClient;
    code.return_url = request.redirect_uri;
    code.client_state = request.state;
    code.code_challenge = request.code_challenge;
    code.host = request.host;
    code.address = login.address_text;
    code.agent = printable_agent(login.agent);
    code.created_at = authority.clock().now();
    code.expires_at = code.created_at + kWebLoginLife;
    TRY(authority.store().mutate(
        [&](store::Transaction& tx) { return insert_waiting_login(tx, code); }));
    return name;
}

std::string answer_web_login(store::DeviceCodeRecord& login, std::string_view issuer,
                             Timestamp now) {
    std::string answer = "error=access_denied";
    if (login.state == DeviceCodeState::kApproved) {
        const Secret code = make_opaque(kCodePrefix);
        login.digest = sha256(code.expose());
        login.expires_at = now + kWebCodeLife;
        answer = "code=" + std::string(code.expose());
    }
    return login.return_url + "?" + answer + "&state=" + percent_encode(login.client_state) +
           "&iss=" + percent_encode(issuer);
}

Result<LoggedIn> finish_web_login(Authority& authority, const WebLoginProof& proof, Login login) {
    if (!has_valid_checksum(proof.code)) return bad_grant("This code is not known.");
    const Digest digest = sha256(proof.code);
    const auto found = TRY(find(authority, digest));
    if (!found.login || !is_web_login(*found.login)) return bad_grant("This code is not known.");
    const auto refuse = [&](std::string why) -> Error {
        const Status voided = void_code(authority, digest);
        return voided ? bad_grant(std::move(why)) : voided.error();
    };
    auto why = objection(*found.login, proof, authority.clock().now());
    if (!why.empty()) return refuse(std::move(why));
    if (!found.user) return refuse("The login has ended: begin anew.");
    login.kind = store::SessionKind::kCli;
    const auto use = [&](store::Transaction& tx, const store::SessionRecord& session) -> Status {
        // Again: somebody may have used it, or ended what allowed it, at the same moment.
        auto code = TRY(store::find_device_code(tx.connection(), digest));
        if (!code) return bad_grant("This code is not known.");
        auto late = objection(*code, proof, tx.now());
        if (!late.empty()) return bad_grant(std::move(late));
        TRY(check_session(tx.connection(), *code));
        code->state = DeviceCodeState::kUsed;
        code->session = session.id;
        return store::update_device_code(tx.connection(), *code);
    };
    auto made = open_session(authority, *found.user, login, use);
    if (made) return made;
    if (made.error().code == ErrorCode::kUnauthenticated) {
        return refuse("The login has ended: begin anew.");
    }
    if (made.error().reason == "invalid_grant") return refuse(made.error().message);
    return made;
}

}  // namespace latchkey::authority
