// Users, human and machine: create, change, disable. Disabling stops all that user's tokens and
// sessions at once. Each is one event; password hashes are in no event.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "authority/actor.h"
#include "authority/directory.h"
#include "store/store.h"
#include "store/tables.h"

namespace latchkey::authority {

struct CreateUser {
    store::UserKind kind{store::UserKind::kHuman};
    std::string email;  // of a human
    std::string name;
    std::string password_hash;          // of a human; the caller hashed it on the password worker
    std::vector<std::string> roles;     // by name; empty: member, or verifier for a machine
    std::vector<std::string> verifies;  // of a machine: API slugs
};

struct EditUser {
    std::optional<std::string> name;
    std::optional<store::UserState> state;
    std::optional<std::vector<std::string>> roles;
    std::optional<std::vector<std::string>> verifies;
};

// Whether a user may be made of this, before anything slow is done with the password.
Status check_new_user(const CreateUser& wanted);
Result<store::UserRecord> create_user(store::Transaction& tx, const Actor& actor,
                                      const DirectoryView& apis, const CreateUser& wanted);
// The first administrator: only while there is no user at all. He owns the project that was there.
Result<store::UserRecord> create_first_administrator(store::Transaction& tx,
                                                     const CreateUser& wanted);
Result<store::UserRecord> edit_user(store::Transaction& tx, const Actor& actor,
                                    const DirectoryView& apis, std::string_view id,
                                    const EditUser& edit);
Result<store::UserRecord> get_user(store::Connection& db, const UserId& id);

// For other files of this folder. A person whose way to log in the actor may change: needs
// user:write, and that he may do no less than that person, who he could be afterwards.
Result<store::UserRecord> person_to_look_after(store::Transaction& tx, const Actor& actor,
                                               std::string_view id);
// Another password: every session and every link to choose one ends. The caller takes the sessions
// out of memory when it is durable.
Status replace_password(store::Transaction& tx, const std::string& actor, store::UserRecord& user,
                        const std::string& hash);
Status append_user_event(store::Transaction& tx, std::string_view type, const std::string& actor,
                         const store::UserRecord& user, json::array more_facts = {});

}  // namespace latchkey::authority
