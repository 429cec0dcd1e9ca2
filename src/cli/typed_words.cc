#include "cli/typed_words.h"

namespace latchkey::cli {
namespace {

class Reader {
public:
    explicit Reader(const CommandTree& tree) { typed_.path.push_back(&tree); }

    void read(const std::string& word) {
        if (typed_.path.back()->passes_everything_on) typed_.is_foreign = true;
        if (typed_.flag != nullptr) {
            typed_.values[typed_.flag->names.back()] = word;
            typed_.flag = nullptr;
        } else if (only_arguments_ || word.size() < 2 || word.front() != '-') {
            read_plain(word);
        } else if (word == "--") {
            only_arguments_ = true;
        } else if (word[1] == '-') {
            read_long(word);
        } else {
            read_short(word);
        }
    }

    TypedWords finish(const std::string& current) {
        if (typed_.path.back()->passes_everything_on) typed_.is_foreign = true;
        typed_.typed = current;
        const bool is_flag = typed_.flag == nullptr && !only_arguments_ && !current.empty() &&
                             current.front() == '-';
        const std::size_t equals = is_flag ? current.find('=') : std::string::npos;
        if (is_flag && equals != std::string::npos) {
            typed_.flag = find_flag(typed_.path, current.substr(0, equals));
            keep(equals + 1);
        } else {
            typed_.is_flag = is_flag;
        }
        if (typed_.flag != nullptr && is_list(*typed_.flag)) {
            const std::size_t comma = typed_.typed.rfind(',');
            if (comma != std::string::npos) keep(comma + 1);
        }
        return typed_;
    }

private:
    void keep(std::size_t bytes) {
        typed_.kept += typed_.typed.substr(0, bytes);
        typed_.typed.erase(0, bytes);
    }

    void read_plain(const std::string& word) {
        const CommandTree* child = find_child(*typed_.path.back(), word);
        if (child != nullptr && !only_arguments_) {
            typed_.path.push_back(child);
        } else {
            typed_.arguments.push_back(word);
        }
    }

    void read_long(const std::string& word) {
        const std::size_t equals = word.find('=');
        const FlagSpec* flag = find_flag(typed_.path, word.substr(0, equals));
        if (flag == nullptr || !flag->takes_value) return;
        if (equals == std::string::npos) {
            typed_.flag = flag;
        } else {
            typed_.values[flag->names.back()] = word.substr(equals + 1);
        }
    }

    void read_short(const std::string& word) {
        for (std::size_t i = 1; i < word.size(); ++i) {
            const FlagSpec* flag = find_flag(typed_.path, std::string{'-', word[i]});
            if (flag == nullptr || !flag->takes_value) continue;
            if (i + 1 == word.size()) {
                typed_.flag = flag;
            } else {
                typed_.values[flag->names.back()] = word.substr(i + 1);
            }
            return;
        }
    }

    TypedWords typed_;
    bool only_arguments_{false};
};

}  // namespace

TypedWords read_typed(const CommandTree& tree, const std::vector<std::string>& words) {
    Reader reader(tree);
    for (std::size_t i = 0; i + 1 < words.size(); ++i) {
        reader.read(words[i]);
    }
    return reader.finish(words.empty() ? std::string{} : words.back());
}

}  // namespace latchkey::cli
