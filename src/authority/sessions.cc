#include "authority/sessions.h"

#include <algorithm>
#include <cstring>

namespace latchkey::authority {

std::size_t Sessions::DigestHash::operator()(const Digest& digest) const noexcept {
    std::size_t head = 0;  // of a SHA-256: already as random as a hash can be
    std::memcpy(&head, digest.data(), sizeof head);
    return head;
}

Microseconds session_life(store::SessionKind kind) {
    return kind == store::SessionKind::kCli ? kCliSessionLife : kPortalSessionLife;
}

Status Sessions::load(store::Store& store, Timestamp now) {
    return store.read([&](store::Connection& db) -> Status {
        std::optional<UserId> after;
        while (true) {
            const auto users = TRY(store::list_users(db, after, 200));
            for (const auto& user : users) {
                for (const auto& session : TRY(store::list_sessions(db, user.id))) {
                    if (session.expires_at > now) add(session);
                }
                after = user.id;
            }
            if (users.size() < 200) return {};
        }
    });
}

std::optional<store::SessionRecord> Sessions::use(const Digest& digest, Timestamp now) {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(digest);
    if (found == entries_.end()) return std::nullopt;
    Entry& entry = found->second;
    if (entry.record.expires_at <= now) {
        entries_.erase(found);
        return std::nullopt;
    }
    // Once a minute is exact enough, and keeps the periodic write small.
    if (!entry.is_old && now - entry.record.last_seen_at > std::chrono::minutes(1)) {
        entry.record.last_seen_at = now;
        entry.record.expires_at = now + session_life(entry.record.kind);
        entry.is_touched = true;
    }
    return entry.record;
}

std::optional<store::SessionRecord> Sessions::find(const Digest& digest, Timestamp now) const {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(digest);
    if (found == entries_.end() || found->second.record.expires_at <= now) return std::nullopt;
    return found->second.record;
}

void Sessions::add(const store::SessionRecord& session) {
    const std::lock_guard lock(mutex_);
    entries_[session.digest] = Entry{session};
}

void Sessions::renew(const Digest& old, const store::SessionRecord& session, Timestamp now) {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(old);
    if (found == entries_.end()) return;  // ended meanwhile
    found->second.is_old = true;
    found->second.is_touched = false;
    found->second.record.expires_at = now + kRenewedSessionLife;
    entries_[session.digest] = Entry{session};
}

void Sessions::remove(const SessionId& id) {
    const std::lock_guard lock(mutex_);
    std::erase_if(entries_, [&](const auto& item) { return item.second.record.id == id; });
}

void Sessions::remove_all_of(const UserId& user) {
    const std::lock_guard lock(mutex_);
    std::erase_if(entries_, [&](const auto& item) { return item.second.record.user == user; });
}

void Sessions::remove_others_of(const UserId& user, const SessionId& kept) {
    const std::lock_guard lock(mutex_);
    std::erase_if(entries_, [&](const auto& item) {
        const auto& session = item.second.record;
        return session.user == user && session.id != kept;
    });
}

std::vector<store::SessionRecord> Sessions::of_user(const UserId& user, Timestamp now) const {
    const std::lock_guard lock(mutex_);
    std::vector<store::SessionRecord> found;
    for (const auto& [digest, entry] : entries_) {
        if (!entry.is_old && entry.record.user == user && entry.record.expires_at > now) {
            found.push_back(entry.record);
        }
    }
    // Oldest first: ids sort by time.
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    return found;
}

std::vector<store::SessionRecord> Sessions::take_touched() {
    const std::lock_guard lock(mutex_);
    std::vector<store::SessionRecord> touched;
    for (auto& [digest, entry] : entries_) {
        if (std::exchange(entry.is_touched, false)) touched.push_back(entry.record);
    }
    return touched;
}

}  // namespace latchkey::authority
