#include "api/cursor.h"

#include "base/encoding.h"
#include "crypto/digest.h"
#include "crypto/seal.h"

namespace latchkey::api {
namespace {

constexpr std::string_view kContext = "latchkey cursor";

// A key of its own: the key-encryption key seals nothing but keys.
Secret cursor_key(const Secret& kek) {
    return Secret(std::string(as_text(hmac_sha256(kek, kContext))));
}

}  // namespace

std::string seal_cursor(const Secret& key, const Cursor& cursor) {
    return base64url_encode(seal(cursor_key(key), cursor.id + "\n" + cursor.key, kContext));
}

Result<Cursor> open_cursor(const Secret& key, std::string_view text) {
    const Error refused = invalid("this cursor is not ours", "bad_query");
    const auto sealed = text.size() > 1024 ? std::nullopt : base64url_decode(text);
    if (!sealed) return refused;
    const auto opened = open_sealed(cursor_key(key), *sealed, kContext);
    if (!opened) return refused;
    const std::string_view plain = opened->expose();
    const auto line = plain.find('\n');
    if (line == std::string_view::npos) return refused;
    return Cursor{std::string(plain.substr(0, line)), std::string(plain.substr(line + 1))};
}

std::string next_link(const Call& call, const std::string& cursor) {
    std::string query;
    std::string_view rest = call.request().query;
    while (!rest.empty()) {
        const auto end = rest.find('&');
        const std::string_view item = rest.substr(0, end);
        rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
        if (!item.starts_with("after=")) query.append(item).append("&");
    }
    return "<" + std::string(call.request().path) + "?" + query + "after=" + cursor +
           ">; rel=\"next\"";
}

}  // namespace latchkey::api
