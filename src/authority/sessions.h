// Sessions: what a person has after logging in, in the portal (a cookie) or the CLI (a stored
// secret). A session is no token: it is in no token list and no event. Kept in memory for every
// request and in the database for the next start. Thread-safe.
#pragma once

#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "store/store.h"
#include "store/tables.h"

namespace latchkey::authority {

inline constexpr std::string_view kSessionPrefix = "lks";
inline constexpr Microseconds kCliSessionLife = std::chrono::hours(24 * 30);
inline constexpr Microseconds kPortalSessionLife = std::chrono::hours(12);
inline constexpr Microseconds kRenewedSessionLife = std::chrono::seconds(10);

class Sessions {
public:
    Status load(store::Store& store, Timestamp now);

    // Sliding: a session in use lives on. Nothing for an unknown or ended one.
    std::optional<store::SessionRecord> use(const Digest& digest, Timestamp now);

    // The same without using it: what only looks on keeps no session alive.
    [[nodiscard]] std::optional<store::SessionRecord> find(const Digest& digest,
                                                           Timestamp now) const;

    // After the row is durable.
    void add(const store::SessionRecord& session);
    // Under another digest. The old one serves a moment longer, for requests that are on their way.
    void renew(const Digest& old, const store::SessionRecord& session, Timestamp now);
    void remove(const SessionId& id);
    void remove_all_of(const UserId& user);
    void remove_others_of(const UserId& user, const SessionId& kept);
    [[nodiscard]] std::vector<store::SessionRecord> of_user(const UserId& user,
                                                            Timestamp now) const;

    // Those used since the last call, for the periodic write.
    std::vector<store::SessionRecord> take_touched();

private:
    struct Entry {
        store::SessionRecord record;
        bool is_touched{false};
        bool is_old{false};  // renewed: it ends soon, and is in no list
    };
    struct DigestHash {
        std::size_t operator()(const Digest& digest) const noexcept;
    };

    mutable std::mutex mutex_;
    std::unordered_map<Digest, Entry, DigestHash> entries_;
};

Microseconds session_life(store::SessionKind kind);

}  // namespace latchkey::authority
