#include "api/usage_flush.h"

#include <iterator>

#include "authority/maintenance.h"

namespace latchkey::api {

Status flush_usage(Services& services) {
    std::vector<verify::Usage> batch;
    for (auto& reactor : services.reactors) {
        auto taken = reactor->usage.take();
        batch.insert(batch.end(), std::make_move_iterator(taken.begin()),
                     std::make_move_iterator(taken.end()));
    }
    return authority::write_usage(services.authority, batch);
}

}  // namespace latchkey::api
