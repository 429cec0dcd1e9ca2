// The configuration of `latchkey serve`: flag > environment (LATCHKEY_*) > latchkey.toml. Every
// option has the same name in all three. What is wrong is named with its origin: the flag, the
// variable, or the file's line.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace latchkey::server {

struct HostPort {
    std::string address;
    std::uint16_t port{0};
};

// A listener of its own for another product's clients.
struct DialectListener {
    std::string dialect;
    HostPort address;
    std::string url;     // under which its clients know it; empty: http(s)://<address>
    std::string origin;  // of the address, as errors say it
};

struct Config {
    std::string file;
    HostPort listen{"127.0.0.1", 8080};
    HostPort ops_listen{"127.0.0.1", 8081};
    std::string data{"./latchkey-data"};
    std::string issuer;  // empty: the stored one, or http://<listen> at the first start
    bool is_insecure_http{false};
    std::string tls_certificate;
    std::string tls_key;
    std::size_t workers{0};  // reactors; 0: one a core
    std::string kek_file;
    std::string kek;  // environment only
    std::vector<std::string> trusted_proxies;
    std::vector<DialectListener> dialects;  // of the file, the environment and flags together
    std::string log_format;                 // "text" or "json"; empty: text at a terminal
    std::string log_level{"info"};
    // By option ("tls-cert"): "--tls-cert", "LATCHKEY_TLS_CERT" or "latchkey.toml line 3:
    // tls_cert".
    std::map<std::string, std::string, std::less<>> origins;
};

using Environment = std::function<std::optional<std::string>(const std::string& name)>;

// kInvalidArgument for anything wrong (exit 2), with its origin, and the remedy as a hint.
Result<Config> read_config(const std::vector<std::string>& flags, const Environment& environment);

Result<HostPort> parse_host_port(const std::string& text);  // "127.0.0.1:8080", "[::1]:8080"
bool is_loopback_listen(const HostPort& listen);

// What is found wrong with an option's value only later, with where it came from.
Error blame(Error error, const std::string& origin);
Error blame(Error error, const Config& config, std::string_view option);

std::string serve_help();

}  // namespace latchkey::server
