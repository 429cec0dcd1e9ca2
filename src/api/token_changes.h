// What the handlers of /v1/tokens share: public keys in a body, and a change whose answer is the
// token as it is then.
#pragma once

#include <optional>
#include <vector>

#include "api/body.h"
#include "api/route.h"
#include "api/views.h"
#include "crypto/keys.h"

namespace latchkey::api {

// `keys` and `algorithm`; nothing when there are no keys. Up to 20 ms a key: never on a reactor.
Result<std::optional<std::vector<PublicKey>>> read_keys(Body& body);

// `use` is Result<authority::TokenDetails>(store::Transaction&) and runs on the writer.
template <typename Use>
Result<http::Response> change_token_on_worker(Call& call, const Use& use, int status = 200) {
    auto& authority = call.services.authority;
    std::optional<authority::TokenDetails> details;
    TRY(authority.store().mutate([&](store::Transaction& tx) -> Status {
        details = TRY(use(tx));
        return {};
    }));
    return json_answer(
        status, token_view(*details, *authority.directory().view(), authority.clock().now()));
}

}  // namespace latchkey::api
