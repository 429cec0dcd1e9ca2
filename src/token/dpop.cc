#include "token/dpop.h"

#include <algorithm>
#include <chrono>

#include "base/encoding.h"
#include "token/claim_readers.h"

namespace latchkey {
namespace {

constexpr std::size_t kProofIdBytesMax = 256;
constexpr std::size_t kProofUrlBytesMax = 2'048;
constexpr std::size_t kProofNonceBytesMax = 128;
// The nonce says when the proof was made; this only bounds what a wrong clock may claim.
constexpr Microseconds kClockTolerance = std::chrono::minutes(5);

Error bad_proof(std::string why) {
    return invalid(std::move(why), "invalid_dpop_proof");
}

Digest digest_of_thumbprint(const std::string& thumbprint) {
    const auto bytes = base64url_decode(thumbprint);
    CHECK(bytes && bytes->size() == Digest{}.size());
    Digest digest{};
    std::copy(bytes->begin(), bytes->end(), digest.begin());
    return digest;
}

// A key in a header names no algorithm of its own: the header's is its one, and from_jwk refuses
// one that does not fit, private members, and what is no key for signatures.
Result<PublicKey> key_of(const ParsedJws& jws) {
    if (!jws.jwk.is_object()) return bad_proof("the header holds no key");
    json::object jwk = jws.jwk.get_object();
    if (!jwk.contains("alg")) jwk["alg"] = jws.alg;
    auto key = PublicKey::from_jwk(jwk);
    if (!key) return bad_proof("the key in the header is not accepted");
    if (algorithm_name(key->algorithm()) != jws.alg) return bad_proof("alg is not the key's");
    return std::move(*key);
}

Result<std::string> text_of(const json::object& claims, std::string_view name,
                            std::size_t bytes_max) {
    auto text = text_claim(claims, name);
    if (!text || text->size() > bytes_max) {
        return bad_proof(std::string(name) + " is missing, no text or too long");
    }
    return std::move(*text);
}

Result<std::optional<Digest>> token_claim(const json::object& claims) {
    if (!claims.contains("ath")) return std::optional<Digest>();
    const auto text = TRY(text_of(claims, "ath", 64));
    const auto bytes = base64url_decode(text);
    if (!bytes || bytes->size() != Digest{}.size()) return bad_proof("ath is no SHA-256");
    Digest digest{};
    std::copy(bytes->begin(), bytes->end(), digest.begin());
    return std::optional<Digest>(digest);
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

char upper(char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
}

bool is_unreserved(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    const char small = lower(c);
    return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

// Percent signs that need not be there go, those that stay have capital letters.
std::optional<std::string> normal_path(std::string_view path) {
    std::string out;
    for (std::size_t i = 0; i < path.size(); ++i) {
        const char c = path[i];
        if (c <= ' ' || c == 0x7F || c == '\\') return std::nullopt;
        if (c != '%') {
            out.push_back(c);
            continue;
        }
        if (i + 2 >= path.size()) return std::nullopt;
        const int high = hex_value(path[i + 1]);
        const int low = hex_value(path[i + 2]);
        if (high < 0 || low < 0) return std::nullopt;
        const char decoded = static_cast<char>(high * 16 + low);
        if (is_unreserved(decoded)) {
            out.push_back(decoded);
        } else {
            out.push_back('%');
            out.push_back(upper(path[i + 1]));
            out.push_back(upper(path[i + 2]));
        }
        i += 2;
    }
    return out;
}

// RFC 3986 §5.2.4, of a path that begins with a slash.
std::string without_dots(std::string_view path) {
    std::string out;
    while (!path.empty()) {
        const auto end = path.find('/', 1);
        const std::string_view segment = path.substr(0, end);
        path = end == std::string_view::npos ? std::string_view() : path.substr(end);
        const bool is_last = path.empty();
        if (segment == "/.") {
            if (is_last) out.push_back('/');
        } else if (segment == "/..") {
            out.erase(std::min(out.rfind('/'), out.size()));
            if (is_last) out.push_back('/');
        } else {
            out += segment;
        }
    }
    return out.empty() ? "/" : out;
}

std::optional<std::string> normal_authority(std::string_view authority, bool is_https) {
    if (authority.empty() || authority.find('@') != std::string_view::npos) return std::nullopt;
    std::string out(authority);
    std::transform(out.begin(), out.end(), out.begin(), lower);
    const bool is_literal = out.front() == '[';
    const auto host_end = is_literal ? out.find(']') : std::min(out.find(':'), out.size());
    if (host_end == std::string::npos) return std::nullopt;
    const std::size_t host_start = is_literal ? 1 : 0;
    const std::size_t host_size = host_end + host_start;
    const auto name = std::string_view(out).substr(host_start, host_end - host_start);
    const bool is_name =
        !name.empty() && std::all_of(name.begin(), name.end(), [is_literal](char c) {
            return is_unreserved(c) || (is_literal && c == ':');
        });
    if (!is_name) return std::nullopt;
    if (host_size == out.size()) return out;
    const auto port = std::string_view(out).substr(host_size + 1);
    const bool is_port = out[host_size] == ':' && std::all_of(port.begin(), port.end(), [](char c) {
                             return c >= '0' && c <= '9';
                         });
    if (!is_port) return std::nullopt;
    if (port.empty() || port == (is_https ? "443" : "80")) out.erase(host_size);
    return out;
}

}  // namespace

std::optional<std::string> normalised_url(std::string_view url) {
    if (url.size() > kProofUrlBytesMax) return std::nullopt;
    url = url.substr(0, url.find_first_of("?#"));
    const auto scheme_end = url.find("://");
    if (scheme_end == std::string_view::npos || scheme_end > 5) return std::nullopt;
    std::string scheme(url.substr(0, scheme_end));
    std::transform(scheme.begin(), scheme.end(), scheme.begin(), lower);
    if (scheme != "https" && scheme != "http") return std::nullopt;
    const std::string_view rest = url.substr(scheme_end + 3);
    const auto slash = std::min(rest.find('/'), rest.size());
    const auto authority = normal_authority(rest.substr(0, slash), scheme == "https");
    const auto path = normal_path(rest.substr(slash));
    if (!authority || !path) return std::nullopt;
    return scheme + "://" + *authority + without_dots(*path);
}

Result<Proof> parse_proof(std::string_view compact) {
    if (compact.size() > kProofBytesMax) return bad_proof("the proof is too long");
    auto jws = parse_with_key(compact);
    if (!jws) return bad_proof("the proof is no well-formed JWT");
    if (!TypPolicy::exactly(kProofTyp).allows(jws->typ)) return bad_proof("typ is not dpop+jwt");
    auto key = TRY(key_of(*jws));
    Proof proof(std::move(*jws), std::move(key));
    proof.thumbprint = digest_of_thumbprint(proof.key.thumbprint());
    const json::object& claims = proof.jws.claims;
    proof.id = TRY(text_of(claims, "jti", kProofIdBytesMax));
    proof.method = TRY(text_of(claims, "htm", 32));
    const auto url = normalised_url(TRY(text_of(claims, "htu", kProofUrlBytesMax)));
    if (!url) return bad_proof("htu is no URL");
    proof.url = *url;
    const auto issued_at = time_claim(claims, "iat");
    if (!issued_at) return bad_proof("iat is missing or no time");
    proof.issued_at = *issued_at;
    if (claims.contains("nonce")) {
        proof.nonce = TRY(text_of(claims, "nonce", kProofNonceBytesMax));
    }
    proof.token = TRY(token_claim(claims));
    return proof;
}

Status check_proof(const Proof& proof, const ProofDemand& demand) {
    if (proof.method != demand.method) return bad_proof("htm is another method");
    if (proof.url != demand.url) return bad_proof("htu is another URL");
    if (proof.issued_at > demand.now + kClockTolerance) return bad_proof("iat is in the future");
    if (proof.issued_at + kClockTolerance < demand.now) return bad_proof("iat is too long ago");
    if (demand.token) {
        const bool is_for_it = proof.token && equal_in_constant_time(*proof.token, *demand.token);
        if (!is_for_it) return bad_proof("ath is not the token's");
    }
    return {};
}

bool is_signed(const Proof& proof) {
    return proof.key.verify(proof.jws.signing_input, proof.jws.signature);
}

}  // namespace latchkey
