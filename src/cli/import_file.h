// A file of tokens to import, one JSON object a line, read in pieces that one request can carry.
// Nothing of it is held but the digests that came so far.
#pragma once

#include <cstdint>
#include <istream>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace latchkey::cli {

inline constexpr std::size_t kImportLineBytesMax = 16'384;
inline constexpr std::size_t kImportBatchLinesMax = 100;
inline constexpr std::size_t kImportBatchBytesMax = 49'152;

// What is wrong with one line; what is said names no part of a digest.
struct BadLine {
    std::uint64_t line{0};
    std::string code;
    std::string message;
    std::string hint;
};

struct ImportBatch {
    json::array tokens;
    std::vector<std::uint64_t> lines;  // where each of them stands
};

class ImportFile {
public:
    explicit ImportFile(std::istream& in) : in_(in) {}

    // The next lines that can be read; none at the end. Others go to `bad`.
    ImportBatch next(std::vector<BadLine>& bad);
    [[nodiscard]] std::uint64_t lines_read() const { return line_; }
    [[nodiscard]] std::uint64_t bytes_read() const { return bytes_; }

private:
    bool read_line(std::string& text, bool& is_too_long);
    Result<json::object> read_token(const std::string& text);

    std::istream& in_;
    std::uint64_t line_{0};
    std::uint64_t bytes_{0};
    std::set<std::string> digests_;
    // A line that did not fit into the batch before.
    json::object kept_;
    std::uint64_t kept_line_{0};
};

}  // namespace latchkey::cli
