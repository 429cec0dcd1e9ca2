// TokenTable: one row a secret with its token's facts beside it, so that a look-up reads one place.
// Rows are immutable once published: a change writes a new row, redirects the indexes and retires
// the old one, so that no reader sees half of it. A token's rows are chained, newest generation
// first; a token without a secret (a key token, or one whose secret is still to come) has one row.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <vector>

#include "base/id.h"
#include "crypto/digest.h"
#include "verify/chunks.h"
#include "verify/epochs.h"
#include "verify/facts.h"
#include "verify/index_table.h"
#include "verify/string_sets.h"

namespace latchkey::verify {

inline constexpr std::int64_t kNoStart = std::numeric_limits<std::int64_t>::min();
inline constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

// What most secrets do not have; a row without it is its token's only secret.
struct Rare {
    SecretId secret;
    std::int64_t ends_at{kNever};  // microseconds
    std::uint32_t generation{1};
    std::uint32_t allowed_ips{0};  // in StringSets
    std::int64_t not_before{kNoStart};
    RateLimit rate;
};

struct Row {
    static constexpr std::uint32_t kNone = IndexTable::kNone;

    Digest digest{};
    TokenId token;
    std::int64_t expires_at{kNever};    // microseconds
    std::uint32_t status_index{kNone};  // in StatusBits
    std::uint32_t owner{0};             // in Rights
    std::uint32_t api{0};               // in Rights
    std::uint32_t key{0};               // in Rights; 0: none
    std::uint32_t scopes{0};            // in StringSets; 0: declared none
    std::uint32_t rare{kNone};          // a Rare
    std::uint32_t next{kNone};          // the next row of the token; the writer's only
    TokenKind kind{TokenKind::kOpaque};
    std::uint8_t state{0};  // a TokenState; 0: the token's fact has not come yet
    bool has_secret{false};
    std::uint8_t secret_bits{0};

    static constexpr std::uint8_t kSecretRevoked = 1;
    static constexpr std::uint8_t kMustAsk = 2;
};
static_assert(sizeof(Row) == 88, "the budget of 150 bytes a token counts on it");

// The facts of a token with its neighbours as numbers; sets are the caller's to release.
struct TokenPart {
    TokenId id;
    std::uint32_t owner{0};
    std::uint32_t api{0};
    std::uint32_t scopes{0};
    std::uint32_t allowed_ips{0};
    TokenKind kind{TokenKind::kOpaque};
    TokenState state{TokenState::kActive};
    std::int64_t expires_at{kNever};
    std::int64_t not_before{kNoStart};
    RateLimit rate;
};

class TokenTable {
public:
    TokenTable(Epochs& epochs, StringSets& sets);
    TokenTable(const TokenTable&) = delete;
    TokenTable& operator=(const TokenTable&) = delete;

    // --- readers, inside an epoch ----------------------------------------------------------------
    // Digests are compared in constant time. Nothing: no such secret (token).
    [[nodiscard]] const Row* find(const Digest& digest) const;
    [[nodiscard]] const Row* find_by_token(const TokenId& id) const;
    [[nodiscard]] const Rare* rare(const Row& row) const {
        return row.rare == Row::kNone ? nullptr : &rares_[row.rare];
    }
    // Every row that a presented secret may find.
    template <typename Visitor>
    void for_each_presentable(Visitor&& visitor) const {
        by_digest_.for_each([&](std::uint32_t slot) { visitor(rows_[slot]); });
    }

    // --- the writer ------------------------------------------------------------------------------
    void reserve(std::size_t tokens);
    void put(const TokenPart& part);
    void put(const SecretFact& fact, std::uint32_t key);
    void set_state(const TokenId& id, TokenState state);  // of one that is known, else nothing
    // Whether this fact's digest, or its secret's token or digest, contradicts what is known.
    [[nodiscard]] bool contradicts(const SecretFact& fact) const;
    // While loading there are no readers: rows are changed in place.
    void set_loading(bool is_loading) { is_loading_ = is_loading; }
    template <typename Visitor>
    void visit(const TokenId& id, Visitor&& visitor) const {
        for (std::uint32_t i = find_head(id); i != Row::kNone; i = rows_[i].next) {
            visitor(rows_[i]);
        }
    }
    template <typename Visitor>
    void visit_all(Visitor&& visitor) const {
        for (std::uint32_t i = 0; i < is_live_.size(); ++i) {
            if (is_live_[i]) visitor(rows_[i]);
        }
    }

    [[nodiscard]] std::size_t live_tokens() const { return live_tokens_.load(); }
    [[nodiscard]] std::size_t bytes() const;

private:
    struct Draft {
        Row row;
        Rare rare;
    };

    [[nodiscard]] std::uint32_t find_head(const TokenId& id) const;
    [[nodiscard]] std::uint32_t find_row(const Digest& digest) const;
    [[nodiscard]] std::uint32_t find_secret(const SecretFact& fact) const;
    [[nodiscard]] Draft draft_of(std::uint32_t index) const;
    [[nodiscard]] SecretId secret_of(const Row& row) const;
    std::uint32_t write(const Draft& draft);
    void replace(std::uint32_t old_index, const Draft& draft);
    void relink(std::uint32_t old_index, std::uint32_t new_index);
    void insert_in_chain(const Draft& draft);
    void drop(std::uint32_t index);
    void give_back(std::uint32_t index);

    Epochs& epochs_;
    StringSets& sets_;
    Chunks<Row, 16, 4'096> rows_;  // six megabytes each
    Chunks<Rare, 10, 65'536> rares_;
    IndexTable by_digest_;
    IndexTable by_token_;
    std::vector<bool> is_live_;  // by row: published and not retired
    std::atomic<std::size_t> live_tokens_{0};
    bool is_loading_{true};
};

}  // namespace latchkey::verify
