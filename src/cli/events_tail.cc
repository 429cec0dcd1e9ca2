#include "cli/events_tail.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "cli/client/event_feed.h"
#include "cli/client/fields.h"
#include "cli/text.h"

namespace latchkey::cli {
namespace {

constexpr std::chrono::milliseconds kFirstPause{250};
constexpr std::chrono::milliseconds kLongestPause{10'000};

// Again is no use when the server said what is wrong with the request itself.
bool is_worth_another_try(const Error& error) {
    return (error.code == ErrorCode::kUnavailable || error.code == ErrorCode::kRateLimited ||
            error.code == ErrorCode::kInternal) &&
           error.reason != "tls_failed";
}

class Tail {
public:
    Tail(Context& context, const TailOptions& options) : context_(context), options_(options) {}

    Result<int> run() {
        auto pause = kFirstPause;
        while (true) {
            const auto ended = connect();
            if (!ended && (!is_worth_another_try(ended.error()) || !was_connected_)) {
                return ended.error();
            }
            if (std::exchange(is_connected_, false)) pause = kFirstPause;
            context_.note("the connection ended; connecting again");
            std::this_thread::sleep_for(pause);
            pause = std::min(pause * 2, kLongestPause);
            feed_.reconnect();
        }
    }

private:
    Status connect() {
        auto made = TRY(context_.client());
        const std::string path =
            with_query("/v1/events/stream", {{"after", options_.after.value_or("")},
                                             {"type", options_.type.value_or("")},
                                             {"token", options_.about.value_or("")},
                                             {"owner", options_.owner.value_or("")}});
        fetch::Headers headers;
        if (!feed_.position().empty()) headers.emplace_back("Last-Event-ID", feed_.position());
        return made.follow(path, std::move(headers), [this](std::string_view bytes) {
            is_connected_ = was_connected_ = true;
            return feed_.take(bytes);
        });
    }

    void show(const json::object& event) {
        if (context_.globals.json) {
            context_.print(to_json(event) + "\n");
        } else {
            context_.print(harmless(fmt::format("{:>8}  {}  {:<22}  {:<41}  {}",
                                                number_of(event, "revision").value_or(0),
                                                local_time_or_never(text_of(event, "at")),
                                                text_of(event, "type"), text_of(event, "actor"),
                                                event_summary(event))) +
                           "\n");
        }
        context_.console().out.flush();
    }

    Context& context_;
    const TailOptions& options_;
    bool was_connected_{false};  // once: then what breaks is waited for
    bool is_connected_{false};
    EventFeed feed_{{[this](const json::object& event) { show(event); },
                     [this](std::uint64_t epoch) {
                         context_.note(
                             fmt::format("the log goes on in epoch {} from here; what "
                                         "happened before is in events list",
                                         epoch));
                     }}};
};

}  // namespace

std::string event_summary(const json::object& event) {
    const json::value* data = event.if_contains("data");
    if (data == nullptr || !data->is_object()) return {};
    std::vector<std::string> parts;
    for (const char* member : {"name", "api", "reason", "issuer"}) {
        const std::string text = text_of(data->get_object(), member);
        const bool is_name = std::string_view(member) == "name";
        if (!text.empty()) parts.push_back(is_name ? text : fmt::format("{}: {}", member, text));
    }
    return join(parts, ", ");
}

Result<int> tail_events(Context& context, const TailOptions& options) {
    return Tail(context, options).run();
}

}  // namespace latchkey::cli
