#include "cli/key_credentials.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/temporary_directory.h"
#include "cli/credentials.h"
#include "cli/errors.h"

namespace latchkey::cli {
namespace {

using ::testing::HasSubstr;

class KeyCredentialsFile : public ::testing::Test {
protected:
    [[nodiscard]] std::string path() const { return directory_.file("deploy.json"); }

    TemporaryDirectory directory_;
};

KeyCredentials some_credentials() {
    KeyCredentials credentials;
    credentials.server = "https://latchkey.example";
    credentials.token_endpoint = "https://latchkey.example/oauth2/token";
    credentials.token_id = "0190163d-8694-739b-aea5-966c26f8ad91";
    credentials.key_id = "deploy";
    credentials.project_id = "0190163d-8694-739b-aea5-966c26f8ad92";
    credentials.algorithm = "ES256";
    credentials.private_key = Secret("-----BEGIN PRIVATE KEY-----\nAAAA\n");
    return credentials;
}

TEST_F(KeyCredentialsFile, WhatWasWrittenIsRead) {
    auto file = NewPrivateFile::create(path());
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->write(to_file_text(some_credentials())));
    struct stat facts {};
    ASSERT_EQ(stat(path().c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777U, 0600U);
    const auto read = read_key_credentials(path());
    ASSERT_TRUE(read);
    EXPECT_EQ(read->server, "https://latchkey.example");
    EXPECT_EQ(read->token_endpoint, "https://latchkey.example/oauth2/token");
    EXPECT_EQ(read->token_id, "0190163d-8694-739b-aea5-966c26f8ad91");
    EXPECT_EQ(read->key_id, "deploy");
    EXPECT_EQ(read->project_id, "0190163d-8694-739b-aea5-966c26f8ad92");
    EXPECT_EQ(read->algorithm, "ES256");
    EXPECT_EQ(read->private_key.expose(), "-----BEGIN PRIVATE KEY-----\nAAAA\n");
}

TEST_F(KeyCredentialsFile, TheMembersAreThoseThatProgramsRead) {
    EXPECT_EQ(to_file_text(some_credentials()),
              "{\n"
              "  \"version\": 1,\n"
              "  \"server\": \"https://latchkey.example\",\n"
              "  \"tokenEndpoint\": \"https://latchkey.example/oauth2/token\",\n"
              "  \"tokenId\": \"0190163d-8694-739b-aea5-966c26f8ad91\",\n"
              "  \"keyId\": \"deploy\",\n"
              "  \"projectId\": \"0190163d-8694-739b-aea5-966c26f8ad92\",\n"
              "  \"algorithm\": \"ES256\",\n"
              "  \"privateKey\": \"-----BEGIN PRIVATE KEY-----\\nAAAA\\n\"\n"
              "}\n");
}

TEST_F(KeyCredentialsFile, NothingIsWrittenOverNorThroughALink) {
    ASSERT_TRUE(write_private_file(path(), "precious"));
    auto there = NewPrivateFile::create(path());
    ASSERT_FALSE(there);
    EXPECT_EQ(exit_code(there.error()), kExitUsage);
    EXPECT_EQ(*read_file(path(), 100), "precious");
    const std::string link = directory_.file("link");
    std::filesystem::create_symlink(directory_.file("nowhere"), link);
    EXPECT_FALSE(NewPrivateFile::create(link));
    EXPECT_FALSE(std::filesystem::exists(directory_.file("nowhere")));
    const auto nowhere = NewPrivateFile::create(directory_.file("no/such/folder"));
    ASSERT_FALSE(nowhere);
    EXPECT_EQ(exit_code(nowhere.error()), kExitFailure);
}

TEST_F(KeyCredentialsFile, AFileThatWasNeverWrittenGoesAway) {
    {
        auto file = NewPrivateFile::create(path());
        ASSERT_TRUE(file);
        EXPECT_TRUE(std::filesystem::exists(path()));
    }
    EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_F(KeyCredentialsFile, WhatIsNoCredentialsFileSaysWhy) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {"-----BEGIN", "it is no JSON"},
        {"[]", "it is no JSON object"},
        {"{}", "\"server\" is missing"},
        {R"({"server":"x","tokenId":"y"})", "\"privateKey\" is missing"},
        {R"({"version":2,"server":"x","tokenId":"y","privateKey":"z"})", "later version"},
    };
    for (const auto& [text, why] : cases) {
        const auto parsed = parse_key_credentials(text, "deploy.json");
        ASSERT_FALSE(parsed) << text;
        EXPECT_THAT(parsed.error().message, HasSubstr(why));
        EXPECT_THAT(parsed.error().message, HasSubstr("deploy.json"));
        EXPECT_EQ(exit_code(parsed.error()), kExitInvalid);
    }
    EXPECT_TRUE(parse_key_credentials(R"({"server":"x","tokenId":"y","privateKey":"z","later":1})",
                                      "deploy.json"));
}

}  // namespace
}  // namespace latchkey::cli
