#include "verify/rights.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace latchkey::verify {
namespace {

constexpr std::uint64_t kKnownBit = 1;
constexpr std::uint64_t kMachineBit = 2;
constexpr std::uint64_t kDisabledBit = 4;
constexpr std::uint32_t kVerifiesMax = (1U << 24) - 1;

constexpr std::string_view kEveryApi = "*";
// Our own API: power over Latchkey is only ever given by name.
constexpr std::string_view kOwnSlug = "latchkey";

std::uint32_t hash_of(const UserId& id) {
    return static_cast<std::uint32_t>(IdHash<UserTag>{}(id) >> 32);
}

// Publishes `next` and retires what stood there.
template <typename T>
void publish(Epochs& epochs, std::atomic<const T*>& place, std::unique_ptr<const T> next) {
    const T* const old = place.exchange(next.release());
    if (old != nullptr) epochs.retire([old] { delete old; });
}

template <typename C>
void delete_all(C& chunks) {
    for (std::uint32_t i = 0; i < chunks.size(); ++i) {
        delete chunks[i].load();
    }
}

}  // namespace

std::uint64_t OwnerWord::pack() const {
    CHECK(verifies <= kVerifiesMax);
    return std::uint64_t{role_set} << 32 | std::uint64_t{verifies} << 8 |
           (is_known ? kKnownBit : 0) | (is_machine ? kMachineBit : 0) |
           (is_disabled ? kDisabledBit : 0);
}

OwnerWord OwnerWord::unpack(std::uint64_t word) {
    return {.role_set = static_cast<std::uint32_t>(word >> 32),
            .verifies = static_cast<std::uint32_t>(word >> 8) & kVerifiesMax,
            .is_known = (word & kKnownBit) != 0,
            .is_machine = (word & kMachineBit) != 0,
            .is_disabled = (word & kDisabledBit) != 0};
}

Rights::Rights(Epochs& epochs) : epochs_(epochs), owners_by_id_(epochs) {
    key_numbers_.emplace(std::string(), keys_.allocate());
    role_set_number({});
    verifies_number({});
}

Rights::~Rights() {
    delete_all(apis_);
    delete_all(grants_);
    delete_all(verifies_);
}

std::uint32_t Rights::find_owner(const UserId& id) const {
    return owners_by_id_.find(hash_of(id),
                              [&](std::uint32_t slot) { return owners_[slot].id == id; });
}

std::uint32_t Rights::find_api(std::string_view slug) const {
    for (std::uint32_t number = 0; number < apis_.size(); ++number) {
        const ApiFact* const api = apis_[number].load();
        if (api == nullptr) continue;
        if (slug.empty() ? api->is_default : api->slug == slug) return number;
    }
    return kNone;
}

const Patterns& Rights::patterns(std::uint32_t role_set, std::uint32_t api) const {
    static const Patterns kNothing;
    const Grants& grants = *grants_[role_set].load();
    return api < grants.size() ? grants[api] : kNothing;
}

std::uint32_t Rights::owner_number(const UserId& id) {
    const std::uint32_t found = find_owner(id);
    if (found != kNone) return found;
    const std::uint32_t number = owners_.allocate();
    owners_[number].id = id;
    owners_by_id_.insert(hash_of(id), number);
    return number;
}

std::uint32_t Rights::api_number(const ApiId& id) {
    const auto found = api_numbers_.find(id);
    if (found != api_numbers_.end()) return found->second;
    const std::uint32_t number = apis_.allocate();
    api_numbers_.emplace(id, number);
    return number;
}

std::uint32_t Rights::key_number(const std::string& kid) {
    const auto found = key_numbers_.find(kid);
    if (found != key_numbers_.end()) return found->second;
    const std::uint32_t number = keys_.allocate();
    key_numbers_.emplace(kid, number);
    return number;
}

std::uint32_t Rights::role_set_number(std::vector<RoleId> roles) {
    std::sort(roles.begin(), roles.end());
    roles.erase(std::unique(roles.begin(), roles.end()), roles.end());
    const auto found = role_sets_.find(roles);
    if (found != role_sets_.end()) return found->second;
    const std::uint32_t number = grants_.allocate();
    grant(roles, number);
    role_sets_.emplace(std::move(roles), number);
    return number;
}

std::uint32_t Rights::verifies_number(const std::vector<ApiId>& apis) {
    const auto found = verifies_numbers_.find(apis);
    if (found != verifies_numbers_.end()) return found->second;
    const std::uint32_t number = verifies_.allocate();
    verifies_[number].store(std::make_unique<std::vector<ApiId>>(apis).release());
    verifies_numbers_.emplace(apis, number);
    return number;
}

bool Rights::set(const UserFact& fact) {
    const bool was_named = find_owner(fact.id) != kNone;
    const std::uint32_t number = owner_number(fact.id);
    const OwnerWord word{.role_set = role_set_number(fact.roles),
                         .verifies = verifies_number(fact.verifies),
                         .is_known = true,
                         .is_machine = fact.is_machine,
                         .is_disabled = fact.is_disabled};
    return owners_[number].word.exchange(word.pack()) != word.pack() && was_named;
}

bool Rights::set(const RoleFact& fact) {
    roles_[fact.id] = fact;
    bool is_used = false;
    for (const auto& [roles, number] : role_sets_) {
        if (!std::binary_search(roles.begin(), roles.end(), fact.id)) continue;
        grant(roles, number);
        is_used = true;
    }
    return is_used;
}

bool Rights::set(const ApiFact& fact) {
    const bool was_named = api_numbers_.contains(fact.id);
    const std::uint32_t number = api_number(fact.id);
    publish(epochs_, apis_[number], std::make_unique<const ApiFact>(fact));
    grant_all();
    return was_named;
}

bool Rights::set(const KeyFact& fact) {
    return keys_[key_number(fact.kid)].exchange(fact.is_compromised) != fact.is_compromised;
}

void Rights::grant_all() {
    for (const auto& [roles, number] : role_sets_) {
        grant(roles, number);
    }
}

void Rights::grant(const std::vector<RoleId>& roles, std::uint32_t number) {
    auto grants = std::make_unique<Grants>(apis_.size());
    for (std::uint32_t i = 0; i < apis_.size(); ++i) {
        const ApiFact* const api = apis_[i].load();
        if (api != nullptr) (*grants)[i] = union_of(roles, *api);
    }
    publish<Grants>(epochs_, grants_[number], std::move(grants));
}

Patterns Rights::union_of(const std::vector<RoleId>& roles, const ApiFact& api) const {
    Patterns patterns;
    for (const RoleId& role : roles) {
        const auto known = roles_.find(role);
        if (known == roles_.end()) continue;
        for (const auto& [slug, items] : known->second.patterns) {
            const bool is_meant = slug == api.slug || (slug == kEveryApi && api.slug != kOwnSlug);
            if (is_meant) {
                patterns.items.insert(patterns.items.end(), items.begin(), items.end());
            }
        }
    }
    std::sort(patterns.items.begin(), patterns.items.end());
    patterns.items.erase(std::unique(patterns.items.begin(), patterns.items.end()),
                         patterns.items.end());
    patterns.allows_everything =
        std::binary_search(patterns.items.begin(), patterns.items.end(), std::string("*"));
    return patterns;
}

std::size_t Rights::bytes() const {
    return owners_.bytes() + owners_by_id_.bytes() + apis_.bytes() + keys_.bytes() +
           grants_.bytes() + verifies_.bytes();
}

}  // namespace latchkey::verify
