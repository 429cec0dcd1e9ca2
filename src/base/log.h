// Structured log: one JSON object a line on stderr, or friendly text at a terminal. Values are
// escaped, so nothing a client sends can break out of its line. Tokens, passwords and queries are
// never handed to it. Thread-safe.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace latchkey::log {

enum class Level { kDebug, kInfo, kWarning, kError };
enum class Format { kText, kJson };

struct Field {
    std::string_view name;
    std::string value;
};

void configure(Level lowest, Format format);
void write(Level level, std::string_view message, std::initializer_list<Field> fields = {});

inline void debug(std::string_view message, std::initializer_list<Field> fields = {}) {
    write(Level::kDebug, message, fields);
}
inline void info(std::string_view message, std::initializer_list<Field> fields = {}) {
    write(Level::kInfo, message, fields);
}
inline void warning(std::string_view message, std::initializer_list<Field> fields = {}) {
    write(Level::kWarning, message, fields);
}
inline void error(std::string_view message, std::initializer_list<Field> fields = {}) {
    write(Level::kError, message, fields);
}

}  // namespace latchkey::log
