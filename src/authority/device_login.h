// Logging in on a device without a browser (RFC 8628): the device shows a short code, a person
// types it elsewhere, where he is logged in, sees what asks and from where, gives his password once
// more, and the device gets a command line's session. Codes live in the store; how often a device
// asks is remembered in memory alone.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "authority/authority.h"
#include "authority/login.h"
#include "base/address.h"
#include "base/secret.h"

namespace latchkey::authority {

// The one client of our own: the command line. A dialect has another.
inline constexpr std::string_view kDeviceClient = "latchkey-cli";
inline constexpr Microseconds kDeviceCodeLife = std::chrono::minutes(15);
inline constexpr std::int64_t kDevicePollSeconds = 5;

// "WDJB-MJHT": 34 bits without vowels and look-alikes, kept without the dash.
std::string show_user_code(std::string_view code);
// As people type it: in small letters, without the dash, with spaces. Nothing: no such form.
std::optional<std::string> read_user_code(std::string_view text);

// Who asks too often asks five seconds slower from then on (RFC 8628 §3.5). Thread-safe; holds what
// polled within a code's life, of codes that exist.
class DevicePolls {
public:
    // False: too early.
    bool admit(const Digest& code, Microseconds steady);
    void forget(const Digest& code);

private:
    struct Poll {
        Microseconds at{};
        Microseconds interval{};
    };
    struct DigestHash {
        std::size_t operator()(const Digest& digest) const noexcept;
    };
    std::mutex mutex_;
    std::unordered_map<Digest, Poll, DigestHash> polls_;
    Microseconds swept_at_{};
};

// What bounds strangers: how many logins an address may begin, how often somebody may guess a code.
struct DeviceGate {
    FailureBudget starts{{20, 1.0 / 15}};
    FailureBudget guesses{{10, 1.0 / 30}};
    DevicePolls polls;
};

struct DeviceStart {
    Secret device_code;
    std::string user_code;  // as people see it
};
// kUnavailable when too many wait, slow_down when too many of his network do.
Status insert_waiting_login(store::Transaction& tx, const store::DeviceCodeRecord& code);

// Errors of insert_waiting_login. `login` says from where; it has no name and no password. Where
// the browser goes after the decision is fixed with the client, and never what a request says.
Result<DeviceStart> start_device_login(Authority& authority, const Login& login,
                                       std::string_view client = kDeviceClient,
                                       std::string_view return_url = {});

// One that waits; kNotFound with reason "unknown_device_code", also when it is too old or decided.
Result<store::DeviceCodeRecord> find_device_login(Authority& authority, std::string_view user_code);

struct DeviceDecision {
    std::string user_code;  // as kept
    UserId user;
    std::optional<SessionId> session;  // in which he decides
    bool is_approved{false};
    Login login;  // his password and code once more, to approve; the name is filled in here
};
// Where the browser goes with the answer (web_login.h), or nowhere: empty. Errors: bad_credentials,
// rate limits, or as find_device_login.
Result<std::string> decide_device_login(Authority& authority, DeviceDecision decision);

// What the device polls; another client's code is an unknown one. Reasons invalid_grant,
// expired_token, authorization_pending, slow_down, access_denied.
Result<LoggedIn> finish_device_login(Authority& authority, DevicePolls& polls,
                                     std::string_view device_code, Login login,
                                     std::string_view client = kDeviceClient);

}  // namespace latchkey::authority
