#include "authority/restore.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include <fmt/format.h>

#include "authority/bulk_rules.h"
#include "authority/facts_of_records.h"
#include "authority/key_encryption_key.h"
#include "authority/key_ring.h"
#include "authority/restore_bulk.h"
#include "authority/restore_factors.h"
#include "authority/restore_files.h"
#include "authority/restore_projects.h"
#include "authority/token_terms.h"
#include "base/log.h"
#include "crypto/random.h"
#include "crypto/seal.h"
#include "store/factors.h"
#include "store/hold_directory.h"

namespace latchkey::authority {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kKekCheck = "latchkey key-encryption key check";
constexpr std::string_view kReason = "changed since the backup that was restored";

struct TokenWithSecrets {
    store::TokenRecord token;
    std::vector<store::SecretRecord> secrets;
};

// What the database that is replaced knows about the time after the backup.
struct LaterFacts {
    bool is_known{false};
    // An earlier restore did not know what it threw away, and neither do we.
    bool has_gap{false};
    std::uint64_t epoch{0};
    std::set<TokenId> revoked;
    std::set<TokenId> changed;
    std::map<UserId, store::UserRecord> users;   // as they are now
    std::map<TokenId, TokenWithSecrets> tokens;  // the changed ones, as they are now
    std::set<std::string> compromised_keys;
    PresentProjects projects;
    UsedAssertions assertions;  // known even when nothing else is
    std::vector<KnownFactor> factors;
    std::vector<store::RevokedAccessRecord> revoked_access;
};

store::StoreOptions options_for(const std::string& directory, const Clock* clock,
                                bool is_read_only) {
    store::StoreOptions options;
    options.data_directory = directory;
    options.clock = clock;
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
            const auto settled = TRY(tokens_settled_by(event));
            later.changed.insert(settled.begin(), settled.end());
            if (event.owner && event.type.starts_with("user.")) users.insert(*event.owner);
            if (event.type == "epoch.began") TRY(collect_earlier_restore(event, later, users));
            query.after = event.revision;
        }
        if (events.size() < query.limit) break;
    }
    const auto ruled = TRY(tokens_under_rules(db));
    later.changed.insert(ruled.begin(), ruled.end());
    for (const auto& id : later.changed) {
        auto token = TRY(store::find_token(db, id.bytes));
        if (!token) continue;
        TRY(apply_bulk_rules(db, *token));
        if (token->deleted_at || token->state == store::TokenState::kRevoked) {
            later.revoked.insert(id);
        }
        auto secrets = TRY(store::secrets_of(db, id));
        later.tokens.emplace(id, TokenWithSecrets{std::move(*token), std::move(secrets)});
    }
    for (const auto& id : users) {
        if (auto user = TRY(store::find_user(db, id))) later.users.emplace(id, std::move(*user));
    }
    for (const auto& key : TRY(store::list_signing_keys(db))) {
        if (key.is_compromised) later.compromised_keys.insert(key.kid);
    }
    return read_projects(db, later.projects);
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

// The database that is replaced. While it stands nobody else may use the data directory.
struct Replaced {
    std::unique_ptr<store::Store> store;  // none: there was nothing that could be opened
    std::shared_ptr<void> hold;           // then
    LaterFacts later;
};

Status read_later(store::Connection& db, const BackupFacts& backup, LaterFacts& later) {
    // The new epoch is above this one's even when nothing else here is of use.
    later.epoch = TRY(store::read_head(db)).epoch;
    later.assertions = TRY(read_assertions(db));
    TRY(store::for_each_revoked_access(db,
                                       [&](const store::RevokedAccessRecord& revoked) -> Status {
                                           later.revoked_access.push_back(revoked);
                                           return {};
                                       }));
    later.factors = TRY(read_factors(db));
    const bool is_continuation = TRY(continues(db, backup));
    if (!is_continuation) return {};
    TRY(collect(db, backup.head.revision, later));
    later.is_known = true;
    return {};
}

// A database and its log cannot be put aside in one step. Between the two would stand one without
// the other, and who started a server then would have it without what was revoked last.
Status check_stands_alone(const std::string& database) {
    std::error_code is_missing;
    const auto log_bytes = fs::file_size(database + "-wal", is_missing);
    if (is_missing || log_bytes == 0) return {};
    return Error{ErrorCode::kUnavailable, "the log of " + database + " could not be emptied"}
        .with_reason("storage_error")
        .with_hint(
            "End what else reads that file, look for room on its volume, and restore again.");
}

// Opened for writing, so that closing it leaves a file that stands alone. One that cannot be read,
// or is another installation's, tells nothing.
Result<Replaced> open_replaced(const RestoreInput& input, const BackupFacts& backup) {
    Replaced replaced;
    const std::string database = input.data_directory + "/latchkey.db";
    if (fs::exists(database)) {
        auto opened = store::Store::open(options_for(input.data_directory, input.clock, false));
        // A running server's database must not be moved away from under it, and for want of room
        // nothing that is known there is given up.
        if (!opened && (opened.error().code == ErrorCode::kConflict ||
                        opened.error().code == ErrorCode::kOutOfSpace)) {
            return std::move(opened).error();
        }
        if (opened) replaced.store = std::move(*opened);
    }
    if (!replaced.store) {
        replaced.hold = TRY(store::hold_directory(input.data_directory));
        return replaced;
    }
    const auto done = replaced.store->read(
        [&](store::Connection& db) { return read_later(db, backup, replaced.later); });
    if (!done) {
        LaterFacts nothing;
        nothing.epoch = replaced.later.epoch;
        nothing.assertions = std::move(replaced.later.assertions);
        nothing.revoked_access = std::move(replaced.later.revoked_access);
        nothing.factors = std::move(replaced.later.factors);
        replaced.later = std::move(nothing);
    }
    replaced.store->close();  // the lock stays until the object goes
    TRY(check_stands_alone(database));
    return replaced;
}

template <typename Item>
bool has(const std::vector<Item>& items, const Item& wanted) {
    return std::find(items.begin(), items.end(), wanted) != items.end();
}

// A secret that was revoked, or got an end, since: resuming its token must not bring it back.
Status end_secrets(store::Connection& db, const TokenWithSecrets& now, json::array& facts) {
    for (auto& secret : TRY(store::secrets_of(db, now.token.id))) {
        const auto same = [&](const store::SecretRecord& other) { return other.id == secret.id; };
        const auto found = std::find_if(now.secrets.begin(), now.secrets.end(), same);
        if (found == now.secrets.end()) continue;
        const bool is_alike = found->state == secret.state && found->ends_at == secret.ends_at &&
                              found->must_ask == secret.must_ask;
        if (is_alike || secret.state == store::SecretState::kRevoked) continue;
        secret.state = found->state;
        secret.must_ask = secret.must_ask || found->must_ask;
        if (found->ends_at) {
            secret.ends_at = std::min(*found->ends_at, secret.ends_at.value_or(*found->ends_at));
        }
        TRY(store::update_secret(db, secret));
        facts.push_back(verify::to_json(fact_of(secret)));
    }
    return {};
}

// Secrets that a rotation made since: their holders have them, and off-line a jwt would be good
// for as long as no entry of a status list says otherwise.
Status add_lost_secrets(store::Connection& db, const TokenWithSecrets& now, json::array& facts) {
    const auto kept = TRY(store::secrets_of(db, now.token.id));
    for (auto secret : now.secrets) {
        const auto same = [&](const store::SecretRecord& other) { return other.id == secret.id; };
        if (!secret.public_jwk.empty() || std::any_of(kept.begin(), kept.end(), same)) continue;
        secret.state = store::SecretState::kRevoked;
        TRY(store::insert_secret(db, secret));
        facts.push_back(verify::to_json(fact_of(secret)));
    }
    return {};
}

// What was taken from a token since stays taken; a restore never makes one wider than it was.
void keep_narrower_terms(const store::TokenRecord& now, store::TokenRecord& token) {
    const auto wider = widening(now, token);
    if (wider.of_claims()) {
        token.scopes = now.scopes;
        token.expires_at = now.expires_at;
    }
    if (wider.start) token.not_before = now.not_before;
    if (wider.addresses) token.allowed_ips = now.allowed_ips;
    if (wider.rate) token.rate = now.rate;
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
        const auto now = later.tokens.find(id);
        if (now != later.tokens.end()) keep_narrower_terms(now->second.token, *token);
        TRY(store::update_token(db, *token));
        facts.push_back(verify::to_json(fact_of(*token)));
        if (now == later.tokens.end()) continue;
        TRY(end_secrets(db, now->second, facts));
        TRY(add_lost_secrets(db, now->second, facts));
    }
    for (const auto& [id, now] : later.users) {
        auto user = TRY(store::find_user(db, id));
        if (!user) continue;
        // What was taken from a user since stays taken; what was given since is not known here.
        if (now.state == store::UserState::kDisabled) user->state = now.state;
        std::erase_if(user->roles, [&](const RoleId& role) { return !has(now.roles, role); });
        std::erase_if(user->verifies, [&](const ApiId& api) { return !has(now.verifies, api); });
        // Whoever knows the password of then must not come in with it once more.
        user->password_hash = now.password_hash;
        // He threw the authenticator of then away, or lost it: it would only keep him out.
        if (!now.has_second_factor) TRY(store::delete_factor(db, id));
        user->updated_at = tx.now();
        TRY(store::update_user(db, *user));
        facts.push_back(verify::to_json(fact_of(*user)));
    }
    return {};
}

// Tokens made after the backup come back as revoked ones: who verifies off-line still holds a key
// that says they are good, and only their status entry says otherwise. False: a jwt needs a user
// or an API that the backup does not have.
Result<bool> add_lost_tokens(store::Transaction& tx, const LaterFacts& later, json::array& facts) {
    auto& db = tx.connection();
    bool is_complete = true;
    for (const auto& [id, lost] : later.tokens) {
        if (TRY(store::find_token(db, id.bytes))) continue;
        if (!TRY(store::find_user(db, lost.token.owner)) ||
            !TRY(store::find_api(db, lost.token.api))) {
            // Others are unknown without their row, and that is enough.
            if (lost.token.kind == store::TokenKind::kJwt) is_complete = false;
            continue;
        }
        auto token = lost.token;
        token.state = store::TokenState::kRevoked;
        token.revoked_at = token.revoked_at.value_or(tx.now());
        token.reason = kReason;
        token.updated_at = tx.now();
        TRY(store::insert_token(db, token));
        facts.push_back(verify::to_json(fact_of(token)));
        for (const auto& secret : lost.secrets) {
            TRY(store::insert_secret(db, secret));
            facts.push_back(verify::to_json(fact_of(secret)));
        }
    }
    return is_complete;
}

// A new epoch signs with new keys. Keys that the key-encryption key opens are not needed for
// that; what was withdrawn in an emergency stays withdrawn. When they may have signed tokens that
// nobody here knows, they are published no more: off-line, such a token would be good for ever.
enum class OldKeys { kStayPublished, kAreRetired };
Status renew_keys(store::Transaction& tx, const KeyRing& ring, const LaterFacts& later,
                  OldKeys old_keys, json::array& facts) {
    auto& db = tx.connection();
    for (auto& key : TRY(store::list_signing_keys(db))) {
        if (later.compromised_keys.contains(key.kid) && !key.is_compromised) {
            key.is_compromised = true;
            key.state = store::KeyState::kRetired;
            key.retired_at = tx.now();
        } else if (key.state == store::KeyState::kActive ||
                   key.state == store::KeyState::kPending) {
            const bool is_retired = old_keys == OldKeys::kAreRetired;
            key.state = is_retired ? store::KeyState::kRetired : store::KeyState::kVerifyOnly;
            key.replaced_at = tx.now();
            if (is_retired) key.retired_at = tx.now();
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
    std::size_t rights_taken{0};
    bool keys_retired{false};
    std::uint64_t epoch{0};
    std::uint64_t revision{0};
};

Status begin(store::Transaction& tx, const RestoreInput& input, const KeyRing& ring,
             const LaterFacts& later, Outcome& outcome) {
    auto& db = tx.connection();
    json::array facts;
    outcome.epoch = std::max(later.epoch, tx.head().epoch) + 1;
    TRY(store::begin_epoch(db, outcome.epoch));
    // Of what was used since the backup nothing is known.
    TRY(store::delete_setting(db, store::kUsesKnownSetting));
    if (later.is_known) {
        TRY(mark_tokens(tx, later, facts));
        outcome.rights_taken = TRY(keep_taken(tx, later.projects, facts));
    }
    TRY(keep_assertions(db, later.assertions));
    TRY(keep_revoked_access(db, later.revoked_access, facts));
    TRY(keep_factors(db, ring, later.factors));
    const bool has_all = TRY(add_lost_tokens(tx, later, facts));
    const bool is_unknown = (!later.is_known || later.has_gap) && !input.nothing_changed_since;
    if (is_unknown) {
        outcome.suspended_all = TRY(store::suspend_all_tokens(db, tx.now(), kReason));
    }
    outcome.keys_retired = is_unknown || !has_all;
    // A session that was ended since must not come back; logging in again costs little.
    TRY(store::delete_expired_sessions(db, kEndOfTime));
    TRY(store::delete_expired_device_codes(db, kEndOfTime));  // nor one that was begun before
    TRY(renew_keys(tx, ring, later,
                   outcome.keys_retired ? OldKeys::kAreRetired : OldKeys::kStayPublished, facts));
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
    if (outcome.rights_taken > 0) {
        text += fmt::format(
            "Roles, members and policies of projects taken or changed since the backup: {}\n"
            "What was taken stays taken. Look at them, and set anew what should count\n",
            outcome.rights_taken);
    }
    const bool is_complete = later.is_known && !later.has_gap;
    if (!is_complete && input.nothing_changed_since) {
        text += "Nothing changed since the backup, you said: no token was suspended\n";
    } else if (!is_complete) {
        text += fmt::format(
            "What happened since the backup is not known here: {} tokens are suspended.\n"
            "Resume those you know to be good: latchkey token resume ID\n",
            outcome.suspended_all);
        text += "Members, roles and policies of projects are as the backup has them\n";
    }
    if (outcome.keys_retired) {
        text +=
            "The old signing keys are published no more: verified off-line, jwt tokens from "
            "before are refused; on-line they work once they are resumed\n";
    }
    if (!kept.empty()) text += "The database that was here is kept as " + kept + "\n";
    return text;
}

Result<BackupFacts> inspect(const RestoreScratch& scratch, const Clock* clock) {
    auto opened = store::Store::open(options_for(scratch.directory(), clock, true));
    // A backup that an older Latchkey made: the copy is brought up to date.
    if (!opened && opened.error().reason == "older_schema") {
        opened = store::Store::open(options_for(scratch.directory(), clock, false));
    }
    auto store = TRY(std::move(opened));
    TRY(store->check_integrity());
    auto facts = TRY(read_facts(*store));
    if (!facts.installation.empty()) return facts;
    return Error{ErrorCode::kPrecondition, "the file is a database without an installation"}
        .with_reason("not_latchkey");
}

}  // namespace

Result<std::string> restore_backup(const RestoreInput& input) {
    std::error_code failed;
    // One that was there, perhaps named by mistake, stays as open as it was.
    if (fs::create_directories(input.data_directory, failed)) {
        fs::permissions(input.data_directory, fs::perms::owner_all, failed);
    }
    auto scratch = TRY(RestoreScratch::create(input.data_directory, input.backup_file));
    const auto backup = TRY(inspect(scratch, input.clock));
    const auto replaced = TRY(open_replaced(input, backup));
    AuthorityOptions kek_options;
    kek_options.data_directory = input.data_directory;
    kek_options.kek_file = input.kek_file;
    kek_options.kek = input.kek;
    const KeyRing ring(TRY(open_key_encryption_key(kek_options, true)));
    // The new epoch begins in the copy: only a database that is ready is ever put in place.
    auto store = TRY(store::Store::open(options_for(scratch.directory(), input.clock, false)));
    Outcome outcome;
    TRY(store->mutate(
        [&](store::Transaction& tx) { return begin(tx, input, ring, replaced.later, outcome); }));
    store->close();
    const std::string kept = TRY(scratch.put_in_place(input.data_directory));
    return report(input, replaced.later, outcome, kept);
}

}  // namespace latchkey::authority
