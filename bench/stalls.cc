// What the machine itself keeps from everybody on one core: a real-time thread that wants to wake
// every 100 us and notes when it was late. Whatever is late here was late for the server too, and
// neither its threads nor the scheduler's turns are the cause: real time goes before both.
//   bench_stalls --core N --seconds S
// Prints one line of JSON: each stall as [from, to] in nanoseconds of CLOCK_MONOTONIC.
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string_view>
#include <utility>
#include <vector>

#include <sched.h>

namespace {

constexpr std::int64_t kPeriod = 100'000;
constexpr std::int64_t kStall = 200'000;

std::int64_t now_nanoseconds() {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

bool go_before_all(int core) {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    CPU_SET(static_cast<std::size_t>(core), &cores);
    sched_param priority{};
    priority.sched_priority = 90;
    return ::sched_setaffinity(0, sizeof cores, &cores) == 0 &&
           ::sched_setscheduler(0, SCHED_FIFO, &priority) == 0;
}

std::vector<std::pair<std::int64_t, std::int64_t>> watch(double seconds) {
    std::vector<std::pair<std::int64_t, std::int64_t>> stalls;
    stalls.reserve(100'000);
    std::int64_t wanted = now_nanoseconds();
    const auto end = wanted + static_cast<std::int64_t>(seconds * 1e9);
    while (wanted < end) {
        wanted += kPeriod;
        const timespec until{wanted / 1'000'000'000, wanted % 1'000'000'000};
        while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) {
        }
        const std::int64_t now = now_nanoseconds();
        if (now - wanted > kStall) stalls.emplace_back(wanted, now);
        if (now > wanted) wanted = now;
    }
    return stalls;
}

}  // namespace

int main(int argc, char** argv) {
    int core = -1;
    double seconds = 0;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string_view name = argv[i];
        if (name == "--core") core = std::atoi(argv[i + 1]);
        if (name == "--seconds") seconds = std::atof(argv[i + 1]);
    }
    if (core < 0 || seconds <= 0) {
        std::fputs("usage: bench_stalls --core N --seconds S\n", stderr);
        return 2;
    }
    if (!go_before_all(core)) {
        std::fprintf(stderr, "bench_stalls: no real-time priority: %s\n", std::strerror(errno));
        return 1;
    }
    const auto stalls = watch(seconds);
    std::printf("[");
    for (std::size_t i = 0; i < stalls.size(); ++i) {
        std::printf("%s[%lld,%lld]", i == 0 ? "" : ",", static_cast<long long>(stalls[i].first),
                    static_cast<long long>(stalls[i].second));
    }
    std::puts("]");
    return 0;
}
