#include "http/ready_set.h"

#include <array>

#include <sys/epoll.h>

#include "base/result.h"

namespace latchkey::http {
namespace {

constexpr int kEventsAtOnceMax = 32;

int make_epoll() {
    const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
    CHECK(epoll >= 0);
    return epoll;
}

}  // namespace

ReadySet::ReadySet(asio::io_context& io) : epoll_(io.get_executor(), make_epoll()) {}

void ReadySet::start() {
    epoll_.async_wait(Descriptor::wait_read, [this](const AsioError& error) {
        if (error || !epoll_.is_open()) return;
        deliver();
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

void ReadySet::deliver() {
    std::array<epoll_event, kEventsAtOnceMax> events;
    const int ready = ::epoll_wait(epoll_.native_handle(), events.data(), kEventsAtOnceMax, 0);
    for (int i = 0; i < ready; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        static_cast<Member*>(event.data.ptr)->on_events(event.events);
    }
}

}  // namespace latchkey::http
