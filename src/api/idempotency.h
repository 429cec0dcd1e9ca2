// Idempotency-Key on creates: the same key with the same request at the same listener answers as
// the first time, with another request it is a conflict. The kept answer holds a secret, so it is
// sealed with a key made from the Idempotency-Key and the key-encryption key: only the same
// client's retry opens it, and who has the database alone opens nothing, however easily the key is
// guessed. Kept for 24 hours.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "api/route.h"
#include "store/store.h"

namespace latchkey::api {

class IdempotentCreate {
public:
    // Reads the header; without one nothing is remembered.
    static Result<std::shared_ptr<IdempotentCreate>> of(const Call& call);

    [[nodiscard]] bool is_used() const { return !key_.empty(); }
    // True: done before, and `answer` is what was said then. kConflict: another request.
    Result<bool> find(store::Connection& db);
    Status remember(store::Transaction& tx, const http::Response& response) const;

    std::optional<http::Response> answer;

private:
    std::string actor_;
    std::string key_;
    Digest request_digest_{};
    std::string stored_key_;  // a keyed digest: the row does not say which key it was
    Secret sealing_key_;
};

}  // namespace latchkey::api
