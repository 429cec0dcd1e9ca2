#include "api/form.h"

#include <gtest/gtest.h>

namespace latchkey::api {
namespace {

TEST(Form, NamesAndValuesAreDecoded) {
    const auto form = Form::parse("a=1&b=x+y%2Bz&%63=%C3%A4&empty=&bare").value();
    EXPECT_EQ(form.get("a"), "1");
    EXPECT_EQ(form.get("b"), "x y+z");
    EXPECT_EQ(form.get("c"), "ä");
    EXPECT_FALSE(form.get("empty"));  // as if it were left out
    EXPECT_FALSE(form.get("bare"));
    EXPECT_FALSE(form.get("d"));
}

TEST(Form, WhatTwoReadersCouldReadDifferentlyIsRefused) {
    for (const char* body : {"a=1&a=2", "a=1&%61=2", "a=&a=1", "a=%", "a=%zz", "a=%ff", "a=%00",
                             "a=%0a", "a=\x01", "%=1"}) {
        const auto form = Form::parse(body);
        ASSERT_FALSE(form) << body;
        EXPECT_EQ(form.error().reason, "invalid_request") << body;
    }
}

TEST(Form, ItsSizeIsBounded) {
    EXPECT_TRUE(Form::parse("a=" + std::string(kFormBytesMax - 2, 'x')));
    EXPECT_FALSE(Form::parse("a=" + std::string(kFormBytesMax - 1, 'x')));
    std::string many;
    for (std::size_t i = 0; i < kFormParametersMax; ++i) {
        many += "p" + std::to_string(i) + "=1&";
    }
    EXPECT_TRUE(Form::parse(many));
    EXPECT_FALSE(Form::parse(many + "more=1"));
}

TEST(Form, OnlyTheFormsOwnContentTypeIsRead) {
    const auto parse = [](std::string_view type) {
        const http::Field field{"Content-Type", type};
        http::Request request;
        request.fields = std::span(&field, 1);
        request.body = "a=1";
        return Form::parse(request).has_value();
    };
    EXPECT_TRUE(parse("application/x-www-form-urlencoded"));
    EXPECT_TRUE(parse("Application/X-WWW-Form-URLEncoded; charset=utf-8"));
    for (const char* type : {"application/json", "multipart/form-data", "text/plain", "",
                             "application/x-www-form-urlencoded2"}) {
        EXPECT_FALSE(parse(type)) << type;
    }
}

}  // namespace
}  // namespace latchkey::api
