// From a signature to a token of one project, as the libraries ask for it.
#include <cstring>

#include "dialects/affinidi/errors.h"
#include "dialects/affinidi/testing.h"

namespace latchkey::dialects {
namespace {

TEST_F(AffinidiTest, ASignatureBecomesATokenOfOneProject) {
    const auto held = holder();
    const auto identity = identity_of(held);
    const auto got = scope(identity, project_);
    ASSERT_EQ(got.status, 200) << got.body;
    EXPECT_EQ(got.json().at("expiresIn").as_int64(), 3600);
    EXPECT_EQ(got.text("scope"), "*");
    EXPECT_EQ(verdict(got.text("accessToken")), "active");
    // As the Java library asks, and bare.
    const auto form =
        say("POST", "/iam/v1/sts/create-project-scoped-token",
            {{"Authorization", identity}, {"Content-Type", "application/x-www-form-urlencoded"}},
            "projectId=" + project_);
    EXPECT_EQ(form.status, 200) << form.body;
    EXPECT_EQ(verdict(form.text("accessToken")), "active");
    const auto who = say("GET", "/iam/v1/sts/whoami", {{"authorization", got.text("accessToken")}});
    EXPECT_EQ(who.body,
              R"({"principalId":"token/)" + held.token.uuid() + R"(","principalType":"token"})");
    // Dead with its token.
    EXPECT_EQ(through("DELETE", "/iam/v1/tokens/" + held.token.uuid()).status, 204);
    EXPECT_EQ(verdict(got.text("accessToken")), "revoked");
    expect_error(scope(identity, project_), 403, "UnauthorizedError");
}

TEST_F(AffinidiTest, AnIdentityIsGoodForNothingElse) {
    const auto held = holder();
    const auto identity = identity_of(held);
    EXPECT_EQ(verdict(identity), "unknown");
    expect_error(say("GET", "/iam/v1/tokens", bearer(identity)), 403, "UnauthorizedError");
    expect_error(say("GET", "/iam/v1/sts/whoami", bearer(identity)), 403, "UnauthorizedError");
    EXPECT_EQ(ask("GET", "/v1/tokens/self", bearer(identity)).status, 401);
    const auto exchanged =
        ask("POST", "/oauth2/token", {{"Content-Type", "application/x-www-form-urlencoded"}},
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&"
            "subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token&"
            "subject_token=" +
                identity);
    EXPECT_EQ(exchanged.text("error"), "invalid_request");
    clock.advance(std::chrono::minutes(6));
    expect_error(scope(identity, project_), 403, "UnauthorizedError");
}

TEST_F(AffinidiTest, AnIdentityIsForItsOwnProjectsAndCannotBeForged) {
    const auto held = holder();
    const auto identity = identity_of(held);
    const auto other = made("POST", "/api/project", R"({"name":"stall"})").text("id");
    expect_error(scope(identity, other), 403, "PrincipalDoesNotBelongToProjectError",
                 "Principal does not belong to the given project");
    expect_error(scope(identity, kNobody), 403, "PrincipalDoesNotBelongToProjectError");
    expect_error(scope(identity, "x"), 400, "InvalidParameterError");
    expect_error(say("POST", "/iam/v1/sts/create-project-scoped-token", bearer(identity), "{}"),
                 400, "InvalidParameterError");
    auto forged = identity;
    forged[forged.size() - 10] = forged[forged.size() - 10] == 'A' ? 'B' : 'A';
    expect_error(scope(forged, project_), 403, "UnauthorizedError");
    expect_error(say("POST", "/iam/v1/sts/create-project-scoped-token", cookie_,
                     R"({"projectId":")" + project_ + "\"}"),
                 403, "UnauthorizedError");
    // What was got for the project is no identity, and goes no further.
    const auto scoped = scope(identity, project_).text("accessToken");
    EXPECT_EQ(scope(scoped, project_).status, 200);
    EXPECT_NE(scope(scoped, other).status, 200);
}

TEST_F(AffinidiTest, AForgedIdentityPaysInTheNameOfAKeyThatExistsAndOfNoOther) {
    const auto held = holder();
    const auto identity = identity_of(held);
    const auto dot = identity.find('.');
    const auto end = identity.rfind('.');
    auto claims = base64url_decode(identity.substr(dot + 1, end - dot - 1)).value();
    for (const char* name : {"client_id", "sub"}) {
        const auto at = claims.find(R"(")" + std::string(name) + R"(":")") + std::strlen(name) + 4;
        claims.replace(at, std::strlen(kNobody), kNobody);
    }
    const auto forged =
        identity.substr(0, dot + 1) + base64url_encode(claims) + identity.substr(end);
    // Nobody's signature is looked at: there is no end of tries that the next one would come to.
    for (int i = 0; i < 250; ++i) {
        ASSERT_EQ(scope(forged, project_).status, 403) << i;
    }
    auto wrong = identity;
    wrong[wrong.size() - 10] = wrong[wrong.size() - 10] == 'A' ? 'B' : 'A';
    for (int i = 0; i < 200; ++i) {
        ASSERT_EQ(scope(wrong, project_).status, 403) << i;
    }
    EXPECT_EQ(scope(wrong, project_).status, 503);
}

TEST_F(AffinidiTest, TheAssertionIsForTheListenersOwnAddressesAndGoodOnce) {
    auto held = holder();
    const auto once = held.assertion(clock.now());
    EXPECT_EQ(present(once).status, 200);
    const auto again = present(once);
    EXPECT_EQ(again.status, 401);
    EXPECT_EQ(again.text("error"), "invalid_client");
    const auto with_audience = [&](const json::value& audience) {
        auto claims = held.claims(clock.now());
        claims["aud"] = audience;
        claims["jti"] = "Sat Nov 21 2026 (Coordinated Universal Time)0." + std::to_string(++count_);
        return present(held.sign(held.header(), claims)).status;
    };
    EXPECT_EQ(with_audience("http://127.0.0.1:2777/auth/oauth2/token"), 200);
    EXPECT_EQ(with_audience(services_->issuer().c_str()), 200);
    EXPECT_EQ(with_audience(json::array{kTokenEndpoint}), 200);
    EXPECT_EQ(with_audience(json::array{kTokenEndpoint, services_->issuer().c_str()}), 401);
    EXPECT_EQ(with_audience("http://evil.example/auth/oauth2/token"), 401);
    // Our own endpoint takes none of these.
    const auto own =
        ask("POST", "/oauth2/token", {{"Content-Type", "application/x-www-form-urlencoded"}},
            "grant_type=client_credentials&client_assertion_type="
            "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&"
            "client_assertion=" +
                held.assertion(clock.now()));
    EXPECT_EQ(own.status, 401);
    // Without a kid there is only the one key.
    auto header = held.header();
    header.erase("kid");
    EXPECT_EQ(present(held.sign(header, held.claims(clock.now()))).status, 200);
}

TEST_F(AffinidiTest, OtherGrantsAreNotOffered) {
    const Fields form = {{"Content-Type", "application/x-www-form-urlencoded"}};
    const auto reply = say("POST", "/auth/oauth2/token", form,
                           "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code");
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(reply.text("error"), "unsupported_grant_type");
}

TEST_F(AffinidiTest, TheSigningKeyComesFirstAndARotationKeepsWhatWasGiven) {
    const auto held = holder();
    const auto first_key = [&] {
        return std::string(
            say("GET", "/iam/.well-known/jwks.json").json().at("keys").at(0).at("kid").as_string());
    };
    const auto before = first_key();
    const auto old = scope(identity_of(held), project_).text("accessToken");
    const auto identity = identity_of(held);
    ASSERT_EQ(ask("POST", "/v1/signing-keys/rotate", bearer(session(admin_)), "{}").status, 201);
    clock.advance(std::chrono::seconds(1));
    EXPECT_EQ(verdict(old), "active");
    EXPECT_EQ(scope(identity, project_).status, 200);
    const auto active = authority->keys().keys()->active->kid();
    EXPECT_EQ(first_key(), active);
    EXPECT_EQ(verdict(scope(identity_of(held), project_).text("accessToken")), "active");
    EXPECT_FALSE(before.empty());
}

TEST_F(AffinidiTest, NoFailureOfOursTakesTheLoginFromTheCommandLine) {
    for (const auto code :
         {ErrorCode::kInternal, ErrorCode::kUnavailable, ErrorCode::kOutOfSpace}) {
        http::Request request;
        request.request_id = "trace";
        request.path = "/api/projects";
        const auto kept = affinidi::error_answer(*services_, request, Error{code, "why"});
        EXPECT_EQ(kept.status, 429);
        EXPECT_NE(kept.body.find(R"("name":"UnexpectedError")"), std::string::npos);
        request.path = "/iam/v1/tokens";
        const auto said = affinidi::error_answer(*services_, request, Error{code, "why"});
        EXPECT_GE(said.status, 500);
        EXPECT_NE(said.body.find(R"("message":"Unexpected Error Occurred.")"), std::string::npos);
    }
}

}  // namespace
}  // namespace latchkey::dialects
