#include "embed/stream_session.h"

namespace latchkey::embed {
namespace {

constexpr JsonLimits kFrameLimits{1U << 20, 32, 65'536};

Error bad_stream(std::string why) {
    return invalid(std::move(why), "bad_stream");
}

Result<std::uint64_t> count_of(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    if (value == nullptr || !value->is_int64() || value->get_int64() < 0) {
        return bad_stream("a frame of the event stream lacks a number");
    }
    return static_cast<std::uint64_t>(value->get_int64());
}

std::optional<Timestamp> time_of(const json::object& object) {
    const auto* value = object.if_contains("at");
    if (value == nullptr || !value->is_string()) return std::nullopt;
    const auto time = parse_rfc3339(value->get_string());
    return time ? std::optional(*time) : std::nullopt;
}

}  // namespace

Status StreamSession::check(std::uint64_t first, Position next) const {
    if (!position_) return {};
    if (next.epoch != position_->epoch) return bad_stream("the epoch changed without a reset");
    if (first != position_->revision + 1) return bad_stream("the event stream has a gap");
    return {};
}

Result<Frame> StreamSession::take_head(const json::object& data) {
    const auto first = TRY(count_of(data, "from"));
    const auto last = TRY(count_of(data, "to"));
    const auto revision = TRY(count_of(data, "revision"));
    const auto epoch = TRY(count_of(data, "epoch"));
    const Position next{epoch, last};
    if (last + 1 < first || revision != last) return bad_stream("the head is not where it says");
    TRY(check(first, next));
    Frame frame;
    frame.kind = FrameKind::kHead;
    frame.position = next;
    frame.at = time_of(data);
    return frame;
}

Result<Frame> StreamSession::take_change(json::object data) {
    const auto first = TRY(count_of(data, "from"));
    const auto last = TRY(count_of(data, "to"));
    auto* event = data.if_contains("event");
    if (event == nullptr || !event->is_object()) return bad_stream("a change has no event");
    const auto epoch = TRY(count_of(event->get_object(), "epoch"));
    const auto revision = TRY(count_of(event->get_object(), "revision"));
    if (last < first || revision != last) return bad_stream("a change is for another revision");
    Frame frame;
    frame.kind = FrameKind::kChange;
    frame.position = Position{epoch, last};
    TRY(check(first, frame.position));
    frame.event = std::move(event->get_object());
    frame.at = time_of(frame.event);
    return frame;
}

Result<Frame> StreamSession::take(std::string_view event, std::string_view data) {
    auto parsed = TRY(parse_json(data, kFrameLimits));
    if (!parsed.is_object()) return bad_stream("a frame of the event stream is no object");
    json::object& object = parsed.get_object();
    Frame frame;
    if (event == "head") {
        frame = TRY(take_head(object));
    } else if (event == "change") {
        frame = TRY(take_change(std::move(object)));
    } else if (event == "reset") {
        frame.kind = FrameKind::kReset;
        frame.position.epoch = TRY(count_of(object, "epoch"));
        frame.position.revision = TRY(count_of(object, "revision"));
    } else {
        return frame;
    }
    frame.begins_anew = !position_ || frame.kind == FrameKind::kReset;
    position_ = frame.position;
    lies_ = 0;
    return frame;
}

void StreamSession::end(bool was_lie) {
    // A gap may be filled from where it began; who has one again is read anew.
    lies_ = was_lie ? lies_ + 1 : 0;
    if (lies_ > 1) position_.reset();
}

}  // namespace latchkey::embed
