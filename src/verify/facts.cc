#include "verify/facts.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/encoding.h"
#include "token/access_token.h"

namespace latchkey::verify {
namespace {

constexpr std::array<std::pair<TokenKind, std::string_view>, 3> kKinds{{
    {TokenKind::kJwt, "jwt"},
    {TokenKind::kOpaque, "opaque"},
    {TokenKind::kKey, "key"},
}};
constexpr std::array<std::pair<TokenState, std::string_view>, 3> kStates{{
    {TokenState::kActive, "active"},
    {TokenState::kSuspended, "suspended"},
    {TokenState::kRevoked, "revoked"},
}};

constexpr std::array<std::pair<PrincipalKind, std::string_view>, 2> kPrincipals{{
    {PrincipalKind::kToken, "token"},
    {PrincipalKind::kUser, "user"},
}};

template <typename Enum, std::size_t kSize>
std::string_view word_of(const std::array<std::pair<Enum, std::string_view>, kSize>& words,
                         Enum value) {
    for (const auto& [known, word] : words) {
        if (known == value) return word;
    }
    CHECK(false && "an enumerator without a word");
    return {};
}

json::value time_json(const std::optional<Timestamp>& time) {
    if (!time) return nullptr;
    return json::string(format_rfc3339(*time));
}

json::array texts_json(const std::vector<std::string>& texts) {
    json::array array;
    for (const auto& text : texts) {
        array.emplace_back(text);
    }
    return array;
}

template <typename Ids>
json::array ids_json(const Ids& ids) {
    json::array array;
    for (const auto& id : ids) {
        array.emplace_back(id.uuid());
    }
    return array;
}

Error bad_fact(std::string message) {
    return invalid(std::move(message), "bad_fact");
}

// Reads the members of one fact and remembers how many, so that leftovers show.
class Members {
public:
    explicit Members(const json::object& object) : object_(object) {}

    Result<const json::value*> any(std::string_view name) {
        const json::value* const value = object_.if_contains(name);
        if (value == nullptr) return bad_fact(fmt::format("a fact lacks \"{}\"", name));
        ++used_;
        return value;
    }
    Result<std::string> text(std::string_view name) {
        const json::value* const value = TRY(any(name));
        if (!value->is_string()) return wrong(name);
        return std::string(value->get_string());
    }
    Result<std::optional<std::string>> text_or_none(std::string_view name) {
        const json::value* const value = TRY(any(name));
        if (value->is_null()) return std::optional<std::string>{};
        if (!value->is_string()) return wrong(name);
        return std::optional{std::string(value->get_string())};
    }
    Result<bool> boolean(std::string_view name) {
        const json::value* const value = TRY(any(name));
        if (!value->is_bool()) return wrong(name);
        return value->get_bool();
    }
    Result<std::optional<std::uint64_t>> number_or_none(std::string_view name) {
        const json::value* const value = TRY(any(name));
        if (value->is_null()) return std::optional<std::uint64_t>{};
        if (value->is_uint64()) return std::optional{value->get_uint64()};
        if (!value->is_int64() || value->get_int64() < 0) return wrong(name);
        return std::optional{static_cast<std::uint64_t>(value->get_int64())};
    }
    Result<std::uint32_t> small_number(std::string_view name) {
        const auto number = TRY(number_or_none(name));
        if (!number || *number > 0xFFFF'FFFF) return wrong(name);
        return static_cast<std::uint32_t>(*number);
    }
    Result<std::optional<Timestamp>> time_or_none(std::string_view name) {
        const json::value* const value = TRY(any(name));
        if (value->is_null()) return std::optional<Timestamp>{};
        if (!value->is_string()) return wrong(name);
        const Timestamp time = TRY(parse_rfc3339(value->get_string()));
        return std::optional{time};
    }
    template <typename AnyId>
    Result<AnyId> id(std::string_view name) {
        const std::string written = TRY(text(name));
        const auto parsed = AnyId::parse(written);
        if (!parsed) return wrong(name);
        return *parsed;
    }
    template <typename AnyId>
    Result<std::optional<AnyId>> id_or_none(std::string_view name) {
        const auto written = TRY(text_or_none(name));
        if (!written) return std::optional<AnyId>{};
        const auto parsed = AnyId::parse(*written);
        if (!parsed) return wrong(name);
        return parsed;
    }
    template <typename AnyId>
    Result<std::vector<AnyId>> ids(std::string_view name) {
        const std::vector<std::string> written = TRY(texts(name));
        std::vector<AnyId> result;
        for (const auto& one : written) {
            const auto parsed = AnyId::parse(one);
            if (!parsed) return wrong(name);
            result.push_back(*parsed);
        }
        return result;
    }
    Result<std::vector<std::string>> texts(std::string_view name) {
        const json::value* const value = TRY(any(name));
        return texts_of(*value, name);
    }
    Result<std::optional<std::vector<std::string>>> texts_or_none(std::string_view name) {
        const json::value* const value = TRY(any(name));
        if (value->is_null()) return std::optional<std::vector<std::string>>{};
        std::vector<std::string> result = TRY(texts_of(*value, name));
        return std::optional{std::move(result)};
    }
    template <typename Enum, std::size_t kSize>
    Result<Enum> word(std::string_view name,
                      const std::array<std::pair<Enum, std::string_view>, kSize>& words) {
        const std::string written = TRY(text(name));
        for (const auto& [value, known] : words) {
            if (known == written) return value;
        }
        return wrong(name);
    }
    static Result<std::vector<std::string>> texts_of(const json::value& value,
                                                     std::string_view name) {
        if (!value.is_array()) return wrong(name);
        std::vector<std::string> result;
        for (const auto& element : value.get_array()) {
            if (!element.is_string()) return wrong(name);
            result.emplace_back(element.get_string());
        }
        return result;
    }
    static Error wrong(std::string_view name) {
        return bad_fact(fmt::format("\"{}\" of a fact has the wrong form", name));
    }
    [[nodiscard]] Status done() const {
        if (used_ == object_.size()) return {};
        return bad_fact("a fact has a member that this version does not know");
    }

private:
    const json::object& object_;
    std::size_t used_{0};
};

json::object encode(const TokenFact& fact) {
    json::object object;
    object["kind"] = "token";
    object["id"] = fact.id.uuid();
    object["owner"] = fact.owner.uuid();
    object["api"] = fact.api.uuid();
    object["token_kind"] = word_of(kKinds, fact.kind);
    object["state"] = word_of(kStates, fact.state);
    object["expires_at"] = time_json(fact.expires_at);
    object["not_before"] = time_json(fact.not_before);
    object["rate_requests"] = fact.rate.requests;
    object["rate_seconds"] = fact.rate.seconds;
    object["scopes"] = nullptr;
    if (fact.scopes) object["scopes"] = texts_json(*fact.scopes);
    object["allowed_ips"] = texts_json(fact.allowed_ips);
    return object;
}

json::object encode(const SecretFact& fact) {
    json::object object;
    object["kind"] = "secret";
    object["id"] = fact.id.uuid();
    object["token"] = fact.token.uuid();
    object["digest"] = base64url_encode(as_text(fact.digest));
    object["kid"] = fact.kid;
    object["status_index"] = nullptr;
    if (fact.status_index) object["status_index"] = *fact.status_index;
    object["is_revoked"] = fact.is_revoked;
    object["ends_at"] = time_json(fact.ends_at);
    object["generation"] = fact.generation;
    object["must_ask"] = fact.must_ask;
    return object;
}

json::value text_or_null(const std::string& text) {
    if (text.empty()) return nullptr;
    return json::string(text);
}

json::object encode(const BulkFact& fact) {
    json::object object;
    object["kind"] = "bulk";
    object["id"] = fact.id.uuid();
    object["action"] = word_of(kStates, fact.action);
    object["last_token"] = fact.last_token.uuid();
    object["owner"] = nullptr;
    if (fact.owner) object["owner"] = fact.owner->uuid();
    object["api"] = nullptr;
    if (fact.api) object["api"] = fact.api->uuid();
    object["kid"] = text_or_null(fact.kid);
    object["scope"] = text_or_null(fact.scope);
    object["is_list"] = fact.is_list;
    object["tokens"] = ids_json(fact.tokens);
    object["spared"] = ids_json(fact.spared);
    object["is_settled"] = fact.is_settled;
    return object;
}

json::object encode(const BulkSparedFact& fact) {
    json::object object;
    object["kind"] = "bulk_spared";
    object["rule"] = fact.rule.uuid();
    object["token"] = fact.token.uuid();
    return object;
}

json::object encode(const TokenStatesFact& fact) {
    json::object object;
    object["kind"] = "token_states";
    object["state"] = word_of(kStates, fact.state);
    object["tokens"] = ids_json(fact.tokens);
    return object;
}

json::object encode(const UserFact& fact) {
    json::object object;
    object["kind"] = "user";
    object["id"] = fact.id.uuid();
    object["is_machine"] = fact.is_machine;
    object["is_disabled"] = fact.is_disabled;
    object["roles"] = ids_json(fact.roles);
    object["verifies"] = ids_json(fact.verifies);
    return object;
}

json::object encode(const RoleFact& fact) {
    json::object patterns;
    for (const auto& [slug, list] : fact.patterns) {
        patterns[slug] = texts_json(list);
    }
    json::object object;
    object["kind"] = "role";
    object["id"] = fact.id.uuid();
    object["patterns"] = std::move(patterns);
    return object;
}

json::object encode(const ApiFact& fact) {
    json::object object;
    object["kind"] = "api";
    object["id"] = fact.id.uuid();
    object["slug"] = fact.slug;
    object["audience"] = fact.audience;
    object["is_default"] = fact.is_default;
    return object;
}

json::object encode(const KeyFact& fact) {
    json::object object;
    object["kind"] = "key";
    object["kid"] = fact.kid;
    object["is_compromised"] = fact.is_compromised;
    object["is_retired"] = fact.is_retired;
    return object;
}

json::object encode(const ProjectFact& fact) {
    json::object object;
    object["kind"] = "project";
    object["id"] = fact.id.uuid();
    object["is_deleted"] = fact.is_deleted;
    return object;
}

json::object encode(const MembershipFact& fact) {
    json::object object;
    object["kind"] = "membership";
    object["project"] = fact.project.uuid();
    object["user"] = fact.user.uuid();
    object["is_removed"] = fact.is_removed;
    object["custom_role"] = nullptr;
    if (fact.custom_role) object["custom_role"] = fact.custom_role->uuid();
    return object;
}

// The document stays a text: what is hashed and signed is what its author sent.
json::object encode(const GrantFact& fact) {
    json::object object;
    object["kind"] = "grant";
    object["project"] = fact.project.uuid();
    object["principal_kind"] = word_of(kPrincipals, fact.kind);
    object["principal"] = format_uuid(fact.principal);
    object["is_removed"] = fact.is_removed;
    object["policy"] = nullptr;
    if (fact.policy) object["policy"] = *fact.policy;
    return object;
}

json::object encode(const AccessFact& fact) {
    json::object object;
    object["kind"] = "access";
    object["jti"] = format_access_id(fact.id);
    object["token"] = fact.token.uuid();
    object["expires_at"] = time_json(fact.expires_at);
    return object;
}

Result<Fact> decode_token(Members& members) {
    TokenFact fact;
    fact.id = TRY(members.id<TokenId>("id"));
    fact.owner = TRY(members.id<UserId>("owner"));
    fact.api = TRY(members.id<ApiId>("api"));
    fact.kind = TRY(members.word("token_kind", kKinds));
    fact.state = TRY(members.word("state", kStates));
    fact.expires_at = TRY(members.time_or_none("expires_at"));
    fact.not_before = TRY(members.time_or_none("not_before"));
    fact.rate.requests = TRY(members.small_number("rate_requests"));
    fact.rate.seconds = TRY(members.small_number("rate_seconds"));
    fact.scopes = TRY(members.texts_or_none("scopes"));
    fact.allowed_ips = TRY(members.texts("allowed_ips"));
    return Fact{std::move(fact)};
}

Result<Fact> decode_secret(Members& members) {
    SecretFact fact;
    fact.id = TRY(members.id<SecretId>("id"));
    fact.token = TRY(members.id<TokenId>("token"));
    const std::string written = TRY(members.text("digest"));
    const auto digest = base64url_decode(written);
    if (!digest || digest->size() != fact.digest.size()) return Members::wrong("digest");
    std::copy(digest->begin(), digest->end(), fact.digest.begin());
    fact.kid = TRY(members.text("kid"));
    fact.status_index = TRY(members.number_or_none("status_index"));
    fact.is_revoked = TRY(members.boolean("is_revoked"));
    fact.ends_at = TRY(members.time_or_none("ends_at"));
    fact.generation = TRY(members.small_number("generation"));
    fact.must_ask = TRY(members.boolean("must_ask"));
    return Fact{std::move(fact)};
}

Result<Fact> decode_bulk(Members& members) {
    BulkFact fact;
    fact.id = TRY(members.id<BulkId>("id"));
    fact.action = TRY(members.word("action", kStates));
    if (fact.action == TokenState::kActive) return Members::wrong("action");
    fact.last_token = TRY(members.id<TokenId>("last_token"));
    fact.owner = TRY(members.id_or_none<UserId>("owner"));
    fact.api = TRY(members.id_or_none<ApiId>("api"));
    fact.kid = TRY(members.text_or_none("kid")).value_or("");
    fact.scope = TRY(members.text_or_none("scope")).value_or("");
    fact.is_list = TRY(members.boolean("is_list"));
    fact.tokens = TRY(members.ids<TokenId>("tokens"));
    fact.spared = TRY(members.ids<TokenId>("spared"));
    fact.is_settled = TRY(members.boolean("is_settled"));
    return Fact{std::move(fact)};
}

Result<Fact> decode_bulk_spared(Members& members) {
    BulkSparedFact fact;
    fact.rule = TRY(members.id<BulkId>("rule"));
    fact.token = TRY(members.id<TokenId>("token"));
    return Fact{fact};
}

Result<Fact> decode_token_states(Members& members) {
    TokenStatesFact fact;
    fact.state = TRY(members.word("state", kStates));
    fact.tokens = TRY(members.ids<TokenId>("tokens"));
    return Fact{std::move(fact)};
}

Result<Fact> decode_user(Members& members) {
    UserFact fact;
    fact.id = TRY(members.id<UserId>("id"));
    fact.is_machine = TRY(members.boolean("is_machine"));
    fact.is_disabled = TRY(members.boolean("is_disabled"));
    fact.roles = TRY(members.ids<RoleId>("roles"));
    fact.verifies = TRY(members.ids<ApiId>("verifies"));
    return Fact{std::move(fact)};
}

Result<Fact> decode_role(Members& members) {
    RoleFact fact;
    fact.id = TRY(members.id<RoleId>("id"));
    const json::value* const patterns = TRY(members.any("patterns"));
    if (!patterns->is_object()) return Members::wrong("patterns");
    for (const auto& [slug, list] : patterns->get_object()) {
        std::vector<std::string> texts = TRY(Members::texts_of(list, "patterns"));
        fact.patterns.emplace(slug, std::move(texts));
    }
    return Fact{std::move(fact)};
}

Result<Fact> decode_api(Members& members) {
    ApiFact fact;
    fact.id = TRY(members.id<ApiId>("id"));
    fact.slug = TRY(members.text("slug"));
    fact.audience = TRY(members.text("audience"));
    fact.is_default = TRY(members.boolean("is_default"));
    return Fact{std::move(fact)};
}

Result<Fact> decode_key(Members& members) {
    KeyFact fact;
    fact.kid = TRY(members.text("kid"));
    if (fact.kid.empty()) return Members::wrong("kid");
    fact.is_compromised = TRY(members.boolean("is_compromised"));
    fact.is_retired = TRY(members.boolean("is_retired"));
    return Fact{std::move(fact)};
}

Result<Fact> decode_project(Members& members) {
    ProjectFact fact;
    fact.id = TRY(members.id<ProjectId>("id"));
    fact.is_deleted = TRY(members.boolean("is_deleted"));
    return Fact{fact};
}

Result<Fact> decode_membership(Members& members) {
    MembershipFact fact;
    fact.project = TRY(members.id<ProjectId>("project"));
    fact.user = TRY(members.id<UserId>("user"));
    fact.is_removed = TRY(members.boolean("is_removed"));
    const auto role = TRY(members.text_or_none("custom_role"));
    if (role) {
        fact.custom_role = RoleId::parse(*role);
        if (!fact.custom_role) return Members::wrong("custom_role");
    }
    return Fact{fact};
}

Result<Fact> decode_grant(Members& members) {
    GrantFact fact;
    fact.project = TRY(members.id<ProjectId>("project"));
    fact.kind = TRY(members.word("principal_kind", kPrincipals));
    const TokenId principal = TRY(members.id<TokenId>("principal"));
    fact.principal = principal.bytes;
    fact.is_removed = TRY(members.boolean("is_removed"));
    fact.policy = TRY(members.text_or_none("policy"));
    return Fact{std::move(fact)};
}

Result<Fact> decode_access(Members& members) {
    AccessFact fact;
    const std::string written = TRY(members.text("jti"));
    const auto id = parse_access_id(written);
    if (!id) return Members::wrong("jti");
    fact.id = *id;
    fact.token = TRY(members.id<TokenId>("token"));
    const auto expires_at = TRY(members.time_or_none("expires_at"));
    if (!expires_at) return Members::wrong("expires_at");
    fact.expires_at = *expires_at;
    return Fact{fact};
}

Result<Fact> decode(Members& members, std::string_view kind) {
    if (kind == "token") return decode_token(members);
    if (kind == "secret") return decode_secret(members);
    if (kind == "bulk") return decode_bulk(members);
    if (kind == "bulk_spared") return decode_bulk_spared(members);
    if (kind == "token_states") return decode_token_states(members);
    if (kind == "user") return decode_user(members);
    if (kind == "role") return decode_role(members);
    if (kind == "api") return decode_api(members);
    if (kind == "key") return decode_key(members);
    if (kind == "project") return decode_project(members);
    if (kind == "membership") return decode_membership(members);
    if (kind == "grant") return decode_grant(members);
    if (kind == "access") return decode_access(members);
    return bad_fact("a fact of a kind that this version does not know");
}

}  // namespace

json::object to_json(const Fact& fact) {
    return std::visit([](const auto& one) { return encode(one); }, fact);
}

Result<Fact> fact_from_json(const json::value& value) {
    if (!value.is_object()) return bad_fact("a fact is a JSON object");
    Members members(value.get_object());
    const std::string kind = TRY(members.text("kind"));
    Fact fact = TRY(decode(members, kind));
    TRY(members.done());
    return fact;
}

Result<std::vector<Fact>> facts_of(const json::object& data) {
    std::vector<Fact> facts;
    const json::value* const listed = data.if_contains("facts");
    if (listed == nullptr) return facts;
    if (!listed->is_array()) return bad_fact("\"facts\" is an array");
    for (const auto& value : listed->get_array()) {
        Fact fact = TRY(fact_from_json(value));
        facts.push_back(std::move(fact));
    }
    return facts;
}

}  // namespace latchkey::verify
