#include "authority/restore.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "authority/facts_of_records.h"
#include "authority/key_encryption_key.h"
#include "authority/key_ring.h"
#include "base/log.h"
#include "crypto/random.h"
#include "crypto/seal.h"

namespace latchkey::authority {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kDatabase = "/latchkey.db";
constexpr std::string_view kKekCheck = "latchkey key-encryption key check";
constexpr std::string_view kReason = "changed since the backup that was restored";

// What the database that is replaced knows about the time after the backup.
struct LaterFacts {
    bool is_known{false};
    // An earlier restore did not know what it threw away, and neither do we.
    bool has_gap{false};
    std::uint64_t epoch{0};
    std::set<TokenId> revoked;
    std::set<TokenId> changed;
    std::map<UserId, store::UserRecord> users;  // as they are now
    std::set<std::string> compromised_keys;
};

Status no_file(const std::string& what, const std::error_code& why) {
    return Error{ErrorCode::kPrecondition, what + ": " + why.message()};
}

store::StoreOptions options_for(const RestoreInput& input, bool is_read_only) {
    store::StoreOptions options;
    options.data_directory = input.data_directory;
    options.clock = input.clock;
    options.is_read_only = is_read_only;
    return options;
}

// An earlier restore of the same backup is one event for all that it stopped. Without it a second
// restore would revive what the first one still knew to be revoked.
Status collect_earlier_restore(const store::Event& event, LaterFacts& later,
                               std::set<UserId>& users) {
    const JsonLimits limits{.bytes_max = 1U << 28, .depth_max = 64, .members_max = 1U << 26};
    const auto body = TRY(parse_json(event.body, limits));
    const auto* data = body.is_object() ? body.get_object().if_contains("data") : nullptr;
    if (data == nullptr || !data->is_object()) {
        return Error{ErrorCode::kPrecondition, "the event of an earlier restore is damaged"};
    }
    const auto* suspended = data->get_object().if_contains("suspendedAll");
    const bool is_whole =
        suspended != nullptr && suspended->is_int64() && suspended->get_int64() == 0;
    later.has_gap = later.has_gap || !is_whole;
    for (const auto& fact : TRY(verify::facts_of(data->get_object()))) {
        if (const auto* token = std::get_if<verify::TokenFact>(&fact)) {
            later.changed.insert(token->id);
        } else if (const auto* user = std::get_if<verify::UserFact>(&fact)) {
            users.insert(user->id);
        }
    }
    return {};
}

Status collect(store::Connection& db, std::uint64_t after, LaterFacts& later) {
    store::EventQuery query;
    query.after = after;
    query.limit = 200;
    std::set<UserId> users;
    while (true) {
        const auto events = TRY(store::list_events(db, query));
        for (const auto& event : events) {
            if (event.token) later.changed.insert(*event.token);
            if (event.owner && event.type.starts_with("user.")) users.insert(*event.owner);
            if (event.type == "epoch.began") TRY(collect_earlier_restore(event, later, users));
            query.after = event.revision;
        }
        if (events.size() < query.limit) break;
    }
    for (const auto& id : later.changed) {
        const auto token = TRY(store::find_token(db, id.bytes));
        if (token && (token->deleted_at || token->state == store::TokenState::kRevoked)) {
            later.revoked.insert(id);
        }
    }
    for (const auto& id : users) {
        if (auto user = TRY(store::find_user(db, id))) later.users.emplace(id, std::move(*user));
    }
    for (const auto& key : TRY(store::list_signing_keys(db))) {
        if (key.is_compromised) later.compromised_keys.insert(key.kid);
    }
    return {};
}

struct BackupFacts {
    std::string installation;
    store::FeedHead head;
};

Result<BackupFacts> read_facts(store::Store& store) {
    BackupFacts facts;
    TRY(store.read([&](store::Connection& db) -> Status {
        facts.installation = TRY(store::find_setting(db, "installation_id")).value_or("");
        facts.head = TRY(store::read_head(db));
        return {};
    }));
    return facts;
}

// Revisions count anew after a restore, so that only a common past makes them comparable.
Result<bool> continues(store::Connection& db, const BackupFacts& backup) {
    const auto head = TRY(store::read_head(db));
    const auto installation = TRY(store::find_setting(db, "installation_id"));
    if (installation != backup.installation || head.revision < backup.head.revision ||
        backup.head.revision == 0) {
        return false;
    }
    store::EventQuery query;
    query.after = backup.head.revision - 1;
    query.limit = 1;
    const auto last_common = TRY(store::list_events(db, query));
    return !last_common.empty() && last_common.front().hash == backup.head.hash;
}

// Opens the replaced database for reading. One that cannot be read, or is another installation's,
// tells nothing.
Result<LaterFacts> read_later(const RestoreInput& input, const BackupFacts& backup) {
    LaterFacts later;
    auto store = store::Store::open(options_for(input, true));
    // A running server's database must not be moved away from under it.
    if (!store && store.error().code == ErrorCode::kConflict) return std::move(store).error();
    if (!store) return later;
    const auto done = (*store)->read([&](store::Connection& db) -> Status {
        // The new epoch is above this one's even when nothing else here is of use.
        later.epoch = TRY(store::read_head(db)).epoch;
        const bool is_continuation = TRY(continues(db, backup));
        if (!is_continuation) return {};
        TRY(collect(db, backup.head.revision, later));
        later.is_known = true;
        return {};
    });
    if (done) return later;
    LaterFacts nothing;
    nothing.epoch = later.epoch;
    return nothing;
}

// Same directory, so that the rename is atomic; fsynced, so that it is there after a power cut.
Status copy_into_place(const RestoreInput& input, std::string& kept) {
    const std::string target = input.data_directory + std::string(kDatabase);
    const std::string fresh = target + ".restoring";
    std::error_code failed;
    fs::copy_file(input.backup_file, fresh, fs::copy_options::overwrite_existing, failed);
    if (failed) return no_file("cannot copy the backup", failed);
    fs::permissions(fresh, fs::perms::owner_read | fs::perms::owner_write, failed);
    const int file = ::open(fresh.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0 || ::fsync(file) != 0) {
        return Error{ErrorCode::kUnavailable, "cannot write " + fresh};
    }
    ::close(file);
    if (fs::exists(target)) {
        kept = target + ".before-restore";
        for (int i = 2; fs::exists(kept); ++i) {
            kept = target + ".before-restore-" + std::to_string(i);
        }
        fs::rename(target, kept, failed);
        if (failed) return no_file("cannot keep the old database", failed);
    }
    for (const char* suffix : {"-wal", "-shm"}) {
        // Belongs to the database that was there: it must never be played into the new one. The
        // part not yet checkpointed goes with the kept file.
        const std::string side = target + suffix;
        if (!fs::exists(side)) continue;
        if (kept.empty()) {
            fs::remove(side, failed);
        } else {
            fs::rename(side, kept + suffix, failed);
        }
        if (failed) return no_file("cannot put aside " + side, failed);
    }
    fs::rename(fresh, target, failed);
    if (failed) return no_file("cannot put the backup in place", failed);
    return {};
}

template <typename Item>
bool has(const std::vector<Item>& items, const Item& wanted) {
    return std::find(items.begin(), items.end(), wanted) != items.end();
}

Status mark_tokens(store::Transaction& tx, const LaterFacts& later, json::array& facts) {
    auto& db = tx.connection();
    for (const auto& id : later.changed) {
        auto token = TRY(store::find_token(db, id.bytes));
        if (!token || token->state == store::TokenState::kRevoked) continue;
        const bool is_revoked = later.revoked.contains(id);
        token->state = is_revoked ? store::TokenState::kRevoked : store::TokenState::kSuspended;
        if (is_revoked) token->revoked_at = tx.now();
        token->reason = kReason;
        token->updated_at = tx.now();
        TRY(store::update_token(db, *token));
        facts.push_back(verify::to_json(fact_of(*token)));
    }
    for (const auto& [id, now] : later.users) {
        auto user = TRY(store::find_user(db, id));
        if (!user) continue;
        // What was taken from a user since stays taken; what was given since is not known here.
        if (now.state == store::UserState::kDisabled) user->state = now.state;
        std::erase_if(user->roles, [&](const RoleId& role) { return !has(now.roles, role); });
        std::erase_if(user->verifies, [&](const ApiId& api) { return !has(now.verifies, api); });
        user->updated_at = tx.now();
        TRY(store::update_user(db, *user));
        facts.push_back(verify::to_json(fact_of(*user)));
    }
    return {};
}

// A new epoch signs with new keys. Keys that the key-encryption key opens are not needed for
// that; what was withdrawn in an emergency stays withdrawn.
Status renew_keys(store::Transaction& tx, const KeyRing& ring, const LaterFacts& later,
                  json::array& facts) {
    auto& db = tx.connection();
    for (auto& key : TRY(store::list_signing_keys(db))) {
        if (later.compromised_keys.contains(key.kid) && !key.is_compromised) {
            key.is_compromised = true;
            key.state = store::KeyState::kRetired;
            key.retired_at = tx.now();
        } else if (key.state == store::KeyState::kActive ||
                   key.state == store::KeyState::kPending) {
            key.state = store::KeyState::kVerifyOnly;
        } else {
            continue;
        }
        key.wrapped_private.clear();
        TRY(store::update_signing_key(db, key));
        facts.push_back(verify::to_json(fact_of(key)));
    }
    for (const auto state : {store::KeyState::kActive, store::KeyState::kPending}) {
        const auto key = ring.make_record(state, tx.now());
        TRY(store::insert_signing_key(db, key));
        facts.push_back(verify::to_json(fact_of(key)));
    }
    return store::put_setting(db, "kek_check",
                              base64url_encode(seal(ring.kek(), kKekCheck, kKekCheck)));
}

struct Outcome {
    std::uint64_t suspended_all{0};
    std::uint64_t epoch{0};
    std::uint64_t revision{0};
};

Status begin(store::Transaction& tx, const RestoreInput& input, const KeyRing& ring,
             const LaterFacts& later, Outcome& outcome) {
    auto& db = tx.connection();
    json::array facts;
    outcome.epoch = std::max(later.epoch, tx.head().epoch) + 1;
    TRY(store::begin_epoch(db, outcome.epoch));
    if (later.is_known) TRY(mark_tokens(tx, later, facts));
    if ((!later.is_known || later.has_gap) && !input.nothing_changed_since) {
        outcome.suspended_all = TRY(store::suspend_all_tokens(db, tx.now(), kReason));
    }
    // A session that was ended since must not come back; logging in again costs little.
    TRY(store::delete_expired_sessions(db, kEndOfTime));
    TRY(renew_keys(tx, ring, later, facts));
    store::EventDraft event;
    event.type = "epoch.began";
    event.actor = "system";
    event.data = json::object{{"facts", std::move(facts)},
                              {"suspendedAll", outcome.suspended_all},
                              {"knownSince", later.is_known}};
    outcome.revision = TRY(tx.append_event(std::move(event)));
    return {};
}

std::string report(const RestoreInput& input, const LaterFacts& later, const Outcome& outcome,
                   const std::string& kept) {
    std::string text = fmt::format("Restored {} as epoch {}, revision {}\n", input.backup_file,
                                   outcome.epoch, outcome.revision);
    if (later.is_known) {
        text += fmt::format("Tokens changed since the backup: {} revoked, {} suspended\n",
                            later.revoked.size(), later.changed.size() - later.revoked.size());
    }
    const bool is_complete = later.is_known && !later.has_gap;
    if (!is_complete && input.nothing_changed_since) {
        text += "Nothing changed since the backup, you said: no token was suspended\n";
    } else if (!is_complete) {
        text += fmt::format(
            "What happened since the backup is not known here: {} tokens are suspended.\n"
            "Resume those you know to be good: latchkey token resume ID\n",
            outcome.suspended_all);
    }
    if (!kept.empty()) text += "The database that was here is kept as " + kept + "\n";
    return text;
}

// Reads the backup through a directory of its own, so that nothing in the data directory is
// touched before the file is known to be a good backup.
Result<BackupFacts> inspect_backup(const RestoreInput& input) {
    std::string scratch = input.data_directory + "/restore-XXXXXX";
    if (::mkdtemp(scratch.data()) == nullptr) {
        return Error{ErrorCode::kUnavailable, "cannot write to " + input.data_directory};
    }
    RestoreInput copy = input;
    copy.data_directory = scratch;
    std::error_code ignored;
    const auto inspect = [&]() -> Result<BackupFacts> {
        std::error_code failed;
        fs::copy_file(input.backup_file, scratch + std::string(kDatabase), failed);
        if (failed) return no_file("cannot read " + input.backup_file, failed).error();
        fs::permissions(scratch + std::string(kDatabase),
                        fs::perms::owner_read | fs::perms::owner_write, failed);
        auto store = TRY(store::Store::open(options_for(copy, true)));
        TRY(store->query<std::string>(store::check_integrity));
        return read_facts(*store);
    };
    auto facts = inspect();
    fs::remove_all(scratch, ignored);
    return facts;
}

}  // namespace

Result<std::string> restore_backup(const RestoreInput& input) {
    std::error_code failed;
    fs::create_directories(input.data_directory, failed);
    fs::permissions(input.data_directory, fs::perms::owner_all, failed);
    const auto backup = TRY(inspect_backup(input));
    const bool has_database = fs::exists(input.data_directory + std::string(kDatabase));
    const LaterFacts later = has_database ? TRY(read_later(input, backup)) : LaterFacts{};
    AuthorityOptions kek_options;
    kek_options.data_directory = input.data_directory;
    kek_options.kek_file = input.kek_file;
    const KeyRing ring(TRY(open_key_encryption_key(kek_options, true)));
    std::string kept;
    TRY(copy_into_place(input, kept));
    auto store = TRY(store::Store::open(options_for(input, false)));
    Outcome outcome;
    TRY(store->mutate(
        [&](store::Transaction& tx) { return begin(tx, input, ring, later, outcome); }));
    store->close();
    return report(input, later, outcome, kept);
}

}  // namespace latchkey::authority
