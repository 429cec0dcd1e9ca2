// /v1/projects/{id}/tokens and /v1/project_tokens/{id}.
#include "api/body.h"
#include "api/create_once.h"
#include "authority/project_tokens.h"
#include "dialects/calyptia/pages.h"
#include "dialects/calyptia/permissions.h"
#include "dialects/calyptia/routes.h"
#include "dialects/calyptia/views.h"

namespace latchkey::dialects::calyptia {
namespace {

using Tokens = std::vector<store::TokenRecord>;

// One more than the page, if there is one: then there are more.
Result<Tokens> newest_tokens(store::Connection& db, const api::Call& call,
                             const std::string& project, const Page& page) {
    const std::string name = call.query.get("name");
    store::TokenQuery query;
    query.now = call.services.authority.clock().now();
    query.text = name;
    query.limit = kPageMax;
    if (page.before) query.after = TokenId{*page.before};
    Tokens found;
    while (true) {
        auto some = TRY(authority::list_project_tokens(db, call.actor(), project, query));
        for (auto& token : some.tokens) {
            if (!name.empty() && token.name != name) continue;
            found.push_back(std::move(token));
            if (found.size() > page.last) return found;
        }
        if (!some.next) return found;
        query.after = some.next;
    }
}

}  // namespace

Result<http::Response> post_token(api::Call& call) {
    const auto project = TRY(id_parameter(call, "project"));
    auto body = TRY(api::Body::parse(call.request()));
    authority::CreateProjectToken wanted;
    wanted.name = TRY(body.text("name"));
    const auto permissions = TRY(body.optional_texts("permissions"));
    wanted.permissions = TRY(expanded(permissions));
    wanted.needs_unique_name = true;
    const auto apis = call.services.authority.directory().view();
    return api::create_once(call, [&](store::Transaction& tx) -> Result<json::object> {
        const auto made =
            TRY(authority::create_project_token(tx, call.actor(), *apis, project, wanted));
        return token_view(made.token, made.text.expose());
    });
}

Result<http::Response> get_tokens(api::Call& call) {
    const auto project = TRY(id_parameter(call, "project"));
    const auto page = TRY(read_page(call, "tokens of " + project));
    auto found = TRY(call.services.authority.store().query<Tokens>(
        [&](store::Connection& db) { return newest_tokens(db, call, project, page); }));
    const bool has_more = found.size() > page.last;
    if (has_more) found.pop_back();
    json::array list;
    for (const auto& token : found) {
        list.push_back(token_view(token));
    }
    auto response = api::json_answer(200, std::move(list));
    if (has_more && !found.empty()) add_next_link(call, page, found.back().id.bytes, response);
    return response;
}

Result<http::Response> get_token(api::Call& call) {
    const auto id = TRY(id_parameter(call, "token"));
    using authority::TokenDetails;
    const auto details = TRY(call.services.authority.store().query<TokenDetails>(
        [&](store::Connection& db) { return authority::get_project_token(db, call.actor(), id); }));
    // Revoked by other ways: kept for the record, and no member of any list here.
    if (details.token.state == store::TokenState::kRevoked) {
        return Error{ErrorCode::kConflict, "the token is revoked"}.with_reason("token_revoked");
    }
    return api::json_answer(200, token_view(details.token));
}

Result<http::Response> patch_token(api::Call& call) {
    const auto id = TRY(id_parameter(call, "token"));
    auto body = TRY(api::Body::parse(call.request()));
    authority::EditProjectToken edit;
    edit.name = TRY(body.optional_text("name"));
    const auto permissions = TRY(body.optional_texts("permissions"));
    if (permissions) edit.permissions = TRY(expanded(permissions));
    auto& authority = call.services.authority;
    const auto apis = authority.directory().view();
    TRY(authority.store().mutate([&](store::Transaction& tx) -> Status {
        TRY(authority::edit_project_token(tx, call.actor(), *apis, id, edit));
        return {};
    }));
    return api::no_content();
}

Result<http::Response> delete_token(api::Call& call) {
    const auto id = TRY(id_parameter(call, "token"));
    TRY(call.services.authority.store().mutate(
        [&](store::Transaction& tx) -> Status {
            return authority::delete_project_token(tx, call.actor(), id);
        },
        true));
    return api::no_content();
}

}  // namespace latchkey::dialects::calyptia
