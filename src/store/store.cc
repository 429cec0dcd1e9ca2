#include "store/store.h"

namespace latchkey::store {

Status Store::mutate(std::function<Status(Transaction&)> work, bool is_urgent) {
    // Shared: the writer may still be inside set_value when this thread has its answer.
    const auto promise = std::make_shared<std::promise<Status>>();
    std::future<Status> outcome = promise->get_future();
    submit(Mutation{.work = std::move(work),
                    .done = [promise](Status status) { promise->set_value(std::move(status)); },
                    .is_urgent = is_urgent});
    return outcome.get();
}

}  // namespace latchkey::store
