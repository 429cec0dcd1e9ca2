#include "token/status_list.h"

#include <array>
#include <utility>

#include <zlib.h>

#include "base/encoding.h"

namespace latchkey {
namespace {

Error bad_list(std::string message) {
    return invalid(std::move(message), "bad_status_list");
}

bool is_width(std::int64_t bits) {
    return bits == 1 || bits == 2 || bits == 4 || bits == 8;
}

std::size_t bytes_for(unsigned bits, std::size_t size) {
    const std::size_t per_byte = 8 / bits;
    return (size + per_byte - 1) / per_byte;
}

// zlib's own stream, ended whatever happens.
struct Inflater {
    z_stream stream{};
    Inflater() { CHECK(inflateInit(&stream) == Z_OK); }
    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;
    ~Inflater() { inflateEnd(&stream); }
};

// The bytes behind `packed`, never more than `bytes_max` of them.
Result<std::vector<std::uint8_t>> inflate_bounded(std::string packed, std::size_t bytes_max) {
    Inflater inflater;
    // NOLINTNEXTLINE: zlib reads unsigned characters.
    inflater.stream.next_in = reinterpret_cast<Bytef*>(packed.data());
    inflater.stream.avail_in = static_cast<uInt>(packed.size());
    std::vector<std::uint8_t> out;
    std::array<std::uint8_t, 16'384> block{};
    int state = Z_OK;
    while (state == Z_OK) {
        inflater.stream.next_out = block.data();
        inflater.stream.avail_out = static_cast<uInt>(block.size());
        state = inflate(&inflater.stream, Z_NO_FLUSH);
        if (state != Z_OK && state != Z_STREAM_END) return bad_list("the list is not zlib");
        const std::size_t made = block.size() - inflater.stream.avail_out;
        if (out.size() + made > bytes_max) return bad_list("the list is longer than allowed");
        out.insert(out.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(made));
    }
    if (inflater.stream.avail_in != 0) return bad_list("bytes follow the list");
    return out;
}

std::optional<std::int64_t> whole_number(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    if (value == nullptr || !value->is_int64() || value->get_int64() < 0) return std::nullopt;
    return value->get_int64();
}

std::optional<std::string> text_member(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    if (value == nullptr || !value->is_string()) return std::nullopt;
    return std::string(value->get_string());
}

Result<StatusListInfo> parse_info(const json::object& claims) {
    StatusListInfo info;
    const auto uri = text_member(claims, "sub");
    const auto issued_at = whole_number(claims, "iat");
    if (!uri || !issued_at || *issued_at > kEndOfTime.seconds()) {
        return bad_list("sub or iat is missing");
    }
    info.uri = *uri;
    info.issued_at = Timestamp::from_seconds(*issued_at);
    info.issuer = text_member(claims, "iss").value_or("");
    if (claims.contains("exp")) {
        const auto expires_at = whole_number(claims, "exp");
        if (!expires_at || *expires_at > kEndOfTime.seconds()) return bad_list("exp is no time");
        info.expires_at = Timestamp::from_seconds(*expires_at);
    }
    if (claims.contains("ttl")) {
        const auto ttl = whole_number(claims, "ttl");
        if (!ttl || *ttl == 0) return bad_list("ttl is no positive number");
        info.ttl_seconds = *ttl;
    }
    return info;
}

}  // namespace

StatusList::StatusList(unsigned bits, std::size_t size) : bits_(bits) {
    CHECK(is_width(bits));
    bytes_.resize(bytes_for(bits, size));
}

StatusList StatusList::from_bytes(unsigned bits, std::string_view packed) {
    StatusList list(bits, 0);
    list.bytes_.assign(packed.begin(), packed.end());
    return list;
}

std::optional<std::uint8_t> StatusList::get(std::size_t index) const {
    if (index >= size()) return std::nullopt;
    const std::size_t per_byte = 8 / bits_;
    const unsigned shift = static_cast<unsigned>(index % per_byte) * bits_;
    const unsigned byte = bytes_[index / per_byte];
    return static_cast<std::uint8_t>((byte >> shift) & ((1U << bits_) - 1U));
}

void StatusList::set(std::size_t index, std::uint8_t value) {
    const unsigned mask = (1U << bits_) - 1U;
    CHECK(index < size() && value <= mask);
    const std::size_t per_byte = 8 / bits_;
    const unsigned shift = static_cast<unsigned>(index % per_byte) * bits_;
    auto& byte = bytes_[index / per_byte];
    byte =
        static_cast<std::uint8_t>((unsigned{byte} & ~(mask << shift)) | (unsigned{value} << shift));
}

void StatusList::grow(std::size_t size) {
    const std::size_t wanted = bytes_for(bits_, size);
    if (wanted > bytes_.size()) bytes_.resize(wanted);
}

std::string StatusList::compress() const {
    uLongf length = compressBound(static_cast<uLong>(bytes_.size()));
    std::string packed(length, '\0');
    // NOLINTNEXTLINE: zlib writes unsigned characters.
    CHECK(compress2(reinterpret_cast<Bytef*>(packed.data()), &length, bytes_.data(),
                    static_cast<uLong>(bytes_.size()), Z_BEST_COMPRESSION) == Z_OK);
    packed.resize(length);
    return base64url_encode(packed);
}

Result<StatusList> StatusList::decompress(std::string_view text, unsigned bits,
                                          std::size_t bytes_max) {
    if (!is_width(bits)) return bad_list("bits is not 1, 2, 4 or 8");
    if (text.size() > compressBound(static_cast<uLong>(bytes_max)) * 4 / 3 + 4) {
        return bad_list("the list is longer than allowed");
    }
    auto packed = base64url_decode(text);
    if (!packed) return bad_list("the list is not base64url");
    StatusList list(bits, 0);
    list.bytes_ = TRY(inflate_bounded(std::move(*packed), bytes_max));
    return list;
}

json::object status_list_claims(const StatusListInfo& info, const StatusList& list) {
    json::object out;
    if (!info.issuer.empty()) out["iss"] = info.issuer;
    out["sub"] = info.uri;
    out["iat"] = info.issued_at.seconds();
    if (info.expires_at) out["exp"] = info.expires_at->seconds();
    if (info.ttl_seconds > 0) out["ttl"] = info.ttl_seconds;
    out["status_list"] =
        json::object{{"bits", std::int64_t{list.bits()}}, {"lst", list.compress()}};
    return out;
}

Result<ParsedStatusList> parse_status_list_claims(const json::object& claims,
                                                  std::size_t bytes_max) {
    auto info = TRY(parse_info(claims));
    const auto* value = claims.if_contains("status_list");
    const auto* object = value == nullptr ? nullptr : value->if_object();
    if (object == nullptr) return bad_list("status_list is missing");
    const auto bits = whole_number(*object, "bits");
    const auto text = text_member(*object, "lst");
    if (!bits || !is_width(*bits) || !text) return bad_list("status_list has no bits or no lst");
    auto list = TRY(StatusList::decompress(*text, static_cast<unsigned>(*bits), bytes_max));
    return ParsedStatusList{std::move(info), std::move(list)};
}

}  // namespace latchkey
