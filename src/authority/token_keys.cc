#include "authority/token_keys.h"

#include <algorithm>

#include "authority/directory.h"
#include "authority/facts_of_records.h"
#include "base/encoding.h"
#include "crypto/random.h"
#include "token/access_token.h"

namespace latchkey::authority {
namespace {

using store::SecretRecord;
using store::SecretState;

bool is_live(const SecretRecord& secret) {
    return secret.state == SecretState::kLive;
}

std::string field_of(std::size_t index) {
    return "/keys/" + std::to_string(index);
}

Error duplicate(std::string_view reason, std::string message, std::size_t index) {
    return Error{ErrorCode::kConflict, std::move(message)}.with_reason(reason).with_field(
        field_of(index));
}

SecretRecord make_key(const store::TokenRecord& token, const PublicKey& key, Timestamp now) {
    SecretRecord record;
    record.id.bytes = new_uuid(now);
    record.token = token.id;
    record.digest = key_digest(token.id, key.thumbprint());
    record.kid = key.declared_kid().empty() ? key.thumbprint() : key.declared_kid();
    record.public_jwk = to_json(key.to_jwk());
    record.created_at = now;
    return record;
}

Status check_count(std::size_t count) {
    if (count == 0) return invalid("there is no key", "no_keys", "/keys");
    if (count <= kKeyUploadKeysMax) return {};
    return invalid("a token has at most " + std::to_string(kKeyUploadKeysMax) + " keys",
                   "too_many_keys", "/keys");
}

// A kid is shown in tables and compared with what strangers send.
Status check_kid(const PublicKey& key, std::size_t index) {
    const std::string& kid = key.declared_kid();
    if (kid.size() <= kKidBytesMax && is_valid_utf8(kid) && !has_unprintable(kid)) return {};
    return invalid("a kid has at most 128 printable characters", "bad_kid",
                   field_of(index) + "/kid");
}

// A key may be asked for by its thumbprint too, which then must not be another's name.
Error named_as_another(std::string field) {
    return invalid("this kid is the thumbprint of another key", "duplicate_kid", std::move(field));
}

// In one upload, before anything is compared with what is stored.
Status check_upload(const std::vector<PublicKey>& keys) {
    TRY(check_count(keys.size()));
    for (std::size_t i = 0; i < keys.size(); ++i) {
        TRY(check_kid(keys[i], i));
        for (std::size_t j = 0; j < i; ++j) {
            if (keys[i].thumbprint() == keys[j].thumbprint()) {
                return invalid("this key stands here twice", "duplicate_key", field_of(i));
            }
            const auto& kid = keys[i].declared_kid();
            if (!kid.empty() && kid == keys[j].declared_kid()) {
                return invalid("two keys have one kid", "duplicate_kid", field_of(i) + "/kid");
            }
            if (kid == keys[j].thumbprint()) return named_as_another(field_of(i) + "/kid");
            if (keys[j].declared_kid() == keys[i].thumbprint()) {
                return named_as_another(field_of(j) + "/kid");
            }
        }
    }
    return {};
}

Status check_thumbprints(const std::vector<SecretRecord>& secrets) {
    const auto keys = live_keys(secrets);
    for (const auto& key : keys) {
        const bool is_name = std::any_of(keys.begin(), keys.end(), [&](const KeyDetails& other) {
            return other.thumbprint != key.thumbprint && other.kid == key.thumbprint;
        });
        if (is_name) return named_as_another("/keys");
    }
    return {};
}

Status check_names(const std::vector<SecretRecord>& secrets) {
    std::vector<std::string_view> names;
    for (const auto& secret : secrets) {
        if (is_live(secret)) names.push_back(secret.kid);
    }
    std::sort(names.begin(), names.end());
    if (std::adjacent_find(names.begin(), names.end()) == names.end()) {
        TRY(check_count(names.size()));
        return check_thumbprints(secrets);
    }
    return Error{ErrorCode::kConflict, "another key of this token has that kid"}
        .with_reason("duplicate_kid")
        .with_field("/keys")
        .with_hint("give the key another kid, or remove the other key first");
}

SecretRecord* find_row(std::vector<SecretRecord>& secrets, const Digest& digest) {
    const auto found = std::find_if(secrets.begin(), secrets.end(),
                                    [&](const SecretRecord& row) { return row.digest == digest; });
    return found == secrets.end() ? nullptr : &*found;
}

// Whoever removed it may have had a reason that the next one does not know.
Error was_removed(std::size_t index) {
    return duplicate("key_removed", "this key was removed from the token, and that is for ever",
                     index)
        .with_hint("make a new key pair");
}

std::uint32_t next_generation(const std::vector<SecretRecord>& secrets) {
    std::uint32_t last = 0;
    for (const auto& secret : secrets) {
        last = std::max(last, secret.generation);
    }
    return last + 1;
}

Result<TokenDetails> write_changed(store::Transaction& tx, const Actor& actor, const char* event,
                                   TokenDetails details, const KeyChanges& changes) {
    auto& token = details.token;
    token.updated_at = tx.now();
    TRY(store::update_token(tx.connection(), token));
    TRY(write_keys(tx.connection(), changes));
    json::array facts;
    append_facts(changes, facts);
    json::array kids;
    for (const auto* list : {&changes.added, &changes.changed}) {
        for (const auto& key : *list) {
            kids.emplace_back(key.kid);
        }
    }
    store::EventDraft draft;
    draft.type = event;
    draft.actor = actor.text();
    draft.owner = token.owner;
    draft.token = token.id;
    draft.data =
        json::object{{"facts", std::move(facts)}, {"name", token.name}, {"kids", std::move(kids)}};
    TRY(tx.append_event(std::move(draft)));
    return details;
}

}  // namespace

Result<KeyChanges> with_keys_added(std::vector<SecretRecord>& secrets,
                                   const store::TokenRecord& token,
                                   const std::vector<PublicKey>& keys, Timestamp now) {
    TRY(check_upload(keys));
    KeyChanges changes;
    for (std::size_t i = 0; i < keys.size(); ++i) {
        auto row = make_key(token, keys[i], now);
        if (const auto* known = find_row(secrets, row.digest)) {
            if (!is_live(*known)) return was_removed(i);
            return duplicate("duplicate_key", "the token has this key already", i);
        }
        row.generation = next_generation(secrets);
        if (row.generation == 1) {
            row.id.bytes = token.id.bytes;
            if (keys[i].declared_kid().empty()) row.kid = token.id.uuid();
        }
        secrets.push_back(row);
        changes.added.push_back(std::move(row));
    }
    TRY(check_names(secrets));
    return changes;
}

Result<KeyChanges> with_keys_replaced(std::vector<SecretRecord>& secrets,
                                      const store::TokenRecord& token,
                                      const std::vector<PublicKey>& keys, Timestamp now) {
    TRY(check_upload(keys));
    KeyChanges changes;
    std::vector<Digest> kept;
    for (std::size_t i = 0; i < keys.size(); ++i) {
        auto row = make_key(token, keys[i], now);
        kept.push_back(row.digest);
        auto* known = find_row(secrets, row.digest);
        if (known == nullptr) {
            changes.added.push_back(std::move(row));
            continue;
        }
        if (!is_live(*known)) return was_removed(i);
        if (keys[i].declared_kid().empty()) row.kid = known->kid;
        if (known->kid == row.kid && known->public_jwk == row.public_jwk) continue;
        known->kid = row.kid;
        known->public_jwk = row.public_jwk;
        changes.changed.push_back(*known);
    }
    for (auto& secret : secrets) {
        if (!is_live(secret)) continue;
        if (std::find(kept.begin(), kept.end(), secret.digest) != kept.end()) continue;
        secret.state = SecretState::kRevoked;
        changes.changed.push_back(secret);
    }
    for (auto& row : changes.added) {
        row.generation = next_generation(secrets);
        secrets.push_back(row);
    }
    TRY(check_names(secrets));
    return changes;
}

Status write_keys(store::Connection& db, const KeyChanges& changes) {
    for (const auto& key : changes.changed) {
        TRY(store::update_secret(db, key));
    }
    for (const auto& key : changes.added) {
        TRY(store::insert_secret(db, key));
    }
    return {};
}

void append_facts(const KeyChanges& changes, json::array& facts) {
    for (const auto* list : {&changes.changed, &changes.added}) {
        for (const auto& key : *list) {
            facts.push_back(verify::to_json(fact_of(key)));
        }
    }
}

Status check_may_change_keys(store::Connection& db, const Actor& actor,
                             const store::TokenRecord& token) {
    if (token.kind != store::TokenKind::kKey) {
        return Error{ErrorCode::kConflict, "only a token of kind key has keys"}.with_reason(
            "not_a_key_token");
    }
    if (token.state == store::TokenState::kRevoked) {
        return Error{ErrorCode::kConflict, "the token is revoked, and that is for ever"}
            .with_reason("token_revoked")
            .with_hint("create a new token");
    }
    // Or who may manage users could give himself a key to an administrator's token.
    if (token.owner != actor.user) TRY(actor.require("*"));
    return check_could_make(db, actor, token);
}

Result<TokenDetails> add_keys(store::Transaction& tx, const Actor& actor, std::string_view id,
                              const std::vector<PublicKey>& keys) {
    auto details = TRY(token_to_change(tx, actor, id));
    TRY(check_may_change_keys(tx.connection(), actor, details.token));
    const auto added = TRY(with_keys_added(details.secrets, details.token, keys, tx.now()));
    return write_changed(tx, actor, "token.key_added", std::move(details), added);
}

Result<TokenDetails> remove_key(store::Transaction& tx, const Actor& actor, std::string_view id,
                                std::string_view kid) {
    auto details = TRY(token_to_change(tx, actor, id));
    std::size_t live = 0;
    SecretRecord* named = nullptr;
    SecretRecord* with_thumbprint = nullptr;
    for (auto& secret : details.secrets) {
        if (secret.public_jwk.empty() || !is_live(secret)) continue;
        ++live;
        if (secret.kid == kid) named = &secret;
        if (live_keys({secret}).front().thumbprint == kid) with_thumbprint = &secret;
    }
    SecretRecord* const found = named != nullptr ? named : with_thumbprint;
    if (found == nullptr) {
        return Error{ErrorCode::kNotFound, "the token has no such key"}.with_reason(
            "unknown_key_of_token");
    }
    if (live == 1) {
        return Error{ErrorCode::kConflict, "this is the token's last key"}
            .with_reason("last_key")
            .with_hint("add another key first, or revoke the token");
    }
    found->state = SecretState::kRevoked;
    KeyChanges changes;
    changes.changed.push_back(*found);
    return write_changed(tx, actor, "token.key_removed", std::move(details), changes);
}

std::vector<KeyDetails> live_keys(const std::vector<SecretRecord>& secrets) {
    std::vector<KeyDetails> keys;
    for (const auto& secret : secrets) {
        if (secret.public_jwk.empty() || !is_live(secret)) continue;
        const auto jwk = parse_json(secret.public_jwk);
        const json::object* members = jwk ? jwk->if_object() : nullptr;
        CHECK(members != nullptr);
        const auto text = [&](const char* name) {
            const json::value* member = members->if_contains(name);
            CHECK(member != nullptr && member->is_string());
            return std::string(member->get_string());
        };
        keys.push_back({secret.kid, text("alg"), text("kid"), secret.created_at});
    }
    return keys;
}

}  // namespace latchkey::authority
