#include "authority/exchange_assertion.h"

#include <algorithm>

#include "authority/access_claims.h"
#include "authority/create_token.h"
#include "authority/identity_token.h"
#include "base/encoding.h"
#include "crypto/random.h"
#include "token/scope.h"
#include "verify/judge.h"

namespace latchkey::authority {
namespace {

// One text for every cause: a stranger learns neither which tokens exist nor what was wrong.
Error invalid_client(std::string why) {
    return Error{ErrorCode::kUnauthenticated, "The client assertion is not valid.", std::move(why)}
        .with_reason("invalid_client");
}

Error invalid_target(std::string why) {
    return invalid(std::move(why), "invalid_target");
}

struct TokenRows {
    std::optional<store::TokenRecord> token;
    std::vector<store::SecretRecord> secrets;
};

Result<TokenRows> read_rows(Authority& authority, const TokenId& id) {
    return authority.store().query<TokenRows>([&](store::Connection& db) -> Result<TokenRows> {
        TokenRows rows;
        rows.token = TRY(store::find_token(db, id.bytes));
        if (rows.token) rows.secrets = TRY(store::recent_secrets_of(db, *rows.token));
        return rows;
    });
}

// The kid is compared with the named token's own keys and used for nothing else. Without one there
// must be no choice.
const store::SecretRecord* choose_key(const std::vector<store::SecretRecord>& secrets,
                                      std::string_view kid) {
    const store::SecretRecord* chosen = nullptr;
    for (const auto& secret : secrets) {
        if (secret.public_jwk.empty() || secret.state != store::SecretState::kLive) continue;
        if (!kid.empty() && secret.kid != kid) continue;
        if (chosen != nullptr) return nullptr;
        chosen = &secret;
    }
    return chosen;
}

std::optional<TokenId> subject_of(const json::object& claims) {
    const json::value* sub = claims.if_contains("sub");
    if (sub == nullptr || !sub->is_string()) return std::nullopt;
    return TokenId::parse(std::string_view(sub->get_string()));
}

// Which project the access token is for.
Result<std::optional<ProjectId>> choose_project(const verify::Replica::Reader& reader,
                                                verify::TokenView& view,
                                                const std::optional<ProjectId>& asked) {
    auto project = asked;
    if (!project) {
        const auto all = reader.projects_of(view.token, 2);
        if (all.empty() && view.has_scopes) return std::optional<ProjectId>();
        if (all.empty()) {
            return invalid_target(
                "the token declares no scopes of its own and was added to no project");
        }
        if (all.size() > 1) {
            return invalid_target(
                "the token was added to several projects: name one as "
                "resource=urn:latchkey:project:<id>");
        }
        project = all.front();
    }
    if (reader.find_grant(*project, view)) return project;
    return invalid_target("there is no such project, or the token was not added to it");
}

// More of them at once are not looked at one by one.
constexpr std::size_t kEventsSince = 50;

// What happened to one other token, or to one other user, changes nothing here, and what was signed
// before an orderly rotation stays good. Anything else may.
bool is_about_another(const store::Event& event, const DecidedAccess& decided) {
    if (event.type == "key.rotated") return true;
    const auto is_of = [&](std::string_view family) { return event.type.starts_with(family); };
    if (is_of("user.")) return event.owner && *event.owner != decided.owner;
    const bool is_of_one_token =
        is_of("token.") || is_of("grant.") || is_of("policy.") || is_of("access.");
    return is_of_one_token && event.token && *event.token != decided.claims.client;
}

Result<bool> is_outdated(store::Connection& db, const DecidedAccess& decided) {
    store::EventQuery since;
    since.after = decided.revision;
    since.limit = kEventsSince;
    const auto events = TRY(store::list_events(db, since));
    if (events.size() == kEventsSince) return true;
    return !std::all_of(events.begin(), events.end(), [&](const store::Event& event) {
        return is_about_another(event, decided);
    });
}

// For which project, and what it may do there.
Status choose_rights(Authority& authority, const verify::Replica::Reader& reader,
                     verify::TokenView& view, const AccessRequest& asked, DecidedAccess& decided) {
    auto& claims = decided.claims;
    claims.project = TRY(choose_project(reader, view, asked.project));
    const auto apis = authority.directory().view();
    const auto* api = apis->find(view.api);
    if (api == nullptr) return Error{ErrorCode::kInternal, "a token's API does not exist"};
    claims.requested = TRY(read_access_scopes(*api, asked.scope));
    verify::Requirement wanted;
    wanted.api_slug = view.api_slug;
    wanted.address = asked.address;
    wanted.project = claims.project;
    return set_access_scopes(view, wanted, *api, authority.clock().now(), claims);
}

}  // namespace

std::optional<TokenId> named_client(std::string_view assertion) {
    const auto parsed = parse_unverified(assertion);
    return parsed ? subject_of(parsed->claims) : std::nullopt;
}

Result<ProvenClient> prove_client(Authority& authority, std::string_view assertion) {
    auto parsed = parse_unverified(assertion);
    if (!parsed) return invalid_client("its form: " + parsed.error().message);
    if (!is_assertion_typ(parsed->typ)) return invalid_client("its typ is another kind's");
    const auto client = subject_of(parsed->claims);
    if (!client) return invalid_client("its sub is no token's id");
    const auto rows = TRY(read_rows(authority, *client));
    if (!rows.token || rows.token->id != *client) return invalid_client("there is no such token");
    const auto* chosen = choose_key(rows.secrets, parsed->kid);
    if (chosen == nullptr) {
        return invalid_client("no key of the token " + client->uuid() + " has its kid");
    }
    const auto key = authority.parsed_keys().parse(chosen->public_jwk);
    if (!key) return Error{ErrorCode::kInternal, "a stored key cannot be read"};
    if (parsed->alg != algorithm_name(key->algorithm())) {
        return invalid_client("its alg is not that of the key of " + client->uuid());
    }
    const auto verified = verify_parsed(*parsed, *key, TypPolicy::absent_or(parsed->typ));
    if (!verified) return invalid_client("the signature is not by the key of " + client->uuid());
    return ProvenClient{*client, key->thumbprint(), std::move(parsed->claims)};
}

Result<DecidedAccess> decide_access(Authority& authority, verify::Replica::Reader& reader,
                                    const ProvenClient& client, const AccessRequest& asked) {
    const Timestamp now = authority.clock().now();
    const std::string whose = " (token " + client.token.uuid() + ")";
    auto audiences = asked.audiences;
    audiences.push_back(authority.settings().issuer);
    auto assertion = check_assertion(client.claims, {audiences, !asked.audiences.empty()}, now);
    if (!assertion) return invalid_client(assertion.error().detail + whose);
    if (asked.client_id && *asked.client_id != client.token) {
        return invalid_client("client_id is not its sub" + whose);
    }
    auto decided = TRY(decide_access_again(authority, reader, client, asked));
    decided.assertion = std::move(*assertion);
    return decided;
}

Result<DecidedAccess> decide_access_again(Authority& authority, verify::Replica::Reader& reader,
                                          const ProvenClient& client, const AccessRequest& asked) {
    const Timestamp now = authority.clock().now();
    const std::string whose = " (token " + client.token.uuid() + ")";
    DecidedAccess decided;
    decided.is_identity = asked.for_identity;
    // Read first: what is judged is then at least as new.
    decided.revision = authority.replica().position().revision;
    const verify::ReadGuard guard(reader);
    verify::TokenView view;
    if (!reader.find(key_digest(client.token, client.thumbprint), view)) {
        return invalid_client("no such key is known" + whose);
    }
    verify::Requirement wanted;
    decided.owner = view.owner;
    wanted.api_slug = view.api_slug;
    wanted.address = asked.address;
    const auto judged = verify::judge(view, wanted, now);
    if (judged.verdict != verify::Verdict::kActive) {
        return invalid_client(std::string(verify::verdict_name(judged.verdict)) + whose);
    }
    auto& claims = decided.claims;
    claims.issuer = authority.settings().issuer;
    claims.audience = view.audience;
    claims.client = client.token;
    claims.client_key = client.thumbprint;
    random_bytes(claims.id.bytes);
    claims.holder_key = asked.holder_key;
    set_access_life(view, now, claims);
    if (claims.expires_at <= claims.issued_at) return invalid_client("expired" + whose);
    if (asked.for_identity) {
        set_identity_life(claims);
        return decided;
    }
    TRY(choose_rights(authority, reader, view, asked, decided));
    return decided;
}

Result<std::string> sign_access(Authority& authority, const DecidedAccess& decided) {
    if (decided.is_identity) return sign_identity(authority, decided.claims);
    return sign_access_claims(authority, decided.claims);
}

Status use_assertion(store::Transaction& tx, const DecidedAccess& decided) {
    auto& db = tx.connection();
    const auto& client = decided.claims.client;
    if (!TRY(store::insert_assertion(db, assertion_digest(decided.assertion),
                                     decided.assertion.expires_at))) {
        return invalid_client("it was used before (token " + client.uuid() + ")");
    }
    // No access token after the answer to whoever stopped or narrowed it.
    if (tx.head().revision == decided.revision) return {};
    if (!TRY(is_outdated(db, decided))) return {};
    return Error{ErrorCode::kUnavailable, "what the token may do is being changed; try again"}
        .with_reason(kDecideAgain);
}

}  // namespace latchkey::authority
