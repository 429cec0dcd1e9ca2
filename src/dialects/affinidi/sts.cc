// From a signed assertion to a token of one project, in the two steps that the TDK makes of it: the
// token endpoint says who somebody is, and with that he asks for the project.
#include "api/body.h"
#include "api/oauth_answers.h"
#include "api/oauth_grants.h"
#include "api/problem.h"
#include "authority/exchange_assertion.h"
#include "authority/identity_token.h"
#include "authority/principals.h"
#include "base/encoding.h"
#include "base/log.h"
#include "dialects/affinidi/affinidi_edge.h"
#include "dialects/affinidi/handlers.h"
#include "dialects/affinidi/views.h"

namespace latchkey::dialects::affinidi {
namespace {

// JSON, as most of their clients send it, or a form, as the Java one does.
Result<std::string> read_project(const Call& call) {
    const auto type = call.request().find("Content-Type").value_or("");
    if (!type.starts_with("application/x-www-form-urlencoded")) {
        auto body = TRY(api::Body::parse(call.request()));
        return body.text("projectId");
    }
    const auto form = TRY(api::Form::parse(call.request()));
    if (const auto id = form.get("projectId")) return *id;
    return invalid("it is missing", "missing_member", "/projectId");
}

json::object scoped_token(const AccessClaims& claims, const std::string& token) {
    return {{"accessToken", token},
            {"expiresIn", claims.expires_at.seconds() - claims.issued_at.seconds()},
            {"scope", claims.scopes.to_text()}};
}

void record_use(const Call& call, const TokenId& token) {
    auto& services = call.services;
    services.reactors[call.reactor]->usage.record(
        {.token = token,
         .now = services.authority.clock().now(),
         .address = api::client_address(services, call.request()),
         .agent = call.request().find("User-Agent").value_or("")});
}

Result<http::Response> scope_identity(Call& call, std::string_view identity,
                                      const ProjectId& project) {
    auto& services = call.services;
    auto& authority = services.authority;
    if (!authority.is_current()) {
        return Error{ErrorCode::kUnavailable, "verification is not current"};
    }
    authority::AccessRequest asked;
    asked.project = project;
    asked.address = api::client_address(services, call.request());
    auto& reader = *services.reactors[call.reactor]->reader;
    const auto client = TRY(authority::open_identity(authority, reader, identity, asked.address));
    const auto decided = authority::decide_access_again(authority, reader, client, asked);
    if (!decided) {
        log::info("a project's token was refused",
                  {{"requestId", std::string(call.request().request_id)},
                   {"why", decided.error().detail}});
        return decided.error();
    }
    const auto token = TRY(authority::sign_access(authority, *decided));
    record_use(call, client.token);
    return api::json_answer(200, scoped_token(decided->claims, token));
}

// Any other token that somebody holds, by the use case of our own token exchange.
Result<http::Response> exchange(Call& call, std::string_view subject, const ProjectId& project) {
    const std::string text =
        "subject_token=" + percent_encode(subject) +
        "&subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token&project_id=" +
        project.uuid();
    const auto form = TRY(api::Form::parse(text));
    auto answer = api::token_exchange(call, form);
    if (!answer && answer.error().reason == "invalid_request") {
        return api::invalid_token("the token is not valid");
    }
    const auto response = TRY(std::move(answer));
    const auto made = TRY(parse_json(response.body));
    const auto& object = made.as_object();
    json::object dto;
    dto["accessToken"] = object.at("access_token");
    dto["expiresIn"] = object.at("expires_in");
    dto["scope"] = object.at("scope");
    return api::json_answer(200, dto);
}

}  // namespace

void post_token_endpoint(const CallPtr& call) {
    auto form = api::read_form(call->request());
    if (!form) return api::refuse(call, std::move(form).error());
    if (form->get("grant_type") != "client_credentials") {
        return api::refuse(
            call, invalid("The grant type is client_credentials.", "unsupported_grant_type"));
    }
    api::AssertionTerms terms;
    terms.for_identity = true;
    for (const auto& url : call->edge.urls()) {
        terms.audiences.push_back(url + std::string(kTokenEndpoint));
    }
    api::client_credentials(call, std::move(*form), std::move(terms));
}

Result<http::Response> post_project_scoped_token(Call& call) {
    const auto credential = credential_of(call.request());
    if (!credential || credential->is_cookie) return api::missing_credential();
    const auto id = TRY(read_project(call));
    const auto project = ProjectId::parse(id);
    if (!project) return invalid("it is no id", "bad_id", "/projectId");
    if (authority::is_identity_token(credential->text)) {
        return scope_identity(call, credential->text, *project);
    }
    return exchange(call, credential->text, *project);
}

Result<http::Response> get_whoami(Call& call) {
    const bool is_token = call.principal.token.has_value();
    json::object view;
    view["principalId"] =
        is_token ? "token/" + call.principal.token->uuid() : "user/" + call.actor().user.uuid();
    view["principalType"] = is_token ? "token" : "user";
    return api::json_answer(200, view);
}

}  // namespace latchkey::dialects::affinidi
