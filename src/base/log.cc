#include "base/log.h"

#include <memory>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "base/clock.h"
#include "base/json.h"

namespace latchkey::log {
namespace {

Format current_format = Format::kText;

spdlog::logger& logger() {
    static const auto kLogger = [] {
        auto made = std::make_shared<spdlog::logger>(
            "latchkey", std::make_shared<spdlog::sinks::stderr_sink_mt>());
        made->set_pattern("%v");
        return made;
    }();
    return *kLogger;
}

spdlog::level::level_enum level_of(Level level) {
    switch (level) {
        case Level::kDebug: return spdlog::level::debug;
        case Level::kInfo: return spdlog::level::info;
        case Level::kWarning: return spdlog::level::warn;
        case Level::kError: return spdlog::level::err;
    }
    return spdlog::level::info;
}

std::string_view name_of(Level level) {
    switch (level) {
        case Level::kDebug: return "debug";
        case Level::kInfo: return "info";
        case Level::kWarning: return "warning";
        case Level::kError: return "error";
    }
    return "info";
}

}  // namespace

void configure(Level lowest, Format format) {
    current_format = format;
    logger().set_level(level_of(lowest));
    logger().flush_on(spdlog::level::debug);
}

void write(Level level, std::string_view message, std::initializer_list<Field> fields) {
    if (!logger().should_log(level_of(level))) return;
    const std::string time = format_rfc3339(SystemClock{}.now());
    std::string line;
    if (current_format == Format::kJson) {
        line = "{\"ts\":\"" + time + "\",\"level\":\"";
        line.append(name_of(level)).append("\",\"msg\":").append(json_quote(message));
        for (const Field& field : fields) {
            line.append(",").append(json_quote(field.name)).append(":");
            line.append(json_quote(field.value));
        }
        line.push_back('}');
    } else {
        line.append(time).append(" ").append(name_of(level)).append(" ").append(message);
        for (const Field& field : fields) {
            line.append(" ").append(field.name).append("=").append(json_quote(field.value));
        }
    }
    logger().log(level_of(level), "{}", line);
}

}  // namespace latchkey::log
