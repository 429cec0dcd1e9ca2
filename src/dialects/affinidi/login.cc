// /api/auth, /api/session-id, /api/whoami: how the command line gets a session. It makes a key pair
// and waits for the browser on a port of its own; a person approves on our device page, with his
// password; the session's secret goes to that key alone, and once.
#include "api/body.h"
#include "api/logins.h"
#include "api/oauth_grants.h"
#include "api/views.h"
#include "authority/device_login.h"
#include "authority/principals.h"
#include "base/encoding.h"
#include "base/log.h"
#include "crypto/jwe.h"
#include "crypto/key_upload.h"
#include "dialects/affinidi/affinidi_edge.h"
#include "dialects/affinidi/handlers.h"
#include "dialects/affinidi/views.h"
#include "store/tables.h"

namespace latchkey::dialects::affinidi {
namespace {

constexpr std::string_view kClient = "affinidi-cli";
// Where it waits for the browser, whatever machine it is on: the person's own.
constexpr std::string_view kCallback = "http://127.0.0.1:64287/callback";
constexpr std::string_view kFirstProject = "Default Project";

Error bad_key(std::string why) {
    return invalid(std::move(why), "bad_pem", "/publicKey");
}

Result<PublicKey> read_recipient(const std::string& pem) {
    auto keys = read_public_keys(json::value(pem), Algorithm::kRs256);
    if (!keys) return bad_key(keys.error().message);
    if (keys->size() != 1 || keys->front().algorithm() != Algorithm::kRs256) {
        return bad_key("it must be one RSA key");
    }
    return std::move(keys->front());
}

// As the session that was just made acts.
authority::Actor actor_of(api::Services& services, const UserId& user) {
    authority::Actor actor;
    actor.user = user;
    const std::lock_guard lock(services.worker_reader_mutex);
    const verify::ReadGuard guard(*services.worker_reader);
    const bool is_known = services.worker_reader->find_user_patterns(
        user, authority::kManagementApi, actor.permissions);
    if (!is_known) actor.permissions.clear();
    return actor;
}

// The command line asks for the active project right after the login and fails without one, so that
// who has none yet gets one, as he does there.
Status make_first_project(api::Services& services, const UserId& user) {
    auto& authority = services.authority;
    const auto actor = actor_of(services, user);
    if (!actor.may("project:write")) return {};
    store::ProjectQuery own;
    own.member = user;
    own.limit = 1;
    const auto apis = authority.directory().view();
    return authority.store().mutate([&](store::Transaction& tx) -> Status {
        const auto projects = TRY(store::list_projects(tx.connection(), own));
        if (!projects.empty()) return {};
        authority::CreateProject wanted;
        wanted.name = kFirstProject;
        TRY(authority::create_project(tx, actor, *apis, wanted));
        return {};
    });
}

// What a device hears as OAuth's errors, in the words of this dialect.
Error not_yet(const Error& error) {
    if (error.code != ErrorCode::kInvalidArgument) return error;
    if (error.reason == "slow_down") {
        Error limited{ErrorCode::kRateLimited, error.message};
        limited.retry_after_seconds = authority::kDevicePollSeconds;
        return limited;
    }
    return Error{ErrorCode::kUnauthenticated, error.message};
}

json::object brief(const authority::ProjectView& view) {
    return {{"id", view.project.id.uuid()}, {"name", view.project.name}};
}

}  // namespace

Result<http::Response> post_auth_url(Call& call) {
    // A page that got here (its host's name may lead to this machine) would ask for a login in the
    // person's own address, and with a key of its own. Who begins too many has no key looked at;
    // one that cannot be taken begins none.
    TRY(api::check_login_start(call, api::login_of(call)));
    auto body = TRY(api::Body::parse(call.request()));
    const auto pem = TRY(body.text("publicKey"));
    auto recipient = TRY(read_recipient(pem));
    auto started = TRY(api::start_device_login(call, kClient, kCallback));
    const auto state =
        edge_of(call).logins().add(std::move(recipient), std::move(started.device_code),
                                   call.services.authority.clock().steady());
    // The state is good for nothing to who finds it in a history: what it gets is encrypted.
    const std::string url =
        call.services.issuer() + "/device?user_code=" + started.user_code + "&state=" + state;
    return api::json_answer(200, json::object{{"authUrl", url}});
}

Result<http::Response> get_session_id(Call& call) {
    TRY(api::check_no_page(call.request()));
    auto& services = call.services;
    auto& logins = edge_of(call).logins();
    const std::string state = call.query.get("state");
    const auto waiting = logins.find(state, services.authority.clock().steady());
    if (!waiting) {
        return Error{ErrorCode::kNotFound, "no login waits under this state"}.with_reason(
            "unknown_device_code");
    }
    auto made =
        authority::finish_device_login(services.authority, services.device_gate.polls,
                                       waiting->device_code.expose(), api::login_of(call), kClient);
    if (!made) return not_yet(made.error());
    logins.remove(state);
    // He has his session, and may make one himself.
    const auto project = make_first_project(services, made->user.id);
    if (!project) {
        log::warning("no first project could be made for somebody who logged in",
                     {{"user", made->user.id.uuid()}, {"why", project.error().message}});
    }
    const std::string jwe = encrypt_jwe(waiting->recipient, made->secret);
    return api::json_answer(200, json::object{{"sessionId", base64_encode(jwe)}});
}

// Who has no session is logged out: the command line forgets its own only when it hears so.
Result<http::Response> post_logout(Call& call) {
    auto& authority = call.services.authority;
    const auto credential = credential_of(call.request());
    const auto session =
        credential ? authority.sessions().find(sha256(credential->text), authority.clock().now())
                   : std::nullopt;
    if (session) TRY(authority::close_session(authority, session->id));
    return api::json_answer(200, json::object{});
}

Result<http::Response> get_session_whoami(Call& call) {
    const auto view = TRY(call.services.authority.store().query<json::object>(
        [&](store::Connection& db) -> Result<json::object> {
            const auto user = TRY(store::find_user(db, call.actor().user));
            if (!user) return Error{ErrorCode::kUnauthenticated, "the session has ended"};
            json::object found;
            found["principalId"] = "user/" + user->id.uuid();
            found["principalType"] = "user";
            found["userId"] = user->id.uuid();
            found["email"] = user->login;
            found["name"] = user->name;
            json::array projects;
            for (const auto& project :
                 TRY(authority::list_projects(db, call.actor(), std::nullopt, 200))) {
                projects.push_back(brief(project));
            }
            found["projects"] = std::move(projects);
            const auto active = project_of_request(call, db);
            if (active) found["activeProject"] = brief(*active);
            if (call.principal.session) {
                found["sessionExpiresAt"] = format_rfc3339(call.principal.session->expires_at);
            }
            return found;
        }));
    return api::json_answer(200, view);
}

}  // namespace latchkey::dialects::affinidi
