#include "authority/facts_of_records.h"

namespace latchkey::authority {

verify::TokenFact fact_of(const store::TokenRecord& token) {
    verify::TokenFact fact;
    fact.id = token.id;
    fact.owner = token.owner;
    fact.api = token.api;
    fact.kind = static_cast<verify::TokenKind>(token.kind);
    // A deleted token is a revoked one that lists no longer show.
    fact.state = token.deleted_at ? verify::TokenState::kRevoked
                                  : static_cast<verify::TokenState>(token.state);
    fact.expires_at = token.expires_at;
    fact.not_before = token.not_before;
    fact.rate = token.rate;
    fact.scopes = token.scopes;
    fact.allowed_ips = token.allowed_ips;
    return fact;
}

verify::SecretFact fact_of(const store::SecretRecord& secret) {
    verify::SecretFact fact;
    fact.id = secret.id;
    fact.token = secret.token;
    fact.digest = secret.digest;
    // A fact names keys of ours only; what the holder of a key token calls his is not one of them.
    if (secret.public_jwk.empty()) fact.kid = secret.kid;
    fact.status_index = secret.status_index;
    fact.is_revoked = secret.state == store::SecretState::kRevoked;
    fact.ends_at = secret.ends_at;
    fact.generation = secret.generation;
    fact.must_ask = secret.must_ask;
    return fact;
}

verify::UserFact fact_of(const store::UserRecord& user) {
    verify::UserFact fact;
    fact.id = user.id;
    fact.is_machine = user.kind == store::UserKind::kMachine;
    fact.is_disabled = user.state == store::UserState::kDisabled;
    fact.roles = user.roles;
    fact.verifies = user.verifies;
    return fact;
}

Result<verify::RoleFact> fact_of(const store::RoleRecord& role) {
    verify::RoleFact fact;
    fact.id = role.id;
    const json::value parsed = TRY(parse_json(role.patterns_json));
    const json::object* patterns = parsed.if_object();
    if (patterns == nullptr) return Error{ErrorCode::kInternal, "a role has no patterns"};
    for (const auto& [api, list] : *patterns) {
        auto& target = fact.patterns[std::string(api)];
        const json::array* items = list.if_array();
        if (items == nullptr) return Error{ErrorCode::kInternal, "a role's patterns are no list"};
        for (const auto& item : *items) {
            if (item.is_string()) target.emplace_back(item.get_string());
        }
    }
    return fact;
}

verify::ApiFact fact_of(const store::ApiRecord& api) {
    return {api.id, api.slug, api.audience, api.is_default};
}

verify::KeyFact fact_of(const store::SigningKeyRecord& key) {
    return {key.kid, key.is_compromised, key.state == store::KeyState::kRetired};
}

verify::ProjectFact fact_of(const store::ProjectRecord& project) {
    return {project.id, project.deleted_at.has_value()};
}

verify::MembershipFact fact_of(const store::MembershipRecord& membership) {
    verify::MembershipFact fact;
    fact.project = membership.project;
    fact.user = membership.user;
    fact.custom_role = membership.custom_role;
    return fact;
}

verify::AccessFact fact_of(const store::RevokedAccessRecord& revoked) {
    return {.id = revoked.id, .token = revoked.token, .expires_at = revoked.expires_at};
}

verify::GrantFact fact_of(const store::GrantRecord& grant) {
    verify::GrantFact fact;
    fact.project = grant.project;
    fact.kind = static_cast<verify::PrincipalKind>(grant.kind);
    fact.principal = grant.principal;
    if (!grant.policy_json.empty()) fact.policy = grant.policy_json;
    return fact;
}

}  // namespace latchkey::authority
