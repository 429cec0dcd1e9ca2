#include "authority/import_tokens.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>

#include "base/encoding.h"
#include "store/tables.h"
#include "verify/import_sources.h"

namespace latchkey::authority {
namespace {

struct Candidate {
    std::size_t index{0};
    PreparedToken token;
    Digest plain{};  // as it was given
    ImportSourceId source;
};

enum class Seen : std::uint8_t { kNew, kExisting };

Result<Digest> read_digest(const std::string& text) {
    Digest digest{};
    for (const auto& decode : {hex_decode, base64_decode, base64url_decode}) {
        const auto bytes = decode(text);
        if (!bytes || bytes->size() != digest.size()) continue;
        std::copy(bytes->begin(), bytes->end(), digest.begin());
        if (digest != Digest{}) return digest;
    }
    return invalid("a digest is 32 bytes, as 64 hexadecimal digits or as base64", "bad_digest",
                   "/digest")
        .with_hint("give the SHA-256 or HMAC-SHA-256 of the whole token, its prefix included");
}

Error unknown_owner() {
    return Error{ErrorCode::kNotFound, "there is no such active user"}
        .with_reason("unknown_owner")
        .with_field("/owner")
        .with_hint("latchkey user create makes one");
}

using Owners = std::map<std::string, std::optional<UserId>>;

Result<Owners> find_owners(store::Connection& db, const ImportTokens& wanted) {
    Owners owners;
    for (const auto& token : wanted.tokens) {
        if (!token || owners.contains(token->owner)) continue;
        const auto id = UserId::parse(token->owner);
        auto found = id ? store::find_user(db, *id) : store::find_user_by_login(db, token->owner);
        const auto user = TRY(std::move(found));
        owners[token->owner] = user ? std::optional(user->id) : std::nullopt;
    }
    return owners;
}

// Everything that a token which is made here must pass; then its secret is not one of ours.
Result<Candidate> prepare(Authority& authority, verify::Replica::Reader& reader, const Actor& actor,
                          const store::ImportSourceRecord& source, ImportToken& wanted,
                          const Owners& owners) {
    Candidate candidate;
    candidate.plain = TRY(read_digest(wanted.digest));
    const auto owner = owners.at(wanted.owner);
    if (!owner) return unknown_owner();
    wanted.terms.owner = *owner;
    wanted.terms.kind = store::TokenKind::kOpaque;
    candidate.token = TRY(prepare_token(authority, reader, actor, std::move(wanted.terms)));
    if (candidate.token.api_slug == kManagementApi) {
        return invalid("tokens of our own API are made here", "management_api_import", "/api")
            .with_hint("name the API that these tokens are for");
    }
    candidate.source = source.id;
    candidate.token.token.source = source.name;
    candidate.token.text = Secret();
    candidate.token.secret.digest = verify::bound_digest(source.id, candidate.plain);
    return candidate;
}

Error taken(std::string why) {
    return Error{ErrorCode::kConflict, std::move(why)}
        .with_reason("digest_taken")
        .with_field("/digest");
}

// The digest of a token or session of ours could never be found under a source; that somebody tries
// is worth a word.
Result<Seen> look_up(store::Connection& db, const Candidate& candidate) {
    const auto existing = TRY(store::find_token_by_digest(db, candidate.token.secret.digest));
    if (existing) {
        if (existing->owner == candidate.token.token.owner) return Seen::kExisting;
        return taken("this token was imported before, for another owner")
            .with_hint("one token has one owner; remove the line that is wrong");
    }
    const auto token = TRY(store::find_token_by_digest(db, candidate.plain));
    const auto session = TRY(store::find_session(db, candidate.plain));
    if (token || session) return taken("this is the digest of a token or session of our own");
    return Seen::kNew;
}

// Waits for the mutations of one batch.
class Pending {
public:
    explicit Pending(std::size_t count) : left_(count) {}
    void one_done() {
        const std::lock_guard lock(mutex_);
        if (--left_ == 0) all_done_.notify_all();
    }
    void wait() {
        std::unique_lock lock(mutex_);
        all_done_.wait(lock, [&] { return left_ == 0; });
    }

private:
    std::mutex mutex_;
    std::condition_variable all_done_;
    std::size_t left_;
};

struct Submitted {
    Candidate candidate;
    Seen seen{Seen::kNew};
    Status status;
};

Status insert(Authority& authority, store::Transaction& tx, Submitted& one) {
    auto& db = tx.connection();
    // It may have been removed since, and another one of its name be there: a token of no source
    // would be found by nobody.
    const auto source = TRY(find_import_source(db, one.candidate.token.token.source));
    if (!source || source->id != one.candidate.source) {
        return Error{ErrorCode::kConflict, "the source was removed meanwhile"}.with_reason(
            "unknown_import_source");
    }
    one.seen = TRY(look_up(db, one.candidate));
    if (one.seen == Seen::kExisting) return {};
    return insert_token(authority, tx, one.candidate.token);
}

// What is wrong with one token, and not with the server.
bool is_about_token(const Error& error) {
    switch (error.code) {
        case ErrorCode::kInvalidArgument:
        case ErrorCode::kPermissionDenied:
        case ErrorCode::kNotFound:
        case ErrorCode::kConflict: return true;
        case ErrorCode::kUnauthenticated:
        case ErrorCode::kPrecondition:
        case ErrorCode::kRateLimited:
        case ErrorCode::kOutOfSpace:
        case ErrorCode::kUnavailable:
        case ErrorCode::kInternal: return false;
    }
    return false;
}

Status count(std::size_t index, const Status& status, Seen seen, ImportOutcome& outcome) {
    if (!status) {
        if (!is_about_token(status.error())) return status.error();
        outcome.refused.push_back({index, status.error()});
    } else if (seen == Seen::kExisting) {
        ++outcome.existing;
    } else {
        ++outcome.imported;
    }
    return {};
}

Status write(Authority& authority, std::vector<Candidate> candidates, ImportOutcome& outcome) {
    std::vector<Submitted> batch;
    for (auto& candidate : candidates) {
        batch.push_back({std::move(candidate), Seen::kNew, {}});
    }
    Pending pending(batch.size());
    for (auto& one : batch) {
        store::Mutation mutation;
        mutation.work = [&authority, &one](store::Transaction& tx) {
            return insert(authority, tx, one);
        };
        mutation.done = [&one, &pending](Status status) {
            one.status = std::move(status);
            pending.one_done();
        };
        authority.store().submit(std::move(mutation));
    }
    pending.wait();
    for (const auto& one : batch) {
        TRY(count(one.candidate.index, one.status, one.seen, outcome));
    }
    return {};
}

Status preview(Authority& authority, const std::vector<Candidate>& candidates,
               ImportOutcome& outcome) {
    return authority.store().read([&](store::Connection& db) -> Status {
        for (const auto& candidate : candidates) {
            auto seen = Seen::kNew;
            const auto check = [&]() -> Status {
                seen = TRY(look_up(db, candidate));
                if (seen == Seen::kExisting) return {};
                return check_prepared(authority, db, candidate.token, authority.clock().now());
            };
            TRY(count(candidate.index, check(), seen, outcome));
        }
        return {};
    });
}

struct Known {
    store::ImportSourceRecord source;
    Owners owners;
};

Result<Known> read_known(store::Connection& db, const ImportTokens& wanted) {
    Known known;
    auto source = TRY(find_import_source(db, wanted.source));
    if (!source && !wanted.is_dry_run) {
        return Error{ErrorCode::kNotFound, "there is no such source"}.with_reason(
            "unknown_import_source");
    }
    if (source) known.source = std::move(*source);
    known.owners = TRY(find_owners(db, wanted));
    return known;
}

}  // namespace

Result<ImportOutcome> import_tokens(Authority& authority, verify::Replica::Reader& reader,
                                    const Actor& actor, ImportTokens wanted) {
    TRY(require_administrator(actor));
    // As a whole, or every line would be refused by itself.
    TRY(actor.require_proof());
    const auto known = TRY(authority.store().query<Known>(
        [&](store::Connection& db) { return read_known(db, wanted); }));
    ImportOutcome outcome;
    std::vector<Candidate> candidates;
    std::set<Digest> digests;
    for (std::size_t i = 0; i < wanted.tokens.size(); ++i) {
        auto& token = wanted.tokens[i];
        auto candidate = token
                             ? prepare(authority, reader, actor, known.source, *token, known.owners)
                             : Result<Candidate>(token.error());
        if (candidate && !digests.insert(candidate->plain).second) {
            candidate = invalid("this digest stands twice", "duplicate_digest", "/digest");
        }
        if (!candidate) {
            TRY(count(i, candidate.error(), Seen::kNew, outcome));
            continue;
        }
        candidate->index = i;
        candidates.push_back(std::move(*candidate));
    }
    TRY(wanted.is_dry_run ? preview(authority, candidates, outcome)
                          : write(authority, std::move(candidates), outcome));
    std::sort(outcome.refused.begin(), outcome.refused.end(),
              [](const auto& a, const auto& b) { return a.index < b.index; });
    return outcome;
}

}  // namespace latchkey::authority
