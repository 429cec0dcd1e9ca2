// APIs and their scope catalogues: create, change, replace the catalogue, delete.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "authority/actor.h"
#include "store/store.h"
#include "store/tables.h"

namespace latchkey::authority {

struct CreateApi {
    std::string slug;
    std::string audience;  // empty: the slug
    std::string name;      // empty: the slug
    std::string base_url;
    std::vector<std::string> default_scopes;
    std::vector<store::ScopeRecord> scopes;
};

struct EditApi {
    std::optional<std::string> name;
    std::optional<std::string> base_url;
    std::optional<std::vector<std::string>> default_scopes;
    bool make_default{false};
};

// The first one created becomes the default of `token create` and /check.
Result<store::ApiRecord> create_api(store::Transaction& tx, const Actor& actor,
                                    const CreateApi& wanted);
Result<store::ApiRecord> edit_api(store::Transaction& tx, const Actor& actor,
                                  std::string_view id_or_slug, const EditApi& edit);
Result<store::ApiRecord> replace_catalogue(store::Transaction& tx, const Actor& actor,
                                           std::string_view id_or_slug,
                                           const std::vector<store::ScopeRecord>& scopes);
// Its slug and audience become free, its id stays known to tokens of the past. Reasons built_in,
// api_has_tokens, api_has_projects, api_is_default while others could be it.
Status delete_api(store::Transaction& tx, const Actor& actor, std::string_view id_or_slug);
// Of the record that stays behind.
[[nodiscard]] inline bool is_deleted(const store::ApiRecord& api) {
    return api.slug.starts_with("deleted/");  // no slug that anybody can give has a slash
}
Result<store::ApiRecord> get_api(store::Connection& db, std::string_view id_or_slug);

}  // namespace latchkey::authority
