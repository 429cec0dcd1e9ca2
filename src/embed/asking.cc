#include "embed/asking.h"

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/json.h"
#include "crypto/digest.h"

namespace latchkey::embed {
namespace {

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kLiveSeconds = 3;  // the heartbeat comes every second
constexpr std::int64_t kKeptSecondsMax = 60;

json::object to_json_object(const TokenQuestion& question, const std::string& audience) {
    json::object object{{"token", question.token}, {"api", audience}};
    if (!question.scopes.empty()) {
        object["scopes"] = json::array(question.scopes.begin(), question.scopes.end());
    }
    if (question.project) object["project"] = *question.project;
    if (question.resource) object["resource"] = *question.resource;
    if (question.ip) object["ip"] = *question.ip;
    return object;
}

std::optional<std::string> text_of(const json::object& answer, std::string_view name) {
    const auto* value = answer.if_contains(name);
    if (value == nullptr || !value->is_string()) return std::nullopt;
    return std::string(value->get_string());
}

std::vector<std::string> texts_of(const json::object& answer, std::string_view name) {
    std::vector<std::string> texts;
    const auto* value = answer.if_contains(name);
    if (value == nullptr || !value->is_array()) return texts;
    for (const auto& one : value->get_array()) {
        if (one.is_string()) texts.emplace_back(one.get_string());
    }
    return texts;
}

std::uint64_t number_of(const json::object& answer, std::string_view name) {
    const auto* value = answer.if_contains(name);
    const bool is_number = value != nullptr && value->is_int64() && value->get_int64() >= 0;
    return is_number ? static_cast<std::uint64_t>(value->get_int64()) : 0;
}

// What time alone makes untrue is asked for each time.
bool is_for_a_while(const TokenVerdict& verdict) {
    return verdict.verdict != "rate_limited" && verdict.verdict != "not_yet_valid";
}

TokenVerdict read_verdict(const json::object& answer, const TokenQuestion& question) {
    TokenVerdict verdict;
    verdict.verdict = text_of(answer, "verdict").value_or("unknown");
    verdict.token_id = text_of(answer, "tokenId");
    verdict.owner = text_of(answer, "owner");
    verdict.kind = text_of(answer, "kind");
    verdict.scopes = texts_of(answer, "scopes");
    verdict.missing_scopes = texts_of(answer, "missingScopes");
    const auto projects = texts_of(answer, "projects");
    if (question.project) {
        const bool is_in =
            std::find(projects.begin(), projects.end(), *question.project) != projects.end();
        if (is_in) verdict.project = question.project;
    } else if (projects.size() == 1) {
        verdict.project = projects.front();
    }
    if (const auto end = text_of(answer, "expiresAt")) {
        if (const auto time = parse_rfc3339(*end)) verdict.expires_at = time->seconds();
    }
    return verdict;
}

}  // namespace

Result<Asking::Answer> Asking::post(const TokenQuestion& question) {
    Answer answer;
    answer.at = options_.steady_clock();
    answer.session = heard_.session;
    const std::string body = to_json(to_json_object(question, options_.audience));
    if (answer.at < paused_until_) return not_current("the authority gave no verdict just now");
    const FetchAnswer got = options_.fetch(options_.issuer + "/v1/tokens/verify", &body);
    // A refusal is about this question, or about us; only an outage holds up the others.
    if (got.status == 0 || got.status >= 500) paused_until_ = options_.steady_clock() + kSecond;
    if (got.status != 200) return not_current("the authority gave no verdict");
    const auto parsed = parse_json(got.body);
    if (!parsed || !parsed->is_object()) return not_current("the authority's answer is no verdict");
    const json::object& object = parsed->get_object();
    const auto* valid = object.if_contains("valid");
    const auto verdict = text_of(object, "verdict");
    if (valid == nullptr || !valid->is_bool() || !verdict ||
        valid->get_bool() != (*verdict == "active")) {
        return not_current("the authority's answer is no verdict");
    }
    answer.verdict = read_verdict(object, question);
    answer.position = {number_of(object, "epoch"), number_of(object, "revision")};
    return answer;
}

bool Asking::has_ended(const TokenVerdict& verdict) const {
    return verdict.is_valid() && verdict.expires_at &&
           *verdict.expires_at <= options_.wall_clock() / kSecond;
}

bool Asking::is_new_enough(const Answer& answer, std::uint64_t revision) const {
    if (heard_.position && answer.position.epoch != heard_.position->epoch) {
        return answer.position.epoch > heard_.position->epoch;
    }
    const auto needed = facts_.open_for_answer(answer.verdict.token_id.value_or(""),
                                               answer.verdict.owner.value_or(""));
    return answer.position.revision >= std::max(needed, revision);
}

bool Asking::counts(const Answer& kept, std::int64_t life, std::uint64_t revision) const {
    if (!is_new_enough(kept, revision)) return false;
    const std::int64_t now = options_.steady_clock();
    const bool is_covered = heard_.at && heard_.position && kept.session == heard_.session;
    if (!is_covered) return now - kept.at <= life;
    if (now - *heard_.at < kLiveSeconds * kSecond)
        return now - kept.at <= kKeptSecondsMax * kSecond;
    return now - std::max(kept.at, *heard_.at) <= life;
}

Result<TokenVerdict> Asking::ask(const TokenQuestion& question, std::uint64_t revision) {
    if (!options_.may_ask) return not_current("only the authority can tell, and nobody can ask it");
    const std::string key =
        hex_encode(as_text(sha256(to_json(to_json_object(question, options_.audience)))));
    const auto kept = kept_.find(key);
    const std::int64_t bound = options_.max_staleness_seconds * kSecond;
    const std::int64_t life = std::min(bound, options_.answer_seconds * kSecond);
    if (kept != kept_.end()) {
        if (has_ended(kept->second.verdict)) {
            TokenVerdict verdict = kept->second.verdict;
            verdict.verdict = "expired";  // and it stays so
            return verdict;
        }
        if (counts(kept->second, life, revision)) return kept->second.verdict;
    }
    auto answer = post(question);
    if (!answer) {
        // As old as the bound allows, if nothing was said against it meanwhile.
        if (kept != kept_.end() && counts(kept->second, bound, revision)) {
            return kept->second.verdict;
        }
        return std::move(answer).error();
    }
    if (is_for_a_while(answer->verdict)) {
        if (kept_.size() >= options_.tokens_kept) kept_.clear();
        kept_[key] = *answer;
    }
    if (!is_new_enough(*answer, revision)) return not_current("the authority's answer is too old");
    return std::move(answer->verdict);
}

}  // namespace latchkey::embed
