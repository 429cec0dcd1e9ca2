// From a client assertion to an access token (RFC 7523 §2.2, RFC 9068), in four steps, because each
// has its place: prove_client reads rows and checks the signature, on a worker; decide_access asks
// the replica alone; sign_access signs; use_assertion writes the replay mark, on the writer.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "authority/authority.h"
#include "base/address.h"
#include "token/access_token.h"
#include "token/client_assertion.h"

namespace latchkey::authority {

// The holder of a key, proven by a signature. Nothing of its claims is judged yet.
struct ProvenClient {
    TokenId token;
    std::string thumbprint;
    json::object claims;
};

// Whom it says that it is of; nothing of it is checked.
std::optional<TokenId> named_client(std::string_view assertion);

// Every failure is reason "invalid_client" with one message; `detail` says which for our log, and
// has nothing of the assertion but a token's id that exists.
Result<ProvenClient> prove_client(Authority& authority, std::string_view assertion);

// What was asked for besides.
struct AccessRequest {
    std::optional<TokenId> client_id;  // must be who signed
    std::optional<ProjectId> project;
    std::optional<std::string> scope;  // as sent
    Address address{};                 // where it comes from
    std::optional<Digest> holder_key;  // that the access token is bound to
    // Whom the assertion may be for beside the issuer, then also as a list of it alone.
    std::vector<std::string> audiences;
    // Not an access token yet, but an identity token (identity_token.h).
    bool for_identity{false};
};

struct DecidedAccess {
    AccessClaims claims;
    AssertionClaims assertion;
    UserId owner;
    std::uint64_t revision{0};  // of the facts that were judged
    bool is_identity{false};
};

// Reasons invalid_client (as above), invalid_scope, invalid_target. A short time on the caller's
// reader.
Result<DecidedAccess> decide_access(Authority& authority, verify::Replica::Reader& reader,
                                    const ProvenClient& client, const AccessRequest& asked);
// The same for who has shown an assertion before, and comes with what he got for it.
Result<DecidedAccess> decide_access_again(Authority& authority, verify::Replica::Reader& reader,
                                          const ProvenClient& client, const AccessRequest& asked);

// Too many scopes for a request's header are left out; reason invalid_scope when even few are too
// many.
Result<std::string> sign_access(Authority& authority, const DecidedAccess& decided);

// Of use_assertion: something happened that may have stopped or narrowed the token. Nothing was
// used up; decide_access knows it now.
inline constexpr std::string_view kDecideAgain = "decide_again";

// Once for each assertion, whoever asks at the same moment: reason "invalid_client" when it was
// used before, kDecideAgain when what was decided may be true no more.
Status use_assertion(store::Transaction& tx, const DecidedAccess& decided);

}  // namespace latchkey::authority
