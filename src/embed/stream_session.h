// The event stream as a position that moves without gaps: frames say which revisions they cover,
// and the next one begins where the last one ended. What says otherwise is not believed.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"

namespace latchkey::embed {

struct Position {
    std::uint64_t epoch{0};
    std::uint64_t revision{0};
};

enum class FrameKind : std::uint8_t { kOther, kHead, kChange, kReset };

struct Frame {
    FrameKind kind{FrameKind::kOther};
    Position position;            // after it
    json::object event;           // of a change
    std::optional<Timestamp> at;  // of the authority's clock, when it was complete up to here
    bool begins_anew{false};      // what happened before it is not known
};

class StreamSession {
public:
    // Reason "bad_stream": the connection is to be dropped.
    Result<Frame> take(std::string_view event, std::string_view data);
    // The connection ended. When it ended with a lie, the next one begins anew.
    void end(bool was_lie);
    [[nodiscard]] const std::optional<Position>& position() const { return position_; }

private:
    Result<Frame> take_change(json::object data);
    Result<Frame> take_head(const json::object& data);
    Status check(std::uint64_t first, Position next) const;

    std::optional<Position> position_;
    int lies_{0};
};

}  // namespace latchkey::embed
