#include "cli/event_chain.h"

#include <fmt/format.h>

#include "base/encoding.h"
#include "cli/client/fields.h"
#include "cli/errors.h"

namespace latchkey::cli {
namespace {

constexpr JsonLimits kEventLimits{std::size_t{16} * 1024 * 1024, 32, 100'000};
constexpr std::string_view kCheckpointTyp = "latchkey-checkpoint+jwt";

Error broken(std::uint64_t revision, std::string_view why) {
    return failure(fmt::format("the chain is broken at revision {}: {}", revision, why))
        .with_reason("broken_chain");
}

// What an event shows beside its body must be what the body says, or a server could show one thing
// and have signed another.
Status check_shown(const json::object& event, std::uint64_t revision) {
    const auto body = parse_json(text_of(event, "body"), kEventLimits);
    if (!body || !body->is_object()) return broken(revision, "its body is no JSON object");
    for (const auto& member : body->get_object()) {
        const json::value* shown = event.if_contains(member.key());
        if (shown != nullptr && *shown != member.value()) {
            return broken(revision, fmt::format("\"{}\" differs from what was hashed",
                                                std::string_view(member.key())));
        }
    }
    return {};
}

}  // namespace

Status EventChain::add(const json::object& event) {
    const std::uint64_t expected = hashes_.size() + 1;
    const auto revision = number_of(event, "revision");
    const auto epoch = number_of(event, "epoch");
    if (!revision || !epoch) return broken(expected, "it is no event");
    if (*revision != expected) {
        return broken(expected, fmt::format("revision {} stands in its place", *revision));
    }
    if (*epoch < epoch_) return broken(expected, "its epoch is older than the one before");
    const Digest previous = hashes_.empty() ? Digest{} : hashes_.back();
    const Digest hash = sha256(as_text(previous), text_of(event, "body"));
    if (base64url_encode(as_text(hash)) != text_of(event, "hash")) {
        return broken(expected, "its hash does not follow from its body and the hash before");
    }
    TRY(check_shown(event, expected));
    hashes_.push_back(hash);
    epoch_ = *epoch;
    return {};
}

Status EventChain::check_checkpoint(const json::object& checkpoint, const KeySet& keys) const {
    const auto claims =
        keys.verify(text_of(checkpoint, "checkpoint"), TypPolicy::exactly(kCheckpointTyp));
    if (!claims) {
        return failure("the checkpoint's signature is not good: " + claims.error().message)
            .with_reason("bad_checkpoint");
    }
    const auto revision = number_of(*claims, "revision");
    if (!revision) return failure("the checkpoint names no revision").with_reason("bad_checkpoint");
    if (*revision > hashes_.size()) {
        return broken(hashes_.size() + 1,
                      fmt::format("the log ends here, but revision {} was signed", *revision));
    }
    if (*revision == 0) return {};  // signed before anything had happened
    const Digest& hash = hashes_[static_cast<std::size_t>(*revision - 1)];
    if (base64url_encode(as_text(hash)) != text_of(*claims, "hash")) {
        return broken(*revision, "the signed checkpoint has another hash");
    }
    return {};
}

std::string EventChain::head() const {
    const Digest hash = hashes_.empty() ? Digest{} : hashes_.back();
    return base64url_encode(as_text(hash));
}

}  // namespace latchkey::cli
