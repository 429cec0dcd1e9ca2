// The replica's tables and what ties them together: how facts enter, and how a row becomes a view.
#pragma once

#include <atomic>
#include <cstdint>
#include <set>
#include <span>
#include <vector>

#include "token/status_list.h"
#include "verify/bulk_rules.h"
#include "verify/epochs.h"
#include "verify/import_sources.h"
#include "verify/project_table.h"
#include "verify/replica.h"
#include "verify/revoked_access.h"
#include "verify/rights.h"
#include "verify/status_bits.h"
#include "verify/string_sets.h"
#include "verify/token_table.h"

namespace latchkey::verify {

struct Replica::State {
    Epochs epochs;
    Rights rights{epochs};
    StringSets sets{epochs};
    TokenTable tokens{epochs, sets};
    StatusBits statuses;
    ProjectTable projects{epochs, rights};
    BulkRules bulk{epochs};
    RevokedAccess revoked_access{epochs};

    State() = default;
    ~State() {
        epochs.drain();
        delete imports_.load();
    }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    // --- readers ---------------------------------------------------------------------------------
    // False: the row's token, owner or API is not known (yet).
    bool fill(const Row& row, TokenView& view) const;
    [[nodiscard]] ReplicaPosition position() const;
    // Null while there are none.
    [[nodiscard]] const ImportSources* imports() const { return imports_.load(); }
    // A copy of one list, as the rules have it now. While there is a rule, every row is looked at:
    // about 50 ms a million.
    [[nodiscard]] std::string status_list(std::uint64_t list) const;

    // --- the writer ------------------------------------------------------------------------------
    void put(const TokenFact& fact);
    void put(const SecretFact& fact);
    void put(const BulkFact& fact);
    void put_in_projects(const Fact& fact);  // a project's, a member's or a grant's
    // In an order that never leaves a token before its owner, then the status lists.
    void put_all(std::vector<Fact> facts);
    [[nodiscard]] bool contradicts(std::span<const Fact> facts) const;
    void refresh_all_statuses();
    void set_position(ReplicaPosition position);
    void set_imports(ImportSources sources);

private:
    // Whose status entries an event may have changed.
    struct Touched {
        bool all{false};
        std::set<std::uint32_t> owners;
        std::set<std::uint32_t> keys;
        std::set<TokenId> tokens;
    };

    void fill(const Rare& rare, TokenView& view) const;
    void put(const Fact& fact, Touched& touched);
    void refresh_statuses(const Touched& touched);
    void refresh_status(const Row& row);
    [[nodiscard]] TokenStatus status_of(const Row& row) const;
    [[nodiscard]] bool has_lost_scope(const Row& row, const OwnerWord& owner) const;

    std::atomic<const ImportSources*> imports_{nullptr};
    // Odd while it changes, so that nobody pairs one epoch with another's revision.
    std::atomic<std::uint64_t> position_changes_{0};
    std::atomic<std::uint64_t> epoch_{0};
    std::atomic<std::uint64_t> revision_{0};
};

}  // namespace latchkey::verify
