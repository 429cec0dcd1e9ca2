#include "authority/bootstrap.h"

#include <array>

#include "authority/directory.h"
#include "authority/facts_of_records.h"
#include "crypto/random.h"
#include "crypto/seal.h"

namespace latchkey::authority {
namespace {

constexpr std::string_view kKekCheck = "latchkey key-encryption key check";

struct BuiltInRole {
    std::string_view name;
    std::string_view patterns;
};

constexpr std::array<BuiltInRole, 3> kRoles = {{
    {"administrator", R"({"*":["*"],"latchkey":["*"]})"},
    {"member", R"({"*":["*"],"latchkey":["account:read","account:write","token:read",)"
               R"("token:write","project:read","project:write","policy:read",)"
               R"("policy:write","api:read"]})"},
    {"verifier", R"({"latchkey":["token:verify","account:read","token:read"]})"},
}};

struct BuiltInScope {
    const char* name;
    const char* description;
    const char* group;
};

constexpr std::array<BuiltInScope, 21> kManagementScopes = {{
    {"account:read", "See your own account and sessions", "Account"},
    {"account:write", "Change your own account, end sessions", "Account"},
    {"token:read", "List your tokens and see their use", "Tokens"},
    {"token:write", "Create, change and revoke your tokens", "Tokens"},
    {"token:verify", "Ask about tokens of the APIs a machine user is bound to", "Tokens"},
    {"project:read", "See projects", "Projects"},
    {"project:write", "Create and change projects", "Projects"},
    {"policy:read", "See policies", "Projects"},
    {"policy:write", "Change policies", "Projects"},
    {"api:read", "See APIs and their scope catalogues", "APIs"},
    {"api:write", "Create and change APIs and catalogues", "APIs"},
    {"user:read", "See users", "Users"},
    {"user:write", "Create, change and disable users; manage their tokens", "Users"},
    {"role:read", "See roles", "Users"},
    {"role:write", "Create and change roles", "Users"},
    {"event:read", "Read the event log", "Installation"},
    {"key:read", "See the signing keys", "Installation"},
    {"key:write", "Rotate the signing keys", "Installation"},
    {"portal:write", "Change how the portal looks", "Installation"},
    {"settings:read", "See the settings", "Installation"},
    {"settings:write", "Change the settings", "Installation"},
}};

store::ApiRecord make_api(std::string slug, std::string audience, std::string name, Timestamp now) {
    store::ApiRecord api;
    api.id = new_id<ApiId>(now);
    api.slug = std::move(slug);
    api.audience = std::move(audience);
    api.name = std::move(name);
    api.is_built_in = true;
    api.created_at = now;
    api.updated_at = now;
    return api;
}

Result<json::array> insert_roles(store::Connection& db) {
    json::array facts;
    for (const auto& built_in : kRoles) {
        store::RoleRecord role;
        role.id = built_in_role(built_in.name);
        role.name = built_in.name;
        role.is_built_in = true;
        role.patterns_json = built_in.patterns;
        TRY(store::insert_role(db, role));
        facts.push_back(verify::to_json(TRY(fact_of(role))));
    }
    return facts;
}

Result<json::array> insert_apis(store::Connection& db, Timestamp now) {
    json::array facts;
    auto management = make_api(std::string(kManagementApi), "latchkey", "Latchkey", now);
    management.is_default = true;
    management.default_scopes = {"account:read", "token:read"};
    std::vector<store::ScopeRecord> scopes;
    for (const auto& scope : kManagementScopes) {
        scopes.push_back({scope.name, scope.description, scope.group, {}});
    }
    TRY(store::insert_api(db, management));
    TRY(store::replace_scopes(db, management.id, scopes));
    facts.push_back(verify::to_json(fact_of(management)));

    const auto pipelines = make_api("pipelines", "pipelines", "Pipelines", now);
    TRY(store::insert_api(db, pipelines));
    TRY(store::replace_scopes(db, pipelines.id,
                              {{"create:*", "Create anything", "Pipelines", {}},
                               {"read:*", "Read anything", "Pipelines", {}},
                               {"update:*", "Change anything", "Pipelines", {}},
                               {"delete:*", "Delete anything", "Pipelines", {}}}));
    facts.push_back(verify::to_json(fact_of(pipelines)));
    return facts;
}

Result<json::array> insert_keys(store::Connection& db, const KeyRing& ring, Timestamp now) {
    json::array facts;
    for (const auto state : {store::KeyState::kActive, store::KeyState::kPending}) {
        const auto key = ring.make_record(state, now);
        TRY(store::insert_signing_key(db, key));
        facts.push_back(verify::to_json(fact_of(key)));
    }
    return facts;
}

void append(json::array& all, json::array&& more) {
    for (auto& item : more) {
        all.push_back(std::move(item));
    }
}

}  // namespace

RoleId built_in_role(std::string_view name) {
    // Fixed ids, so that a role means the same in every installation and every export.
    std::uint8_t number = 0;
    for (std::size_t i = 0; i < kRoles.size(); ++i) {
        if (kRoles[i].name == name) number = static_cast<std::uint8_t>(i + 1);
    }
    RoleId id;
    id.bytes[6] = 0x70;
    id.bytes[8] = 0x80;
    id.bytes[15] = number;
    return id;
}

Result<bool> is_empty_store(store::Store& store) {
    const auto id = TRY(store.query<std::optional<std::string>>(
        [](store::Connection& db) { return store::find_setting(db, "installation_id"); }));
    return !id.has_value();
}

Status bootstrap(store::Store& store, const KeyRing& ring, const std::string& issuer) {
    return store.mutate([&](store::Transaction& tx) -> Status {
        auto& db = tx.connection();
        const Timestamp now = tx.now();
        const std::string installation = format_uuid(new_uuid(now));
        TRY(store::put_setting(db, "installation_id", installation));
        TRY(store::put_setting(db, "issuer", issuer));
        TRY(store::put_setting(db, "token_prefix", "lkp"));
        TRY(store::put_setting(db, "kek_check",
                               base64url_encode(seal(ring.kek(), kKekCheck, kKekCheck))));
        json::array facts;
        append(facts, TRY(insert_roles(db)));
        append(facts, TRY(insert_apis(db, now)));
        append(facts, TRY(insert_keys(db, ring, now)));
        store::ProjectRecord project;
        project.id = new_id<ProjectId>(now);
        project.name = "default";
        project.created_at = now;
        project.updated_at = now;
        TRY(store::insert_project(db, project));
        facts.push_back(verify::to_json(fact_of(project)));
        store::EventDraft event;
        event.type = "installation.created";
        event.actor = "system";
        event.data = json::object{
            {"facts", std::move(facts)}, {"installation", installation}, {"issuer", issuer}};
        TRY(tx.append_event(std::move(event)));
        return {};
    });
}

Status update_built_in_roles(store::Store& store) {
    std::vector<store::RoleRecord> outdated;
    for (auto& role : TRY(store.query<std::vector<store::RoleRecord>>(store::list_roles))) {
        for (const auto& built_in : kRoles) {
            if (role.id != built_in_role(built_in.name)) continue;
            if (role.patterns_json == built_in.patterns) continue;
            role.patterns_json = built_in.patterns;
            outdated.push_back(std::move(role));
            break;
        }
    }
    if (outdated.empty()) return {};
    return store.mutate([&](store::Transaction& tx) -> Status {
        json::array facts;
        json::array names;
        for (const auto& role : outdated) {
            TRY(store::update_role(tx.connection(), role));
            const auto fact = TRY(fact_of(role));
            facts.push_back(verify::to_json(fact));
            names.emplace_back(role.name);
        }
        store::EventDraft event;
        event.type = "role.updated";
        event.actor = "system";
        event.data = json::object{{"facts", std::move(facts)}, {"names", std::move(names)}};
        TRY(tx.append_event(std::move(event)));
        return {};
    });
}

Result<Settings> read_settings(store::Store& store, const Secret& kek, const std::string& issuer) {
    Settings settings;
    std::string kek_check;
    TRY(store.read([&](store::Connection& db) -> Status {
        settings.issuer = TRY(store::find_setting(db, "issuer")).value_or("");
        settings.installation_id = TRY(store::find_setting(db, "installation_id")).value_or("");
        settings.token_prefix = TRY(store::find_setting(db, "token_prefix")).value_or("lkp");
        kek_check = TRY(store::find_setting(db, "kek_check")).value_or("");
        return {};
    }));
    const auto sealed = base64url_decode(kek_check);
    if (!sealed || !open_sealed(kek, *sealed, kKekCheck)) {
        return Error{ErrorCode::kPrecondition,
                     "the key-encryption key is not the one this data directory was made with"}
            .with_reason("wrong_kek")
            .with_hint(
                "put back the kek file that belongs to it, or name it with "
                "LATCHKEY_KEK_FILE");
    }
    if (!issuer.empty() && issuer != settings.issuer) {
        return Error{ErrorCode::kPrecondition,
                     "the issuer of this data directory is " + settings.issuer + ", not " + issuer}
            .with_reason("issuer_changed")
            .with_hint("start with --issuer " + settings.issuer +
                       ": every token carries it; a new issuer needs a new data directory");
    }
    return settings;
}

}  // namespace latchkey::authority
