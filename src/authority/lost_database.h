// A data directory whose database went missing is not a new one: starting there as if it were would
// give the setup link, and with it everything, to whoever is first.
#pragma once

#include <string>

#include "base/result.h"

namespace latchkey::authority {

// kPrecondition, reason database_missing: no database (or an empty file) beside the files that are
// only ever made after it.
Status refuse_lost_database(const std::string& data_directory);

}  // namespace latchkey::authority
