// /iam/v1/tokens: key tokens by the use cases of /v1/tokens. Whatever else its owner has is not
// there for this dialect, and a revoked token is as good as deleted.
#include "api/body.h"
#include "api/token_bodies.h"
#include "authority/bulk_rules.h"
#include "authority/principals.h"
#include "dialects/affinidi/handlers.h"
#include "dialects/affinidi/views.h"
#include "store/tables.h"

namespace latchkey::dialects::affinidi {
namespace {

using authority::TokenDetails;

constexpr std::string_view kKeysField = "/authenticationMethod/publicKeyInfo/jwks";

Error no_such_token() {
    return Error{ErrorCode::kNotFound, "there is no such token"}.with_reason("unknown_token");
}

bool is_shown(const store::TokenRecord& token) {
    return token.kind == store::TokenKind::kKey && token.state != store::TokenState::kRevoked;
}

Result<TokenDetails> find_key_token(store::Connection& db, const Call& call) {
    auto details = TRY(authority::get_token(db, call.actor(), call.parameters[0]));
    if (!is_shown(details.token)) return no_such_token();
    return details;
}

// Our names of members are not those that the client sent.
Error in_their_words(Error error) {
    if (error.field.starts_with("/keys")) {
        error.field = std::string(kKeysField) + error.field.substr(std::string("/keys").size());
    } else if (error.field == "/algorithm") {
        error.field = "/authenticationMethod/signingAlgorithm";
    }
    return error;
}

Result<json::value> read_key_info(api::Body& method) {
    const auto* info = method.value("publicKeyInfo");
    const json::object* members = info == nullptr ? nullptr : info->if_object();
    if (members != nullptr && members->contains("jwksUri")) {
        return invalid("keys are sent as jwks here: no key is ever fetched from an address",
                       "not_supported", "/authenticationMethod/publicKeyInfo/jwksUri");
    }
    const auto* keys = members == nullptr ? nullptr : members->if_contains("jwks");
    if (keys == nullptr || !keys->is_object()) {
        return invalid("the member jwks is missing", "missing_member", std::string(kKeysField));
    }
    return *keys;
}

// What POST and PATCH of /v1/tokens call keys and algorithm.
Status read_method(api::Body& body, json::object& wanted) {
    const auto* value = body.value("authenticationMethod");
    if (value == nullptr || value->is_null()) return {};
    if (!value->is_object()) {
        return invalid("it must be an object", "wrong_type", "/authenticationMethod");
    }
    api::Body method(value->get_object());
    const auto type = TRY(method.optional_text("type"));
    if (type && *type != "PRIVATE_KEY") {
        return invalid("the only type is PRIVATE_KEY", "not_supported",
                       "/authenticationMethod/type");
    }
    const auto algorithm = TRY(method.optional_text("signingAlgorithm"));
    if (!method.has("publicKeyInfo")) return {};
    wanted["keys"] = TRY(read_key_info(method));
    if (algorithm) wanted["algorithm"] = *algorithm;
    return {};
}

std::string trimmed(const std::string& text) {
    const auto first = text.find_first_not_of(' ');
    if (first == std::string::npos) return {};
    return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

Result<authority::CreateToken> read_new_token(Call& call) {
    auto body = TRY(api::Body::parse(call.request()));
    json::object wanted{{"kind", "key"}};
    wanted["name"] = trimmed(TRY(body.text("name")));
    wanted["description"] = TRY(body.optional_text("description")).value_or("");
    TRY(read_method(body, wanted));
    if (!wanted.contains("keys")) {
        return invalid("it needs your public key", "missing_member", std::string(kKeysField));
    }
    api::Body translated(std::move(wanted));
    return api::read_create(call, translated);
}

Result<TokenDetails> details_of(Call& call, const TokenId& id) {
    return call.services.authority.store().query<TokenDetails>(
        [&](store::Connection& db) { return authority::get_token(db, call.actor(), id.uuid()); });
}

// One page of them, or all. What a rule over many tokens has revoked is left out like the rest.
struct TokenPage {
    json::array tokens;
    std::optional<std::string> last;
};

Result<TokenPage> read_tokens(const Call& call, store::Connection& db, const Paging& paging) {
    TokenPage page;
    store::TokenQuery wanted;
    wanted.owner = call.actor().user;
    wanted.sort = store::TokenSort::kOldest;
    wanted.now = call.services.authority.clock().now();
    wanted.limit = 200;
    if (paging.after) wanted.after = TokenId{*paging.after};
    const auto rules = TRY(store::open_bulks(db));
    while (true) {
        auto listed = TRY(store::list_tokens(db, wanted));
        for (auto& item : listed) {
            wanted.after = item.token.id;
            TRY(authority::apply_bulk_rules(db, rules, item.token));
            if (!is_shown(item.token)) continue;
            TokenDetails details;
            details.secrets = TRY(store::recent_secrets_of(db, item.token));
            details.token = std::move(item.token);
            page.tokens.push_back(token_dto(details));
            if (page.tokens.size() < paging.limit) continue;
            page.last = details.token.id.uuid();
            return page;
        }
        if (listed.size() < wanted.limit) return page;
    }
}

}  // namespace

Result<http::Response> post_token(Call& call) {
    auto wanted = read_new_token(call);
    if (!wanted) return in_their_words(std::move(wanted).error());
    auto& services = call.services;
    auto& authority = services.authority;
    auto made = [&]() -> Result<authority::PreparedToken> {
        const std::lock_guard lock(services.worker_reader_mutex);
        return authority::prepare_token(authority, *services.worker_reader, call.actor(),
                                        std::move(*wanted));
    }();
    if (!made) return in_their_words(std::move(made).error());
    auto written = authority.store().mutate(
        [&](store::Transaction& tx) { return authority::insert_token(authority, tx, *made); });
    if (!written) return in_their_words(std::move(written).error());
    return api::json_answer(200, token_dto(TRY(details_of(call, made->token.id))));
}

Result<http::Response> get_tokens(Call& call) {
    const auto paging = TRY(read_paging(call));
    auto page = TRY(call.services.authority.store().query<TokenPage>(
        [&](store::Connection& db) { return read_tokens(call, db, paging); }));
    json::object list{{"tokens", std::move(page.tokens)}};
    if (page.last) list["lastEvaluatedKey"] = *page.last;
    return api::json_answer(200, list);
}

Result<http::Response> get_token(Call& call) {
    const auto details = TRY(call.services.authority.store().query<TokenDetails>(
        [&](store::Connection& db) { return find_key_token(db, call); }));
    return api::json_answer(200, token_dto(details));
}

Result<http::Response> patch_token(Call& call) {
    auto body = TRY(api::Body::parse(call.request()));
    json::object wanted;
    const auto name = TRY(body.optional_text("name"));
    if (name) wanted["name"] = trimmed(*name);
    TRY(read_method(body, wanted));
    api::Body translated(std::move(wanted));
    auto& authority = call.services.authority;
    const auto edit = api::read_edit(translated, authority.clock().now());
    if (!edit) return in_their_words(edit.error());
    const auto apis = authority.directory().view();
    std::optional<TokenDetails> details;
    auto written = authority.store().mutate([&](store::Transaction& tx) -> Status {
        TRY(find_key_token(tx.connection(), call));
        details = TRY(authority::edit_token(tx, call.actor(), *apis, call.parameters[0], *edit));
        return {};
    });
    if (!written) return in_their_words(std::move(written).error());
    return api::json_answer(200, token_dto(*details));
}

Result<http::Response> delete_token(Call& call) {
    TRY(call.services.authority.store().mutate(
        [&](store::Transaction& tx) -> Status {
            TRY(find_key_token(tx.connection(), call));
            TRY(authority::change_token(tx, call.actor(), call.parameters[0],
                                        authority::TokenChange::kDelete, {}));
            return {};
        },
        true));
    return api::no_content();
}

Result<http::Response> get_projects_of_token(Call& call) {
    const auto list = TRY(call.services.authority.store().query<json::array>(
        [&](store::Connection& db) -> Result<json::array> {
            const auto details = TRY(find_key_token(db, call));
            json::array projects;
            for (const auto& item :
                 TRY(authority::projects_of_token(db, call.actor(), details.token.id.uuid()))) {
                const std::string& text = item.grant.policy_json;
                const auto policy = text.empty() ? Policy{} : TRY(parse_policy(text));
                json::object dto{{"id", item.project.id.uuid()}, {"name", item.project.name}};
                dto["policy"] =
                    policy_dto(policy, principal_ari(item.project.id, store::PrincipalKind::kToken,
                                                     details.token.id.uuid()));
                projects.push_back(std::move(dto));
            }
            return projects;
        }));
    return api::json_answer(200, json::object{{"projects", list}});
}

}  // namespace latchkey::dialects::affinidi
