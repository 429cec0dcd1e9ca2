// One command's manual page in man(7), the form that every man program reads. Pure.
#pragma once

#include <string>
#include <string_view>

#include "cli/command_tree.h"

namespace latchkey::cli {

struct ManPage {
    std::string name;  // "latchkey-token-create"
    std::string text;
};

ManPage man_page(const CommandPath& path, std::string_view date);

}  // namespace latchkey::cli
