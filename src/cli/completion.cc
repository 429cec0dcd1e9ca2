#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/context.h"
#include "cli/text.h"

namespace latchkey::cli {
namespace {

struct Node {
    std::string path;  // "latchkey token create"
    std::vector<std::string> words;
    std::vector<std::string> flags;
};

void collect(const CommandTree& tree, const std::string& parent, std::vector<Node>& nodes) {
    Node node;
    node.path = parent.empty() ? tree.name : parent + " " + tree.name;
    for (const CommandTree& child : tree.children) {
        node.words.push_back(child.name);
    }
    for (const FlagSpec& flag : tree.flags) {
        for (const std::string& name : flag.names) {
            if (name.rfind("--", 0) == 0) node.flags.push_back(name);
        }
    }
    const std::string path = node.path;
    nodes.push_back(std::move(node));
    for (const CommandTree& child : tree.children) {
        collect(child, path, nodes);
    }
}

// Walks the words typed so far down the tree, then offers what stands there and the global flags.
std::string bash_script(const std::vector<Node>& nodes) {
    std::string out =
        "# latchkey completion for bash: eval \"$(latchkey completion bash)\"\n"
        "_latchkey() {\n"
        "    local path=latchkey word current=\"${COMP_WORDS[COMP_CWORD]}\" i\n"
        "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
        "        word=\"${COMP_WORDS[i]}\"\n"
        "        case \"$path $word\" in\n";
    for (const Node& node : nodes) {
        if (node.path != "latchkey") {
            out += fmt::format("            \"{0}\") path=\"{0}\" ;;\n", node.path);
        }
    }
    out += "        esac\n    done\n    local words=\"\"\n    case \"$path\" in\n";
    for (const Node& node : nodes) {
        out += fmt::format("        \"{}\") words=\"{}\" ;;\n", node.path,
                           join(node.words, " ") + " " + join(node.flags, " "));
    }
    out += fmt::format(
        "    esac\n"
        "    [[ $current == -* ]] && words=\"$words {}\"\n"
        "    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
        "}}\n"
        "complete -o default -F _latchkey latchkey\n",
        join(nodes.front().flags, " "));
    return out;
}

std::string zsh_script(const std::vector<Node>& nodes) {
    std::string out =
        "#compdef latchkey\n"
        "# latchkey completion for zsh: eval \"$(latchkey completion zsh)\"\n"
        "_latchkey() {\n"
        "    local path_so_far=latchkey word\n"
        "    local -a offers\n"
        "    for word in \"${(@)words[2,CURRENT-1]}\"; do\n"
        "        case \"$path_so_far $word\" in\n";
    for (const Node& node : nodes) {
        if (node.path != "latchkey") {
            out += fmt::format("            \"{0}\") path_so_far=\"{0}\" ;;\n", node.path);
        }
    }
    out += "        esac\n    done\n    case \"$path_so_far\" in\n";
    for (const Node& node : nodes) {
        out += fmt::format("        \"{}\") offers=({}) ;;\n", node.path,
                           join(node.words, " ") + " " + join(node.flags, " "));
    }
    out += fmt::format(
        "    esac\n"
        "    [[ $PREFIX == -* ]] && offers+=({})\n"
        "    compadd -- $offers\n"
        "}}\n"
        "compdef _latchkey latchkey\n",
        join(nodes.front().flags, " "));
    return out;
}

std::string fish_script(const std::vector<Node>& nodes) {
    std::string out =
        "# latchkey completion for fish: latchkey completion fish | source\n"
        "function __latchkey_at\n"
        "    set -l path latchkey\n"
        "    for word in (commandline -opc)[2..-1]\n"
        "        switch \"$path $word\"\n"
        "            case";
    for (const Node& node : nodes) {
        if (node.path != "latchkey") out += fmt::format(" '{}'", node.path);
    }
    out +=
        "\n                set path \"$path $word\"\n        end\n    end\n"
        "    test \"$path\" = \"$argv\"\nend\n";
    for (const Node& node : nodes) {
        const std::string condition = fmt::format("-n \"__latchkey_at {}\"", node.path);
        for (const std::string& word : node.words) {
            out += fmt::format("complete -c latchkey -f {} -a {}\n", condition, word);
        }
        for (const std::string& flag : node.flags) {
            out += fmt::format("complete -c latchkey {} -l {}\n", condition, flag.substr(2));
        }
    }
    return out;
}

}  // namespace

void add_completion(Command root, std::function<CommandTree()> tree) {
    auto shell = std::make_shared<std::string>();
    root.command("completion", "Print a completion script for your shell")
        .argument("SHELL", *shell, "bash, zsh or fish")
        .example("eval \"$(latchkey completion bash)\"")
        .action([shell, tree = std::move(tree)](Context& context) -> Result<int> {
            std::vector<Node> nodes;
            collect(tree(), "", nodes);
            if (*shell == "bash") {
                context.print(bash_script(nodes));
            } else if (*shell == "zsh") {
                context.print(zsh_script(nodes));
            } else if (*shell == "fish") {
                context.print(fish_script(nodes));
            } else {
                return usage_error(fmt::format("no completion for \"{}\"", *shell),
                                   "there is one for bash, zsh and fish");
            }
            return kExitOk;
        });
}

}  // namespace latchkey::cli
