// Runs every fuzz target over the texts in <corpus>/<target>: its seeds, and whatever once broke
// it. Each text is also cut at every byte of its first part, as the wire may cut it. A target that
// aborts fails the test.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/encoding.h"

#define LATCHKEY_DECLARE(name) extern "C" int name(const std::uint8_t* data, std::size_t size);
#define LATCHKEY_TARGET(name) LATCHKEY_DECLARE(name)
#include "fuzz_targets.inc"
#undef LATCHKEY_TARGET

namespace {

constexpr std::size_t kCutsMax = 64;

struct Target {
    const char* name;
    int (*run)(const std::uint8_t* data, std::size_t size);
};

const std::vector<Target>& targets() {
    static const std::vector<Target> kTargets{
#define LATCHKEY_TARGET(name) {#name, name},
#include "fuzz_targets.inc"
#undef LATCHKEY_TARGET
    };
    return kTargets;
}

std::string read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// The number of texts that were run.
std::size_t replay(const Target& target, const std::filesystem::path& folder) {
    std::size_t count = 0;
    if (!std::filesystem::is_directory(folder)) return count;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        const std::string text = read_file(entry.path());
        // Standard output is read when a target aborted: it says on what.
        std::printf("%s %s\n", target.name, entry.path().filename().c_str());
        std::fflush(stdout);
        const auto bytes = latchkey::as_bytes(text);
        target.run(bytes.data(), bytes.size());
        for (std::size_t cut = 0; cut < std::min(bytes.size(), kCutsMax); ++cut) {
            target.run(bytes.data(), cut);
        }
        ++count;
    }
    return count;
}

}  // namespace

int main(int argument_count, char** arguments) {
    if (argument_count != 2) return 2;
    bool is_complete = true;
    for (const auto& target : targets()) {
        const std::size_t count = replay(target, std::filesystem::path(arguments[1]) / target.name);
        if (count == 0) std::printf("%s has no seeds\n", target.name);
        is_complete = is_complete && count > 0;
    }
    return is_complete ? 0 : 1;
}
