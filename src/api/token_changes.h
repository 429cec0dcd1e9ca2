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

// The ETag of a token: of what a change could have been made to, and weak, because a use moves
// lastUsedAt and nobody's change must be refused for that.
std::string token_tag(const authority::TokenDetails& details, const authority::DirectoryView& apis);

// `use` is Result<authority::TokenDetails>(store::Transaction&) and runs on the writer.
template <typename Use>
Result<http::Response> change_token_on_worker(Call& call, const Use& use, int status = 200) {
    auto& authority = call.services.authority;
    std::optional<authority::TokenDetails> details;
    TRY(authority.store().mutate([&](store::Transaction& tx) -> Status {
        details = TRY(use(tx));
        return {};
    }));
    const auto apis = authority.directory().view();
    auto response = json_answer(status, token_view(*details, *apis, authority.clock().now()));
    response.fields.emplace_back("ETag", token_tag(*details, *apis));
    return response;
}

}  // namespace latchkey::api
