#include "fetch/url.h"

#include <algorithm>
#include <cctype>
#include <memory>

#include <curl/curl.h>
#include <fmt/format.h>

#include "base/encoding.h"

namespace latchkey::fetch {
namespace {

using UrlHandle = std::unique_ptr<CURLU, decltype(&curl_url_cleanup)>;

std::string part_of(CURLU* handle, CURLUPart part, unsigned flags) {
    char* text = nullptr;
    if (curl_url_get(handle, part, &text, flags) != CURLUE_OK) return {};
    std::string out(text);
    curl_free(text);
    return out;
}

bool has_dot_segment(std::string_view path) {
    std::size_t start = 0;
    while (start <= path.size()) {
        const std::size_t end = std::min(path.find('/', start), path.size());
        const auto decoded = percent_decode(path.substr(start, end - start));
        if (!decoded || *decoded == "." || *decoded == "..") return true;
        start = end + 1;
    }
    return false;
}

bool has_forbidden_byte(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte <= 0x20 || byte >= 0x7f || c == '\\';
    });
}

}  // namespace

std::string Url::origin() const {
    const bool usual = (scheme == "http" && port == "80") || (scheme == "https" && port == "443");
    if (usual) return fmt::format("{}://{}", scheme, host);
    return fmt::format("{}://{}:{}", scheme, host, port);
}

bool Url::is_loopback() const {
    return host == "localhost" || host == "[::1]" || host.rfind("127.", 0) == 0;
}

Result<Url> parse_url(std::string_view text) {
    if (text.empty() || has_forbidden_byte(text)) {
        return invalid("the URL is empty or has characters that must be encoded", "bad_url");
    }
    // libcurl forgives one slash or three; others then see another host than we do.
    const std::size_t mark = text.find("://");
    if (mark == std::string_view::npos || text.substr(mark + 3, 1) == "/") {
        return invalid("that is not an absolute http or https URL", "bad_url");
    }
    const UrlHandle handle(curl_url(), &curl_url_cleanup);
    CHECK(handle != nullptr);
    const std::string copy(text);
    // libcurl would tidy "..", and we would not see that it stood there.
    if (curl_url_set(handle.get(), CURLUPART_URL, copy.c_str(), CURLU_PATH_AS_IS) != CURLUE_OK) {
        return invalid("that is not an absolute http or https URL", "bad_url");
    }
    if (!part_of(handle.get(), CURLUPART_USER, 0).empty() ||
        !part_of(handle.get(), CURLUPART_PASSWORD, 0).empty()) {
        return invalid("a URL with a user name or password is refused", "bad_url");
    }
    if (text.find('#') != std::string_view::npos) {
        return invalid("a URL with a fragment is refused", "bad_url");
    }
    Url url;
    url.scheme = part_of(handle.get(), CURLUPART_SCHEME, 0);
    url.host = part_of(handle.get(), CURLUPART_HOST, 0);
    url.port = part_of(handle.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
    url.path = part_of(handle.get(), CURLUPART_PATH, 0);
    url.query = part_of(handle.get(), CURLUPART_QUERY, 0);
    std::transform(url.host.begin(), url.host.end(), url.host.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if ((url.scheme != "http" && url.scheme != "https") || url.host.empty()) {
        return invalid("only http and https URLs are understood", "bad_url");
    }
    if (has_dot_segment(url.path)) {
        return invalid("a URL with '.' or '..' in its path is refused", "bad_url");
    }
    return url;
}

bool is_below(const Url& url, const Url& base) {
    if (url.origin() != base.origin()) return false;
    std::string_view root = base.path;
    while (!root.empty() && root.back() == '/') {
        root.remove_suffix(1);
    }
    if (url.path.compare(0, root.size(), root) != 0) return false;
    return url.path.size() == root.size() || url.path[root.size()] == '/';
}

}  // namespace latchkey::fetch
