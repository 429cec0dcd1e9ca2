// Reads the data that lies in tests/vectors/<suite>/.
#pragma once

#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include "base/json.h"

namespace latchkey::testing {

inline std::string vector_path(std::string_view name) {
    return std::string(LATCHKEY_SOURCE_DIR) + "/tests/vectors/" + std::string(name);
}

inline std::string read_bytes(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    CHECK(file.good());
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

inline json::value read_vectors(std::string_view name) {
    const JsonLimits roomy{16'000'000, 64, 100'000};
    auto parsed = parse_json(read_bytes(vector_path(name)), roomy);
    CHECK(parsed.has_value());
    return std::move(parsed).value();
}

}  // namespace latchkey::testing
