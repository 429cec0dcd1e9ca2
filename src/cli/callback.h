// What comes to the port on which a command line waits for its browser (RFC 8252 §7.3), and the
// small pages that answer it. Whoever else finds the port learns nothing and changes nothing. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace latchkey::cli {

inline constexpr std::string_view kCallbackPath = "/callback";
inline constexpr std::size_t kCallbackBytesMax = 8192;

// The answer of the login: a request that knows its state.
struct Callback {
    std::string code;
    std::string error;  // or why there is none
    std::string issuer;
};

enum class CallbackPage {
    kLoggedIn,
    kRefused,
    kFailed,
    kNotWaitedFor,
    kNotFound,
    kWrongMethod,
};
enum class PageLanguage { kEnglish, kGerman };

struct ExpectedCallback {
    std::string_view authority;  // "127.0.0.1:49152", as a browser that was sent here names it
    std::string_view state;
};

struct Heard {
    std::optional<Callback> callback;
    CallbackPage page{CallbackPage::kNotWaitedFor};  // the answer to anything else
    PageLanguage language{PageLanguage::kEnglish};
};
// `head` is a request up to the empty line.
Heard hear(std::string_view head, const ExpectedCallback& expected);

// The whole answer, status line and fields included.
std::string callback_answer(CallbackPage page, PageLanguage language);

}  // namespace latchkey::cli
