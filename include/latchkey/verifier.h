// Verification of Latchkey's tokens in the process of an API: signature by the key set, revocation
// by the status list and, if it is brought, by the event stream. What was not confirmed within the
// bound is "not_current": neither yes nor no. The answers are those of spec/vectors/verifier.
//
// Nothing here opens a connection: `fetch` brings documents, hear() takes what the event stream
// says. Thread-safe; one question is answered at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace latchkey {

struct FetchAnswer {
    int status{0};  // of HTTP; 0: the server was not reached
    std::string body;
};

// A GET of `url`, or a POST of the JSON text in `posted` when there is one; then with the
// verifier's own token as credential. Every address begins with the issuer. Redirects are not to be
// followed, and it is for the caller to bound time and size (2 MiB are enough).
using Fetch = std::function<FetchAnswer(const std::string& url, const std::string* posted)>;

// Microseconds: since 1970, or since some moment that never jumps.
using Microclock = std::function<std::int64_t()>;

struct VerifierOptions {
    std::string issuer;    // without a slash at its end
    std::string audience;  // of the API
    Fetch fetch;
    bool may_ask{false};  // whether `fetch` has a credential for POST /v1/tokens/verify
    std::int64_t max_staleness_seconds{30};
    std::int64_t clock_tolerance_seconds{5};  // for tokens of the future; an end has none
    std::int64_t key_set_max_age_seconds{300};
    std::int64_t answer_seconds{2};   // that the authority's answers are kept without a stream
    std::size_t tokens_kept{10'000};  // whose signatures need not be checked again
    Microclock wall_clock;            // empty: the system's
    Microclock steady_clock;
};

struct TokenQuestion {
    std::string token;
    std::vector<std::string> scopes;     // all of them, at most 16
    std::optional<std::string> project;  // rights in a project are asked for
    std::optional<std::string> resource;
    std::optional<std::string> ip;  // the client's, for tokens that are bound to addresses
};

struct TokenVerdict {
    std::string verdict;  // "active", why not, or "not_current"
    std::string why;      // of not_current: what failed, for a log
    std::optional<std::string> token_id;
    std::optional<std::string> owner;
    std::optional<std::string> kind;  // "jwt", "opaque", "key"
    std::optional<std::string> project;
    std::vector<std::string> scopes;
    std::vector<std::string> missing_scopes;
    std::optional<std::int64_t> expires_at;  // seconds since 1970

    [[nodiscard]] bool is_valid() const { return verdict == "active"; }
};

class Verifier {
public:
    // Throws std::invalid_argument when the issuer, the audience or `fetch` is missing.
    explicit Verifier(VerifierOptions options);
    Verifier(Verifier&&) noexcept;
    Verifier& operator=(Verifier&&) noexcept;
    Verifier(const Verifier&) = delete;
    Verifier& operator=(const Verifier&) = delete;
    ~Verifier();

    // Never throws for a token, whatever it is.
    [[nodiscard]] TokenVerdict verify(const TokenQuestion& question);

    // A frame of GET /v1/events/stream: its `event` and its `data`. False: what it says cannot be,
    // hang up and call stream_ended().
    bool hear(std::string_view event, std::string_view data);
    // The next frame is the first of a new connection, which was opened with Last-Event-ID:
    // last_event_id(), or from the head when that is empty.
    void stream_ended();
    [[nodiscard]] std::string last_event_id() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace latchkey
