// UsageBatch: what a part of a recorder gathers until it is taken. Tokens stand where their hash
// says, each in one line of the cache, which is all that a use touches of most of them; what few of
// them have, and what many of them share, lies beside. Keeps its memory when cleared, so that it is
// allocated once.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "base/large_array.h"
#include "verify/shared_texts.h"
#include "verify/usage.h"

namespace latchkey::verify {

class UsageBatch {
public:
    // False: the token is new, and there is to be none.
    bool add(const Use& use, bool may_be_new);
    bool add_scope(const Use& use, bool may_be_new);

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool is_far_too_large() const;  // for what it holds
    void append_to(std::vector<Usage>& usages) const;
    void clear();

private:
    static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
    static_assert(kNone == SharedTexts::kNone);

    struct alignas(64) Entry {
        TokenId token;
        Address address{};
        Timestamp last_used_at;
        std::uint32_t uses{0};        // nobody gathers four billion before they are taken
        std::uint32_t generation{0};  // and one; 0: nobody's place
        std::uint32_t agent{kNone};   // in agents_
        // In scope_names_: each use so far was active and for this scope alone. Else the scopes
        // are counted one by one.
        std::uint32_t only_scope{kNone};
        std::uint32_t first_scope{kNone};  // in scopes_
        std::uint32_t rare{kNone};         // in rares_

        [[nodiscard]] bool is_of(const TokenId& id, std::uint32_t generation_and_one,
                                 std::int64_t day) const {
            return token == id && generation == generation_and_one && day_of(last_used_at) == day;
        }
        [[nodiscard]] bool is_new() const {
            return uses == 0 && first_scope == kNone && rare == kNone;
        }
    };
    static_assert(sizeof(Entry) == 64, "one line of the cache");

    struct Rare {
        std::uint32_t first_denial{kNone};
        std::uint32_t first_caller{kNone};
        bool has_many_scopes{false};
    };
    struct DenialNode {
        std::uint32_t next{kNone};
        Verdict verdict{Verdict::kUnknown};
        std::int64_t count{0};
        Timestamp last_at;
    };
    struct ScopeNode {
        std::uint32_t next{kNone};
        std::uint32_t scope{kNone};  // in scope_names_
        std::int64_t uses{0};
        Timestamp last_used_at;
    };
    struct CallerNode {
        std::uint32_t next{kNone};
        std::uint32_t agent{0};  // in agents_
        std::int64_t uses{0};
        Timestamp last_used_at;
        Address address{};
    };

    Entry* find_or_add(const Use& use, bool may_be_new);
    void grow();
    [[nodiscard]] std::size_t place_of(const TokenId& token) const;
    Rare& rare_of(Entry& entry);
    void note_only_scope(Entry& entry, const Use& use);
    void count_scopes_apart(Entry& entry);
    void push_scope(Entry& entry, const ScopeNode& node);
    void set_agent(Entry& entry, std::string_view agent);
    void add_denial(Entry& entry, Verdict verdict, Timestamp now);
    void add_scope(Entry& entry, std::string_view scope, Timestamp now);
    void add_caller(Entry& entry, const Address& address, std::string_view agent, Timestamp now);
    [[nodiscard]] std::string_view agent_of(const Entry& entry) const;
    void rare_to_usage(const Rare& rare, Usage& usage) const;

    LargeArray<Entry> entries_;  // open addressing
    std::size_t places_{0};
    std::size_t size_{0};
    std::vector<Rare> rares_;
    std::vector<DenialNode> denials_;
    std::vector<ScopeNode> scopes_;
    std::vector<CallerNode> callers_;
    SharedTexts agents_;
    SharedTexts scope_names_;
};

}  // namespace latchkey::verify
