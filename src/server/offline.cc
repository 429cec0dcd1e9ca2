#include "server/offline.h"

#include <cstdlib>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "authority/authority.h"
#include "authority/restore.h"
#include "authority/setup.h"

namespace latchkey::server {
namespace {

std::string environment(const char* name) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): one thread
    return value == nullptr ? std::string() : std::string(value);
}

Status check_exists(const std::string& data) {
    if (std::FILE* file = std::fopen((data + "/latchkey.db").c_str(), "re"); file != nullptr) {
        std::fclose(file);
        return {};
    }
    return Error{ErrorCode::kNotFound, "there is no Latchkey database in " + data}.with_hint(
        "name the data directory with --data");
}

enum class NoActiveKey { kIsRefused, kIsMended };
Result<std::unique_ptr<authority::Authority>> open(const std::string& data, const Clock& clock,
                                                   NoActiveKey no_key) {
    TRY(check_exists(data));
    authority::AuthorityOptions options;
    options.data_directory = data;
    options.kek_file = environment("LATCHKEY_KEK_FILE");
    options.kek = environment("LATCHKEY_KEK");
    options.clock = &clock;
    options.may_lack_key = no_key == NoActiveKey::kIsMended;
    return authority::Authority::open(options);
}

Result<std::unique_ptr<store::Store>> open_store(const std::string& data, const Clock& clock) {
    TRY(check_exists(data));
    store::StoreOptions options;
    options.data_directory = data;
    options.clock = &clock;
    options.is_read_only = true;
    return store::Store::open(std::move(options));
}

// The key is where it was, and not in the data directory: the next start must be told.
std::string key_at_next_start(const authority::RestoreInput& input) {
    std::error_code is_missing;
    const std::string own = input.data_directory + "/kek";
    if (!input.kek.empty()) {
        return "The key was LATCHKEY_KEK's: start the server with the same LATCHKEY_KEK\n";
    }
    if (input.kek_file.empty() || std::filesystem::equivalent(input.kek_file, own, is_missing)) {
        return "";
    }
    return fmt::format(
        "The key stays in {0}: start the server with --kek-file {0}, or put it at {1}\n",
        input.kek_file, own);
}

}  // namespace

Result<std::string> backup_offline(const std::string& data, const std::string& file) {
    const SystemClock clock;
    auto store = TRY(open_store(data, clock));
    TRY(store->backup_to(file));
    const auto head = TRY(store->query<store::FeedHead>(store::read_head));
    return fmt::format("Backed up to {} (epoch {}, revision {})\nKeep {}/kek in another place.\n",
                       file, head.epoch, head.revision, data);
}

Result<std::string> restore_offline(const std::string& data, const std::string& file,
                                    bool nothing_changed_since, const std::string& kek_file) {
    const SystemClock clock;
    authority::RestoreInput input;
    input.data_directory = data;
    input.backup_file = file;
    input.kek_file = kek_file.empty() ? environment("LATCHKEY_KEK_FILE") : kek_file;
    if (kek_file.empty()) input.kek = environment("LATCHKEY_KEK");  // a flag wins
    input.nothing_changed_since = nothing_changed_since;
    input.clock = &clock;
    const std::string text = TRY(authority::restore_backup(input));
    return text + key_at_next_start(input);
}

Result<std::string> rotate_keys_offline(const std::string& data, bool is_emergency) {
    const SystemClock clock;
    auto authority = TRY(open(data, clock, NoActiveKey::kIsMended));
    TRY(authority->store().mutate([&](store::Transaction& tx) {
        return authority::rotate_keys(
            authority->keys(), tx, "system",
            is_emergency ? authority::Rotation::kEmergency : authority::Rotation::kOrderly);
    }));
    return fmt::format("Rotated the signing keys; active: {}\n",
                       authority->keys().keys()->active->kid());
}

Result<std::string> check_offline(const std::string& data) {
    const SystemClock clock;
    auto store = TRY(open_store(data, clock));
    return TRY(store->check_integrity()) + "\n";
}

Result<std::string> create_user_offline(const std::string& data, const std::string& email,
                                        const Secret& password,
                                        const std::vector<std::string>& roles) {
    const SystemClock clock;
    auto authority = TRY(open(data, clock, NoActiveKey::kIsRefused));
    authority::CreateUser wanted;
    wanted.email = email;
    wanted.roles = roles;
    const auto user =
        authority->needs_setup() && roles.empty()
            ? TRY(authority::set_up(*authority, std::move(wanted), password))
            : TRY(authority::create_user_with_password(*authority, authority::Actor::system(),
                                                       std::move(wanted), password));
    return fmt::format("Created user {} ({})\n", user.login, user.id.shortuuid());
}

}  // namespace latchkey::server
