#include "authority/projects.h"

#include "authority/facts_of_records.h"
#include "authority/project_with_token.h"
#include "base/encoding.h"
#include "crypto/random.h"
#include "token/names.h"

namespace latchkey::authority {
namespace {

constexpr std::size_t kPage = 200;

Status check_project_name(std::string_view name) {
    TRY(check_name(name));
    if (utf8_length(name) <= kProjectNameLengthMax) return {};
    return invalid("longer than " + std::to_string(kProjectNameLengthMax) + " characters",
                   "bad_name", "/name");
}

// A project's own tokens are for one provider's API: at `latchkey` they would be management tokens
// that nobody answers for.
Result<std::string> api_slug(const DirectoryView& apis, const std::string& name) {
    if (name.empty()) return std::string();
    const auto* entry = apis.find(name);
    if (entry == nullptr) {
        return invalid("there is no API " + name.substr(0, 100), "unknown_api", "/api")
            .with_hint("latchkey api list shows what there is");
    }
    if (entry->api.slug == kManagementApi) {
        return invalid("the tokens of a project cannot be for the API latchkey", "management_api",
                       "/api");
    }
    return entry->api.slug;
}

// Only among the projects that the maker is a member of, so that the answer says nothing about
// other people's.
Status check_not_taken(store::Connection& db, const UserId& user,
                       const store::ProjectRecord& wanted) {
    store::ProjectQuery query;
    query.member = user;
    query.limit = kPage;
    while (true) {
        const auto page = TRY(store::list_projects(db, query));
        for (const auto& project : page) {
            if (project.id == wanted.id || project.name != wanted.name) continue;
            return Error{ErrorCode::kConflict, "you have a project of this name already"}
                .with_reason("project_name_taken")
                .with_field("/name");
        }
        if (page.size() < kPage) return {};
        query.after = page.back().id;
    }
}

Status append_project_event(store::Transaction& tx, std::string_view type, const Actor& actor,
                            const store::ProjectRecord& project, json::array facts) {
    facts.insert(facts.begin(), verify::to_json(fact_of(project)));
    store::EventDraft event;
    event.type = type;
    event.actor = actor.text();
    event.data = json::object{
        {"facts", std::move(facts)}, {"project", project.id.uuid()}, {"name", project.name}};
    TRY(tx.append_event(std::move(event)));
    return {};
}

Status remove_members(store::Connection& db, const ProjectId& project, json::array& facts) {
    for (const auto& membership : TRY(store::list_members(db, project))) {
        TRY(store::delete_membership(db, project, membership.user));
        auto fact = fact_of(membership);
        fact.is_removed = true;
        facts.push_back(verify::to_json(fact));
    }
    return {};
}

Status remove_grants(store::Connection& db, const ProjectId& project, store::PrincipalKind kind,
                     json::array& facts) {
    store::GrantQuery query;
    query.project = project;
    query.kind = kind;
    query.limit = kPage;
    while (true) {
        const auto page = TRY(store::list_grants(db, query));
        for (const auto& grant : page) {
            TRY(store::delete_grant(db, project, kind, grant.principal));
            auto fact = fact_of(grant);
            fact.is_removed = true;
            fact.policy.reset();
            facts.push_back(verify::to_json(fact));
        }
        if (page.size() < kPage) return {};
    }
}

// The project's own user has its id. All tokens that act for it die with it.
Status disable_project_user(store::Transaction& tx, const ProjectId& project, json::array& facts) {
    auto user = TRY(store::find_user(tx.connection(), UserId{project.bytes}));
    if (!user || user->kind != store::UserKind::kProject) return {};
    user->state = store::UserState::kDisabled;
    user->updated_at = tx.now();
    TRY(store::update_user(tx.connection(), *user));
    facts.push_back(verify::to_json(fact_of(*user)));
    return {};
}

Result<std::vector<ProjectView>> views_of(store::Connection& db, const Actor& actor,
                                          std::vector<store::ProjectRecord> projects) {
    std::vector<ProjectView> views;
    for (auto& project : projects) {
        auto access = TRY(access_to_project(db, actor, project.id.uuid()));
        views.push_back({std::move(project), std::move(access.role)});
    }
    return views;
}

}  // namespace

Result<ProjectView> create_project(store::Transaction& tx, const Actor& actor,
                                   const DirectoryView& apis, const CreateProject& wanted) {
    return create_project_and(tx, actor, apis, wanted, nullptr);
}

Result<ProjectView> create_project_and(store::Transaction& tx, const Actor& actor,
                                       const DirectoryView& apis, const CreateProject& wanted,
                                       const AlsoMade& also) {
    TRY(actor.require("project:write"));
    auto& db = tx.connection();
    TRY(require_still_active(db, actor, tx.now()));
    TRY(check_project_name(wanted.name));
    TRY(check_description(wanted.description));
    store::ProjectRecord project;
    project.id = new_id<ProjectId>(tx.now());
    project.name = wanted.name;
    project.description = wanted.description;
    project.api_slug = TRY(api_slug(apis, wanted.api));
    project.created_at = tx.now();
    project.updated_at = tx.now();
    TRY(check_not_taken(db, actor.user, project));
    TRY(store::insert_project(db, project));
    store::MembershipRecord owner;
    owner.project = project.id;
    owner.user = actor.user;
    owner.role = store::ProjectRole::kOwner;
    owner.created_at = tx.now();
    TRY(store::put_membership(db, owner));
    json::array facts{verify::to_json(fact_of(owner))};
    if (also) TRY(also(project, facts));
    TRY(append_project_event(tx, "project.created", actor, project, std::move(facts)));
    return ProjectView{std::move(project), std::string(place_name(owner.role))};
}

Result<ProjectView> edit_project(store::Transaction& tx, const Actor& actor,
                                 const DirectoryView& apis, std::string_view id,
                                 const EditProject& edit) {
    TRY(actor.require("project:write"));
    auto& db = tx.connection();
    TRY(require_still_active(db, actor, tx.now()));
    auto access = TRY(access_to_project(db, actor, id));
    TRY(access.require("project:write"));
    auto& project = access.project;
    if (edit.name && *edit.name != project.name) {
        TRY(check_project_name(*edit.name));
        project.name = *edit.name;
        TRY(check_not_taken(db, actor.user, project));
    }
    if (edit.description) {
        TRY(check_description(*edit.description));
        project.description = *edit.description;
    }
    if (edit.api) project.api_slug = TRY(api_slug(apis, *edit.api));
    project.updated_at = tx.now();
    TRY(store::update_project(db, project));
    TRY(append_project_event(tx, "project.updated", actor, project, {}));
    return ProjectView{std::move(project), std::move(access.role)};
}

Status delete_project(store::Transaction& tx, const Actor& actor, std::string_view id) {
    TRY(actor.require("project:write"));
    auto& db = tx.connection();
    TRY(require_still_active(db, actor, tx.now()));
    auto access = TRY(access_to_project(db, actor, id));
    TRY(access.require("project:write"));
    TRY(access.require_owner());
    auto& project = access.project;
    json::array facts;
    TRY(remove_grants(db, project.id, store::PrincipalKind::kToken, facts));
    TRY(remove_grants(db, project.id, store::PrincipalKind::kUser, facts));
    TRY(remove_members(db, project.id, facts));
    TRY(disable_project_user(tx, project.id, facts));
    project.deleted_at = tx.now();
    project.updated_at = tx.now();
    TRY(store::update_project(db, project));
    return append_project_event(tx, "project.deleted", actor, project, std::move(facts));
}

Result<ProjectView> get_project(store::Connection& db, const Actor& actor, std::string_view id) {
    TRY(actor.require("project:read"));
    auto access = TRY(access_to_project(db, actor, id));
    TRY(access.require("project:read"));
    return ProjectView{std::move(access.project), std::move(access.role)};
}

Result<std::vector<ProjectView>> list_projects(store::Connection& db, const Actor& actor,
                                               std::optional<ProjectId> after, std::size_t limit) {
    TRY(actor.require("project:read"));
    store::ProjectQuery query;
    if (!actor.may("user:read")) query.member = actor.user;
    query.after = after;
    query.limit = limit;
    return views_of(db, actor, TRY(store::list_projects(db, query)));
}

Result<std::vector<ProjectView>> list_newest_projects(store::Connection& db, const Actor& actor,
                                                      store::NewestProjects query) {
    TRY(actor.require("project:read"));
    query.member.reset();
    if (!actor.may("user:read")) query.member = actor.user;
    return views_of(db, actor, TRY(store::list_newest_projects(db, query)));
}

}  // namespace latchkey::authority
