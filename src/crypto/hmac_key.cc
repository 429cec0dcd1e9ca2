#include "crypto/hmac_key.h"

#include <string>

#include "base/encoding.h"

namespace latchkey {
namespace {

constexpr std::size_t kBlockBytes = 64;
constexpr unsigned char kInnerPad = 0x36;
constexpr unsigned char kOuterPad = 0x5C;

Secret padded(std::string_view key, unsigned char pad) {
    std::string block(kBlockBytes, static_cast<char>(pad));
    for (std::size_t i = 0; i < key.size(); ++i) {
        block[i] = static_cast<char>(static_cast<unsigned char>(key[i]) ^ pad);
    }
    return Secret(std::move(block));
}

// A key that is longer than a block is its digest.
Secret shortened(const Secret& key) {
    if (key.expose().size() <= kBlockBytes) return Secret(std::string(key.expose()));
    return Secret(std::string(as_text(sha256(key.expose()))));
}

}  // namespace

HmacKey::HmacKey(const Secret& key) {
    const Secret block = shortened(key);
    inner_ = padded(block.expose(), kInnerPad);
    outer_ = padded(block.expose(), kOuterPad);
}

Digest HmacKey::mac(std::string_view data) const {
    const Digest inner = sha256(inner_.expose(), data);
    return sha256(outer_.expose(), as_text(inner));
}

}  // namespace latchkey
