#include "authority/change_password.h"

#include "authority/passwords.h"
#include "authority/users.h"
#include "crypto/password.h"

namespace latchkey::authority {

Result<LoggedIn> change_password(Authority& authority, const store::SessionRecord& session,
                                 Login proof, const Secret& fresh) {
    // What is wrong with the new one costs no code of the second factor.
    TRY(check_password(fresh.expose()));
    auto user = TRY(prove_once_more(authority, session.user, proof));
    const std::string hash = TRY(hash_password(fresh.expose()));
    TRY(authority.store().mutate([&](store::Transaction& tx) -> Status {
        const auto proven = user;
        user = TRY(get_user(tx.connection(), session.user));
        // Somebody took a link meanwhile: the password that was given is the one before.
        if (!is_as_proven(proven, user)) {
            return Error{ErrorCode::kPermissionDenied, "the password is wrong"}.with_reason(
                "wrong_password");
        }
        return replace_password(tx, "user/" + user.id.uuid(), user, hash);
    }));
    authority.sessions().remove_all_of(user.id);
    proof.kind = session.kind;
    return open_session(authority, user, proof);
}

}  // namespace latchkey::authority
