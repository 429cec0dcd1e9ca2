// Personal tokens in Cape's shape: all that their owner may do at the default API, shown once.
#include "api/views.h"
#include "dialects/cape/handlers.h"
#include "dialects/own_tokens.h"

namespace latchkey::dialects::cape {
namespace {

constexpr std::size_t kListedMax = 10'000;

json::object view_of(const store::ListedToken& listed) {
    const auto& token = listed.token;
    json::object view{{"id", token.id.shortuuid()},
                      {"name", token.name},
                      {"description", token.description},
                      {"created_at", format_rfc3339(token.created_at)}};
    if (token.expires_at) view["expiry"] = format_rfc3339(*token.expires_at);
    if (listed.last_used_at) view["last_used"] = format_rfc3339(*listed.last_used_at);
    return view;
}

Result<authority::CreateToken> read_wanted(const api::Call& call) {
    auto body = TRY(read_object(call.request()));
    authority::CreateToken wanted;
    wanted.name = TRY(body.text("name"));
    wanted.description = TRY(body.optional_text("description")).value_or("");
    wanted.expires_at = TRY(read_end(call, body, "expiry"));
    const auto function = TRY(body.optional_text("function_id")).value_or("");
    TRY(body.done());
    if (!function.empty()) {
        return invalid("no functions are run here, so a token cannot be for one of them",
                       "bad_request", "/function_id")
            .with_hint("for less than everything take scopes: latchkey token create -s SCOPE");
    }
    wanted.scopes = {{"*"}};
    return wanted;
}

}  // namespace

Result<http::Response> post_token(api::Call& call) {
    const auto made = TRY(create_own_token(call, TRY(read_wanted(call))));
    return api::json_answer(201, json::object{{"token", made.text.expose()}});
}

Result<http::Response> get_tokens(api::Call& call) {
    authority::OwnTokensQuery query;
    query.limit = kListedMax;
    query.now = call.services.authority.clock().now();
    // Its clients have no word for a token that stays listed though it is dead.
    query.with_revoked = false;
    const auto page = TRY(list_own_tokens(call, query));
    json::array list;
    for (const auto& listed : page.tokens) {
        list.push_back(view_of(listed));
    }
    return api::json_answer(200, std::move(list));
}

Result<http::Response> delete_token(api::Call& call) {
    TRY(change_own_token(call, authority::TokenChange::kDelete));
    // Its client takes any other status for a failure.
    return api::json_answer(200, json::object());
}

Result<http::Response> get_functions(api::Call& /*call*/) {
    return api::json_answer(200, json::array());
}

}  // namespace latchkey::dialects::cape
