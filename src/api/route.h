// One table says what exists: method, path, required permission, where it runs, who answers. A
// route without a permission does not compile; what is not in the table is 404 or 405.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/body.h"
#include "api/principal.h"
#include "api/services.h"
#include "http/server.h"

namespace latchkey::api {

// What a route demands. There is no default: a Route cannot be written without one.
class Permission {
public:
    static constexpr Permission nobody_needed() { return Permission(Kind::kPublic, {}); }
    // A session or an active token of any API (only what the caller is itself).
    static constexpr Permission any_credential() { return Permission(Kind::kAnyCredential, {}); }
    static constexpr Permission scope(std::string_view name) {
        return Permission(Kind::kScope, name);
    }
    // Any one of these scopes, with a space between them; the handler asks which.
    static constexpr Permission any_scope(std::string_view names) {
        return Permission(Kind::kAnyScope, names);
    }
    // A person's session, never a token whatever its scopes; his roles have this one, if named.
    static constexpr Permission session_only(std::string_view scope = {}) {
        return Permission(Kind::kSession, scope);
    }
    // A machine user's token with this scope, never a session or a cookie.
    static constexpr Permission machine_token(std::string_view name) {
        return Permission(Kind::kMachineToken, name);
    }
    // And in a session its person gave his password a moment ago: for what changes who may do what.
    [[nodiscard]] constexpr Permission with_proof() const {
        Permission stricter = *this;
        stricter.needs_proof_ = true;
        return stricter;
    }
    // The Unix socket in the data directory.
    static constexpr Permission local_operator() { return Permission(Kind::kLocal, {}); }

    enum class Kind : std::uint8_t {
        kPublic,
        kAnyCredential,
        kScope,
        kAnyScope,
        kSession,
        kMachineToken,
        kLocal,
    };
    [[nodiscard]] constexpr Kind kind() const { return kind_; }
    [[nodiscard]] constexpr std::string_view scope_name() const { return scope_; }
    [[nodiscard]] constexpr bool needs_proof() const { return needs_proof_; }
    [[nodiscard]] constexpr bool takes_cookies() const {
        return kind_ == Kind::kScope || kind_ == Kind::kAnyScope || kind_ == Kind::kSession;
    }

private:
    constexpr Permission(Kind kind, std::string_view scope) : kind_(kind), scope_(scope) {}
    Kind kind_;
    std::string_view scope_;
    bool needs_proof_{false};
};

class Edge;

// One request on its way to its answer. Lives until it is answered.
struct Call {
    Services& services;
    Edge& edge;
    http::Deferred deferred;
    Principal principal;
    std::vector<std::string> parameters;  // the path's {…}, decoded
    std::size_t reactor{0};
    Query query;
    // Where the log stood before anything was read for this.
    verify::ReplicaPosition position;

    [[nodiscard]] const http::Request& request() const { return deferred.request(); }
    [[nodiscard]] const authority::Actor& actor() const { return principal.actor; }
};
using CallPtr = std::shared_ptr<Call>;

// Answers, once. Any thread.
void reply(const CallPtr& call, Result<http::Response> response);

using Handler = Result<http::Response> (*)(Call&);
using AsyncHandler = void (*)(const CallPtr&);

// Where a handler runs, and so what it may do.
struct Work {
    enum class Place : std::uint8_t { kReactor, kWorker, kPasswords };
    Place place;
    Handler handler{nullptr};     // answers by returning
    AsyncHandler async{nullptr};  // on the reactor; answers later by reply()

    static constexpr Work on_reactor(Handler handler) { return {Place::kReactor, handler}; }
    static constexpr Work on_worker(Handler handler) { return {Place::kWorker, handler}; }
    static constexpr Work on_passwords(Handler handler) { return {Place::kPasswords, handler}; }
    static constexpr Work later(AsyncHandler handler) {
        return {Place::kReactor, nullptr, handler};
    }
};

struct Route {
    http::Method method;
    std::string_view path;  // "/v1/tokens/{id}"
    Permission permission;
    Work work;
    std::string_view queries{};  // the query's parameters; under our own /v1 any other is refused
};

std::span<const Route> routes();  // routes.cc: the table of contents

struct Match {
    const Route* route{nullptr};
    std::vector<std::string> parameters;
    std::string allowed;       // for a 405: the methods that this path has
    bool is_malformed{false};  // an empty, dotted or wrongly encoded segment
};
Match match(std::span<const Route> table, http::Method method, std::string_view path);

// --- answers ------------------------------------------------------------------------------------
http::Response json_answer(int status, const json::value& value);
http::Response no_content();

}  // namespace latchkey::api
