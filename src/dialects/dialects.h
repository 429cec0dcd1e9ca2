// Other products' wire shapes over our own use cases, each on a listener of its own: what their
// public clients send is understood, and what they get back is what they expect.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/edge.h"

namespace latchkey::dialects {

bool is_dialect(std::string_view name);

// The names, as a sentence lists them.
std::string dialect_names();

// `name` is one of them; `urls` as in api::Edge. `services` outlives the edge.
std::unique_ptr<api::Edge> make_dialect(std::string_view name, api::Services& services,
                                        std::vector<std::string> urls);

}  // namespace latchkey::dialects
