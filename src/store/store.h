// The store: one writer thread that commits waiting mutations as a group (a savepoint each, one
// fsync), and read-only readers beside it. Every mutation appends exactly one event under the next
// revision, in the same transaction. No one else writes or checkpoints: with two writing
// connections Debian's SQLite can lose commits (the WAL-reset bug).
#pragma once

#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "store/records.h"
#include "store/sql.h"

namespace latchkey::store {

struct EventDraft {
    std::string type;
    std::string actor;
    std::optional<UserId> owner;
    std::optional<TokenId> token;
    json::object data;  // no fractions; canonicalised and hashed by the store
};

// What a mutation works with, on the writer thread, inside its own savepoint.
class Transaction {
public:
    virtual ~Transaction() = default;
    [[nodiscard]] virtual Connection& connection() = 0;
    // The moment of this mutation, in whole milliseconds, never before the last event's.
    [[nodiscard]] virtual Timestamp now() const = 0;
    [[nodiscard]] virtual FeedHead head() const = 0;
    // Exactly once in a mutation that changes facts; sessions, usage, replay marks and
    // idempotency rows are no events and append none. Returns the event's revision.
    virtual Result<std::uint64_t> append_event(EventDraft draft) = 0;
};

struct Mutation {
    // On the writer thread; an error or an exception rolls this mutation back and nothing else. May
    // run a second time after a full disk rolled the group back, so it must not use up what it
    // captured.
    std::function<Status(Transaction&)> work;
    // Exactly once, on the writer thread, after the commit is durable and on_committed has run
    // (or with the error; a refusal because too many wait, or because the store is closed, comes on
    // the submitting thread). Must be quick and must not throw.
    std::function<void(Status)> done;
    // Revoke, suspend, disable, delete: may use the space set aside for a full disk.
    bool is_urgent{false};
};

struct StoreOptions {
    std::string data_directory;
    const Clock* clock{nullptr};
    // On the writer thread, after each durable commit, before anyone is told: in revision order.
    std::function<void(std::span<const Event>)> on_committed;
    std::size_t readers{2};
    std::size_t reserve_bytes{16U << 20};  // of the reserve file; 0: none
    bool is_read_only{false};
};

class Store {
public:
    // Locks the data directory, opens or creates the database, migrates it. Errors that name the
    // fix: locked by another process (kConflict), corrupt, from a newer version, not ours
    // (kPrecondition), no space (kOutOfSpace).
    static Result<std::unique_ptr<Store>> open(StoreOptions options);
    virtual ~Store() = default;

    // Any thread. At most 4,096 wait; the next is refused with kUnavailable. Reason
    // "outcome_unknown" says that the disk failed at the commit: the change may or may not be
    // there.
    virtual void submit(Mutation mutation) = 0;
    // Runs `work` on a read-only connection in one read transaction; blocks while all are busy.
    // Never on a reactor thread.
    virtual Status read(const std::function<Status(Connection&)>& work) = 0;

    // Submit and wait. Never on a reactor or the writer thread.
    Status mutate(std::function<Status(Transaction&)> work, bool is_urgent = false);
    template <typename T>
    Result<T> query(const std::function<Result<T>(Connection&)>& work) {
        std::optional<T> found;
        TRY(read([&](Connection& connection) -> Status {
            found = TRY(work(connection));
            return {};
        }));
        return std::move(*found);
    }

    // A consistent copy while writes go on (SQLite's backup API from a read-only connection),
    // fsynced and renamed into place. `path` must not exist.
    virtual Status backup_to(const std::string& path) = 0;
    // check_integrity below, on a connection of its own: it takes minutes where there is much, and
    // whoever reads, the writer at a commit among them, is not to wait for it.
    virtual Result<std::string> check_integrity() = 0;
    // One backup and one check run at a time; the next is refused with kConflict. They are ended
    // with kUnavailable when a failed disk can only be mended without them, and by this: what runs
    // ends soon, none begins, and nobody waits here (close() does).
    virtual void end_long_reads() = 0;
    // Finishes what waits, checkpoints, closes. Called by the destructor too.
    virtual void close() = 0;
    // Waiting mutations, for metrics and admission; any thread.
    [[nodiscard]] virtual std::size_t waiting() const = 0;
    [[nodiscard]] virtual bool is_out_of_space() const = 0;  // until a commit works again
};

// Every page and every row: PRAGMA integrity_check, foreign keys, and the event chain from the
// first revision to the head. Returns what was checked ("12 events, 3 tokens"); an error names the
// first thing that is wrong.
Result<std::string> check_integrity(Connection& connection);

}  // namespace latchkey::store
