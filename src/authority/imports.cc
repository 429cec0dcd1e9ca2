#include "authority/imports.h"

#include <algorithm>

#include "base/log.h"
#include "crypto/random.h"
#include "crypto/seal.h"
#include "token/opaque.h"

namespace latchkey::authority {
namespace {

constexpr std::string_view kWrapContext = "latchkey import key ";
constexpr std::size_t kNameBytesMax = 40;
constexpr std::size_t kPrefixBytesMin = 2;
constexpr std::size_t kPrefixBytesMax = 32;

bool is_of(std::string_view text, std::string_view more) {
    return std::all_of(text.begin(), text.end(), [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               more.find(c) != std::string_view::npos;
    });
}

Status check_source_name(std::string_view name) {
    const bool is_good = !name.empty() && name.size() <= kNameBytesMax && is_of(name, "._-") &&
                         is_of(name.substr(0, 1), "");
    if (is_good) return {};
    return invalid(
        "a source's name is 1 to 40 of a-z, 0-9, dot, dash and underscore, and begins with a "
        "letter or digit",
        "bad_source_name", "/name");
}

// What our own secrets begin with. No import may reach them, nor may a prefix be so short that it
// covers them.
Status check_prefix(Authority& authority, std::string_view prefix) {
    const bool is_good = prefix.size() >= kPrefixBytesMin && prefix.size() <= kPrefixBytesMax &&
                         is_of(prefix, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-._~+/");
    if (!is_good) {
        return invalid("a prefix is 2 to 32 of the characters that a bearer token has",
                       "bad_import_prefix", "/prefix")
            .with_hint("give what every token of that system begins with, as acme_live_");
    }
    const std::string own = authority.settings().token_prefix + "_";
    for (const std::string_view ours :
         {std::string_view(own), std::string_view("lk"), std::string_view("eyJ")}) {
        if (!prefix.starts_with(ours) && !ours.starts_with(prefix)) continue;
        return invalid("tokens that begin like this are our own, or signed", "bad_import_prefix",
                       "/prefix")
            .with_hint("only opaque tokens of another system can be imported");
    }
    return {};
}

// Plain SHA-256 is undone by trying when there is not enough to try; an HMAC is not without its
// key.
Status check_strength(const AddImportSource& wanted) {
    if (wanted.key) {
        const auto bytes = wanted.key->expose().size();
        if (wanted.entropy_bits) {
            return invalid("with a key nothing is said of the secrets' entropy", "bad_import_key",
                           "/entropyBits");
        }
        if (bytes >= kImportKeyBytesMin && bytes <= kImportKeyBytesMax) return {};
        return invalid("a key has 14 to 256 bytes", "bad_import_key", "/hmacKey");
    }
    if (!wanted.entropy_bits) {
        return invalid("how much entropy has a secret of that system?", "missing_member",
                       "/entropyBits")
            .with_hint("40 random hexadecimal digits have 160 bits, 22 of base62 have 130");
    }
    if (*wanted.entropy_bits >= kImportEntropyBitsMin) return {};
    return invalid("secrets of less than 112 bits are not taken as plain SHA-256", "weak_import",
                   "/entropyBits")
        .with_hint("whoever reads such digests can try all secrets; give their owners new tokens");
}

std::string context_of(const ImportSourceId& id) {
    return std::string(kWrapContext) + id.uuid();
}

bool is_same(const store::ImportSourceRecord& source, const AddImportSource& wanted,
             const Secret& kek) {
    if (source.prefix != wanted.prefix || source.wrapped_key.empty() == wanted.key.has_value() ||
        source.entropy_bits != wanted.entropy_bits.value_or(0)) {
        return false;
    }
    if (!wanted.key) return true;
    const auto key = open_sealed(kek, source.wrapped_key, context_of(source.id));
    return key && equal_in_constant_time(key->expose(), wanted.key->expose());
}

Status check_room(const std::vector<store::ImportSourceRecord>& sources, bool has_key) {
    if (sources.size() >= kImportSourcesMax) {
        return Error{ErrorCode::kConflict, "there are 16 sources already"}
            .with_reason("too_many_import_sources")
            .with_hint("remove one whose tokens are all rotated, revoked or expired");
    }
    const auto keys = std::count_if(sources.begin(), sources.end(),
                                    [](const auto& source) { return !source.wrapped_key.empty(); });
    if (!has_key || static_cast<std::size_t>(keys) < kImportKeysMax) return {};
    return Error{ErrorCode::kConflict, "there are 4 import keys already"}
        .with_reason("too_many_import_keys")
        .with_hint("remove a source whose tokens are all rotated, revoked or expired");
}

Status append(store::Transaction& tx, const Actor& actor, std::string_view type,
              const store::ImportSourceRecord& source) {
    store::EventDraft event;
    event.type = type;
    event.actor = actor.text();
    event.data = json::object{{"name", source.name},
                              {"prefix", source.prefix},
                              {"algorithm", source.wrapped_key.empty() ? "sha256" : "hmac-sha256"}};
    TRY(tx.append_event(std::move(event)));
    return {};
}

}  // namespace

// A token that imported tokens would hand on what it has not; a custom role is no administrator's.
Status require_administrator(const Actor& actor) {
    TRY(actor.require_session());
    return actor.require("*");
}

Status check_import_source(Authority& authority, const AddImportSource& wanted) {
    TRY(check_source_name(wanted.name));
    TRY(check_prefix(authority, wanted.prefix));
    return check_strength(wanted);
}

Result<std::optional<store::ImportSourceRecord>> find_import_source(store::Connection& db,
                                                                    std::string_view name) {
    for (auto& source : TRY(store::list_import_sources(db))) {
        if (source.name == name) return std::optional{std::move(source)};
    }
    return std::optional<store::ImportSourceRecord>{};
}

Result<AddedImportSource> preview_import_source(Authority& authority, store::Connection& db,
                                                const Actor& actor, const AddImportSource& wanted) {
    TRY(require_administrator(actor));
    TRY(check_import_source(authority, wanted));
    const auto sources = TRY(store::list_import_sources(db));
    AddedImportSource added;
    for (const auto& source : sources) {
        if (source.name != wanted.name) continue;
        if (!is_same(source, wanted, authority.keys().kek())) {
            return Error{ErrorCode::kConflict,
                         "there is a source of this name that is not the same"}
                .with_reason("import_source_differs")
                .with_hint("prefix, algorithm, key and entropy of a source never change");
        }
        return AddedImportSource{source, false};
    }
    TRY(check_room(sources, wanted.key.has_value()));
    added.source.name = wanted.name;
    added.source.prefix = wanted.prefix;
    added.source.entropy_bits = wanted.entropy_bits.value_or(0);
    return added;
}

Result<AddedImportSource> add_import_source(Authority& authority, store::Transaction& tx,
                                            const Actor& actor, const AddImportSource& wanted) {
    auto& db = tx.connection();
    TRY(require_still_active(db, actor, tx.now()));
    auto added = TRY(preview_import_source(authority, db, actor, wanted));
    TRY(actor.require_proof());
    if (!added.is_new) return added;
    added.source.id = new_id<ImportSourceId>(tx.now());
    added.source.created_at = tx.now();
    if (wanted.key) {
        added.source.wrapped_key =
            seal(authority.keys().kek(), wanted.key->expose(), context_of(added.source.id));
    }
    TRY(store::insert_import_source(db, added.source));
    TRY(append(tx, actor, "import.source_added", added.source));
    return added;
}

Status remove_import_source(store::Transaction& tx, const Actor& actor, std::string_view name) {
    auto& db = tx.connection();
    TRY(require_still_active(db, actor, tx.now()));
    TRY(require_administrator(actor));
    TRY(actor.require_proof());
    const auto source = TRY(find_import_source(db, name));
    if (!source) {
        return Error{ErrorCode::kNotFound, "there is no such source"}.with_reason(
            "unknown_import_source");
    }
    const auto count = TRY(store::count_imported(db, source->name, tx.now()));
    if (count.needed > 0) {
        return Error{ErrorCode::kConflict, std::to_string(count.needed) +
                                               " tokens are still presented as that system made "
                                               "them"}
            .with_reason("import_source_needed")
            .with_hint("rotate or revoke them first, or wait until they expire");
    }
    TRY(store::delete_import_source(db, source->id));
    return append(tx, actor, "import.source_removed", *source);
}

Result<verify::ImportSources> open_import_sources(store::Connection& db, const Secret& kek) {
    verify::ImportSources opened;
    for (const auto& record : TRY(store::list_import_sources(db))) {
        verify::ImportSource source;
        source.id = record.id;
        source.prefix = record.prefix;
        if (!record.wrapped_key.empty()) {
            const auto key = open_sealed(kek, record.wrapped_key, context_of(record.id));
            if (!key) {
                log::error(
                    "the key-encryption key does not open an import key; tokens of this source "
                    "read as unknown until the one that sealed it is back",
                    {{"source", record.name}});
                continue;
            }
            source.key.emplace(*key);
        }
        opened.push_back(std::move(source));
    }
    return opened;
}

}  // namespace latchkey::authority
