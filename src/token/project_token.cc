#include "token/project_token.h"

#include <fmt/format.h>

#include "base/encoding.h"
#include "crypto/random.h"

namespace latchkey {

Secret make_project_token(const TokenId& token, const ProjectId& project) {
    const std::string names = base64url_encode(
        fmt::format(R"({{"TokenID":"{}","ProjectID":"{}"}})", token.uuid(), project.uuid()));
    std::string random = random_string(kProjectTokenRandomBytes);
    std::string encoded = base64url_encode(random);
    std::string text;
    text.reserve(names.size() + 1 + encoded.size());  // one piece of memory, which Secret wipes
    text.append(names).append(1, '.').append(encoded);
    wipe(random);
    wipe(encoded);
    return Secret(std::move(text));
}

}  // namespace latchkey
