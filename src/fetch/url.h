// Absolute http and https URLs, taken apart by libcurl's own parser so that what we judge is what
// is sent. Pure and thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace latchkey::fetch {

struct Url {
    std::string scheme;  // "http" or "https"
    std::string host;    // lower case; IPv6 keeps its brackets
    std::string port;    // never empty
    std::string path;    // begins with '/', still percent-encoded
    std::string query;   // without '?'

    // "https://host", with the port unless it is the scheme's own.
    [[nodiscard]] std::string origin() const;
    [[nodiscard]] bool is_loopback() const;
};

// Refuses user names and passwords in the URL, fragments, and "." or ".." segments however they
// are encoded: two programs would read those differently. Reason "bad_url".
Result<Url> parse_url(std::string_view text);

// Whether `url` has the base's origin and its path lies at or below the base's path, segment-wise:
// "/v1" covers "/v1" and "/v1/x", never "/v10".
bool is_below(const Url& url, const Url& base);

}  // namespace latchkey::fetch
