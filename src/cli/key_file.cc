#include "cli/key_file.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/encoding.h"
#include "cli/credentials.h"
#include "cli/errors.h"
#include "cli/text.h"
#include "crypto/key_upload.h"

namespace latchkey::cli {
namespace {

constexpr std::array<Algorithm, 5> kAlgorithms{Algorithm::kRs256, Algorithm::kRs512,
                                               Algorithm::kEs256, Algorithm::kEs512,
                                               Algorithm::kEd25519};

std::vector<std::string> algorithm_names() {
    std::vector<std::string> names;
    names.reserve(kAlgorithms.size());
    for (const Algorithm algorithm : kAlgorithms) {
        names.emplace_back(algorithm_name(algorithm));
    }
    return names;
}

Error der_given(const std::string& name) {
    return invalid(name + " is not text", "bad_pem")
        .with_hint("if it is DER: openssl pkey -pubin -inform DER -in FILE -out public.pem");
}

// What the server would say, but here nothing has left this machine.
Error explain(Error error, const std::string& name) {
    if (error.reason == "private_key_pasted") {
        return invalid(fmt::format("{} holds a private key; nothing was sent", name), error.reason)
            .with_hint("give its public half: openssl pkey -in FILE -pubout -out public.pem");
    }
    error.message = fmt::format("{}: {}", name, error.message);
    if (error.hint.empty() && error.reason == "bad_pem") {
        error.hint = "a public key in PEM begins with -----BEGIN PUBLIC KEY-----";
    }
    return error;
}

}  // namespace

Result<KeyFile> parse_key_file(std::string_view text, const std::string& name,
                               std::optional<Algorithm> algorithm) {
    const std::string bare = trimmed(text);
    if (bare.empty()) {
        return invalid(name + " is empty", "bad_pem").with_hint("it should hold a public key");
    }
    KeyFile file{json::value(bare + "\n"), {}};
    if (bare.front() == '{' || bare.front() == '[') {
        auto value = parse_json(bare, {kKeyUploadBytesMax, 8, 256});
        if (!value) {
            return invalid(fmt::format("{} is no JSON: {}", name, value.error().message), "bad_jwk")
                .with_hint("a key in JSON is {\"kty\":…}, or several are {\"keys\":[…]}");
        }
        file.document = *std::move(value);
    } else if (!is_valid_utf8(bare)) {
        return der_given(name);
    }
    auto keys = read_public_keys(file.document, algorithm);
    if (!keys) return explain(std::move(keys).error(), name);
    file.keys = *std::move(keys);
    return file;
}

Result<KeyFile> read_key_file(Console& console, const std::string& path,
                              std::optional<Algorithm> algorithm) {
    if (path == "-") {
        const Secret text = TRY(read_secret_from_input(console));
        return parse_key_file(text.expose(), "what came on stdin", algorithm);
    }
    const Secret text(TRY(read_file(path, kKeyUploadBytesMax)));  // it may be a private key
    return parse_key_file(text.expose(), path, algorithm);
}

void add_key_flags(Command& command, KeyFlags& flags) {
    command.option("-f,--public-key-file", flags.file, "FILE|-",
                   "The public key: PEM, a JWK or a JWKS");
    command.option("-k,--key-id", flags.key_id, "ID",
                   "What assertions will call the key; else the token's id");
    command.option("-a,--algorithm", flags.algorithm, "ALG",
                   "RS256 (default for RSA), RS512, ES256, ES512 or Ed25519");
}

Result<std::optional<Algorithm>> algorithm_of(const KeyFlags& flags) {
    if (!flags.algorithm) return std::optional<Algorithm>{};
    for (const Algorithm algorithm : kAlgorithms) {
        if (*flags.algorithm == algorithm_name(algorithm)) return std::optional(algorithm);
    }
    return usage_error(fmt::format("\"{}\" is no algorithm that keys sign with", *flags.algorithm),
                       "--algorithm takes " + join(algorithm_names(), ", "));
}

Status check_key_id(const KeyFlags& flags) {
    if (!flags.key_id) return {};
    const std::string& id = *flags.key_id;
    if (!id.empty() && id.size() <= kKidBytesMax && is_valid_utf8(id) && !has_unprintable(id)) {
        return {};
    }
    return usage_error(fmt::format("--key-id takes 1 to {} printable bytes", kKidBytesMax),
                       "leave it out, and the token's id is the key's too");
}

Result<json::object> key_members(Console& console, const KeyFlags& flags) {
    const std::optional<Algorithm> algorithm = TRY(algorithm_of(flags));
    TRY(check_key_id(flags));
    KeyFile file = TRY(read_key_file(console, *flags.file, algorithm));
    json::object members;
    if (flags.key_id && file.keys.size() != 1) {
        return usage_error(
            fmt::format("--key-id names one key, and {} are given", file.keys.size()),
            "a JWKS names each of its keys itself");
    }
    if (flags.key_id) {
        members["keys"] = to_jwk(file.keys.front(), *flags.key_id);
    } else {
        members["keys"] = std::move(file.document);
    }
    if (algorithm) members["algorithm"] = algorithm_name(*algorithm);
    return members;
}

json::object to_jwk(const PublicKey& key, const std::string& key_id) {
    json::object jwk = key.to_jwk();
    jwk.erase("kid");  // the thumbprint, which nobody asked for
    if (!key_id.empty()) jwk["kid"] = key_id;
    return jwk;
}

}  // namespace latchkey::cli
