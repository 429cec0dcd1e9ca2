// Calyptia's API (now Chronosphere Telemetry Pipeline) over our use cases: projects, their tokens
// and their members, for its Go client and its CLI. Which routes there are is in routes.cc, what
// we answer differently, and why, in docs/dialects.md.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/edge.h"

namespace latchkey::dialects {

std::unique_ptr<api::Edge> make_calyptia(api::Services& services, std::vector<std::string> urls);

}  // namespace latchkey::dialects
