#include "authority/bootstrap.h"

#include "authority/testing.h"

namespace latchkey::authority {
namespace {

class BootstrapTest : public ::testing::Test, protected testing::Fixture {};

TEST_F(BootstrapTest, AFreshDirectoryHasWhatTheContractPromises) {
    const auto view = authority->directory().view();
    ASSERT_NE(view->find("latchkey"), nullptr);
    EXPECT_TRUE(view->find("latchkey")->api.is_default);
    EXPECT_EQ(view->find("latchkey")->scopes.size(), 21U);
    ASSERT_NE(view->find("pipelines"), nullptr);
    EXPECT_EQ(view->find("pipelines")->canonical("create:anything"), "create:anything");
    EXPECT_TRUE(authority->needs_setup());
    EXPECT_EQ(revision(), 1U);
    const auto projects = authority->store().query<std::vector<store::ProjectRecord>>(
        [](store::Connection& db) { return store::list_projects(db, {}); });
    ASSERT_EQ(projects->size(), 1U);
    EXPECT_EQ(projects->front().name, "default");
}

TEST_F(BootstrapTest, ASecondStartMakesNothingNew) {
    const auto id = authority->settings().installation_id;
    const auto kid = authority->keys().keys()->active->kid();
    reopen();
    EXPECT_EQ(authority->settings().installation_id, id);
    EXPECT_EQ(authority->keys().keys()->active->kid(), kid);
    EXPECT_EQ(revision(), 1U);
}

TEST_F(BootstrapTest, TheIssuerIsStoredAndAnotherOneIsRefused) {
    EXPECT_EQ(authority->settings().issuer, "http://127.0.0.1:8080");
    reader.reset();
    authority.reset();
    auto wanted = options();
    wanted.issuer = "https://other.example.com";
    const auto opened = Authority::open(wanted);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().reason, "issuer_changed");
    EXPECT_NE(opened.error().hint.find("http://127.0.0.1:8080"), std::string::npos);
}

TEST_F(BootstrapTest, WhatTheRolesAllowIsWhatTheirNamesSay) {
    const auto member = session_of(human("m@example.com").id);
    const auto admin = session_of(human("a@example.com", "administrator").id);
    const auto verifier = session_of(machine("v", "").id);
    for (const auto& scope : authority->directory().view()->find("latchkey")->scope_names()) {
        EXPECT_TRUE(admin.may(scope)) << scope;
    }
    EXPECT_TRUE(member.may("token:write"));
    EXPECT_TRUE(verifier.may("token:verify"));
    for (const char* scope : {"user:read", "user:write", "event:read", "key:write", "role:write",
                              "settings:write", "token:verify", "api:write", "*"}) {
        EXPECT_FALSE(member.may(scope)) << scope;
    }
    EXPECT_FALSE(verifier.may("token:write"));
}

}  // namespace
}  // namespace latchkey::authority
