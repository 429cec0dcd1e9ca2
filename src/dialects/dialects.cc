#include "dialects/dialects.h"

#include <algorithm>
#include <array>

#include "dialects/affinidi/edge.h"
#include "dialects/calyptia/edge.h"
#include "dialects/cape/edge.h"
#include "dialects/cryptlex/edge.h"

namespace latchkey::dialects {
namespace {

using Make = std::unique_ptr<api::Edge> (*)(api::Services& services, std::vector<std::string> urls);

struct Dialect {
    std::string_view name;
    Make make;
};

constexpr std::array kDialects = {
    Dialect{"affinidi", make_affinidi},
    Dialect{"calyptia", make_calyptia},
    Dialect{"cape", make_cape},
    Dialect{"cryptlex", make_cryptlex},
};

}  // namespace

bool is_dialect(std::string_view name) {
    return std::any_of(kDialects.begin(), kDialects.end(),
                       [&](const Dialect& dialect) { return dialect.name == name; });
}

std::string dialect_names() {
    std::string names;
    for (const auto& dialect : kDialects) {
        names += (names.empty() ? "" : ", ") + std::string(dialect.name);
    }
    return names;
}

std::unique_ptr<api::Edge> make_dialect(std::string_view name, api::Services& services,
                                        std::vector<std::string> urls) {
    const auto* found = std::find_if(kDialects.begin(), kDialects.end(),
                                     [&](const Dialect& dialect) { return dialect.name == name; });
    return found->make(services, std::move(urls));
}

}  // namespace latchkey::dialects
