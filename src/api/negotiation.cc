#include "api/negotiation.h"

#include <algorithm>
#include <vector>

#define ZLIB_CONST
#include <zlib.h>

#include "base/encoding.h"
#include "crypto/digest.h"

namespace latchkey::api {
namespace {

constexpr std::size_t kCompressedBytesMin = 1024;
constexpr int kCompressionLevel = 4;
constexpr std::string_view kGzipMark = "-gzip";

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// The parts of a list field, of every line of it.
template <typename Use>
void for_each_item(const http::Request& request, std::string_view name, const Use& use) {
    for (const auto& field : request.fields) {
        if (!http::equal_without_case(field.name, name)) continue;
        std::string_view rest = field.value;
        while (!rest.empty()) {
            const auto end = std::min(rest.find(','), rest.size());
            const auto item = trimmed(rest.substr(0, end));
            rest.remove_prefix(std::min(end + 1, rest.size()));
            if (!item.empty()) use(item);
        }
    }
}

// "x;q=0" says that x is not wanted.
struct Weighted {
    std::string_view name;
    bool is_wanted{true};
};

Weighted weighted(std::string_view item) {
    const auto semicolon = std::min(item.find(';'), item.size());
    Weighted read{trimmed(item.substr(0, semicolon))};
    std::string_view parameters = item.substr(semicolon);
    const auto q = parameters.find("q=");
    if (q != std::string_view::npos) {
        const auto value = trimmed(parameters.substr(q + 2));
        read.is_wanted = value.find_first_not_of("0.") != std::string_view::npos;
    }
    return read;
}

bool fits(std::string_view range, std::string_view type) {
    if (range == "*/*" || http::equal_without_case(range, type)) return true;
    const auto slash = type.find('/') + 1;
    return range.size() == slash + 1 && range.ends_with("/*") &&
           http::equal_without_case(range.substr(0, slash), type.substr(0, slash));
}

// The tag's own text: without W/, quotes and the mark of its compressed form.
std::string_view opaque_part(std::string_view tag) {
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    if (tag.size() >= 2 && tag.front() == '"' && tag.back() == '"') {
        tag = tag.substr(1, tag.size() - 2);
    }
    if (tag.ends_with(kGzipMark)) tag.remove_suffix(kGzipMark.size());
    return tag;
}

bool names_tag(const http::Request& request, std::string_view field, std::string_view etag) {
    bool is_named = false;
    for_each_item(request, field, [&](std::string_view item) {
        is_named = is_named || item == "*" || opaque_part(item) == opaque_part(etag);
    });
    return is_named;
}

std::string* find_field(http::Response& response, std::string_view name) {
    for (auto& [known, value] : response.fields) {
        if (http::equal_without_case(known, name)) return &value;
    }
    return nullptr;
}

bool is_read(const http::Request& request) {
    return request.method == http::Method::kGet || request.method == http::Method::kHead;
}

// Answers that everybody who may ask again gets alike; pages and files have tags of their own.
void add_etag(const http::Request& request, http::Response& response) {
    const bool is_data = request.path.starts_with("/v1/") ||
                         request.path.starts_with("/.well-known/") ||
                         request.path.starts_with("/status/");
    if (!is_data || !is_read(request) || response.status != 200) return;
    if (find_field(response, "ETag") == nullptr) {
        response.fields.emplace_back("ETag", etag_of(response.body));
    }
    const auto& etag = *find_field(response, "ETag");
    // A weak one says nothing about members that change by themselves, which a reader waits for.
    if (etag.starts_with("W/") || !names_tag(request, "If-None-Match", etag)) return;
    response.status = 304;
    response.content_type.clear();
    response.body.clear();
}

bool takes_gzip(const http::Request& request) {
    bool is_taken = false;
    for_each_item(request, "Accept-Encoding", [&](std::string_view item) {
        const auto coding = weighted(item);
        if (http::equal_without_case(coding.name, "gzip")) is_taken = coding.is_wanted;
    });
    return is_taken;
}

bool is_text(std::string_view type) {
    return type.starts_with("application/json") || type.starts_with("text/") ||
           type.starts_with("application/jwk-set+json") || type.starts_with("image/svg");
}

std::string gzip(std::string_view plain) {
    z_stream stream{};
    constexpr int kGzipWindow = 15 + 16;
    if (deflateInit2(&stream, kCompressionLevel, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) !=
        Z_OK) {
        return {};
    }
    std::vector<Bytef> packed(deflateBound(&stream, plain.size()));
    stream.next_in = as_bytes(plain).data();
    stream.avail_in = static_cast<uInt>(plain.size());
    stream.next_out = packed.data();
    stream.avail_out = static_cast<uInt>(packed.size());
    const int done = deflate(&stream, Z_FINISH);
    packed.resize(done == Z_STREAM_END ? stream.total_out : 0);
    deflateEnd(&stream);
    return std::string(as_text(packed));
}

// Never what holds a secret beside what a client chose: its compressed length would tell it, letter
// by letter (BREACH). Secrets are in answers to POST alone, but for the CSRF value of one's own
// account.
void compress(const http::Request& request, http::Response& response) {
    const bool may_be = is_read(request) && response.status == 200 &&
                        response.body.size() > kCompressedBytesMin &&
                        is_text(response.content_type) && request.path != "/v1/users/me" &&
                        find_field(response, "Set-Cookie") == nullptr &&
                        find_field(response, "Content-Encoding") == nullptr;
    if (!may_be) return;
    response.fields.emplace_back("Vary", "Accept-Encoding");
    if (!takes_gzip(request)) return;
    auto packed = gzip(response.body);
    if (packed.empty() || packed.size() >= response.body.size()) return;
    response.body = std::move(packed);
    response.fields.emplace_back("Content-Encoding", "gzip");
    if (auto* etag = find_field(response, "ETag"); etag != nullptr && etag->ends_with('"')) {
        etag->insert(etag->size() - 1, kGzipMark);  // another representation, another tag
    }
}

}  // namespace

Status check_acceptable(const http::Request& request, std::string_view type) {
    bool has_any = false;
    bool is_taken = false;
    bool is_refused = false;  // by its own name: that goes before a wildcard
    for_each_item(request, "Accept", [&](std::string_view item) {
        has_any = true;
        const auto range = weighted(item);
        if (!fits(range.name, type)) return;
        if (http::equal_without_case(range.name, type) && !range.is_wanted) is_refused = true;
        is_taken = is_taken || range.is_wanted;
    });
    if (!has_any || (is_taken && !is_refused)) return {};
    return invalid("this is there as " + std::string(type) + " alone", "not_acceptable")
        .with_hint("send Accept: " + std::string(type) + ", or no Accept");
}

Status check_body_type(const http::Request& request) {
    if (request.body.empty()) return {};
    const auto type = request.find("Content-Type").value_or("");
    const auto essence = trimmed(type.substr(0, type.find(';')));
    if (http::equal_without_case(essence, "application/json")) return {};
    return invalid("the body must be JSON", "unsupported_media_type")
        .with_hint("send Content-Type: application/json");
}

std::string etag_of(std::string_view body) {
    return '"' + base64url_encode(as_text(sha256(body))).substr(0, 27) + '"';
}

Status check_if_match(const http::Request& request, std::string_view current) {
    return check_if_match_tag(request, etag_of(current));
}

Status check_if_match_tag(const http::Request& request, std::string_view tag) {
    if (!request.find("If-Match") || names_tag(request, "If-Match", tag)) return {};
    return Error{ErrorCode::kPrecondition, "it was changed since you read it"}
        .with_reason("etag_mismatch")
        .with_hint("read it again, and send the new ETag");
}

void add_cors_fields(const Services& services, const http::Request& request,
                     http::Response& response) {
    const auto site = services.authority.site();
    if (site->cors_origins.empty() || request.count("Origin") != 1 ||
        find_field(response, "Access-Control-Allow-Origin") != nullptr) {
        return;
    }
    response.fields.emplace_back("Vary", "Origin");
    const std::string origin(*request.find("Origin"));
    const auto& origins = site->cors_origins;
    if (std::find(origins.begin(), origins.end(), origin) == origins.end()) return;
    response.fields.emplace_back("Access-Control-Allow-Origin", origin);
    response.fields.emplace_back("Access-Control-Expose-Headers",
                                 "ETag, Latchkey-Position, Link, Location, Retry-After, "
                                 "RateLimit, RateLimit-Policy, Token-Expires-At, "
                                 "WWW-Authenticate, X-Request-Id");
    const auto* allowed = find_field(response, "Allow");
    if (request.method != http::Method::kOptions || allowed == nullptr) return;
    response.fields.emplace_back("Access-Control-Allow-Methods", std::string(*allowed));
    response.fields.emplace_back("Access-Control-Allow-Headers",
                                 "Authorization, Content-Type, DPoP, Idempotency-Key, If-Match, "
                                 "If-None-Match, Last-Event-ID");
    response.fields.emplace_back("Access-Control-Max-Age", "600");
}

void finish_answer(const Services& services, const http::Request& request,
                   http::Response& response) {
    response.fields.emplace_back("X-Content-Type-Options", "nosniff");
    add_etag(request, response);
    compress(request, response);
    add_cors_fields(services, request, response);
}

}  // namespace latchkey::api
