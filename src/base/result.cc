#include "base/result.h"

#include <stdexcept>

namespace latchkey {

void check_failed(const char* condition, const char* file, int line) {
    throw std::logic_error(std::string("CHECK failed: ") + condition + " at " + file + ":" +
                           std::to_string(line));
}

}  // namespace latchkey
