#include "api/usage_flush.h"

#include <iterator>

#include "authority/maintenance.h"

namespace latchkey::api {

Status flush_usage(Services& services) {
    std::vector<verify::Usage> batch;
    const auto take = [&batch](verify::UsageRecorder& recorder) {
        auto taken = recorder.take();
        batch.insert(batch.end(), std::make_move_iterator(taken.begin()),
                     std::make_move_iterator(taken.end()));
    };
    for (auto& reactor : services.reactors) {
        take(reactor->usage);
    }
    take(services.exchange_usage);
    return authority::write_usage(services.authority, batch);
}

}  // namespace latchkey::api
