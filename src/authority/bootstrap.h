// The first start: built-in roles, the API `latchkey` with the management scopes, the API
// `pipelines`, the project `default`, the signing keys and the settings. One event.
#pragma once

#include <string>

#include "authority/authority.h"
#include "authority/key_ring.h"
#include "store/store.h"

namespace latchkey::authority {

Result<bool> is_empty_store(store::Store& store);  // nothing was ever bootstrapped here
Status bootstrap(store::Store& store, const KeyRing& ring, const std::string& issuer);
// Later starts: the built-in roles allow what this version says; one event if one of them changed.
Status update_built_in_roles(store::Store& store);

// The stored settings; `issuer` (when not empty) must be the stored one, and the key-encryption
// key must be the one this database was made with: errors name the remedy.
Result<Settings> read_settings(store::Store& store, const Secret& kek, const std::string& issuer);

RoleId built_in_role(std::string_view name);  // "administrator", "member", "verifier"; fixed ids

}  // namespace latchkey::authority
