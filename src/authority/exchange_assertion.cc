#include "authority/exchange_assertion.h"

#include <algorithm>

#include "authority/access_token_life.h"
#include "authority/create_token.h"
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

Error invalid_scope(std::string why) {
    return invalid(std::move(why), "invalid_scope");
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
        if (rows.token) rows.secrets = TRY(store::secrets_of(db, rows.token->id));
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

// Canonical names; a pattern must mean something in the catalogue.
Result<std::optional<ScopeSet>> read_scopes(const DirectoryEntry& api,
                                            const std::optional<std::string>& text) {
    if (!text) return std::optional<ScopeSet>();
    const auto asked = ScopeSet::parse(*text);
    if (!asked || asked->empty()) return invalid_scope("this is no list of scopes");
    std::vector<std::string> names;
    for (const auto& scope : asked->items()) {
        const auto canonical = api.canonical(scope);
        const bool means_something =
            canonical || std::any_of(api.scopes.begin(), api.scopes.end(), [&](const auto& entry) {
                return scope_matches(scope, entry.name);
            });
        if (!means_something) {
            return invalid_scope("the API " + api.api.slug + " has no scope " + scope);
        }
        names.push_back(canonical.value_or(scope));
    }
    return std::optional<ScopeSet>(TRY(ScopeSet::create(std::move(names))));
}

// The names of the catalogue that are allowed though no pattern that is written down says so as a
// whole: a Deny cuts into it.
void add_names(const verify::TokenView& view, verify::Requirement wanted, const DirectoryEntry& api,
               Timestamp now, std::vector<std::string>& allowed) {
    std::vector<std::string_view> open;
    for (const auto& scope : api.scopes) {
        const bool is_said = std::any_of(
            allowed.begin(), allowed.end(),
            [&](const std::string& pattern) { return scope_matches(pattern, scope.name); });
        if (!is_said && is_scope(scope.name)) open.emplace_back(scope.name);
    }
    for (std::size_t from = 0; from < open.size(); from += verify::kScopesAskedMax) {
        const std::size_t count = std::min(verify::kScopesAskedMax, open.size() - from);
        wanted.scopes = std::span(open).subspan(from, count);
        const auto judged = verify::judge(view, wanted, now);
        const bool is_about_scopes = judged.verdict == verify::Verdict::kActive ||
                                     judged.verdict == verify::Verdict::kInsufficientScope;
        for (std::size_t i = 0; is_about_scopes && i < count; ++i) {
            if ((judged.missing & (1U << i)) != 0) continue;
            if (allowed.size() < kScopesMax) allowed.emplace_back(open[from + i]);
        }
    }
}

// Some statement, for some resource, may allow one of them.
bool is_conceivable(const verify::TokenView& view, const ScopeSet& asked) {
    if (!view.grant || view.grant->policy == nullptr) return false;
    for (const auto& statement : view.grant->policy->statements) {
        if (statement.effect != Effect::kAllow) continue;
        for (const auto& action : statement.actions) {
            const auto one = ScopeSet::create({action});
            if (one && !one->intersection(asked).empty()) return true;
        }
    }
    return false;
}

std::vector<std::string> first_words(std::string_view text, std::size_t most) {
    std::vector<std::string> words;
    while (!text.empty() && words.size() < most) {
        const auto end = std::min(text.find(' '), text.size());
        if (end > 0) words.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return words;
}

// What it may do on every resource now, of what was asked for.
Status set_scopes(const verify::TokenView& view, const verify::Requirement& wanted,
                  const DirectoryEntry& api, Timestamp now, AccessClaims& claims) {
    std::string text;
    verify::effective_scopes(view, text);
    auto allowed = first_words(text, kScopesMax);
    add_names(view, wanted, api, now, allowed);
    claims.scopes = TRY(ScopeSet::create(std::move(allowed)));
    if (!claims.requested) return {};
    claims.scopes = claims.scopes.intersection(*claims.requested);
    if (!claims.scopes.empty() || is_conceivable(view, *claims.requested)) return {};
    return invalid_scope("none of these scopes is allowed to this token there");
}

// Whole seconds, never past the end of the token or of the key.
void set_life(const verify::TokenView& view, Timestamp now, AccessClaims& claims) {
    Timestamp end = now + kAccessTokenLife;
    if (view.expires_at) end = std::min(end, *view.expires_at);
    if (view.secret_ends_at) end = std::min(end, *view.secret_ends_at);
    claims.issued_at = Timestamp::from_seconds(now.seconds());
    claims.expires_at = Timestamp::from_seconds(end.seconds());
}

// More of them at once are not looked at one by one.
constexpr std::size_t kEventsSince = 50;

// What happened to one other token, or to one other user, changes nothing here. Anything else may.
bool is_about_another(const store::Event& event, const DecidedAccess& decided) {
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
    auto assertion = check_assertion(client.claims, authority.settings().issuer, now);
    if (!assertion) return invalid_client(assertion.error().detail + whose);
    if (asked.client_id && *asked.client_id != client.token) {
        return invalid_client("client_id is not its sub" + whose);
    }
    DecidedAccess decided;
    decided.assertion = std::move(*assertion);
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
    set_life(view, now, claims);
    if (claims.expires_at <= claims.issued_at) return invalid_client("expired" + whose);
    claims.project = TRY(choose_project(reader, view, asked.project));
    const auto apis = authority.directory().view();
    const auto* api = apis->find(view.api);
    if (api == nullptr) return Error{ErrorCode::kInternal, "a token's API does not exist"};
    claims.requested = TRY(read_scopes(*api, asked.scope));
    wanted.project = claims.project;
    TRY(set_scopes(view, wanted, *api, now, claims));
    return decided;
}

Result<std::string> sign_access(Authority& authority, const DecidedAccess& decided) {
    const auto keys = authority.keys().keys();
    auto text =
        sign_jws(*keys->active, kAccessTokenTyp, keys->active->kid(), to_claims(decided.claims));
    if (text.size() <= kSecretBytesMax) return text;
    return invalid_scope("with so many scopes the access token is too long: ask for fewer");
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
