// POST /v1/tokens/verify: a verifier asks about a token somebody showed it.
#include <algorithm>

#include "api/body.h"
#include "api/handlers.h"
#include "api/presented_token.h"
#include "api/proof.h"
#include "api/token_fields.h"
#include "api/views.h"
#include "store/verification_scope.h"
#include "token/scope.h"
#include "verify/judge.h"

namespace latchkey::api {
namespace {

using verify::Verdict;

constexpr std::size_t kProjectsShown = 100;

// What came in the DPoP field of the request that the verifier was asked, and what that request was
// for.
struct PassedProof {
    std::string text;
    std::string method;
    std::string url;
};

struct Question {
    Secret token;
    std::string api;
    std::vector<std::string> scopes;
    std::optional<ProjectId> project;
    std::string resource;
    std::optional<Address> address;
    std::optional<PassedProof> proof;
};

Result<std::optional<PassedProof>> read_proof(Body& body) {
    const auto* value = body.value("dpop");
    if (value == nullptr || value->is_null()) return std::optional<PassedProof>();
    if (!value->is_object()) return invalid("dpop is an object", "wrong_type", "/dpop");
    Body members(value->get_object());
    PassedProof proof;
    proof.text = TRY(members.text("proof"));
    proof.method = TRY(members.text("method"));
    proof.url = TRY(members.text("url"));
    TRY(members.done());
    return std::optional<PassedProof>(std::move(proof));
}

Result<Question> read_question(Call& call) {
    auto body = TRY(Body::parse(call.request()));
    Question asked;
    asked.token = Secret(TRY(body.text("token")));
    asked.api = TRY(body.optional_text("api")).value_or("");
    asked.scopes = TRY(body.optional_texts("scopes")).value_or(std::vector<std::string>());
    const auto project = TRY(body.optional_text("project"));
    asked.resource = TRY(body.optional_text("resource")).value_or("");
    const auto address = TRY(body.optional_text("ip"));
    asked.proof = TRY(read_proof(body));
    TRY(body.done());
    if (asked.scopes.size() > verify::kScopesAskedMax) {
        return invalid("at most 16 scopes at a time", "too_many_scopes", "/scopes");
    }
    for (std::size_t i = 0; i < asked.scopes.size(); ++i) {
        if (!is_scope_pattern(asked.scopes[i])) {
            return invalid("this is not a scope", "bad_scope", "/scopes/" + std::to_string(i));
        }
    }
    if (project) {
        asked.project = ProjectId::parse(*project);
        if (!asked.project) return invalid("this is not a project's id", "bad_id", "/project");
    }
    if (address) {
        asked.address = parse_address(*address);
        if (!asked.address) return invalid("this is not an address", "bad_address", "/ip");
    }
    return asked;
}

json::object negative(Verdict verdict) {
    return {{"valid", false},
            {"verdict", verify::verdict_name(verdict)},
            {"reason", verify::verdict_reason(verdict)}};
}

// Of a token that nobody knows here, or that is none of the asker's business.
json::object nameless(Verdict verdict) {
    auto answer = negative(verdict);
    for (const char* name : {"tokenId", "owner", "kind", "api", "expiresAt"}) {
        answer[name] = nullptr;
    }
    answer["scopes"] = json::array();
    answer["projects"] = json::array();
    return answer;
}

// An access token is for one project, or none; any other may be in several.
json::array projects_view(const verify::Replica::Reader& reader, const verify::TokenView& view) {
    json::array projects;
    if (view.access != nullptr) {
        if (view.access->project) projects.emplace_back(view.access->project->uuid());
        return projects;
    }
    for (const auto& project : reader.projects_of(view.token, kProjectsShown)) {
        projects.emplace_back(project.uuid());
    }
    return projects;
}

// What it may do where it was asked about: nothing in a project that it has no place in.
std::string scopes_there(const verify::TokenView& view, const std::optional<ProjectId>& asked) {
    const auto home = view.access != nullptr ? view.access->project : std::nullopt;
    const bool is_elsewhere = view.access != nullptr && asked && asked != home;
    const bool is_of_project = asked || home;
    std::string scopes;
    if (!is_elsewhere && (!is_of_project || view.grant)) verify::effective_scopes(view, scopes);
    return scopes;
}

// Which token it is, for a caller that may ask about its API.
void describe(const verify::Replica::Reader& reader, const verify::TokenView& view,
              const std::optional<ProjectId>& asked, json::object& answer) {
    answer["tokenId"] = view.token.uuid();
    answer["owner"] = view.owner.uuid();
    answer["kind"] = kind_name(static_cast<store::TokenKind>(view.kind));
    answer["api"] = view.api_slug;
    answer["expiresAt"] = time_view(end_of(view));
    answer["scopes"] = words_view(scopes_there(view, asked));
    answer["projects"] = projects_view(reader, view);
}

// Which API a verifier asks about when it names none: the only one it is bound to, else the
// default.
std::string asked_api(const Services& services, const Principal& caller, const Question& asked) {
    const auto apis = services.authority.directory().view();
    const auto* entry = asked.api.empty() && caller.verifies.size() == 1
                            ? apis->find(caller.verifies.front())
                            : apis->find(asked.api);
    return entry == nullptr ? std::string() : entry->api.slug;
}

// No budget: the asker is a verifier, who is shown what others forge.
ProofRequest proof_request(const Question& asked) {
    ProofRequest request;
    request.proof = asked.proof->text;
    request.method = asked.proof->method;
    request.url = asked.proof->url;
    request.token = sha256(asked.token.expose());
    return request;
}

Result<json::object> decide(Services& services, ReactorState& state, const Call& call,
                            const Question& asked) {
    const Principal& caller = call.principal;
    // A verifier is shown what others forge: no budget of its own, or they could use it up.
    const PresentedToken presented{asked.token.expose(), std::nullopt, asked.project};
    RecognisedToken found;
    const auto recognition = recognise(services, state, presented, found);
    CHECK(recognition != Recognition::kNotNow);
    if (recognition == Recognition::kMalformed) return nameless(Verdict::kMalformed);
    if (recognition != Recognition::kFound) return nameless(Verdict::kUnknown);
    const verify::TokenView& view = found.view;
    const std::string api = asked_api(services, caller, asked);
    if (api.empty()) return nameless(Verdict::kUnknown);
    // A token of an API that the caller is not bound to answers as an unknown one.
    const auto& bound = caller.verifies;
    if (std::find(bound.begin(), bound.end(), view.api) == bound.end()) {
        return nameless(Verdict::kUnknown);
    }
    const std::vector<std::string_view> scopes(asked.scopes.begin(), asked.scopes.end());
    verify::Requirement wanted;
    wanted.api_slug = api;
    wanted.scopes = scopes;
    wanted.project = asked.project;
    wanted.resource = asked.resource;
    wanted.address = asked.address;
    const Timestamp now = services.authority.clock().now();
    if (asked.proof) wanted.proof = verify::Proof::kInvalid;
    auto judged = verify::judge(view, wanted, now);
    CheckedProof checked;
    if (asked.proof && judged.verdict == Verdict::kProofInvalid) {
        checked = check_passed_proof(services, proof_request(asked), view);
        if (checked.could_not_tell) {
            return Error{ErrorCode::kUnavailable, "the proof could not be checked right now"};
        }
        wanted.proof = checked.proof;
        judged = verify::judge(view, wanted, now);
    }
    const auto used = count_use(services, view, judged.verdict);
    state.checks[static_cast<std::size_t>(used.verdict)].fetch_add(1);
    state.usage.record({.token = view.token,
                        .generation = view.generation,
                        .now = now,
                        .address = asked.address.value_or(Address{}),
                        .agent = {},
                        .verdict = used.verdict,
                        .scopes = verify::scopes_asked(wanted.scopes),
                        .is_being_replaced = view.secret_ends_at.has_value()});
    json::object answer{{"valid", true}, {"verdict", "active"}};
    if (used.verdict != Verdict::kActive) answer = negative(used.verdict);
    describe(*state.reader, view, asked.project, answer);
    if (used.verdict == Verdict::kActive) return answer;
    if (used.verdict == Verdict::kRateLimited) answer["retryAfter"] = used.rate.reset;
    if (judged.verdict == Verdict::kProofNeeded || judged.verdict == Verdict::kProofInvalid) {
        // For the challenge with which the verifier answers in turn.
        answer["dpopError"] = checked.error.empty() ? "invalid_token" : checked.error;
        answer["dpopNonce"] = fresh_nonce(services);
    }
    if (judged.verdict == Verdict::kInsufficientScope) {
        json::array missing;
        for (std::size_t i = 0; i < scopes.size(); ++i) {
            if ((judged.missing & (1U << i)) != 0) missing.emplace_back(asked.scopes[i]);
        }
        answer["missingScopes"] = std::move(missing);
    }
    return answer;
}

}  // namespace

Result<http::Response> post_token_verify(Call& call) {
    const store::VerificationScope no_queries;
    const auto asked = TRY(read_question(call));
    auto& services = call.services;
    ReactorState& state = *services.reactors[call.reactor];
    if (!services.authority.is_current()) {
        return Error{ErrorCode::kUnavailable, "verification is not current"};
    }
    // Read first: the verdict is then at least as new as the revision that the answer names.
    const auto position = services.authority.replica().position();
    const verify::ReadGuard guard(*state.reader);
    auto answer = TRY(decide(services, state, call, asked));
    answer["epoch"] = position.epoch;
    answer["revision"] = position.revision;
    return json_answer(200, answer);
}

}  // namespace latchkey::api
