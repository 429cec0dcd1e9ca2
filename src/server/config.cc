#include "server/config.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <system_error>

#include <toml++/toml.h>

#include "base/address.h"
#include "base/nearest.h"
#include "dialects/dialects.h"
#include "verify/address_block.h"

namespace latchkey::server {
namespace {

// One option, wherever it comes from. `where` is what an error says: "--listen", "LATCHKEY_LISTEN",
// "latchkey.toml line 3: listen".
struct Option {
    std::string_view name;   // as a flag, without the dashes; in TOML and LATCHKEY_ with '_'
    std::string_view value;  // how help shows its value; empty: a switch
    std::string_view help;
    Status (*set)(Config& config, const std::string& text);
};

Status set_bool(bool& target, const std::string& text) {
    if (text == "true" || text == "1") {
        target = true;
    } else if (text == "false" || text == "0") {
        target = false;
    } else {
        return invalid("must be true or false", "bad_config");
    }
    return {};
}

Status set_host_port(HostPort& target, const std::string& text) {
    target = TRY(parse_host_port(text));
    return {};
}

Status set_workers(Config& config, const std::string& text) {
    std::size_t value = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size() || value > 256) {
        return invalid("must be a number from 0 to 256", "bad_config");
    }
    config.workers = value;
    return {};
}

// Without a slash at its end.
Result<std::string> base_url(std::string text) {
    const bool is_url = text.starts_with("https://") || text.starts_with("http://");
    const auto host = text.find("://") + 3;
    if (!is_url || host >= text.size() || text[host] == '/' ||
        text.find_first_of(" ?#\"\\") != std::string::npos) {
        return invalid("must be an http(s) URL without query", "bad_config");
    }
    while (text.ends_with('/')) {
        text.pop_back();
    }
    return text;
}

Status set_issuer(Config& config, const std::string& text) {
    config.issuer = TRY(base_url(text));
    return {};
}

Status check_dialect(const std::string& name) {
    if (dialects::is_dialect(name)) return {};
    return invalid(name.empty() ? "must name a dialect" : "there is no dialect " + name,
                   "bad_config")
        .with_hint("there are " + dialects::dialect_names());
}

// "affinidi=127.0.0.1:2777", several with commas between. They add up: a listener that somebody
// relies on does not go because another one is asked for.
Status add_dialects(Config& config, const std::string& text) {
    std::string rest = text;
    while (!rest.empty()) {
        const auto comma = rest.find(',');
        const std::string item = rest.substr(0, comma);
        rest = comma == std::string::npos ? "" : rest.substr(comma + 1);
        const auto equals = item.find('=');
        if (equals == std::string::npos) {
            return invalid("must be NAME=ADDRESS:PORT, like affinidi=127.0.0.1:2777", "bad_config");
        }
        DialectListener listener;
        listener.dialect = item.substr(0, equals);
        TRY(check_dialect(listener.dialect));
        listener.address = TRY(parse_host_port(item.substr(equals + 1)));
        config.dialects.push_back(std::move(listener));
    }
    return {};
}

Status check_range(const std::string& text) {
    if (verify::parse_address_block(text)) return {};
    return invalid(text + " is not an address range like 10.0.0.0/8", "bad_config");
}

Status set_choice(std::string& target, const std::string& text,
                  std::initializer_list<std::string_view> choices) {
    std::string all;
    for (const auto choice : choices) {
        if (text == choice) {
            target = text;
            return {};
        }
        all += (all.empty() ? "" : ", ") + std::string(choice);
    }
    return invalid("must be one of " + all, "bad_config");
}

const std::array kOptions = {
    Option{"listen", "ADDR:PORT", "where to answer (127.0.0.1:8080)",
           [](Config& c, const std::string& t) { return set_host_port(c.listen, t); }},
    Option{"ops-listen", "ADDR:PORT", "health and metrics (127.0.0.1:8081)",
           [](Config& c, const std::string& t) { return set_host_port(c.ops_listen, t); }},
    Option{"data", "DIR", "the data directory (./latchkey-data)",
           [](Config& c, const std::string& t) {
               c.data = t;
               return t.empty() ? Status(invalid("must not be empty", "bad_config")) : Status{};
           }},
    Option{"issuer", "URL", "the URL that tokens carry; stored at the first start", set_issuer},
    Option{"dialect", "NAME=ADDR:PORT", "a listener for another product's clients; again for more",
           add_dialects},
    Option{"insecure-http", "", "plain HTTP on an address that is not loopback",
           [](Config& c, const std::string& t) { return set_bool(c.is_insecure_http, t); }},
    Option{"tls-cert", "FILE", "certificate chain, PEM",
           [](Config& c, const std::string& t) {
               c.tls_certificate = t;
               return Status{};
           }},
    Option{"tls-key", "FILE", "its private key, PEM",
           [](Config& c, const std::string& t) {
               c.tls_key = t;
               return Status{};
           }},
    Option{"workers", "N", "reactor threads (one a core)", set_workers},
    Option{"kek-file", "FILE", "the key-encryption key (<data>/kek)",
           [](Config& c, const std::string& t) {
               c.kek_file = t;
               return Status{};
           }},
    Option{"trusted-proxies", "CIDR,…", "who may say X-Forwarded-For (nobody)",
           [](Config& c, const std::string& t) -> Status {
               c.trusted_proxies.clear();  // replaces what a weaker origin said
               std::string rest = t;
               while (!rest.empty()) {
                   const auto comma = rest.find(',');
                   c.trusted_proxies.push_back(rest.substr(0, comma));
                   TRY(check_range(c.trusted_proxies.back()));
                   rest = comma == std::string::npos ? "" : rest.substr(comma + 1);
               }
               return Status{};
           }},
    Option{"log-format", "text|json", "one line an event (text at a terminal)",
           [](Config& c, const std::string& t) {
               return set_choice(c.log_format, t, {"text", "json"});
           }},
    Option{"log-level", "LEVEL", "debug, info, warning or error",
           [](Config& c, const std::string& t) {
               return set_choice(c.log_level, t, {"debug", "info", "warning", "error"});
           }},
};

const Option* find_option(std::string_view name) {
    for (const auto& option : kOptions) {
        if (option.name == name) return &option;
    }
    return nullptr;
}

std::string underscored(std::string_view name, bool is_upper) {
    std::string text;
    for (const char c : name) {
        if (c == '-') {
            text.push_back('_');
        } else {
            text.push_back(is_upper ? static_cast<char>(c - 'a' + 'A') : c);
        }
    }
    return text;
}

// One option of a source: what it says, and what an error calls it.
struct Setting {
    const Option* option;
    std::string text;
    std::string where;
};

Status set(Config& config, const Setting& setting) {
    const std::size_t dialects = config.dialects.size();
    const auto done = setting.option->set(config, setting.text);
    if (!done) return blame(done.error(), setting.where);
    config.origins[std::string(setting.option->name)] = setting.where;
    for (std::size_t i = dialects; i < config.dialects.size(); ++i) {
        config.dialects[i].origin = setting.where;
    }
    return {};
}

std::string line_of(const std::string& file, const toml::node& node) {
    return file + " line " + std::to_string(node.source().begin.line) + ": ";
}

Result<std::string> text_of(const toml::node& node) {
    if (const auto* text = node.as_string()) return std::string(text->get());
    if (const auto* number = node.as_integer()) return std::to_string(number->get());
    if (const auto* flag = node.as_boolean()) return std::string(flag->get() ? "true" : "false");
    if (const auto* list = node.as_array()) {
        std::string joined;
        for (const auto& item : *list) {
            const auto* text = item.as_string();
            if (text == nullptr) return invalid("must be a list of strings", "bad_config");
            joined += (joined.empty() ? "" : ",") + text->get();
        }
        return joined;
    }
    return invalid("has a value of the wrong type", "bad_config");
}

// A key of [[listener]]: address and dialect, and the url under which its clients know it.
Status set_of_listener(DialectListener& listener, std::string_view key, const toml::node& node) {
    if (key != "address" && key != "dialect" && key != "url") {
        return invalid("there is no such key", "bad_config")
            .with_hint("a listener has address, dialect and url");
    }
    const auto text = node.value_exact<std::string>();
    if (!text) return invalid("must be a string", "bad_config");
    if (key == "address") {
        listener.address = TRY(parse_host_port(*text));
    } else if (key == "dialect") {
        listener.dialect = *text;
        TRY(check_dialect(listener.dialect));
    } else {
        listener.url = TRY(base_url(*text));
    }
    return {};
}

Status read_listener(Config& config, const std::string& file, const toml::table& table) {
    DialectListener listener;
    for (const auto& [key, node] : table) {
        const std::string where = line_of(file, node) + "listener." + std::string(key.str());
        const auto done = set_of_listener(listener, key.str(), node);
        if (!done) return blame(done.error(), where);
        if (key.str() == "address") listener.origin = where;
    }
    for (const char* key : {"address", "dialect"}) {
        if (table.contains(key)) continue;
        return invalid(line_of(file, table) + "listener: " + key + " is missing", "bad_config")
            .with_hint("a listener has address, dialect and url");
    }
    config.dialects.push_back(std::move(listener));
    return {};
}

Status read_listeners(Config& config, const std::string& file, const toml::node& node) {
    const auto* list = node.as_array();
    if (list == nullptr || !list->is_array_of_tables()) {
        return invalid(line_of(file, node) + "listener: must be tables, each headed [[listener]]",
                       "bad_config");
    }
    for (const auto& item : *list) {
        TRY(read_listener(config, file, *item.as_table()));
    }
    return {};
}

Result<toml::table> parse_file(const std::string& file, const std::string& origin) {
    errno = 0;
    std::ifstream opened(file);
    const bool is_empty = opened && opened.peek() == std::char_traits<char>::eof();
    // A directory opens, and only reading from it fails.
    if (!opened.is_open() || opened.bad()) {
        const std::string why = std::generic_category().message(errno);
        return invalid(origin + ": " + file + " cannot be read: " + why, "bad_config");
    }
    if (is_empty) return toml::table();
    try {
        return toml::parse(opened, file);
    } catch (const toml::parse_error& error) {
        return invalid(file + " line " + std::to_string(error.source().begin.line) + ": " +
                           std::string(error.description()),
                       "bad_config");
    }
}

Status read_file(Config& config, const std::string& origin) {
    const std::string& file = config.file;
    const auto table = TRY(parse_file(file, origin));
    for (const auto& [key, node] : table) {
        if (key.str() == "listener") {
            TRY(read_listeners(config, file, node));
            continue;
        }
        const std::string where = line_of(file, node) + std::string(key.str());
        std::string name(key.str());
        for (char& c : name) {
            if (c == '_') c = '-';
        }
        const Option* option = find_option(name);
        if (option == nullptr)
            return blame(invalid("there is no such option", "bad_config"), where);
        const auto text = text_of(node);
        if (!text) return blame(text.error(), where);
        TRY(set(config, {option, *text, where}));
    }
    return {};
}

Error no_such(const std::string& what, const std::string& name, const std::string& prefix) {
    std::vector<std::string> names{prefix + "config"};
    for (const auto& option : kOptions) {
        names.push_back(prefix + std::string(option.name));
    }
    const auto meant = nearest(name, names);
    return invalid(what, "bad_config")
        .with_hint(meant ? "did you mean " + *meant + "?" : "latchkey serve --help lists them");
}

Error unknown_word(const std::string& word) {
    if (word.starts_with('-')) return no_such("unknown flag " + word, word, "--");
    return invalid("serve takes no argument \"" + word + "\"", "bad_config")
        .with_hint("see latchkey serve --help");
}

Result<std::vector<Setting>> parse_flags(const std::vector<std::string>& flags,
                                         std::optional<std::string>& file) {
    std::vector<Setting> parsed;
    for (std::size_t i = 0; i < flags.size(); ++i) {
        const std::string& flag = flags[i];
        const auto equals = flag.find('=');
        const std::string name = flag.substr(0, equals);
        const Option* option = name.starts_with("--") ? find_option(name.substr(2)) : nullptr;
        if (option == nullptr && name != "--config") {
            return unknown_word(flag.starts_with('-') ? name : flag);
        }
        std::string text = "true";  // of a switch
        if (equals != std::string::npos) {
            text = flag.substr(equals + 1);
        } else if (option == nullptr || !option->value.empty()) {
            if (i + 1 == flags.size()) return invalid(name + " needs a value", "bad_config");
            text = flags[++i];
        }
        if (option == nullptr) {
            file = text;
        } else {
            parsed.push_back({option, text, name});
        }
    }
    return parsed;
}

std::string origin_of(const Config& config, std::string_view option) {
    const auto found = config.origins.find(option);
    return found == config.origins.end() ? std::string() : found->second;
}

// `origin`: of an address that is not the default, which is on loopback.
Status check_plain(const Config& config, const HostPort& listen, const std::string& origin) {
    const bool is_plain = config.tls_certificate.empty();
    if (!is_plain || config.is_insecure_http || is_loopback_listen(listen)) return {};
    return blame(
        invalid("without TLS only a loopback address can be listened on, not " + listen.address,
                "bad_config")
            .with_hint("give --tls-cert and --tls-key, or --insecure-http behind a proxy "
                       "that speaks TLS"),
        origin);
}

Status check_together(const Config& config) {
    if (config.tls_certificate.empty() != config.tls_key.empty()) {
        const bool has_key = config.tls_certificate.empty();
        return blame(
            invalid(has_key ? "a key needs its certificate" : "a certificate needs its key",
                    "bad_config")
                .with_hint("--tls-cert and --tls-key go together"),
            config, has_key ? "tls-key" : "tls-cert");
    }
    TRY(check_plain(config, config.listen, origin_of(config, "listen")));
    for (const auto& listener : config.dialects) {
        TRY(check_plain(config, listener.address, listener.origin));
    }
    return {};
}

}  // namespace

Error blame(Error error, const std::string& origin) {
    if (!origin.empty()) error.message = origin + ": " + error.message;
    return error;
}

Error blame(Error error, const Config& config, std::string_view option) {
    return blame(std::move(error), origin_of(config, option));
}

bool is_loopback_listen(const HostPort& listen) {
    const auto address = parse_address(listen.address);
    return address && is_loopback(*address);
}

Result<HostPort> parse_host_port(const std::string& text) {
    const Error error = invalid("must be ADDRESS:PORT, like 127.0.0.1:8080", "bad_config");
    const auto colon = text.rfind(':');
    if (colon == std::string::npos) return error;
    HostPort parsed;
    parsed.address = text.substr(0, colon);
    if (parsed.address.starts_with('[') && parsed.address.ends_with(']')) {
        parsed.address = parsed.address.substr(1, parsed.address.size() - 2);
    }
    if (parsed.address == "localhost") parsed.address = "127.0.0.1";
    const char* first = text.data() + colon + 1;
    const char* last = text.data() + text.size();
    const auto number = std::from_chars(first, last, parsed.port);
    if (number.ec != std::errc{} || number.ptr != last || first == last) return error;
    if (!parse_address(parsed.address)) return error;
    return parsed;
}

Result<Config> read_config(const std::vector<std::string>& flags, const Environment& environment) {
    Config config;
    std::optional<std::string> named;
    const auto parsed = TRY(parse_flags(flags, named));
    const std::string origin = named ? "--config" : "LATCHKEY_CONFIG";
    config.file = named ? *named : environment("LATCHKEY_CONFIG").value_or("");
    if (!config.file.empty()) TRY(read_file(config, origin));
    for (const auto& option : kOptions) {
        const std::string name = "LATCHKEY_" + underscored(option.name, true);
        const auto text = environment(name);
        if (text && !text->empty()) TRY(set(config, {&option, *text, name}));
    }
    for (const auto& flag : parsed) {
        TRY(set(config, flag));
    }
    config.kek = environment("LATCHKEY_KEK").value_or("");
    TRY(check_together(config));
    return config;
}

std::string serve_help() {
    std::string text =
        "Starts the server.\n\n"
        "  latchkey serve\n"
        "  latchkey serve --listen 0.0.0.0:8443 --tls-cert cert.pem --tls-key key.pem\n\n"
        "Options (also in latchkey.toml and as LATCHKEY_…; a flag wins over the environment,\n"
        "the environment over the file):\n"
        "  --config FILE            a latchkey.toml\n";
    for (const auto& option : kOptions) {
        std::string line = "  --" + std::string(option.name);
        if (!option.value.empty()) line += " " + std::string(option.value);
        line.resize(std::max<std::size_t>(line.size() + 1, 27), ' ');
        text += line + std::string(option.help) + "\n";
    }
    return text;
}

}  // namespace latchkey::server
