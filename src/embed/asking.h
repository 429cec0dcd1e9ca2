// Asking the authority, and how long its answers may be used: a short while, until the stream says
// something about the token, and never past the bound.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/result.h"
#include "embed/documents.h"
#include "embed/stream_facts.h"
#include "latchkey/verifier.h"

namespace latchkey::embed {

class Asking {
public:
    // All three outlive it.
    Asking(const VerifierOptions& options, const Heard& heard, const StreamFacts& facts)
        : options_(options), heard_(heard), facts_(facts) {}

    // Reason "not_current" when there is no verdict. An answer of a lower revision is none.
    Result<TokenVerdict> ask(const TokenQuestion& question, std::uint64_t revision);
    [[nodiscard]] bool can_ask() const { return options_.may_ask; }

private:
    struct Answer {
        TokenVerdict verdict;
        Position position;
        std::int64_t at{0};  // steady microseconds
        std::uint64_t session{0};
    };

    Result<Answer> post(const TokenQuestion& question);
    [[nodiscard]] bool counts(const Answer& kept, std::int64_t life, std::uint64_t revision) const;
    [[nodiscard]] bool is_new_enough(const Answer& answer, std::uint64_t revision) const;
    [[nodiscard]] bool has_ended(const TokenVerdict& verdict) const;

    const VerifierOptions& options_;
    const Heard& heard_;
    const StreamFacts& facts_;
    std::map<std::string, Answer> kept_;  // by the digest of the question
    std::int64_t paused_until_{0};        // steady microseconds
};

}  // namespace latchkey::embed
