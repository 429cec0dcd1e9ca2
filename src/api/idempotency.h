// Idempotency-Key on creates: the same key with the same request answers as the first time, with
// another request it is a conflict. The kept answer holds a secret, so it is sealed with a key made
// from the Idempotency-Key itself: only the same client's retry can open it. Kept for 24 hours.
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
    [[nodiscard]] Secret sealing_key() const;

    std::string actor_;
    std::string key_;
    Digest request_digest_{};
    std::string installation_;
};

}  // namespace latchkey::api
