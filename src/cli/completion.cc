#include "cli/commands.h"
#include "cli/context.h"

namespace latchkey::cli {
namespace {

// The scripts only carry words to `latchkey __complete` and its answer back, so they stay right
// when commands change. The typed program is asked, which need not be the one in PATH.
constexpr const char* kBash =
    R"sh(# latchkey completion for bash: eval "$(latchkey completion bash)"
_latchkey() {
    local line program="${COMP_WORDS[0]/#\~/$HOME}"
    COMPREPLY=()
    while IFS= read -r line; do
        if [[ $line == :files ]]; then
            compopt -o default 2>/dev/null
        else
            COMPREPLY+=("$line")
        fi
    done < <("$program" __complete bash "$COMP_TYPE" "$COMP_WORDBREAKS" \
        "${COMP_LINE:0:COMP_POINT}" </dev/null 2>/dev/null)
}
complete -F _latchkey latchkey
)sh";

constexpr const char* kZsh =
    R"sh(#compdef latchkey
# latchkey completion for zsh: eval "$(latchkey completion zsh)", or as _latchkey in $fpath
_latchkey() {
    local line value program="${${(Q)words[1]}/#\~/$HOME}"
    local -a values shown
    for line in "${(@f)$("$program" __complete words "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" \
        </dev/null 2>/dev/null)}"; do
        if [[ $line == :files ]]; then
            _files
        elif [[ -n $line ]]; then
            value="${line%%$'\t'*}"
            values+=("$value")
            [[ $line == *$'\t'* ]] && value+="  -- ${line#*$'\t'}"
            shown+=("$value")
        fi
    done
    (( $#values )) && compadd -U -l -d shown -a values
}
if [[ ${funcstack[1]-} == _latchkey ]]; then
    _latchkey "$@"
else
    compdef _latchkey latchkey
fi
)sh";

constexpr const char* kFish =
    R"sh(# latchkey completion for fish: latchkey completion fish | source
function __latchkey_complete
    set -l words (commandline -opc)
    set -l program $words[1]
    set -e words[1]
    for line in (command $program __complete words $words (commandline -ct) </dev/null 2>/dev/null)
        if test "$line" = ":files"
            __fish_complete_path (commandline -ct)
        else
            echo $line
        end
    end
end
complete -c latchkey -f -a '(__latchkey_complete)'
)sh";

Result<int> print_script(Context& context, const std::string& shell) {
    context.print(shell == "bash" ? kBash : shell == "zsh" ? kZsh : kFish);
    return kExitOk;
}

}  // namespace

void add_completion(Command root) {
    auto shell = std::make_shared<std::string>();
    root.command("completion", "Print a completion script for your shell")
        .argument("SHELL", *shell, "Which one")
        .values("SHELL", {"bash", "zsh", "fish"})
        .example("eval \"$(latchkey completion bash)\"")
        .example("latchkey completion fish > ~/.config/fish/completions/latchkey.fish")
        .action([shell](Context& context) { return print_script(context, *shell); });
}

}  // namespace latchkey::cli
