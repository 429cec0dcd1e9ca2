#include "authority/key_ring.h"

#include <algorithm>

#include "authority/access_token_life.h"
#include "authority/facts_of_records.h"
#include "crypto/seal.h"

namespace latchkey::authority {
namespace {

using store::KeyState;
using store::SigningKeyRecord;

// At least so long a key that was replaced stays published: what it signed last (a jwt, a status
// list, a checkpoint somebody keeps) can still be verified.
constexpr Microseconds kVerifyOnlyLife = std::chrono::hours(24 * 30);
static_assert(kVerifyOnlyLife >= kAccessTokenLife + std::chrono::minutes(5),
              "a key goes only when the last access token that it signed has expired");
constexpr std::string_view kWrapContext = "latchkey signing key ";

int publication_rank(KeyState state) {
    switch (state) {
        case KeyState::kActive: return 0;
        case KeyState::kPending: return 1;
        case KeyState::kVerifyOnly: return 2;
        case KeyState::kRetired: return 3;
    }
    return 3;
}

bool is_published(const SigningKeyRecord& record) {
    return record.state != KeyState::kRetired && !record.is_compromised;
}

Result<std::shared_ptr<const SigningKey>> unwrap(const SigningKeyRecord& record,
                                                 const Secret& kek) {
    const auto opened =
        open_sealed(kek, record.wrapped_private, std::string(kWrapContext) + record.kid);
    if (!opened) {
        return Error{ErrorCode::kPrecondition,
                     "the key-encryption key does not open the signing keys of this database"}
            .with_reason("wrong_kek")
            .with_hint(
                "put back the kek file that belongs to this data directory, or name it "
                "with LATCHKEY_KEK_FILE");
    }
    auto key = TRY(SigningKey::from_pkcs8_der(*opened));
    return std::make_shared<const SigningKey>(std::move(key));
}

Status append_keys_event(store::Transaction& tx, std::string type, const std::string& actor,
                         const std::vector<SigningKeyRecord>& changed) {
    store::EventDraft event;
    event.type = std::move(type);
    event.actor = actor;
    json::array facts;
    for (const auto& record : changed) {
        facts.push_back(verify::to_json(fact_of(record)));
    }
    event.data["facts"] = std::move(facts);
    TRY(tx.append_event(std::move(event)));
    return {};
}

}  // namespace

const PublicKey* KeySet::find(std::string_view kid) const {
    for (const auto& key : published) {
        if (key.thumbprint() == kid) return &key;
    }
    return nullptr;
}

Status KeyRing::load(store::Store& store) {
    auto fresh = std::make_shared<KeySet>();
    fresh->records = TRY(store.query<std::vector<SigningKeyRecord>>(store::list_signing_keys));
    std::stable_sort(fresh->records.begin(), fresh->records.end(),
                     [](const auto& a, const auto& b) {
                         return publication_rank(a.state) < publication_rank(b.state);
                     });
    json::array published;
    for (const auto& record : fresh->records) {
        if (!is_published(record)) continue;
        const json::value jwk = TRY(parse_json(record.public_jwk));
        auto key = TRY(PublicKey::from_jwk(jwk));
        published.push_back(key.to_jwk());
        fresh->published.push_back(std::move(key));
        if (record.state == KeyState::kActive) fresh->active = TRY(unwrap(record, kek_));
    }
    fresh->jwks = to_json(json::object{{"keys", std::move(published)}});
    const std::lock_guard lock(mutex_);
    keys_ = std::move(fresh);
    version_.fetch_add(1, std::memory_order_release);
    return {};
}

std::shared_ptr<const KeySet> KeyRing::keys() const {
    const std::lock_guard lock(mutex_);
    return keys_;
}

SigningKeyRecord KeyRing::make_record(KeyState state, Timestamp now) const {
    const SigningKey key = SigningKey::generate();
    SigningKeyRecord record;
    record.kid = key.kid();
    record.algorithm = algorithm_name(key.public_key().algorithm());
    record.state = state;
    record.public_jwk = to_json(key.public_key().to_jwk());
    record.wrapped_private =
        seal(kek_, key.to_pkcs8_der().expose(), std::string(kWrapContext) + record.kid);
    record.created_at = now;
    if (state == KeyState::kActive) record.activated_at = now;
    return record;
}

Status rotate_keys(const KeyRing& ring, store::Transaction& tx, const std::string& actor,
                   Rotation rotation) {
    auto& db = tx.connection();
    std::vector<SigningKeyRecord> changed;
    bool has_active = false;
    for (auto& record : TRY(store::list_signing_keys(db))) {
        if (record.state == KeyState::kActive) {
            const bool is_emergency = rotation == Rotation::kEmergency;
            record.state = is_emergency ? KeyState::kRetired : KeyState::kVerifyOnly;
            record.is_compromised = is_emergency;
            record.wrapped_private.clear();
            record.replaced_at = tx.now();
            if (is_emergency) record.retired_at = tx.now();
        } else if (record.state == KeyState::kPending) {
            record.state = KeyState::kActive;
            record.activated_at = tx.now();
            has_active = true;
        } else {
            continue;
        }
        TRY(store::update_signing_key(db, record));
        changed.push_back(std::move(record));
    }
    const auto add = [&](KeyState state) {
        changed.push_back(ring.make_record(state, tx.now()));
        return store::insert_signing_key(db, changed.back());
    };
    if (!has_active) TRY(add(KeyState::kActive));  // none was pending
    TRY(add(KeyState::kPending));
    return append_keys_event(
        tx, rotation == Rotation::kEmergency ? "key.compromised" : "key.rotated", actor, changed);
}

Status retire_unneeded_keys(store::Transaction& tx) {
    auto& db = tx.connection();
    std::vector<SigningKeyRecord> retired;
    for (auto& record : TRY(store::list_signing_keys(db))) {
        if (record.state != KeyState::kVerifyOnly) continue;
        // It may have signed a checkpoint or a status list until the moment it was replaced.
        const Timestamp replaced_at = record.replaced_at.value_or(tx.now());
        if (tx.now() - replaced_at < kVerifyOnlyLife) continue;
        if (TRY(store::count_live_secrets_of_key(db, record.kid, tx.now())) > 0) continue;
        record.state = KeyState::kRetired;
        record.retired_at = tx.now();
        TRY(store::update_signing_key(db, record));
        retired.push_back(std::move(record));
    }
    if (retired.empty()) return {};
    return append_keys_event(tx, "key.retired", "system", retired);
}

std::string_view key_state_name(KeyState state) {
    switch (state) {
        case KeyState::kPending: return "pending";
        case KeyState::kActive: return "active";
        case KeyState::kVerifyOnly: return "verify_only";
        case KeyState::kRetired: return "retired";
    }
    return "retired";
}

}  // namespace latchkey::authority
