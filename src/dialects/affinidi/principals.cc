// /iam/v1/projects/principals and /iam/v1/policies: who is in the active project, and what his
// policy there lets him do.
#include "authority/principals.h"

#include "api/body.h"
#include "authority/grants.h"
#include "authority/members.h"
#include "dialects/affinidi/handlers.h"
#include "dialects/affinidi/views.h"

namespace latchkey::dialects::affinidi {
namespace {

using authority::ProjectView;
using store::PrincipalKind;

constexpr std::size_t kPage = 200;

// "machine_user" is what a token was called there once, and still is in their manual.
Result<PrincipalKind> kind_named(std::string_view name) {
    if (name == "machine_user") return PrincipalKind::kToken;
    const auto kind = authority::principal_kind_named(name);
    if (kind) return *kind;
    return invalid("it is token or user", "unknown_kind", "/principalType");
}

Result<PrincipalKind> kind_of_query(const Call& call) {
    return kind_named(call.query.get("principalType", "token"));
}

// "token/<id>", as lists name it, is taken as well.
Result<std::string> read_id(std::string text, PrincipalKind kind) {
    const std::string prefix = std::string(authority::principal_kind_name(kind)) + "/";
    if (text.starts_with(prefix)) text = text.substr(prefix.size());
    const auto id = parse_uuid(text);
    if (id) return format_uuid(*id);
    return invalid("it is no id", "bad_id", "/principalId");
}

struct Named {
    PrincipalKind kind{PrincipalKind::kToken};
    std::string id;
};

Result<Named> named_by_path(const Call& call) {
    Named named;
    named.kind = TRY(kind_of_query(call));
    named.id = TRY(read_id(call.parameters[0], named.kind));
    return named;
}

Status add(store::Transaction& tx, const Call& call, const Named& named) {
    const auto view = TRY(project_of_request(call, tx.connection()));
    const std::string project = view.project.id.uuid();
    if (named.kind == PrincipalKind::kUser) {
        TRY(authority::put_member(tx, call.actor(), project, named.id, std::nullopt));
        return {};
    }
    auto added = authority::add_token(tx, call.actor(), project, named.id);
    if (added) return {};
    // Their clients add tokens that are not there, and expect no error. Nothing is kept of it: ids
    // are made by us, at random, and a later token must not find rights that wait for it. So does
    // nobody learn which ids of others exist.
    if (added.error().reason == "unknown_token") return {};
    return std::move(added).error();
}

json::object record_of(const ProjectView& project, const authority::PrincipalView& view,
                       const Policy& policy) {
    const std::string id = format_uuid(view.id);
    auto dto = policy_dto(policy, principal_ari(project.project.id, view.kind, id));
    json::object record;
    record["projectId"] = project.project.id.uuid();
    record["projectName"] = project.project.name;
    record["principalId"] = std::string(authority::principal_kind_name(view.kind)) + "/" + id;
    record["version"] = dto["version"];
    record["statement"] = dto["statement"];
    return record;
}

struct PrincipalPage {
    json::array records;
    std::optional<std::string> last;
};

// Where a page goes on: an id alone does not say whether users or tokens are next.
Result<authority::PrincipalQuery> first_query(const Call& call, const Paging& paging) {
    authority::PrincipalQuery wanted;
    wanted.limit = std::min(kPage, paging.limit);
    const std::string start = call.query.get("exclusiveStartKey");
    if (start.empty()) return wanted;
    const auto slash = start.find('/');
    wanted.after_kind = authority::principal_kind_named(start.substr(0, slash));
    const auto id = slash == std::string::npos ? std::nullopt : parse_uuid(start.substr(slash + 1));
    if (!wanted.after_kind || !id) {
        return invalid("it is no lastEvaluatedKey of ours", "bad_query", "/exclusiveStartKey");
    }
    wanted.after = *id;
    return wanted;
}

Result<PrincipalPage> read_principals(const Call& call, store::Connection& db,
                                      const Paging& paging) {
    PrincipalPage page;
    const auto project = TRY(project_of_request(call, db));
    const std::string project_id = project.project.id.uuid();
    auto wanted = TRY(first_query(call, paging));
    while (true) {
        const auto found = TRY(authority::list_principals(db, call.actor(), project_id, wanted));
        for (const auto& view : found) {
            const std::string id = format_uuid(view.id);
            const auto policy =
                TRY(authority::get_policy(db, call.actor(), {project_id, view.kind, id}));
            page.records.push_back(record_of(project, view, policy));
            wanted.after_kind = view.kind;
            wanted.after = view.id;
            if (page.records.size() < paging.limit) continue;
            page.last = std::string(authority::principal_kind_name(view.kind)) + "/" + id;
            return page;
        }
        if (found.size() < wanted.limit) return page;
    }
}

// The document, of what the client sent: it may say more about itself than we keep.
Result<std::string> read_document(const Call& call) {
    auto body = TRY(api::Body::parse(call.request()));
    json::object document;
    for (const char* name : {"version", "statement"}) {
        if (const auto* value = body.value(name)) document[name] = *value;
    }
    return to_json(document);
}

// Without the place in a text that the client never sent.
Error in_their_words(Error error) {
    const auto colon = error.message.find(": ");
    if (error.message.starts_with("line ") && colon != std::string::npos) {
        error.message.erase(0, colon + 2);
    }
    return error;
}

}  // namespace

Result<http::Response> post_principal(Call& call) {
    auto body = TRY(api::Body::parse(call.request()));
    const auto type = TRY(body.text("principalType"));
    auto id = TRY(body.text("principalId"));
    Named named;
    named.kind = TRY(kind_named(type));
    named.id = TRY(read_id(std::move(id), named.kind));
    TRY(call.services.authority.store().mutate(
        [&](store::Transaction& tx) { return add(tx, call, named); }));
    return api::no_content();
}

Result<http::Response> get_principals(Call& call) {
    Paging paging;
    paging.limit = TRY(call.query.limit(paging.limit, paging.limit));
    auto page = TRY(call.services.authority.store().query<PrincipalPage>(
        [&](store::Connection& db) { return read_principals(call, db, paging); }));
    json::object list{{"records", std::move(page.records)}};
    if (page.last) list["lastEvaluatedKey"] = *page.last;
    return api::json_answer(200, list);
}

Result<http::Response> delete_principal(Call& call) {
    const auto named = TRY(named_by_path(call));
    const bool is_user = named.kind == PrincipalKind::kUser;
    if (is_user && named.id == call.actor().user.uuid()) {
        return Error{ErrorCode::kConflict, "nobody removes himself here"}.with_reason(
            "own_principal");
    }
    TRY(call.services.authority.store().mutate(
        [&](store::Transaction& tx) -> Status {
            const auto view = TRY(project_of_request(call, tx.connection()));
            const std::string project = view.project.id.uuid();
            if (is_user) return authority::remove_member(tx, call.actor(), project, named.id);
            return authority::remove_token(tx, call.actor(), project, named.id);
        },
        true));
    return api::no_content();
}

Result<http::Response> get_policies(Call& call) {
    const auto named = TRY(named_by_path(call));
    const auto dto = TRY(call.services.authority.store().query<json::object>(
        [&](store::Connection& db) -> Result<json::object> {
            const auto view = TRY(project_of_request(call, db));
            const auto& project = view.project.id;
            const auto policy = TRY(
                authority::get_policy(db, call.actor(), {project.uuid(), named.kind, named.id}));
            return policy_dto(policy, principal_ari(project, named.kind, named.id));
        }));
    return api::json_answer(200, dto);
}

Result<http::Response> put_policies(Call& call) {
    const auto named = TRY(named_by_path(call));
    const auto text = TRY(read_document(call));
    auto& authority = call.services.authority;
    const auto apis = authority.directory().view();
    std::optional<json::object> dto;
    auto written = authority.store().mutate([&](store::Transaction& tx) -> Status {
        const auto view = TRY(project_of_request(call, tx.connection()));
        const std::string project = view.project.id.uuid();
        const auto policy = TRY(
            authority::set_policy(tx, call.actor(), *apis, {project, named.kind, named.id}, text));
        dto = policy_dto(policy, principal_ari(view.project.id, named.kind, named.id));
        return {};
    });
    if (!written) return in_their_words(std::move(written).error());
    return api::json_answer(200, *dto);
}

}  // namespace latchkey::dialects::affinidi
