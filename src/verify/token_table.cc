#include "verify/token_table.h"

#include <cstring>

namespace latchkey::verify {
namespace {

// SHA-256 is uniform: its first bytes are the hash.
std::uint32_t hash_of(const Digest& digest) {
    std::uint32_t hash = 0;
    std::memcpy(&hash, digest.data(), sizeof hash);
    return hash;
}

std::uint32_t hash_of(const TokenId& id) {
    return static_cast<std::uint32_t>(IdHash<TokenTag>{}(id) >> 32);
}

bool is_presentable(const Digest& digest) {
    return digest != Digest{};
}

bool is_live(const Row& row) {
    return row.state != 0 && row.state != static_cast<std::uint8_t>(TokenState::kRevoked);
}

void set_token(Row& row, Rare& rare, const TokenPart& part) {
    row.token = part.id;
    row.owner = part.owner;
    row.api = part.api;
    row.scopes = part.scopes;
    row.kind = part.kind;
    row.state = static_cast<std::uint8_t>(part.state);
    row.expires_at = part.expires_at;
    rare.allowed_ips = part.allowed_ips;
    rare.not_before = part.not_before;
    rare.rate = part.rate;
}

void set_secret(Row& row, Rare& rare, const SecretFact& fact, std::uint32_t key) {
    row.token = fact.token;
    row.digest = fact.digest;
    row.key = key;
    row.status_index =
        fact.status_index ? static_cast<std::uint32_t>(*fact.status_index) : Row::kNone;
    row.has_secret = true;
    row.secret_bits = static_cast<std::uint8_t>((fact.is_revoked ? Row::kSecretRevoked : 0) |
                                                (fact.must_ask ? Row::kMustAsk : 0));
    rare.secret = fact.id;
    rare.generation = fact.generation;
    rare.ends_at = fact.ends_at ? fact.ends_at->microseconds() : kNever;
}

}  // namespace

TokenTable::TokenTable(Epochs& epochs, StringSets& sets)
    : epochs_(epochs), sets_(sets), by_digest_(epochs), by_token_(epochs) {}

const Row* TokenTable::find(const Digest& digest) const {
    const std::uint32_t index = find_row(digest);
    return index == Row::kNone ? nullptr : &rows_[index];
}

const Row* TokenTable::find_by_token(const TokenId& id) const {
    const std::uint32_t index = find_head(id);
    return index == Row::kNone ? nullptr : &rows_[index];
}

std::uint32_t TokenTable::find_row(const Digest& digest) const {
    return by_digest_.find(hash_of(digest), [&](std::uint32_t index) {
        return equal_in_constant_time(rows_[index].digest, digest);
    });
}

std::uint32_t TokenTable::find_head(const TokenId& id) const {
    return by_token_.find(hash_of(id),
                          [&](std::uint32_t index) { return rows_[index].token == id; });
}

std::uint32_t TokenTable::find_secret(const SecretFact& fact) const {
    for (std::uint32_t i = find_head(fact.token); i != Row::kNone; i = rows_[i].next) {
        if (rows_[i].has_secret && secret_of(rows_[i]) == fact.id) return i;
    }
    return Row::kNone;
}

SecretId TokenTable::secret_of(const Row& row) const {
    return row.rare == Row::kNone ? SecretId{row.token.bytes} : rares_[row.rare].secret;
}

bool TokenTable::contradicts(const SecretFact& fact) const {
    if (fact.status_index && *fact.status_index >= Row::kNone) return true;
    const std::uint32_t known = find_secret(fact);
    if (known != Row::kNone) return rows_[known].digest != fact.digest;
    return is_presentable(fact.digest) && find_row(fact.digest) != Row::kNone;
}

void TokenTable::reserve(std::size_t tokens) {
    by_digest_.reserve(tokens);
    by_token_.reserve(tokens);
    is_live_.reserve(tokens);
}

TokenTable::Draft TokenTable::draft_of(std::uint32_t index) const {
    Draft draft{.row = rows_[index], .rare = {}};
    if (draft.row.rare != Row::kNone) {
        draft.rare = rares_[draft.row.rare];
    } else {
        draft.rare.secret = SecretId{draft.row.token.bytes};
    }
    return draft;
}

std::uint32_t TokenTable::write(const Draft& draft) {
    const Rare& rare = draft.rare;
    const bool is_plain = rare.secret.bytes == draft.row.token.bytes && rare.ends_at == kNever &&
                          rare.generation == 1 && rare.allowed_ips == 0 &&
                          rare.not_before == kNoStart && !rare.rate.is_set();
    std::uint32_t rare_index = Row::kNone;
    if (!is_plain) {
        rare_index = rares_.allocate();
        rares_[rare_index] = rare;
    }
    const std::uint32_t index = rows_.allocate();
    Row& row = rows_[index];
    row = draft.row;
    row.rare = rare_index;
    sets_.retain(row.scopes);
    sets_.retain(rare.allowed_ips);
    if (index >= is_live_.size()) is_live_.resize(index + 1);
    is_live_[index] = true;
    return index;
}

void TokenTable::put(const TokenPart& part) {
    std::uint32_t index = find_head(part.id);
    if (index == Row::kNone) {
        Draft draft;
        draft.rare.secret = SecretId{part.id.bytes};
        set_token(draft.row, draft.rare, part);
        const std::uint32_t written = write(draft);
        by_token_.insert(hash_of(part.id), written);
        live_tokens_ += is_live(draft.row) ? 1 : 0;
        return;
    }
    const bool was_live = is_live(rows_[index]);
    while (index != Row::kNone) {
        Draft draft = draft_of(index);
        const std::uint32_t next = draft.row.next;
        set_token(draft.row, draft.rare, part);
        replace(index, draft);
        index = next;
    }
    const bool lives = part.state != TokenState::kRevoked;
    if (lives && !was_live) ++live_tokens_;
    if (!lives && was_live) --live_tokens_;
}

void TokenTable::set_state(const TokenId& id, TokenState state) {
    std::uint32_t index = find_head(id);
    if (index == Row::kNone || rows_[index].state == 0) return;
    const bool was_live = is_live(rows_[index]);
    const bool lives = state != TokenState::kRevoked;
    while (index != Row::kNone) {
        Draft draft = draft_of(index);
        const std::uint32_t next = draft.row.next;
        draft.row.state = static_cast<std::uint8_t>(state);
        replace(index, draft);
        index = next;
    }
    if (lives && !was_live) ++live_tokens_;
    if (!lives && was_live) --live_tokens_;
}

void TokenTable::put(const SecretFact& fact, std::uint32_t key) {
    CHECK(!contradicts(fact));
    const std::uint32_t head = find_head(fact.token);
    std::uint32_t index = find_secret(fact);
    // The first secret moves into the row that its token already has.
    if (index == Row::kNone && head != Row::kNone && !rows_[head].has_secret) index = head;
    Draft draft;
    if (index != Row::kNone) {
        draft = draft_of(index);
    } else if (head != Row::kNone) {
        draft = draft_of(head);
        draft.row.has_secret = false;
        draft.row.next = Row::kNone;
    }
    const bool is_new = !draft.row.has_secret;
    set_secret(draft.row, draft.rare, fact, key);
    if (index == Row::kNone) {
        insert_in_chain(draft);
        return;
    }
    if (!is_new || !is_presentable(fact.digest)) {
        replace(index, draft);
        return;
    }
    // The new row enters the index by digest; only the index by token knows the old one.
    const std::uint32_t written = write(draft);
    relink(index, written);
    by_digest_.insert(hash_of(fact.digest), written);
    drop(index);
}

void TokenTable::replace(std::uint32_t old_index, const Draft& draft) {
    const std::uint32_t written = write(draft);
    if (draft.row.has_secret && is_presentable(draft.row.digest)) {
        by_digest_.redirect(hash_of(draft.row.digest), old_index, written);
    }
    relink(old_index, written);
    drop(old_index);
}

// Puts the new row where the old one stood in its token's chain.
void TokenTable::relink(std::uint32_t old_index, std::uint32_t new_index) {
    const TokenId id = rows_[old_index].token;
    std::uint32_t i = find_head(id);
    if (i == old_index) {
        by_token_.redirect(hash_of(id), old_index, new_index);
        return;
    }
    while (rows_[i].next != old_index) {
        i = rows_[i].next;
        CHECK(i != Row::kNone);
    }
    rows_[i].next = new_index;
}

void TokenTable::insert_in_chain(const Draft& draft) {
    const auto hash = hash_of(draft.row.token);
    const std::uint32_t head = find_head(draft.row.token);
    const std::uint32_t written = write(draft);
    const auto generation_of = [&](std::uint32_t i) {
        return rows_[i].rare == Row::kNone ? 1U : rares_[rows_[i].rare].generation;
    };
    if (head == Row::kNone) {
        by_token_.insert(hash, written);
    } else if (draft.rare.generation > generation_of(head)) {
        rows_[written].next = head;
        by_token_.redirect(hash, head, written);
    } else {
        std::uint32_t before = head;
        while (rows_[before].next != Row::kNone &&
               generation_of(rows_[before].next) >= draft.rare.generation) {
            before = rows_[before].next;
        }
        rows_[written].next = rows_[before].next;
        rows_[before].next = written;
    }
    if (is_presentable(draft.row.digest)) by_digest_.insert(hash_of(draft.row.digest), written);
}

void TokenTable::drop(std::uint32_t index) {
    is_live_[index] = false;
    sets_.release(rows_[index].scopes);
    if (const Rare* const old = rare(rows_[index])) sets_.release(old->allowed_ips);
    if (is_loading_) {
        give_back(index);
    } else {
        epochs_.retire([this, index] { give_back(index); });
    }
}

void TokenTable::give_back(std::uint32_t index) {
    if (rows_[index].rare != Row::kNone) rares_.free(rows_[index].rare);
    rows_.free(index);
}

std::size_t TokenTable::bytes() const {
    return rows_.bytes() + rares_.bytes() + by_digest_.bytes() + by_token_.bytes() +
           rows_.size() / 8;
}

}  // namespace latchkey::verify
