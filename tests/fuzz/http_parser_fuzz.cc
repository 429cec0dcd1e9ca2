// Feeds the HTTP parser any bytes in any splits. What must hold: no crash, bounded memory, and the
// same requests and the same refusal as when everything arrives at once; and whatever head we take,
// Beast's parser takes too and understands the same by it.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include <boost/beast/http/basic_parser.hpp>

#include "http/request_parser.h"

namespace {

namespace beast = boost::beast;
using latchkey::http::Limits;
using latchkey::http::RequestParser;

// Heads several times as long as the buffer is at first, so that it grows with half a head in it.
constexpr Limits kLimits{.header_bytes_max = 16'384, .fields_max = 10, .body_bytes_max = 512};

// The second opinion: one head, as text.
class Beast final : public beast::http::basic_parser<true> {
public:
    // Empty when it is refused, or not whole.
    static std::string head_of(std::string_view bytes) {
        Beast reader;
        reader.skip(true);
        reader.header_limit(kLimits.header_bytes_max);
        beast::error_code error;
        reader.put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
        return error || !reader.is_header_done() ? std::string() : reader.text_;
    }

private:
    using Text = beast::string_view;
    void on_request_impl(beast::http::verb /*verb*/, Text method, Text target, int version,
                         beast::error_code& error) override {
        text_.append(method).append(" ").append(target).append(version == 11 ? " 1.1" : " 1.0");
        error = {};
    }
    void on_field_impl(beast::http::field /*field*/, Text name, Text value,
                       beast::error_code& error) override {
        text_.append("\n").append(name).append(":").append(value);
        error = {};
    }
    void on_header_impl(beast::error_code& error) override {
        text_.append(keep_alive() ? "\nkeep" : "\nclose");
        error = {};
    }
    void on_body_init_impl(const boost::optional<std::uint64_t>& /*length*/,
                           beast::error_code& error) override {
        error = {};
    }
    std::size_t on_body_impl(Text body, beast::error_code& error) override {
        error = {};
        return body.size();
    }
    void on_chunk_header_impl(std::uint64_t /*size*/, Text /*extensions*/,
                              beast::error_code& error) override {
        error = {};
    }
    std::size_t on_chunk_body_impl(std::uint64_t /*remain*/, Text body,
                                   beast::error_code& error) override {
        error = {};
        return body.size();
    }
    void on_finish_impl(beast::error_code& error) override { error = {}; }
    void on_response_impl(int /*status*/, Text /*reason*/, int /*version*/,
                          beast::error_code& error) override {
        error = beast::http::error::bad_method;
    }

    std::string text_;
};

// Our own, in the same words.
std::string head_of(std::string_view bytes) {
    latchkey::http::Head head;
    std::size_t taken = 0;
    const auto state = latchkey::http::read_head(bytes, kLimits, head, taken);
    if (state != latchkey::http::HeadState::kWhole || taken > kLimits.header_bytes_max) return {};
    std::string text{head.request.method_text};
    text.append(" ").append(head.request.target).append(head.is_http_1_1 ? " 1.1" : " 1.0");
    for (const auto& field : head.fields) {
        text.append("\n").append(field.name).append(":").append(field.value);
    }
    return text.append(head.keep_alive ? "\nkeep" : "\nclose");
}

// Everything that was understood, as text.
std::string understood(std::string_view bytes, std::string_view pieces) {
    RequestParser parser{kLimits};
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
    const std::string ours = head_of(bytes);
    if (!ours.empty() && ours != Beast::head_of(bytes)) std::abort();
    const std::string split = understood(bytes, pieces);
    const std::string whole = understood(bytes, {});
    // Which limit is met first may depend on the splits; what was accepted may not.
    const auto requests = [](const std::string& log) {
        return log.substr(0, log.rfind("refused "));
    };
    if (requests(split) != requests(whole)) std::abort();
    return 0;
}
