#include <array>

#include <fmt/format.h>

#include "base/encoding.h"
#include "cli/client/fields.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/key_set.h"
#include "cli/secret_argument.h"
#include "cli/text.h"
#include "token/access_token.h"
#include "token/jws.h"
#include "token/opaque.h"
#include "token/status_list.h"

namespace latchkey::cli {
namespace {

constexpr std::size_t kStatusListBytesMax = std::size_t{64} * 1024 * 1024;
constexpr std::size_t kJwksBytesMax = 1'048'576;
constexpr std::string_view kSessionPrefix = "lks_";

struct Options {
    std::optional<std::string> secret;
    std::optional<std::string> jwks;
    bool offline{false};
};

struct Finding {
    std::string signature{"not checked"};
    std::string revocation{"not checked"};
    std::string list_age;  // of the status list: "list 4 s old"
    std::string issuer;    // how it relates to the server that was chosen
    bool is_forged{false};
};

bool is_access_token(const ParsedJws& token) {
    return TypPolicy::exactly(kAccessTokenTyp).allows(token.typ);
}

bool is_personal(const json::object& claims) {
    return claims.contains("jti") && claims.contains("scope") && claims.contains("sub");
}

// "in 30 days", "2 hours ago": the largest unit that fits is exact enough for people.
std::string distance_in_words(std::int64_t seconds) {
    struct Unit {
        std::int64_t seconds;
        const char* name;
    };
    static constexpr std::array<Unit, 4> kUnits{
        {{86'400, "day"}, {3'600, "hour"}, {60, "minute"}, {1, "second"}}};
    const std::int64_t length = seconds < 0 ? -seconds : seconds;
    for (const Unit& unit : kUnits) {
        const std::int64_t count = length / unit.seconds;
        if (count == 0) continue;
        const std::string words = fmt::format("{} {}{}", count, unit.name, count == 1 ? "" : "s");
        return seconds < 0 ? words + " ago" : "in " + words;
    }
    return "now";
}

std::string time_claim(const json::object& claims, std::string_view name) {
    const auto seconds = number_of(claims, name);
    const auto end = static_cast<std::uint64_t>(kEndOfTime.seconds());
    if (!seconds || *seconds > end) return {};
    return local_time(Timestamp::from_seconds(static_cast<std::int64_t>(*seconds)));
}

std::string audience_of(const json::object& claims) {
    const std::string one = text_of(claims, "aud");
    return one.empty() ? join(texts_of(claims, "aud"), " ") : one;
}

std::string status_in_words(std::uint8_t status) {
    static constexpr std::array<const char*, 4> kWords{"not revoked", "revoked", "suspended",
                                                       "ask the server: its rights were changed"};
    return status < kWords.size() ? kWords.at(status) : "unknown";
}

// The list lives at the server we chose, whatever host the token's own text names: only the path
// is taken from it, and the token itself is never sent.
Result<std::string> revocation_of(ApiClient& client, const KeySet& keys, const json::object& claims,
                                  Timestamp now, std::string& age) {
    const json::value* status = claims.if_contains("status");
    const json::value* list = nullptr;
    if (status != nullptr && status->is_object()) {
        list = status->get_object().if_contains("status_list");
    }
    if (list == nullptr || !list->is_object()) {
        return std::string(claims.contains("client_id") ? "not listed: its own token's state counts"
                                                        : "the token names no status list");
    }
    const auto index = number_of(list->get_object(), "idx");
    const std::string uri = text_of(list->get_object(), "uri");
    const std::size_t path = uri.rfind("/status/");
    if (!index || path == std::string::npos) return std::string("its status list is unknown");
    const std::string text = TRY(client.get_text(uri.substr(path)));
    const json::object list_claims =
        TRY(keys.verify(trimmed(text), TypPolicy::exactly(kStatusListTyp)));
    const ParsedStatusList parsed = TRY(parse_status_list_claims(list_claims, kStatusListBytesMax));
    if (parsed.info.uri != uri) return failure("the status list is another one");
    if (parsed.info.expires_at && *parsed.info.expires_at <= now) {
        return failure("the status list is out of date");
    }
    const std::int64_t seconds = now.seconds() - parsed.info.issued_at.seconds();
    age = fmt::format("list {} s old", seconds < 0 ? 0 : seconds);
    const auto value = parsed.list.get(static_cast<std::size_t>(*index));
    return value ? status_in_words(*value) : std::string("its status list does not hold it");
}

Finding check_with(const Result<KeySet>& keys, const ParsedJws& token, std::string_view compact) {
    Finding finding;
    if (!keys) {
        finding.signature = "not checked: " + keys.error().message;
        return finding;
    }
    const auto claims =
        keys->verify(compact, is_access_token(token) ? TypPolicy::exactly(kAccessTokenTyp)
                                                     : TypPolicy::absent_or("JWT"));
    finding.is_forged = !claims;
    finding.signature = claims ? "valid" : "NOT VALID: " + claims.error().message;
    return finding;
}

// Signature and revocation, as far as the chosen server's public documents tell.
Result<Finding> look_up(Context& context, const Options& options, const ParsedJws& token,
                        std::string_view compact) {
    const json::object& claims = token.claims;
    if (options.jwks) {
        const std::string text = TRY(read_file(*options.jwks, kJwksBytesMax));
        return check_with(KeySet::parse(text), token, compact);
    }
    Finding finding;
    if (options.offline) return finding;
    ApiClient client = TRY(context.client_with(Secret{}));
    const auto metadata = client.get_object("/.well-known/oauth-authorization-server");
    if (!metadata) {
        finding.signature = "not checked: " + metadata.error().message;
        return finding;
    }
    if (text_of(*metadata, "issuer") != text_of(claims, "iss")) {
        finding.signature = fmt::format("not checked: {} is not its issuer", client.server());
        finding.issuer = "another issuer; the token was sent nowhere";
        return finding;
    }
    const auto jwks = client.get_text("/.well-known/jwks.json");
    if (!jwks) {
        finding.signature = "not checked: " + jwks.error().message;
        return finding;
    }
    const auto keys = KeySet::parse(*jwks);
    finding = check_with(keys, token, compact);
    finding.issuer = "the server you use";
    if (!keys || finding.is_forged) return finding;
    const auto revocation = revocation_of(client, *keys, claims, context.now(), finding.list_age);
    finding.revocation = revocation ? *revocation : "not checked: " + revocation.error().message;
    return finding;
}

std::string expiry_in_words(const json::object& claims, Timestamp now) {
    const auto seconds = number_of(claims, "exp");
    const std::string time = time_claim(claims, "exp");
    if (!seconds) return "Never";
    if (time.empty()) return "at a time that no calendar has";
    const std::int64_t left = static_cast<std::int64_t>(*seconds) - now.seconds();
    return fmt::format("{} ({}{})", time, left <= 0 ? "expired, " : "", distance_in_words(left));
}

// What it is, for somebody who found it in a log.
std::string kind_in_words(const ParsedJws& token) {
    if (is_access_token(token)) {
        return "an access token: short-lived, made from a token or key, dies with it";
    }
    const bool is_ours = is_personal(token.claims) && token.claims.contains("status");
    return is_ours ? "a personal access token (jwt)" : "a JWT that Latchkey may not have made";
}

std::string words_beside(const std::string& text, const std::string& more) {
    return text.empty() || more.empty() ? text : fmt::format("{} ({})", text, more);
}

void print_jwt(Context& context, const ParsedJws& token, const Finding& finding) {
    const json::object& claims = token.claims;
    const std::string made_from = is_access_token(token) ? text_of(claims, "client_id") : "";
    context.print(render_details({
        {"kind", kind_in_words(token)},
        {"header",
         fmt::format("alg {} · kid {} · typ {}", token.alg, token.kid.empty() ? "none" : token.kid,
                     token.typ.empty() ? "none" : token.typ)},
        {"issuer", words_beside(text_of(claims, "iss"), finding.issuer)},
        {"subject", text_of(claims, "sub")},
        {"audience", audience_of(claims)},
        {"id", text_of(claims, "jti")},
        {"token id", made_from.empty() ? text_of(claims, "token_id") : short_id(made_from)},
        {"project", text_of(claims, "project_id")},
        {"scopes", text_of(claims, "scope").empty() ? "none" : text_of(claims, "scope")},
        {"issued", time_claim(claims, "iat")},
        {"not before", time_claim(claims, "nbf")},
        {"expires", expiry_in_words(claims, context.now())},
        {"signature", finding.signature},
        {"revocation", words_beside(finding.revocation, finding.list_age)},
    }));
}

Result<int> inspect_jwt(Context& context, const Options& options, std::string_view compact) {
    const auto parsed = parse_unverified(compact);
    if (!parsed) return failure("that is no readable JWT: " + parsed.error().message);
    const Finding finding = TRY(look_up(context, options, *parsed, compact));
    if (context.globals.json) {
        context.print_json(json::object{
            {"kind", is_access_token(*parsed) ? "access" : "jwt"},
            {"header", {{"alg", parsed->alg}, {"kid", parsed->kid}, {"typ", parsed->typ}}},
            {"claims", parsed->claims},
            {"signature", finding.signature},
            {"revocation", finding.revocation}});
    } else {
        print_jwt(context, *parsed, finding);
    }
    return finding.is_forged ? kExitFailure : kExitOk;
}

Result<int> inspect_opaque(Context& context, std::string_view token) {
    const std::string prefix(token.substr(0, token.find('_')));
    const bool is_right = has_valid_checksum(token);
    const bool is_session = token.rfind(kSessionPrefix, 0) == 0;
    const std::string kind = is_session ? "a CLI session, which is no token" : "an opaque token";
    if (context.globals.json) {
        context.print_json(json::object{{"kind", is_session ? "session" : "opaque"},
                                        {"prefix", prefix},
                                        {"checksum", is_right ? "right" : "wrong"}});
    } else {
        context.print(render_details(
            {{"kind", kind},
             {"prefix", prefix},
             {"checksum", is_right ? "right" : "WRONG: mistyped, cut or made up"},
             {"means", is_right ? "it was not mistyped; what it may do only its server knows"
                                : "no server made this text"},
             {"more", is_session || !is_right ? "" : "ask with latchkey token verify"}}));
    }
    return is_right ? kExitOk : kExitFailure;
}

// A project token says whose it is in its first part, which nobody has to believe.
Result<int> inspect_two_part(Context& context, std::string_view token) {
    const auto first = base64url_decode(token.substr(0, token.find('.')));
    const auto names = parse_json(first.value_or(""));
    if (!names || !names->is_object()) {
        return failure("that looks like a project token, but its first part is not one's");
    }
    const std::string id = text_of(names->get_object(), "TokenID");
    const std::string project = text_of(names->get_object(), "ProjectID");
    if (context.globals.json) {
        context.print_json(
            json::object{{"kind", "project"}, {"tokenId", id}, {"projectId", project}});
    } else {
        context.print(
            render_details({{"kind", "a project token"},
                            {"token id", id},
                            {"project", project},
                            {"more", "only the server knows; ask with latchkey token verify"}}));
    }
    return kExitOk;
}

Result<int> inspect(Context& context, const Options& options) {
    const Secret secret = TRY(secret_argument(context, options.secret));
    switch (shape_of(secret.expose())) {
        case TokenShape::kJwt: return inspect_jwt(context, options, secret.expose());
        case TokenShape::kOpaque: return inspect_opaque(context, secret.expose());
        case TokenShape::kTwoPart: return inspect_two_part(context, secret.expose());
        case TokenShape::kOther: break;
    }
    return failure("that has the shape of no token",
                   "a token has two dots, or a prefix and 40 letters and digits after \"_\"");
}

}  // namespace

void add_token_inspect(Command token) {
    auto options = std::make_shared<Options>();
    token.command("inspect", "Show what a token says; it is sent nowhere")
        .optional_argument("SECRET", options->secret, "The token; - reads it from stdin")
        .option("--jwks", options->jwks, "FILE", "Check the signature with these keys alone")
        .flag("--offline", options->offline, "Ask no server for keys or the status list")
        .example("printf %s \"$TOKEN\" | latchkey token inspect -")
        .example("latchkey token inspect --jwks jwks.json - < token.txt")
        .action([options](Context& context) { return inspect(context, *options); });
}

}  // namespace latchkey::cli
