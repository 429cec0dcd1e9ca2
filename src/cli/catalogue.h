// A scope catalogue as a file (TOML), for `api import`:
//   slug, audience, name?, base_url?, default_scopes? = [...]
//   [[scope]] name, description, group?, aliases? = [...]
// Unknown keys are refused, so that a misspelt one is not silently dropped. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace latchkey::cli {

struct Catalogue {
    std::string slug;
    std::string audience;
    json::object api;    // the body of POST /v1/apis, without scopes
    json::array scopes;  // the body of PUT /v1/apis/{slug}/scopes
};

// Errors name the line.
Result<Catalogue> parse_catalogue(std::string_view toml_text);

}  // namespace latchkey::cli
