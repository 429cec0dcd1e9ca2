// Policies of a project's principals, and the simulator.
#include "api/body.h"
#include "api/handlers.h"
#include "api/negotiation.h"
#include "api/problem.h"
#include "api/views.h"
#include "authority/grants.h"
#include "authority/simulate.h"

namespace latchkey::api {
namespace {

using authority::PrincipalName;
using authority::SimulationAnswer;

Result<PrincipalName> principal_of(const Call& call) {
    const auto kind = authority::principal_kind_named(call.parameters[1]);
    if (!kind) return authority::no_such_principal();
    return PrincipalName{call.parameters[0], *kind, call.parameters[2]};
}

// Without the "line 4, column 17: " that it begins with.
std::string_view without_place(std::string_view message) {
    const auto colon = message.find(": ");
    const bool has_place = message.starts_with("line ") && colon != std::string_view::npos;
    return has_place ? message.substr(colon + 2) : message;
}

// A policy that is refused says where, in the text that the client sent: as a pointer, a line and a
// column. `member` is where in the body the document stands, "" for the whole.
Result<http::Response> policy_problem(const Call& call, Error error, std::string_view member) {
    if (error.reason != "bad_policy") return error;
    const std::string why(without_place(error.message));
    const std::string pointer = std::string(member) + error.field;
    const auto place = locate(call.request().body, pointer);
    error.message = "line " + std::to_string(place.line) + ", column " +
                    std::to_string(place.column) + ": " + why;
    error.field.clear();
    auto response = problem(error, call.services.issuer(), call.request().request_id);
    json::value body = TRY(parse_json(response.body));
    json::object item;
    item["pointer"] = pointer;
    item["detail"] = why;
    item["line"] = place.line;
    item["column"] = place.column;
    body.as_object()["errors"] = json::array{std::move(item)};
    response.body = to_json(body);
    return response;
}

json::object statement_view(std::size_t index, const PolicyStatement& statement) {
    json::object view;
    view["index"] = index;
    view["effect"] = statement.effect == Effect::kAllow ? "Allow" : "Deny";
    view["action"] = texts_view(statement.actions);
    view["resource"] = texts_view(statement.resources);
    return view;
}

json::object answer_view(const SimulationAnswer& answer) {
    json::object view;
    view["allowed"] = answer.is_allowed;
    view["decision"] = authority::decision_name(answer.decision);
    if (answer.statement) {
        view["statement"] = statement_view(*answer.index, *answer.statement);
    } else {
        view["statement"] = nullptr;
    }
    json::array limits;
    for (const auto& limit : answer.limits) {
        limits.push_back(json::object{{"limit", limit.name}, {"allowed", limit.is_allowed}});
    }
    view["limits"] = std::move(limits);
    view["reason"] = answer.reason;
    return view;
}

// What a request to simulate says, and the texts that its views look into.
struct SimulateRequest {
    std::string kind;
    std::string principal;
    std::string action;
    std::string resource;
    std::optional<std::string> draft;
};

Result<SimulateRequest> read_simulate(Call& call) {
    auto body = TRY(Body::parse(call.request()));
    SimulateRequest wanted;
    wanted.kind = TRY(body.text("principalType"));
    wanted.principal = TRY(body.text("principalId"));
    wanted.action = TRY(body.text("action"));
    wanted.resource = TRY(body.optional_text("resource")).value_or("");
    const json::value* draft = body.value("policy");
    if (draft != nullptr && !draft->is_null()) wanted.draft = to_json(*draft);
    TRY(body.done());
    return wanted;
}

}  // namespace

Result<http::Response> get_policy(Call& call) {
    const auto name = TRY(principal_of(call));
    const auto policy = TRY(call.services.authority.store().query<Policy>(
        [&](store::Connection& db) { return authority::get_policy(db, call.actor(), name); }));
    return json_answer(200, to_json(policy));
}

Result<http::Response> put_policy(Call& call) {
    const auto name = TRY(principal_of(call));
    const auto text = TRY(json_text(call.request()));
    auto& authority = call.services.authority;
    const auto apis = authority.directory().view();
    std::optional<Policy> policy;
    auto written = authority.store().mutate([&](store::Transaction& tx) -> Status {
        if (call.request().find("If-Match")) {
            auto& db = tx.connection();
            const auto current = TRY(authority::get_policy(db, call.actor(), name));
            TRY(check_if_match(call.request(), to_json(json::value(to_json(current)))));
        }
        policy = TRY(authority::set_policy(tx, call.actor(), *apis, name, text));
        return {};
    });
    if (!written) return policy_problem(call, std::move(written).error(), "");
    return json_answer(200, to_json(*policy));
}

Result<http::Response> post_simulate(Call& call) {
    const auto asked = TRY(read_simulate(call));
    const auto kind = authority::principal_kind_named(asked.kind);
    if (!kind) {
        return invalid("principalType is token or user", "unknown_kind", "/principalType");
    }
    authority::Simulation wanted;
    wanted.principal = {call.parameters[0], *kind, asked.principal};
    wanted.action = asked.action;
    wanted.resource = asked.resource;
    if (asked.draft) wanted.draft = *asked.draft;
    auto& services = call.services;
    const auto apis = services.authority.directory().view();
    auto prepared =
        services.authority.store().query<authority::PreparedSimulation>([&](store::Connection& db) {
            return authority::prepare_simulation(db, call.actor(), *apis, wanted);
        });
    if (!prepared) return policy_problem(call, std::move(prepared).error(), "/policy");
    const std::lock_guard lock(services.worker_reader_mutex);
    const auto answer =
        authority::simulate(*prepared, *services.worker_reader, services.authority.clock().now());
    return json_answer(200, answer_view(answer));
}

}  // namespace latchkey::api
