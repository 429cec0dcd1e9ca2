// What an operator may do through the Unix socket in the data directory: the connection checked
// that the peer is the server's own user or root.
#include <array>

#include <sys/stat.h>

#include "api/body.h"
#include "api/handlers.h"
#include "api/views.h"
#include "authority/key_ring.h"
#include "authority/setup.h"

namespace latchkey::api {

Result<http::Response> post_backup(Call& call) {
    auto body = TRY(Body::parse(call.request()));
    const std::string path = TRY(body.text("path"));
    TRY(body.done());
    if (path.empty() || path.front() != '/') {
        return invalid("the path of a backup must be absolute", "bad_path_argument", "/path");
    }
    auto& store = call.services.authority.store();
    TRY(store.backup_to(path));
    struct stat facts {};
    if (::stat(path.c_str(), &facts) != 0) {
        return Error{ErrorCode::kInternal, "the backup is not there", path};
    }
    const auto position = call.services.authority.replica().position();
    return json_answer(200, json::object{{"path", path},
                                         {"epoch", position.epoch},
                                         {"revision", position.revision},
                                         {"bytes", std::int64_t{facts.st_size}}});
}

Result<http::Response> post_local_rotate_keys(Call& call) {
    auto rotated = TRY(post_signing_keys_rotate(call));
    rotated.body = "{\"keys\":" + rotated.body + "}";
    return rotated;
}

Result<http::Response> post_local_check(Call& call) {
    const std::string report = TRY(call.services.authority.store().check_integrity());
    return json_answer(200, json::object{{"ok", true}, {"report", report}});
}

Result<http::Response> post_local_create_user(Call& call) {
    auto body = TRY(Body::parse(call.request()));
    authority::CreateUser wanted;
    wanted.email = TRY(body.text("email"));
    const Secret password(TRY(body.text("password")));
    wanted.name = TRY(body.optional_text("name")).value_or("");
    wanted.roles = TRY(body.optional_texts("roles")).value_or(std::vector<std::string>());
    TRY(body.done());
    auto& authority = call.services.authority;
    const auto user = TRY(
        authority::create_user_with_password(authority, call.actor(), std::move(wanted), password));
    const auto roles =
        TRY(authority.store().query<std::vector<store::RoleRecord>>(store::list_roles));
    return json_answer(201, user_view(user, roles, *authority.directory().view()));
}

std::span<const Route> local_routes() {
    using http::Method;
    static constexpr Permission kOperator = Permission::local_operator();
    static const std::array kRoutes = {
        Route{Method::kPost, "/admin/backup", kOperator, Work::on_worker(post_backup)},
        Route{Method::kPost, "/admin/rotate-keys", kOperator,
              Work::on_worker(post_local_rotate_keys)},
        Route{Method::kPost, "/admin/check", kOperator, Work::on_worker(post_local_check)},
        Route{Method::kPost, "/admin/create-user", kOperator,
              Work::on_passwords(post_local_create_user)},
    };
    return kRoutes;
}

}  // namespace latchkey::api
