// Affinidi's wire shapes: what @affinidi/cli (its `local` environment) and the TDK's auth-provider
// and iam-client send, on one listener. docs/dialects.md says how, and what we answer differently.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/edge.h"

namespace latchkey::dialects {

std::unique_ptr<api::Edge> make_affinidi(api::Services& services, std::vector<std::string> urls);

}  // namespace latchkey::dialects
