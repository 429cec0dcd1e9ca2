#include "server/serve.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "api/application.h"
#include "api/handlers.h"
#include "api/usage_flush.h"
#include "authority/bulk.h"
#include "authority/maintenance.h"
#include "authority/rotate_token.h"
#include "base/log.h"
#include "base/turns.h"
#include "dialects/dialects.h"
#include "http/listen.h"
#include "http/tls.h"
#include "server/config.h"

namespace latchkey::server {
namespace {

std::optional<std::string> from_environment(const std::string& name) {
    const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): at start
    if (value == nullptr) return std::nullopt;
    return std::string(value);
}

int fail(const Error& error, int code) {
    fmt::print(stderr, "error: {}\n", error.message);
    if (!error.detail.empty()) fmt::print(stderr, "  {}\n", error.detail);
    if (!error.hint.empty()) fmt::print(stderr, "hint: {}\n", error.hint);
    return code;
}

// A wrong issuer or key-encryption key is a mistake in the configuration.
int exit_code_of(const Error& error) {
    const bool is_config = error.code == ErrorCode::kInvalidArgument ||
                           error.reason == "issuer_changed" || error.reason == "wrong_kek" ||
                           error.reason == "kek" || error.reason == "bad_password";
    return is_config ? 2 : 1;
}

void configure_log(const Config& config) {
    const bool is_terminal = ::isatty(STDERR_FILENO) == 1;
    const bool is_json = config.log_format.empty() ? !is_terminal : config.log_format == "json";
    const auto level = config.log_level == "debug"     ? log::Level::kDebug
                       : config.log_level == "warning" ? log::Level::kWarning
                       : config.log_level == "error"   ? log::Level::kError
                                                       : log::Level::kInfo;
    log::configure(level, is_json ? log::Format::kJson : log::Format::kText);
}

// systemd's readiness protocol: a datagram to the socket it names (sd_notify(3)).
void notify_systemd(std::string_view state) {
    const auto name = from_environment("NOTIFY_SOCKET");
    sockaddr_un address{};
    if (!name || name->empty() || name->size() >= sizeof address.sun_path) return;
    address.sun_family = AF_UNIX;
    name->copy(address.sun_path, name->size());
    if (address.sun_path[0] == '@') address.sun_path[0] = '\0';
    const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket < 0) return;
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name->size());
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-cstyle-cast): the socket API's own shape.
    ::sendto(socket, state.data(), state.size(), MSG_NOSIGNAL,
             reinterpret_cast<const sockaddr*>(&address), length);
    ::close(socket);
}

Result<std::vector<api::AddressRange>> parse_ranges(const std::vector<std::string>& texts) {
    std::vector<api::AddressRange> ranges;
    for (const auto& text : texts) {
        const auto slash = text.find('/');
        const auto address = parse_address(text.substr(0, slash));
        const bool is_v4 = text.find(':') == std::string::npos;
        int bits = is_v4 ? 32 : 128;
        bool is_good = address.has_value();
        if (slash != std::string::npos) {
            const std::string number = text.substr(slash + 1);
            is_good = is_good && !number.empty() && number.size() <= 3 &&
                      number.find_first_not_of("0123456789") == std::string::npos &&
                      std::stoi(number) <= bits;
            if (is_good) bits = std::stoi(number);
        }
        if (!is_good) {
            return invalid("trusted-proxies: " + text + " is not an address range", "bad_config");
        }
        ranges.push_back({*address, is_v4 ? bits + 96 : bits});
    }
    return ranges;
}

std::string url_of(bool is_tls, const std::string& address, std::uint16_t port) {
    const bool is_v6 = address.find(':') != std::string::npos;
    return (is_tls ? "https://" : "http://") + (is_v6 ? "[" + address + "]" : address) + ":" +
           std::to_string(port);
}

std::string display_url(const Config& config, std::uint16_t port) {
    return url_of(!config.tls_certificate.empty(), config.listen.address, port);
}

// Port 0 is any, and the issuer that a first start stores must say which it became: it is ours from
// here on, before there is anything that answers.
Result<http::HeldPort> settle_port(Config& config) {
    if (config.listen.port != 0) return http::HeldPort{};
    auto held = TRY(http::hold_any_port(config.listen.address));
    config.listen.port = held.port;
    return held;
}

// A file that cannot be used is found before anything is made.
Status check_tls(const Config& config) {
    if (config.tls_certificate.empty()) return {};
    const auto made = http::make_tls_context({config.tls_certificate, config.tls_key});
    if (made) return {};
    const bool is_certificate =
        made.error().message.find("certificate") < made.error().message.find("key");
    return blame(made.error(), config, is_certificate ? "tls-cert" : "tls-key");
}

// Whose address it is that cannot be listened on: the message names it.
Error blame_listener(Error error, const Config& config) {
    const std::string message = " " + error.message;
    const auto is_named = [&](const HostPort& listen) {
        const std::string url = url_of(false, listen.address, listen.port);
        const std::string name = " " + url.substr(url.find("//") + 2);
        // The whole of it: 127.0.0.1:1808 is not the beginning of 127.0.0.1:18081.
        return message.find(name + " ") != std::string::npos ||
               message.find(name + ": ") != std::string::npos;
    };
    if (is_named(config.listen)) return blame(std::move(error), config, "listen");
    if (is_named(config.ops_listen)) return blame(std::move(error), config, "ops-listen");
    for (const auto& listener : config.dialects) {
        if (is_named(listener.address)) return blame(std::move(error), listener.origin);
    }
    return error;
}

// What does not fit the data directory.
Error blame_of_start(Error error, const Config& config) {
    if (error.reason == "issuer_changed") return blame(std::move(error), config, "issuer");
    if (error.reason == "wrong_kek" && !config.kek.empty()) {
        return blame(std::move(error), "LATCHKEY_KEK");
    }
    const bool is_kek =
        error.reason == "wrong_kek" || (error.reason == "kek" && config.kek.empty());
    return is_kek ? blame(std::move(error), config, "kek-file") : error;
}

// What starts all the same, and should not surprise anybody later.
void warn_of_addresses(const Config& config, const std::string& issuer) {
    if (!config.is_insecure_http && !is_loopback_listen(config.ops_listen)) {
        log::warning(blame(invalid("health and metrics at " + config.ops_listen.address +
                                       " ask for no credential and have no TLS: whoever reaches "
                                       "that address reads them",
                                   "bad_config"),
                           config, "ops-listen")
                         .message);
    }
    if (issuer.find("://0.0.0.0:") != std::string::npos ||
        issuer.find("://[::]:") != std::string::npos) {
        log::warning(
            "the issuer is " + issuer +
            ", where nobody can be reached, and all tokens and links carry it: begin anew, "
            "with an empty data directory, and name the address that users and services "
            "know with --issuer URL");
    }
}

// On loopback a dialect speaks plain HTTP, as its product's clients do there.
bool has_tls(const Config& config, const DialectListener& listener) {
    return !config.tls_certificate.empty() && !is_loopback_listen(listener.address);
}

// Who connects on loopback says localhost as often as the number.
std::vector<std::string> urls_of(const Config& config, const DialectListener& listener) {
    const bool is_tls = has_tls(config, listener);
    std::vector<std::string> urls;
    if (!listener.url.empty()) urls.push_back(listener.url);
    if (is_loopback_listen(listener.address)) {
        urls.push_back(url_of(is_tls, "localhost", listener.address.port));
    }
    urls.push_back(url_of(is_tls, listener.address.address, listener.address.port));
    return urls;
}

// The parts of a running server, in the order in which they are taken down (last first).
struct Parts {
    SystemClock clock;
    std::unique_ptr<authority::Authority> authority;
    authority::SetupCode setup;
    std::unique_ptr<api::Workers> workers;
    std::unique_ptr<api::Workers> passwords;
    std::unique_ptr<api::Services> services;
    std::unique_ptr<api::Application> application;
    std::unique_ptr<api::Application> local;
    std::unique_ptr<api::Application> ops;
    std::vector<std::unique_ptr<api::Application>> dialects;
    std::unique_ptr<http::Server> server;
    std::unique_ptr<http::Server> ops_server;
    std::uint64_t uses_left_out{0};
    std::optional<Timestamp> uses_known_since;  // all of them were recorded from then on
};

void make_services(const Config& config, Parts& parts, std::size_t reactors) {
    parts.workers = std::make_unique<api::Workers>(4, 1024);
    // One thread: hashing passwords can never take both cores from checks.
    parts.passwords = std::make_unique<api::Workers>(1, 50);
    parts.services = std::make_unique<api::Services>(*parts.authority, parts.setup, *parts.workers,
                                                     *parts.passwords);
    // Behind a proxy that has the TLS, the issuer says what browsers see.
    parts.services->has_secure_cookies = !config.tls_certificate.empty() ||
                                         parts.authority->settings().issuer.starts_with("https://");
    parts.services->is_insecure_http = config.is_insecure_http && config.tls_certificate.empty();
    for (std::size_t i = 0; i < reactors; ++i) {
        auto state = std::make_unique<api::ReactorState>();
        state->reader = parts.authority->replica().make_reader();
        parts.services->reactors.push_back(std::move(state));
    }
    parts.services->worker_reader = parts.authority->replica().make_reader();
    parts.application = std::make_unique<api::Application>(*parts.services, api::routes());
    parts.local = std::make_unique<api::Application>(*parts.services, api::local_routes());
    parts.ops = std::make_unique<api::Application>(*parts.services, api::ops_routes());
    for (const auto& listener : config.dialects) {
        parts.dialects.push_back(std::make_unique<api::Application>(
            *parts.services,
            dialects::make_dialect(listener.dialect, *parts.services, urls_of(config, listener))));
    }
}

Status make_servers(const Config& config, Parts& parts, std::size_t reactors) {
    http::ServerOptions options;
    options.reactors = reactors;
    options.figures = parts.services->connections;
    http::Listener main;
    main.address = config.listen.address;
    main.port = config.listen.port;
    main.application = parts.application.get();
    if (!config.tls_certificate.empty()) {
        main.tls = http::TlsFiles{config.tls_certificate, config.tls_key};
    }
    http::Listener local;
    local.unix_path = config.data + "/admin.sock";
    local.application = parts.local.get();
    options.listeners = {main, local};
    for (std::size_t i = 0; i < config.dialects.size(); ++i) {
        http::Listener listener;
        listener.address = config.dialects[i].address.address;
        listener.port = config.dialects[i].address.port;
        listener.application = parts.dialects[i].get();
        if (has_tls(config, config.dialects[i])) listener.tls = main.tls;
        options.listeners.push_back(listener);
    }
    parts.server = TRY(http::Server::create(std::move(options)));

    http::ServerOptions ops;
    http::Listener ops_listener;
    ops_listener.address = config.ops_listen.address;
    ops_listener.port = config.ops_listen.port;
    ops_listener.application = parts.ops.get();
    ops.listeners = {ops_listener};
    parts.ops_server = TRY(http::Server::create(std::move(ops)));
    return {};
}

Status set_up_from_environment(Parts& parts) {
    const auto email = from_environment("LATCHKEY_SETUP_EMAIL");
    if (!parts.authority->needs_setup() || !email) return {};
    auto password = from_environment("LATCHKEY_SETUP_PASSWORD");
    if (const auto file = from_environment("LATCHKEY_SETUP_PASSWORD_FILE"); file && !password) {
        std::FILE* opened = std::fopen(file->c_str(), "re");
        if (opened == nullptr) {
            return invalid("LATCHKEY_SETUP_PASSWORD_FILE cannot be read: " + *file, "bad_config");
        }
        char buffer[1024] = {};
        const std::size_t length = std::fread(buffer, 1, sizeof buffer, opened);
        std::fclose(opened);
        password = std::string(buffer, length);
        explicit_bzero(buffer, sizeof buffer);
        while (password->ends_with('\n') || password->ends_with('\r')) {
            password->pop_back();
        }
    }
    if (!password) {
        return invalid("LATCHKEY_SETUP_EMAIL is set, but no password", "bad_config")
            .with_hint("set LATCHKEY_SETUP_PASSWORD or LATCHKEY_SETUP_PASSWORD_FILE");
    }
    authority::CreateUser wanted;
    wanted.email = *email;
    const Secret secret(std::move(*password));
    TRY(authority::set_up(*parts.authority, std::move(wanted), secret));
    ::unsetenv("LATCHKEY_SETUP_PASSWORD");  // NOLINT(concurrency-mt-unsafe): at start
    return {};
}

void print_welcome(const Config& config, Parts& parts, const std::string& url) {
    fmt::print("Latchkey {} answers at {}\n", LATCHKEY_VERSION, url);
    for (std::size_t i = 0; i < config.dialects.size(); ++i) {
        const auto& listener = config.dialects[i];
        fmt::print(
            "  {} clients: {}\n", listener.dialect,
            url_of(has_tls(config, listener), listener.address.address, parts.server->port(i + 2)));
    }
    if (parts.authority->needs_setup()) {
        const Secret code = parts.setup.renew(parts.clock);
        fmt::print("Setup: {}/setup#{}\n", url, code.expose());
        fmt::print("Open it within 30 minutes to make the first administrator.\n");
    }
    fmt::print(
        "\nThen, in another terminal:\n"
        "  latchkey login --server {0} --email you@example.com\n"
        "  latchkey api import examples/catalogues/licensing.toml\n"
        "  latchkey token create -n my-token -s license:read\n\n",
        url);
    std::fflush(stdout);
}

// Of each second: usage and sessions must not wait long behind a rule over a million tokens.
constexpr Microseconds kSettlingOfSecond{500'000};

void report(const Status& done, const char* what) {
    if (!done) log::warning(what, {{"why", done.error().message}});
}

void maintain(Parts& parts) {
    report(authority::write_sessions(*parts.authority), "sessions were not written");
    report(authority::settle_bulk_rules(*parts.authority, kSettlingOfSecond),
           "a bulk change was not settled further");
}

// Nothing is known of the uses before the last start that did not follow a stop in order, and
// before the last one that was not recorded.
Status learn_what_uses_are_known(Parts& parts) {
    const Timestamp now = parts.clock.now();
    if (!parts.uses_known_since) {
        parts.uses_known_since =
            TRY(authority::take_uses_known_since(parts.authority->store(), now));
    }
    const std::uint64_t left_out = api::uses_left_out(*parts.services);
    if (left_out != parts.uses_left_out) parts.uses_known_since = now;
    parts.uses_left_out = left_out;
    return {};
}

// Secrets that were to end when nobody used them any more. A use that was not recorded must not
// pass for silence.
Status end_silent_secrets(Parts& parts) {
    TRY(learn_what_uses_are_known(parts));
    auto& authority = *parts.authority;
    const Timestamp now = parts.clock.now();
    const Timestamp since = *parts.uses_known_since;
    const auto tokens = TRY(authority::silent_tokens(authority, now, since));
    if (tokens.size() > verify::UsageRecorder::kParts) {
        TRY(api::flush_usage(*parts.services));
    } else {
        for (const auto& token : tokens) {
            TRY(api::flush_usage_of(*parts.services, token));
        }
    }
    return authority::end_silent_secrets(authority, now, since);
}

Status write_last_usage(Parts& parts, std::chrono::steady_clock::time_point end) {
    TRY(learn_what_uses_are_known(parts));
    TRY(api::flush_last_usage(*parts.services, end));
    return authority::put_uses_known_since(parts.authority->store(), *parts.uses_known_since);
}

// SIGHUP: the configuration is read anew. What cannot change while running is said, not done.
void reload(const std::vector<std::string>& flags, const Config& config, Parts& parts) {
    auto fresh = read_config(flags, from_environment);
    if (!fresh) {
        log::error("the new configuration is not used", {{"why", fresh.error().message}});
        return;
    }
    configure_log(*fresh);
    const bool is_same = fresh->listen.address == config.listen.address &&
                         fresh->listen.port == config.listen.port && fresh->data == config.data &&
                         fresh->tls_certificate == config.tls_certificate;
    if (!is_same) log::warning("listen, data and TLS file names need a restart to change");
    if (const auto done = parts.server->reload_tls(); !done) {
        log::error("the new certificate is not used", {{"why", done.error().message}});
        return;
    }
    log::info("configuration and certificates reloaded");
}

// Waits for signals; works off usage every second and the rest every minute.
void run_until_stopped(const std::vector<std::string>& flags, const Config& config, Parts& parts,
                       const sigset_t& signals) {
    let_others_go_first();
    int seconds = 0;
    while (true) {
        const timespec second{1, 0};
        const int signal = sigtimedwait(&signals, nullptr, &second);
        if (signal == SIGTERM || signal == SIGINT) return;
        if (signal == SIGHUP) reload(flags, config, parts);
        if (signal >= 0 || errno != EAGAIN) continue;
        ++seconds;
        report(api::flush_usage_of_a_second(*parts.services), "usage was not written");
        maintain(parts);
        if (seconds % 60 == 0) {
            report(end_silent_secrets(parts), "silent secrets were not ended");
            const auto done = authority::tidy_up(*parts.authority);
            if (!done) log::warning("tidying up failed", {{"why", done.error().message}});
        }
    }
}

int run(const std::vector<std::string>& flags, Config config, const sigset_t& signals) {
    Parts parts;
    if (const auto done = check_tls(config); !done) return fail(done.error(), 2);
    const Config asked = config;
    const auto held = settle_port(config);
    if (!held) return fail(blame(held.error(), config, "listen"), exit_code_of(held.error()));
    authority::AuthorityOptions options;
    options.data_directory = config.data;
    options.issuer = config.issuer;
    options.default_issuer = display_url(config, config.listen.port);
    options.kek_file = config.kek_file;
    options.kek = config.kek;
    options.clock = &parts.clock;
    auto ranges = parse_ranges(config.trusted_proxies);
    if (!ranges) return fail(ranges.error(), 2);
    auto opened = authority::Authority::open(options);
    if (!opened) {
        return fail(blame_of_start(opened.error(), config), exit_code_of(opened.error()));
    }
    parts.authority = std::move(*opened);
    if (auto done = set_up_from_environment(parts); !done) {
        return fail(done.error(), exit_code_of(done.error()));
    }
    const std::size_t reactors =
        config.workers != 0 ? config.workers : std::max(1U, std::thread::hardware_concurrency());
    make_services(config, parts, reactors);
    parts.services->trusted_proxies = std::move(*ranges);
    if (auto done = make_servers(config, parts, reactors); !done) {
        return fail(blame_listener(done.error(), config), exit_code_of(done.error()));
    }
    report(learn_what_uses_are_known(parts), "uses before this start do not count");
    warn_of_addresses(config, parts.authority->settings().issuer);
    parts.server->start();
    parts.ops_server->start();
    print_welcome(config, parts, display_url(config, parts.server->port(0)));
    fmt::print(stderr, "ready\n");
    notify_systemd("READY=1");
    run_until_stopped(flags, asked, parts, signals);
    log::info("stopping");
    notify_systemd("STOPPING=1");
    parts.authority->store().end_long_reads();  // who asked for one is told
    // Ten seconds are promised for all of it.
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(9'500);
    parts.server->stop(std::chrono::seconds(7));
    parts.ops_server->stop(std::chrono::seconds(1));
    report(write_last_usage(parts, end), "usage was not written");
    maintain(parts);
    parts.server.reset();
    parts.ops_server.reset();
    parts.services->streams.stop();
    parts.passwords.reset();
    parts.authority->store().end_long_reads();  // one that was between two statements missed it
    parts.workers.reset();
    parts.authority->store().close();
    return 0;
}

}  // namespace

int serve(const std::vector<std::string>& flags) {
    for (const auto& flag : flags) {
        if (flag == "--help" || flag == "-h") {
            fmt::print("{}", serve_help());
            return 0;
        }
    }
    auto config = read_config(flags, from_environment);
    if (!config) return fail(config.error(), 2);
    configure_log(*config);
    // Core dumps and other processes of the user must not see tokens or keys.
    ::prctl(PR_SET_DUMPABLE, 0);
    ::umask(077);
    // Signals are waited for in one place; every thread made later inherits the mask.
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
        sigaddset(&signals, signal);
    }
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
    return run(flags, std::move(*config), signals);
}

}  // namespace latchkey::server
