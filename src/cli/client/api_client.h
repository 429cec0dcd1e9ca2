// The typed client of our own REST API: builds paths, presents one credential, follows pages, and
// turns problem+json into an Error. One thread at a time.
#pragma once

#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/secret.h"
#include "cli/errors.h"
#include "fetch/client.h"

namespace latchkey::cli {

// RFC 9457 answer to Error, or RFC 6749 §5.2 of the OAuth endpoints; `problem` gets status, code
// and request id. Any body will do: a proxy's HTML becomes "the server answered 502".
Error decode_problem(const fetch::HttpResponse& response, Problem& problem);
// The target of `Link: <…>; rel="next"`, or nothing.
std::optional<std::string> next_link(const fetch::HttpResponse& response);

using Query = std::vector<std::pair<std::string, std::string>>;  // empty values are left out
std::string with_query(std::string_view path, const Query& query);

struct Listing {
    json::array items;
    bool has_more{false};
};

class ApiClient {
public:
    // `server` without a slash at its end. `problem` outlives the client and tells of the last
    // call that failed.
    ApiClient(fetch::Options options, std::string server, Secret credential,
              std::optional<Problem>& problem);

    Result<json::value> get(const std::string& path);
    Result<json::value> post(const std::string& path, const json::value& body);
    Result<json::value> patch(const std::string& path, const json::value& body);
    Result<json::value> put(const std::string& path, const json::value& body);
    // The same with a body that is JSON already: not one byte of it changes on the way.
    Result<json::value> put_text(const std::string& path, std::string json_text);
    Status remove(const std::string& path);  // DELETE

    Result<json::object> get_object(const std::string& path);
    Result<json::object> post_object(const std::string& path, const json::value& body);
    // As HTML forms are sent, which is what OAuth endpoints take. Empty values are left out.
    Result<json::object> post_form(const std::string& path, const Query& form);
    Result<std::string> get_text(const std::string& path);  // for what is no JSON
    // Follows rel="next" on the same server until `limit` items (0: all).
    Result<Listing> list(const std::string& path, std::size_t limit);
    // An answer that goes on (an event stream), until it ends or `use` has an error.
    Status follow(const std::string& path, fetch::Headers headers,
                  const fetch::Client::UseBytes& use);
    // Hands over one page's items at a time, for what would not fit in memory.
    Status each_page(const std::string& path, const std::function<Status(json::array)>& use);

    // Gets the session's new secret when the server wants the person's password once more; what was
    // refused is sent again.
    using Prove = std::function<Result<Secret>(std::string_view session)>;
    void prove_with(Prove prove) { prove_ = std::move(prove); }
    // When the credential ends, as answers say it; empty: it does not, or nothing was asked yet.
    void tell_end_to(std::string* end) { end_ = end; }
    // One line for each call, never with a credential or a body: for --verbose.
    void trace_to(std::ostream* stream) { trace_ = stream; }
    [[nodiscard]] const std::string& server() const { return server_; }
    [[nodiscard]] bool has_credential() const { return !credential_.empty(); }

private:
    struct Body {
        std::string type;
        std::string bytes;
    };
    Result<fetch::HttpResponse> exchange(std::string method, const std::string& path,
                                         std::optional<Body> body);
    [[nodiscard]] fetch::HttpRequest request_to(std::string method, const std::string& path) const;
    Result<fetch::HttpResponse> judge(const fetch::HttpRequest& request,
                                      Result<fetch::HttpResponse> response);
    Result<json::value> exchange_json(std::string method, const std::string& path,
                                      std::optional<std::string> json_text);
    Result<json::array> page(const std::string& path, std::optional<std::string>& next);

    fetch::Client client_;
    std::string server_;
    Secret credential_;
    std::optional<Problem>& problem_;
    Prove prove_;
    std::ostream* trace_{nullptr};
    std::string* end_{nullptr};
};

}  // namespace latchkey::cli
