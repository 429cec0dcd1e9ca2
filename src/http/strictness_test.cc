// Every case of tests/vectors/http1 over a real socket, each followed by a canary request in the
// same write: after a refusal nothing that follows may ever be answered.
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "base/json.h"
#include "http/test_server.h"

namespace latchkey::http {
namespace {

constexpr std::string_view kCanary = "GET /canary HTTP/1.1\r\nHost: a\r\n\r\n";

struct StrictnessCase {
    std::string name;
    std::string raw;
    std::string expect;
};

// Each character of the file is one byte of the request.
std::string bytes_of(std::string_view utf8) {
    std::string bytes;
    for (std::size_t i = 0; i < utf8.size(); ++i) {
        const auto first = static_cast<unsigned char>(utf8[i]);
        if (first < 0x80) {
            bytes += utf8[i];
        } else {
            const auto second = static_cast<unsigned char>(utf8[++i]);
            bytes += static_cast<char>((first & 0x03U) << 6U | (second & 0x3FU));
        }
    }
    return bytes;
}

std::vector<StrictnessCase> read_cases() {
    std::ifstream file{LATCHKEY_SOURCE_DIR "/tests/vectors/http1/strictness_cases.json"};
    std::stringstream text;
    text << file.rdbuf();
    const auto parsed =
        parse_json(text.str(), {.bytes_max = 10'000'000, .depth_max = 16, .members_max = 1000});
    if (!parsed) return {};
    std::vector<StrictnessCase> cases;
    for (const json::value& each : parsed->at("cases").as_array()) {
        cases.push_back({std::string{each.at("name").as_string()},
                         bytes_of(each.at("raw").as_string()),
                         std::string{each.at("expect").as_string()}});
    }
    return cases;
}

// What the file's words allow as the first status, and whether the canary may be answered.
struct Wanted {
    std::set<int> statuses;
    bool may_go_on;
};

Wanted wanted_of(const std::string& expect) {
    static const std::map<std::string, Wanted> kWanted{
        {"400-close", {{400}, false}},
        {"413-or-400-close", {{400, 413}, false}},
        {"501-or-400-close", {{400, 501}, false}},
        {"505-or-400", {{400, 505}, false}},
        {"405-or-501", {{405, 501}, true}},
        {"405-or-501-or-400", {{400, 405, 501}, true}},
        {"401", {{401}, true}},
        {"400-or-401", {{400, 401}, true}},
        {"200-or-400", {{200, 400}, true}},
        {"200-using-b-or-400", {{400}, false}},
        {"431-or-400", {{400, 431}, false}},
        {"as-valid", {{200}, true}},
        {"treated-as-unknown-header", {{200}, true}},
        {"as-if-no-trailer-or-400", {{200, 400}, true}},
        {"two-responses", {{200}, true}},
        {"417-or-ignored", {{417, 200}, true}},
        {"as-valid-and-close", {{200}, false}},
        {"200-no-upgrade", {{200}, true}},
    };
    const auto found = kWanted.find(expect);
    return found == kWanted.end() ? Wanted{} : found->second;
}

// Stands for the real application: a Bearer credential is right or wrong, /v1 needs one.
void judge(Exchange& exchange) {
    const Request& request = exchange.request();
    if (request.method == Method::kOther) return exchange.answer({405, {}, {}, {}});
    const auto credential = request.find("Authorization");
    const bool is_right = credential && credential->size() == 12 &&
                          equal_without_case(credential->substr(0, 7), "Bearer ") &&
                          credential->substr(7) == "VALID";
    const bool is_refused = credential ? !is_right : request.path.starts_with("/v1/");
    exchange.answer({is_refused ? 401 : 200, "text/plain", std::string{request.path}, {}});
}

class Strictness : public ServerTest {};

TEST_F(Strictness, EveryCaseIsAnsweredAsWantedAndNoCanaryBehindARefusalIsHeard) {
    const std::vector<StrictnessCase> cases = read_cases();
    ASSERT_GE(cases.size(), 100U);
    serve(judge);
    for (const StrictnessCase& each : cases) {
        SCOPED_TRACE(each.name + " wants " + each.expect);
        const Wanted wanted = wanted_of(each.expect);
        ASSERT_FALSE(wanted.statuses.empty());
        application_->canaries = 0;
        RawClient client = connect();
        client.send(each.raw + std::string{kCanary});
        client.end_sending();
        const RawAnswer first = client.read_answer();
        EXPECT_TRUE(wanted.statuses.contains(first.status)) << first.status;
        const bool is_refused = first.status == 400 || first.status == 413 || first.status == 431 ||
                                first.status == 501 || first.status == 505;
        if (is_refused || !wanted.may_go_on) {
            EXPECT_TRUE(client.is_ended());
            EXPECT_EQ(application_->canaries, 0);
            EXPECT_NE(first.head.find("\r\nConnection: close\r\n"), std::string::npos);
        }
    }
}

TEST_F(Strictness, TheBodyOfAGetIsNotReadAsARequest) {
    serve(judge);
    RawClient client = connect();
    client.send(
        "GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(kCanary.size()) +
        "\r\n\r\n" + std::string{kCanary} + "GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(client.read_answer().body, "/healthz");
    EXPECT_EQ(client.read_answer().body, "/x");
    EXPECT_EQ(application_->canaries, 0);
}

}  // namespace
}  // namespace latchkey::http
