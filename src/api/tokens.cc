// /v1/tokens: create, read, change.
#include "api/body.h"
#include "api/handlers.h"
#include "api/idempotency.h"
#include "api/negotiation.h"
#include "api/token_bodies.h"
#include "api/token_changes.h"
#include "api/views.h"
#include "token/scope.h"

namespace latchkey::api {
namespace {

using authority::PreparedToken;
using authority::TokenDetails;

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

// Testing the public keys of strangers takes up to 20 ms each; a token to copy is read first.
void create_on_worker(const CallPtr& call, const std::shared_ptr<IdempotentCreate>& once,
                      Body body) {
    const auto kept = std::make_shared<Body>(std::move(body));
    const bool is_taken = call->services.workers.submit([call, once, kept] {
        const auto like = read_like(*call, *kept);
        if (!like) return reply(call, like.error());
        auto wanted = read_create(*call, *kept, *like ? &**like : nullptr);
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

}  // namespace

void post_token(const CallPtr& call) {
    auto once = IdempotentCreate::of(*call);
    if (!once) return reply(call, std::move(once).error());
    auto body = Body::parse(call->request());
    if (!body) return reply(call, std::move(body).error());
    const bool must_wait = body->has("keys") || body->has("like");
    if (must_wait) return create_on_worker(call, *once, std::move(*body));
    create_on_reactor(call, *once, *body);
}

Result<http::Response> get_token(Call& call) {
    auto& authority = call.services.authority;
    const auto details = TRY(authority.store().query<TokenDetails>([&](store::Connection& db) {
        return authority::get_token(db, call.actor(), call.parameters[0]);
    }));
    const auto apis = authority.directory().view();
    auto response = json_answer(200, token_view(details, *apis, authority.clock().now()));
    response.fields.emplace_back("ETag", token_tag(details, *apis));
    return response;
}

std::string token_tag(const TokenDetails& details, const authority::DirectoryView& apis) {
    const auto& token = details.token;
    auto view = token_view(token, apis, token.created_at, std::nullopt);
    if (token.kind == store::TokenKind::kKey) view["keys"] = keys_view(details.secrets);
    return "W/" + etag_of(to_json(view));
}

Result<http::Response> patch_token(Call& call) {
    auto& authority = call.services.authority;
    auto body = TRY(Body::parse(call.request()));
    const auto edit = TRY(read_edit(body, authority.clock().now()));
    const auto apis = authority.directory().view();
    using Edited = Result<TokenDetails>;
    return change_token_on_worker(call, [&](store::Transaction& tx) -> Edited {
        if (call.request().find("If-Match")) {
            const auto before =
                TRY(authority::token_to_change(tx, call.actor(), call.parameters[0]));
            TRY(check_if_match_tag(call.request(), token_tag(before, *apis)));
        }
        return authority::edit_token(tx, call.actor(), *apis, call.parameters[0], edit);
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
            found.secrets = TRY(store::recent_secrets_of(db, *token));
            found.usage = TRY(store::find_usage(db, token->id));
            found.token = std::move(*token);
            return found;
        }));
    const auto apis = authority.directory().view();
    auto view = token_view(details, *apis, authority.clock().now());
    const auto* const api = apis->find(details.token.api);
    view["apiBaseUrl"] = nullptr;
    if (api != nullptr && !api->api.base_url.empty()) view["apiBaseUrl"] = api->api.base_url;
    const std::lock_guard lock(call.services.worker_reader_mutex);
    const verify::ReadGuard guard(*call.services.worker_reader);
    verify::TokenView facts;
    std::string scopes;
    const auto& claimed = call.principal.claimed;
    if (claimed && details.token.scopes) {
        const auto own = TRY(ScopeSet::create(*details.token.scopes));
        const auto said = TRY(ScopeSet::create(*claimed));
        view["scopes"] = texts_view(own.intersection(said).items());
    }
    if (call.services.worker_reader->find(call.principal.token_facts, facts)) {
        if (claimed) facts.claimed = &*claimed;
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
