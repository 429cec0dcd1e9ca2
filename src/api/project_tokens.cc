// /v1/projects/{id}/tokens, in Calyptia's shape. A secret stands in the answer that creates it and
// never again.
#include "authority/project_tokens.h"

#include "api/create_once.h"
#include "api/cursor.h"
#include "api/handlers.h"
#include "api/views.h"

namespace latchkey::api {
namespace {

json::object view_of(const store::TokenRecord& token, std::string_view secret) {
    return {{"id", token.id.uuid()},
            {"token", secret},
            {"name", token.name},
            {"permissions", texts_view(token.scopes.value_or(std::vector<std::string>()))},
            {"createdAt", format_rfc3339(token.created_at)}};
}

}  // namespace

Result<http::Response> get_project_tokens(Call& call) {
    auto& authority = call.services.authority;
    store::TokenQuery query;
    query.limit = TRY(call.query.limit(50, 200));
    query.now = authority.clock().now();
    if (call.query.has("after")) {
        const auto cursor = TRY(open_cursor(authority.keys().kek(), call.query.get("after")));
        query.after = TokenId::parse(cursor.id);
        if (!query.after) return invalid("this cursor is not ours", "bad_query");
    }
    using authority::ProjectTokenPage;
    const auto page = TRY(authority.store().query<ProjectTokenPage>([&](store::Connection& db) {
        return authority::list_project_tokens(db, call.actor(), call.parameters[0], query);
    }));
    json::array list;
    for (const auto& token : page.tokens) {
        list.push_back(view_of(token, "redacted"));
    }
    auto response = json_answer(200, std::move(list));
    if (page.next) {
        const auto cursor = seal_cursor(authority.keys().kek(), {page.next->uuid(), {}});
        response.fields.emplace_back("Link", next_link(call, cursor));
    }
    return response;
}

Result<http::Response> post_project_token(Call& call) {
    auto body = TRY(Body::parse(call.request()));
    authority::CreateProjectToken wanted;
    wanted.name = TRY(body.text("name"));
    wanted.permissions =
        TRY(body.optional_texts("permissions")).value_or(std::vector<std::string>());
    TRY(body.done());
    const auto apis = call.services.authority.directory().view();
    return create_once(call, [&](store::Transaction& tx) -> Result<json::object> {
        const auto made = TRY(
            authority::create_project_token(tx, call.actor(), *apis, call.parameters[0], wanted));
        return view_of(made.token, made.text.expose());
    });
}

}  // namespace latchkey::api
