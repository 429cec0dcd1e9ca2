#include "cli/progress.h"

namespace latchkey::cli {

Progress::Progress(Context& context, std::string_view doing)
    : console_(context.console()),
      is_open_(context.console().err_is_terminal && !context.globals.quiet) {
    if (is_open_) console_.err << doing << "... " << std::flush;
}

Progress::~Progress() {
    end("failed");
}

void Progress::done() {
    end("done");
}

void Progress::end(std::string_view word) {
    if (!is_open_) return;
    is_open_ = false;
    console_.err << word << "\n" << std::flush;
}

}  // namespace latchkey::cli
