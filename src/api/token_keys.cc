// /v1/tokens/{id}/keys: the public keys of a key token.
#include "authority/token_keys.h"

#include "api/handlers.h"
#include "api/short_list.h"
#include "api/token_changes.h"

namespace latchkey::api {

Result<std::optional<std::vector<PublicKey>>> read_keys(Body& body) {
    const auto name = TRY(body.optional_text("algorithm"));
    const auto wanted = name ? parse_algorithm(*name) : std::nullopt;
    if (name && (!wanted || *wanted == Algorithm::kPs256)) {
        return invalid("there is no algorithm " + name->substr(0, 40), "unknown_algorithm",
                       "/algorithm")
            .with_hint("algorithms: RS256, RS512, ES256, ES512, Ed25519");
    }
    const json::value* document = body.value("keys");
    if (document == nullptr || document->is_null()) return std::optional<std::vector<PublicKey>>();
    auto keys = read_public_keys(*document, wanted);
    if (!keys) {
        Error error = std::move(keys).error();
        error.field = "/keys" + error.field;
        return error;
    }
    return std::optional<std::vector<PublicKey>>(std::move(*keys));
}

Result<http::Response> get_token_keys(Call& call) {
    using authority::TokenDetails;
    const auto details =
        TRY(call.services.authority.store().query<TokenDetails>([&](store::Connection& db) {
            return authority::get_token(db, call.actor(), call.parameters[0]);
        }));
    return short_list_answer(call, keys_view(details.secrets), "kid");
}

Result<http::Response> post_token_keys(Call& call) {
    auto body = TRY(Body::parse(call.request()));
    const auto keys = TRY(read_keys(body));
    TRY(body.done());
    if (!keys) return invalid("the member keys is missing", "missing_member", "/keys");
    return change_token_on_worker(
        call,
        [&](store::Transaction& tx) {
            return authority::add_keys(tx, call.actor(), call.parameters[0], *keys);
        },
        201);
}

Result<http::Response> delete_token_key(Call& call) {
    TRY(call.services.authority.store().mutate(
        [&](store::Transaction& tx) -> Status {
            TRY(authority::remove_key(tx, call.actor(), call.parameters[0], call.parameters[1]));
            return {};
        },
        true));
    return no_content();
}

}  // namespace latchkey::api
