#include "fetch/client.h"

#include <algorithm>
#include <cctype>

#include <curl/curl.h>
#include <fmt/format.h>

#include "base/encoding.h"
#include "fetch/url.h"

namespace latchkey::fetch {
namespace {

struct Receipt {
    HttpResponse response;
    std::size_t bytes_max{0};
    bool too_large{false};
    CURL* curl{nullptr};
    const Client::UseBytes* use{nullptr};  // of an answer that goes on
    std::optional<Error> refused;          // by `use`
};

bool is_followed(const Receipt& receipt) {
    long status = 0;
    if (receipt.use == nullptr) return false;
    curl_easy_getinfo(receipt.curl, CURLINFO_RESPONSE_CODE, &status);
    return status >= 200 && status < 300;
}

std::string_view trimmed(std::string_view text) {
    const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
    while (!text.empty() && is_space(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && is_space(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* user) {
    auto& receipt = *static_cast<Receipt*>(user);
    const std::size_t bytes = size * count;
    if (is_followed(receipt)) {
        auto used = (*receipt.use)({data, bytes});
        if (used) return bytes;
        receipt.refused = std::move(used).error();
        return 0;
    }
    if (receipt.response.body.size() + bytes > receipt.bytes_max) {
        receipt.too_large = true;
        return 0;
    }
    receipt.response.body.append(data, bytes);
    return bytes;
}

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* user) {
    auto& receipt = *static_cast<Receipt*>(user);
    const std::size_t bytes = size * count;
    const std::string_view line(data, bytes);
    if (line.rfind("HTTP/", 0) == 0) {
        receipt.response.headers.clear();  // an interim 1xx answer came before
        return bytes;
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return bytes;
    std::string name(line.substr(0, colon));
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    receipt.response.headers.emplace_back(std::move(name), trimmed(line.substr(colon + 1)));
    return bytes;
}

// A line break in a value would start a header of its own.
Status check_headers(const Headers& headers) {
    for (const auto& [name, value] : headers) {
        const bool name_ok =
            !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
                return c > 0x20 && c < 0x7f && c != ':';
            });
        const bool value_ok = std::all_of(value.begin(), value.end(), [](unsigned char c) {
            return (c >= 0x20 && c != 0x7f) || c == '\t';
        });
        if (!name_ok || !value_ok) {
            return invalid("a header has a character that cannot be sent", "bad_header");
        }
    }
    return {};
}

Error unavailable(std::string message, std::string_view reason, std::string hint = {}) {
    return Error{ErrorCode::kUnavailable, std::move(message)}.with_reason(reason).with_hint(
        std::move(hint));
}

Error tls_error(const std::string& where, const std::string& why) {
    return unavailable(fmt::format("no trusted TLS connection to {}: {}", where, why), "tls_failed",
                       "name the file of the authority that signed its certificate");
}

// The texts name the host and never the URL: a path or query may hold what nobody should read.
Error error_of(CURLcode code, const std::string& where, const Options& options,
               const std::string& why) {
    const unsigned number = static_cast<unsigned>(code);
    switch (number) {
        case CURLE_COULDNT_RESOLVE_HOST:
            return unavailable(fmt::format("the host of {} is not known", where), "host_unknown");
        case CURLE_COULDNT_CONNECT:
            return unavailable(fmt::format("cannot connect to {}", where), "connect_failed");
        case CURLE_OPERATION_TIMEDOUT:
            return unavailable(fmt::format("no complete answer from {} within {} ms", where,
                                           options.timeout.count()),
                               "timed_out");
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_ISSUER_ERROR: return tls_error(where, why);
        case CURLE_FILESIZE_EXCEEDED:
            return unavailable(fmt::format("the answer of {} is longer than {} bytes", where,
                                           options.response_bytes_max),
                               "answer_too_large");
        default:
            return unavailable(fmt::format("the exchange with {} failed: {}", where, why),
                               "exchange_failed");
    }
}

void initialise_once() {
    static const CURLcode done = curl_global_init(CURL_GLOBAL_DEFAULT);
    CHECK(done == CURLE_OK);
}

}  // namespace

struct Client::Handle {
    std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl{nullptr, &curl_easy_cleanup};
};

namespace {

using HeaderList = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

HeaderList to_list(const Headers& headers) {
    curl_slist* list = nullptr;
    const auto add = [&list](const std::string& line) {
        curl_slist* longer = curl_slist_append(list, line.c_str());
        CHECK(longer != nullptr);
        list = longer;
    };
    add("Expect:");  // our bodies are small: asking first would only cost a round trip
    for (const auto& [name, value] : headers) {
        // "Name;" is libcurl's way to send an empty value; "Name:" would remove the header.
        add(value.empty() ? name + ";" : fmt::format("{}: {}", name, value));
    }
    return {list, &curl_slist_free_all};
}

void set_method(CURL* curl, const HttpRequest& request) {
    if (request.method == "HEAD") curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    if (request.body) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                         static_cast<curl_off_t>(request.body->size()));
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body->data());
    }
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

void set_limits(CURL* curl, const Options& options) {
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");  // not even from the environment
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_HTTP09_ALLOWED, 0L);
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(options.timeout.count()));
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.timeout.count()));
    curl_easy_setopt(curl, CURLOPT_USERAGENT, options.user_agent.c_str());
    if (!options.ca_file.empty()) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, options.ca_file.c_str());
        curl_easy_setopt(curl, CURLOPT_CAPATH, nullptr);  // that file alone, not the system's too
    }
    if (!options.unix_socket.empty()) {
        curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, options.unix_socket.c_str());
    }
}

}  // namespace

std::optional<std::string_view> HttpResponse::header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
        if (key == name) return value;
    }
    return std::nullopt;
}

Client::Client(Options options)
    : options_(std::move(options)), handle_(std::make_unique<Handle>()) {
    initialise_once();
    handle_->curl.reset(curl_easy_init());
    CHECK(handle_->curl != nullptr);
}

Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

Result<HttpResponse> Client::send(const HttpRequest& request) {
    return perform(request, nullptr);
}

Result<HttpResponse> Client::follow(const HttpRequest& request, const UseBytes& use) {
    return perform(request, &use);
}

Result<HttpResponse> Client::perform(const HttpRequest& request, const UseBytes* use) {
    const Url url = TRY(parse_url(request.url));
    TRY(check_headers(request.headers));
    if (request.method.empty() ||
        !std::all_of(request.method.begin(), request.method.end(),
                     [](unsigned char c) { return std::isupper(c) != 0; })) {
        return invalid("a method is written in capital letters", "bad_header");
    }
    CURL* curl = handle_->curl.get();
    curl_easy_reset(curl);  // keeps the connections
    set_limits(curl, options_);
    set_method(curl, request);
    const HeaderList headers = to_list(request.headers);
    Receipt receipt;
    receipt.bytes_max = options_.response_bytes_max;
    receipt.curl = curl;
    receipt.use = use;
    if (use != nullptr) {
        const auto seconds = std::chrono::ceil<std::chrono::seconds>(options_.timeout).count();
        curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 0L);
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, static_cast<long>(seconds));
    }
    std::string why(CURL_ERROR_SIZE, '\0');
    curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &receipt);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &receipt);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why.data());
    const CURLcode code = curl_easy_perform(curl);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, nullptr);
    if (receipt.refused) return *std::move(receipt.refused);
    if (code != CURLE_OK) {
        why.resize(why.find('\0') == std::string::npos ? why.size() : why.find('\0'));
        if (why.empty()) why = curl_easy_strerror(code);
        const std::string where =
            options_.unix_socket.empty() ? url.origin() : options_.unix_socket;
        return error_of(receipt.too_large ? CURLE_FILESIZE_EXCEEDED : code, where, options_, why);
    }
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &receipt.response.status);
    return std::move(receipt.response);
}

}  // namespace latchkey::fetch
