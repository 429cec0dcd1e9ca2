#include "crypto/spki.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/encoding.h"

namespace latchkey {
namespace {

using std::string_view_literals::operator""sv;  // the identifiers hold zero bytes

enum Tag : std::uint8_t {
    kInteger = 0x02,
    kBitString = 0x03,
    kOctetString = 0x04,
    kNull = 0x05,
    kIdentifier = 0x06,
    kSequence = 0x30,
};

// X.690 §10.1: one way to write each length, and no indefinite one.
std::optional<std::size_t> take_length(std::string_view& rest) {
    const auto take = [&] {
        const auto byte = static_cast<std::uint8_t>(rest.front());
        rest.remove_prefix(1);
        return std::size_t{byte};
    };
    if (rest.empty()) return std::nullopt;
    const std::size_t first = take();
    if (first < 0x80) return first;
    if (first == 0x81) {
        if (rest.empty()) return std::nullopt;
        const std::size_t length = take();
        return length >= 0x80 ? std::optional(length) : std::nullopt;
    }
    if (first != 0x82 || rest.size() < 2) return std::nullopt;
    const std::size_t high = take();
    const std::size_t length = high << 8U | take();
    return length >= 0x100 ? std::optional(length) : std::nullopt;
}

// The contents of the element with that tag at the front, cut off; nothing, and nothing cut, when
// another stands there.
std::optional<std::string_view> take(std::string_view& der, Tag tag) {
    if (der.empty() || static_cast<std::uint8_t>(der.front()) != tag) return std::nullopt;
    std::string_view rest = der.substr(1);
    const auto length = take_length(rest);
    if (!length || *length > rest.size()) return std::nullopt;
    const auto contents = rest.substr(0, *length);
    der = rest.substr(*length);
    return contents;
}

Error bad_form(std::string message = "this is not one public key in SubjectPublicKeyInfo form") {
    return invalid(std::move(message), "bad_pem");
}

Error unsupported_type(std::string_view name) {
    return invalid(
        std::string(name) + " cannot be used to sign tokens; use RSA, P-256, P-521 or " + "Ed25519",
        "unsupported_key_type");
}

struct Named {
    std::string_view identifier;
    std::string_view name;
};
constexpr std::string_view kRsa = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"sv;
constexpr std::string_view kEc = "\x2a\x86\x48\xce\x3d\x02\x01"sv;
constexpr std::string_view kEd25519 = "\x2b\x65\x70"sv;
constexpr std::array<Named, 9> kOtherTypes{{
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"sv, "an RSA key for PSS alone"sv},
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x07"sv, "an RSA key for OAEP alone"sv},
    {"\x2a\x86\x48\xce\x38\x04\x01"sv, "a DSA key"sv},
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x03\x01"sv, "a DH key"sv},
    {"\x2a\x86\x48\xce\x3e\x02\x01"sv, "a DH key"sv},
    {"\x2b\x81\x04\x01\x0c"sv, "an ECDH key"sv},
    {"\x2b\x65\x71"sv, "an Ed448 key"sv},
    {"\x2b\x65\x6e"sv, "an X25519 key"sv},
    {"\x2b\x65\x6f"sv, "an X448 key"sv},
}};

constexpr std::string_view kP256Identifier = "\x2a\x86\x48\xce\x3d\x03\x01\x07"sv;
constexpr std::string_view kP521Identifier = "\x2b\x81\x04\x00\x23"sv;
constexpr std::array<Named, 4> kOtherCurves{{
    {"\x2b\x81\x04\x00\x22"sv, "P-384"sv},
    {"\x2b\x81\x04\x00\x21"sv, "P-224"sv},
    {"\x2a\x86\x48\xce\x3d\x03\x01\x01"sv, "P-192"sv},
    {"\x2b\x81\x04\x00\x0a"sv, "secp256k1"sv},
}};

template <std::size_t kSize>
std::string_view name_in(const std::array<Named, kSize>& list, std::string_view identifier,
                         std::string_view otherwise) {
    for (const auto& entry : list) {
        if (entry.identifier == identifier) return entry.name;
    }
    return otherwise;
}

// A number above zero in its shortest form (X.690 §8.3.2), without the byte for its sign.
std::optional<std::string_view> take_positive(std::string_view& der) {
    auto number = take(der, kInteger);
    const auto is_high = [](char c) { return static_cast<std::uint8_t>(c) >= 0x80; };
    if (!number || number->empty() || is_high(number->front())) return std::nullopt;
    if (number->front() != '\0') return number;
    if (number->size() < 2 || !is_high((*number)[1])) return std::nullopt;
    return number->substr(1);
}

Result<json::object> read_rsa(std::string_view parameters, std::string_view key) {
    if (parameters != "\x05\x00"sv) return bad_form();  // RFC 3279 §2.3.1
    auto numbers = take(key, kSequence);
    if (!numbers || !key.empty()) return bad_form();
    const auto modulus = take_positive(*numbers);
    const auto exponent = take_positive(*numbers);
    if (!modulus || !exponent || !numbers->empty()) return bad_form();
    return json::object{
        {"kty", "RSA"}, {"n", base64url_encode(*modulus)}, {"e", base64url_encode(*exponent)}};
}

Result<json::object> read_ec(std::string_view parameters, std::string_view point) {
    const auto curve = take(parameters, kIdentifier);
    if (!curve) {
        return invalid("the curve must be named; this key spells out its parameters",
                       "explicit_curve_parameters")
            .with_hint("write it again with: openssl ec -pubin -param_enc named_curve");
    }
    if (!parameters.empty()) return bad_form();
    const bool is_p256 = *curve == kP256Identifier;
    if (!is_p256 && *curve != kP521Identifier) {
        return invalid("the curve must be P-256 or P-521, and this is " +
                           std::string(name_in(kOtherCurves, *curve, "another one")),
                       "unsupported_curve");
    }
    if (point == "\x00"sv) {
        return invalid("the point at infinity is no public key", "point_not_on_curve");
    }
    const std::size_t size = is_p256 ? 32 : 66;
    if (point.size() == 1 + size && (point.front() == '\x02' || point.front() == '\x03')) {
        return bad_form("the point is compressed")
            .with_hint("write it again with: openssl ec -pubin -conv_form uncompressed");
    }
    if (point.size() != 1 + 2 * size || point.front() != '\x04') {
        return bad_form("the point does not fit the curve");
    }
    return json::object{{"kty", "EC"},
                        {"crv", is_p256 ? "P-256" : "P-521"},
                        {"x", base64url_encode(point.substr(1, size))},
                        {"y", base64url_encode(point.substr(1 + size))}};
}

// What else people have in such a file.
Error other_document(std::string_view contents) {
    auto rest = contents;
    const auto number = take(rest, kInteger);
    // PKCS #8 and the older forms begin with a version; a lone RSA key begins with its modulus.
    const bool is_private = number && number->size() == 1;
    const bool is_encrypted = !number && take(rest, kSequence) && take(rest, kOctetString);
    if (is_private || is_encrypted) {
        return invalid("this is a private key; send the public half only", "private_key_pasted");
    }
    return bad_form();
}

}  // namespace

Result<json::object> jwk_of_spki(std::string_view der) {
    auto document = take(der, kSequence);
    if (!document || !der.empty()) return bad_form();
    auto rest = *document;
    auto algorithm = take(rest, kSequence);
    auto key = take(rest, kBitString);
    if (!algorithm || !key || !rest.empty()) return other_document(*document);
    const auto type = take(*algorithm, kIdentifier);
    // The first byte says how many bits of the last one do not count.
    if (!type || key->empty() || key->front() != '\0') return bad_form();
    key->remove_prefix(1);
    if (*type == kRsa) return read_rsa(*algorithm, *key);
    if (*type == kEc) return read_ec(*algorithm, *key);
    if (*type != kEd25519) {
        return unsupported_type(name_in(kOtherTypes, *type, "a key of this type"));
    }
    if (!algorithm->empty()) return bad_form();  // RFC 8410 §3
    return json::object{{"kty", "OKP"}, {"crv", "Ed25519"}, {"x", base64url_encode(*key)}};
}

}  // namespace latchkey
