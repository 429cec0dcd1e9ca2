// spec/vectors/verifier: the same answers as every other implementation, and the same count.
#include "support/vectors.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "latchkey/verifier.h"
#include "token/policy.h"
#include "token/scope.h"
#include "verify/address_block.h"

namespace latchkey {
namespace {

constexpr JsonLimits kRoomy{16'000'000, 64, 100'000};

std::vector<std::filesystem::path> files() {
    std::vector<std::filesystem::path> found;
    const auto folder = std::string(LATCHKEY_SOURCE_DIR) + "/spec/vectors/verifier";
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() == ".json") found.push_back(entry.path());
    }
    std::sort(found.begin(), found.end());
    return found;
}

std::string text_of(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string())
                                                  : std::string();
}

std::vector<std::string> texts_of(const json::object& object, std::string_view name) {
    std::vector<std::string> texts;
    const auto* value = object.if_contains(name);
    if (value == nullptr || !value->is_array()) return texts;
    for (const auto& one : value->get_array()) {
        texts.emplace_back(one.get_string());
    }
    return texts;
}

std::optional<std::string> text_or_none(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    if (value == nullptr || !value->is_string()) return std::nullopt;
    return std::string(value->get_string());
}

json::value or_null(const std::optional<std::string>& text) {
    return text ? json::value(*text) : json::value(nullptr);
}

json::object shown(const TokenVerdict& found) {
    return {
        {"verdict", found.verdict},
        {"tokenId", or_null(found.token_id)},
        {"owner", or_null(found.owner)},
        {"kind", or_null(found.kind)},
        {"project", or_null(found.project)},
        {"scopes", json::array(found.scopes.begin(), found.scopes.end())},
        {"missingScopes", json::array(found.missing_scopes.begin(), found.missing_scopes.end())},
        {"expiresAt", found.expires_at ? json::value(*found.expires_at) : nullptr}};
}

// One verifier that begins with nothing, a network that answers as the step says, and a clock.
class Played {
public:
    Played(const json::object& config, const json::object& documents)
        : documents_(documents), verifier_(options_of(config)) {}

    TokenVerdict play(const json::object& step) {
        seconds_ = step.at("at").as_int64();
        network_ = &step.at("network").as_object();
        requests_ = 0;
        const auto* frames = step.if_contains("frames");
        if (frames != nullptr) hear(frames->as_array());
        return verifier_.verify(question_of(step.at("verify").as_object()));
    }
    [[nodiscard]] int requests() const { return requests_; }
    // What the authority was asked last.
    [[nodiscard]] json::value asked(std::string_view name) const {
        const auto parsed = parse_json(asked_);
        if (!parsed || !parsed->is_object()) return nullptr;
        const auto* found = parsed->get_object().if_contains(name);
        return found == nullptr ? json::value(nullptr) : *found;
    }

private:
    VerifierOptions options_of(const json::object& config) {
        VerifierOptions options;
        options.issuer = text_of(config, "issuer");
        options.audience = text_of(config, "audience");
        options.max_staleness_seconds = config.at("maxStalenessSeconds").as_int64();
        options.clock_tolerance_seconds = config.at("clockToleranceSeconds").as_int64();
        options.may_ask = config.at("ask").as_bool();
        options.wall_clock = options.steady_clock = [this] { return seconds_ * 1'000'000; };
        options.fetch = [this](const std::string& url, const std::string* posted) {
            if (posted != nullptr) asked_ = *posted;
            return answer(url, posted != nullptr);
        };
        return options;
    }

    FetchAnswer answer(const std::string& url, bool is_post) {
        ++requests_;
        EXPECT_EQ(is_post, url.ends_with("/v1/tokens/verify"));
        const auto* found = network_->if_contains(url);
        if (found == nullptr) return {};
        if (found->is_string()) return {200, document(std::string(found->get_string()))};
        const json::object& object = found->get_object();
        const auto* json = object.if_contains("json");
        std::string body = json != nullptr ? to_json(*json) : document(text_of(object, "body"));
        return {static_cast<int>(object.at("status").as_int64()), std::move(body)};
    }

    [[nodiscard]] std::string document(const std::string& name) const {
        return text_of(documents_, name);
    }

    void hear(const json::array& frames) {
        for (const auto& value : frames) {
            const json::object& frame = value.as_object();
            if (has_hung_up_) return;
            has_hung_up_ = !verifier_.hear(text_of(frame, "event"), to_json(frame.at("data")));
            if (has_hung_up_) verifier_.stream_ended();
        }
    }

    static TokenQuestion question_of(const json::object& asked) {
        TokenQuestion question;
        const auto& token = asked.at("token");
        if (const auto* parts = token.if_object()) {
            question.token = text_of(*parts, "before");
            for (std::int64_t i = 0; i < parts->at("times").as_int64(); ++i) {
                question.token += text_of(*parts, "repeat");
            }
            question.token += text_of(*parts, "after");
        } else {
            question.token = token.as_string();
        }
        question.scopes = texts_of(asked, "scopes");
        question.project = text_or_none(asked, "project");
        question.resource = text_or_none(asked, "resource");
        question.ip = text_or_none(asked, "ip");
        return question;
    }

    const json::object& documents_;
    const json::object* network_{nullptr};
    std::int64_t seconds_{0};
    int requests_{0};
    std::string asked_;
    bool has_hung_up_{false};
    Verifier verifier_;
};

void play_steps(const json::object& config, const json::object& documents,
                const json::object& played) {
    json::object merged = config;
    if (const auto* changes = played.if_contains("config")) {
        for (const auto& [name, value] : changes->as_object()) {
            merged[name] = value;
        }
    }
    Played one(merged, documents);
    for (const auto& step : played.at("steps").as_array()) {
        const json::object found = shown(one.play(step.as_object()));
        for (const auto& [name, wanted] : step.at("expect").as_object()) {
            EXPECT_EQ(found.at(name), wanted) << name;
        }
        if (const auto* asked = step.as_object().if_contains("asked")) {
            for (const auto& [name, wanted] : asked->as_object()) {
                EXPECT_EQ(one.asked(name), wanted) << name;
            }
        }
        if (step.as_object().contains("requests")) {
            EXPECT_EQ(one.requests(), 0);
        }
    }
}

void check_scopes(const json::object& rule) {
    const auto have = texts_of(rule, "have");
    std::vector<std::string> missing;
    for (const auto& scope : texts_of(rule, "wanted")) {
        const bool is_covered = std::any_of(have.begin(), have.end(), [&](const auto& pattern) {
            return scope_matches(pattern, scope);
        });
        if (!is_covered) missing.push_back(scope);
    }
    EXPECT_EQ(missing, texts_of(rule, "missing"));
}

void check_policy(const json::object& rule) {
    const auto policy = parse_policy(to_json(rule.at("policy")));
    ASSERT_TRUE(policy.has_value());
    const auto decision = decide(*policy, text_of(rule, "action"), text_of(rule, "resource"));
    EXPECT_EQ(decision.is_allowed, rule.at("allowed").as_bool());
}

void check_address(const json::object& rule) {
    const auto block = verify::parse_address_block(text_of(rule, "block"));
    const auto address = parse_address(text_of(rule, "address"));
    const bool is_inside = block && address && verify::is_inside(*address, *block);
    EXPECT_EQ(is_inside, rule.at("inside").as_bool());
}

TEST(VerifierVectors, EveryCaseIsAnsweredAsItSays) {
    std::size_t count = 0;
    for (const auto& path : files()) {
        const auto document = parse_json(testing::read_bytes(path.string()), kRoomy);
        ASSERT_TRUE(document.has_value()) << path;
        const json::object& file = document->as_object();
        const std::string stem = path.stem().string();
        for (const auto& value : file.at("cases").as_array()) {
            const json::object& each = value.as_object();
            SCOPED_TRACE(stem + ": " + text_of(each, "name"));
            ++count;
            if (stem == "scopes") {
                check_scopes(each);
            } else if (stem == "policies") {
                check_policy(each);
            } else if (stem == "addresses") {
                check_address(each);
            } else {
                play_steps(file.at("config").as_object(), file.at("documents").as_object(), each);
            }
        }
    }
    std::printf("verifier vectors: %zu cases\n", count);
    EXPECT_GT(count, 300U);
}

}  // namespace
}  // namespace latchkey
