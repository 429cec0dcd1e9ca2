// Texts in the body of a change: one that is not there stays as it is, and null is no text.
#pragma once

#include "api/body.h"

namespace latchkey::api {

inline Result<std::optional<std::string>> edited_text(Body& body, std::string_view name) {
    if (!body.has(name)) return body.optional_text(name);  // asked for, so that it is known
    return std::optional<std::string>(TRY(body.text(name)));
}

}  // namespace latchkey::api
