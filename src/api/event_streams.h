// The open event streams: one thread hands every new event to whoever may see it, reads what a
// client missed from the store in pages, says each second up to where a stream is complete, and
// ends the streams of whom nothing may be told any more. A client that reads slowly is waited for;
// it holds up nobody else.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "api/event_sight.h"
#include "authority/authority.h"
#include "base/address.h"
#include "http/server.h"

namespace latchkey::api {

// Whom a stream belongs to: enough to ask again who he is.
struct StreamCaller {
    std::string name;  // "user/<uuid>", "token/<uuid>"
    bool is_session{false};
    Digest facts{};  // of the session, or what the token's facts are found by
    Address address{};
};

struct StreamWanted {
    StreamCaller caller;
    EventFilter filter;
    // Where to go on; none: at the head. Without an epoch any is right.
    std::optional<std::uint64_t> after;
    std::optional<std::uint64_t> epoch;
};

class EventStreams {
public:
    static constexpr std::size_t kPerCallerMax = 32;
    static constexpr std::size_t kAllMax = 4000;

    explicit EventStreams(authority::Authority& authority);
    ~EventStreams();
    EventStreams(const EventStreams&) = delete;
    EventStreams& operator=(const EventStreams&) = delete;

    // Any thread. `head` has fields of the answer's that are not the stream's own. On an error
    // nothing was said yet: kRateLimited (too_many_streams), kUnauthenticated or kPermissionDenied,
    // kUnavailable.
    Status open(http::Deferred& deferred, StreamWanted wanted, http::Response head);
    // Ends all streams; nothing is opened any more.
    void stop();
    // For tests: does what is done each second, and returns when it is done.
    void tick();
    [[nodiscard]] std::size_t open_count() const;

private:
    struct Inbox;
    struct Subscriber;
    class Server;  // the thread's own

    authority::Authority& authority_;
    std::shared_ptr<Inbox> inbox_;
    std::unique_ptr<Server> server_;
    std::thread thread_;
};

}  // namespace latchkey::api
