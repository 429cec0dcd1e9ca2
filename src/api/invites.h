// The answer that holds a new link, also when its user was just made.
#pragma once

#include "api/route.h"
#include "authority/invites.h"

namespace latchkey::api {

Result<http::Response> invited_answer(Call& call, const authority::Invited& made);

}  // namespace latchkey::api
