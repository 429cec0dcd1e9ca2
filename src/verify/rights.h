// Rights: the few things that many tokens share: owners, roles, APIs and signing keys. Tokens name
// them by number, so that one store changes every token of an owner, a role or a key at once. One
// writer; readers inside an epoch.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "verify/chunks.h"
#include "verify/epochs.h"
#include "verify/facts.h"
#include "verify/index_table.h"

namespace latchkey::verify {

// What the roles of an owner allow at one API.
struct Patterns {
    std::vector<std::string> items;  // sorted, unique
    bool allows_everything{false};   // a lone "*" is among them
};

// One word, so that a reader never sees half of a change.
struct OwnerWord {
    std::uint32_t role_set{0};
    std::uint32_t verifies{0};  // at most 2^24 - 1
    bool is_known{false};       // false: a token named them before their own fact came
    bool is_machine{false};
    bool is_disabled{false};

    [[nodiscard]] std::uint64_t pack() const;
    static OwnerWord unpack(std::uint64_t word);
};

class Rights {
public:
    static constexpr std::uint32_t kNone = IndexTable::kNone;

    explicit Rights(Epochs& epochs);
    ~Rights();
    Rights(const Rights&) = delete;
    Rights& operator=(const Rights&) = delete;

    // --- readers ---------------------------------------------------------------------------------
    [[nodiscard]] std::uint32_t find_owner(const UserId& id) const;  // or kNone
    [[nodiscard]] const UserId& owner_id(std::uint32_t owner) const { return owners_[owner].id; }
    [[nodiscard]] OwnerWord owner_word(std::uint32_t owner) const {
        return OwnerWord::unpack(owners_[owner].word.load());
    }
    [[nodiscard]] const std::vector<ApiId>& verifies(std::uint32_t number) const {
        return *verifies_[number].load();
    }
    [[nodiscard]] const ApiFact* api(std::uint32_t api) const { return apis_[api].load(); }
    // Linear: there are tens of APIs. kNone: none. Empty: the default one.
    [[nodiscard]] std::uint32_t find_api(std::string_view slug) const;
    [[nodiscard]] const Patterns& patterns(std::uint32_t role_set, std::uint32_t api) const;
    [[nodiscard]] bool is_compromised(std::uint32_t key) const { return keys_[key].load(); }

    // --- the writer ------------------------------------------------------------------------------
    // The number of a thing, made known by name only if its fact has not come yet.
    std::uint32_t owner_number(const UserId& id);
    std::uint32_t api_number(const ApiId& id);
    std::uint32_t key_number(const std::string& kid);  // 0 for the empty one
    // What patterns() takes for somebody who has this role alone; never 0.
    std::uint32_t role_set_of(const RoleId& role) { return role_set_number({role}); }
    // True: tokens known before may be judged otherwise now.
    bool set(const UserFact& fact);
    bool set(const RoleFact& fact);
    bool set(const ApiFact& fact);
    bool set(const KeyFact& fact);

    [[nodiscard]] std::size_t bytes() const;

private:
    struct Owner {
        UserId id;
        std::atomic<std::uint64_t> word{0};
    };
    using Grants = std::vector<Patterns>;  // by API number

    std::uint32_t role_set_number(std::vector<RoleId> roles);
    std::uint32_t verifies_number(const std::vector<ApiId>& apis);
    void grant(const std::vector<RoleId>& roles, std::uint32_t number);
    void grant_all();
    [[nodiscard]] Patterns union_of(const std::vector<RoleId>& roles, const ApiFact& api) const;

    Epochs& epochs_;
    Chunks<Owner, 10, 16'384> owners_;
    IndexTable owners_by_id_;
    Chunks<std::atomic<const ApiFact*>, 6, 1024> apis_;
    Chunks<std::atomic<bool>, 10, 1024> keys_;
    // Combinations of roles and of verified APIs are made by administrators, few, and kept.
    Chunks<std::atomic<const Grants*>, 8, 4096> grants_;
    Chunks<std::atomic<const std::vector<ApiId>*>, 8, 4096> verifies_;

    // The writer's own.
    std::map<ApiId, std::uint32_t> api_numbers_;
    std::map<std::string, std::uint32_t> key_numbers_;
    std::map<RoleId, RoleFact> roles_;
    std::map<std::vector<RoleId>, std::uint32_t> role_sets_;
    std::map<std::vector<ApiId>, std::uint32_t> verifies_numbers_;
};

}  // namespace latchkey::verify
