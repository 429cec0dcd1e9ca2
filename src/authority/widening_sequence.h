// One random sequence of changes by limited users and management tokens, for widening_test.cc: what
// is tried, and what widening_model.h says of it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "authority/bootstrap.h"
#include "authority/facts_of_records.h"
#include "authority/project_testing.h"
#include "authority/sequence_transaction.h"
#include "authority/widening_model.h"

namespace latchkey::authority::testing {

using Texts = std::vector<std::string>;

class Sequence {
public:
    Sequence(Authority& authority, store::Transaction& tx, verify::Replica& replica,
             std::uint64_t seed)
        : authority_(authority),
          tx_(tx, replica),
          reader_(replica.make_reader()),
          random_(seed),
          seed_(seed) {}

    void run(std::size_t changes) {
        begin();
        for (std::size_t i = 0; i < changes && !::testing::Test::HasFailure(); ++i) {
            change();
        }
        compare_with_judge();
    }
    [[nodiscard]] std::size_t accepted() const { return accepted_; }

private:
    using Kind = store::PrincipalKind;
    enum class Level { kInstallation, kProject };

    // --- chance ----------------------------------------------------------------------------------
    std::size_t below(std::size_t end) {
        return std::uniform_int_distribution<std::size_t>(0, end - 1)(random_);
    }
    bool chance(std::size_t percent) { return below(100) < percent; }
    template <typename List>
    const auto& one_of(const List& list) {
        return *std::next(std::begin(list), static_cast<std::ptrdiff_t>(below(std::size(list))));
    }
    // In the order in which things were made: ids are random, and a seed must repeat a sequence.
    template <typename Places, typename AnyId>
    auto keys_of(const Places& places, const std::vector<AnyId>& ids) {
        std::vector<typename Places::key_type> keys;
        for (const auto& project : model_.projects) {
            for (const auto& id : ids) {
                if (places.contains({project, id})) keys.emplace_back(project, id);
            }
        }
        return keys;
    }
    Texts some_of(const Texts& list, std::size_t percent) {
        Texts some;
        for (const auto& item : list) {
            if (chance(percent)) some.push_back(item);
        }
        return some;
    }
    static Texts actions_of(std::size_t api) {
        static const Texts management = {"project:*",  "project:read", "project:write",
                                         "policy:*",   "policy:write", "token:*",
                                         "token:read", "token:write",  "user:read",
                                         "user:write", "role:write",   "account:read"};
        static const Texts provider = {"license:read", "license:write", "license:*",
                                       "log:line",     "log:*",         "template:write"};
        return api == 0 ? management : provider;
    }
    Rights some_rights() {
        Rights rights;
        rights["latchkey"] = some_of(actions_of(0), chance(50) ? 60 : 25);
        if (chance(70)) rights["billing"] = some_of(actions_of(1), 35);
        if (chance(30)) rights["*"] = some_of(actions_of(1), 35);
        if (chance(10)) rights["*"] = {"*"};
        return rights;
    }
    ModelPolicy some_policy(std::size_t api) {
        ModelPolicy policy;
        const std::size_t count = below(4);
        for (std::size_t i = 0; i < count; ++i) {
            testing::ModelStatement statement;
            statement.allows = i == 0 || chance(65);
            statement.actions = some_of(actions_of(chance(90) ? api : below(2)), 30);
            if (chance(15)) statement.actions = {"*"};
            statement.resources = some_of({"eu:*", "eu:1", "us:1"}, 40);
            if (statement.resources.empty() || chance(40)) statement.resources = {"*"};
            if (!statement.actions.empty()) policy.push_back(std::move(statement));
        }
        return policy;
    }
    static std::string text_of(const ModelPolicy& model) {
        Policy policy;
        for (const auto& from : model) {
            PolicyStatement statement;
            statement.effect = from.allows ? Effect::kAllow : Effect::kDeny;
            statement.actions = from.actions;
            statement.resources = from.resources;
            policy.statements.push_back(std::move(statement));
        }
        return to_text(policy);
    }

    // --- who acts --------------------------------------------------------------------------------
    Actor actor_of(const ModelMaker& maker) {
        Actor actor;
        actor.user = maker.user;
        actor.token = maker.token;
        const verify::ReadGuard guard(*reader_);
        if (!maker.token) {
            (void)reader_->find_user_patterns(maker.user, kManagementApi, actor.permissions);
            return actor;
        }
        verify::TokenView view;
        EXPECT_TRUE(reader_->find_by_token(*maker.token, view));
        std::string scopes;
        verify::effective_scopes(view, scopes);
        actor.permissions = ScopeSet::parse(scopes).value().items();
        return actor;
    }
    ModelMaker some_maker() {
        ModelMaker maker{user_ids_.at(below(user_ids_.size())), std::nullopt};
        std::vector<TokenId> management;
        for (const auto& id : token_ids_) {
            const auto& token = model_.tokens.at(id);
            if (token.api == 0 && !token.is_suspended) management.push_back(id);
        }
        if (management.empty() || chance(50)) return maker;
        const auto token = one_of(management);
        return {model_.tokens.at(token).owner, token};
    }

    // --- one change ------------------------------------------------------------------------------
    using Work = std::function<Status(store::Transaction&)>;
    using Learn = std::function<void()>;

    // Runs it; when it was accepted the model learns it, and nothing may have been widened. Without
    // a maker the system prepares the scene.
    void attempt(const std::string& what, Level level, const Work& work, const Learn& learn) {
        const auto done = tx_.attempt(work);
        if (!done) {
            ASSERT_NE(done.error().code, ErrorCode::kInternal)
                << what << ": " << done.error().message << " " << done.error().detail;
            return;
        }
        const Model before = model_;
        learn();
        said_ += what + "\n";
        if (!maker_) return;
        ++accepted_;
        const auto world = before.world();
        for (const auto& [key, now] : model_.world()) {
            const auto found = world.find(key);
            // Who is new there had no limit, and nothing yet.
            if (found == world.end() && key.kind == RightKind::kCeiling) continue;
            const Mask gained = found == world.end() ? now : now & ~found->second;
            const Mask own = own_rights(before, key, level);
            if ((gained & ~own) != 0 && !is_of_new_project(before, key)) {
                report(key, gained & ~own);
                return;
            }
        }
    }
    // What the maker has of this kind of right. Roles are the installation's: who may write them is
    // measured there and not in each project that they reach into.
    [[nodiscard]] Mask own_rights(const Model& before, const testing::RightKey& key,
                                  Level level) const {
        const bool in_project = level == Level::kProject;
        switch (key.kind) {
            case RightKind::kToken:
            case RightKind::kUser: return before.of_maker(*maker_, key.api);
            case RightKind::kTokenInProject:
            case RightKind::kCeiling:
                return in_project ? before.of_maker(*maker_, key.project, key.api, key.resource)
                                  : before.of_maker(*maker_, key.api);
            case RightKind::kPlace:
                return in_project ? before.place_of_maker(*maker_, key.project)
                                  : before.of_maker(*maker_, 0);
        }
        return 0;
    }
    // Who makes a project owns it, and nothing is in it yet.
    static bool is_of_new_project(const Model& before, const testing::RightKey& key) {
        return key.kind == RightKind::kPlace &&
               std::find(before.projects.begin(), before.projects.end(), key.project) ==
                   before.projects.end();
    }
    void report(const testing::RightKey& key, Mask gained) {
        std::string names;
        for (std::size_t i = 0; i < kActions.size(); ++i) {
            if ((gained & (Mask{1} << i)) != 0) names += std::string(kActions[i]) + " ";
        }
        ADD_FAILURE() << "seed " << seed_ << ": " << (maker_->token ? "a token of " : "")
                      << name_of(maker_->user) << " widened right kind "
                      << static_cast<int>(key.kind) << " at " << kApis[key.api] << " on "
                      << kResources[key.resource] << " by " << names << "\n"
                      << said_;
    }
    std::string name_of(const UserId& user) {
        for (std::size_t i = 0; i < user_ids_.size(); ++i) {
            if (user_ids_[i] == user) return "u" + std::to_string(i);
        }
        return "nobody";
    }

    // --- the use cases ---------------------------------------------------------------------------
    Actor acting() { return maker_ ? actor_of(*maker_) : Actor::system(); }
    std::string who() {
        if (!maker_) return "system";
        return (maker_->token ? "token of " : "") + name_of(maker_->user);
    }

    void new_role() {
        const auto rights = some_rights();
        const auto name = "role-" + std::to_string(++made_);
        std::optional<store::RoleRecord> role;
        attempt(
            who() + " makes " + name, Level::kInstallation,
            [&](store::Transaction& tx) -> Status {
                role = TRY(create_role(tx, acting(), *apis(), name, rights));
                return {};
            },
            [&] {
                model_.roles[role->id] = rights;
                custom_.emplace_back(role->id, name);
            });
    }
    void change_role() {
        if (custom_.empty()) return;
        const auto& [id, name] = one_of(custom_);
        EditRole edit;
        edit.patterns = some_rights();
        attempt(
            who() + " changes " + name, Level::kInstallation,
            [&, role = id](store::Transaction& tx) -> Status {
                TRY(edit_role(tx, acting(), *apis(), role.uuid(), edit));
                return {};
            },
            [&, role = id] { model_.roles[role] = *edit.patterns; });
    }
    std::pair<RoleId, std::string> some_role() {
        if (custom_.empty() || chance(30)) return {built_in_role("member"), "member"};
        return one_of(custom_);
    }
    void assign_role() {
        const auto user = one_of(user_ids_);
        const auto role = some_role();
        EditUser edit;
        edit.roles = {role.second};
        attempt(
            who() + " gives " + name_of(user) + " " + role.second, Level::kInstallation,
            [&](store::Transaction& tx) -> Status {
                TRY(edit_user(tx, acting(), *apis(), user.uuid(), edit));
                return {};
            },
            [&] { model_.users[user].roles = {role.first}; });
    }
    void switch_user() {
        const auto user = one_of(user_ids_);
        EditUser edit;
        const bool disables = chance(40);
        edit.state = disables ? store::UserState::kDisabled : store::UserState::kActive;
        attempt(
            who() + (disables ? " disables " : " enables ") + name_of(user), Level::kInstallation,
            [&](store::Transaction& tx) -> Status {
                TRY(edit_user(tx, acting(), *apis(), user.uuid(), edit));
                return {};
            },
            [&] { model_.users[user].is_disabled = disables; });
    }
    void new_user() {
        const auto role = some_role();
        CreateUser wanted;
        wanted.kind = store::UserKind::kMachine;
        wanted.name = "machine-" + std::to_string(++made_);
        wanted.roles = {role.second};
        std::optional<store::UserRecord> user;
        attempt(
            who() + " makes u" + std::to_string(user_ids_.size()) + " with " + role.second,
            Level::kInstallation,
            [&](store::Transaction& tx) -> Status {
                user = TRY(create_user(tx, acting(), *apis(), wanted));
                return {};
            },
            [&] {
                model_.users[user->id].roles = {role.first};
                user_ids_.push_back(user->id);
            });
    }
    void new_token() {
        const std::size_t api = below(kApis.size());
        CreateToken wanted;
        wanted.name = "token-" + std::to_string(++made_);
        wanted.kind = store::TokenKind::kOpaque;
        wanted.api = std::string(kApis[api]);
        Texts names;
        for (const auto& action : actions_of(api)) {
            if (action.find('*') == std::string::npos) names.push_back(action);
        }
        wanted.scopes = some_of(names, 50);
        if (chance(30)) wanted.owner = one_of(user_ids_);
        if (chance(20)) wanted.projects = {one_of(model_.projects).uuid()};
        std::optional<PreparedToken> made;
        attempt(
            who() + " makes " + wanted.name, Level::kProject,
            [&](store::Transaction& tx) -> Status {
                made = TRY(prepare_token(authority_, *reader_, acting(), wanted));
                return insert_token(authority_, tx, *made);
            },
            [&] {
                const auto& token = made->token;
                token_ids_.push_back(token.id);
                model_.tokens[token.id] = {token.owner, api, mask_of(*token.scopes), false};
                for (const auto& project : wanted.projects) {
                    auto& policy = model_.grants[{*ProjectId::parse(project), token.id}];
                    if (!token.scopes->empty()) policy = {{true, *token.scopes, {"*"}}};
                }
            });
    }
    void switch_token() {
        if (token_ids_.empty()) return;
        const auto id = one_of(token_ids_);
        const bool suspends = chance(50);
        attempt(
            who() + (suspends ? " suspends a token" : " resumes a token"), Level::kInstallation,
            [&](store::Transaction& tx) -> Status {
                TRY(change_token(tx, acting(), id.uuid(),
                                 suspends ? TokenChange::kSuspend : TokenChange::kResume, ""));
                return {};
            },
            [&] { model_.tokens[id].is_suspended = suspends; });
    }
    void new_project(const ModelMaker& owner) {
        CreateProject wanted;
        wanted.name = "project-" + std::to_string(++made_);
        std::optional<ProjectView> view;
        attempt(
            name_of(owner.user) + " makes " + wanted.name, Level::kProject,
            [&](store::Transaction& tx) -> Status {
                view = TRY(create_project(tx, actor_of(owner), *apis(), wanted));
                return {};
            },
            [&] {
                model_.projects.push_back(view->project.id);
                model_.places[{view->project.id, owner.user}] = place_of("owner");
            });
    }
    static testing::ModelPlace place_of(const std::string& name) {
        if (name == "viewer") return {mask_of(Texts{"project:read", "policy:read"}), {}};
        if (name == "member") {
            return {mask_of(Texts{"project:read", "policy:read", "token:read"}), {}};
        }
        return {mask_of(Texts{"project:*", "policy:*", "token:*"}), {}};
    }
    void put_someone() {
        const auto project = one_of(model_.projects);
        const auto user = one_of(user_ids_);
        std::string name = one_of(Texts{"owner", "admin", "admin", "member", "viewer"});
        auto place = place_of(name);
        if (!custom_.empty() && chance(50)) {
            const auto& role = one_of(custom_);
            name = role.second;
            place = {0, role.first};
        }
        attempt(
            who() + " puts " + name_of(user) + " as " + name, Level::kProject,
            [&](store::Transaction& tx) -> Status {
                TRY(put_member(tx, acting(), project.uuid(), user.uuid(), name));
                return {};
            },
            [&] {
                model_.places[{project, user}] = place;
                model_.former.erase({project, user});
            });
    }
    void remove_someone() {
        const auto project = one_of(model_.projects);
        const auto user = one_of(user_ids_);
        attempt(
            who() + " removes " + name_of(user), Level::kProject,
            [&](store::Transaction& tx) {
                return remove_member(tx, acting(), project.uuid(), user.uuid());
            },
            [&] {
                const auto place = model_.places.extract({project, user});
                const auto& role = place.mapped().custom;
                if (role) model_.former[{project, user}] = *role;
                std::erase_if(model_.grants, [&](const auto& grant) {
                    return grant.first.first == project &&
                           model_.tokens.at(grant.first.second).owner == user;
                });
            });
    }
    void grant() {
        if (token_ids_.empty()) return;
        const auto project = one_of(model_.projects);
        const auto token = one_of(token_ids_);
        attempt(
            who() + " adds a token", Level::kProject,
            [&](store::Transaction& tx) -> Status {
                TRY(add_token(tx, acting(), project.uuid(), token.uuid()));
                return {};
            },
            [&] {
                model_.grants.try_emplace({project, token});
            });
    }
    void ungrant() {
        if (model_.grants.empty()) return;
        const auto place = one_of(keys_of(model_.grants, token_ids_));
        attempt(
            who() + " takes a token out", Level::kProject,
            [&](store::Transaction& tx) {
                return remove_token(tx, acting(), place.first.uuid(), place.second.uuid());
            },
            [&] { model_.grants.erase(place); });
    }
    void write_policy() {
        if (model_.grants.empty()) return;
        const auto place = one_of(keys_of(model_.grants, token_ids_));
        auto policy = some_policy(model_.tokens.at(place.second).api);
        // Often a narrower or wider form of what is there.
        if (chance(40)) policy = varied(model_.grants.at(place));
        const auto text = text_of(policy);
        attempt(
            who() + " writes " + text, Level::kProject,
            [&](store::Transaction& tx) -> Status {
                TRY(set_policy(tx, acting(), *apis(),
                               {place.first.uuid(), Kind::kToken, id_text(place.second.uuid())},
                               text));
                return {};
            },
            [&] { model_.grants[place] = policy; });
    }
    void write_user_policy() {
        if (model_.places.empty()) return;
        const auto place = one_of(keys_of(model_.places, user_ids_));
        auto policy = some_policy(1);
        if (chance(25)) policy = {{true, {"*"}, {"*"}}};
        const auto found = model_.user_policies.find(place);
        if (found != model_.user_policies.end() && chance(40)) policy = varied(found->second);
        const auto text = text_of(policy);
        const auto project = place.first.uuid();
        const auto user = place.second.uuid();
        attempt(
            who() + " writes for " + name_of(place.second) + " " + text, Level::kProject,
            [&](store::Transaction& tx) -> Status {
                TRY(set_policy(tx, acting(), *apis(), {project, Kind::kUser, user}, text));
                return {};
            },
            [&] { model_.user_policies[place] = policy; });
    }
    ModelPolicy varied(ModelPolicy policy) {
        if (policy.empty()) return policy;
        auto& statement = policy.at(below(policy.size()));
        switch (below(4)) {
            case 0: statement.resources = {"eu:1"}; break;
            case 1: statement.actions = {one_of(statement.actions)}; break;
            case 2: statement.allows = !statement.allows; break;
            default:
                policy.erase(policy.begin() + static_cast<std::ptrdiff_t>(below(policy.size())));
        }
        return policy;
    }
    // Keeps the text alive for the views of a PrincipalName.
    std::string_view id_text(std::string text) {
        kept_ = std::move(text);
        return kept_;
    }

    // --- the scene -------------------------------------------------------------------------------
    void begin() {
        model_.roles[built_in_role("member")] = {
            {"*", {"*"}}, {"latchkey", {"account:read", "token:*", "project:*", "policy:*"}}};
        for (int i = 0; i < 3; ++i) {
            new_role();
        }
        for (int i = 0; i < 4; ++i) {
            new_user();
        }
        model_.users[user_ids_[0]].roles = {built_in_role("member")};
        EditUser edit;
        edit.roles = {"member"};
        ASSERT_TRUE(tx_.attempt([&](store::Transaction& tx) -> Status {
            TRY(edit_user(tx, Actor::system(), *apis(), user_ids_[0].uuid(), edit));
            return {};
        }));
        new_project({user_ids_[0], std::nullopt});
        new_project({user_ids_[0], std::nullopt});
        for (int i = 0; i < 5; ++i) {
            put_someone();
        }
        for (int i = 0; i < 8; ++i) {
            maker_ = ModelMaker{one_of(user_ids_), std::nullopt};
            new_token();
        }
        maker_.reset();
        for (int i = 0; i < 8; ++i) {
            grant();
            write_policy();
        }
        write_user_policy();
        write_user_policy();
        said_ += "-- the scene is set\n";
    }
    void change() {
        maker_ = some_maker();
        switch (below(15)) {
            case 0: return new_role();
            case 1: return change_role();
            case 2: return assign_role();
            case 3: return switch_user();
            case 4: return new_user();
            case 5: return new_token();
            case 6: return switch_token();
            case 7: return new_project(*maker_);
            case 8: return put_someone();
            case 9: return remove_someone();
            case 10: return grant();
            case 11: return ungrant();
            case 12: return write_user_policy();
            default: return write_policy();
        }
    }
    // The model is right about the world: judge says the same.
    void compare_with_judge() {
        const verify::ReadGuard guard(*reader_);
        for (const auto& [place, policy] : model_.grants) {
            verify::TokenView view;
            ASSERT_TRUE(reader_->find_by_token(place.second, view));
            ASSERT_TRUE(reader_->find_grant(place.first, view));
            for (std::size_t r = 0; r < kResources.size(); ++r) {
                const Mask allowed = model_.of_token(place.second, place.first, r);
                for (std::size_t i = 0; i < kActions.size(); ++i) {
                    const std::array<std::string_view, 1> scopes = {kActions[i]};
                    verify::Requirement wanted;
                    wanted.api_slug = view.api_slug;
                    wanted.scopes = scopes;
                    wanted.project = place.first;
                    wanted.resource = kResources[r];
                    const auto verdict = verify::judge(view, wanted, tx_.now()).verdict;
                    ASSERT_EQ(verdict == verify::Verdict::kActive, (allowed & (Mask{1} << i)) != 0)
                        << "seed " << seed_ << ": " << kActions[i] << " on " << kResources[r]
                        << " under " << text_of(policy) << "\n"
                        << said_;
                }
            }
        }
    }

    std::shared_ptr<const DirectoryView> apis() { return authority_.directory().view(); }

    Authority& authority_;
    SequenceTransaction tx_;
    std::unique_ptr<verify::Replica::Reader> reader_;
    std::mt19937_64 random_;
    std::uint64_t seed_;
    Model model_;
    std::optional<ModelMaker> maker_;  // none: the system
    std::vector<UserId> user_ids_;
    std::vector<TokenId> token_ids_;
    std::vector<std::pair<RoleId, std::string>> custom_;
    std::string said_;
    std::string kept_;
    std::size_t made_{0};
    std::size_t accepted_{0};
};

}  // namespace latchkey::authority::testing
