#include "authority/own_tokens.h"

#include <utility>

#include "authority/bulk_rules.h"
#include "authority/rights.h"
#include "store/bulk.h"

namespace latchkey::authority {
namespace {

constexpr std::size_t kStep = 200;  // what a list of the store gives at most

void add_to_page(const OwnTokensQuery& query, store::ListedToken listed, OwnTokens& page) {
    if (page.count >= query.skip && page.tokens.size() < query.limit) {
        page.tokens.push_back(std::move(listed));
    }
    ++page.count;
}

}  // namespace

void confine(Actor& actor, const Door& door) {
    actor.only_api = door.api;
}

void let_in(Actor& actor, const Door& door, std::vector<std::string> held,
            const std::vector<std::string>& owned) {
    const bool writes = !door.write_scope.empty() && covers(held, door.write_scope);
    const bool reads = writes || (!door.read_scope.empty() && covers(held, door.read_scope));
    actor.permissions.clear();
    if (reads && covers(owned, "token:read")) actor.permissions.emplace_back("token:read");
    if (writes && covers(owned, "token:write")) actor.permissions.emplace_back("token:write");
    actor.hands_on = std::move(held);
    confine(actor, door);
}

Status require_no_project(const store::UserRecord& owner) {
    if (owner.kind != store::UserKind::kProject) return {};
    return Error{ErrorCode::kPermissionDenied, "a project's own token manages no tokens"};
}

Result<OwnTokens> list_own_tokens(store::Connection& db, const Actor& actor,
                                  const OwnTokensQuery& query) {
    TRY(actor.require("token:read"));
    CHECK(actor.only_api.has_value());
    const auto owner = TRY(store::find_user(db, actor.user));
    if (owner) TRY(require_no_project(*owner));
    store::TokenQuery wanted;
    wanted.owner = actor.user;
    wanted.api = actor.only_api;
    wanted.text = query.text;
    wanted.sort = query.sort;
    wanted.now = query.now;
    wanted.limit = kStep;
    const auto rules = TRY(store::open_bulks(db));
    OwnTokens page;
    while (true) {
        auto rows = TRY(store::list_tokens(db, wanted));
        const bool is_last = rows.size() < kStep;
        if (!is_last) {
            wanted.after = rows.back().token.id;
            wanted.after_key = store::sort_key(rows.back(), wanted.sort);
        }
        for (auto& listed : rows) {
            TRY(apply_bulk_rules(db, rules, listed.token));
            const bool is_revoked = listed.token.state == store::TokenState::kRevoked;
            if (is_revoked && !query.with_revoked) continue;
            add_to_page(query, std::move(listed), page);
        }
        if (is_last) return page;
    }
}

Result<store::TokenRecord> get_asking_token(store::Connection& db, const Actor& actor) {
    CHECK(actor.token.has_value());
    auto token = TRY(store::find_token(db, actor.token->bytes));
    if (token && !token->deleted_at) return std::move(*token);
    return Error{ErrorCode::kNotFound, "there is no such token"}.with_reason("unknown_token");
}

}  // namespace latchkey::authority
