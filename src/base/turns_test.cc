#include "base/turns.h"

#include <algorithm>
#include <thread>

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

namespace latchkey {
namespace {

struct Share {
    int policy{-1};
    int nice{-1};
};

// Of a thread of its own: nobody without privileges gets his old nice back.
Share share_after_asking(int policy, int nice) {
    Share share;
    std::thread asking([&] {
        const sched_param none{};
        ASSERT_EQ(::sched_setscheduler(0, policy, &none), 0);
        const auto thread = static_cast<id_t>(::gettid());
        ASSERT_EQ(::setpriority(PRIO_PROCESS, thread, nice), 0);
        ask_for_short_turns();
        share = {::sched_getscheduler(0), ::getpriority(PRIO_PROCESS, thread)};
    });
    asking.join();
    return share;
}

TEST(Turns, ShortOnesChangeNeitherTheShareNorThePolicy) {
    const auto ordinary = share_after_asking(SCHED_OTHER, 19);
    EXPECT_EQ(ordinary.policy, SCHED_OTHER);
    EXPECT_EQ(ordinary.nice, 19);
    EXPECT_EQ(share_after_asking(SCHED_BATCH, 19).policy, SCHED_BATCH);
    EXPECT_EQ(share_after_asking(SCHED_IDLE, 19).policy, SCHED_IDLE);
}

TEST(Turns, WhoLetsOthersGoFirstStandsBehindTheThreadThatStartedHim) {
    const int ours = ::getpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()));
    int behind = ours;
    std::thread polite([&] {
        let_others_go_first();
        behind = ::getpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()));
    });
    polite.join();
    EXPECT_EQ(behind, std::min(ours + 5, 19));
    EXPECT_EQ(::getpriority(PRIO_PROCESS, static_cast<id_t>(::gettid())), ours);
}

}  // namespace
}  // namespace latchkey
