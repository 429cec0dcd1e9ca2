#include "verify/replica.h"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include "verify/replica_state.h"

namespace latchkey::verify {
namespace {

constexpr std::size_t kEventDepthMax = 32;

Error out_of_step(std::string why) {
    return {ErrorCode::kInternal, "the replica is out of step with the log", std::move(why)};
}

// Whatever is wrong with an event of our own log is our fault, never the client's.
Result<std::vector<Fact>> facts_in(std::string_view body) {
    // The store wrote it a moment ago, canonical: what parse_json guards against cannot be there,
    // and an event may name every token there is. The writer waits for this, so it is made cheap.
    std::array<unsigned char, 4096> first_block;
    json::monotonic_resource memory(first_block.data(), first_block.size());
    json::parse_options options;
    options.max_depth = kEventDepthMax;
    boost::system::error_code error;
    const json::value parsed = json::parse(body, error, &memory, options);
    if (error) return out_of_step("an event's body: " + error.message());
    if (!parsed.is_object()) return out_of_step("an event's body is no object");
    const json::value* const data = parsed.get_object().if_contains("data");
    if (data == nullptr) return std::vector<Fact>{};
    if (!data->is_object()) return out_of_step("an event's data is no object");
    auto facts = facts_of(data->get_object());
    if (!facts) return out_of_step("an event's facts: " + facts.error().message);
    return std::move(facts).value();
}

}  // namespace

Replica::Replica() : state_(std::make_unique<State>()) {}
Replica::~Replica() = default;

void Replica::reserve(std::size_t tokens) {
    state_->tokens.reserve(tokens);
}

void Replica::load(const Fact& fact) {
    if (const auto* token = std::get_if<TokenFact>(&fact)) {
        load(*token);
    } else if (const auto* secret = std::get_if<SecretFact>(&fact)) {
        load(*secret);
    } else if (const auto* rule = std::get_if<BulkFact>(&fact)) {
        state_->put(*rule);
    } else if (const auto* spared = std::get_if<BulkSparedFact>(&fact)) {
        state_->bulk.spare(*spared);
    } else if (const auto* user = std::get_if<UserFact>(&fact)) {
        state_->rights.set(*user);
    } else if (const auto* role = std::get_if<RoleFact>(&fact)) {
        state_->rights.set(*role);
    } else if (const auto* api = std::get_if<ApiFact>(&fact)) {
        state_->rights.set(*api);
    } else if (const auto* key = std::get_if<KeyFact>(&fact)) {
        state_->rights.set(*key);
    } else if (const auto* access = std::get_if<AccessFact>(&fact)) {
        state_->revoked_access.add(*access);
    } else {
        state_->put_in_projects(fact);
    }
}

void Replica::load(const TokenFact& fact) {
    state_->put(fact);
}
void Replica::load(const SecretFact& fact) {
    state_->put(fact);
}

void Replica::finish_loading(ReplicaPosition position) {
    state_->refresh_all_statuses();
    state_->tokens.set_loading(false);
    state_->set_position(position);
    state_->epochs.advance();
}

Status Replica::apply(ReplicaPosition position, std::string_view body) {
    const ReplicaPosition last = state_->position();
    if (position.epoch < last.epoch || position.revision != last.revision + 1) {
        return out_of_step(fmt::format("event {}/{} after {}/{}", position.epoch, position.revision,
                                       last.epoch, last.revision));
    }
    std::vector<Fact> facts = TRY(facts_in(body));
    if (state_->contradicts(facts)) return out_of_step("a secret contradicts what is known");
    state_->tokens.set_loading(false);
    state_->put_all(std::move(facts));
    state_->set_position(position);
    state_->epochs.advance();
    return {};
}

void Replica::set_import_sources(ImportSources sources) {
    state_->set_imports(std::move(sources));
}

std::unique_ptr<Replica::Reader> Replica::make_reader() {
    return std::make_unique<Reader>(*state_, state_->epochs.claim());
}

ReplicaPosition Replica::position() const {
    return state_->position();
}
std::size_t Replica::token_count() const {
    return state_->tokens.live_tokens();
}

std::size_t Replica::memory_bytes() const {
    return sizeof(State) + state_->rights.bytes() + state_->sets.bytes() + state_->tokens.bytes() +
           state_->statuses.bytes() + state_->projects.bytes() + state_->revoked_access.bytes();
}

std::size_t Replica::revoked_access_count() const {
    return state_->revoked_access.size();
}

Replica::Reader::Reader(State& state, std::size_t slot) : state_(state), slot_(slot) {}
Replica::Reader::~Reader() {
    state_.epochs.release(slot_);
}

void Replica::Reader::enter() {
    if (depth_++ == 0) state_.epochs.enter(slot_);
}

void Replica::Reader::leave() {
    if (--depth_ == 0) state_.epochs.leave(slot_);
}

bool Replica::Reader::find(const Digest& digest, TokenView& view) const {
    const Row* const row = state_.tokens.find(digest);
    return row != nullptr && state_.fill(*row, view);
}

Replica::Reader::Imported Replica::Reader::find_imported(std::string_view secret, Digest& facts,
                                                         TokenView& view) const {
    auto result = Imported::kForeign;
    const ImportSources* const sources = state_.imports();
    if (sources == nullptr) return result;
    for (const ImportSource& source : *sources) {
        if (!secret.starts_with(source.prefix)) continue;
        result = Imported::kUnknown;
        facts = bound_digest(source.id, source.digest_of(secret));
        if (find(facts, view)) return Imported::kFound;
    }
    return result;
}

bool Replica::Reader::has_imported_form(std::string_view secret) const {
    const ImportSources* const sources = state_.imports();
    return sources != nullptr &&
           std::any_of(sources->begin(), sources->end(), [&](const ImportSource& source) {
               return secret.starts_with(source.prefix);
           });
}

bool Replica::Reader::find_by_token(const TokenId& token, TokenView& view) const {
    const Row* const row = state_.tokens.find_by_token(token);
    return row != nullptr && state_.fill(*row, view);
}

bool Replica::Reader::find_grant(const ProjectId& project, TokenView& view) const {
    return state_.projects.find_grant(project, view);
}

std::vector<ProjectId> Replica::Reader::projects_of(const TokenId& token, std::size_t most) const {
    return state_.projects.projects_of(token, most);
}

bool Replica::Reader::is_access_revoked(std::span<const AccessId> ids) const {
    return std::any_of(ids.begin(), ids.end(),
                       [&](const AccessId& id) { return state_.revoked_access.contains(id); });
}

bool Replica::Reader::find_user_patterns(const UserId& user, std::string_view api_slug,
                                         std::vector<std::string>& patterns) const {
    patterns.clear();
    const Rights& rights = state_.rights;
    const std::uint32_t number = rights.find_owner(user);
    if (number == Rights::kNone) return false;
    const OwnerWord owner = rights.owner_word(number);
    if (!owner.is_known || owner.is_disabled) return false;
    const std::uint32_t api = rights.find_api(api_slug);
    if (api != Rights::kNone) patterns = rights.patterns(owner.role_set, api).items;
    return true;
}

std::optional<ApiFact> Replica::Reader::find_api(std::string_view slug_or_empty_for_default) const {
    const std::uint32_t number = state_.rights.find_api(slug_or_empty_for_default);
    if (number == Rights::kNone) return std::nullopt;
    const ApiFact* const api = state_.rights.api(number);
    return *api;
}

std::string Replica::Reader::status_list(std::uint64_t list) const {
    return state_.status_list(list);
}

std::uint64_t Replica::Reader::status_list_version(std::uint64_t list) const {
    const std::uint64_t version = state_.statuses.version(list);
    return version == 0 ? 0 : version + state_.bulk.version();
}

}  // namespace latchkey::verify
