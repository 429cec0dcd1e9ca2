// The head of a request: its line and its fields, read line by line as they come (RFC 9112 §2 to
// §6). One way to write each thing is taken and all others are refused: whatever a proxy before us
// could read differently.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "http/message.h"
#include "http/server.h"

namespace latchkey::http {

// What the head said, beside the Request itself.
struct Head {
    Request request;
    std::vector<Field> fields;
    std::uint64_t content_length{0};
    std::size_t hosts{0};
    std::size_t line_bytes{0};  // of the line that is not whole yet: known to be text
    int refusal_status{0};      // 0: none
    std::string_view refusal_reason;
    bool has_request_line{false};
    bool is_http_1_1{false};
    bool keep_alive{false};
    bool has_authorization{false};
    bool has_content_length{false};
    bool is_chunked{false};
    bool expects_continue{false};
    bool expects_other{false};     // something that is not 100-continue
    bool has_encoded_body{false};  // Content-Encoding, and not identity
    bool says_close{false};
};

enum class HeadState : std::uint8_t { kNeedMore, kWhole, kRefused };

// Takes the whole lines of `input` into `head`, whose views point into it, and adds their bytes to
// `taken`; what is left is the beginning of a line, or comes behind the head, and the next call
// gets it again with more behind it. kRefused: why is in `head`. The limits of a single line are
// the caller's, who knows how much he keeps.
HeadState read_head(std::string_view input, const Limits& limits, Head& head, std::size_t& taken);

}  // namespace latchkey::http
