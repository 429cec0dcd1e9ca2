#include "http/ready_set.h"

#include <array>
#include <utility>

#include <sys/epoll.h>

#include "base/result.h"

namespace latchkey::http {
namespace {

constexpr int kEventsAtOnceMax = 32;
// Under load the next requests are there when a round is answered. Looking again at once spares the
// two turns of Asio's loop; timers and answers from other threads wait for so many rounds at most.
constexpr int kRoundsMax = 8;

int make_epoll() {
    const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
    CHECK(epoll >= 0);
    return epoll;
}

}  // namespace

ReadySet::ReadySet(asio::io_context& io, std::function<void()> on_told)
    : epoll_(io.get_executor(), make_epoll()), on_told_(std::move(on_told)) {}

void ReadySet::start() {
    epoll_.async_wait(Descriptor::wait_read, [this](const AsioError& error) {
        if (error || !epoll_.is_open()) return;
        for (int round = 0; round < kRoundsMax && deliver(); ++round) {
            on_told_();
        }
        if (epoll_.is_open()) start();
    });
}

void ReadySet::stop() {
    AsioError ignored;
    epoll_.close(ignored);
}

bool ReadySet::change(int socket, Member& member, std::uint32_t before, std::uint32_t after) {
    if (!epoll_.is_open()) return false;
    epoll_event event{};
    event.events = after;
    event.data.ptr = &member;
    const int what = before == 0 ? EPOLL_CTL_ADD : after == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
    return ::epoll_ctl(epoll_.native_handle(), what, socket, &event) == 0;
}

bool ReadySet::deliver() {
    std::array<epoll_event, kEventsAtOnceMax> events;
    if (!epoll_.is_open()) return false;
    const int ready = ::epoll_wait(epoll_.native_handle(), events.data(), kEventsAtOnceMax, 0);
    is_telling_ = true;
    for (int i = 0; i < ready; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        static_cast<Member*>(event.data.ptr)->on_events(event.events);
    }
    is_telling_ = false;
    return ready > 0;
}

}  // namespace latchkey::http
