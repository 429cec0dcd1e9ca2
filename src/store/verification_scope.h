// The proof that verification asks the store nothing: while a VerificationScope stands on a
// thread, every statement run there is counted.
#pragma once

#include <atomic>
#include <cstdint>

namespace latchkey::store {

class VerificationScope {
public:
    VerificationScope() { ++depth(); }
    ~VerificationScope() { --depth(); }
    VerificationScope(const VerificationScope&) = delete;
    VerificationScope& operator=(const VerificationScope&) = delete;

    static void count_query() {
        if (depth() > 0) queries().fetch_add(1, std::memory_order_relaxed);
    }
    static std::uint64_t query_count() { return queries().load(); }

private:
    static int& depth() {
        static thread_local int depth_here = 0;
        return depth_here;
    }
    static std::atomic<std::uint64_t>& queries() {
        static std::atomic<std::uint64_t> all{0};
        return all;
    }
};

}  // namespace latchkey::store
