#include "authority/roles.h"

#include <algorithm>
#include <array>

#include "authority/facts_of_records.h"
#include "crypto/random.h"
#include "token/scope.h"

namespace latchkey::authority {
namespace {

constexpr std::array<std::string_view, 6> kReserved = {"owner",  "admin",         "member",
                                                       "viewer", "administrator", "verifier"};
constexpr std::size_t kApisMax = 100;

bool is_word(std::string_view name) {
    const bool has_length = name.size() >= 2 && name.size() <= 32;
    return has_length && name.front() >= 'a' && name.front() <= 'z' &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
           });
}

Status check_role_name(store::Connection& db, const std::string& name) {
    if (!is_word(name)) {
        return invalid(
            "a role's name has 2 to 32 characters a-z, 0-9 and -, beginning with a "
            "letter",
            "bad_role_name", "/name");
    }
    const auto roles = TRY(store::list_roles(db));
    const bool is_reserved = std::find(kReserved.begin(), kReserved.end(), name) != kReserved.end();
    const bool is_taken = std::any_of(roles.begin(), roles.end(),
                                      [&](const auto& role) { return role.name == name; });
    if (!is_reserved && !is_taken) return {};
    return Error{ErrorCode::kConflict, "there is a role of this name already"}
        .with_reason("role_exists")
        .with_field("/name");
}

// A pattern that covers nothing of the catalogue but is nearly one of its names is a mistake. At
// latchkey, whose catalogue is fixed, every one that covers nothing is.
Status check_pattern(const DirectoryEntry& api, const std::string& pattern,
                     const std::string& field) {
    const bool is_known =
        is_everything(pattern) ||
        std::any_of(api.scopes.begin(), api.scopes.end(), [&](const auto& scope) {
            return scope_matches(pattern, scope.name) || scope_matches(scope.name, pattern);
        });
    if (is_known) return {};
    const auto near = suggest_scopes(pattern, api.scope_names());
    if (near.empty() && api.api.slug != kManagementApi) return {};
    auto error =
        invalid("the API " + api.api.slug + " has no scope " + pattern, "unknown_scope", field);
    if (near.empty()) return error;
    return std::move(error).with_hint("did you mean " + near.front() + "?");
}

Status check_patterns(const DirectoryView& apis, const Rights& rights) {
    if (rights.size() > kApisMax) {
        return invalid("a role names at most " + std::to_string(kApisMax) + " APIs",
                       "too_many_scopes", "/patterns");
    }
    for (const auto& [slug, patterns] : rights) {
        const std::string field = "/patterns/" + slug.substr(0, 60);
        const auto* api = slug == "*" || slug.empty() ? nullptr : apis.find(slug);
        if (slug != "*" && (api == nullptr || api->api.slug != slug)) {
            return invalid("there is no API " + slug.substr(0, 100), "unknown_api", field)
                .with_hint("the slug of an API, or * for every API but latchkey");
        }
        if (patterns.size() > kScopesMax) {
            return invalid("a role has at most " + std::to_string(kScopesMax) + " patterns an API",
                           "too_many_scopes", field);
        }
        for (std::size_t i = 0; i < patterns.size(); ++i) {
            const std::string item = field + "/" + std::to_string(i);
            if (!is_scope_pattern(patterns[i])) {
                return invalid(
                    "a pattern is written resource:action, like license:read or "
                    "license:*: " +
                        patterns[i].substr(0, kScopeBytesMax),
                    "bad_scope", item);
            }
            if (api != nullptr) TRY(check_pattern(*api, patterns[i], item));
        }
    }
    return {};
}

// Sorted and without doubles, so that the same role is always the same text.
std::string text_of(const Rights& rights) {
    json::object object;
    for (const auto& [slug, patterns] : rights) {
        auto sorted = patterns;
        std::sort(sorted.begin(), sorted.end());
        sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
        json::array items;
        for (const auto& pattern : sorted) {
            items.emplace_back(pattern);
        }
        object[slug] = std::move(items);
    }
    return canonical_json(object);
}

Error beyond_own(std::vector<std::string> missing) {
    return Error{ErrorCode::kPermissionDenied, "a role can allow only what you may do yourself"}
        .with_reason("insufficient_scope")
        .with_scopes(std::move(missing));
}

Status append_role_event(store::Transaction& tx, std::string_view type, const Actor& actor,
                         const store::RoleRecord& role) {
    const auto fact = TRY(fact_of(role));
    store::EventDraft event;
    event.type = type;
    event.actor = actor.text();
    event.data = json::object{
        {"facts", {verify::to_json(fact)}}, {"role", role.id.uuid()}, {"name", role.name}};
    TRY(tx.append_event(std::move(event)));
    return {};
}

// A custom role, for a change.
Result<store::RoleRecord> get_custom_role(store::Connection& db, std::string_view id) {
    const auto parsed = RoleId::parse(id);
    auto role = parsed ? TRY(store::find_role(db, *parsed)) : std::nullopt;
    if (!role) {
        return Error{ErrorCode::kNotFound, "there is no such role"}.with_reason("unknown_role");
    }
    if (role->is_built_in) {
        return Error{ErrorCode::kConflict, "the role " + role->name + " is built in and fixed"}
            .with_reason("built_in_role")
            .with_hint("create a role of your own");
    }
    return std::move(*role);
}

// Whose place in a project is this role, the owners there decide: who may not change places
// everywhere must not do it by way of the role, and least of all his own.
Status check_is_no_place(store::Connection& db, const store::RoleRecord& role) {
    return store::for_each_membership(db, [&](const store::MembershipRecord& place) -> Status {
        if (place.custom_role != role.id) return {};
        return Error{ErrorCode::kConflict, "members of projects have this role"}
            .with_reason("role_in_use")
            .with_hint(
                "it can be narrowed; to allow more make a new role, or ask an administrator");
    });
}

// A person logs in, and would do with his session what a token put into his role.
Status check_no_person_has(store::Connection& db, const Actor& actor, const RoleId& role) {
    if (!actor.token) return {};
    const auto check = [&](const store::UserRecord& user) {
        return user.kind == store::UserKind::kHuman ? actor.require_session() : Status{};
    };
    TRY(store::for_each_user(db, [&](const store::UserRecord& user) -> Status {
        const bool has_it =
            std::find(user.roles.begin(), user.roles.end(), role) != user.roles.end();
        return has_it ? check(user) : Status{};
    }));
    return store::for_each_membership(db, [&](const store::MembershipRecord& place) -> Status {
        if (place.custom_role != role) return {};
        const auto user = TRY(store::find_user(db, place.user));
        return user ? check(*user) : Status{};
    });
}

}  // namespace

Status check_may_give(store::Connection& db, const Actor& actor, const Rights& rights) {
    if (actor.may("*")) return {};
    auto missing = beyond(rights, TRY(rights_of_actor(db, actor)));
    return missing.empty() ? Status{} : Status(beyond_own(std::move(missing)));
}

Result<store::RoleRecord> create_role(store::Transaction& tx, const Actor& actor,
                                      const DirectoryView& apis, const std::string& name,
                                      const Rights& patterns) {
    TRY(actor.require("role:write"));
    auto& db = tx.connection();
    TRY(require_still_active(db, actor, tx.now()));
    TRY(check_role_name(db, name));
    TRY(check_patterns(apis, patterns));
    TRY(check_may_give(db, actor, patterns));
    store::RoleRecord role;
    role.id = new_id<RoleId>(tx.now());
    role.name = name;
    role.patterns_json = text_of(patterns);
    TRY(store::insert_role(db, role));
    TRY(append_role_event(tx, "role.created", actor, role));
    return role;
}

Result<store::RoleRecord> edit_role(store::Transaction& tx, const Actor& actor,
                                    const DirectoryView& apis, std::string_view id,
                                    const EditRole& edit) {
    TRY(actor.require("role:write"));
    auto& db = tx.connection();
    TRY(require_still_active(db, actor, tx.now()));
    auto role = TRY(get_custom_role(db, id));
    if (edit.name && *edit.name != role.name) {
        TRY(check_role_name(db, *edit.name));
        role.name = *edit.name;
    }
    if (edit.patterns) {
        TRY(check_patterns(apis, *edit.patterns));
        // What it allowed before is no gift.
        const auto before = TRY(rights_of(role));
        if (!actor.may("*")) {
            const auto own = TRY(rights_of_actor(db, actor));
            auto missing = beyond(*edit.patterns, united(own, before));
            if (!missing.empty()) return beyond_own(std::move(missing));
        }
        const bool is_narrowed = beyond(*edit.patterns, before).empty();
        if (!is_narrowed) TRY(check_no_person_has(db, actor, role.id));
        if (!is_narrowed && !actor.may("user:write")) TRY(check_is_no_place(db, role));
        role.patterns_json = text_of(*edit.patterns);
    }
    TRY(store::update_role(db, role));
    TRY(append_role_event(tx, "role.updated", actor, role));
    return role;
}

Status delete_role(store::Transaction& tx, const Actor& actor, std::string_view id) {
    TRY(actor.require("role:write"));
    auto& db = tx.connection();
    TRY(require_still_active(db, actor, tx.now()));
    auto role = TRY(get_custom_role(db, id));
    if (TRY(store::count_role_uses(db, role.id)) > 0) {
        return Error{ErrorCode::kConflict, "users or members of projects still have this role"}
            .with_reason("role_in_use")
            .with_hint("give them another role first");
    }
    TRY(store::delete_role(db, role.id));
    role.patterns_json = "{}";
    return append_role_event(tx, "role.deleted", actor, role);
}

}  // namespace latchkey::authority
