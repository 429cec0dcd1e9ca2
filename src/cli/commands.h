// The table of contents of the command line: each function adds one command, or a small group, to
// the menu. Their files are named after them.
#pragma once

#include "cli/command.h"

namespace latchkey::cli {

void add_login(Command root);
void add_logout(Command root);
void add_whoami(Command root);
void add_status(Command root);

void add_token_create(Command token);
void add_token_list(Command token);  // list, list-tokens
void add_token_get(Command token);   // get, get-token
void add_token_rotate(Command token);
void add_token_update(Command token);
void add_token_usage(Command token);       // usage, unused, shrink
void add_token_bulk(Command token);        // bulk revoke, suspend, status
void add_token_revoke(Command token);      // revoke, delete, delete-token, suspend, resume
void add_key_token_create(Command token);  // create-token
void add_key_token_update(Command token);  // update-token
void add_token_inspect(Command token);
void add_token_verify(Command token);

void add_exchange(Command root);
void add_run(Command root);
void add_request(Command root);

void add_api(Command root);
void add_scope(Command root);
void add_import(Command root);
void add_user(Command root);
void add_project(Command root);
void add_iam_principals(Command iam);  // add-principal, remove-principal, list-principals
void add_iam_policies(Command iam);    // get-policies, update-policies
void add_iam_test(Command iam);
void add_role(Command root);
void add_events(Command root);
void add_admin(Command root);

void add_version(Command root);
void add_completion(Command root);
void add_context(Command root);
// The tree is asked for when the command runs, so that it is whole by then.
void add_docs(Command root, std::function<CommandTree()> tree);

// Everything above, and the groups they stand in.
void add_all_commands(Menu& menu);

}  // namespace latchkey::cli
