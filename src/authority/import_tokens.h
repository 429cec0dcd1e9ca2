// Tokens of an import source, some at a time. Each is a change of its own with an event of its own;
// they are submitted together, so that the writer commits them as one group. What is there already
// is left as it is, so that an import that broke off is simply run again.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "authority/imports.h"

namespace latchkey::authority {

inline constexpr std::size_t kImportBatchMax = 100;

struct ImportToken {
    std::string digest;  // as the other system wrote it: hexadecimal, base64 or base64url
    std::string owner;   // id, e-mail address or name
    CreateToken terms;   // kind and owner are set here
};

struct ImportTokens {
    std::string source;
    std::vector<Result<ImportToken>> tokens;  // an error: what could not be read
    bool is_dry_run{false};
};

struct RefusedImport {
    std::size_t index{0};  // in the batch
    Error error;
};

struct ImportOutcome {
    std::size_t imported{0};
    std::size_t existing{0};
    std::vector<RefusedImport> refused;
};

// Blocks; `reader` is the calling thread's own. A dry run of a source that is not there yet is one
// of a source without tokens. Reasons of a refused one: those of create_token.h, and bad_digest,
// duplicate_digest (in this batch), digest_taken, unknown_owner, management_api_import. An error as
// a whole: kPermissionDenied, unknown_import_source, or the store's.
Result<ImportOutcome> import_tokens(Authority& authority, verify::Replica::Reader& reader,
                                    const Actor& actor, ImportTokens wanted);

}  // namespace latchkey::authority
