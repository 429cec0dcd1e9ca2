// The replica: all live facts in memory, the only thing a verification reads. One thread applies
// events in revision order; any number of registered readers look up without a lock, a query or
// an allocation. At most 150 bytes per live token.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/id.h"
#include "crypto/digest.h"
#include "token/policy.h"
#include "verify/address_block.h"
#include "verify/facts.h"
#include "verify/import_sources.h"

namespace latchkey::verify {

// A token's place in one project.
struct GrantView {
    ProjectId project;
    const Policy* policy{nullptr};            // of the token; none: no right
    std::span<const std::string> everywhere;  // its allowed_everywhere
    const Policy* owner_policy{nullptr};      // of its owner there; none: no limit
    std::span<const std::string> owner_everywhere;
    bool owner_is_limited{false};                  // his membership has a custom role …
    std::span<const std::string> member_patterns;  // … which allows this at the token's API
};

// What an access token says beyond the token it was got with.
struct AccessLimits {
    std::optional<ProjectId> project;
    std::optional<std::vector<std::string>> scopes;  // a ceiling, when scopes were asked for
    Timestamp expires_at;
    Timestamp issued_at{};
    std::vector<AccessId> ids{};         // its own, and those that it was derived from
    std::optional<Digest> holder_key{};  // RFC 7638, when it is bound to a key (RFC 9449)
};

// The facts behind one presented secret, valid while the ReadGuard that found it lives.
struct TokenView {
    TokenId token;
    SecretId secret;
    UserId owner;
    TokenKind kind{TokenKind::kOpaque};
    TokenState state{TokenState::kActive};
    bool secret_is_revoked{false};
    bool owner_is_disabled{false};
    bool owner_is_machine{false};
    bool key_is_compromised{false};
    std::optional<Timestamp> expires_at;      // of the token
    std::optional<Timestamp> secret_ends_at;  // a rotated secret's last moment
    std::optional<Timestamp> not_before;
    std::uint32_t generation{1};  // of the secret
    RateLimit rate;
    ApiId api;
    std::string_view api_slug;
    std::string_view audience;
    bool api_is_default{false};
    bool has_scopes{true};                        // false: it declared none
    std::span<const std::string> scopes;          // its own, sorted
    std::string_view scopes_text;                 // the same, space-separated
    std::span<const std::string> owner_patterns;  // what its owner's roles allow at this API
    bool owner_allows_everything{false};          // they hold a lone "*"
    std::span<const ApiId> verifies;              // the owner's, for token:verify
    std::span<const std::string> allowed_ips;
    std::span<const AddressBlock> allowed_blocks;  // the same, if they could all be read
    std::optional<GrantView> grant;                // after find_grant, in that project
    const AccessLimits* access{nullptr};           // set by who verified an access token
    // Of a jwt that is being replaced, the scopes that it names itself: its token may have been
    // given more since, which is for the new one.
    const std::vector<std::string>* claimed{nullptr};
    bool access_is_revoked{false};  // it, or one that it was derived from
};

struct ReplicaPosition {
    std::uint64_t epoch{0};
    std::uint64_t revision{0};
};

class Replica {
public:
    class Reader;  // one per thread that reads

    Replica();
    ~Replica();
    Replica(const Replica&) = delete;
    Replica& operator=(const Replica&) = delete;

    // --- the applying side: one thread at a time -------------------------------------------------
    void reserve(std::size_t tokens);
    // While starting, before any reader; snapshot facts in any order. About 0.3 µs a fact; the two
    // narrow forms spare a variant a row. A fact that contradicts another is a CHECK.
    void load(const Fact& fact);
    void load(const TokenFact& fact);
    void load(const SecretFact& fact);
    void finish_loading(ReplicaPosition position);
    // The event's canonical body, {"data":{"facts":[…]},…}. The revision must be the last plus one,
    // in the same epoch or a later one; anything else, an unreadable body and facts that contradict
    // what is known are kInternal and nothing changes: the replica must be loaded anew. When this
    // returns, a reader that enters sees the change. A change of an owner, role, API or key scans
    // all tokens once for the status lists (about 50 ms a million).
    Status apply(ReplicaPosition position, std::string_view body);
    // All there are: they hold keys, which are in no event.
    void set_import_sources(ImportSources sources);

    // --- the reading side ------------------------------------------------------------------------
    std::unique_ptr<Reader> make_reader();
    [[nodiscard]] ReplicaPosition position() const;
    [[nodiscard]] std::size_t token_count() const;  // all but revoked ones
    [[nodiscard]] std::size_t revoked_access_count() const;
    [[nodiscard]] std::size_t memory_bytes() const;  // of the tables, for metrics and the bench

    struct State;

private:
    std::unique_ptr<State> state_;
};

// Entered for a short, bounded time; what it returned is valid until leave. Not thread-safe: one
// per thread. Entering blocks neither the applying side nor other readers; it may be nested. It
// must not outlive its replica.
class Replica::Reader {
public:
    Reader(State& state, std::size_t slot);
    ~Reader();
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    void enter();
    void leave();
    // Between enter and leave only. A token whose owner or API is not known is not found.
    [[nodiscard]] bool find(const Digest& digest, TokenView& view) const;
    // A secret of another system, found by the digest that `facts` then is.
    enum class Imported : std::uint8_t { kForeign, kUnknown, kFound };  // kForeign: of no source
    [[nodiscard]] Imported find_imported(std::string_view secret, Digest& facts,
                                         TokenView& view) const;
    // Whether some source's tokens begin like this.
    [[nodiscard]] bool has_imported_form(std::string_view secret) const;
    // With its newest secret, if it has any.
    [[nodiscard]] bool find_by_token(const TokenId& token, TokenView& view) const;
    // Fills view.grant; false, and none there, when the project is deleted or unknown or the token
    // was not added to it.
    bool find_grant(const ProjectId& project, TokenView& view) const;
    // The projects that a token was added to and that are not deleted; up to `most`.
    [[nodiscard]] std::vector<ProjectId> projects_of(const TokenId& token, std::size_t most) const;
    // Whether one of these access tokens was revoked.
    [[nodiscard]] bool is_access_revoked(std::span<const AccessId> ids) const;
    // What a user may do at an API now, for sessions and for token creation; false: no such user,
    // or disabled. The API is named by slug, empty for the default; an unknown one allows nothing.
    [[nodiscard]] bool find_user_patterns(const UserId& user, std::string_view api_slug,
                                          std::vector<std::string>& patterns) const;
    [[nodiscard]] std::optional<ApiFact> find_api(std::string_view slug_or_empty_for_default) const;
    // A copy of one status list: two bits an entry, LSB first, 2^20 entries; empty: no such list.
    // 1: revoked, or its key compromised; 2: suspended, or its owner disabled; 3, ask: the claims
    // may say more than is true now (must_ask, a scope that the owner lost) or less than is
    // demanded (addresses, a rate, a start, a rotated secret's end, which no claim carries). Else
    // 0, also when expired.
    [[nodiscard]] std::string status_list(std::uint64_t list) const;
    // Grows on change. Read it before the list, so that a list which changes meanwhile reads as
    // old.
    [[nodiscard]] std::uint64_t status_list_version(std::uint64_t list) const;

private:
    State& state_;
    std::size_t slot_;
    unsigned depth_{0};
};

class ReadGuard {
public:
    explicit ReadGuard(Replica::Reader& reader) : reader_(reader) { reader_.enter(); }
    ~ReadGuard() { reader_.leave(); }
    ReadGuard(const ReadGuard&) = delete;
    ReadGuard& operator=(const ReadGuard&) = delete;

private:
    Replica::Reader& reader_;
};

}  // namespace latchkey::verify
