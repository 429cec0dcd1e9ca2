#include "authority/device_login.h"

#include <algorithm>
#include <cstring>

#include "authority/web_login.h"
#include "crypto/random.h"
#include "token/opaque.h"

namespace latchkey::authority {
namespace {

// RFC 8628 §6.1: no vowels, so that no code is a word.
constexpr std::string_view kLetters = "BCDFGHJKLMNPQRSTVWXZ";
constexpr std::size_t kCodeLength = 8;
constexpr std::uint64_t kWaitingMax = 10'000;
// From so many on nobody has more than his share, so that one network leaves room for the others.
constexpr std::uint64_t kSharedFrom = 1'000;
constexpr std::ptrdiff_t kShareOfNetwork = 100;
constexpr std::string_view kDevicePrefix = "lkd";

using store::DeviceCodeState;

Error unknown_code() {
    return Error{ErrorCode::kNotFound, "no login waits under this code"}
        .with_reason("unknown_device_code")
        .with_hint("a login waits for minutes and is decided once: begin it anew");
}

Error poll_error(std::string_view reason, std::string why) {
    return invalid(std::move(why), reason);
}

std::string new_user_code() {
    std::string code;
    for (std::size_t i = 0; i < kCodeLength; ++i) {
        code.push_back(kLetters[random_below(kLetters.size())]);
    }
    return code;
}

// An IPv4 address, or the /64 that an IPv6 user has whole.
Address network_of(std::string_view text) {
    Address network = parse_address(text).value_or(Address{});
    const auto half = network.begin() + 8;
    const bool is_v4 = std::all_of(network.begin(), half, [](auto byte) { return byte == 0; });
    if (!is_v4) std::fill(half, network.end(), std::uint8_t{0});
    return network;
}

Status check_share(store::Connection& db, std::string_view address) {
    const auto others = TRY(store::device_code_addresses(db));
    const Address network = network_of(address);
    const auto waiting = std::count_if(others.begin(), others.end(), [&](const auto& other) {
        return network_of(other) == network;
    });
    if (waiting < kShareOfNetwork) return {};
    Error error{ErrorCode::kRateLimited, "Too many logins from this network wait already."};
    error.retry_after_seconds = 60;
    return std::move(error).with_reason("slow_down");
}

}  // namespace

Status insert_waiting_login(store::Transaction& tx, const store::DeviceCodeRecord& code) {
    auto& db = tx.connection();
    TRY(store::delete_expired_device_codes(db, tx.now()));
    const auto waiting = TRY(store::count_device_codes(db));
    if (waiting >= kWaitingMax) {
        return Error{ErrorCode::kUnavailable, "too many logins wait already; try again later"};
    }
    if (waiting >= kSharedFrom) TRY(check_share(db, code.address));
    return store::insert_device_code(db, code);
}

namespace {

// One that can still be decided.
Result<store::DeviceCodeRecord> waiting(store::Connection& db, std::string_view user_code,
                                        Timestamp now) {
    auto code = TRY(store::find_device_code_by_user_code(db, user_code));
    const bool waits = code && code->state == DeviceCodeState::kPending && code->expires_at > now;
    if (!waits) return unknown_code();
    return std::move(*code);
}

}  // namespace

std::string show_user_code(std::string_view code) {
    if (code.size() != kCodeLength) return std::string(code);
    return std::string(code.substr(0, 4)) + "-" + std::string(code.substr(4));
}

std::optional<std::string> read_user_code(std::string_view text) {
    std::string code;
    for (const char c : text) {
        if (c == '-' || c == ' ') continue;
        const char upper = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
        if (kLetters.find(upper) == std::string_view::npos) return std::nullopt;
        code.push_back(upper);
        if (code.size() > kCodeLength) return std::nullopt;
    }
    if (code.size() != kCodeLength) return std::nullopt;
    return code;
}

std::size_t DevicePolls::DigestHash::operator()(const Digest& digest) const noexcept {
    std::size_t head = 0;
    std::memcpy(&head, digest.data(), sizeof head);
    return head;
}

bool DevicePolls::admit(const Digest& code, Microseconds steady) {
    // A little less than it was told, for the network's and the clock's sake.
    constexpr Microseconds kTolerance = std::chrono::milliseconds(500);
    const std::lock_guard lock(mutex_);
    if (steady - swept_at_ > kDeviceCodeLife) {
        std::erase_if(polls_,
                      [&](const auto& item) { return steady - item.second.at > kDeviceCodeLife; });
        swept_at_ = steady;
    }
    const auto [found, is_first] = polls_.try_emplace(code);
    Poll& poll = found->second;
    if (is_first) poll.interval = std::chrono::seconds(kDevicePollSeconds);
    const bool is_early = !is_first && steady - poll.at < poll.interval - kTolerance;
    if (is_early) poll.interval += std::chrono::seconds(kDevicePollSeconds);
    poll.at = steady;
    return !is_early;
}

void DevicePolls::forget(const Digest& code) {
    const std::lock_guard lock(mutex_);
    polls_.erase(code);
}

Result<DeviceStart> start_device_login(Authority& authority, const Login& login,
                                       std::string_view client, std::string_view return_url) {
    DeviceStart start;
    start.device_code = make_opaque(kDevicePrefix);
    store::DeviceCodeRecord code;
    code.digest = sha256(start.device_code.expose());
    code.user_code = new_user_code();
    code.client = client;
    code.return_url = return_url;
    code.address = login.address_text;
    code.agent = printable_agent(login.agent);
    code.created_at = authority.clock().now();
    code.expires_at = code.created_at + kDeviceCodeLife;
    TRY(authority.store().mutate(
        [&](store::Transaction& tx) { return insert_waiting_login(tx, code); }));
    start.user_code = show_user_code(code.user_code);
    return start;
}

Result<store::DeviceCodeRecord> find_device_login(Authority& authority,
                                                  std::string_view user_code) {
    return authority.store().query<store::DeviceCodeRecord>(
        [&](store::Connection& db) { return waiting(db, user_code, authority.clock().now()); });
}

namespace {

// As he was when he gave it: what stopped him, or gave him another password, ended his sessions.
Status check_still_proven(store::Connection& db, const store::UserRecord& proven) {
    if (is_as_proven(proven, TRY(store::find_user(db, proven.id)))) return {};
    return Error{ErrorCode::kUnauthenticated, "the session has ended; log in again"};
}

}  // namespace

Result<std::string> decide_device_login(Authority& authority, DeviceDecision decision) {
    TRY(find_device_login(authority, decision.user_code));
    // Asked again though he is logged in: whoever sits down at a session that was left open must
    // not give himself one of his own (RFC 8628 §5.4 tells of worse).
    std::optional<store::UserRecord> proven;
    if (decision.is_approved) {
        proven = TRY(prove_once_more(authority, decision.user, decision.login));
    }
    std::string next;
    TRY(authority.store().mutate([&](store::Transaction& tx) -> Status {
        if (proven) TRY(check_still_proven(tx.connection(), *proven));
        auto code = TRY(waiting(tx.connection(), decision.user_code, tx.now()));
        code.state = decision.is_approved ? DeviceCodeState::kApproved : DeviceCodeState::kDenied;
        code.user = decision.user;
        if (is_web_login(code)) {
            code.session = decision.session;
            next = answer_web_login(code, authority.settings().issuer, tx.now());
        }
        return store::update_device_code(tx.connection(), code);
    }));
    return next;
}

Result<LoggedIn> finish_device_login(Authority& authority, DevicePolls& polls,
                                     std::string_view device_code, Login login,
                                     std::string_view client) {
    const Error unknown = poll_error("invalid_grant", "This device code is not known.");
    if (!has_valid_checksum(device_code)) return unknown;
    const Digest digest = sha256(device_code);
    struct Found {
        std::optional<store::DeviceCodeRecord> code;
        std::optional<store::UserRecord> user;
    };
    const auto found =
        TRY(authority.store().query<Found>([&](store::Connection& db) -> Result<Found> {
            Found rows;
            rows.code = TRY(store::find_device_code(db, digest));
            if (rows.code && rows.code->user)
                rows.user = TRY(store::find_user(db, *rows.code->user));
            return rows;
        }));
    // Nor one that a browser carries: it serves with its verifier alone (web_login.h).
    const bool is_his = found.code && found.code->client == client && !is_web_login(*found.code);
    if (!is_his) return unknown;
    if (found.code->expires_at <= authority.clock().now()) {
        return poll_error("expired_token", "The code has expired: begin anew.");
    }
    if (!polls.admit(digest, authority.clock().steady())) {
        return poll_error("slow_down", "Ask less often.");
    }
    if (found.code->state == DeviceCodeState::kPending) {
        return poll_error("authorization_pending", "Nobody has decided yet.");
    }
    const Error denied = poll_error("access_denied", "The login was refused.");
    if (found.code->state != DeviceCodeState::kApproved || !found.user) return denied;
    login.kind = store::SessionKind::kCli;
    const auto use = [&](store::Transaction& tx, const store::SessionRecord&) -> Status {
        // Once, whoever asks at the same moment, and not when all of his sessions just ended.
        const auto code = TRY(store::find_device_code(tx.connection(), digest));
        if (!code || code->state != DeviceCodeState::kApproved) return unknown;
        return store::delete_device_code(tx.connection(), digest);
    };
    auto made = open_session(authority, *found.user, login, use);
    polls.forget(digest);
    if (!made && made.error().code == ErrorCode::kUnauthenticated) return denied;
    return made;
}

}  // namespace latchkey::authority
