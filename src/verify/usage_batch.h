// UsageBatch: what a recorder gathers between two takes. Tokens in the order first seen, found by
// open addressing; their scopes and callers in lists beside them. Keeps its memory when cleared, so
// that a token that was seen before costs no allocation.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "verify/usage.h"

namespace latchkey::verify {

class UsageBatch {
public:
    // False: full, and the token was not known.
    bool add(const Use& use, std::size_t tokens_max);
    bool add_scope(const Use& use, std::size_t tokens_max);
    // Adds all of `other`; returns how many uses found no room.
    std::uint64_t merge(const UsageBatch& other, std::size_t tokens_max);

    [[nodiscard]] std::size_t size() const { return entries_.size(); }
    [[nodiscard]] std::vector<Usage> to_usages() const;
    void clear();

private:
    static constexpr std::size_t kAgentBytesMax = 120;
    static constexpr std::size_t kVerdictsMax = 16;
    static constexpr std::uint32_t kNone = 0xFFFF'FFFF;

    struct Text {
        std::uint8_t bytes{0};
        std::array<char, kAgentBytesMax> text{};

        void set(std::string_view agent);
        [[nodiscard]] std::string_view view() const { return {text.data(), bytes}; }
    };
    struct Denied {
        std::int64_t count{0};
        Timestamp last_at;
    };
    struct Entry {
        TokenId token;
        std::uint32_t generation{1};
        std::uint32_t first_scope{kNone};
        std::int64_t day{0};
        Timestamp last_used_at;
        std::int64_t uses{0};
        std::uint32_t first_caller{kNone};
        bool has_many_scopes{false};
        Address address{};
        Text agent;
        std::array<Denied, kVerdictsMax> denied{};

        [[nodiscard]] std::int64_t denials() const;
    };
    struct ScopeNode {
        std::uint32_t next{kNone};
        std::int64_t uses{0};
        Timestamp last_used_at;
        std::uint8_t bytes{0};
        std::array<char, 64> text{};

        [[nodiscard]] std::string_view view() const { return {text.data(), bytes}; }
    };
    struct CallerNode {
        std::uint32_t next{kNone};
        std::int64_t uses{0};
        Timestamp last_used_at;
        Address address{};
        Text agent;
    };
    struct Counted {
        std::int64_t uses;
        Timestamp last_used_at;
    };

    Entry* find_or_add(const TokenId& token, std::uint32_t generation, std::int64_t day,
                       std::size_t tokens_max);
    void grow();
    void add_scope(Entry& entry, std::string_view scope, Counted counted);
    void add_caller(Entry& entry, const Address& address, std::string_view agent, Counted counted);
    void merge_into(Entry& entry, const UsageBatch& other, const Entry& from);

    std::vector<Entry> entries_;
    std::vector<std::uint32_t> places_;  // entry + 1, zero is empty
    std::vector<ScopeNode> scopes_;
    std::vector<CallerNode> callers_;
};

}  // namespace latchkey::verify
