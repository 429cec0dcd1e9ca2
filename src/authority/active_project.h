// The project that a session works in, for clients that choose one once and then name none: what it
// chose, while that is still its person's to see, else the first project that he is a member of.
#pragma once

#include <optional>
#include <string_view>

#include "authority/projects.h"

namespace latchkey::authority {

// kNotFound when he is a member of none. Without a session always his first.
Result<ProjectView> get_active_project(store::Connection& db, const Actor& actor,
                                       const std::optional<SessionId>& session);
Result<ProjectView> choose_active_project(store::Transaction& tx, const Actor& actor,
                                          const SessionId& session, std::string_view project);

}  // namespace latchkey::authority
