// Feeds the HTTP parser any bytes in any splits. What must hold: no crash, bounded memory, and the
// same requests and the same refusal as when everything arrives at once.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "http/request_parser.h"

namespace {

using latchkey::http::Limits;
using latchkey::http::RequestParser;

// Everything that was understood, as text.
std::string understood(std::string_view bytes, std::string_view pieces) {
    const Limits limits{.header_bytes_max = 1024, .fields_max = 10, .body_bytes_max = 512};
    RequestParser parser{limits};
    std::string log;
    std::size_t at = 0;
    for (;;) {
        switch (parser.advance()) {
            case RequestParser::State::kContinue: break;  // depends on what has arrived
            case RequestParser::State::kRefused:
                return log + "refused " + std::to_string(parser.refusal_status());
            case RequestParser::State::kComplete:
                log.append(parser.request().method_text).append(" ");
                log.append(parser.request().target).append(" ").append(parser.request().body);
                for (const auto& field : parser.request().fields) {
                    log.append("\n").append(field.name).append(":").append(field.value);
                }
                if (!parser.keep_alive()) return log;
                parser.next();
                break;
            case RequestParser::State::kNeedMore: {
                if (bytes.empty()) return log;
                const auto room = parser.room();
                std::size_t size = bytes.size();
                if (!pieces.empty()) {
                    size = 1U + static_cast<unsigned char>(pieces[at++ % pieces.size()]);
                }
                size = std::min({size, room.size(), bytes.size()});
                if (size == 0) std::abort();
                std::memcpy(room.data(), bytes.data(), size);
                bytes.remove_prefix(size);
                parser.received(size);
                break;
            }
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 4) return 0;
    // NOLINTNEXTLINE: the fuzzer gives bytes, the parser takes characters.
    const std::string_view input{reinterpret_cast<const char*>(data), size};
    const std::string_view pieces = input.substr(0, 4);
    const std::string_view bytes = input.substr(4);
    const std::string split = understood(bytes, pieces);
    const std::string whole = understood(bytes, {});
    // Which limit is met first may depend on the splits; what was accepted may not.
    const auto requests = [](const std::string& log) {
        return log.substr(0, log.rfind("refused "));
    };
    if (requests(split) != requests(whole)) std::abort();
    return 0;
}
