#include "authority/authority.h"

#include "authority/bootstrap.h"
#include "authority/imports.h"
#include "authority/key_encryption_key.h"
#include "authority/load_replica.h"
#include "authority/lost_database.h"
#include "authority/maintenance.h"
#include "authority/restore_files.h"
#include "base/log.h"

namespace latchkey::authority {

Result<std::unique_ptr<Authority>> Authority::open(const AuthorityOptions& options) {
    auto authority = std::unique_ptr<Authority>(new Authority());
    TRY(authority->open_parts(options));
    return authority;
}

Authority::~Authority() {
    if (store_) store_->close();
}

Status Authority::open_parts(const AuthorityOptions& options) {
    clock_ = options.clock;
    TRY(refuse_lost_database(options.data_directory));
    store::StoreOptions store_options;
    store_options.data_directory = options.data_directory;
    store_options.clock = clock_;
    store_options.on_committed = [this](std::span<const store::Event> events) {
        on_committed(events);
    };
    store_ = TRY(store::Store::open(std::move(store_options)));
    remove_unfinished_restores(options.data_directory);
    const bool is_new = TRY(is_empty_store(*store_));
    auto kek = TRY(open_key_encryption_key(options, is_new));
    keys_ = std::make_unique<KeyRing>(std::move(kek));
    if (is_new)
        TRY(bootstrap(*store_, *keys_,
                      options.issuer.empty() ? options.default_issuer : options.issuer));
    settings_ = TRY(read_settings(*store_, keys_->kek(), options.issuer));
    TRY(update_built_in_roles(*store_));
    TRY(begin_recording(*store_, clock_->now()));
    TRY(keys_->load(*store_));
    if (!keys_->keys()->active && !options.may_lack_key) {
        return Error{ErrorCode::kPrecondition, "there is no active signing key"}.with_hint(
            "`latchkey admin rotate-keys --data " + options.data_directory + "` makes one");
    }
    TRY(directory_.load(*store_));
    TRY(load_site());
    TRY(sessions_.load(*store_, clock_->now()));
    TRY(load_replica(*store_, replica_, clock_->now()));
    TRY(load_imports());
    TRY(choose_status_list());
    const auto users = TRY(store_->query<std::uint64_t>(store::count_users));
    needs_setup_ = users == 0;
    settled_revision_ = replica_.position().revision;
    is_loaded_ = true;
    return {};
}

Status Authority::choose_status_list() {
    constexpr std::uint64_t kEntries = 1U << 20;
    while (true) {
        const std::uint64_t first = status_list_ * kEntries;
        const auto used = TRY(store_->query<std::uint64_t>([&](store::Connection& db) {
            return store::count_status_indexes(db, first, first + kEntries);
        }));
        if (used < kEntries / 2) return {};
        ++status_list_;
    }
}

// The replica first: once it has the event, this node never says `active` again, and only then is
// anybody told that the change is done.
void Authority::on_committed(std::span<const store::Event> events) {
    if (!is_loaded_) return;  // the first events come before the replica is loaded from the rows
    bool apis_changed = false;
    bool keys_changed = false;
    bool site_changed = false;
    bool imports_changed = false;
    for (const auto& event : events) {
        const auto applied = replica_.apply({event.epoch, event.revision}, event.body);
        if (!applied) {
            is_current_ = false;
            log::error("an event could not be applied; checks answer 503 until a restart",
                       {{"revision", std::to_string(event.revision)},
                        {"why", applied.error().message + " " + applied.error().detail}});
        }
        apis_changed = apis_changed || event.type.starts_with("api.");
        keys_changed = keys_changed || event.type.starts_with("key.");
        site_changed = site_changed || event.type.starts_with("settings.");
        imports_changed = imports_changed || event.type.starts_with("import.");
        if (event.type == "user.created") needs_setup_ = false;
    }
    const auto reloaded_apis = apis_changed ? directory_.load(*store_) : Status{};
    const auto reloaded_keys = keys_changed ? keys_->load(*store_) : Status{};
    if (site_changed) {
        const auto reloaded = load_site();
        if (!reloaded)
            log::error("could not reload the settings", {{"why", reloaded.error().message}});
    }
    // Without its sources a node cannot tell what an imported token is.
    const auto reloaded_imports = imports_changed ? load_imports() : Status{};
    if (!reloaded_imports) {
        is_current_ = false;
        log::error("could not reload the sources of imports; checks answer 503 until a restart",
                   {{"why", reloaded_imports.error().message}});
    }
    if (!reloaded_apis || !reloaded_keys) {
        const Error& error = reloaded_apis ? reloaded_keys.error() : reloaded_apis.error();
        log::error("could not reload after a change", {{"why", error.message}});
        // Perhaps a key was withdrawn: what it signed must not pass because of a read that failed.
        if (!reloaded_keys) is_current_ = false;
    }
    settled_revision_ = replica_.position().revision;
    const std::lock_guard lock(observer_mutex_);
    if (observer_) observer_(events);
}

std::shared_ptr<const Site> Authority::site() const {
    const std::lock_guard lock(site_mutex_);
    return site_;
}

Status Authority::load_site() {
    auto fresh = std::make_shared<const Site>(TRY(store_->query<Site>(read_site)));
    const std::lock_guard lock(site_mutex_);
    site_ = std::move(fresh);
    return {};
}

Status Authority::load_imports() {
    replica_.set_import_sources(TRY(store_->query<verify::ImportSources>(
        [this](store::Connection& db) { return open_import_sources(db, keys_->kek()); })));
    return {};
}

void Authority::observe(Observer observer) {
    const std::lock_guard lock(observer_mutex_);
    observer_ = std::move(observer);
}

}  // namespace latchkey::authority
