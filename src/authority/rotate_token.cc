#include "authority/rotate_token.h"

#include <algorithm>

#include <fmt/format.h>

#include "authority/create_token.h"
#include "authority/facts_of_records.h"
#include "authority/site.h"
#include "authority/token_keys.h"
#include "authority/token_terms.h"
#include "store/usage.h"
#include "token/project_token.h"

namespace latchkey::authority {
namespace {

using store::SecretRecord;
using store::SecretState;

Status check_wanted(const RotateToken& wanted) {
    if (wanted.grace_seconds > kGraceSecondsMax) {
        return invalid("an old secret lives on for 30 days at most", "bad_grace", "/graceSeconds");
    }
    const auto silent = wanted.until_silent_seconds;
    if (silent != 0 && (silent < kUntilSilentSecondsMin || silent > kGraceSecondsMax)) {
        return invalid("silence is an hour at least and 30 days at most", "bad_silence",
                       "/untilSilentSeconds");
    }
    return {};
}

// A rotation hands out the token itself.
Status check_may_hold(store::Connection& db, const Actor& actor, const store::UserRecord& owner,
                      const store::TokenRecord& token) {
    // Or who may manage users could take an administrator's token.
    const bool is_strangers = owner.id != actor.user && owner.kind != store::UserKind::kProject;
    if (is_strangers) TRY(actor.require("*"));
    return check_could_make(db, actor, token);
}

Status set_terms(store::Connection& db, const DirectoryEntry& api, const RotateToken& wanted,
                 Timestamp now, store::TokenRecord& token) {
    const store::TokenRecord before = token;
    if (wanted.scopes) token.scopes = TRY(scopes_of_change(api, token, *wanted.scopes));
    if (wanted.expires_at) token.expires_at = TRY(check_end(*wanted.expires_at, now));
    return check_owner_has(db, token, api.api.slug, widening(before, token).scopes);
}

bool lives(const SecretRecord& secret, Timestamp now) {
    return secret.state == SecretState::kLive && (!secret.ends_at || *secret.ends_at > now);
}

// `secrets` are the newest, in the order in which they were made.
Status check_pace(const std::vector<SecretRecord>& secrets, Timestamp now) {
    static_assert(kRotationsOfDayMax < static_cast<std::size_t>(store::kRecentSecrets));
    if (secrets.size() <= kRotationsOfDayMax) return {};
    const Timestamp again =
        secrets[secrets.size() - kRotationsOfDayMax].created_at + std::chrono::hours(24);
    if (again <= now) return {};
    Error error{ErrorCode::kRateLimited,
                fmt::format("the token was rotated {} times within a day", kRotationsOfDayMax)};
    error.retry_after_seconds = (again - now) / std::chrono::seconds(1) + 1;
    return std::move(error)
        .with_reason("too_many_rotations")
        .with_hint("it can be rotated again from " + format_rfc3339(again) + " on");
}

// Every older secret ends: the newest of them after its grace, but not after the end that its own
// claims name; the others now. Returns the one that lives on, or was the newest.
std::optional<SecretRecord> end_older(std::vector<SecretRecord>& secrets, const RotateToken& wanted,
                                      const std::optional<Timestamp>& own_end, Timestamp now,
                                      KeyChanges& changes) {
    std::optional<SecretRecord> previous;
    for (auto secret = secrets.rbegin(); secret != secrets.rend(); ++secret) {
        if (!lives(*secret, now)) continue;
        const bool has_grace = !previous && wanted.grace_seconds > 0;
        Timestamp end = has_grace ? now + std::chrono::seconds(wanted.grace_seconds) : now;
        if (own_end) end = std::min(end, *own_end);
        secret->ends_at = std::min(end, secret->ends_at.value_or(end));
        secret->until_silent_seconds = has_grace ? wanted.until_silent_seconds : 0;
        if (!has_grace) secret->state = SecretState::kRevoked;
        changes.changed.push_back(*secret);
        if (!previous) previous = *secret;
    }
    return previous;
}

MadeSecret next_secret(Authority& authority, const TokenDetails& details,
                       const store::UserRecord& owner, const std::string& audience, Timestamp now) {
    std::uint32_t generation = 1;
    for (const auto& secret : details.secrets) {
        generation = std::max(generation, secret.generation);
    }
    auto made = make_secret(authority, details.token, audience, generation + 1, now);
    // A project's token keeps its form, which its users' programs may look at.
    if (owner.kind == store::UserKind::kProject) {
        made.text = make_project_token(details.token.id, ProjectId{owner.id.bytes});
        made.record.digest = sha256(made.text.expose());
    }
    return made;
}

}  // namespace

Result<RotatedToken> rotate_token(Authority& authority, store::Transaction& tx, const Actor& actor,
                                  std::string_view id, const RotateToken& wanted) {
    TRY(check_wanted(wanted));
    auto& db = tx.connection();
    RotatedToken rotated;
    auto& details = rotated.details;
    details = TRY(token_to_change(tx, actor, id));
    auto& token = details.token;
    if (token.kind == store::TokenKind::kKey) {
        return invalid("a key token has no secret of ours", "keys_are_rotated_by_hand")
            .with_hint("add a new key, move over to it, then remove the old one");
    }
    TRY(check_still_lives(token, tx.now()));
    TRY(check_pace(details.secrets, tx.now()));
    const auto directory = authority.directory().view();
    const auto* api = directory->find(token.api);
    const auto owner = TRY(store::find_user(db, token.owner));
    if (api == nullptr || !owner) return Error{ErrorCode::kInternal, "a token without an owner"};
    const auto own_end = token.expires_at;
    TRY(set_terms(db, *api, wanted, tx.now(), token));
    TRY(check_may_hold(db, actor, *owner, token));
    const Site site = TRY(read_site(db));
    TRY(check_rules(site.rules, token, tx.now()));
    KeyChanges changes;
    rotated.previous = end_older(details.secrets, wanted, own_end, tx.now(), changes);
    auto made = next_secret(authority, details, *owner, api->api.audience, tx.now());
    TRY(settle_status_index(authority, db, token, api->api.audience, made));
    TRY(check_secret_length(made.text));
    details.secrets.push_back(made.record);
    changes.added.push_back(std::move(made.record));
    rotated.text = std::move(made.text);
    details.generations = TRY(store::secret_usages(db, token.id));
    token.updated_at = tx.now();
    TRY(store::update_token(db, token));
    TRY(write_keys(db, changes));
    TRY(append_token_event(tx, "token.rotated", actor, token, changes));
    return rotated;
}

namespace {

// As far as it is written.
Result<std::vector<store::WaitingSecret>> silent_secrets(Authority& authority, Timestamp now,
                                                         Timestamp known_since) {
    auto waiting = TRY(authority.store().query<std::vector<store::WaitingSecret>>(
        [&](store::Connection& db) { return store::secrets_until_silent(db, now); }));
    std::erase_if(waiting, [&](const store::WaitingSecret& one) {
        const Timestamp heard = std::max(one.last_used_at.value_or(one.replaced_at),
                                         std::max(one.replaced_at, known_since));
        return now - heard < std::chrono::seconds(one.secret.until_silent_seconds);
    });
    return waiting;
}

}  // namespace

Result<std::vector<TokenId>> silent_tokens(Authority& authority, Timestamp now,
                                           Timestamp known_since) {
    std::vector<TokenId> tokens;
    for (const auto& one : TRY(silent_secrets(authority, now, known_since))) {
        tokens.push_back(one.secret.token);
    }
    return tokens;
}

Status end_silent_secrets(Authority& authority, Timestamp now, Timestamp known_since) {
    for (const auto& one : TRY(silent_secrets(authority, now, known_since))) {
        TRY(authority.store().mutate([&](store::Transaction& tx) -> Status {
            auto& db = tx.connection();
            const auto token = TRY(store::find_token(db, one.secret.token.bytes));
            if (!token || token->deleted_at) return {};
            KeyChanges changes;
            for (auto& secret : TRY(store::recent_secrets_of(db, *token))) {
                if (secret.id != one.secret.id || !lives(secret, tx.now())) continue;
                secret.ends_at = tx.now();
                changes.changed.push_back(secret);
            }
            if (changes.empty()) return {};
            TRY(write_keys(db, changes));
            return append_token_event(tx, "token.secret_ended", Actor::system(), *token, changes);
        }));
    }
    return {};
}

}  // namespace latchkey::authority
