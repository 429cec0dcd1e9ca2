#include "cli/complete.h"

#include <algorithm>
#include <streambuf>

#include <fmt/format.h>

#include "cli/context.h"
#include "cli/offers.h"
#include "cli/text.h"
#include "cli/typed_words.h"

namespace latchkey::cli {
namespace {

constexpr const char* kServerWait = "1s";

class Nowhere final : public std::streambuf {
protected:
    int_type overflow(int_type byte) override { return traits_type::not_eof(byte); }
};

// The global flags that say whom to ask, as whom. A token on stdin is not for us to read.
void take_globals(const std::map<std::string, std::string>& values, Globals& globals) {
    const auto take = [&values](const char* name, std::optional<std::string>& target) {
        const auto found = values.find(name);
        if (found != values.end()) target = found->second;
    };
    take("--server", globals.server);
    take("--context", globals.context);
    take("--project", globals.project);
    take("--token", globals.token);
    take("--token-file", globals.token_file);
    take("--cacert", globals.ca_file);
    if (globals.token_file == "-") globals.token_file.reset();
    globals.timeout = kServerWait;
    globals.no_input = true;
    globals.quiet = true;
}

bool begins_with(const std::string& text, const std::string& start) {
    return text.compare(0, start.size(), start) == 0;
}

// By value; where no value begins so, by text: a token's name finds its id.
std::vector<Offer> matching(const Offers& offers, const std::string& typed) {
    std::vector<Offer> found;
    for (const Offer& offer : offers.items) {
        // What a terminal must not see is nothing to be put on a command line.
        const bool is_safe = !offer.value.empty() && harmless(offer.value) == offer.value;
        if (is_safe && begins_with(offer.value, typed)) found.push_back(offer);
    }
    if (!found.empty() || !offers.live) return found;
    for (const Offer& offer : offers.items) {
        const bool is_safe = !offer.value.empty() && harmless(offer.value) == offer.value;
        if (is_safe && begins_with(offer.text, typed)) found.push_back(offer);
    }
    return found;
}

std::string quoted_for_bash(const std::string& text) {
    std::string out;
    for (const char letter : text) {
        if (std::string_view(" \t\\'\"`$&;|<>()*?[]{}!#~").find(letter) != std::string_view::npos) {
            out += '\\';
        }
        out += letter;
    }
    return out;
}

// bash replaces only what stands behind the last of its word breaks.
std::size_t kept_by_bash(const std::string& current, std::string_view breaks) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < current.size(); ++i) {
        const bool is_break = (current[i] == ':' || current[i] == '=') &&
                              breaks.find(current[i]) != std::string_view::npos;
        if (is_break) kept = i + 1;
    }
    return kept;
}

struct BashView {
    bool is_bash{false};
    bool lists{false};  // it shows the offers instead of typing what they have in common
    std::string breaks;
};

void print_offers(std::ostream& out, const Offers& offers, const TypedWords& typed,
                  const BashView& view) {
    const std::vector<Offer> found = matching(offers, typed.typed);
    const std::size_t cut = view.is_bash ? kept_by_bash(typed.kept + typed.typed, view.breaks) : 0;
    for (const Offer& offer : found) {
        const std::string text = truncated(harmless(offer.text), 60);
        if (!view.is_bash) {
            out << typed.kept << offer.value << (text.empty() ? "" : "\t") << text << "\n";
        } else if (view.lists && offers.live && found.size() > 1 && !text.empty()) {
            out << fmt::format("{}  ({})\n", offer.value, text);
        } else {
            const std::string whole = typed.kept + offer.value;
            out << quoted_for_bash(whole.substr(std::min(cut, whole.size()))) << "\n";
        }
    }
    if (offers.files) out << ":files\n";
}

}  // namespace

std::vector<std::string> shell_words(std::string_view line) {
    std::vector<std::string> words;
    std::string word;
    bool in_word = false;
    char quote = '\0';
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char letter = line[i];
        const bool escapes = letter == '\\' && quote != '\'' && i + 1 < line.size();
        if (escapes) {
            word += line[++i];
            in_word = true;
        } else if (quote != '\0' ? letter == quote : letter == '"' || letter == '\'') {
            quote = quote == '\0' ? letter : '\0';
            in_word = true;
        } else if (quote == '\0' && (letter == ' ' || letter == '\t')) {
            if (in_word) words.push_back(std::move(word));
            word.clear();
            in_word = false;
        } else {
            word += letter;
            in_word = true;
        }
    }
    words.push_back(std::move(word));
    return words;
}

int complete(const Invocation& invocation, const CommandTree& tree) {
    const std::vector<std::string>& args = invocation.args;
    std::vector<std::string> words;
    BashView view;
    if (args.size() == 5 && args[1] == "bash") {
        words = shell_words(args[4]);
        words.erase(words.begin());  // the program
        view = {true, args[2] != "9", args[3]};
    } else if (args.size() > 1 && args[1] == "words") {
        words.assign(args.begin() + 2, args.end());
    }
    const TypedWords typed = read_typed(tree, words);
    Nowhere nowhere;
    std::ostream silent(&nowhere);
    Console console{invocation.console.in, invocation.console.out, silent};
    Context context(console, invocation.environment, invocation.hooks, invocation.clock);
    take_globals(typed.values, context.globals);
    print_offers(console.out, offers_for(context, typed), typed, view);
    return kExitOk;
}

}  // namespace latchkey::cli
