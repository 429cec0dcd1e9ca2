#include "api/idempotency.h"

#include <algorithm>

#include "api/edge.h"
#include "base/encoding.h"
#include "crypto/seal.h"
#include "store/tables.h"

namespace latchkey::api {
namespace {

constexpr std::string_view kContext = "latchkey idempotent answer";

}  // namespace

Result<std::shared_ptr<IdempotentCreate>> IdempotentCreate::of(const Call& call) {
    auto once = std::make_shared<IdempotentCreate>();
    const auto& request = call.request();
    const auto field = request.find("Idempotency-Key");
    if (!field) return once;
    std::string_view key = *field;
    if (key.size() >= 2 && key.front() == '"' && key.back() == '"') {
        key = key.substr(1, key.size() - 2);  // an RFC 9651 string, as the draft has it
    }
    const bool is_good =
        key.size() >= 8 && key.size() <= 128 && request.count("Idempotency-Key") == 1 &&
        std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < 0x7F && c != '"'; });
    if (!is_good) {
        return invalid("an Idempotency-Key has 8 to 128 visible ASCII characters",
                       "bad_idempotency_key");
    }
    once->actor_ = call.actor().text();
    once->key_ = key;
    const Secret& kek = call.services.authority.keys().kek();
    // The same words at another listener are another request.
    const auto& urls = call.edge.urls();
    const std::string listener = urls.empty() ? std::string() : urls.front() + "\n";
    const std::string owner_and_key = listener + once->actor_ + "\n" + once->key_;
    once->stored_key_ =
        hex_encode(as_text(hmac_sha256(kek, "latchkey idempotency row\n" + owner_and_key)));
    once->sealing_key_ = Secret(
        std::string(as_text(hmac_sha256(kek, "latchkey idempotency seal\n" + owner_and_key))));
    once->request_digest_ = sha256(
        std::string(request.method_text) + " " + std::string(request.target) + "\n", request.body);
    return once;
}

Result<bool> IdempotentCreate::find(store::Connection& db) {
    const auto found = TRY(store::find_idempotency(db, actor_, stored_key_));
    if (!found) return false;
    if (found->request_digest != request_digest_) {
        return Error{ErrorCode::kConflict, "this Idempotency-Key was used for another request"}
            .with_reason("idempotency_conflict")
            .with_hint("take a new key for a new request");
    }
    const auto opened = TRY(open_sealed(sealing_key_, found->sealed_response, kContext));
    http::Response response;
    response.status = static_cast<int>(found->status);
    response.content_type = "application/json";
    response.body = opened.expose();
    response.fields.emplace_back("Cache-Control", "no-store");
    response.fields.emplace_back("Idempotency-Replayed", "true");
    answer = std::move(response);
    return true;
}

Status IdempotentCreate::remember(store::Transaction& tx, const http::Response& response) const {
    store::IdempotencyRecord record;
    record.actor = actor_;
    record.key = stored_key_;
    record.request_digest = request_digest_;
    record.status = response.status;
    record.sealed_response = seal(sealing_key_, response.body, kContext);
    record.expires_at = tx.now() + std::chrono::hours(24);
    return store::insert_idempotency(tx.connection(), record);
}

}  // namespace latchkey::api
