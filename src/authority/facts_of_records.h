// From a row to the fact that the replica and every verifier see. The one place where the two
// shapes meet.
#pragma once

#include "store/records.h"
#include "verify/facts.h"

namespace latchkey::authority {

verify::TokenFact fact_of(const store::TokenRecord& token);
verify::SecretFact fact_of(const store::SecretRecord& secret);
verify::UserFact fact_of(const store::UserRecord& user);
Result<verify::RoleFact> fact_of(const store::RoleRecord& role);
verify::ApiFact fact_of(const store::ApiRecord& api);
verify::KeyFact fact_of(const store::SigningKeyRecord& key);
verify::ProjectFact fact_of(const store::ProjectRecord& project);
// Of a row that is there; who takes it away says is_removed.
verify::MembershipFact fact_of(const store::MembershipRecord& membership);
verify::GrantFact fact_of(const store::GrantRecord& grant);
verify::AccessFact fact_of(const store::RevokedAccessRecord& revoked);

}  // namespace latchkey::authority
