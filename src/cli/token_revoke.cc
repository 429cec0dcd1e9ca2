#include <functional>

#include <fmt/format.h>

#include "base/encoding.h"
#include "cli/client/fields.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/text.h"

namespace latchkey::cli {
namespace {

using Step = std::function<Status(ApiClient&, const std::string& path)>;

struct Verb {
    std::string name;    // as a command
    std::string past;    // "Deleted"
    std::string asking;  // "Delete"
    std::string help;
    Step step;
};

struct Options {
    std::vector<std::string> ids;
    std::optional<std::string> reason;
};

// Somebody's program stops when a token that is in use does: at a terminal that is asked for, as
// several tokens at once are. Resuming harms nobody.
Result<bool> is_meant(Context& context, ApiClient& client, const Verb& verb,
                      const std::vector<std::string>& ids) {
    if (verb.name == "resume" || context.globals.yes || !context.may_ask()) return true;
    if (ids.size() > 1) {
        return context.may_go_on(
            fmt::format("This will {} {} tokens. Go on?", verb.name, ids.size()));
    }
    const auto token = client.get_object("/v1/tokens/" + percent_encode(ids.front()));
    if (!token) return true;  // the step itself will say why
    const auto used = parse_rfc3339(text_of(*token, "lastUsedAt"));
    if (!used || context.now() - *used > std::chrono::hours(1)) return true;
    return context.may_go_on(fmt::format("The token \"{}\" was used within the last hour. {} it?",
                                         text_of(*token, "name"), verb.asking));
}

// Goes on after a failure, so that one mistyped id leaves no other token alive.
Result<int> apply(Context& context, const Verb& verb, const Options& options) {
    ApiClient client = TRY(context.client());
    const bool goes_on = TRY(is_meant(context, client, verb, options.ids));
    if (!goes_on) return failure("nothing was changed");
    json::array done;
    for (const std::string& id : options.ids) {
        const Status status = verb.step(client, "/v1/tokens/" + percent_encode(id));
        if (status) {
            done.emplace_back(id);
            if (!context.globals.json && !context.globals.quiet) {
                context.print(fmt::format("{} token {}\n", verb.past, harmless(id)));
            }
            continue;
        }
        if (options.ids.size() == 1) return status.error();
        Error error = status.error();
        error.message = fmt::format("{}: {}", id, error.message);
        report(context.console(), error, context.problem, context.globals.json);
    }
    if (context.globals.json) {
        json::object answer;
        const bool whole = done.size() == options.ids.size();
        answer[verb.name == "delete" ? "deleted" : "ids"] = std::move(done);
        context.print_json(answer);
        return whole ? kExitOk : kExitPartly;
    }
    return done.size() == options.ids.size() ? kExitOk : kExitPartly;
}

Step post_step(const std::string& action, const std::shared_ptr<Options>& options) {
    return [action, options](ApiClient& client, const std::string& path) -> Status {
        json::object body;
        if (options->reason) body["reason"] = *options->reason;
        TRY(client.post(path + "/" + action, body));
        return {};
    };
}

void add_verb(Command token, Verb verb, const std::shared_ptr<Options>& options, bool reason) {
    Command command = token.command(verb.name, verb.help);
    if (verb.name == "delete") command.alias("rm");
    command.arguments("ID", options->ids, "The tokens' ids");
    command.example(fmt::format("latchkey token {} 7VgsDiH8jBPtiFiGXPvsxk", verb.name));
    if (reason) command.option("--reason", options->reason, "TEXT", "Why, for the log");
    command.action([options, verb = std::move(verb)](Context& context) {
        return apply(context, verb, *options);
    });
}

}  // namespace

void add_token_revoke(Command token) {
    auto deletes = std::make_shared<Options>();
    const Verb deletion{
        "delete", "Deleted", "Delete", "Revoke tokens and hide them from lists",
        [](ApiClient& client, const std::string& path) { return client.remove(path); }};
    add_verb(token, deletion, deletes, false);
    auto named = std::make_shared<std::optional<std::string>>();
    Command key_token = token.command("delete-token", "Revoke a key token and hide it from lists");
    key_token.option("-i,--token-id", *named, "ID", "The token's id");
    key_token.example("latchkey token delete-token -i 7VgsDiH8jBPtiFiGXPvsxk");
    key_token.action([named, deletion](Context& context) -> Result<int> {
        Options one;
        one.ids.push_back(TRY(context.need(*named, "--token-id", "Id of the token")));
        return apply(context, deletion, one);
    });
    auto revokes = std::make_shared<Options>();
    add_verb(token,
             {"revoke", "Revoked", "Revoke", "Stop tokens for good; they stay listed as revoked",
              post_step("revoke", revokes)},
             revokes, true);
    auto suspends = std::make_shared<Options>();
    add_verb(token,
             {"suspend", "Suspended", "Suspend", "Stop tokens until they are resumed",
              post_step("suspend", suspends)},
             suspends, true);
    auto resumes = std::make_shared<Options>();
    add_verb(token,
             {"resume", "Resumed", "Resume", "Let suspended tokens work again",
              post_step("resume", resumes)},
             resumes, false);
}

}  // namespace latchkey::cli
