// Tokens that another system made, kept working without a new secret for anybody: we are given
// their digests. A source says how that system made them and what its tokens begin with; each token
// is imported for an owner here, whose rights bound it like any other.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "authority/authority.h"
#include "authority/create_token.h"
#include "base/secret.h"
#include "store/store.h"

namespace latchkey::authority {

inline constexpr std::size_t kImportSourcesMax = 16;
// Each key may cost every secret with its source's prefix an HMAC.
inline constexpr std::size_t kImportKeysMax = 4;
inline constexpr std::size_t kImportKeyBytesMin = 14;
inline constexpr std::size_t kImportKeyBytesMax = 256;
// Below, whoever reads the digests finds the secrets by trying (ASVS 6.5.2).
inline constexpr std::uint32_t kImportEntropyBitsMin = 112;

struct AddImportSource {
    std::string name;
    std::string prefix;
    std::optional<Secret> key;                  // of HMAC-SHA-256; none: plain SHA-256
    std::optional<std::uint32_t> entropy_bits;  // of a secret; plain SHA-256 must say it
};

// Reasons bad_source_name, bad_import_prefix, weak_import, bad_import_key.
Status check_import_source(Authority& authority, const AddImportSource& wanted);

struct AddedImportSource {
    store::ImportSourceRecord source;
    bool is_new{true};  // false: it was there, and is the same
};
// All of this is for administrators who logged in; nobody else is let in (kPermissionDenied).
// A source is added, filled and removed in a session that was proven lately (step_up_needed).
// One event. Reasons also import_source_differs, too_many_import_sources, too_many_import_keys.
Result<AddedImportSource> add_import_source(Authority& authority, store::Transaction& tx,
                                            const Actor& actor, const AddImportSource& wanted);
// What add_import_source would say.
Result<AddedImportSource> preview_import_source(Authority& authority, store::Connection& db,
                                                const Actor& actor, const AddImportSource& wanted);
// One that no secret needs any more: reasons unknown_import_source, import_source_needed.
Status remove_import_source(store::Transaction& tx, const Actor& actor, std::string_view name);
// Nothing: there is none of this name.
Result<std::optional<store::ImportSourceRecord>> find_import_source(store::Connection& db,
                                                                    std::string_view name);

// For the replica, with the keys opened. One that does not open is left out and logged: its tokens
// are then unknown ones.
Result<verify::ImportSources> open_import_sources(store::Connection& db, const Secret& kek);

Status require_administrator(const Actor& actor);

}  // namespace latchkey::authority
