// What the administrators of an installation decided for everybody: the settings, and the rules
// that every token keeps. Read by each request from memory; a change is one event.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "authority/actor.h"
#include "store/store.h"
#include "store/tables.h"

namespace latchkey::authority {

// Kept by every token that is made, and by every change of what a rule speaks of. Tokens that were
// made before a rule stay as they are until then.
struct TokenRules {
    std::optional<std::uint32_t> max_life_days;  // none: "never" is allowed
    bool requires_expiry{false};
    bool requires_addresses{false};
    std::vector<store::TokenKind> kinds{store::TokenKind::kJwt, store::TokenKind::kOpaque,
                                        store::TokenKind::kKey};

    bool operator==(const TokenRules&) const = default;
};

struct Site {
    store::TokenKind default_kind{store::TokenKind::kJwt};
    // Of a token that is made without a word about its end; none: never.
    std::optional<std::uint32_t> default_life_days;
    // Pages of these origins may read our answers; never with a cookie.
    std::vector<std::string> cors_origins;
    TokenRules rules;

    bool operator==(const Site&) const = default;
};

Result<Site> read_site(store::Connection& db);

// settings:write. Reasons bad_life, bad_origin, unknown_kind, rule_life (the default is longer than
// the longest), rule_kind. Nothing changed: no event.
Status put_site(store::Transaction& tx, const Actor& actor, const Site& site);
Status put_token_rules(store::Transaction& tx, const Actor& actor, const TokenRules& rules);
Status check_token_rules(const TokenRules& rules);

// What of a token is looked at: all of a new one, and of a change what it changes.
struct RuledTerms {
    bool kind{true};
    bool end{true};
    bool addresses{true};
};
// `since`: when the secret that the token is presented with was made; its life is measured from
// there, so that moving the end again and again does not slip past. Reasons rule_kind, rule_life,
// rule_expiry, rule_addresses.
Status check_rules(const TokenRules& rules, const store::TokenRecord& token, Timestamp since,
                   const RuledTerms& terms = {});

struct RulesDryRun {
    std::uint64_t count{0};
    std::vector<store::TokenRecord> tokens;  // the first of them
};
// Which live tokens could not be made today under these rules. user:read, for they are everybody's.
Result<RulesDryRun> try_token_rules(store::Connection& db, const Actor& actor,
                                    const TokenRules& rules, Timestamp now);

}  // namespace latchkey::authority
