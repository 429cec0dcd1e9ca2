#include "base/turns.h"

#include <cerrno>
#include <cstdint>

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace latchkey {
namespace {

// The kernel's struct sched_attr of its first version; its own header and <sched.h> exclude each
// other.
struct Attributes {
    std::uint32_t size{sizeof(Attributes)};
    std::uint32_t policy{0};
    std::uint64_t flags{0};
    std::int32_t nice{0};
    std::uint32_t priority{0};
    std::uint64_t runtime{0};
    std::uint64_t deadline{0};
    std::uint64_t period{0};
};
static_assert(sizeof(Attributes) == 48);

constexpr std::uint64_t kTurnNanoseconds = 100'000;  // the shortest that there is
constexpr int kStepsBehind = 5;

}  // namespace

void ask_for_short_turns() {
    Attributes attributes;
    const long known = ::syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0U);
    // Whoever gave the process another policy knows better.
    if (known != 0 || attributes.policy != SCHED_OTHER) return;
    attributes.runtime = kTurnNanoseconds;
    static_cast<void>(::syscall(SYS_sched_setattr, 0, &attributes, 0U));
}

// In Linux nice is the thread's own, whatever POSIX says.
void let_others_go_first() {
    const auto thread = static_cast<id_t>(::gettid());
    errno = 0;
    const int nice = ::getpriority(PRIO_PROCESS, thread);
    if (errno != 0) return;
    static_cast<void>(::setpriority(PRIO_PROCESS, thread, nice + kStepsBehind));
}

}  // namespace latchkey
