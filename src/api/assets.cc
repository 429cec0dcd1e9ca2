#include "api/assets.h"

#include <algorithm>

#include "http/message.h"

namespace latchkey::api {
namespace {

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Whether the list names the coding, and not with a weight of zero. `*` is not taken: a client that
// wants a compressed form says which.
bool accepts(std::string_view list, std::string_view coding) {
    while (!list.empty()) {
        const auto comma = list.find(',');
        const std::string_view item = list.substr(0, comma);
        list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
        const auto semicolon = item.find(';');
        if (!http::equal_without_case(trimmed(item.substr(0, semicolon)), coding)) continue;
        if (semicolon == std::string_view::npos) return true;
        const std::string_view weight = trimmed(item.substr(semicolon + 1));
        return !weight.starts_with("q=0") || weight.find_first_of("123456789") != weight.npos;
    }
    return false;
}

std::string quoted(std::string_view digest, std::string_view ending) {
    std::string etag = "\"";
    etag += digest;
    etag += ending;
    etag += '"';
    return etag;
}

}  // namespace

const Asset* find_asset(std::string_view path) {
    const auto assets = all_assets();
    const auto found = std::ranges::lower_bound(assets, path, {}, &Asset::path);
    return found != assets.end() && found->path == path ? &*found : nullptr;
}

AssetForm form_of(const Asset& asset, std::string_view accept_encoding) {
    if (!asset.brotli.empty() && accepts(accept_encoding, "br")) {
        return {asset.brotli, "br", quoted(asset.digest, "-br")};
    }
    if (!asset.gzip.empty() && accepts(accept_encoding, "gzip")) {
        return {asset.gzip, "gzip", quoted(asset.digest, "-gz")};
    }
    return {asset.body, {}, quoted(asset.digest, "")};
}

}  // namespace latchkey::api
