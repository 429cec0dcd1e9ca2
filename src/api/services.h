// What the API's handlers work with, made once by the server. Per-reactor state is only ever
// touched by its reactor's thread (counters may be read from elsewhere).
#pragma once

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "api/access_token_cache.h"
#include "api/event_streams.h"
#include "api/workers.h"
#include "authority/authority.h"
#include "authority/device_login.h"
#include "authority/proof_memory.h"
#include "authority/setup.h"
#include "http/server.h"
#include "verify/judge.h"
#include "verify/rate_limits.h"
#include "verify/replica.h"
#include "verify/usage.h"

namespace latchkey::api {

inline constexpr std::size_t kVerdicts =
    static_cast<std::size_t>(verify::Verdict::kInsufficientScope) + 1;

struct alignas(64) ReactorState {
    std::unique_ptr<verify::Replica::Reader> reader;
    verify::UsageRecorder usage;
    std::string head;     // scratch for flat answers
    std::string scopes;   // scratch for effective scopes
    std::string decoded;  // scratch for percent-decoded path elements
    AccessTokenCache access_tokens;
    std::array<std::atomic<std::uint64_t>, kVerdicts> checks{};
    std::atomic<std::uint64_t> checks_refused{0};     // no or several credentials, bad requirement
    std::atomic<std::uint64_t> checks_unanswered{0};  // 503: could not tell
};

// Uses that were taken from a recorder and are not written yet. The mutex is held from taking to
// having written: who waits for it finds all that was taken before.
struct WaitingUsage {
    std::timed_mutex mutex;
    std::vector<verify::Usage> rows;
    std::size_t written{0};  // of them
};

struct AddressRange {
    Address address{};
    int bits{128};
};

// A signed status list, kept until one of its bits changes or it is half its life old.
struct KeptStatusList {
    std::uint64_t version{0};
    Timestamp made_at;
    std::string kid;
    std::string token;
};

struct Services {
    Services(authority::Authority& parts, authority::SetupCode& setup_code, Workers& worker_pool,
             Workers& password_pool)
        : authority(parts),
          setup(setup_code),
          workers(worker_pool),
          passwords(password_pool),
          streams(parts) {}

    authority::Authority& authority;
    authority::SetupCode& setup;
    Workers& workers;    // reads and waiting
    Workers& passwords;  // argon2id, one thread
    EventStreams streams;
    verify::RateLimits rate_limits;
    bool has_secure_cookies{false};  // behind TLS: __Host-latchkey
    bool is_insecure_http{false};    // by --insecure-http; the portal warns
    std::vector<AddressRange> trusted_proxies;
    authority::DeviceGate device_gate;
    authority::ProofNonces proof_nonces;
    authority::ProofReplays proof_replays;
    std::vector<std::unique_ptr<ReactorState>> reactors;
    // Of key tokens that were exchanged: no reactor's thread is there when that is done.
    std::mutex exchange_usage_mutex;
    verify::UsageRecorder exchange_usage;
    WaitingUsage usage_waiting;
    // Readers on worker threads share one.
    std::mutex worker_reader_mutex;
    std::unique_ptr<verify::Replica::Reader> worker_reader;
    std::mutex status_lists_mutex;
    std::map<std::uint64_t, KeptStatusList> status_lists;
    std::array<std::atomic<std::uint64_t>, 6> answers{};  // by status class, of the API
    // Counted by the server that the listeners of the API share.
    std::shared_ptr<http::ServerFigures> connections = std::make_shared<http::ServerFigures>();
    std::atomic<std::uint64_t> logins_failed{0};
    std::atomic<std::uint64_t> logins_ok{0};

    [[nodiscard]] const std::string& issuer() const { return authority.settings().issuer; }
    [[nodiscard]] std::string cookie_name() const {
        return has_secure_cookies ? "__Host-latchkey" : "latchkey_session";
    }
};

}  // namespace latchkey::api
