#include "dialects/affinidi/views.h"

#include <charconv>

#include "api/views.h"
#include "authority/active_project.h"
#include "authority/principals.h"
#include "store/tables.h"

namespace latchkey::dialects::affinidi {
namespace {

// In the order in which theirs come, with the name that the holder gave the key.
json::object key_dto(const store::SecretRecord& key) {
    const auto stored = parse_json(key.public_jwk);
    const json::object* members = stored ? stored->if_object() : nullptr;
    CHECK(members != nullptr);  // we wrote it
    json::object dto;
    dto["use"] = "sig";
    dto["kty"] = members->at("kty");
    dto["kid"] = key.kid;
    dto["alg"] = members->at("alg");
    for (const char* name : {"n", "e", "crv", "x", "y"}) {
        if (const auto* value = members->if_contains(name)) dto[name] = *value;
    }
    return dto;
}

// An empty text stands for nothing, as they write it.
json::array words_dto(const std::vector<std::string>& words) {
    return words.empty() ? json::array{""} : api::texts_view(words);
}

json::object statement_dto(const PolicyStatement& statement, const std::string& principal) {
    json::object dto;
    dto["principal"] = json::array{json::value(principal)};
    dto["action"] = words_dto(statement.actions);
    dto["resource"] = words_dto(statement.resources);
    dto["effect"] = statement.effect == Effect::kAllow ? "Allow" : "Deny";
    return dto;
}

}  // namespace

Result<json::object> project_dto(store::Connection& db, const authority::ProjectView& view) {
    const auto& project = view.project;
    json::object dto;
    dto["id"] = project.id.uuid();
    dto["name"] = project.name;
    dto["description"] = project.description;
    dto["createdAt"] = format_rfc3339(project.created_at);
    dto["updatedAt"] = format_rfc3339(project.updated_at);
    for (const auto& member : TRY(store::list_members(db, project.id))) {
        if (member.role != store::ProjectRole::kOwner) continue;
        dto["ownerId"] = "user/" + member.user.uuid();
        break;
    }
    return dto;
}

json::object token_dto(const authority::TokenDetails& details) {
    json::array keys;
    for (const auto& secret : details.secrets) {
        if (secret.state != store::SecretState::kLive || secret.public_jwk.empty()) continue;
        keys.push_back(key_dto(secret));
    }
    json::object method;
    method["type"] = "PRIVATE_KEY";
    method["signingAlgorithm"] =
        keys.empty() ? json::value("RS256") : keys.front().as_object().at("alg");
    method["publicKeyInfo"] = json::object{{"jwks", json::object{{"keys", std::move(keys)}}}};
    json::object dto;
    dto["id"] = details.token.id.uuid();
    dto["ari"] = "ari:iam:::token/" + details.token.id.uuid();
    dto["ownerAri"] = "ari:iam:::user/" + details.token.owner.uuid();
    dto["name"] = details.token.name;
    dto["authenticationMethod"] = std::move(method);
    dto["scopes"] = json::array{"openid", "offline_access"};
    return dto;
}

std::string principal_ari(const ProjectId& project, store::PrincipalKind kind,
                          const std::string& id) {
    return "ari:iam::" + project.uuid() + ":" + std::string(authority::principal_kind_name(kind)) +
           "/" + id;
}

json::object policy_dto(const Policy& policy, const std::string& principal) {
    json::array statements;
    for (const auto& statement : policy.statements) {
        statements.push_back(statement_dto(statement, principal));
    }
    if (statements.empty()) statements.push_back(statement_dto(PolicyStatement{}, principal));
    json::object dto;
    dto["version"] = kPolicyVersion;
    dto["statement"] = std::move(statements);
    return dto;
}

Result<authority::ProjectView> project_of_request(const api::Call& call, store::Connection& db) {
    const auto& principal = call.principal;
    const auto session =
        principal.session ? std::optional(principal.session->id) : std::optional<SessionId>();
    if (principal.access && principal.access->project) {
        return authority::get_project(db, call.actor(), principal.access->project->uuid());
    }
    return authority::get_active_project(db, call.actor(), session);
}

Result<Paging> read_paging(const api::Call& call) {
    Paging paging;
    paging.limit = TRY(call.query.limit(paging.limit, paging.limit));
    if (!call.query.has("exclusiveStartKey")) return paging;
    paging.after = parse_uuid(call.query.get("exclusiveStartKey"));
    if (!paging.after) {
        return invalid("it is no lastEvaluatedKey of ours", "bad_query", "/exclusiveStartKey");
    }
    return paging;
}

}  // namespace latchkey::dialects::affinidi
