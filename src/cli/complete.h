// What may stand where the cursor is: `latchkey __complete`, which the scripts of `latchkey
// completion` call at every TAB. Names and ids are asked of the server, with the credential that
// the typed command would use; nothing is kept, and whatever fails offers nothing.
//   __complete words WORD… CURRENT            zsh, fish: lines "value<TAB>text"
//   __complete bash TYPE WORDBREAKS LINE      bash: its variables, the line up to the cursor
// A line ":files" asks the shell for names of files.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/command_tree.h"
#include "cli/invocation.h"

namespace latchkey::cli {

inline constexpr const char* kCompleteCommand = "__complete";

// Always 0: a shell has nowhere to show an error.
int complete(const Invocation& invocation, const CommandTree& tree);

// The words of a line as a shell reads them; the last one is being typed and may be empty.
std::vector<std::string> shell_words(std::string_view line);

}  // namespace latchkey::cli
