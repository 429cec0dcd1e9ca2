#include "api/presented_token.h"

#include "http/message.h"
#include "token/access_token.h"
#include "token/jws.h"
#include "token/jwt_claims.h"
#include "token/opaque.h"

namespace latchkey::api {
namespace {

using Entry = AccessTokenCache::Entry;

bool is_compromised(const authority::KeySet& keys, std::string_view kid) {
    for (const auto& record : keys.records) {
        if (record.kid == kid) return record.is_compromised;
    }
    return false;
}

// What can be known without cryptography is looked at first: a forger must name one of our keys and
// a key that some token has, and pays for each signature that we check in vain. The budget is that
// key's: whoever forges one token's stops no other's behind the same proxy.
Recognition open_access_token(Services& services, const ReactorState& state,
                              const PresentedToken& presented, Entry& entry) {
    const auto parsed = parse_unverified(presented.secret);
    if (!parsed || !http::equal_without_case(parsed->typ, kAccessTokenTyp)) {
        return Recognition::kUnknown;
    }
    auto& authority = services.authority;
    const auto keys = authority.keys().keys();
    const PublicKey* key = keys->find(parsed->kid);
    if (key == nullptr) {
        return is_compromised(*keys, parsed->kid) ? Recognition::kKeyCompromised
                                                  : Recognition::kUnknown;
    }
    auto claims = parse_access_claims(parsed->claims);
    if (!claims || claims->issuer != services.issuer()) return Recognition::kUnknown;
    entry.facts = facts_digest(*claims);
    verify::TokenView view;
    const bool is_known = state.reader->find(entry.facts, view) && view.token == claims->client;
    if (!is_known || view.audience != claims->audience) {
        return Recognition::kUnknown;
    }
    const Microseconds steady = authority.clock().steady();
    auto& failures = authority.access_failures();
    const authority::FailureBudget::Payer payer{presented.from.value_or(Address{}),
                                                as_text(entry.facts)};
    if (presented.from && failures.wait_for(payer, steady) > 0) return Recognition::kNotNow;
    if (!verify_parsed(*parsed, *key, TypPolicy::exactly(kAccessTokenTyp))) {
        if (presented.from) failures.charge(payer, steady);
        return Recognition::kUnknown;
    }
    entry.limits.project = claims->project;
    if (claims->requested) entry.limits.scopes = claims->requested->items();
    entry.limits.expires_at = claims->expires_at;
    entry.limits.issued_at = claims->issued_at;
    entry.limits.ids = {claims->id};
    entry.limits.ids.insert(entry.limits.ids.end(), claims->derived_from.begin(),
                            claims->derived_from.end());
    entry.limits.holder_key = claims->holder_key;
    return Recognition::kFound;
}

Recognition find_access_token(Services& services, ReactorState& state,
                              const PresentedToken& presented, RecognisedToken& token) {
    // Read before the keys: what is kept is then never older than its version says.
    const std::uint64_t version = services.authority.keys().version();
    const Entry* entry = state.access_tokens.find(token.facts, version);
    if (entry == nullptr) {
        Entry fresh;
        fresh.digest = token.facts;
        const auto opened = open_access_token(services, state, presented, fresh);
        if (opened != Recognition::kFound) return opened;
        entry = &state.access_tokens.keep(std::move(fresh), version);
    }
    token.facts = entry->facts;
    if (!state.reader->find(token.facts, token.view)) return Recognition::kUnknown;
    token.view.access = &entry->limits;
    token.view.access_is_revoked = state.reader->is_access_revoked(entry->limits.ids);
    // It dies with its grant and its project, whatever project is asked about. A grant whose policy
    // allows nothing is one: that is about rights, not about life.
    const auto& home = entry->limits.project;
    if (home && !state.reader->find_grant(*home, token.view)) token.view.access_is_revoked = true;
    return Recognition::kFound;
}

// The digest has proved the text to be ours. One that cannot be read says nothing that counts.
void read_claimed_scopes(std::string_view secret, RecognisedToken& token) {
    const auto parsed = parse_unverified(secret);
    const auto claims = parsed ? parse_claims(parsed->claims) : Result<JwtClaims>(parsed.error());
    token.claimed.clear();
    if (claims) token.claimed = claims->scopes.items();
    token.view.claimed = &token.claimed;
}

Recognition found_in(const std::optional<ProjectId>& project, const ReactorState& state,
                     RecognisedToken& token) {
    if (project) state.reader->find_grant(*project, token.view);
    return Recognition::kFound;
}

}  // namespace

Recognition recognise(Services& services, ReactorState& state, const PresentedToken& presented,
                      RecognisedToken& token) {
    using Imported = verify::Replica::Reader::Imported;
    const auto imported = state.reader->find_imported(presented.secret, token.facts, token.view);
    if (imported == Imported::kFound) return found_in(presented.project, state, token);
    if (!could_be_token(presented.secret)) {
        return imported == Imported::kForeign ? Recognition::kMalformed : Recognition::kUnknown;
    }
    token.facts = sha256(presented.secret);
    if (!state.reader->find(token.facts, token.view)) {
        if (shape_of(presented.secret) != TokenShape::kJwt) return Recognition::kUnknown;
        const auto found = find_access_token(services, state, presented, token);
        const bool is_answered = found != Recognition::kFound || !presented.project ||
                                 presented.project == token.view.access->project;
        if (is_answered) return found;
    } else if (token.view.kind == verify::TokenKind::kJwt && token.view.secret_ends_at) {
        read_claimed_scopes(presented.secret, token);
    }
    return found_in(presented.project, state, token);
}

bool could_be_presented(ReactorState& state, std::string_view secret) {
    if (could_be_token(secret)) return true;
    const verify::ReadGuard guard(*state.reader);
    return state.reader->has_imported_form(secret);
}

verify::Verdict verdict_of(Recognition recognition) {
    switch (recognition) {
        case Recognition::kMalformed: return verify::Verdict::kMalformed;
        case Recognition::kKeyCompromised: return verify::Verdict::kKeyCompromised;
        case Recognition::kFound:
        case Recognition::kUnknown:
        case Recognition::kNotNow: return verify::Verdict::kUnknown;
    }
    return verify::Verdict::kUnknown;
}

}  // namespace latchkey::api
