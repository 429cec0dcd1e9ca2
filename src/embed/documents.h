// What is fetched from the issuer: its key set and its status lists, with when each was read and
// where the stream was then. A document may be older than the bound as long as the stream has had
// no gap since.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/keys.h"
#include "embed/stream_session.h"
#include "latchkey/verifier.h"
#include "token/status_list.h"

namespace latchkey::embed {

// How far the stream was heard.
struct Heard {
    std::uint64_t session{0};  // counts the beginnings that are no continuation
    std::optional<Position> position;
    std::optional<std::int64_t> at;  // steady microseconds
    std::int64_t began_seconds{0};   // when the session did
};

struct Read {
    std::optional<std::int64_t> at;  // steady microseconds; none: never, or forgotten
    std::int64_t wall_seconds{0};
    std::uint64_t count{0};
    std::uint64_t session{0};
    std::uint64_t revision{0};

    // Whether it is confirmed within the bound.
    [[nodiscard]] bool is_fresh(const Heard& heard, std::int64_t now, std::int64_t bound) const;
    [[nodiscard]] bool is_after(std::uint64_t wanted, const Heard& heard) const;
};

struct KeySet {
    std::map<std::string, PublicKey, std::less<>> keys;
    std::string document;
    std::uint64_t version{0};  // changes with the document
    Read read;

    [[nodiscard]] const PublicKey* find(std::string_view kid) const;
};

struct HeldList {
    std::optional<ParsedStatusList> parsed;
    Read read;
    std::optional<std::int64_t> failed_at;  // steady microseconds

    [[nodiscard]] std::optional<std::uint8_t> status(std::uint64_t index) const;
    [[nodiscard]] bool has_ended(std::int64_t now_seconds) const;
};

class Documents {
public:
    // Both outlive it.
    Documents(const VerifierOptions& options, const Heard& heard)
        : options_(options), heard_(heard) {}

    // Reads them again. Reason "not_current" when they cannot be; what was held stays.
    Status read_keys();
    Status read_list(const std::string& uri);

    [[nodiscard]] const KeySet& keys() const { return keys_; }
    HeldList& list(const std::string& uri) { return lists_[uri]; }
    void forget();  // when they were read: nothing held from before counts

private:
    Result<std::string> get(const std::string& url) const;
    Result<ParsedStatusList> fetch_list(const std::string& uri);
    Result<ParsedStatusList> parse_list(const std::string& uri, const std::string& document) const;
    [[nodiscard]] Read begin() const;
    [[nodiscard]] bool has_just_failed(const std::optional<std::int64_t>& failed_at) const;
    Status fetch_keys();

    const VerifierOptions& options_;
    const Heard& heard_;
    KeySet keys_;
    std::optional<std::int64_t> keys_failed_at_;
    std::map<std::string, HeldList> lists_;
};

Error not_current(std::string why);

}  // namespace latchkey::embed
