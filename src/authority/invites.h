// Invitations: a link lets a person choose his own password, so that nobody else ever knew it. It
// is good once, for a week, and void when another is made, when it is withdrawn, when its user is
// disabled or raised by somebody else, or when who made it could not make it any more: he may know
// it. Kept as a digest. For who has a password already it is the way to a new one.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "authority/authority.h"
#include "authority/users.h"
#include "base/secret.h"

namespace latchkey::authority {

inline constexpr Microseconds kInviteLife = std::chrono::hours(24 * 7);

struct Invited {
    store::UserRecord user;
    Secret code;  // "lki_…", which stands in the link's fragment
};
// A person without a password, and his link. As create_user.
Result<Invited> invite_new_user(Authority& authority, const Actor& actor, const CreateUser& wanted);
// Another link. Whoever makes one could be that user afterwards: he may do no less himself.
Result<Invited> invite_again(Authority& authority, const Actor& actor, std::string_view id);
Status withdraw_invite(Authority& authority, const Actor& actor, std::string_view id);

// Whom a link is for; bad_invite for every reason that it does not work.
Result<store::UserRecord> read_invite(Authority& authority, std::string_view code);
struct AcceptInvite {
    Secret code;
    Secret password;
    std::optional<std::string> name;
};
// Sets the password and ends the link and every session of that user. Blocks: for the password
// worker. He logs in afterwards, with his second factor if he has one.
Result<store::UserRecord> accept_invite(Authority& authority, const AcceptInvite& wanted);

}  // namespace latchkey::authority
