#include "api/event_streams.h"

#include <algorithm>
#include <atomic>
#include <chrono>

#include <fmt/format.h>

#include "base/log.h"
#include "store/tables.h"
#include "token/scope.h"
#include "verify/judge.h"

namespace latchkey::api {
namespace {

constexpr std::size_t kWindowEvents = 2048;  // the newest, kept for those who follow closely
constexpr std::size_t kWindowBytes = std::size_t{8} << 20;
constexpr std::size_t kPageEvents = 200;
// Beyond this, the client is waited for. Half of what would cut it off.
constexpr std::size_t kBacklogBytes = std::size_t{512} * 1024;

using SteadyTime = std::chrono::steady_clock::time_point;

}  // namespace

struct EventStreams::Subscriber {
    StreamWanted wanted;
    EventSight sight;
    http::Stream stream;
    std::uint64_t covered{0};  // looked at up to here
    std::uint64_t said{0};     // and the client knows it
    bool is_new{true};
    bool owes_head{true};
    std::atomic<bool> wants_room{false};
};

// What other threads leave for the one that serves; outlives both.
struct EventStreams::Inbox {
    mutable std::mutex mutex;
    std::condition_variable wake;
    std::condition_variable ticked;
    std::vector<std::shared_ptr<Subscriber>> added;
    std::vector<store::Event> committed;
    std::map<std::string, std::size_t, std::less<>> of_caller;
    std::size_t open{0};
    std::uint64_t ticks_asked{0};
    std::uint64_t ticks_done{0};
    bool is_woken{false};
    bool is_stopping{false};

    void call() {
        const std::scoped_lock lock{mutex};
        is_woken = true;
        wake.notify_one();
    }
    void leave(const std::string& caller) {
        const std::scoped_lock lock{mutex};
        --open;
        const auto found = of_caller.find(caller);
        if (found != of_caller.end() && --found->second == 0) of_caller.erase(found);
    }
};

class EventStreams::Server {
public:
    Server(authority::Authority& authority, std::shared_ptr<Inbox> inbox)
        : authority_(authority),
          inbox_(std::move(inbox)),
          reader_(authority.replica().make_reader()) {
        lookup_.api_of = [this](const TokenId& token) { return api_of(token); };
        lookup_.owns_tokens_at = [this](const UserId& user, const std::vector<ApiId>& apis) {
            return owns_tokens_at(user, apis);
        };
    }

    void run() {
        auto next_tick = std::chrono::steady_clock::now() + std::chrono::seconds(1);
        bool has_more = false;
        while (take_inbox(next_tick, has_more)) {
            const bool is_due = std::chrono::steady_clock::now() >= next_tick;
            if (is_due) next_tick = std::chrono::steady_clock::now() + std::chrono::seconds(1);
            has_more = serve_all(is_due || tick_asked_ != tick_done_);
            finish_tick();
        }
        subscribers_.clear();
    }

    // What a caller may see now; none: nothing, or he is nobody any more.
    static std::optional<EventSight> look(authority::Authority& authority,
                                          verify::Replica::Reader& reader,
                                          const StreamCaller& caller);

private:
    bool take_inbox(SteadyTime next_tick, bool has_more);
    bool serve_all(bool is_tick);
    bool serve(Subscriber& subscriber, bool is_tick);
    void begin(Subscriber& subscriber) const;
    void reset(Subscriber& subscriber) const;
    void advance(Subscriber& subscriber);
    Status advance_by_store(Subscriber& subscriber);
    void deliver(Subscriber& subscriber, EventText& text);
    void say_head(Subscriber& subscriber) const;
    void trim_window();
    void finish_tick();
    std::optional<ApiId> api_of(const TokenId& token);
    bool owns_tokens_at(const UserId& user, const std::vector<ApiId>& apis);

    authority::Authority& authority_;
    std::shared_ptr<Inbox> inbox_;
    std::unique_ptr<verify::Replica::Reader> reader_;
    EventLookup lookup_;
    std::vector<std::shared_ptr<Subscriber>> subscribers_;
    std::deque<EventText> window_;  // without gaps
    std::size_t window_bytes_{0};
    Timestamp at_;  // of the head below: all that was acknowledged before is in it
    verify::ReplicaPosition head_;
    std::uint64_t tick_asked_{0};
    std::uint64_t tick_done_{0};
};

bool EventStreams::Server::take_inbox(SteadyTime next_tick, bool has_more) {
    std::vector<store::Event> committed;
    {
        std::unique_lock lock{inbox_->mutex};
        auto& inbox = *inbox_;
        const auto is_called = [&] {
            return inbox.is_stopping || inbox.is_woken || inbox.ticks_asked != tick_done_;
        };
        if (!has_more) inbox.wake.wait_until(lock, next_tick, is_called);
        if (inbox.is_stopping) return false;
        inbox.is_woken = false;
        tick_asked_ = inbox.ticks_asked;
        committed.swap(inbox.committed);
        std::move(inbox.added.begin(), inbox.added.end(), std::back_inserter(subscribers_));
        inbox.added.clear();
    }
    for (auto& event : committed) {
        if (!window_.empty() && event.revision != window_.back().event().revision + 1) {
            window_.clear();
            window_bytes_ = 0;
        }
        window_bytes_ += event.body.size();
        window_.emplace_back(std::move(event));
    }
    trim_window();
    return true;
}

void EventStreams::Server::trim_window() {
    while (!window_.empty() && (window_.size() > kWindowEvents || window_bytes_ > kWindowBytes ||
                                subscribers_.empty())) {
        window_bytes_ -= window_.front().event().body.size();
        window_.pop_front();
    }
}

void EventStreams::Server::finish_tick() {
    if (tick_done_ == tick_asked_) return;
    tick_done_ = tick_asked_;
    const std::scoped_lock lock{inbox_->mutex};
    inbox_->ticks_done = tick_done_;
    inbox_->ticked.notify_all();
}

// True: somebody is behind and has room for more.
bool EventStreams::Server::serve_all(bool is_tick) {
    at_ = authority_.clock().now();  // before the position: what comes between is after `at`
    head_ = authority_.replica().position();
    const bool is_current = authority_.is_current();
    bool has_more = false;
    for (std::size_t i = subscribers_.size(); i-- > 0;) {
        auto& subscriber = *subscribers_[i];
        if (is_current && serve(subscriber, is_tick)) {
            const bool is_behind = subscriber.covered < head_.revision;
            has_more = has_more || (is_behind && !subscriber.wants_room);
            continue;
        }
        inbox_->leave(subscriber.wanted.caller.name);
        subscribers_[i] = std::move(subscribers_.back());
        subscribers_.pop_back();
    }
    return has_more;
}

// False: this stream is over.
bool EventStreams::Server::serve(Subscriber& subscriber, bool is_tick) {
    if (!subscriber.stream.is_open()) return false;
    const bool is_behind = !subscriber.is_new && subscriber.covered < head_.revision;
    if (!subscriber.is_new && !is_behind && !is_tick) return true;
    auto sight = look(authority_, *reader_, subscriber.wanted.caller);
    if (!sight) return false;
    if (subscriber.is_new) {
        begin(subscriber);
    } else if (*sight != subscriber.sight) {
        // What he sees from now on says nothing about what he could not see before.
        reset(subscriber);
    }
    subscriber.sight = std::move(*sight);
    advance(subscriber);
    if (subscriber.covered >= head_.revision && (is_tick || subscriber.owes_head)) {
        say_head(subscriber);
    } else if (is_tick && subscriber.stream.backlog() == 0) {
        // A comment: nothing of his came for a second, and he is not complete either.
        subscriber.stream.write(": reading the log\n\n");
    }
    return subscriber.stream.is_open();
}

void EventStreams::Server::begin(Subscriber& subscriber) const {
    const auto& wanted = subscriber.wanted;
    subscriber.is_new = false;
    subscriber.covered = subscriber.said = wanted.after.value_or(head_.revision);
    const bool is_of_another = wanted.epoch && *wanted.epoch != head_.epoch;
    if (is_of_another || subscriber.covered > head_.revision) reset(subscriber);
}

void EventStreams::Server::reset(Subscriber& subscriber) const {
    subscriber.covered = subscriber.said = head_.revision;
    subscriber.owes_head = true;
    subscriber.stream.write(
        fmt::format("id: {0}.{1}\nevent: reset\ndata: {{\"epoch\":{0},\"revision\":{1}}}\n\n",
                    head_.epoch, head_.revision));
}

void EventStreams::Server::say_head(Subscriber& subscriber) const {
    subscriber.owes_head = false;
    subscriber.stream.write(fmt::format(
        "id: {0}.{2}\nevent: head\ndata: {{\"from\":{1},\"to\":{2},\"epoch\":{0},\"revision\":{2},"
        "\"at\":\"{3}\"}}\n\n",
        head_.epoch, subscriber.said + 1, subscriber.covered, format_rfc3339(at_)));
    subscriber.said = subscriber.covered;
}

void EventStreams::Server::deliver(Subscriber& subscriber, EventText& text) {
    const auto& event = text.event();
    subscriber.covered = event.revision;
    if (!passes(subscriber.wanted.filter, event)) return;
    const auto seen = text.seen_by(subscriber.sight, lookup_);
    if (!seen) return;
    subscriber.stream.write(
        fmt::format("id: {}.{}\nevent: change\ndata: {{\"from\":{},\"to\":{},\"event\":{}}}\n\n",
                    head_.epoch, event.revision, subscriber.said + 1, event.revision, *seen));
    subscriber.said = event.revision;
}

// One step: from the window when the next event is in it, else a page from the store.
void EventStreams::Server::advance(Subscriber& subscriber) {
    if (subscriber.covered >= head_.revision) return;
    subscriber.wants_room = true;
    if (subscriber.stream.backlog() > kBacklogBytes) return;  // on_drained calls again
    subscriber.wants_room = false;
    const std::uint64_t next = subscriber.covered + 1;
    const std::uint64_t first = window_.empty() ? 0 : window_.front().event().revision;
    if (window_.empty() || next < first || next > window_.back().event().revision) {
        const auto done = advance_by_store(subscriber);
        if (done) return;
        log::warning("an event stream ends: the log was not readable",
                     {{"why", done.error().message}});
        return subscriber.stream.end();
    }
    for (std::size_t i = next - first; i < window_.size(); ++i) {
        deliver(subscriber, window_[i]);
        if (i % 64 == 63 && subscriber.stream.backlog() > kBacklogBytes) return;
    }
}

Status EventStreams::Server::advance_by_store(Subscriber& subscriber) {
    store::EventQuery query;
    query.after = subscriber.covered;
    query.limit = kPageEvents;
    query.type = subscriber.wanted.filter.type;
    query.token = subscriber.wanted.filter.token;
    query.owner = subscriber.wanted.filter.owner;
    if (subscriber.sight.kind == EventSight::Kind::kOwn) query.owner = subscriber.sight.user;
    auto page = TRY(authority_.store().query<std::vector<store::Event>>(
        [&](store::Connection& db) { return store::list_events(db, query); }));
    const bool is_last = page.size() < kPageEvents;
    for (auto& event : page) {
        // What was committed since the head was looked at comes with the next one.
        if (event.revision > head_.revision) break;
        EventText text(std::move(event));
        deliver(subscriber, text);
    }
    if (is_last) subscriber.covered = std::max(subscriber.covered, head_.revision);
    return {};
}

std::optional<ApiId> EventStreams::Server::api_of(const TokenId& token) {
    const auto found = authority_.store().query<std::optional<store::TokenRecord>>(
        [&](store::Connection& db) { return store::find_token(db, token.bytes); });
    return found && *found ? std::optional((*found)->api) : std::nullopt;
}

bool EventStreams::Server::owns_tokens_at(const UserId& user, const std::vector<ApiId>& apis) {
    const auto found = authority_.store().query<bool>([&](store::Connection& db) -> Result<bool> {
        store::TokenQuery query;
        query.owner = user;
        query.limit = kPageEvents;
        query.now = at_;
        while (true) {
            const auto page = TRY(store::list_tokens(db, query));
            const bool is_there = std::any_of(page.begin(), page.end(), [&](const auto& listed) {
                return std::find(apis.begin(), apis.end(), listed.token.api) != apis.end();
            });
            if (is_there || page.size() < kPageEvents) return is_there;
            query.after = page.back().token.id;
        }
    });
    return !found || *found;  // who cannot be looked up is told rather than forgotten
}

std::optional<EventSight> EventStreams::Server::look(authority::Authority& authority,
                                                     verify::Replica::Reader& reader,
                                                     const StreamCaller& caller) {
    const Timestamp now = authority.clock().now();
    authority::Actor actor;
    EventSight sight;
    bool is_machine = false;
    const verify::ReadGuard guard(reader);
    if (caller.is_session) {
        const auto session = authority.sessions().find(caller.facts, now);
        if (!session) return std::nullopt;
        actor.user = session->user;
        if (!reader.find_user_patterns(actor.user, authority::kManagementApi, actor.permissions)) {
            return std::nullopt;
        }
    } else {
        verify::TokenView view;
        if (!reader.find(caller.facts, view)) return std::nullopt;
        verify::Requirement wanted;
        wanted.api_slug = authority::kManagementApi;
        wanted.address = caller.address;
        if (verify::judge(view, wanted, now).verdict != verify::Verdict::kActive) {
            return std::nullopt;
        }
        std::string scopes;
        verify::effective_scopes(view, scopes);
        actor.user = view.owner;
        actor.permissions = ScopeSet::parse(scopes).value().items();
        is_machine = view.owner_is_machine;
        sight.apis.assign(view.verifies.begin(), view.verifies.end());
    }
    sight.user = actor.user;
    if (actor.may("event:read")) {
        sight.kind = EventSight::Kind::kEverything;
        sight.apis.clear();
    } else if (is_machine && actor.may("token:verify")) {
        sight.kind = EventSight::Kind::kVerifier;
        const auto directory = authority.directory().view();
        for (const auto& api : sight.apis) {
            const auto* entry = directory->find(api);
            if (entry != nullptr) sight.slugs.push_back(entry->api.slug);
        }
    } else if (actor.may("account:read")) {
        sight.apis.clear();
    } else {
        return std::nullopt;
    }
    return sight;
}

EventStreams::EventStreams(authority::Authority& authority)
    : authority_(authority),
      inbox_(std::make_shared<Inbox>()),
      server_(std::make_unique<Server>(authority, inbox_)) {
    authority_.observe([inbox = inbox_](std::span<const store::Event> events) {
        const std::scoped_lock lock{inbox->mutex};
        if (inbox->open == 0) return;
        inbox->committed.insert(inbox->committed.end(), events.begin(), events.end());
        inbox->is_woken = true;
        inbox->wake.notify_one();
    });
    thread_ = std::thread([this] { server_->run(); });
}

EventStreams::~EventStreams() {
    stop();
}

void EventStreams::stop() {
    if (!thread_.joinable()) return;
    authority_.observe({});
    {
        const std::scoped_lock lock{inbox_->mutex};
        inbox_->is_stopping = true;
        inbox_->wake.notify_one();
        inbox_->ticked.notify_all();
    }
    thread_.join();
    std::vector<std::shared_ptr<Subscriber>> late;
    const std::scoped_lock lock{inbox_->mutex};
    late.swap(inbox_->added);
}

Status EventStreams::open(http::Deferred& deferred, StreamWanted wanted, http::Response head) {
    if (!authority_.is_current()) {
        return Error{ErrorCode::kUnavailable, "the log is not current here"};
    }
    const std::string name = wanted.caller.name;
    {
        const std::scoped_lock lock{inbox_->mutex};
        if (inbox_->is_stopping) return Error{ErrorCode::kUnavailable, "the server is stopping"};
        auto& of_caller = inbox_->of_caller[name];
        if (of_caller >= kPerCallerMax || inbox_->open >= kAllMax) {
            Error error{ErrorCode::kRateLimited, "too many event streams are open"};
            error.retry_after_seconds = 1;
            return std::move(error)
                .with_reason("too_many_streams")
                .with_hint(
                    "one stream is enough for a process: share it, and close what is not read");
        }
        ++of_caller;
        ++inbox_->open;
    }
    auto subscriber = std::make_shared<Subscriber>();
    subscriber->wanted = std::move(wanted);
    head.content_type = "text/event-stream";
    head.fields.emplace_back("Cache-Control", "no-store");
    head.fields.emplace_back("X-Accel-Buffering", "no");  // nginx would keep it back
    head.fields.emplace_back("X-Content-Type-Options", "nosniff");
    http::StreamWatcher watcher;
    const std::weak_ptr<Subscriber> weak = subscriber;
    watcher.on_drained = [weak, inbox = inbox_] {
        const auto open = weak.lock();
        if (open && open->wants_room.exchange(false)) inbox->call();
    };
    watcher.on_closed = [inbox = inbox_] { inbox->call(); };
    subscriber->stream = std::move(deferred).stream(std::move(head), std::move(watcher));
    const std::scoped_lock lock{inbox_->mutex};
    inbox_->added.push_back(std::move(subscriber));
    inbox_->is_woken = true;
    inbox_->wake.notify_one();
    return {};
}

void EventStreams::tick() {
    std::unique_lock lock{inbox_->mutex};
    const std::uint64_t mine = ++inbox_->ticks_asked;
    inbox_->wake.notify_one();
    inbox_->ticked.wait(lock, [&] { return inbox_->is_stopping || inbox_->ticks_done >= mine; });
}

std::size_t EventStreams::open_count() const {
    const std::scoped_lock lock{inbox_->mutex};
    return inbox_->open;
}

}  // namespace latchkey::api
