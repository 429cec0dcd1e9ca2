// The pages, scripts and documents that the binary carries: /, /setup, /login, /assets/… and
// /openapi.json. Everything lives as long as the process and never changes; any thread may read.
#pragma once

#include <span>
#include <string_view>

namespace latchkey::api {

struct Asset {
    std::string_view path;  // as in the request line, without a query
    std::string_view content_type;
    std::string_view body;
    std::string_view etag;     // quoted SHA-256 of the body: strong (RFC 9110 §8.8.3)
    bool is_immutable{false};  // its path names its content, so that it may be cached for ever
};

// Null: there is no such file. The path is compared byte by byte; nothing is decoded or resolved,
// so that no spelling of a path reaches beyond this table.
const Asset* find_asset(std::string_view path);

std::span<const Asset> all_assets();  // sorted by path

}  // namespace latchkey::api
