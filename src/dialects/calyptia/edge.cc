#include "dialects/calyptia/edge.h"

#include "api/presented_token.h"
#include "api/problem.h"
#include "dialects/calyptia/errors.h"
#include "dialects/calyptia/permissions.h"
#include "dialects/calyptia/routes.h"
#include "token/opaque.h"

namespace latchkey::dialects {
namespace calyptia {
namespace {

constexpr std::string_view kProjectTokenField = "X-Project-Token";

// The judge's word about one right of a project token in its own project.
bool is_allowed(api::Services& services, api::ReactorState& state, const http::Request& request,
                const Digest& facts, std::string_view right) {
    const verify::ReadGuard guard(*state.reader);
    verify::TokenView view;
    if (!state.reader->find(facts, view)) return false;
    verify::Requirement wanted;
    wanted.api_slug = view.api_slug;
    wanted.scopes = std::span(&right, 1);
    // The user that it acts for has the id of its project.
    wanted.project = ProjectId{view.owner.bytes};
    state.reader->find_grant(*wanted.project, view);
    wanted.address = api::client_address(services, request);
    const Timestamp now = services.authority.clock().now();
    if (verify::judge(view, wanted, now).verdict != verify::Verdict::kActive) return false;
    state.usage.record_scope(view.token, view.generation, now, right);
    return true;
}

// A project token is of a provider's API and manages nothing by itself. Here it may do what its
// permissions say to a few routes, and gets the one permission that the route demands; everywhere
// else it has none, and the gate refuses it.
Result<api::Principal> project_principal(api::Services& services, std::size_t reactor,
                                         const http::Request& request, std::string_view text) {
    auto principal = TRY(api::authenticate_credential(services, reactor, request, {text}));
    const auto found = api::match(calyptia::routes(), request.method, request.path);
    const auto right = found.route == nullptr ? "" : right_of_project_token(*found.route);
    if (!right.empty() &&
        is_allowed(services, *services.reactors[reactor], request, principal.token_facts, right)) {
        principal.actor.permissions = {std::string(found.route->permission.scope_name())};
    }
    principal.token.reset();  // its use for this right is recorded already
    return principal;
}

class CalyptiaEdge final : public api::Edge {
public:
    explicit CalyptiaEdge(std::vector<std::string> urls) : Edge(std::move(urls)) {}
    [[nodiscard]] std::span<const api::Route> routes() const override { return calyptia::routes(); }

    [[nodiscard]] Result<api::Principal> authenticate(
        api::Services& services, std::size_t reactor, const http::Request& request,
        api::CookieRule /*none here*/) const override {
        const auto tokens = request.count(kProjectTokenField);
        // Two credentials are refused, for which of them counts is a question of who reads first.
        if (tokens > 1 || (tokens == 1 && request.find("Authorization"))) {
            return Error{ErrorCode::kInvalidArgument, "more than one credential"};
        }
        std::string decoded;
        if (tokens == 1) {
            const auto text = request.find(kProjectTokenField).value_or("");
            if (shape_of(text) != TokenShape::kTwoPart) {
                return api::invalid_token("this is no project token");
            }
            return project_principal(services, reactor, request, text);
        }
        const auto presented = TRY(api::presented_credential(request, decoded));
        // Its documentation says Bearer for every credential.
        if (shape_of(presented.text) == TokenShape::kTwoPart && !presented.is_dpop) {
            return project_principal(services, reactor, request, presented.text);
        }
        return api::authenticate_credential(services, reactor, request, presented);
    }

    [[nodiscard]] http::Response error(const api::Services& services, const http::Request& request,
                                       const Error& error) const override {
        auto response = error_answer(error, request);
        if (response.status == 401) {
            response.fields.emplace_back("WWW-Authenticate",
                                         api::challenge(error, services.issuer()));
        }
        return response;
    }

    [[nodiscard]] http::Response refusal(const api::Services& /*unused*/, int status,
                                         std::string_view why,
                                         std::string_view /*request_id*/) const override {
        return error_answer(status, why);
    }
};

}  // namespace
}  // namespace calyptia

std::unique_ptr<api::Edge> make_calyptia(api::Services& /*services*/,
                                         std::vector<std::string> urls) {
    return std::make_unique<calyptia::CalyptiaEdge>(std::move(urls));
}

}  // namespace latchkey::dialects
