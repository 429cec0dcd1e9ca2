// "Creating the token... done" on stderr, for a person who waits at a terminal; nothing otherwise.
#pragma once

#include <string_view>

#include "cli/context.h"

namespace latchkey::cli {

class Progress {
public:
    Progress(Context& context, std::string_view doing);
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;
    ~Progress();  // what was not done has failed

    void done();

private:
    void end(std::string_view word);

    Console& console_;
    bool is_open_;
};

}  // namespace latchkey::cli
