// BulkRules: what was decided about many tokens at once, until each of them says so by itself. A
// rule counts from the moment it is set, however many tokens it is about: a look-up asks it, and
// only while there is one. One writer; readers inside an epoch.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "verify/epochs.h"
#include "verify/facts.h"
#include "verify/string_sets.h"
#include "verify/token_table.h"

namespace latchkey::verify {

class BulkRules {
public:
    static constexpr std::uint32_t kAny = 0xFFFF'FFFF;
    struct Rule {
        BulkFact fact;  // `spared` sorted, `tokens` moved out:
        // Shared with the set before, for every change copies the set. Sorted.
        std::shared_ptr<const std::vector<TokenId>> tokens{};
        // As rows name their neighbours; kAny: whatever it is.
        std::uint32_t owner{kAny};
        std::uint32_t api{kAny};
        std::uint32_t key{kAny};
    };
    using Set = std::vector<Rule>;

    explicit BulkRules(Epochs& epochs) : epochs_(epochs) {}
    ~BulkRules() { delete set_.load(); }
    BulkRules(const BulkRules&) = delete;
    BulkRules& operator=(const BulkRules&) = delete;

    // --- readers ---------------------------------------------------------------------------------
    // Null while there is none, which is nearly always.
    [[nodiscard]] const Set* current() const { return set_.load(); }
    // The row's state, or a worse one that a rule gives it.
    static TokenState state_of(const Set& rules, const Row& row, const StringSets& sets);
    // Grows with every change.
    [[nodiscard]] std::uint64_t version() const { return version_.load(); }

    // --- the writer ------------------------------------------------------------------------------
    // A new rule, a changed one, or, when it is settled, one less.
    void set(Rule rule);
    // One token less for a rule, if it is still there.
    void spare(const BulkSparedFact& fact);

private:
    void replace(std::unique_ptr<Set> next);

    Epochs& epochs_;
    std::atomic<const Set*> set_{nullptr};
    std::atomic<std::uint64_t> version_{0};
};

}  // namespace latchkey::verify
