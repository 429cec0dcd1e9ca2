// The portal, and the documents that the binary carries: /, /assets/… and /openapi.json. Everything
// lives as long as the process and never changes; any thread may read.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace latchkey::api {

struct Asset {
    std::string_view path;  // as in the request line, without a query
    std::string_view content_type;
    std::string_view body;
    std::string_view digest;    // hex SHA-256 of the body
    std::string_view brotli{};  // the body compressed, or empty where that gains nothing
    std::string_view gzip{};
    bool is_immutable{false};  // its path names its content, so that it may be cached for ever
};

// Null: there is no such file. The path is compared byte by byte; nothing is decoded or resolved,
// so that no spelling of a path reaches beyond this table.
const Asset* find_asset(std::string_view path);

std::span<const Asset> all_assets();  // sorted by path

// What is sent of an asset to a client that said `accept_encoding`. Each form has a strong ETag of
// its own (RFC 9110 §8.8.3).
struct AssetForm {
    std::string_view body;
    std::string_view encoding;  // empty: as it is
    std::string etag;
};
AssetForm form_of(const Asset& asset, std::string_view accept_encoding);

}  // namespace latchkey::api
