// The authority: what a running Latchkey is made of, wired once by main(). Its parts are safe to
// use from any thread; the use cases beside this file take it (or one of its parts) by reference.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>

#include "authority/actor.h"
#include "authority/directory.h"
#include "authority/failure_budget.h"
#include "authority/key_ring.h"
#include "authority/login_throttle.h"
#include "authority/parsed_keys.h"
#include "authority/sessions.h"
#include "authority/site.h"
#include "base/clock.h"
#include "store/store.h"
#include "verify/replica.h"

namespace latchkey::authority {

struct Settings {
    std::string issuer;           // no slash at the end
    std::string installation_id;  // a UUID, kept by backups
    std::string token_prefix{"lkp"};
};

struct AuthorityOptions {
    std::string data_directory;
    // First start: stored. Later: empty takes the stored one, another one is refused.
    std::string issuer;
    std::string default_issuer;  // what the first start takes when `issuer` is empty
    std::string kek_file;        // empty: <data>/kek, made at the first start
    std::string kek;             // the key itself, hexadecimal; wins over the file
    const Clock* clock{nullptr};
    bool may_lack_key{false};  // to rotate, which makes the active signing key that is missing
};

class Authority {
public:
    static Result<std::unique_ptr<Authority>> open(const AuthorityOptions& options);
    ~Authority();
    Authority(const Authority&) = delete;
    Authority& operator=(const Authority&) = delete;

    [[nodiscard]] store::Store& store() { return *store_; }
    [[nodiscard]] verify::Replica& replica() { return replica_; }
    [[nodiscard]] KeyRing& keys() { return *keys_; }
    [[nodiscard]] Directory& directory() { return directory_; }
    [[nodiscard]] Sessions& sessions() { return sessions_; }
    [[nodiscard]] LoginThrottle& throttle() { return throttle_; }
    [[nodiscard]] ParsedKeys& parsed_keys() { return parsed_keys_; }
    // Wrong client assertions, and access tokens that we did not sign.
    [[nodiscard]] FailureBudget& assertion_failures() { return assertion_failures_; }
    [[nodiscard]] FailureBudget& access_failures() { return access_failures_; }
    // Wrong codes of second factors, by user, wherever they come from: six digits are few.
    [[nodiscard]] FailureBudget& code_failures() { return code_failures_; }
    [[nodiscard]] const Settings& settings() const { return settings_; }
    [[nodiscard]] const Clock& clock() const { return *clock_; }
    // The status list that new jwt tokens get their index in.
    [[nodiscard]] std::uint64_t current_status_list() const { return status_list_; }
    // Opens the next one when the current list is half full.
    Status choose_status_list();
    // No user yet: the setup page is open to who has the code.
    [[nodiscard]] bool needs_setup() const { return needs_setup_; }
    // What the administrators decided; replaced whole when they change it.
    [[nodiscard]] std::shared_ptr<const Site> site() const;
    // False after an event could not be applied: checks then answer "could not tell".
    [[nodiscard]] bool is_current() const { return is_current_; }
    // What is read here now holds all that happened up to there. The replica's own position goes on
    // a moment before what is read of APIs, keys and settings does.
    [[nodiscard]] verify::ReplicaPosition settled_position() const {
        return {replica_.position().epoch, settled_revision_};
    }
    // Hears every committed event after the replica has it: on the writer's thread, so quick. One
    // at a time; an empty one hears nothing. When this returns, the one before is heard no more.
    using Observer = std::function<void(std::span<const store::Event>)>;
    void observe(Observer observer);

private:
    Authority() = default;
    Status open_parts(const AuthorityOptions& options);
    void on_committed(std::span<const store::Event> events);
    Status load_site();
    Status load_imports();

    const Clock* clock_{nullptr};
    Settings settings_;
    std::unique_ptr<KeyRing> keys_;
    Directory directory_;
    Sessions sessions_;
    LoginThrottle throttle_;
    ParsedKeys parsed_keys_;
    FailureBudget assertion_failures_{{100, 5}};
    FailureBudget access_failures_{{200, 20}};
    FailureBudget code_failures_{{10, 1.0 / 60}};
    verify::Replica replica_;
    std::atomic<std::uint64_t> status_list_{0};
    std::atomic<bool> needs_setup_{false};
    std::atomic<bool> is_current_{true};
    std::atomic<bool> is_loaded_{false};
    std::atomic<std::uint64_t> settled_revision_{0};
    mutable std::mutex site_mutex_;
    std::shared_ptr<const Site> site_ = std::make_shared<Site>();
    std::mutex observer_mutex_;
    Observer observer_;
    std::unique_ptr<store::Store> store_;  // last: its writer calls back into the parts above
};

}  // namespace latchkey::authority
