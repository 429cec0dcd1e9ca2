#include "latchkey/verifier.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <stdexcept>
#include <utility>

#include "base/clock.h"
#include "base/id.h"
#include "crypto/digest.h"
#include "embed/asking.h"
#include "embed/documents.h"
#include "embed/signed_token.h"
#include "embed/stream_facts.h"
#include "embed/stream_session.h"
#include "token/jws.h"
#include "token/opaque.h"

namespace latchkey {

using embed::not_current;
using embed::SignedToken;

namespace {

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::size_t kScopesAskedMax = 16;
constexpr std::int64_t kLooksMax = 3;
constexpr std::int64_t kLookInterval = 5 * kSecond;

struct Entry {
    SignedToken token;
    std::uint64_t keys_version{0};
    std::uint64_t list_reads{0};  // when its list was read because of it
};

TokenVerdict plain(std::string verdict) {
    TokenVerdict result;
    result.verdict = std::move(verdict);
    return result;
}

TokenVerdict about(const SignedToken& token, std::string verdict) {
    TokenVerdict result = plain(std::move(verdict));
    result.token_id = token.token_id;
    if (!token.owner.empty()) result.owner = token.owner;
    result.kind = token.is_access ? "key" : "jwt";
    if (!token.project.empty()) result.project = token.project;
    result.scopes = token.scopes.items();
    result.expires_at = token.expires_at;
    return result;
}

std::vector<std::string> missing_of(const SignedToken& token, const TokenQuestion& question) {
    const auto project = question.project ? parse_uuid(*question.project) : std::nullopt;
    if (question.project && (!project || format_uuid(*project) != token.project)) {
        return question.scopes.empty() ? std::vector<std::string>{"*"} : question.scopes;
    }
    std::vector<std::string> missing;
    for (const auto& scope : question.scopes) {
        const bool is_there =
            token.scopes.allows(scope) && (!token.requested || token.requested->allows(scope));
        if (!is_there) missing.push_back(scope);
    }
    return missing;
}

}  // namespace

class Verifier::Impl {
public:
    explicit Impl(VerifierOptions options)
        : options_(std::move(options)),
          documents_(options_, heard_),
          asking_(options_, heard_, facts_) {}

    TokenVerdict verify(const TokenQuestion& question) {
        const std::lock_guard lock(mutex_);
        auto found = decide(question);
        if (found) return std::move(found).value();
        TokenVerdict result = plain("not_current");
        result.why = std::move(found.error().message);
        return result;
    }

    bool hear(std::string_view event, std::string_view data) {
        const std::lock_guard lock(mutex_);
        auto taken = session_.take(event, data);
        was_lie_ = !taken;
        if (!taken) return false;
        if (taken->kind == embed::FrameKind::kOther) return true;
        if (taken->begins_anew) begin_anew(*taken);
        if (taken->kind == embed::FrameKind::kChange) apply(*taken);
        heard_.position = taken->position;
        const std::int64_t delay = delay_of(*taken);
        if (delay > bound()) return false;
        const std::int64_t proven = options_.steady_clock() - delay;
        heard_.at = std::max(heard_.at.value_or(proven), proven);
        return true;
    }

    void stream_ended() {
        const std::lock_guard lock(mutex_);
        session_.end(was_lie_);
        was_lie_ = false;
        least_offset_.reset();
    }

    std::string last_event_id() const {
        const std::lock_guard lock(mutex_);
        const auto& position = session_.position();
        if (!position) return {};
        return std::to_string(position->epoch) + "." + std::to_string(position->revision);
    }

private:
    [[nodiscard]] std::int64_t now_seconds() const { return options_.wall_clock() / kSecond; }
    [[nodiscard]] std::int64_t bound() const { return options_.max_staleness_seconds * kSecond; }

    void begin_anew(const embed::Frame& frame) {
        if (heard_.position) facts_.begin_again({frame.position.revision, now_seconds()});
        if (frame.kind == embed::FrameKind::kReset) documents_.forget();
        ++heard_.session;
        heard_.began_seconds = now_seconds();
    }

    // How much later the frame came than the quickest one of its connection: what lay about on the
    // way says how it was then, and not how it is.
    std::int64_t delay_of(const embed::Frame& frame) {
        if (!frame.at) return 0;
        const std::int64_t offset = options_.wall_clock() - frame.at->microseconds();
        least_offset_ = std::min(least_offset_.value_or(offset), offset);
        return offset - *least_offset_;
    }

    void apply(const embed::Frame& frame) {
        const auto* data = frame.event.if_contains("data");
        const auto* object = data == nullptr ? nullptr : data->if_object();
        const std::int64_t seconds = frame.at ? frame.at->seconds() : now_seconds();
        facts_.apply(object == nullptr ? nullptr : object->if_contains("facts"),
                     {frame.position.revision, seconds}, type_of(frame.event) == "token.created");
        const bool is_of_keys = type_of(frame.event).starts_with("key.");
        if (object != nullptr) reread_keys_ = reread_keys_ || is_of_keys;
    }

    static std::string_view type_of(const json::object& event) {
        const auto* type = event.if_contains("type");
        if (type == nullptr || !type->is_string()) return {};
        return type->get_string();
    }

    Result<TokenVerdict> decide(const TokenQuestion& question) {
        if (question.scopes.size() > kScopesAskedMax) {
            return not_current("at most 16 scopes can be asked for at a time");
        }
        if (question.token.size() > kJwsBytesMax || !could_be_token(question.token)) {
            return plain("malformed");
        }
        if (shape_of(question.token) != TokenShape::kJwt) return asking_.ask(question, 0);
        return decide_signed(question);
    }

    Result<TokenVerdict> decide_signed(const TokenQuestion& question) {
        const Digest digest = sha256(question.token);
        for (int attempt = 0; attempt < 2; ++attempt) {
            auto found = entries_.find(digest);
            if (found == entries_.end() ||
                found->second.keys_version != documents_.keys().version) {
                auto opened = TRY(open(question.token));
                if (!opened.verdict.empty()) return plain(std::move(opened.verdict));
                if (entries_.size() >= options_.tokens_kept) entries_.clear();
                found = entries_.insert_or_assign(digest, std::move(opened.entry)).first;
            }
            auto judged = judge(question, found->second);
            // Reading the keys again may have brought others than the token was verified with.
            if (found->second.keys_version == documents_.keys().version) return judged;
        }
        return not_current("the key set changes all the time");
    }

    struct Opened {
        std::string verdict;  // empty: the entry counts
        Entry entry;
    };

    Result<Opened> open(std::string_view token) {
        auto parsed = parse_unverified(token);
        if (!parsed || parsed->alg == algorithm_name(Algorithm::kPs256)) {
            return Opened{"malformed", {}};
        }
        const auto* issuer = parsed->claims.if_contains("iss");
        if (issuer == nullptr || !issuer->is_string()) return Opened{"malformed", {}};
        if (issuer->get_string() != options_.issuer) return Opened{"unknown", {}};
        const PublicKey* key = TRY(key_for(*parsed));
        const bool is_signed = key != nullptr && parsed->alg == algorithm_name(key->algorithm()) &&
                               key->verify(parsed->signing_input, parsed->signature);
        if (!is_signed) {
            return Opened{facts_.is_compromised(parsed->kid) ? "key_compromised" : "unknown", {}};
        }
        auto signed_token = embed::read_signed(*parsed, options_.issuer);
        if (!signed_token) return Opened{"malformed", {}};
        return Opened{"", {std::move(*signed_token), documents_.keys().version, 0}};
    }

    // None: the set does not have it.
    Result<const PublicKey*> key_for(const ParsedJws& jws) {
        const auto& keys = documents_.keys();
        const std::int64_t max_age = options_.key_set_max_age_seconds * kSecond;
        const bool is_old =
            !keys.read.at || options_.steady_clock() - *keys.read.at > max_age || reread_keys_;
        if (is_old) {
            const auto read = documents_.read_keys();
            if (!read && keys.version == 0) return read.error();
            if (read) reread_keys_ = false;
            if (read) return keys.find(jws.kid);
        }
        if (const PublicKey* key = keys.find(jws.kid)) return key;
        if (!may_look_again()) return no_key_for(jws);
        TRY(documents_.read_keys());
        return keys.find(jws.kid);
    }

    // Three times at once, and then every five seconds: strangers choose kids.
    bool may_look_again() {
        const std::int64_t now = options_.steady_clock();
        looks_paid_until_ = std::max(looks_paid_until_, now - (kLooksMax - 1) * kLookInterval);
        if (looks_paid_until_ > now) return false;
        looks_paid_until_ += kLookInterval;
        return true;
    }

    // Of a token that was made after the set was read, the key may be newer than it too.
    Result<const PublicKey*> no_key_for(const ParsedJws& jws) const {
        const auto* made = jws.claims.if_contains("iat");
        const std::int64_t known = documents_.keys().read.wall_seconds;
        const bool may_be_new = made != nullptr && made->is_int64() &&
                                made->get_int64() > known - options_.clock_tolerance_seconds;
        if (may_be_new) return not_current("the key set may have a newer key");
        return nullptr;
    }

    // The order of spec/vectors/README.md.
    Result<TokenVerdict> judge(const TokenQuestion& question, Entry& entry) {
        const SignedToken& token = entry.token;
        if (token.audience != options_.audience) return about(token, "wrong_audience");
        const auto said = facts_.verdict_of(token);
        if (said && (*said == "revoked" || *said == "key_compromised")) return about(token, *said);
        const auto status = token.is_access ? access_status(token) : list_status(entry);
        const std::string standing = TRY(standing_of(token, said, status));
        if (standing != "active") return about(token, standing);
        if (*status == TokenStatus::kAsk || (question.project && !token.is_access)) {
            return asking_.ask(question, facts_.open_for(token).revision);
        }
        return rights_of(question, token);
    }

    // What can be told without what was not read is told; the rest of it is not current.
    Result<std::string> standing_of(const SignedToken& token,
                                    const std::optional<std::string>& said,
                                    const Result<TokenStatus>& status) const {
        if (status && *status == TokenStatus::kRevoked) return std::string("revoked");
        std::string life = life_of(token);
        if (life != "active") return life;
        if (said && (status || stream_is_fresh())) return *said;
        if (!status) return status.error();
        if (*status == TokenStatus::kSuspended) return std::string("suspended");
        return life;
    }

    Result<TokenVerdict> rights_of(const TokenQuestion& question, const SignedToken& token) {
        if (token.needs_proof) return about(token, "proof_needed");
        auto missing = missing_of(token, question);
        if (missing.empty()) return about(token, "active");
        if (token.is_access && asking_.can_ask()) {
            auto asked = asking_.ask(question, facts_.open_for(token).revision);
            if (asked) return asked;
        }
        TokenVerdict result = about(token, "insufficient_scope");
        result.missing_scopes = std::move(missing);
        return result;
    }

    [[nodiscard]] std::string life_of(const SignedToken& token) const {
        const std::int64_t now = now_seconds();
        if (token.expires_at && *token.expires_at <= now) return "expired";
        const bool is_of_the_future = token.issued_at > now + options_.clock_tolerance_seconds;
        return is_of_the_future ? "not_yet_valid" : "active";
    }

    [[nodiscard]] bool stream_is_fresh() const {
        return heard_.at && options_.steady_clock() - *heard_.at <= bound();
    }

    // No list names an access token: the key set confirms it, and what became of it before the
    // stream was heard the authority knows.
    Result<TokenStatus> access_status(const SignedToken& token) {
        TRY(confirm_keys());
        const auto since = facts_.open_for(token);
        const std::int64_t tolerance = options_.clock_tolerance_seconds;
        const bool is_open = since.revision > 0 && token.issued_at <= since.seconds + tolerance;
        const bool is_told =
            stream_is_fresh() && token.issued_at > heard_.began_seconds + tolerance;
        if (is_open || (asking_.can_ask() && !is_told)) return TokenStatus::kAsk;
        return TokenStatus::kValid;
    }

    Result<TokenStatus> list_status(Entry& entry) {
        const SignedToken& token = entry.token;
        if (token.status_uri.empty()) return TokenStatus::kAsk;
        embed::HeldList& held = documents_.list(token.status_uri);
        const std::uint64_t revision = facts_.open_for(token).revision;
        if (!list_counts(held, entry, revision)) {
            const auto read = documents_.read_list(token.status_uri);
            if (!read) {
                const auto old = held.status(token.status_index);
                const bool is_revoked = old == static_cast<std::uint8_t>(TokenStatus::kRevoked);
                if (is_revoked) return TokenStatus::kRevoked;  // for ever
                return read.error();
            }
            entry.list_reads = held.read.count;
            if (!knows(held, entry, revision)) return not_current("the list is too old");
        }
        const auto status = held.status(token.status_index);
        if (!status) return not_current("the status list does not have the token");
        if (*status == static_cast<std::uint8_t>(TokenStatus::kRevoked)) {
            return TokenStatus::kRevoked;
        }
        TRY(confirm_keys());
        return *status <= 2 ? static_cast<TokenStatus>(*status) : TokenStatus::kAsk;
    }

    // Whoever stole a signing key that was withdrawn since can write any token, of any status.
    Status confirm_keys() {
        const auto& read = documents_.keys().read;
        if (read.is_fresh(heard_, options_.steady_clock(), bound())) return {};
        return documents_.read_keys();
    }

    [[nodiscard]] bool list_counts(const embed::HeldList& held, const Entry& entry,
                                   std::uint64_t revision) const {
        if (held.has_ended(now_seconds())) return false;
        if (!held.read.is_fresh(heard_, options_.steady_clock(), bound())) return false;
        // A list from before the token was made knows nothing of it, unless it was read for it.
        const bool is_older =
            held.read.wall_seconds <= entry.token.issued_at + options_.clock_tolerance_seconds;
        return knows(held, entry, revision) && (!is_older || entry.list_reads > 0);
    }

    // Whether the list was read after that change. What is told late of the token's making is no
    // news to a list that was read because of the token.
    [[nodiscard]] bool knows(const embed::HeldList& held, const Entry& entry,
                             std::uint64_t revision) const {
        return held.read.is_after(revision, heard_) ||
               (entry.list_reads > 0 && facts_.is_making(entry.token, revision));
    }

    const VerifierOptions options_;
    mutable std::mutex mutex_;
    embed::Heard heard_;
    embed::StreamFacts facts_;
    embed::StreamSession session_;
    embed::Documents documents_;
    embed::Asking asking_;
    std::map<Digest, Entry> entries_;
    std::optional<std::int64_t> least_offset_;  // of the connection's frames, microseconds
    std::int64_t looks_paid_until_{0};
    bool was_lie_{false};
    bool reread_keys_{false};
};

Verifier::Verifier(VerifierOptions options) {
    if (options.issuer.empty() || options.audience.empty() || !options.fetch) {
        throw std::invalid_argument("a verifier needs an issuer, an audience and a fetch");
    }
    // What a caller's HTTP library throws is a server that was not reached, and no end of verify().
    options.fetch = [fetch = std::move(options.fetch)](const std::string& url,
                                                       const std::string* posted) {
        try {
            return fetch(url, posted);
        } catch (const std::exception&) {
            return FetchAnswer{};
        }
    };
    const auto clock = std::make_shared<SystemClock>();
    if (!options.wall_clock) {
        options.wall_clock = [clock] { return clock->now().microseconds(); };
    }
    if (!options.steady_clock) {
        options.steady_clock = [clock] { return std::int64_t{clock->steady().count()}; };
    }
    impl_ = std::make_unique<Impl>(std::move(options));
}

Verifier::Verifier(Verifier&&) noexcept = default;
Verifier& Verifier::operator=(Verifier&&) noexcept = default;
Verifier::~Verifier() = default;

TokenVerdict Verifier::verify(const TokenQuestion& question) {
    return impl_->verify(question);
}

bool Verifier::hear(std::string_view event, std::string_view data) {
    return impl_->hear(event, data);
}

void Verifier::stream_ended() {
    impl_->stream_ended();
}

std::string Verifier::last_event_id() const {
    return impl_->last_event_id();
}

}  // namespace latchkey
