#include "authority/own_rights.h"

#include "authority/grants.h"

namespace latchkey::authority {

Result<OwnRights> own_rights(store::Connection& db, const ProjectAccess& access) {
    OwnRights own;
    own.rights = TRY(rights_of_actor(db, access.actor));
    if (access.actor.may("user:write")) return own;
    if (access.custom_role) own.place = access.custom_role->patterns;
    own.policy = TRY(own_policy(db, access));
    return own;
}

PolicySource source_at(const OwnRights& own, std::string_view api_slug) {
    PolicySource source;
    source.patterns.push_back(rights_at(own.rights, api_slug));
    if (own.place) source.patterns.push_back(rights_at(*own.place, api_slug));
    source.policy = own.policy ? &*own.policy : nullptr;
    return source;
}

}  // namespace latchkey::authority
