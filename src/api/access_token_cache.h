// Access tokens whose signature was checked, by digest, so that each is checked about once on each
// reactor. A fixed number of places; who finds his taken takes one over. What is kept is only what
// the token says: whether it still counts is judged by its key's facts every time. One thread.
#pragma once

#include <cstdint>
#include <vector>

#include "crypto/digest.h"
#include "verify/replica.h"

namespace latchkey::api {

class AccessTokenCache {
public:
    struct Entry {
        Digest digest{};  // of the token
        Digest facts{};   // what its key is looked up by
        verify::AccessLimits limits;
        bool is_used{false};
    };

    // `version` is the key ring's: when it has changed, everything is forgotten first. Valid until
    // the next call.
    const Entry* find(const Digest& digest, std::uint64_t version);
    const Entry& keep(Entry entry, std::uint64_t version);

private:
    void forget_older(std::uint64_t version);
    [[nodiscard]] static std::size_t first_place(const Digest& digest);

    std::uint64_t version_{0};
    std::size_t next_victim_{0};
    std::vector<Entry> entries_;
};

}  // namespace latchkey::api
