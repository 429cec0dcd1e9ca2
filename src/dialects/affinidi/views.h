// How records look in Affinidi's JSON.
#pragma once

#include <optional>
#include <string>

#include "api/route.h"
#include "authority/change_token.h"
#include "authority/projects.h"
#include "base/json.h"
#include "token/policy.h"

namespace latchkey::dialects::affinidi {

// ProjectDto, with its first owner.
Result<json::object> project_dto(store::Connection& db, const authority::ProjectView& view);
// TokenDto, of a key token.
json::object token_dto(const authority::TokenDetails& details);
// PolicyDto. Whoever may nothing has one statement that says so, as theirs.
json::object policy_dto(const Policy& policy, const std::string& principal);

// "ari:iam::<project>:token/<id>"
std::string principal_ari(const ProjectId& project, store::PrincipalKind kind,
                          const std::string& id);

// The project that the request is about: the session's choice, or that of an access token.
Result<authority::ProjectView> project_of_request(const api::Call& call, store::Connection& db);

// `limit` and `exclusiveStartKey` of a list. Without a limit the whole list is one answer: the
// command line asks once and shows what it gets.
struct Paging {
    std::size_t limit{10'000};
    std::optional<UuidBytes> after;
};
Result<Paging> read_paging(const api::Call& call);

}  // namespace latchkey::dialects::affinidi
