// What a restore does about logging in. A backup knows no factor that was turned on since, and
// would let somebody in with a password alone; and it knows links that were used since.
#pragma once

#include <map>
#include <vector>

#include "authority/key_ring.h"
#include "store/factors.h"
#include "store/store.h"

namespace latchkey::authority {

struct KnownFactor {
    store::FactorRecord factor;
    std::vector<Digest> recovery_codes;  // that are left
};
// Those that count in the database that is replaced.
Result<std::vector<KnownFactor>> read_factors(store::Connection& db);
// They go on counting for every user that the backup has, where the key-encryption key opens them.
// Every link to choose a password is void: another costs little.
Status keep_factors(store::Connection& db, const KeyRing& ring,
                    const std::vector<KnownFactor>& factors);

}  // namespace latchkey::authority
