// /v1/tokens: create, list, read, change.
#include "api/body.h"
#include "api/cursor.h"
#include "api/handlers.h"
#include "api/idempotency.h"
#include "api/token_changes.h"
#include "api/views.h"
#include "authority/create_token.h"

namespace latchkey::api {
namespace {

using authority::CreateToken;
using authority::PreparedToken;
using authority::TokenDetails;

Result<store::TokenKind> kind_of(const std::string& name) {
    if (name == "jwt") return store::TokenKind::kJwt;
    if (name == "opaque") return store::TokenKind::kOpaque;
    if (name == "key") return store::TokenKind::kKey;
    return invalid("there is no kind " + name.substr(0, 40), "unknown_kind", "/kind")
        .with_hint("kinds: jwt, opaque, key");
}

Result<CreateToken> read_create(const Call& call, Body& body) {
    CreateToken wanted;
    wanted.name = TRY(body.text("name"));
    wanted.description = TRY(body.optional_text("description")).value_or("");
    wanted.kind = TRY(kind_of(TRY(body.optional_text("kind")).value_or("jwt")));
    wanted.api = TRY(body.optional_text("api")).value_or("");
    wanted.scopes = TRY(body.optional_texts("scopes"));
    wanted.expires_at = TRY(body.optional_time("expiresAt"));
    wanted.allowed_ips =
        TRY(body.optional_texts("allowedIps")).value_or(std::vector<std::string>());
    wanted.projects = TRY(body.optional_texts("projects")).value_or(std::vector<std::string>());
    auto keys = TRY(read_keys(body));
    TRY(body.done());
    if (wanted.kind == store::TokenKind::kKey && !keys) {
        return invalid("a key token needs your public key", "missing_member", "/keys");
    }
    wanted.keys = std::move(keys).value_or(std::vector<PublicKey>());
    if (call.query.has("owner")) {
        const auto owner = UserId::parse(call.query.get("owner"));
        if (!owner) return invalid("owner is the id of a user", "bad_query");
        wanted.owner = *owner;
    }
    return wanted;
}

http::Response created(const Services& services, const PreparedToken& made) {
    const auto apis = services.authority.directory().view();
    auto view = token_view(made.token, *apis, made.token.created_at, std::nullopt);
    if (made.token.kind == store::TokenKind::kKey) {
        std::vector<store::SecretRecord> keys = {made.secret};
        keys.insert(keys.end(), made.more_keys.begin(), made.more_keys.end());
        view["keys"] = keys_view(keys);
    } else {
        view["token"] = made.text.expose();
    }
    auto response = json_answer(201, view);
    response.fields.emplace_back("Location", "/v1/tokens/" + made.token.id.uuid());
    return response;
}

// The answer, made on the reactor: the writer has better to do than to write JSON. Made anew in the
// rare case that the insertion had to draw another secret.
struct ReadyAnswer {
    http::Response response;
    Digest digest{};  // of the secret in it
};

http::Response take(ReadyAnswer& ready, const Services& services, const PreparedToken& made) {
    if (ready.digest == made.secret.digest) return std::move(ready.response);
    return created(services, made);
}

// Inserts on the writer, answers when it is durable and applied.
void insert(const CallPtr& call, const std::shared_ptr<IdempotentCreate>& once,
            Result<PreparedToken> prepared) {
    auto& authority = call->services.authority;
    if (!prepared) return reply(call, std::move(prepared).error());
    const auto made = std::make_shared<PreparedToken>(std::move(*prepared));
    const auto ready = std::make_shared<ReadyAnswer>(
        ReadyAnswer{created(call->services, *made), made->secret.digest});
    store::Mutation mutation;
    mutation.work = [call, made, once](store::Transaction& tx) -> Status {
        auto& parts = call->services.authority;
        if (!once->is_used()) return authority::insert_token(parts, tx, *made);
        if (TRY(once->find(tx.connection()))) return {};
        TRY(authority::insert_token(parts, tx, *made));
        return once->remember(tx, created(call->services, *made));
    };
    mutation.done = [call, made, once, ready](Status status) {
        if (!status) return reply(call, std::move(status).error());
        if (once->answer) return reply(call, std::move(*once->answer));
        reply(call, take(*ready, call->services, *made));
    };
    authority.store().submit(std::move(mutation));
}

void create_on_reactor(const CallPtr& call, const std::shared_ptr<IdempotentCreate>& once,
                       Body& body) {
    auto wanted = read_create(*call, body);
    if (!wanted) return reply(call, std::move(wanted).error());
    insert(call, once,
           authority::prepare_token(call->services.authority,
                                    *call->services.reactors[call->reactor]->reader, call->actor(),
                                    std::move(*wanted)));
}

// Testing the public keys of strangers takes up to 20 ms each.
void create_on_worker(const CallPtr& call, const std::shared_ptr<IdempotentCreate>& once,
                      Body body) {
    const auto kept = std::make_shared<Body>(std::move(body));
    const bool is_taken = call->services.workers.submit([call, once, kept] {
        auto wanted = read_create(*call, *kept);
        if (!wanted) return reply(call, std::move(wanted).error());
        auto prepared = [&] {
            const std::lock_guard lock(call->services.worker_reader_mutex);
            return authority::prepare_token(call->services.authority, *call->services.worker_reader,
                                            call->actor(), std::move(*wanted));
        }();
        insert(call, once, std::move(prepared));
    });
    if (!is_taken) reply(call, Error{ErrorCode::kUnavailable, "too busy; try again"});
}

using Change = authority::TokenChange;

void change(const CallPtr& call, Change kind, bool has_body) {
    std::string reason;
    if (has_body) {
        auto body = Body::parse(call->request(), true);
        if (!body) return reply(call, std::move(body).error());
        auto text = body->optional_text("reason");
        if (!text) return reply(call, std::move(text).error());
        if (auto done = body->done(); !done) return reply(call, std::move(done).error());
        reason = text->value_or("");
    }
    const auto result = std::make_shared<std::optional<TokenDetails>>();
    store::Mutation mutation;
    mutation.is_urgent = kind != Change::kResume;
    mutation.work = [call, kind, reason, result](store::Transaction& tx) -> Status {
        *result =
            TRY(authority::change_token(tx, call->actor(), call->parameters[0], kind, reason));
        return {};
    };
    mutation.done = [call, kind, result](Status status) {
        if (!status) return reply(call, std::move(status).error());
        if (kind == Change::kDelete) return reply(call, no_content());
        auto& authority = call->services.authority;
        reply(call, json_answer(200, token_view(**result, *authority.directory().view(),
                                                authority.clock().now())));
    };
    call->services.authority.store().submit(std::move(mutation));
}

Result<store::TokenFilter> filter_of(const std::string& state) {
    if (state == "all") return store::TokenFilter::kAll;
    if (state == "active") return store::TokenFilter::kActive;
    if (state == "expired") return store::TokenFilter::kExpired;
    if (state == "revoked") return store::TokenFilter::kRevoked;
    if (state == "suspended") return store::TokenFilter::kSuspended;
    return invalid("state is active, expired, revoked, suspended or all", "bad_query");
}

Result<store::TokenSort> sort_of(const std::string& sort) {
    if (sort == "-createdAt") return store::TokenSort::kNewest;
    if (sort == "createdAt") return store::TokenSort::kOldest;
    if (sort == "name") return store::TokenSort::kName;
    return invalid("sort is createdAt, -createdAt or name", "bad_query");
}

Result<store::TokenQuery> read_list_query(Call& call) {
    const Query& query = call.query;
    store::TokenQuery wanted;
    wanted.owner = call.actor().user;
    if (query.has("owner")) {
        const std::string owner = query.get("owner");
        const auto id = UserId::parse(owner);
        if (!id && owner != "all") return invalid("owner is a user's id, or all", "bad_query");
        if (!id || *id != call.actor().user) TRY(call.actor().require("user:read"));
        wanted.owner = id;
    }
    wanted.filter = TRY(filter_of(query.get("state", "all")));
    wanted.sort = TRY(sort_of(query.get("sort", "-createdAt")));
    wanted.limit = TRY(query.limit(50, 200));
    wanted.now = call.services.authority.clock().now();
    if (query.has("after")) {
        const auto cursor =
            TRY(open_cursor(call.services.authority.keys().kek(), query.get("after")));
        const auto id = TokenId::parse(cursor.id);
        if (!id) return invalid("this cursor is not ours", "bad_query");
        wanted.after = *id;
        wanted.after_name = cursor.key;
    }
    return wanted;
}

}  // namespace

void post_token(const CallPtr& call) {
    auto once = IdempotentCreate::of(*call);
    if (!once) return reply(call, std::move(once).error());
    auto body = Body::parse(call->request());
    if (!body) return reply(call, std::move(body).error());
    if (body->has("keys")) return create_on_worker(call, *once, std::move(*body));
    create_on_reactor(call, *once, *body);
}

Result<http::Response> get_tokens(Call& call) {
    auto wanted = TRY(read_list_query(call));
    const std::size_t limit = wanted.limit;
    auto& authority = call.services.authority;
    const auto found = TRY(authority.store().query<std::vector<store::ListedToken>>(
        [&](store::Connection& db) { return store::list_tokens(db, wanted); }));
    const auto apis = authority.directory().view();
    json::array list;
    for (const auto& item : found) {
        list.push_back(token_view(item.token, *apis, wanted.now, item.last_used_at));
    }
    auto response = json_answer(200, std::move(list));
    if (found.size() == limit) {
        const auto& last = found.back().token;
        response.fields.emplace_back(
            "Link",
            next_link(call, seal_cursor(authority.keys().kek(), {last.id.uuid(), last.name})));
    }
    return response;
}

Result<http::Response> get_token(Call& call) {
    auto& authority = call.services.authority;
    const auto details = TRY(authority.store().query<TokenDetails>([&](store::Connection& db) {
        return authority::get_token(db, call.actor(), call.parameters[0]);
    }));
    return json_answer(200,
                       token_view(details, *authority.directory().view(), authority.clock().now()));
}

Result<http::Response> patch_token(Call& call) {
    auto body = TRY(Body::parse(call.request()));
    authority::TokenEdit edit;
    edit.name = TRY(body.optional_text("name"));
    edit.description = TRY(body.optional_text("description"));
    for (const char* later : {"scopes", "expiresAt", "allowedIps"}) {
        if (body.has(later)) {
            return invalid(std::string(later) + " of a token cannot be changed yet", "not_yet",
                           std::string("/") + later)
                .with_hint("create a new token and revoke this one");
        }
    }
    edit.keys = TRY(read_keys(body));
    TRY(body.done());
    return change_token_on_worker(call, [&](store::Transaction& tx) {
        return authority::edit_token(tx, call.actor(), call.parameters[0], edit);
    });
}

void delete_token(const CallPtr& call) {
    change(call, Change::kDelete, false);
}
void post_token_revoke(const CallPtr& call) {
    change(call, Change::kRevoke, true);
}
void post_token_suspend(const CallPtr& call) {
    change(call, Change::kSuspend, true);
}
void post_token_resume(const CallPtr& call) {
    change(call, Change::kResume, true);
}

Result<http::Response> get_token_usage(Call& call) {
    auto& authority = call.services.authority;
    const auto details = TRY(authority.store().query<TokenDetails>([&](store::Connection& db) {
        return authority::get_token(db, call.actor(), call.parameters[0]);
    }));
    const auto usage = details.usage.value_or(store::UsageRecord{});
    json::object view;
    view["tokenId"] = details.token.id.uuid();
    view["lastUsedAt"] =
        time_view(details.usage ? std::optional(usage.last_used_at) : std::nullopt);
    view["lastAddress"] = usage.last_address;
    view["lastAgent"] = usage.last_agent;
    view["uses"] = usage.uses;
    view["denials"] = usage.denials;
    return json_answer(200, view);
}

Result<http::Response> get_token_self(Call& call) {
    if (!call.principal.token) {
        return Error{ErrorCode::kPermissionDenied, "a session is no token"}
            .with_reason("token_needed")
            .with_hint("present the token itself: Authorization: Bearer <token>");
    }
    auto& authority = call.services.authority;
    const auto details = TRY(
        authority.store().query<TokenDetails>([&](store::Connection& db) -> Result<TokenDetails> {
            TokenDetails found;
            auto token = TRY(store::find_token(db, call.principal.token->bytes));
            if (!token) return Error{ErrorCode::kNotFound, "there is no such token"};
            found.secrets = TRY(store::secrets_of(db, token->id));
            found.usage = TRY(store::find_usage(db, token->id));
            found.token = std::move(*token);
            return found;
        }));
    auto view = token_view(details, *authority.directory().view(), authority.clock().now());
    const std::lock_guard lock(call.services.worker_reader_mutex);
    const verify::ReadGuard guard(*call.services.worker_reader);
    verify::TokenView facts;
    std::string scopes;
    if (call.services.worker_reader->find(call.principal.token_facts, facts)) {
        if (call.principal.access) {
            facts.access = &*call.principal.access;
            const auto& project = call.principal.access->project;
            if (project) call.services.worker_reader->find_grant(*project, facts);
        }
        verify::effective_scopes(facts, scopes);
    }
    view["effectiveScopes"] = words_view(scopes);
    return json_answer(200, view);
}

}  // namespace latchkey::api
