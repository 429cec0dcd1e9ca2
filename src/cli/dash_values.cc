#include "cli/dash_values.h"

#include <algorithm>
#include <optional>

namespace latchkey::cli {
namespace {

// "-s" among "-qs", its value in the same word ("-s=x", "-sx") or in the next.
struct ShortFlag {
    const FlagSpec* flag;
    std::size_t at;  // of its letter
};

std::optional<ShortFlag> value_flag_in(const CommandPath& path, std::string_view word) {
    for (std::size_t i = 1; i < word.size(); ++i) {
        const FlagSpec* flag = find_flag(path, std::string{'-', word[i]});
        if (flag == nullptr) return std::nullopt;
        if (flag->takes_value) return ShortFlag{flag, i};
    }
    return std::nullopt;
}

std::string long_name(const FlagSpec& flag) {
    const auto found =
        std::find_if(flag.names.begin(), flag.names.end(),
                     [](const std::string& name) { return name.rfind("--", 0) == 0; });
    return found == flag.names.end() ? std::string() : *found;
}

// Whether `word` is the value of the flag before it, though it looks like flags: it is none that
// there is, or, where scopes are asked for, it holds a colon, as scopes do.
bool is_dash_value(const CommandPath& path, const FlagSpec& flag, const std::string& word) {
    if (word.size() < 2 || word.front() != '-' || word[1] == '-') return false;
    const bool wants_scopes = flag.value_name.rfind("SCOPE", 0) == 0;
    if (wants_scopes && word.find(':') != std::string::npos) return true;
    return find_flag(path, std::string{'-', word[1]}) == nullptr;
}

class Joiner {
public:
    Joiner(const CommandTree& root, std::vector<std::string> args)
        : path_{&root}, args_(std::move(args)) {}

    std::vector<std::string> joined() {
        for (; at_ < args_.size(); ++at_) {
            const std::string& word = args_[at_];
            if (word == "--" || path_.back()->passes_everything_on) break;
            if (word.size() < 2 || word.front() != '-') {
                const CommandTree* child = find_child(*path_.back(), word);
                if (child != nullptr) path_.push_back(child);
            } else if (word[1] == '-') {
                read_long(word);
            } else if (const auto found = value_flag_in(path_, word)) {
                read_short(*found);
            }
        }
        return std::move(args_);
    }

private:
    void read_long(const std::string& word) {
        const FlagSpec* flag = find_flag(path_, word);
        if (flag != nullptr && flag->takes_value) take_next(*flag, {});
    }

    void read_short(const ShortFlag& found) {
        const std::string word = args_[at_];
        const std::string before = found.at > 1 ? word.substr(0, found.at) : std::string();
        const std::string rest = word.substr(found.at + 1);
        if (rest.empty()) return take_next(*found.flag, before);
        const std::string name = long_name(*found.flag);
        if (rest.front() == '=' && !name.empty()) replace(1, before, name + rest);
    }

    // The value is the next word, whatever it looks like.
    void take_next(const FlagSpec& flag, const std::string& before) {
        if (at_ + 1 >= args_.size()) return;
        const std::string value = args_[at_ + 1];
        const std::string name = long_name(flag);
        if (name.empty() || !is_dash_value(path_, flag, value)) {
            ++at_;
            return;
        }
        replace(2, before, name + "=" + value);
    }

    void replace(std::ptrdiff_t words, const std::string& before, const std::string& with) {
        auto place = args_.begin() + static_cast<std::ptrdiff_t>(at_);
        place = args_.erase(place, place + words);
        place = args_.insert(place, with);
        if (before.empty()) return;
        args_.insert(place, before);
        ++at_;
    }

    CommandPath path_;
    std::vector<std::string> args_;
    std::size_t at_{0};
};

}  // namespace

std::vector<std::string> with_dash_values_joined(const CommandTree& root,
                                                 std::vector<std::string> args) {
    return Joiner(root, std::move(args)).joined();
}

}  // namespace latchkey::cli
