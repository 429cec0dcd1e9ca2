#include "cli/import_file.h"

#include <fmt/format.h>

#include "base/encoding.h"

namespace latchkey::cli {
namespace {

constexpr std::size_t kDigestBytes = 32;

bool is_blank(std::string_view text) {
    return text.find_first_not_of(" \t\r") == std::string_view::npos;
}

// The same digest may be written in two ways. Empty: none that can be read, which the server says.
std::string bytes_of(std::string_view text) {
    for (const auto& decode : {hex_decode, base64_decode, base64url_decode}) {
        auto bytes = decode(text);
        if (bytes && bytes->size() == kDigestBytes) return std::move(*bytes);
    }
    return {};
}

BadLine bad_line(std::uint64_t line, const Error& error) {
    return {line, std::string(error.reason), error.message, error.hint};
}

}  // namespace

// False at the end. What is too long is skipped to its end without being held.
bool ImportFile::read_line(std::string& text, bool& is_too_long) {
    text.clear();
    is_too_long = false;
    std::streambuf* const bytes = in_.rdbuf();
    int c = bytes->sbumpc();
    if (c == std::char_traits<char>::eof()) return false;
    ++line_;
    for (; c != std::char_traits<char>::eof(); c = bytes->sbumpc()) {
        ++bytes_;
        if (c == '\n') return true;
        if (text.size() == kImportLineBytesMax) is_too_long = true;
        if (!is_too_long) text.push_back(static_cast<char>(c));
    }
    return true;
}

Result<json::object> ImportFile::read_token(const std::string& text) {
    JsonLimits limits;
    limits.bytes_max = kImportLineBytesMax;
    auto value = TRY(parse_json(text, limits));
    json::object* const object = value.if_object();
    if (object == nullptr) {
        return invalid("a line is one JSON object", "wrong_type")
            .with_hint(R"({"digest": "…", "name": "…", "owner": "…", "scopes": ["…"]})");
    }
    const json::value* const digest = object->if_contains("digest");
    if (digest == nullptr || !digest->is_string()) {
        return invalid("the member digest is missing", "missing_member");
    }
    auto bytes = bytes_of(digest->get_string());
    if (!bytes.empty() && !digests_.insert(std::move(bytes)).second) {
        return invalid("this digest stands in an earlier line, too", "duplicate_digest")
            .with_hint("a token has one owner, one name and one end: keep one of the lines");
    }
    return std::move(*object);
}

ImportBatch ImportFile::next(std::vector<BadLine>& bad) {
    ImportBatch batch;
    std::size_t size = 0;
    const auto add = [&](json::object token, std::uint64_t line) {
        size += to_json(token).size() + 1;
        batch.tokens.emplace_back(std::move(token));
        batch.lines.push_back(line);
    };
    if (kept_line_ != 0) add(std::move(kept_), std::exchange(kept_line_, 0));
    std::string text;
    bool is_too_long = false;
    while (batch.lines.size() < kImportBatchLinesMax && read_line(text, is_too_long)) {
        if (is_too_long) {
            bad.push_back({line_, "too_large", "a line has at most 16 KiB", ""});
            continue;
        }
        if (is_blank(text)) continue;
        auto token = read_token(text);
        if (!token) {
            bad.push_back(bad_line(line_, token.error()));
            continue;
        }
        if (size + to_json(*token).size() > kImportBatchBytesMax) {
            kept_ = std::move(*token);
            kept_line_ = line_;
            return batch;
        }
        add(std::move(*token), line_);
    }
    return batch;
}

}  // namespace latchkey::cli
