#include "authority/edit_token.h"

#include "authority/addresses.h"
#include "authority/create_token.h"
#include "authority/facts_of_records.h"
#include "authority/project_with_token.h"
#include "authority/site.h"
#include "authority/token_keys.h"
#include "authority/token_terms.h"
#include "token/names.h"

namespace latchkey::authority {
namespace {

Error jwt_widening(const Widening& wider) {
    return invalid("a jwt says itself what it may do, and that is only ever narrowed",
                   "jwt_widening", wider.end ? "/expiresAt" : "/scopes")
        .with_hint("rotate it with the wider rights: latchkey token rotate ID -s … -e …");
}

// What the token is after the change, its name aside.
Status set_terms(const DirectoryEntry& api, const TokenEdit& edit, Timestamp now,
                 store::TokenRecord& token) {
    if (edit.scopes) token.scopes = TRY(scopes_of_change(api, token, *edit.scopes));
    if (edit.expires_at) token.expires_at = TRY(check_end(*edit.expires_at, now));
    if (edit.not_before) {
        token.not_before = TRY(check_start(*edit.not_before, token.expires_at, now));
    }
    if (edit.allowed_ips) {
        TRY(check_address_ranges(*edit.allowed_ips));
        token.allowed_ips = *edit.allowed_ips;
    }
    if (edit.rate) {
        TRY(check_rate(*edit.rate));
        token.rate = *edit.rate;
    }
    return {};
}

Status check_widening(store::Connection& db, const Actor& actor, const DirectoryEntry& api,
                      const store::TokenRecord& before, const store::TokenRecord& after) {
    const auto wider = widening(before, after);
    if (!wider.any()) return {};
    if (after.kind == store::TokenKind::kJwt && wider.of_claims()) return jwt_widening(wider);
    TRY(check_owner_has(db, after, api.api.slug, wider.scopes));
    return check_could_make(db, actor, after);
}

// Only what changes is held against the rules: they may be younger than the token.
Status check_rules_of_change(store::Connection& db, const store::TokenRecord& before,
                             const TokenDetails& details) {
    const auto& token = details.token;
    Timestamp since = token.created_at;
    for (const auto& secret : details.secrets) {
        const bool is_text = token.kind != store::TokenKind::kKey;
        if (is_text) since = std::max(since, secret.created_at);
    }
    const RuledTerms changed{false, token.expires_at != before.expires_at,
                             token.allowed_ips != before.allowed_ips};
    const Site site = TRY(read_site(db));
    return check_rules(site.rules, token, since, changed);
}

bool has_same_terms(const store::TokenRecord& a, const store::TokenRecord& b) {
    return a.scopes == b.scopes && a.expires_at == b.expires_at && a.not_before == b.not_before &&
           a.allowed_ips == b.allowed_ips && a.rate == b.rate;
}

bool has_terms(const TokenEdit& edit) {
    return edit.scopes || edit.expires_at || edit.not_before || edit.allowed_ips || edit.rate;
}

// What was given out says more than is true now: verified off-line it must not be believed alone.
void mark_secrets(TokenDetails& details, KeyChanges& changes) {
    for (auto& secret : details.secrets) {
        if (secret.state != store::SecretState::kLive || secret.must_ask) continue;
        secret.must_ask = true;
        changes.changed.push_back(secret);
    }
}

// Of a project's own token: what its grant there is to be, if it was the one it was made with.
Result<std::optional<store::GrantRecord>> following_grant(store::Transaction& tx,
                                                          const store::TokenRecord& before,
                                                          const store::TokenRecord& after) {
    if (before.scopes == after.scopes) return std::optional<store::GrantRecord>();
    auto grant = TRY(store::find_grant(tx.connection(), ProjectId{after.owner.bytes},
                                       store::PrincipalKind::kToken, after.id.bytes));
    if (!grant || grant->policy_json != policy_for_scopes(before.scopes)) {
        return std::optional<store::GrantRecord>();
    }
    grant->policy_json = policy_for_scopes(after.scopes);
    grant->updated_at = tx.now();
    return grant;
}

Status append_edit(store::Transaction& tx, const Actor& actor, const store::TokenRecord& token,
                   const KeyChanges& changes, const std::optional<store::GrantRecord>& grant) {
    if (!grant) return append_token_event(tx, "token.updated", actor, token, changes);
    TRY(store::put_grant(tx.connection(), *grant));
    store::EventDraft event;
    event.type = "token.updated";
    event.actor = actor.text();
    event.owner = token.owner;
    event.token = token.id;
    json::array facts{verify::to_json(fact_of(token)), verify::to_json(fact_of(*grant))};
    append_facts(changes, facts);
    event.data = json::object{
        {"facts", std::move(facts)}, {"name", token.name}, {"project", grant->project.uuid()}};
    TRY(tx.append_event(std::move(event)));
    return {};
}

struct AskedEdit {
    std::string_view id;
    const TokenEdit& edit;
    bool moves_grant{false};
};

Result<TokenDetails> apply_edit(store::Transaction& tx, const Actor& actor,
                                const DirectoryView& directory, const AskedEdit& asked) {
    const TokenEdit& edit = asked.edit;
    if (edit.description) TRY(check_description(*edit.description));
    auto details = TRY(token_to_change(tx, actor, asked.id));
    auto& token = details.token;
    const store::TokenRecord before = token;
    if (edit.name) TRY(check_token_name(*edit.name, token.kind));
    KeyChanges changes;
    if (edit.keys) {
        TRY(check_may_change_keys(tx.connection(), actor, token));
        changes = TRY(with_keys_replaced(details.secrets, token, *edit.keys, tx.now()));
    }
    if (has_terms(edit)) {
        TRY(check_still_lives(token, tx.now()));
        const auto* api = directory.find(token.api);
        if (api == nullptr) return Error{ErrorCode::kInternal, "a token's API does not exist"};
        TRY(set_terms(*api, edit, tx.now(), token));
        TRY(check_widening(tx.connection(), actor, *api, before, token));
        TRY(check_rules_of_change(tx.connection(), before, details));
        if (token.kind == store::TokenKind::kJwt && has_narrower_claims(before, token)) {
            mark_secrets(details, changes);
        }
    }
    token.name = edit.name.value_or(token.name);
    token.description = edit.description.value_or(token.description);
    const bool is_renamed = token.name != before.name || token.description != before.description;
    details.generations = TRY(store::secret_usages(tx.connection(), token.id));
    if (!is_renamed && changes.empty() && has_same_terms(before, token)) return details;
    token.updated_at = tx.now();
    TRY(store::update_token(tx.connection(), token));
    TRY(write_keys(tx.connection(), changes));
    std::optional<store::GrantRecord> grant;
    if (asked.moves_grant) grant = TRY(following_grant(tx, before, token));
    TRY(append_edit(tx, actor, token, changes, grant));
    return details;
}

}  // namespace

Result<TokenDetails> edit_token(store::Transaction& tx, const Actor& actor,
                                const DirectoryView& directory, std::string_view id,
                                const TokenEdit& edit) {
    return apply_edit(tx, actor, directory, {id, edit});
}

Result<TokenDetails> edit_token_and_grant(store::Transaction& tx, const Actor& actor,
                                          const DirectoryView& directory, std::string_view id,
                                          const TokenEdit& edit) {
    return apply_edit(tx, actor, directory, {id, edit, true});
}

}  // namespace latchkey::authority
