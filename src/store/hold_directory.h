// A data directory without a database that could be opened is somebody's all the same while he puts
// one there.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"

namespace latchkey::store {

// Like an open Store: no other process gets the directory until the object goes. kConflict when one
// has it.
Result<std::shared_ptr<void>> hold_directory(const std::string& directory);

}  // namespace latchkey::store
