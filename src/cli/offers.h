// What a command could be given, by kind: asked of the server or of what is stored here. Every
// failure is an empty list.
#pragma once

#include <string>
#include <vector>

#include "cli/typed_words.h"

namespace latchkey::cli {

class Context;

struct Offer {
    std::string value;
    std::string text;  // a few words about it
};

struct Offers {
    std::vector<Offer> items;
    bool files{false};
    bool live{false};  // names and ids, which say little without their texts
};

Offers offers_for(Context& context, const TypedWords& typed);

}  // namespace latchkey::cli
