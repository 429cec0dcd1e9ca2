#include "authority/users.h"

#include <algorithm>

#include "authority/bootstrap.h"
#include "authority/facts_of_records.h"
#include "authority/passwords.h"
#include "authority/roles.h"
#include "crypto/random.h"
#include "store/factors.h"
#include "token/names.h"

namespace latchkey::authority {
namespace {

Result<std::vector<RoleId>> roles_by_name(store::Connection& db,
                                          const std::vector<std::string>& names) {
    const auto known = TRY(store::list_roles(db));
    std::vector<RoleId> ids;
    for (const auto& name : names) {
        const auto found = std::find_if(known.begin(), known.end(),
                                        [&](const auto& role) { return role.name == name; });
        if (found == known.end()) {
            std::string all;
            for (const auto& role : known) {
                all += (all.empty() ? "" : ", ") + role.name;
            }
            return invalid("there is no role " + name.substr(0, 100), "unknown_role", "/roles")
                .with_hint("roles: " + all);
        }
        ids.push_back(found->id);
    }
    return ids;
}

Result<std::vector<ApiId>> apis_by_name(const DirectoryView& apis,
                                        const std::vector<std::string>& names) {
    std::vector<ApiId> ids;
    for (const auto& name : names) {
        const auto* entry = name.empty() ? nullptr : apis.find(name);
        if (entry == nullptr) {
            return invalid("there is no API " + name.substr(0, 100), "unknown_api", "/verifies");
        }
        ids.push_back(entry->api.id);
    }
    return ids;
}

// What the user has already is no gift.
std::vector<RoleId> added_roles(const std::vector<RoleId>& roles,
                                const std::vector<RoleId>& before) {
    std::vector<RoleId> added;
    for (const auto& role : roles) {
        if (std::find(before.begin(), before.end(), role) == before.end()) added.push_back(role);
    }
    return added;
}

// Nobody hands out a role that allows what he himself may not do.
Status check_may_assign(store::Connection& db, const Actor& actor,
                        const std::vector<RoleId>& added) {
    const bool gives_all =
        std::find(added.begin(), added.end(), built_in_role("administrator")) != added.end();
    if (gives_all) TRY(actor.require("*"));
    const auto rights = TRY(rights_of_roles(db, added));
    return check_may_give(db, actor, rights);
}

Status check_may_verify(store::UserKind kind, const std::vector<std::string>& verifies) {
    if (kind == store::UserKind::kMachine || verifies.empty()) return {};
    return invalid("only a machine user verifies tokens of APIs", "not_a_machine", "/verifies");
}

// Whoever verifies tokens of an API sees which of them are good. A token names no API for a
// verifier that its own owner is not bound to already; what the user verifies already is no gift.
Status check_may_bind(store::Connection& db, const Actor& actor, const std::vector<ApiId>& verifies,
                      const std::vector<ApiId>& before) {
    if (!actor.token || actor.may("*")) return {};
    const auto self = TRY(store::find_user(db, actor.user));
    for (const auto& api : verifies) {
        const auto has = [&](const std::vector<ApiId>& bound) {
            return std::find(bound.begin(), bound.end(), api) != bound.end();
        };
        if (has(before) || (self && has(self->verifies))) continue;
        return Error{ErrorCode::kPermissionDenied,
                     "a token binds verifiers only to APIs that its own owner verifies"}
            .with_reason("insufficient_scope")
            .with_field("/verifies")
            .with_hint("log in to bind a verifier to another API")
            .with_scopes({"*"});
    }
    return {};
}

bool is_administrator(const store::UserRecord& user) {
    return std::find(user.roles.begin(), user.roles.end(), built_in_role("administrator")) !=
           user.roles.end();
}

// People only: a machine cannot log in and let somebody back in.
bool is_active_administrator(const store::UserRecord& user) {
    return user.kind == store::UserKind::kHuman && user.state == store::UserState::kActive &&
           is_administrator(user);
}

// A person logs in: a token that made one, raised one or let one in again would come by a session
// that does as much. Machines hold nothing but tokens.
Status require_session_for(const store::UserRecord& user, const Actor& actor) {
    return user.kind == store::UserKind::kHuman ? actor.require_session() : Status{};
}

// Whoever made a link may have kept it. What somebody else gives its user is not for him.
Status end_link_of_others(store::Connection& db, const Actor& actor, store::UserRecord& user) {
    const auto invite = TRY(store::find_invite_of(db, user.id));
    if (!invite || invite->made_by == actor.user) return {};
    user.invited_until.reset();
    return store::delete_invite(db, user.id);
}

Status change_roles(store::Connection& db, const Actor& actor, store::UserRecord& user,
                    const std::vector<std::string>& names) {
    auto roles = TRY(roles_by_name(db, names));
    const auto added = added_roles(roles, user.roles);
    TRY(check_may_assign(db, actor, added));
    if (!added.empty()) TRY(require_session_for(user, actor));
    if (actor.token) TRY(actor.require("*"));
    user.roles = std::move(roles);
    return added.empty() ? Status{} : end_link_of_others(db, actor, user);
}

Status change_state(store::Connection& db, const Actor& actor, store::UserRecord& user,
                    store::UserState state) {
    if (user.id == actor.user && state == store::UserState::kDisabled) {
        return Error{ErrorCode::kConflict, "nobody can disable himself"}.with_reason("own_account");
    }
    const bool is_enabled =
        user.state == store::UserState::kDisabled && state == store::UserState::kActive;
    user.state = state;
    if (!is_enabled) return {};
    // Letting somebody act again gives him all that his roles allow.
    TRY(require_session_for(user, actor));
    return check_may_give(db, actor, TRY(rights_of_roles(db, user.roles)));
}

// Without an administrator nobody could ever make one again.
Status check_not_last_administrator(store::Connection& db, const store::UserRecord& leaving) {
    std::optional<UserId> after;
    while (true) {
        const auto users = TRY(store::list_users(db, after, 200));
        for (const auto& user : users) {
            if (user.id != leaving.id && is_active_administrator(user)) return {};
            after = user.id;
        }
        if (users.size() < 200) break;
    }
    return Error{ErrorCode::kConflict, "this is the last active administrator"}
        .with_reason("last_administrator")
        .with_hint("make another user an administrator first");
}

Result<store::UserRecord> insert(store::Transaction& tx, store::UserRecord user) {
    user.id = new_id<UserId>(tx.now());
    user.created_at = tx.now();
    user.updated_at = tx.now();
    if (TRY(store::find_user_by_login(tx.connection(), user.login))) {
        return Error{ErrorCode::kConflict, "there is already a user " + user.login}.with_reason(
            "user_exists");
    }
    TRY(store::insert_user(tx.connection(), user));
    return user;
}

// The project that every installation begins with has no member until there is a user.
Result<json::array> own_first_project(store::Transaction& tx, const UserId& user) {
    store::ProjectQuery first;
    first.limit = 1;
    const auto projects = TRY(store::list_projects(tx.connection(), first));
    if (projects.empty()) return json::array();
    store::MembershipRecord owner;
    owner.project = projects.front().id;
    owner.user = user;
    owner.role = store::ProjectRole::kOwner;
    owner.created_at = tx.now();
    TRY(store::put_membership(tx.connection(), owner));
    json::array facts;
    facts.push_back(verify::to_json(fact_of(owner)));
    return facts;
}

store::UserRecord record_of(const CreateUser& wanted) {
    store::UserRecord user;
    user.kind = wanted.kind;
    const bool is_human = wanted.kind == store::UserKind::kHuman;
    user.login = is_human ? normalise_login(wanted.email) : normalise_login(wanted.name);
    user.name = is_human && wanted.name.empty() ? user.login : wanted.name;
    user.password_hash = wanted.password_hash;
    return user;
}

}  // namespace

Status append_user_event(store::Transaction& tx, std::string_view type, const std::string& actor,
                         const store::UserRecord& user, json::array more_facts) {
    more_facts.insert(more_facts.begin(), verify::to_json(fact_of(user)));
    store::EventDraft event;
    event.type = type;
    event.actor = actor;
    event.owner = user.id;
    event.data = json::object{{"facts", std::move(more_facts)}, {"name", user.name}};
    TRY(tx.append_event(std::move(event)));
    return {};
}

Status check_new_user(const CreateUser& wanted) {
    if (wanted.kind == store::UserKind::kMachine) return check_name(wanted.name);
    TRY(check_email(normalise_login(wanted.email)));
    return wanted.name.empty() ? Status{} : check_name(wanted.name);
}

Result<store::UserRecord> create_user(store::Transaction& tx, const Actor& actor,
                                      const DirectoryView& apis, const CreateUser& wanted) {
    TRY(actor.require("user:write"));
    TRY(require_still_active(tx.connection(), actor, tx.now()));
    TRY(check_new_user(wanted));
    const bool is_machine = wanted.kind == store::UserKind::kMachine;
    auto user = record_of(wanted);
    TRY(require_session_for(user, actor));
    TRY(check_may_verify(wanted.kind, wanted.verifies));
    auto roles = wanted.roles;
    if (roles.empty()) roles.emplace_back(is_machine ? "verifier" : "member");
    user.roles = TRY(roles_by_name(tx.connection(), roles));
    TRY(check_may_assign(tx.connection(), actor, user.roles));
    user.verifies = TRY(apis_by_name(apis, wanted.verifies));
    TRY(check_may_bind(tx.connection(), actor, user.verifies, {}));
    user = TRY(insert(tx, std::move(user)));
    TRY(append_user_event(tx, "user.created", actor.text(), user));
    return user;
}

Result<store::UserRecord> create_first_administrator(store::Transaction& tx,
                                                     const CreateUser& wanted) {
    TRY(check_new_user(wanted));
    if (TRY(store::count_users(tx.connection())) > 0) {
        return Error{ErrorCode::kConflict, "this installation is already set up"}
            .with_reason("already_set_up")
            .with_hint("log in instead");
    }
    auto user = record_of(wanted);
    user.roles = {built_in_role("administrator")};
    user = TRY(insert(tx, std::move(user)));
    auto facts = TRY(own_first_project(tx, user.id));
    TRY(append_user_event(tx, "user.created", "system", user, std::move(facts)));
    return user;
}

Result<store::UserRecord> edit_user(store::Transaction& tx, const Actor& actor,
                                    const DirectoryView& apis, std::string_view id,
                                    const EditUser& edit) {
    TRY(actor.require("user:write"));
    TRY(require_still_active(tx.connection(), actor, tx.now()));
    const auto parsed = UserId::parse(id);
    if (!parsed) return TRY(get_user(tx.connection(), UserId{}));
    auto user = TRY(get_user(tx.connection(), *parsed));
    const store::UserRecord before = user;
    // Nobody demotes or disables who may do more than he himself.
    if (is_administrator(before)) TRY(actor.require("*"));
    if (edit.name) {
        TRY(check_name(*edit.name));
        user.name = *edit.name;
    }
    if (edit.state) TRY(change_state(tx.connection(), actor, user, *edit.state));
    if (edit.roles) TRY(change_roles(tx.connection(), actor, user, *edit.roles));
    if (edit.verifies) {
        TRY(check_may_verify(user.kind, *edit.verifies));
        user.verifies = TRY(apis_by_name(apis, *edit.verifies));
        TRY(check_may_bind(tx.connection(), actor, user.verifies, before.verifies));
    }
    if (is_active_administrator(before) && !is_active_administrator(user)) {
        TRY(check_not_last_administrator(tx.connection(), before));
    }
    user.updated_at = tx.now();
    TRY(store::update_user(tx.connection(), user));
    const bool is_disabled = user.state == store::UserState::kDisabled;
    if (is_disabled) {
        TRY(store::delete_sessions_of(tx.connection(), user.id));
        TRY(store::delete_invite(tx.connection(), user.id));
        user.invited_until.reset();
    }
    const std::string_view type = user.state == before.state ? "user.updated"
                                  : is_disabled              ? "user.disabled"
                                                             : "user.enabled";
    TRY(append_user_event(tx, type, actor.text(), user));
    return user;
}

Result<store::UserRecord> get_user(store::Connection& db, const UserId& id) {
    auto user = TRY(store::find_user(db, id));
    if (!user || user->kind == store::UserKind::kProject)
        return Error{ErrorCode::kNotFound, "there is no such user"}.with_reason("unknown_user");
    return std::move(*user);
}

Result<store::UserRecord> person_to_look_after(store::Transaction& tx, const Actor& actor,
                                               std::string_view id) {
    TRY(actor.require("user:write"));
    TRY(require_still_active(tx.connection(), actor, tx.now()));
    auto user = TRY(get_user(tx.connection(), UserId::parse(id).value_or(UserId{})));
    if (user.kind != store::UserKind::kHuman) {
        return invalid("a machine does not log in", "not_a_person")
            .with_hint("create a token for it instead");
    }
    if (is_administrator(user)) TRY(actor.require("*"));
    TRY(actor.require_session());
    const auto rights = TRY(rights_of_roles(tx.connection(), user.roles));
    TRY(check_may_give(tx.connection(), actor, rights));
    return user;
}

Status replace_password(store::Transaction& tx, const std::string& actor, store::UserRecord& user,
                        const std::string& hash) {
    user.password_hash = hash;
    user.updated_at = tx.now();
    TRY(store::update_user(tx.connection(), user));
    TRY(store::delete_sessions_of(tx.connection(), user.id));
    TRY(store::delete_invite(tx.connection(), user.id));
    return append_user_event(tx, "user.password_changed", actor, user);
}

}  // namespace latchkey::authority
