// Every error answer names a `type` address; this is what stands there: what the code means, why it
// happens and what to do. The texts are src/api/pages/errors.json. Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace latchkey::api {

// A whole HTML page. Nothing: no such code is documented.
std::optional<std::string> render_error_page(std::string_view code);

// For text and for attribute values in double or single quotes.
std::string escape_html(std::string_view text);

}  // namespace latchkey::api
