// Whether somebody may write a policy: nothing widens itself. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "authority/directory.h"
#include "authority/rights.h"
#include "token/policy.h"

namespace latchkey::authority {

// A source of rights that an Allow may be taken from. The action must be covered by every list
// and the whole statement by the policy, if there is one.
struct PolicySource {
    std::vector<std::vector<std::string>> patterns;
    const Policy* policy{nullptr};
};

// The actions of Allow statements that no source gives on the resources that they name; empty:
// whatever `wanted` allows, some source allows too. On the safe side: what a source allows or
// denies by two statements together may be refused. Takes time as the entries of both documents
// multiplied, so that the largest ones hold up no writer.
std::vector<std::string> not_given(const Policy& wanted, const std::vector<PolicySource>& sources);

// An action that is nearly a name of the catalogues is a mistake that would deny or allow nothing:
// reason "bad_policy", with the place in `text` and what was probably meant.
Status check_actions(const Policy& policy, std::string_view text,
                     const std::vector<const DirectoryEntry*>& apis);

// "line 4, column 17: why", at the value that the pointer names.
Error bad_policy(std::string_view text, const std::string& pointer, const std::string& why);

}  // namespace latchkey::authority
