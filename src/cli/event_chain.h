// Checking the event log without trusting the server: hash = SHA-256(previous hash ‖ body), the
// first previous hash is 32 zero bytes, revisions have no gaps, and a signed checkpoint agrees with
// the hash at its revision. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "cli/key_set.h"
#include "crypto/digest.h"

namespace latchkey::cli {

class EventChain {
public:
    // One event as /v1/events gives it. An error names the revision at which the chain breaks.
    Status add(const json::object& event);
    // The object of /v1/events/checkpoint. Its events must have been added before.
    Status check_checkpoint(const json::object& checkpoint, const KeySet& keys) const;

    [[nodiscard]] std::uint64_t count() const { return hashes_.size(); }
    [[nodiscard]] std::uint64_t epoch() const { return epoch_; }
    [[nodiscard]] std::string head() const;  // base64url

private:
    std::vector<Digest> hashes_;  // of revision 1, 2, …
    std::uint64_t epoch_{0};
};

}  // namespace latchkey::cli
