// A public key as people have it in a file: PEM, a JWK, a JWKS document, or what a cloud's key
// service gives. It is judged here by the server's own rules before anything is sent, so that a
// private key that was taken for a public one never leaves this machine.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "cli/command.h"
#include "cli/console.h"
#include "crypto/keys.h"

namespace latchkey::cli {

struct KeyFile {
    json::value document;  // as the member `keys` of a request takes it: PEM is a string
    std::vector<PublicKey> keys;
};

// `name` is what messages call the text. Errors are read_public_keys', with what to do. Pure.
Result<KeyFile> parse_key_file(std::string_view text, const std::string& name,
                               std::optional<Algorithm> algorithm);
// The same for a file, or for stdin when `path` is "-".
Result<KeyFile> read_key_file(Console& console, const std::string& path,
                              std::optional<Algorithm> algorithm);

// The flags of every command that registers a key.
struct KeyFlags {
    std::optional<std::string> file;
    std::optional<std::string> key_id;
    std::optional<std::string> algorithm;
};
void add_key_flags(Command& command, KeyFlags& flags);

// RS256, RS512, ES256, ES512 or Ed25519; nothing when the flag was not given. A usage error else.
Result<std::optional<Algorithm>> algorithm_of(const KeyFlags& flags);
// What an application may sign assertions with: 1 to 128 bytes that can be printed.
Status check_key_id(const KeyFlags& flags);

// The members `keys` and `algorithm` of a request that registers the key of flags.file, which is
// given. A key id is put into the key, which must then be the only one.
Result<json::object> key_members(Console& console, const KeyFlags& flags);
// The key as a JWK with this id, or with none when it is empty.
json::object to_jwk(const PublicKey& key, const std::string& key_id);

}  // namespace latchkey::cli
