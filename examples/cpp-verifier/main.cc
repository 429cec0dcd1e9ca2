// Verifies a token with the documents of its issuer, which lie in a folder as curl brought them:
//
//     curl -sS $SERVER/.well-known/jwks.json -o documents/jwks.json
//     curl -sS $SERVER/status/0 -o documents/status-0
//     cpp-verifier $SERVER licensing-api documents license:read < token
//
// A service would bring them by HTTP instead, in `fetch`, and call hear() with what the event
// stream says.
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include <latchkey/verifier.h>

namespace {

// https://auth.example.com/status/0 lies in status-0, the key set in jwks.json.
latchkey::FetchAnswer read_document(const std::string& folder, const std::string& url) {
    const auto last = url.rfind('/');
    const bool is_list = url.compare(url.rfind('/', last - 1), 8, "/status/") == 0;
    const std::string name = (is_list ? "/status-" : "/") + url.substr(last + 1);
    std::ifstream file(folder + name, std::ios::binary);
    if (!file) return {};
    return {200, std::string(std::istreambuf_iterator<char>(file), {})};
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 4) {
        std::cerr << "usage: cpp-verifier ISSUER AUDIENCE FOLDER [SCOPE]… < token\n";
        return 2;
    }
    const std::string folder = argv[3];
    latchkey::VerifierOptions options;
    options.issuer = argv[1];
    options.audience = argv[2];
    options.fetch = [&](const std::string& url, const std::string* posted) {
        return posted != nullptr ? latchkey::FetchAnswer{} : read_document(folder, url);
    };
    latchkey::Verifier verifier(options);

    latchkey::TokenQuestion question;
    std::cin >> question.token;
    question.scopes.assign(argv + 4, argv + argc);
    const latchkey::TokenVerdict verdict = verifier.verify(question);

    std::cout << verdict.verdict << '\n';
    if (verdict.token_id) std::cout << "token " << *verdict.token_id << '\n';
    if (verdict.owner) std::cout << "owner " << *verdict.owner << '\n';
    for (const std::string& scope : verdict.missing_scopes) {
        std::cout << "missing " << scope << '\n';
    }
    if (!verdict.why.empty()) std::cerr << verdict.why << '\n';
    return verdict.is_valid() ? 0 : 1;
}
