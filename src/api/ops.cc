// The ops listener: health, readiness, Prometheus metrics. No token, user or address is a label.
#include <array>
#include <cinttypes>
#include <cstdio>

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include "api/handlers.h"
#include "api/usage_flush.h"
#include "store/change_state.h"
#include "store/commit_count.h"
#include "store/verification_scope.h"

namespace latchkey::api {
namespace {

class Exposition {
public:
    void family(std::string_view name, std::string_view type, std::string_view help) {
        text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
    }
    template <typename Number>
    void sample(std::string_view name, Number value, std::string_view labels = {}) {
        if (labels.empty()) {
            text_ += fmt::format("{} {}\n", name, value);
        } else {
            text_ += fmt::format("{}{{{}}} {}\n", name, labels, value);
        }
    }
    template <typename Number>
    void single(std::string_view name, std::string_view type, std::string_view help, Number value) {
        family(name, type, help);
        sample(name, value);
    }
    [[nodiscard]] std::string take() { return std::move(text_); }

private:
    std::string text_;
};

void add_checks(const Services& services, Exposition& out) {
    out.family("latchkey_checks_total", "counter", "Checks answered, by verdict.");
    for (std::size_t i = 0; i < kVerdicts; ++i) {
        std::uint64_t sum = 0;
        for (const auto& reactor : services.reactors) {
            sum += reactor->checks[i].load(std::memory_order_relaxed);
        }
        out.sample(
            "latchkey_checks_total", sum,
            fmt::format("verdict=\"{}\"", verify::verdict_name(static_cast<verify::Verdict>(i))));
    }
    std::uint64_t refused = 0;
    std::uint64_t unanswered = 0;
    for (const auto& reactor : services.reactors) {
        refused += reactor->checks_refused.load();
        unanswered += reactor->checks_unanswered.load();
    }
    out.single("latchkey_checks_refused_total", "counter",
               "Checks without a usable credential or with a wrong path.", refused);
    out.single("latchkey_checks_unanswered_total", "counter",
               "Checks answered 503, because the answer could not be known.", unanswered);
    out.single("latchkey_usage_left_out_total", "counter",
               "Uses that were not recorded, for too many tokens at once.",
               uses_left_out(services));
    out.single("latchkey_verify_store_queries_total", "counter",
               "Statements run in the store by a verification; always 0.",
               store::VerificationScope::query_count());
}

void add_state(Services& services, Exposition& out) {
    auto& authority = services.authority;
    const auto position = authority.replica().position();
    out.single("latchkey_replica_tokens", "gauge", "Tokens in the replica.",
               authority.replica().token_count());
    out.single("latchkey_replica_bytes", "gauge", "Memory of the replica's tables.",
               authority.replica().memory_bytes());
    out.single("latchkey_log_revision", "gauge", "Revision that the replica has applied.",
               position.revision);
    out.single("latchkey_log_epoch", "gauge", "Epoch of the log.", position.epoch);
    out.single("latchkey_replica_current", "gauge", "1 while the replica is known to be current.",
               authority.is_current() ? 1 : 0);
    out.single("latchkey_store_waiting", "gauge", "Mutations that wait for the writer.",
               authority.store().waiting());
    out.single("latchkey_store_commits_total", "counter",
               "Commits of the writer, each for all mutations that waited.",
               store::CommitCount::total());
    out.single("latchkey_store_out_of_space", "gauge", "1 after a commit that found no space.",
               authority.store().is_out_of_space() ? 1 : 0);
    out.single("latchkey_event_streams", "gauge", "Open event streams.",
               services.streams.open_count());
    out.family("latchkey_http_answers_total", "counter", "API answers, by status class.");
    for (std::size_t i = 1; i < services.answers.size(); ++i) {
        out.sample("latchkey_http_answers_total", services.answers[i].load(),
                   fmt::format("class=\"{}xx\"", i));
    }
    out.family("latchkey_logins_total", "counter", "Logins with a password, by result.");
    out.sample("latchkey_logins_total", services.logins_ok.load(), "result=\"ok\"");
    out.sample("latchkey_logins_total", services.logins_failed.load(), "result=\"failed\"");
}

void add_connections(const http::ServerFigures& figures, Exposition& out) {
    out.single("latchkey_http_connections", "gauge", "Open connections.",
               figures.connections_open.load());
    out.single("latchkey_http_connections_total", "counter", "Connections that clients opened.",
               figures.connections_total.load());
    out.family("latchkey_http_connections_closed_total", "counter",
               "Connections closed to make room for others: idle ones when there are too many, and "
               "those whose clients do not take their answers.");
    out.sample("latchkey_http_connections_closed_total", figures.closed_idle_total.load(),
               "reason=\"idle\"");
    out.sample("latchkey_http_connections_closed_total", figures.closed_unsent_total.load(),
               "reason=\"unsent\"");
    out.single("latchkey_http_refused_total", "counter",
               "Connections without a place and requests that are not well-formed HTTP.",
               figures.refused_total.load());
}

void add_process(Exposition& out) {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    out.single("process_cpu_seconds_total", "counter", "CPU time of the process.",
               seconds(used.ru_utime) + seconds(used.ru_stime));
    std::int64_t pages = 0;
    std::int64_t resident = 0;
    if (std::FILE* file = std::fopen("/proc/self/statm", "re"); file != nullptr) {
        if (std::fscanf(file, "%" SCNd64 " %" SCNd64, &pages, &resident) != 2) resident = 0;
        std::fclose(file);
    }
    out.single("process_resident_memory_bytes", "gauge", "Resident memory.",
               resident * sysconf(_SC_PAGESIZE));
}

http::Response text_answer(int status, std::string body) {
    http::Response response;
    response.status = status;
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    response.body = std::move(body);
    response.fields.emplace_back("Cache-Control", "no-store");
    return response;
}

}  // namespace

Result<http::Response> get_health(Call& /*call*/) {
    return text_answer(200, "ok\n");
}

// What the writer saw last. It is not asked itself: it may be waiting for a disk that hangs, and so
// would each worker that is told to be ready. Maintenance changes something every minute.
std::string_view why_changes_are_refused() {
    switch (store::LastChange::state()) {
        case store::ChangeState::kTaken: break;
        case store::ChangeState::kBusy: return "the database is busy";
        case store::ChangeState::kOutOfSpace: return "the disk is full";
        case store::ChangeState::kFailed: return "the database cannot be written (see the log)";
    }
    return "";
}

// Checks are answered from memory, so changes that are refused for a while make nobody take a node
// out of service: it is ready, and says what does not work.
Result<http::Response> get_ready(Call& call) {
    auto& authority = call.services.authority;
    const std::string_view refused = why_changes_are_refused();
    const bool is_current = authority.is_current();
    const bool has_key = authority.keys().keys()->active != nullptr;
    const auto head = authority.store().query<store::FeedHead>(store::read_head);
    const bool is_ready = is_current && has_key && head.has_value();
    std::string body;
    if (call.request().query == "verbose") {
        const auto line = [&](bool good, std::string_view name) {
            body += fmt::format("[{}]{} {}\n", good ? '+' : '-', name, good ? "ok" : "failed");
        };
        line(head.has_value(), "store");
        line(refused.empty(), "changes");
        line(is_current, "replica");
        line(has_key, "signing key");
        line(!authority.store().is_out_of_space(), "disk space");
    }
    body += is_ready ? "ready" : "not ready";
    if (!refused.empty()) body += fmt::format(", but the last change was refused: {}", refused);
    body += "\n";
    return text_answer(is_ready ? 200 : 503, std::move(body));
}

Result<http::Response> get_metrics(Call& call) {
    Exposition out;
    out.family("latchkey_build_info", "gauge", "The version that runs.");
    out.sample("latchkey_build_info", 1, "version=\"" LATCHKEY_VERSION "\"");
    add_checks(call.services, out);
    add_state(call.services, out);
    add_connections(*call.services.connections, out);
    add_process(out);
    return text_answer(200, out.take());
}

std::span<const Route> ops_routes() {
    using http::Method;
    static constexpr Permission kAnyone = Permission::nobody_needed();
    static const std::array kRoutes = {
        Route{Method::kGet, "/healthz", kAnyone, Work::on_reactor(get_health)},
        Route{Method::kGet, "/readyz", kAnyone, Work::on_worker(get_ready)},
        Route{Method::kGet, "/metrics", kAnyone, Work::on_worker(get_metrics)},
    };
    return kRoutes;
}

}  // namespace latchkey::api
