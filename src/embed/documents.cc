#include "embed/documents.h"

#include <utility>

#include "base/encoding.h"
#include "token/jws.h"

namespace latchkey::embed {
namespace {

constexpr std::int64_t kPause = 1'000'000;  // an outage must not make every question wait for it
constexpr std::size_t kKeySetBytesMax = 262'144;
constexpr std::size_t kKeysMax = 64;
constexpr std::size_t kListTokenBytesMax = 2'097'152;
constexpr std::size_t kListBytesMax = 1'048'576;  // unpacked
constexpr JsonLimits kKeySetLimits{kKeySetBytesMax, 8, 256};
constexpr JsonLimits kListLimits{kListTokenBytesMax, 8, 64};

// Tomorrow's keys must not break today's: what is not understood is left out.
Result<std::map<std::string, PublicKey, std::less<>>> parse_keys(std::string_view document) {
    if (document.size() > kKeySetBytesMax) return not_current("the key set is too large");
    const auto parsed = parse_json(document, kKeySetLimits);
    const auto* object = parsed ? parsed->if_object() : nullptr;
    const auto* listed = object == nullptr ? nullptr : object->if_contains("keys");
    if (listed == nullptr || !listed->is_array()) return not_current("it is no key set");
    if (listed->get_array().size() > kKeysMax) return not_current("the key set has too many keys");
    std::map<std::string, PublicKey, std::less<>> keys;
    for (const auto& jwk : listed->get_array()) {
        auto key = PublicKey::from_jwk(jwk);
        if (!key || key->declared_kid().empty()) continue;
        std::string kid = key->declared_kid();
        keys.emplace(std::move(kid), std::move(*key));
    }
    if (keys.empty()) return not_current("the key set has no key that can be used");
    return keys;
}

struct ListToken {
    std::string kid;
    json::object claims;
    std::string_view signing_input;
    std::string signature;
    std::string alg;
    std::string typ;
};

std::string header_text(const json::object& header, std::string_view name) {
    const auto* value = header.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string())
                                                  : std::string();
}

// As parse_unverified, for a text that may be a hundred times longer than a token.
Result<ListToken> split_list_token(std::string_view text) {
    const Error bad = not_current("the status list is no signed token");
    if (text.size() > kListTokenBytesMax) return not_current("the status list is too large");
    const auto first = text.find('.');
    const auto last = text.rfind('.');
    if (first == std::string_view::npos || first == last) return bad;
    const auto header = base64url_decode(text.substr(0, first));
    const auto payload = base64url_decode(text.substr(first + 1, last - first - 1));
    auto signature = base64url_decode(text.substr(last + 1));
    if (!header || !payload || !signature) return bad;
    const auto head = parse_json(*header, {kJwsHeaderBytesMax, 8, 64});
    auto claims = parse_json(*payload, kListLimits);
    if (!head || !head->is_object() || !claims || !claims->is_object()) return bad;
    for (const char* refused : {"crit", "b64", "zip", "jwk", "jku", "x5u", "x5c", "enc"}) {
        if (head->get_object().contains(refused)) return bad;
    }
    ListToken token;
    token.kid = header_text(head->get_object(), "kid");
    token.alg = header_text(head->get_object(), "alg");
    token.typ = header_text(head->get_object(), "typ");
    token.claims = std::move(claims->get_object());
    token.signing_input = text.substr(0, last);
    token.signature = std::move(*signature);
    return token;
}

}  // namespace

Error not_current(std::string why) {
    return Error{ErrorCode::kUnavailable, std::move(why)}.with_reason("not_current");
}

bool Read::is_fresh(const Heard& heard, std::int64_t now, std::int64_t bound) const {
    if (!at) return false;
    if (now - *at <= bound) return true;
    return heard.at && session == heard.session && heard.position && now - *heard.at <= bound;
}

bool Read::is_after(std::uint64_t wanted, const Heard& heard) const {
    return wanted == 0 || (at && session == heard.session && revision >= wanted);
}

const PublicKey* KeySet::find(std::string_view kid) const {
    const auto found = keys.find(kid);
    return found == keys.end() ? nullptr : &found->second;
}

std::optional<std::uint8_t> HeldList::status(std::uint64_t index) const {
    return parsed ? parsed->list.get(index) : std::nullopt;
}

bool HeldList::has_ended(std::int64_t now_seconds) const {
    if (!parsed) return true;
    return parsed->info.expires_at && parsed->info.expires_at->seconds() <= now_seconds;
}

Read Documents::begin() const {
    // What the stream says while the request is under way is news to its answer as well.
    Read read;
    read.at = options_.steady_clock();
    read.wall_seconds = options_.wall_clock() / 1'000'000;
    read.session = heard_.session;
    read.revision = heard_.position ? heard_.position->revision : 0;
    return read;
}

Result<std::string> Documents::get(const std::string& url) const {
    FetchAnswer answer = options_.fetch(url, nullptr);
    if (answer.status == 0) return not_current("the issuer cannot be reached");
    if (answer.status != 200) {
        return not_current("the issuer answered " + std::to_string(answer.status));
    }
    return std::move(answer.body);
}

bool Documents::has_just_failed(const std::optional<std::int64_t>& failed_at) const {
    return failed_at && options_.steady_clock() - *failed_at < kPause;
}

Status Documents::read_keys() {
    if (has_just_failed(keys_failed_at_)) return not_current("the key set could not be read");
    auto read = fetch_keys();
    keys_failed_at_ = read ? std::nullopt : std::optional(options_.steady_clock());
    return read;
}

Status Documents::fetch_keys() {
    Read read = begin();
    std::string document = TRY(get(options_.issuer + "/.well-known/jwks.json"));
    if (keys_.document != document) {
        keys_.keys = TRY(parse_keys(document));
        keys_.document = std::move(document);
        ++keys_.version;
    }
    read.count = keys_.read.count + 1;
    keys_.read = read;
    return {};
}

Status Documents::read_list(const std::string& uri) {
    HeldList& held = lists_[uri];
    if (has_just_failed(held.failed_at)) return not_current("the list could not be read");
    Read read = begin();
    auto fetched = fetch_list(uri);
    held.failed_at = fetched ? std::nullopt : std::optional(options_.steady_clock());
    held.parsed = TRY(std::move(fetched));
    read.count = held.read.count + 1;
    held.read = read;
    return {};
}

Result<ParsedStatusList> Documents::fetch_list(const std::string& uri) {
    if (keys_.version == 0) TRY(read_keys());
    const std::string document = TRY(get(uri));
    auto parsed = parse_list(uri, document);
    if (parsed || parsed.error().reason != "unknown_key") return parsed;
    TRY(read_keys());
    return parse_list(uri, document);
}

Result<ParsedStatusList> Documents::parse_list(const std::string& uri,
                                               const std::string& document) const {
    const ListToken token = TRY(split_list_token(document));
    const PublicKey* key = keys_.find(token.kid);
    if (key == nullptr) {
        return not_current("the status list is signed by an unknown key")
            .with_reason("unknown_key");
    }
    const bool is_signed = TypPolicy::exactly(kStatusListTyp).allows(token.typ) &&
                           token.alg == algorithm_name(key->algorithm()) &&
                           key->verify(token.signing_input, token.signature);
    if (!is_signed) return not_current("the status list is not signed by the issuer");
    auto parsed = parse_status_list_claims(token.claims, kListBytesMax);
    if (!parsed) return not_current(std::move(parsed.error().message));
    const bool is_it = parsed->info.uri == uri &&
                       (parsed->info.issuer.empty() || parsed->info.issuer == options_.issuer);
    if (!is_it) return not_current("the status list is another one than was asked for");
    const std::int64_t now = options_.wall_clock() / 1'000'000;
    if (parsed->info.expires_at && parsed->info.expires_at->seconds() <= now) {
        return not_current("the status list has expired");
    }
    return parsed;
}

void Documents::forget() {
    keys_.read.at.reset();
    for (auto& [uri, held] : lists_) {
        held.read.at.reset();
    }
}

}  // namespace latchkey::embed
