#include <array>

#include <fmt/format.h>

#include "base/encoding.h"
#include "cli/client/fields.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/key_set.h"
#include "cli/secret_argument.h"
#include "cli/text.h"
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
    bool is_forged{false};
};

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
Result<std::string> revocation_of(ApiClient& client, const KeySet& keys,
                                  const json::object& claims) {
    const json::value* status = claims.if_contains("status");
    const json::value* list = nullptr;
    if (status != nullptr && status->is_object()) {
        list = status->get_object().if_contains("status_list");
    }
    if (list == nullptr || !list->is_object()) return std::string("the token names no status list");
    const auto index = number_of(list->get_object(), "idx");
    const std::string uri = text_of(list->get_object(), "uri");
    const std::size_t path = uri.rfind("/status/");
    if (!index || path == std::string::npos) return std::string("its status list is unknown");
    const std::string text = TRY(client.get_text(uri.substr(path)));
    const json::object list_claims =
        TRY(keys.verify(trimmed(text), TypPolicy::exactly(kStatusListTyp)));
    const ParsedStatusList parsed = TRY(parse_status_list_claims(list_claims, kStatusListBytesMax));
    if (parsed.info.uri != uri) return failure("the status list is another one");
    const auto value = parsed.list.get(static_cast<std::size_t>(*index));
    return value ? status_in_words(*value) : std::string("its status list does not hold it");
}

Finding check_with(const Result<KeySet>& keys, std::string_view compact) {
    Finding finding;
    if (!keys) {
        finding.signature = "not checked: " + keys.error().message;
        return finding;
    }
    const auto claims = keys->verify(compact, TypPolicy::absent_or("JWT"));
    finding.is_forged = !claims;
    finding.signature = claims ? "valid" : "NOT VALID: " + claims.error().message;
    return finding;
}

// Signature and revocation, as far as the chosen server's public documents tell.
Result<Finding> look_up(Context& context, const Options& options, std::string_view compact,
                        const json::object& claims) {
    if (options.jwks) {
        const std::string text = TRY(read_file(*options.jwks, kJwksBytesMax));
        return check_with(KeySet::parse(text), compact);
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
        return finding;
    }
    const auto jwks = client.get_text("/.well-known/jwks.json");
    if (!jwks) {
        finding.signature = "not checked: " + jwks.error().message;
        return finding;
    }
    const auto keys = KeySet::parse(*jwks);
    finding = check_with(keys, compact);
    if (!keys || finding.is_forged) return finding;
    const auto revocation = revocation_of(client, *keys, claims);
    finding.revocation = revocation ? *revocation : "not checked: " + revocation.error().message;
    return finding;
}

std::string expiry_in_words(const json::object& claims, Timestamp now) {
    const auto seconds = number_of(claims, "exp");
    if (!seconds) return "Never";
    const bool is_past =
        now.seconds() >= 0 && *seconds <= static_cast<std::uint64_t>(now.seconds());
    return time_claim(claims, "exp") + (is_past ? " (expired)" : "");
}

Result<int> inspect_jwt(Context& context, const Options& options, std::string_view compact) {
    const auto parsed = parse_unverified(compact);
    if (!parsed) return failure("that is no readable JWT: " + parsed.error().message);
    const json::object& claims = parsed->claims;
    const Finding finding = TRY(look_up(context, options, compact, claims));
    if (context.globals.json) {
        context.print_json(json::object{
            {"kind", "jwt"},
            {"header", {{"alg", parsed->alg}, {"kid", parsed->kid}, {"typ", parsed->typ}}},
            {"claims", claims},
            {"signature", finding.signature},
            {"revocation", finding.revocation}});
        return finding.is_forged ? kExitFailure : kExitOk;
    }
    context.print(render_details({
        {"header", fmt::format("alg {} · kid {} · typ {}", parsed->alg, parsed->kid, parsed->typ)},
        {"issuer", text_of(claims, "iss")},
        {"subject", text_of(claims, "sub")},
        {"audience", audience_of(claims)},
        {"id", text_of(claims, "jti")},
        {"token id", text_of(claims, "token_id")},
        {"scopes", text_of(claims, "scope").empty() ? "none" : text_of(claims, "scope")},
        {"issued", time_claim(claims, "iat")},
        {"not before", time_claim(claims, "nbf")},
        {"expires", expiry_in_words(claims, context.now())},
        {"signature", finding.signature},
        {"revocation", finding.revocation},
    }));
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
             {"more", is_session ? "" : "only the server knows; ask with latchkey token verify"}}));
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
        .action([options](Context& context) { return inspect(context, *options); });
}

}  // namespace latchkey::cli
