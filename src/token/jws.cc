#include "token/jws.h"

#include <algorithm>
#include <array>

#include "base/encoding.h"

namespace latchkey {
namespace {

constexpr std::size_t kTypBytesMax = 64;
constexpr JsonLimits kHeaderLimits{kJwsHeaderBytesMax, 8, 64};
constexpr JsonLimits kPayloadLimits{kJwsBytesMax, 8, 256};

// Members that would change what is verified, or with which key. `enc` marks a JWE.
constexpr std::array<std::string_view, 8> kRefusedMembers{"crit", "b64", "zip", "jwk",
                                                          "jku",  "x5u", "x5c", "enc"};

Error malformed(std::string message) {
    return invalid(std::move(message), "malformed_token");
}

Error bad_signature(std::string why) {
    return Error{ErrorCode::kUnauthenticated, "the token's signature is not valid", std::move(why)}
        .with_reason("bad_signature");
}

int base64url_value(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '-') return 62;
    return c == '_' ? 63 : -1;
}

// As base64url_decode, but without its memory: RFC 7515 §2, and no spare bits.
bool is_base64url(std::string_view text) {
    if (text.empty()) return true;
    if (text.size() % 4 == 1) return false;
    if (std::any_of(text.begin(), text.end(), [](char c) { return base64url_value(c) < 0; })) {
        return false;
    }
    const int spare = text.size() % 4 == 2 ? 0x0F : text.size() % 4 == 3 ? 0x03 : 0;
    return (base64url_value(text.back()) & spare) == 0;
}

// A string member, empty when absent.
Result<std::string> text_member(const json::object& header, std::string_view name,
                                std::size_t bytes_max) {
    const auto* value = header.if_contains(name);
    if (value == nullptr) return std::string();
    if (!value->is_string() || value->get_string().empty() ||
        value->get_string().size() > bytes_max) {
        return malformed("a header member has the wrong type or length");
    }
    return std::string(value->get_string());
}

struct Header {
    std::string alg;
    std::string kid;
    std::string typ;
    json::value jwk;
};

enum class HeaderKey : std::uint8_t { kRefused, kDemanded };

Result<Header> parse_header(std::string_view encoded, HeaderKey key = HeaderKey::kRefused) {
    if (encoded.size() > kJwsHeaderBytesMax * 4 / 3 + 3) return malformed("the header is too long");
    const auto text = base64url_decode(encoded);
    if (!text) return malformed("the header is not base64url");
    const auto parsed = parse_json(*text, kHeaderLimits);
    if (!parsed || !parsed->is_object()) return malformed("the header is not a JSON object");
    const json::object& header = parsed->get_object();
    Header out;
    for (const std::string_view name : kRefusedMembers) {
        const auto* member = header.if_contains(name);
        const bool is_demanded = name == "jwk" && key == HeaderKey::kDemanded;
        if ((member != nullptr) != is_demanded) {
            return malformed("the header holds a member we never accept");
        }
        if (is_demanded) out.jwk = *member;
    }
    out.alg = TRY(text_member(header, "alg", 16));
    out.kid = TRY(text_member(header, "kid", kKidBytesMax));
    out.typ = TRY(text_member(header, "typ", kTypBytesMax));
    if (!parse_algorithm(out.alg)) return malformed("the algorithm is not one we accept");
    return out;
}

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return out;
}

// RFC 7515 §4.1.9: "application/" may be left out when no other '/' stands in the rest.
std::string normal_typ(std::string_view typ) {
    static constexpr std::string_view kLong = "application/";
    std::string out = lower(typ);
    if (out.starts_with(kLong) && out.find('/', kLong.size()) == std::string::npos) {
        out.erase(0, kLong.size());
    }
    return out;
}

Status check_header(std::string_view alg, std::string_view kid, const PublicKey& key) {
    if (alg != algorithm_name(key.algorithm())) return bad_signature("alg is not the key's");
    const std::string& declared = key.declared_kid();
    if (!kid.empty() && !declared.empty() && kid != declared && kid != key.thumbprint()) {
        return bad_signature("kid is not the key's");
    }
    return {};
}

std::string header_text(Algorithm algorithm, std::string_view typ, std::string_view kid) {
    json::object header;
    header["alg"] = algorithm_name(algorithm);
    if (!kid.empty()) header["kid"] = kid;
    header["typ"] = typ;
    return base64url_encode(to_json(header)) + '.';
}

template <typename AnyKey>
std::string sign_behind(std::string header, const AnyKey& key, const json::object& claims) {
    std::string compact = std::move(header);
    compact += base64url_encode(to_json(claims));
    const std::string signature = base64url_encode(key.sign(compact));
    compact.push_back('.');
    return compact += signature;
}

Result<ParsedJws> parse(std::string_view compact, HeaderKey key) {
    const auto parts = TRY(split_compact(compact));
    auto header = TRY(parse_header(parts.header, key));
    const auto payload = base64url_decode(parts.payload);
    auto signature = base64url_decode(parts.signature);
    CHECK(payload && signature);  // split_compact has looked
    auto claims = parse_json(*payload, kPayloadLimits);
    if (!claims || !claims->is_object()) return malformed("the claims are not a JSON object");
    return ParsedJws{std::move(header.alg), std::move(header.kid),
                     std::move(header.typ), std::move(claims->get_object()),
                     parts.signing_input,   std::move(*signature),
                     std::move(header.jwk)};
}

}  // namespace

bool TypPolicy::allows(std::string_view typ) const {
    return typ.empty() ? may_be_absent : normal_typ(typ) == normal_typ(name);
}

Result<CompactParts> split_compact(std::string_view compact) {
    if (compact.size() > kJwsBytesMax) return malformed("the token is longer than 16 KiB");
    const auto first = compact.find('.');
    if (first == std::string_view::npos) return malformed("a JWT has three parts between two dots");
    const auto second = compact.find('.', first + 1);
    // A third dot would make it a JWE or rubbish; we look no further than that.
    if (second == std::string_view::npos ||
        compact.find('.', second + 1) != std::string_view::npos) {
        return malformed("a JWT has three parts between two dots");
    }
    const CompactParts parts{compact.substr(0, first),
                             compact.substr(first + 1, second - first - 1),
                             compact.substr(second + 1), compact.substr(0, second)};
    if (parts.header.empty() || parts.signature.empty()) {
        return malformed("a part of the token is empty");
    }
    if (!is_base64url(parts.header) || !is_base64url(parts.payload) ||
        !is_base64url(parts.signature)) {
        return malformed("a part of the token is not base64url");
    }
    return parts;
}

Result<ParsedJws> parse_unverified(std::string_view compact) {
    return parse(compact, HeaderKey::kRefused);
}

Result<ParsedJws> parse_with_key(std::string_view compact) {
    return parse(compact, HeaderKey::kDemanded);
}

Status verify_parsed(const ParsedJws& jws, const PublicKey& key, TypPolicy typ) {
    TRY(check_header(jws.alg, jws.kid, key));
    if (!typ.allows(jws.typ)) return malformed("the token is of another type");
    if (!key.verify(jws.signing_input, jws.signature)) return bad_signature("signature");
    return {};
}

Result<json::object> verify_jws(std::string_view compact, const PublicKey& key, TypPolicy typ) {
    auto jws = TRY(parse_unverified(compact));
    TRY(verify_parsed(jws, key, typ));
    return std::move(jws.claims);
}

Result<std::string> verify_jws_payload(std::string_view compact, const PublicKey& key) {
    const auto parts = TRY(split_compact(compact));
    const auto header = TRY(parse_header(parts.header));
    TRY(check_header(header.alg, header.kid, key));
    const auto signature = base64url_decode(parts.signature);
    auto payload = base64url_decode(parts.payload);
    CHECK(payload && signature);
    if (!key.verify(parts.signing_input, *signature)) return bad_signature("signature");
    return std::move(*payload);
}

std::string sign_jws(const SigningKey& key, std::string_view typ, std::string_view kid,
                     const json::object& claims) {
    return sign_behind(header_text(key.public_key().algorithm(), typ, kid), key, claims);
}

std::string sign_jws(const PrivateKey& key, std::string_view typ, std::string_view kid,
                     const json::object& claims) {
    return sign_behind(header_text(key.algorithm(), typ, kid), key, claims);
}

JwsSigner::JwsSigner(SigningKey key, std::string_view typ)
    : key_(std::move(key)), header_(header_text(key_.public_key().algorithm(), typ, key_.kid())) {}

std::string JwsSigner::sign(const json::object& claims) const {
    return sign_behind(header_, key_, claims);
}

}  // namespace latchkey
