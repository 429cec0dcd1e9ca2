#include "authority/exchange_token.h"

#include "authority/access_claims.h"
#include "crypto/random.h"

namespace latchkey::authority {
namespace {

// The project is its own, and nothing else is: one of another project, or of none, is no step
// nearer to this one.
Result<std::optional<ProjectId>> project_of(const verify::TokenView& view,
                                            const std::optional<ProjectId>& asked) {
    if (view.access == nullptr) {
        if (!asked || view.grant) return asked;
    } else if (!asked || asked == view.access->project) {
        return view.access->project;
    }
    return invalid("there is no such project, or the token was not added to it", "invalid_target");
}

// What it could ever do, written down: should the token it came from be widened one day, this one
// is not; nor is that of a jwt which is being replaced, whatever was given to the new one. A key
// token that declared no scopes has no such list; its policy alone counts.
Result<std::optional<ScopeSet>> ceiling_of(const verify::TokenView& view) {
    if (view.access != nullptr && view.access->scopes) {
        return std::optional<ScopeSet>(TRY(ScopeSet::create(*view.access->scopes)));
    }
    if (!view.has_scopes) return std::optional<ScopeSet>();
    const auto own = TRY(ScopeSet::create({view.scopes.begin(), view.scopes.end()}));
    if (view.claimed == nullptr) return std::optional<ScopeSet>(own);
    return std::optional<ScopeSet>(own.intersection(TRY(ScopeSet::create(*view.claimed))));
}

Status set_ceiling(const verify::TokenView& view, std::optional<ScopeSet> asked,
                   AccessClaims& claims) {
    auto ceiling = TRY(ceiling_of(view));
    if (!asked || !ceiling) {
        claims.requested = asked ? std::move(asked) : std::move(ceiling);
        return {};
    }
    claims.requested = asked->intersection(*ceiling);
    if (!claims.requested->empty()) return {};
    return invalid("none of these scopes is allowed to this token", "invalid_scope");
}

}  // namespace

Result<AccessClaims> derive_access(Authority& authority, const ExchangeSubject& subject,
                                   const ExchangeRequest& asked) {
    const verify::TokenView& view = subject.view;
    const Timestamp now = authority.clock().now();
    AccessClaims claims;
    claims.issuer = authority.settings().issuer;
    claims.audience = view.audience;
    claims.client = view.token;
    claims.client_secret = subject.facts;
    random_bytes(claims.id.bytes);
    claims.actor = asked.actor;
    claims.holder_key = asked.holder_key;
    if (view.access != nullptr) claims.derived_from = view.access->ids;
    if (claims.derived_from.size() > kDerivationsMax) {
        return invalid("this token was exchanged too often already", "invalid_request");
    }
    set_access_life(view, now, claims);
    if (claims.expires_at <= claims.issued_at) {
        return invalid("the subject token is about to expire", "invalid_request");
    }
    claims.project = TRY(project_of(view, asked.project));
    const auto apis = authority.directory().view();
    const auto* api = apis->find(view.api);
    if (api == nullptr) return Error{ErrorCode::kInternal, "a token's API does not exist"};
    TRY(set_ceiling(view, TRY(read_access_scopes(*api, asked.scope)), claims));
    verify::Requirement wanted = asked.wanted;
    wanted.project = claims.project;
    TRY(set_access_scopes(view, wanted, *api, now, claims));
    return claims;
}

}  // namespace latchkey::authority
