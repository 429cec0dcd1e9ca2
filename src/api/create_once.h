// Creations that run on a worker: one mutation that makes the record and, with an Idempotency-Key,
// keeps its answer beside it, so that a retry is told the same and makes nothing.
#pragma once

#include <optional>

#include "api/idempotency.h"
#include "api/route.h"

namespace latchkey::api {

// `make` is Result<json::object>(store::Transaction&), the view of what it made; it runs on the
// writer and perhaps not at all.
template <typename Make>
Result<http::Response> create_once(Call& call, const Make& make) {
    const auto once = TRY(IdempotentCreate::of(call));
    std::optional<http::Response> response;
    TRY(call.services.authority.store().mutate([&](store::Transaction& tx) -> Status {
        if (once->is_used()) {
            const bool is_done = TRY(once->find(tx.connection()));
            if (is_done) return {};
        }
        const json::object view = TRY(make(tx));
        response = json_answer(201, view);
        if (once->is_used()) TRY(once->remember(tx, *response));
        return {};
    }));
    return once->answer ? std::move(*once->answer) : std::move(*response);
}

}  // namespace latchkey::api
