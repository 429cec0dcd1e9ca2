// /v1/imports: tokens that another system made, taken over by their digests.
#include "authority/imports.h"

#include "api/body.h"
#include "api/handlers.h"
#include "api/problem.h"
#include "api/short_list.h"
#include "api/token_bodies.h"
#include "api/views.h"
#include "authority/import_tokens.h"
#include "base/encoding.h"

namespace latchkey::api {
namespace {

using authority::AddImportSource;
using authority::ImportToken;

json::object source_view(const store::ImportSourceRecord& source, bool has_key) {
    return {{"name", source.name},
            {"prefix", source.prefix},
            {"algorithm", has_key ? "hmac-sha256" : "sha256"},
            {"entropyBits", has_key ? json::value(nullptr) : json::value(source.entropy_bits)}};
}

Result<Secret> read_key(const std::string& text) {
    auto bytes = base64url_decode(text);
    if (!bytes) bytes = base64_decode(text);
    if (bytes) return Secret(std::move(*bytes));
    return invalid("the key is base64 or base64url", "bad_import_key", "/hmacKey");
}

Result<AddImportSource> read_source(Body& body) {
    AddImportSource wanted;
    wanted.name = TRY(body.text("name"));
    wanted.prefix = TRY(body.text("prefix"));
    const auto algorithm = TRY(body.text("algorithm"));
    const bool has_key = algorithm == "hmac-sha256";
    if (!has_key && algorithm != "sha256") {
        return invalid("an algorithm is sha256 or hmac-sha256", "unknown_algorithm", "/algorithm");
    }
    const auto key = TRY(body.optional_text("hmacKey"));
    if (key) wanted.key = TRY(read_key(*key));
    if (has_key && !key) {
        return invalid("which key makes the HMACs?", "missing_member", "/hmacKey");
    }
    if (!has_key && key) {
        return invalid("plain SHA-256 has no key", "bad_import_key", "/hmacKey");
    }
    wanted.entropy_bits = TRY(body.optional_number("entropyBits"));
    return wanted;
}

Result<ImportToken> read_token(Body& body, Timestamp now) {
    ImportToken token;
    token.digest = TRY(body.text("digest"));
    token.owner = TRY(body.text("owner"));
    auto& terms = token.terms;
    terms.name = TRY(body.text("name"));
    terms.description = TRY(body.optional_text("description")).value_or("");
    terms.api = TRY(body.optional_text("api")).value_or("");
    terms.scopes = TRY(body.optional_texts("scopes"));
    // What a token of that system could do is known to whoever exports it, and never guessed.
    if (!terms.scopes) return invalid("the member scopes is missing", "missing_member", "/scopes");
    terms.expires_at = TRY(read_moment(body, "expiresAt", now));
    terms.not_before = TRY(read_moment(body, "notBefore", now));
    terms.allowed_ips = TRY(body.optional_texts("allowedIps")).value_or(std::vector<std::string>());
    terms.rate = TRY(read_rate(body)).value_or(RateLimit{});
    TRY(body.done());
    return token;
}

Result<authority::ImportTokens> read_tokens(const Call& call) {
    auto body = TRY(Body::parse(call.request()));
    authority::ImportTokens wanted;
    wanted.source = call.parameters[0];
    wanted.is_dry_run = TRY(body.flag("dryRun", false));
    auto tokens = TRY(body.optional_objects("tokens"));
    TRY(body.done());
    if (!tokens || tokens->empty()) {
        return invalid("which tokens? tokens is an array of objects", "missing_member", "/tokens");
    }
    if (tokens->size() > authority::kImportBatchMax) {
        return invalid("at most 100 tokens at a time", "too_many_imports", "/tokens");
    }
    const Timestamp now = call.services.authority.clock().now();
    for (auto& token : *tokens) {
        wanted.tokens.push_back(read_token(token, now));
    }
    return wanted;
}

json::object refused_view(const authority::RefusedImport& refused) {
    const Error& error = refused.error;
    json::object view{{"index", refused.index},
                      {"code", code_of(error)},
                      {"detail", error.message},
                      {"field", error.field}};
    if (!error.hint.empty()) view["hint"] = error.hint;
    if (!error.scopes.empty()) view["missingScopes"] = texts_view(error.scopes);
    return view;
}

}  // namespace

Result<http::Response> get_imports(Call& call) {
    auto& authority = call.services.authority;
    json::array list;
    TRY(authority.store().read([&](store::Connection& db) -> Status {
        for (const auto& source : TRY(store::list_import_sources(db))) {
            const auto count = TRY(store::count_imported(db, source.name, authority.clock().now()));
            auto view = source_view(source, !source.wrapped_key.empty());
            view["createdAt"] = format_rfc3339(source.created_at);
            view["tokens"] = count.all;
            view["needed"] = count.needed;
            list.push_back(std::move(view));
        }
        return {};
    }));
    return short_list_answer(call, std::move(list), "name", ListOrder::kByTime);
}

Result<http::Response> post_import(Call& call) {
    TRY(authority::require_administrator(call.actor()));
    auto body = TRY(Body::parse(call.request()));
    const auto wanted = TRY(read_source(body));
    const bool is_dry_run = TRY(body.flag("dryRun", false));
    TRY(body.done());
    auto& authority = call.services.authority;
    using authority::AddedImportSource;
    AddedImportSource added;
    TRY(is_dry_run ? authority.store().read([&](store::Connection& db) -> Status {
        added = TRY(authority::preview_import_source(authority, db, call.actor(), wanted));
        return {};
    })
                   : authority.store().mutate([&](store::Transaction& tx) -> Status {
                         added =
                             TRY(authority::add_import_source(authority, tx, call.actor(), wanted));
                         return {};
                     }));
    auto view = source_view(added.source, wanted.key.has_value());
    view["created"] = added.is_new && !is_dry_run;
    return json_answer(added.is_new && !is_dry_run ? 201 : 200, view);
}

Result<http::Response> delete_import(Call& call) {
    TRY(authority::require_administrator(call.actor()));
    TRY(call.services.authority.store().mutate([&](store::Transaction& tx) {
        return authority::remove_import_source(tx, call.actor(), call.parameters[0]);
    }));
    return no_content();
}

Result<http::Response> post_import_tokens(Call& call) {
    TRY(authority::require_administrator(call.actor()));
    auto wanted = TRY(read_tokens(call));
    auto& services = call.services;
    // One of its own: the one that workers share must not wait for a commit.
    const auto reader = services.authority.replica().make_reader();
    const auto outcome =
        TRY(authority::import_tokens(services.authority, *reader, call.actor(), std::move(wanted)));
    json::array refused;
    for (const auto& one : outcome.refused) {
        refused.push_back(refused_view(one));
    }
    return json_answer(200, json::object{{"imported", outcome.imported},
                                         {"existing", outcome.existing},
                                         {"refused", std::move(refused)}});
}

}  // namespace latchkey::api
