#include "cli/client_assertion.h"

#include "base/encoding.h"
#include "base/json.h"

namespace latchkey::cli {

std::string sign_assertion(const PrivateKey& key, const AssertionRequest& request) {
    json::object header{{"alg", algorithm_name(key.algorithm())},
                        {"typ", "client-authentication+jwt"}};
    if (!request.key_id.empty()) header["kid"] = request.key_id;
    const std::string token = request.token.uuid();
    const json::object claims{{"iss", token},
                              {"sub", token},
                              {"aud", request.issuer},
                              {"jti", request.jti},
                              {"iat", request.now.seconds()},
                              {"exp", request.now.seconds() + kAssertionLife.count()}};
    const std::string input =
        base64url_encode(to_json(header)) + "." + base64url_encode(to_json(claims));
    return input + "." + base64url_encode(key.sign(input));
}

}  // namespace latchkey::cli
