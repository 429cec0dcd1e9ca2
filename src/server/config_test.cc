#include "server/config.h"

#include <fstream>
#include <map>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/temporary_directory.h"

namespace latchkey::server {
namespace {

class ConfigTest : public ::testing::Test {
protected:
    std::string file(const std::string& text) {
        const std::string path = directory_.file("latchkey.toml");
        std::ofstream(path) << text;
        return path;
    }
    Result<Config> read(std::vector<std::string> flags) {
        return read_config(flags, [this](const std::string& name) -> std::optional<std::string> {
            const auto found = variables_.find(name);
            if (found == variables_.end()) return std::nullopt;
            return found->second;
        });
    }
    std::string error(std::vector<std::string> flags) {
        const auto config = read(std::move(flags));
        return config ? "" : config.error().message;
    }

    TemporaryDirectory directory_;
    std::map<std::string, std::string> variables_;
};

TEST_F(ConfigTest, WithoutAnythingItListensOnLoopback) {
    const auto config = read({}).value();
    EXPECT_EQ(config.listen.address, "127.0.0.1");
    EXPECT_EQ(config.listen.port, 8080);
    EXPECT_EQ(config.ops_listen.port, 8081);
    EXPECT_EQ(config.data, "./latchkey-data");
    EXPECT_FALSE(config.is_insecure_http);
}

TEST_F(ConfigTest, AFlagWinsOverTheEnvironmentAndThatOverTheFile) {
    const auto toml = file(
        "workers = 1\nlog_level = \"error\"\ndata = \"from-file\"\n"
        "trusted_proxies = [\"10.0.0.0/8\", \"192.0.2.1\"]\n");
    EXPECT_EQ(read({"--config", toml})->workers, 1U);
    EXPECT_EQ(read({"--config", toml})->trusted_proxies.size(), 2U);
    variables_ = {{"LATCHKEY_WORKERS", "2"},
                  {"LATCHKEY_LOG_LEVEL", "debug"},
                  {"LATCHKEY_TRUSTED_PROXIES", "198.51.100.0/24"}};
    const auto config = read({"--config=" + toml, "--workers", "3"}).value();
    EXPECT_EQ(config.workers, 3U);
    EXPECT_EQ(config.log_level, "debug");
    EXPECT_EQ(config.data, "from-file");
    // Replaced, not added to: who overrides a list must not keep trusting what it had.
    EXPECT_EQ(config.trusted_proxies, std::vector<std::string>{"198.51.100.0/24"});
    variables_["LATCHKEY_CONFIG"] = toml;
    EXPECT_EQ(read({})->data, "from-file");
    variables_["LATCHKEY_WORKERS"] = "";  // an empty variable is none
    EXPECT_EQ(read({})->workers, 1U);
}

TEST_F(ConfigTest, WhatIsWrongIsNamedWithItsOrigin) {
    EXPECT_TRUE(error({"--listen", "nowhere"}).starts_with("--listen: "));
    EXPECT_TRUE(error({"--workers", "257"}).starts_with("--workers: "));
    EXPECT_NE(error({"--lisen", "x"}).find("--lisen"), std::string::npos);
    EXPECT_NE(error({"--listen"}).find("--listen"), std::string::npos);
    EXPECT_EQ(error({"listen"}), "serve takes no argument \"listen\"");
    EXPECT_EQ(read({"--lisen=x"}).error().hint, "did you mean --listen?");
    EXPECT_EQ(read({"--confg", "x"}).error().hint, "did you mean --config?");
    EXPECT_EQ(read({"--zzzzzzzzz"}).error().hint, "latchkey serve --help lists them");
    EXPECT_TRUE(error({"--trusted-proxies", "10.0.0.0/8,x"}).starts_with("--trusted-proxies: "));
    variables_ = {{"LATCHKEY_LOG_FORMAT", "xml"}};
    EXPECT_TRUE(error({}).starts_with("LATCHKEY_LOG_FORMAT: "));
    variables_.clear();
    for (const char* line : {"workers = \"many\"", "no_such = 1", "listen = 1.5", "workers = -1",
                             "trusted_proxies = [1]", "trusted_proxies = [\"10.0.0.0/33\"]",
                             "insecure_http = \"\"", "kek = \"00\"", "this is no TOML"}) {
        const auto path = file("# a comment\ndata = \"d\"\n" + std::string(line) + "\n");
        EXPECT_TRUE(error({"--config", path}).starts_with(path + " line 3: "))
            << line << " gave " << error({"--config", path});
    }
    const auto missing = directory_.file("missing.toml");
    const std::string why = missing + " cannot be read: No such file or directory";
    EXPECT_EQ(error({"--config", missing}), "--config: " + why);
    EXPECT_TRUE(error({"--config", directory_.path()}).ends_with("Is a directory"));
    variables_ = {{"LATCHKEY_CONFIG", missing}};
    EXPECT_EQ(error({}), "LATCHKEY_CONFIG: " + why);
    EXPECT_EQ(error({"--config", file("")}), "");
}

TEST_F(ConfigTest, WhatIsWrongOnlyWithTheRestIsNamedWithItsOriginToo) {
    const auto toml = file("# a comment\nlisten = \"0.0.0.0:18999\"\n");
    EXPECT_TRUE(error({"--config", toml}).starts_with(toml + " line 2: listen: without TLS"));
    EXPECT_NE(read({"--config", toml}).error().hint.find("--insecure-http"), std::string::npos);
    EXPECT_TRUE(error({"--config", toml, "--listen", "[::]:1"}).starts_with("--listen: "));
    variables_ = {{"LATCHKEY_LISTEN", "192.0.2.1:80"}};
    EXPECT_TRUE(error({"--config", toml}).starts_with("LATCHKEY_LISTEN: "));
    EXPECT_TRUE(error({"--dialect", "cape=0.0.0.0:1", "--insecure-http=0", "--listen=[::1]:1"})
                    .starts_with("--dialect: "));
    variables_ = {{"LATCHKEY_TLS_CERT", "c"}};
    EXPECT_EQ(error({}), "LATCHKEY_TLS_CERT: a certificate needs its key");
    EXPECT_EQ(read({}).error().hint, "--tls-cert and --tls-key go together");
    variables_ = {{"LATCHKEY_TLS_KEY", "k"}};
    EXPECT_EQ(error({}), "LATCHKEY_TLS_KEY: a key needs its certificate");
    variables_.clear();
    const auto alone = file("tls_cert = \"c\"\n");
    EXPECT_TRUE(error({"--config", alone}).starts_with(alone + " line 1: tls_cert: "));
    EXPECT_EQ(
        read({"--config", alone, "--tls-cert=", "--issuer", "https://x"})->origins.at("issuer"),
        "--issuer");
    EXPECT_EQ(blame(invalid("is wrong", "bad_config"), read({}).value(), "issuer").message,
              "is wrong");
}

TEST_F(ConfigTest, PlainHttpStaysOnLoopbackUnlessToldOtherwise) {
    EXPECT_NE(error({"--listen", "0.0.0.0:80"}), "");
    EXPECT_NE(error({"--listen", "[::]:80"}), "");
    EXPECT_EQ(error({"--listen", "[::1]:80"}), "");
    EXPECT_EQ(error({"--listen", "127.8.8.8:80"}), "");
    EXPECT_EQ(error({"--listen", "0.0.0.0:80", "--insecure-http"}), "");
    EXPECT_NE(error({"--listen", "0.0.0.0:80", "--insecure-http=false"}), "");
    EXPECT_NE(error({"--listen", "0.0.0.0:80", "--insecure-http="}), "");
    EXPECT_EQ(error({"--listen", "0.0.0.0:80", "--tls-cert", "c", "--tls-key", "k"}), "");
    EXPECT_NE(error({"--tls-cert", "c"}), "");
    EXPECT_NE(error({"--tls-key", "k"}), "");
}

TEST_F(ConfigTest, ListenersForDialectsOfFileEnvironmentAndFlagsAddUp) {
    const auto toml = file(
        "[[listener]]\naddress = \"[::1]:2777\"\ndialect = \"cape\"\n"
        "url = \"https://cape.example.com/\"\n");
    variables_ = {{"LATCHKEY_DIALECT", "cryptlex=127.0.0.1:2778"}};
    const auto config = read({"--config", toml, "--dialect", "calyptia=localhost:2779",
                              "--dialect=cape=127.0.0.1:2780"})
                            .value();
    ASSERT_EQ(config.dialects.size(), 4U);
    EXPECT_EQ(config.dialects[0].address.address, "::1");
    EXPECT_EQ(config.dialects[0].url, "https://cape.example.com");
    EXPECT_EQ(config.dialects[1].dialect, "cryptlex");
    EXPECT_EQ(config.dialects[2].address.address, "127.0.0.1");
    EXPECT_EQ(config.dialects[3].address.port, 2780);
}

TEST_F(ConfigTest, AListenerThatIsWrongIsNamed) {
    EXPECT_NE(read({"--dialect", "esperanto=127.0.0.1:1"}).error().hint.find("cape, cryptlex"),
              std::string::npos);
    EXPECT_TRUE(error({"--dialect", "cape"}).starts_with("--dialect: "));
    EXPECT_TRUE(error({"--dialect", "cape=here:1"}).starts_with("--dialect: "));
    // Plain HTTP stays on loopback here too.
    EXPECT_NE(error({"--dialect", "cape=0.0.0.0:1"}), "");
    const std::string good = "# one\n[[listener]]\naddress = \"127.0.0.1:1\"\n";
    const std::vector<std::pair<std::string, std::string>> kWrong = {
        {"# one\n[listener]\ndialect = \"cape\"\n", "2: listener: must be tables"},
        {"# one\n[[listener]]\ndialect = \"cape\"\n", "2: listener: address is missing"},
        {good, "2: listener: dialect is missing"},
        {good + "dialect = \"\"\n", "4: listener.dialect: must name a dialect"},
        {good + "dialect = \"x\"\n", "4: listener.dialect: there is no dialect x"},
        {good + "dialect = \"cape\"\nwat = 1\n", "5: listener.wat: there is no such key"},
        {good + "dialect = \"cape\"\nurl = \"x\"\n", "5: listener.url: must be an http(s) URL"},
        {"[[listener]]\naddress = 1\n", "2: listener.address: must be a string"},
        {"[[listener]]\naddress = \"here\"\n", "2: listener.address: must be ADDRESS:PORT"},
        {"[[listener]]\ndialect = \"cape\"\naddress = \"0.0.0.0:1\"\n",
         "3: listener.address: without TLS"}};
    for (const auto& [text, said] : kWrong) {
        const auto path = file(text);
        EXPECT_TRUE(error({"--config", path}).starts_with(path + " line " + said))
            << error({"--config", path});
    }
}

TEST_F(ConfigTest, AnIssuerIsAUrlWithoutASlashAtItsEnd) {
    EXPECT_EQ(read({"--issuer", "https://id.example.com/x/"})->issuer, "https://id.example.com/x");
    for (const char* bad : {"id.example.com", "ftp://x.example", "https://", "https:///",
                            "https://a?b", "https://a b", "https://a#b"}) {
        EXPECT_NE(error({"--issuer", bad}), "") << bad;
    }
}

TEST(HostPort, IsAnAddressAndAPort) {
    EXPECT_EQ(parse_host_port("localhost:1")->address, "127.0.0.1");
    EXPECT_EQ(parse_host_port("[2001:db8::1]:65535")->address, "2001:db8::1");
    EXPECT_EQ(parse_host_port("127.0.0.1:0")->port, 0);
    for (const char* bad :
         {"", ":", ":80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
          "127.0.0.1:80x", "example.com:80", "[::1:80", "::1]:80", "127.0.0.1: 80"}) {
        EXPECT_FALSE(parse_host_port(bad)) << bad;
    }
}

}  // namespace
}  // namespace latchkey::server
