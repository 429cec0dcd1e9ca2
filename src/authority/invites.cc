#include "authority/invites.h"

#include "authority/passwords.h"
#include "authority/rights.h"
#include "crypto/password.h"
#include "store/factors.h"
#include "token/names.h"
#include "token/opaque.h"

namespace latchkey::authority {
namespace {

constexpr std::string_view kInvitePrefix = "lki";

Error bad_invite() {
    return Error{
        ErrorCode::kPermissionDenied,
        "this invitation was used or withdrawn, is too old, or its user was given more since"}
        .with_reason("bad_invite")
        .with_hint("ask an administrator for a new link");
}

Status put_link(store::Transaction& tx, const Actor& actor, store::UserRecord& user,
                const Secret& code) {
    store::InviteRecord invite;
    invite.user = user.id;
    if (!actor.is_system) invite.made_by = actor.user;
    invite.digest = sha256(code.expose());
    invite.created_at = tx.now();
    invite.expires_at = tx.now() + kInviteLife;
    user.invited_until = invite.expires_at;
    return store::put_invite(tx.connection(), invite);
}

// Who was given something before he ever came: places in projects, policies, tokens made for him.
Result<bool> has_possessions(store::Connection& db, const UserId& user) {
    store::ProjectQuery projects;
    projects.member = user;
    projects.limit = 1;
    if (!TRY(store::list_projects(db, projects)).empty()) return true;
    if (!TRY(store::grants_of(db, store::PrincipalKind::kUser, user.bytes)).empty()) return true;
    store::TokenQuery tokens;
    tokens.owner = user;
    tokens.limit = 1;
    return !TRY(store::list_tokens(db, tokens)).empty();
}

// Somebody who has been here owns tokens and has places in projects, which no role tells of.
Result<bool> is_somebody(store::Connection& db, const store::UserRecord& user) {
    if (!user.password_hash.empty()) return true;
    return has_possessions(db, user.id);
}

// Whoever made the link may have kept it: what its user was given since, by a role or by being
// given things, he gets only if he could have made the link today.
Result<bool> could_make(store::Connection& db, const UserId& maker, const store::UserRecord& user) {
    const auto rights = TRY(rights_of_user(db, maker));
    const auto own = rights_at(rights, kManagementApi);
    if (covers(own, "*")) return true;
    const bool needs_all = TRY(is_somebody(db, user));
    if (needs_all || !covers(own, "user:write")) return false;
    return beyond(TRY(rights_of_roles(db, user.roles)), rights).empty();
}

// Whose link it is, if it still works.
Result<store::UserRecord> invited(store::Connection& db, std::string_view code, Timestamp now) {
    const auto invite = TRY(store::find_invite(db, sha256(code)));
    if (!invite || invite->expires_at <= now) return bad_invite();
    auto user = TRY(store::find_user(db, invite->user));
    if (!user || user->state != store::UserState::kActive) return bad_invite();
    const bool is_good = !invite->made_by || TRY(could_make(db, *invite->made_by, *user));
    if (!is_good) return bad_invite();
    return std::move(*user);
}

Result<store::UserRecord> user_to_invite(store::Transaction& tx, const Actor& actor,
                                         std::string_view id) {
    auto user = TRY(person_to_look_after(tx, actor, id));
    const bool needs_all = TRY(is_somebody(tx.connection(), user));
    if (needs_all) TRY(actor.require("*"));
    if (user.state == store::UserState::kActive) return user;
    return Error{ErrorCode::kConflict, "this user is disabled"}
        .with_reason("user_disabled")
        .with_hint("enable the user first");
}

}  // namespace

Result<Invited> invite_new_user(Authority& authority, const Actor& actor,
                                const CreateUser& wanted) {
    const auto apis = authority.directory().view();
    Invited made;
    made.code = make_opaque(kInvitePrefix);
    TRY(authority.store().mutate([&](store::Transaction& tx) -> Status {
        made.user = TRY(create_user(tx, actor, *apis, wanted));
        return put_link(tx, actor, made.user, made.code);
    }));
    return made;
}

Result<Invited> invite_again(Authority& authority, const Actor& actor, std::string_view id) {
    Invited made;
    made.code = make_opaque(kInvitePrefix);
    TRY(authority.store().mutate([&](store::Transaction& tx) -> Status {
        made.user = TRY(user_to_invite(tx, actor, id));
        TRY(put_link(tx, actor, made.user, made.code));
        return append_user_event(tx, "user.invited", actor.text(), made.user);
    }));
    return made;
}

Status withdraw_invite(Authority& authority, const Actor& actor, std::string_view id) {
    return authority.store().mutate(
        [&](store::Transaction& tx) -> Status {
            const auto user = TRY(person_to_look_after(tx, actor, id));
            if (!user.invited_until) return {};
            TRY(store::delete_invite(tx.connection(), user.id));
            return append_user_event(tx, "user.invite_withdrawn", actor.text(), user);
        },
        true);
}

Result<store::UserRecord> read_invite(Authority& authority, std::string_view code) {
    if (!has_valid_checksum(code)) return bad_invite();
    return authority.store().query<store::UserRecord>(
        [&](store::Connection& db) { return invited(db, code, authority.clock().now()); });
}

Result<store::UserRecord> accept_invite(Authority& authority, const AcceptInvite& wanted) {
    // First the link: hashing is dear, and only its holder is worth it.
    TRY(read_invite(authority, wanted.code.expose()));
    TRY(check_password(wanted.password.expose()));
    if (wanted.name) TRY(check_name(*wanted.name));
    const std::string hash = TRY(hash_password(wanted.password.expose()));
    std::optional<store::UserRecord> user;
    TRY(authority.store().mutate([&](store::Transaction& tx) -> Status {
        user = TRY(invited(tx.connection(), wanted.code.expose(), tx.now()));
        if (wanted.name) user->name = *wanted.name;
        user->invited_until.reset();
        return replace_password(tx, "user/" + user->id.uuid(), *user, hash);
    }));
    authority.sessions().remove_all_of(user->id);
    return std::move(*user);
}

}  // namespace latchkey::authority
