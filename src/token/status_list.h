// Token Status List (draft-ietf-oauth-status-list): one small number per token, 1, 2, 4 or 8 bits
// wide, packed from the least significant bit of each byte on, compressed with zlib and carried in
// a signed token of typ "statuslist+jwt". Pure. Not thread-safe while written to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"

namespace latchkey {

inline constexpr std::string_view kStatusListTyp = "statuslist+jwt";
inline constexpr unsigned kStatusBits = 2;  // ours
// Ours; 0..2 are the draft's VALID, INVALID and SUSPENDED, 3 is application specific.
enum class TokenStatus : std::uint8_t { kValid = 0, kRevoked = 1, kSuspended = 2, kAsk = 3 };

class StatusList {
public:
    // `bits` is 1, 2, 4 or 8 (a CHECK); every entry is 0. `size` is rounded up to whole bytes.
    StatusList(unsigned bits, std::size_t size);
    // Entries that are packed already, in this format's own bit order.
    static StatusList from_bytes(unsigned bits, std::string_view packed);

    [[nodiscard]] unsigned bits() const { return bits_; }
    [[nodiscard]] std::size_t size() const { return bytes_.size() * (8 / bits_); }
    [[nodiscard]] std::optional<std::uint8_t> get(std::size_t index) const;  // nothing: outside
    void set(std::size_t index, std::uint8_t value);  // outside or too wide is a CHECK
    void grow(std::size_t size);                      // new entries are 0; never shrinks

    [[nodiscard]] std::string compress() const;  // base64url of zlib at its best level
    // `bytes_max` bounds the unpacked list, so that a small text cannot fill the memory.
    // Reason "bad_status_list".
    static Result<StatusList> decompress(std::string_view text, unsigned bits,
                                         std::size_t bytes_max);

private:
    unsigned bits_;
    std::vector<std::uint8_t> bytes_;
};

struct StatusListInfo {
    std::string issuer;  // empty: left out
    std::string uri;     // the list's own, as `sub`
    Timestamp issued_at;
    std::optional<Timestamp> expires_at;
    std::int64_t ttl_seconds{0};  // 0: left out
};
json::object status_list_claims(const StatusListInfo& info, const StatusList& list);

struct ParsedStatusList {
    StatusListInfo info;
    StatusList list;
};
// The claims of a verified status list token. Comparing `uri` and the times is the caller's.
Result<ParsedStatusList> parse_status_list_claims(const json::object& claims,
                                                  std::size_t bytes_max);

}  // namespace latchkey
