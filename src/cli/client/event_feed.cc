#include "cli/client/event_feed.h"

#include "cli/client/fields.h"

namespace latchkey::cli {
namespace {

constexpr std::size_t kFrameBytesMax = std::size_t{64} << 20;
constexpr JsonLimits kFrameLimits{kFrameBytesMax, 32, 1'000'000};

Error bad_stream(std::string why) {
    return Error{ErrorCode::kUnavailable, std::move(why)}.with_reason("bad_stream");
}

struct Block {
    std::string_view id;
    std::string_view kind;
    std::string data;
};

Block read_block(std::string_view text) {
    Block block;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        const auto colon = std::min(line.find(':'), line.size());
        const auto name = line.substr(0, colon);
        auto value = line.substr(std::min(colon + 1, line.size()));
        if (value.starts_with(' ')) value.remove_prefix(1);
        if (name == "id") block.id = value;
        if (name == "event") block.kind = value;
        if (name == "data") block.data += value;
    }
    return block;
}

}  // namespace

Status EventFeed::take(std::string_view bytes) {
    text_ += bytes;
    if (text_.size() > kFrameBytesMax) return bad_stream("a frame of the stream does not end");
    std::size_t start = 0;
    for (std::size_t end = 0; (end = text_.find("\n\n", start)) != std::string::npos;) {
        const auto block = std::string_view(text_).substr(start, end - start);
        start = end + 2;
        if (!block.starts_with(':')) TRY(take_block(block));
    }
    text_.erase(0, start);
    return {};
}

Status EventFeed::take_block(std::string_view text) {
    const Block block = read_block(text);
    if (block.data.empty()) return {};
    const auto value = parse_json(block.data, kFrameLimits);
    if (!value || !value->is_object()) return bad_stream("a frame of the stream is no JSON object");
    const json::object& data = value->get_object();
    if (block.kind == "reset") {
        covered_ = number_of(data, "revision");
        position_ = block.id;
        listener_.on_reset(number_of(data, "epoch").value_or(0));
        return {};
    }
    const auto from = number_of(data, "from");
    const auto to = number_of(data, "to");
    if (!from || !to) return {};  // a kind that a later server may have
    if (covered_ && *from != *covered_ + 1) {
        return Error{ErrorCode::kUnavailable, "the stream left out events"}.with_reason(
            "event_gap");
    }
    covered_ = *to;
    position_ = block.id;
    const json::value* event = data.if_contains("event");
    if (block.kind == "change" && event != nullptr && event->is_object()) {
        listener_.on_event(event->get_object());
    }
    return {};
}

}  // namespace latchkey::cli
