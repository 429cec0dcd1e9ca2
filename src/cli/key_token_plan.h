// What `token create-token` is going to do: its flags, the rules between them, and the questions
// that are asked at a terminal for what is missing.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/secret.h"
#include "cli/client/api_client.h"
#include "cli/context.h"
#include "cli/credentials.h"
#include "cli/key_file.h"
#include "cli/token_flags.h"

namespace latchkey::cli {

struct KeyTokenOptions {
    TokenFlags token;
    KeyFlags key;
    bool generate{false};
    std::optional<std::string> passphrase;
    std::optional<std::string> passphrase_file;
    std::optional<std::string> out;
    bool with_permissions{false};
    std::vector<std::string> resources;
    std::vector<std::string> actions;
};

// Rights that the token gets in a project once it is made.
struct PlannedGrant {
    Project project;
    std::vector<std::string> actions;
    std::vector<std::string> resources;
};

struct KeyTokenPlan {
    json::object body;  // of POST /v1/tokens; without `keys` when the pair is still to be made
    bool generate{false};
    Algorithm algorithm{Algorithm::kRs256};  // of the pair to be made
    Secret passphrase;                       // empty: the private key stays unencrypted
    std::optional<PlannedGrant> grant;
};

// Which flags go together, and what can be judged without a server: usage errors. Pure but for
// looking whether the file of --out exists.
Status check_key_token_options(const Globals& globals, const KeyTokenOptions& options);

// Asks, at a terminal and when a value that must be there is missing, for all that was not given.
Result<KeyTokenPlan> plan_key_token(Context& context, ApiClient& client, KeyTokenOptions options);

}  // namespace latchkey::cli
