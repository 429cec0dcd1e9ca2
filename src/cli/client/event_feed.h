// Reading /v1/events/stream: bytes to frames, and the check that none is missing. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace latchkey::cli {

class EventFeed {
public:
    struct Listener {
        std::function<void(const json::object& event)> on_event;
        std::function<void(std::uint64_t epoch)> on_reset;  // what came before says nothing
    };
    explicit EventFeed(Listener listener) : listener_(std::move(listener)) {}

    // Any part of the text, as it comes. An error (event_gap, bad_stream) ends the connection: the
    // next one goes on at position().
    Status take(std::string_view bytes);
    // For a new connection: what was torn is forgotten, the position is kept.
    void reconnect() { text_.clear(); }
    // The Last-Event-ID; empty before the first frame.
    [[nodiscard]] const std::string& position() const { return position_; }

private:
    Status take_block(std::string_view block);

    Listener listener_;
    std::string text_;
    std::string position_;
    std::optional<std::uint64_t> covered_;
};

}  // namespace latchkey::cli
