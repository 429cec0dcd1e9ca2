// Bodies of type application/x-www-form-urlencoded, read strictly: OAuth's endpoints take nothing
// else. Names that nobody asks for are ignored and empty values count as left out, as RFC 6749 §3.2
// has it; a name that stands twice is refused whatever it is.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "http/message.h"

namespace latchkey::api {

inline constexpr std::size_t kFormBytesMax = 16'384;
inline constexpr std::size_t kFormParametersMax = 64;

class Form {
public:
    // Errors: reason "invalid_request".
    static Result<Form> parse(const http::Request& request);
    static Result<Form> parse(std::string_view body);

    [[nodiscard]] std::optional<std::string> get(std::string_view name) const;

private:
    std::vector<std::pair<std::string, std::string>> items_;
};

}  // namespace latchkey::api
