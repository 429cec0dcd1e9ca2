#include "authority/active_project.h"

#include "store/active_projects.h"

namespace latchkey::authority {

Result<ProjectView> get_active_project(store::Connection& db, const Actor& actor,
                                       const std::optional<SessionId>& session) {
    TRY(actor.require("project:read"));
    auto chosen = std::optional<ProjectId>();
    if (session) chosen = TRY(store::find_active_project(db, *session));
    if (chosen) {
        auto found = get_project(db, actor, chosen->uuid());
        // Deleted, or he left it: he goes on in another one.
        if (found || found.error().code != ErrorCode::kNotFound) return found;
    }
    store::ProjectQuery own;
    own.member = actor.user;
    own.limit = 1;
    const auto first = TRY(store::list_projects(db, own));
    if (first.empty()) return no_such_project();
    return get_project(db, actor, first.front().id.uuid());
}

Result<ProjectView> choose_active_project(store::Transaction& tx, const Actor& actor,
                                          const SessionId& session, std::string_view project) {
    auto& db = tx.connection();
    TRY(require_still_active(db, actor, tx.now()));
    auto view = TRY(get_project(db, actor, project));
    TRY(store::put_active_project(db, session, view.project.id));
    return view;
}

}  // namespace latchkey::authority
