// Secret: bytes that a holder presents or keeps. It cannot be copied, printed, logged or compared
// with ==; it is wiped when it dies. Whoever really needs the bytes says so: expose().
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace latchkey {

void wipe(std::string& bytes);  // overwrites, then clears; not optimised away

class Secret {
public:
    Secret() = default;
    explicit Secret(std::string bytes) : bytes_(std::move(bytes)) {}
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;
    Secret(Secret&& other) noexcept : bytes_(std::move(other.bytes_)) { wipe(other.bytes_); }
    Secret& operator=(Secret&& other) noexcept {
        wipe(bytes_);
        bytes_ = std::move(other.bytes_);
        wipe(other.bytes_);
        return *this;
    }
    ~Secret() { wipe(bytes_); }

    [[nodiscard]] std::string_view expose() const { return bytes_; }
    [[nodiscard]] bool empty() const { return bytes_.empty(); }

    friend bool operator==(const Secret&, const Secret&) = delete;

private:
    std::string bytes_;
};

// Takes the same time wherever the first difference is; lengths are public.
bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace latchkey
