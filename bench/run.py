#!/usr/bin/python3
"""What a check costs beside nginx and raw epoll, at a thousand and at a million tokens; what a
creation or an exchange costs beside a plain loop of what it needs; how long a start takes. One core for the server, one for
the load, the contenders in turn, so that a neighbour's noise meets all of them alike.

    bench/run.py [--build build/release] [--rounds 5] [--seconds 2] [--tokens 1000000]
                 [--only checks,limits,judge,start,bulk,creates,exchanges,sdk-python,sdk-js]
                 [--realtime]

Prints a table with ratios, writes <build>/../bench.json, and exits 1 when a target is missed.
--realtime runs what is measured under SCHED_FIFO, for a machine that others use too.
"""

import argparse
import json
import os
import pathlib
import platform
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

import bulk

SOURCE = pathlib.Path(__file__).resolve().parent.parent
EMAIL, PASSWORD = "admin@example.com", "correct horse battery staple"
SERVER_CORE, LOAD_CORE = 0, 1
CONNECTIONS = 64
QUIET_PERCENT = 5  # of one core, taken by others: above this a figure is noisy
NGINX = """daemon off;
worker_processes 1;
pid {scratch}/nginx.pid;
error_log {scratch}/nginx.log warn;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    client_body_temp_path {scratch}/b; proxy_temp_path {scratch}/p;
    fastcgi_temp_path {scratch}/f; uwsgi_temp_path {scratch}/u; scgi_temp_path {scratch}/s;
    server {{ listen 127.0.0.1:{port}; location / {{ return 204; }} }}
}}
"""
# What a gateway sends: 13 header fields.
CHECK = (
    "GET /check/nginx/api/licensing/scope/license:read HTTP/1.1\r\n"
    "Host: auth.example.com\r\n"
    "Authorization: Bearer {token}\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
    "Accept: application/json, text/plain, */*\r\n"
    "Accept-Encoding: gzip, deflate, br\r\n"
    "Accept-Language: en-GB,en;q=0.7,de;q=0.3\r\n"
    "Cookie: theme=dark; locale=en\r\n"
    "Referer: https://app.example.com/licenses\r\n"
    "X-Forwarded-For: 203.0.113.195\r\n"
    "X-Forwarded-Host: api.example.com\r\n"
    "X-Forwarded-Method: GET\r\n"
    "X-Forwarded-Proto: https\r\n"
    "X-Original-URI: /v2/licenses/4711?expand=owner\r\n\r\n")


class Bench:
    def __init__(self, options):
        self.options = options
        self.build = pathlib.Path(options.build).resolve()
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="latchkey-bench-"))
        self.running = []
        self.rows, self.figures, self.warnings = [], {}, []

    def program(self, name):
        return str(self.build / name if name == "latchkey" else self.build / "bench" / name)

    def pinned(self, core, command):
        prefix = ["taskset", "-c", str(core)] if core is not None else []
        if self.options.realtime:
            prefix = ["chrt", "-f", "50"] + prefix
        return prefix + command

    def row(self, what, value, unit, target=None, is_good=None):
        self.rows.append((what, value, unit, target, is_good))
        mark = {None: "", True: "  ok", False: "  MISSED"}[is_good]
        wanted = f"  (target {target})" if target else ""
        print(f"  {what:<58} {value:>10} {unit}{wanted}{mark}", flush=True)

    def close(self):
        for process in self.running:
            if process.poll() is None:
                process.terminate()
                process.wait()
        shutil.rmtree(self.scratch, ignore_errors=True)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(port):
    for _ in range(500):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise SystemExit(f"nothing answers at port {port}")


def cpu_seconds(pid):
    """Of each thread, in nanosecond steps: /proc/PID/stat counts ticks."""
    seconds = {}
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat") as file:
            seconds[task] = int(file.read().split()[0]) / 1e9
    return seconds


def machine_busy():
    with open("/proc/stat") as file:
        fields = [int(field) for field in file.readline().split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")


class Server:
    """A real Latchkey. `cores`: where it may run; None: anywhere."""

    def __init__(self, bench, data, core, workers=1):
        self.port, self.ops_port = free_port(), free_port()
        environment = {k: v for k, v in os.environ.items() if not k.startswith("LATCHKEY_")}
        environment.update(LATCHKEY_SETUP_EMAIL=EMAIL, LATCHKEY_SETUP_PASSWORD=PASSWORD)
        command = [bench.program("latchkey"), "serve", "--data", str(data),
                   "--listen", f"127.0.0.1:{self.port}", "--issuer", "https://bench.example.com",
                   "--ops-listen", f"127.0.0.1:{self.ops_port}", "--workers", str(workers)]
        start = time.monotonic()
        self.process = subprocess.Popen(bench.pinned(core, command), env=environment, text=True,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        bench.running.append(self.process)
        words = []
        for line in self.process.stderr:
            words.append(line)
            if line.strip() == "ready":
                break
        self.ready_seconds = time.monotonic() - start
        if self.process.poll() is not None:
            raise SystemExit("latchkey serve ended: " + "".join(words))
        self.ready_cpu_seconds = sum(cpu_seconds(self.process.pid).values())
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def call(self, method, path, body=None, bearer=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method=method,
                                         data=None if body is None else json.dumps(body).encode())
        if body is not None:
            request.add_header("Content-Type", "application/json")
        if bearer:
            request.add_header("Authorization", "Bearer " + bearer)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read() or b"null")

    def metric(self, name):
        url = f"http://127.0.0.1:{self.ops_port}/metrics"
        for line in urllib.request.urlopen(url, timeout=60).read().decode().splitlines():
            if line.split()[0] == name:
                return float(line.split()[1])
        raise SystemExit(f"no metric {name}")

    def session(self):
        wanted = {"email": EMAIL, "password": PASSWORD, "kind": "cli"}
        return self.call("POST", "/v1/session", wanted)["session"]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def make_data(bench, name, tokens):
    """A data directory with the API `licensing` and so many tokens; returns it with their files."""
    data, out = bench.scratch / name, bench.scratch / f"{name}.tokens"
    server = Server(bench, data, None)
    server.call("POST", "/v1/apis", bearer=server.session(), body={
        "slug": "licensing", "audience": "https://licensing.example.com", "name": "Licensing",
        "scopes": [{"name": "license:create", "description": "Create licenses"},
                   {"name": "license:read", "description": "Read licenses"}]})
    server.stop()
    if tokens:
        subprocess.run([bench.program("bench_seed"), str(data), str(tokens), "licensing", str(out)],
                       check=True)
    return data, out


def run_load(bench, port, request_file, token_file=None, seconds=None, server=None, count=None):
    """One round. With the CPU time that `server` used a request, and how busy others were."""
    command = [bench.program("bench_load"), "--port", str(port), "--connections", str(CONNECTIONS),
               "--seconds", str(seconds or bench.options.seconds), "--request-file",
               str(request_file)]
    if token_file:
        command += ["--token-file", str(token_file)]
    if count:
        command += ["--requests", str(count)]
    load = subprocess.Popen(bench.pinned(LOAD_CORE, command), stdout=subprocess.PIPE)
    busy, used, start = machine_busy(), cpu_seconds(server), time.monotonic()
    output = load.stdout.read()
    _, _, usage = os.wait4(load.pid, 0)
    load.returncode = 0
    elapsed = time.monotonic() - start
    threads = [now - used.get(task, 0) for task, now in cpu_seconds(server).items()]
    used = sum(threads)
    ours = used + usage.ru_utime + usage.ru_stime
    round_ = json.loads(output)
    round_["others_percent"] = max(0, machine_busy() - busy - ours) / elapsed * 100
    round_["cpu_us"] = used / round_["requests"] * 1e6
    round_["reactor_us"] = max(threads) / round_["requests"] * 1e6
    if round_["non_2xx"] or round_["failures"]:
        raise SystemExit(f"not every request was answered with 2xx: {round_}")
    return round_


def note_noise(bench, what, rounds):
    others = statistics.median(r["others_percent"] for r in rounds)
    if others > QUIET_PERCENT:
        bench.warnings.append(f"{what}: others used {others:.0f} % of a core meanwhile")


def measure_checks(bench):
    options = bench.options
    request = bench.scratch / "check.http"
    request.write_text(CHECK, newline="")
    few_data, few = make_data(bench, "few", 2000)  # half of them opaque
    many_data, many = make_data(bench, "many", options.tokens)
    opaque, jwt = ".opaque", ".jwt"
    nginx_port, raw_port = free_port(), free_port()
    config = bench.scratch / "nginx.conf"
    config.write_text(NGINX.format(scratch=bench.scratch, port=nginx_port))
    nginx = subprocess.Popen(bench.pinned(SERVER_CORE, ["nginx", "-c", str(config)]))
    raw = subprocess.Popen(bench.pinned(SERVER_CORE,
                                        [bench.program("bench_raw_epoll"), str(raw_port)]))
    bench.running += [nginx, raw]
    small, large = Server(bench, few_data, SERVER_CORE), Server(bench, many_data, SERVER_CORE)
    wait_for_port(nginx_port)
    wait_for_port(raw_port)
    worker = subprocess.run(["pgrep", "-P", str(nginx.pid)], capture_output=True, text=True)
    contenders = {
        "raw epoll": (raw_port, raw.pid, str(few) + opaque),
        "nginx return 204": (nginx_port, int(worker.stdout.split()[0]), str(few) + opaque),
        "latchkey, 1,000 opaque": (small.port, small.process.pid, str(few) + opaque),
        "latchkey, 1,000 jwt": (small.port, small.process.pid, str(few) + jwt),
        "latchkey, all opaque": (large.port, large.process.pid, str(many) + opaque),
    }
    introspection = write_introspection(bench, small, str(few) + opaque)
    contenders["introspection, 1,000 opaque"] = contenders["latchkey, 1,000 opaque"]
    rounds = {name: [] for name in contenders}
    used, requests = sum(cpu_seconds(large.process.pid).values()), 0
    for number in range(options.rounds + 1):
        for name, (port, pid, tokens) in contenders.items():
            asked = introspection if name.startswith("introspection") else request
            round_ = run_load(bench, port, asked, tokens, server=pid)
            requests += round_["requests"] if pid == large.process.pid else 0
            if number > 0:  # the first one warms up
                rounds[name].append(round_)
    print(f"\nChecks, {CONNECTIONS} connections, 13 fields, median of {options.rounds} rounds")
    report_checks(bench, rounds)
    used = sum(cpu_seconds(large.process.pid).values()) - used
    bench.row("latchkey, all opaque: with what it wrote between rounds so far",
              f"{used / requests * 1e6:.2f}", "us")
    queries = small.metric("latchkey_verify_store_queries_total") + \
        large.metric("latchkey_verify_store_queries_total")
    bench.row("store queries by all these checks", int(queries), "", "0", queries == 0)
    for server in (small, large):
        server.stop()
    return many_data


def write_introspection(bench, server, token_file):
    """RFC 7662 as a resource server asks it; tokens of one length, so that the body's is known."""
    session = server.session()
    gateway = server.call("POST", "/v1/users", bearer=session, body={
        "kind": "machine", "name": "gateway", "roles": ["verifier"], "verifies": ["licensing"]})
    verifier = server.call("POST", f"/v1/tokens?owner={gateway['id']}", bearer=session, body={
        "name": "gateway", "api": "latchkey", "kind": "opaque",
        "scopes": ["token:verify"]})["token"]
    with open(token_file) as file:
        length = len("token=") + len(file.readline().strip())
    request = bench.scratch / "introspect.http"
    request.write_text(
        "POST /oauth2/introspect HTTP/1.1\r\nHost: auth.example.com\r\n"
        f"Authorization: Bearer {verifier}\r\nUser-Agent: bench\r\nAccept: application/json\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {length}\r\n\r\ntoken={{token}}\0", newline="")
    return request


def report_checks(bench, rounds):
    def ratio(key, name, base):
        # Of neighbouring rounds: what disturbs one disturbs the other.
        return statistics.median(a[key] / b[key] for a, b in zip(rounds[name], rounds[base]))

    for name, each in rounds.items():
        note_noise(bench, name, each)
        figures = {key: statistics.median(r[key] for r in each)
                   for key in ("cpu_us", "p50_us", "p99_us", "others_percent")}
        figures["per_second"] = statistics.median(r["requests"] / r["seconds"] for r in each)
        figures["rounds"] = each
        bench.figures[name] = figures
        bench.row(name + ": server CPU a request", f"{figures['cpu_us']:.2f}", "us")
        bench.row(name + ": p99", f"{figures['p99_us']:.0f}", "us")
    one = "latchkey, 1,000 opaque"
    for what, value, target in (
            ("CPU: latchkey / nginx", ratio("cpu_us", one, "nginx return 204"), 1.0),
            ("p99: latchkey / nginx", ratio("p99_us", one, "nginx return 204"), 1.2),
            (f"CPU: {bench.options.tokens:,} tokens at random / 1,000",
             ratio("cpu_us", "latchkey, all opaque", one), 1.1),
            ("  of it the reactor's, without writing down who used what",
             ratio("reactor_us", "latchkey, all opaque", one), None),
            ("CPU: introspection / check",
             ratio("cpu_us", "introspection, 1,000 opaque", one), 1.3),
            ("CPU: jwt / opaque", ratio("cpu_us", "latchkey, 1,000 jwt", one), None)):
        bench.figures[what] = value
        bench.row(what, f"{value:.2f}", "x", target and f"<= {target}",
                  None if target is None else value <= target)


def measure_limits(bench):
    """Tokens bound to addresses and a rate beside plain ones, of one server, by turns."""
    data, _ = make_data(bench, "limits", 2000)
    server = Server(bench, data, SERVER_CORE)
    session = server.session()
    request = bench.scratch / "limits.http"
    request.write_text(CHECK, newline="")
    limits = {"plain": {}, "limited": {
        "allowedIps": ["192.0.2.0/24", "2001:db8::/32", "127.0.0.0/8"],
        "rateLimit": {"requests": 1_000_000, "seconds": 1}}}
    files = {}
    for name, members in limits.items():
        files[name] = bench.scratch / f"limits.{name}"
        files[name].write_text("".join(server.call("POST", "/v1/tokens", {
            "name": name, "api": "licensing", "kind": "opaque", "scopes": ["license:read"],
            **members}, session)["token"] + "\n" for _ in range(100)))
    rounds = {name: [] for name in limits}
    for number in range(bench.options.rounds + 1):
        for name, tokens in files.items():
            round_ = run_load(bench, server.port, request, tokens, server=server.process.pid)
            if number > 0:  # the first one warms up
                rounds[name].append(round_)
    server.stop()
    print(f"\nChecks of limited tokens, median of {bench.options.rounds} rounds")
    for name, each in rounds.items():
        note_noise(bench, name, each)
        bench.row(name + ": server CPU a request",
                  f"{statistics.median(r['cpu_us'] for r in each):.2f}", "us")
    value = statistics.median(a["cpu_us"] / b["cpu_us"]
                              for a, b in zip(rounds["limited"], rounds["plain"]))
    bench.figures["limits"] = {"rounds": rounds, "ratio": value}
    bench.row("CPU: address-bound and rate-limited / plain", f"{value:.2f}", "x", "<= 1.1",
              value <= 1.1)


def measure_judge(bench):
    print("\nIn process")
    command = bench.pinned(SERVER_CORE, [bench.program("bench_judge"), "1000",
                                         str(bench.options.tokens)])
    found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    bench.figures["judge"] = found
    large = found["sizes"][1]
    for key, unit, most in (("opaque_check_ns", "ns", 1000), ("jwt_check_ns", "ns", 1000),
                            ("bytes_per_token", "bytes", 150),
                            ("resident_bytes_per_token", "bytes", 150)):
        bench.row(f"{key} at {large['tokens']:,} tokens", large[key], unit, f"<= {most}",
                  large[key] <= most)
    bench.row("record_usage_ns", found["record_usage_ns"], "ns")


def measure_creates(bench):
    print(f"\nDurable creations from {CONNECTIONS} clients, median of {bench.options.rounds} rounds")
    ratios, rates, plains, batches = [], [], [], []
    for number in range(bench.options.rounds):
        data, _ = make_data(bench, f"create{number}", 0)
        server = Server(bench, data, None)
        body = json.dumps({"name": "bench-token", "kind": "opaque", "api": "licensing",
                           "scopes": ["license:create", "license:read"]})
        request = bench.scratch / "create.http"
        request.write_text(
            "POST /v1/tokens HTTP/1.1\r\nHost: auth.example.com\r\n"
            f"Authorization: Bearer {server.session()}\r\nUser-Agent: bench\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}\0",
            newline="")
        commits = server.metric("latchkey_store_commits_total")
        made = server.metric("latchkey_log_revision")
        found = run_load(bench, server.port, request, seconds=bench.options.seconds * 2,
                         server=server.process.pid)
        commits = server.metric("latchkey_store_commits_total") - commits
        made = server.metric("latchkey_log_revision") - made
        server.stop()
        batch = max(1, round(made / commits))
        plain = json.loads(subprocess.run(
            bench.pinned(None, [bench.program("bench_plain_insert"),
                                str(bench.scratch / f"plain{number}.db"), str(int(made)),
                                str(batch)]), check=True, capture_output=True).stdout)
        rate = found["requests"] / found["seconds"]
        ratios.append(rate / plain["per_second"])
        rates.append(rate)
        plains.append(plain["per_second"])
        batches.append(batch)
        bench.figures.setdefault("creates", []).append(
            {"http": found, "plain": plain, "per_second": rate, "batch": batch})
        shutil.rmtree(data)
    bench.row("creations a second over HTTP", f"{statistics.median(rates):.0f}", "/s")
    bench.row(f"plain SQLite loop, {statistics.median(batches):.0f} a transaction",
              f"{statistics.median(plains):.0f}", "/s")
    value = statistics.median(ratios)
    bench.figures["creates ratio"] = value
    bench.row("HTTP / plain loop", f"{value:.2f}", "x", ">= 0.5", value >= 0.5)


EXCHANGES = 20_000


def make_key_token(bench, server, session):
    """A key token with everything allowed in one project; returns (key file, token, project)."""
    key = bench.scratch / "holder.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-out", key], check=True, capture_output=True)
    public = subprocess.run(["openssl", "pkey", "-in", key, "-pubout"], check=True,
                            capture_output=True, text=True).stdout
    project = server.call("POST", "/v1/projects", {"name": "bench"}, session)["id"]
    token = server.call("POST", "/v1/tokens", bearer=session, body={
        "name": "bench-holder", "kind": "key", "api": "licensing", "keys": public,
        "projects": [project]})["id"]
    return key, token, project


def measure_exchanges(bench):
    print(f"\nExchanges, ES256 in and out, from {CONNECTIONS} clients, "
          f"median of {bench.options.rounds} rounds")
    ratios, rates, plains, batches = [], [], [], []
    data, _ = make_data(bench, "exchange", 0)
    for number in range(bench.options.rounds):
        server = Server(bench, data, None)
        if number == 0:
            key, token, project = make_key_token(bench, server, server.session())
        requests = bench.scratch / "exchange.http"
        subprocess.run([bench.program("bench_exchange"), "requests", requests, key,
                        "https://bench.example.com", token, project, str(EXCHANGES)], check=True)
        commits = server.metric("latchkey_store_commits_total")
        found = run_load(bench, server.port, requests, seconds=120, server=server.process.pid,
                         count=EXCHANGES - CONNECTIONS)
        commits = server.metric("latchkey_store_commits_total") - commits
        server.stop()
        batch = max(1, round(found["requests"] / commits))
        plain = json.loads(subprocess.run(
            bench.pinned(None, [bench.program("bench_exchange"), "plain",
                                str(bench.scratch / f"exchange{number}.db"), str(EXCHANGES),
                                str(batch)]), check=True, capture_output=True).stdout)
        rate = found["requests"] / found["seconds"]
        ratios.append(rate / plain["per_second"])
        rates.append(rate)
        plains.append(plain["per_second"])
        batches.append(batch)
        bench.figures.setdefault("exchanges", []).append(
            {"http": found, "plain": plain, "per_second": rate, "batch": batch})
    bench.row("exchanges a second over HTTP", f"{statistics.median(rates):.0f}", "/s")
    bench.row(f"verify + sign + insert, {statistics.median(batches):.0f} a transaction",
              f"{statistics.median(plains):.0f}", "/s")
    value = statistics.median(ratios)
    bench.figures["exchanges ratio"] = value
    bench.row("exchanges / plain loop", f"{value:.2f}", "x", ">= 0.5", value >= 0.5)


def report_sdk(bench, found, name, rival, rival_key):
    bench.figures[name] = found
    for key, what in ((rival_key, rival), ("hit", "SDK, known to its cache"),
                      ("cold", "SDK, seen for the first time")):
        bench.row(f"{what}: verifications", f"{found[key]:.0f}", "/s")
    for key, least in (("hit", 20), ("cold", 0.9)):
        value = found[key + "_ratio"]
        bench.row(f"{name} / {rival}, {key}", f"{value:.2f}", "x", f">= {least}", value >= least)
    value = found["revoke_p99_ms"]
    bench.row("a revoke is felt by a verifier, p99 of 1,000", f"{value:.1f}", "ms", "<= 1000",
              value <= 1000)


def measure_sdk_python(bench):
    print("\nThe Python SDK beside PyJWT, the same token")
    script = str(SOURCE / "bench" / "sdk_python.py")
    command = ["/usr/bin/python3", script, "--binary", bench.program("latchkey")]
    found = json.loads(subprocess.run(bench.pinned(SERVER_CORE, command), check=True,
                                      stdout=subprocess.PIPE).stdout)
    report_sdk(bench, found, "Python SDK", "PyJWT", "pyjwt")


def measure_sdk_js(bench):
    print("\nThe JavaScript SDK beside jose, the same token")
    path = subprocess.run([str(SOURCE / "tools" / "node-path")], check=True, text=True,
                          capture_output=True).stdout.strip()
    script = str(SOURCE / "bench" / "sdk_js.mjs")
    command = ["node", script, "--binary", bench.program("latchkey")]
    found = json.loads(subprocess.run(bench.pinned(None, command), check=True,
                                      stdout=subprocess.PIPE,
                                      env={**os.environ, "PATH": path}).stdout)
    report_sdk(bench, found, "JavaScript SDK", "jose", "jose")


def measure_bulk(bench, data):
    server = Server(bench, data, SERVER_CORE)
    bulk.measure(bench, server, CHECK)
    server.stop()


def measure_start(bench, data):
    print("\nStart")
    starts = []
    for _ in range(bench.options.rounds):
        server = Server(bench, data, None)
        starts.append((server.ready_seconds, server.ready_cpu_seconds))
        server.stop()
    wall = statistics.median(s[0] for s in starts)
    bench.figures["start"] = starts
    bench.row(f"to ready with {bench.options.tokens:,} tokens", f"{wall:.2f}", "s", "<= 3",
              wall <= 3)
    bench.row("CPU of it", f"{statistics.median(s[1] for s in starts):.2f}", "s")


def read_options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--build", default=str(SOURCE / "build" / "release"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--tokens", type=int, default=1_000_000)
    parser.add_argument("--only", default="checks,limits,judge,start,bulk,creates,exchanges,"
                        "sdk-python,sdk-js")
    parser.add_argument("--realtime", action="store_true")
    return parser.parse_args()


def main():
    options = read_options()
    parts = options.only.split(",")
    if len(os.sched_getaffinity(0)) < 2:
        raise SystemExit("two cores are needed: one for the server, one for the load")
    bench = Bench(options)
    print(f"{platform.machine()}, {os.cpu_count()} cores, Linux {platform.release()}")
    try:
        data = None
        if "checks" in parts:
            data = measure_checks(bench)
        if "limits" in parts:
            measure_limits(bench)
        if "judge" in parts:
            measure_judge(bench)
        if "start" in parts:
            measure_start(bench, data or make_data(bench, "many", options.tokens)[0])
        if "bulk" in parts:
            measure_bulk(bench, data or make_data(bench, "bulk", options.tokens)[0])
        if "creates" in parts:
            measure_creates(bench)
        if "exchanges" in parts:
            measure_exchanges(bench)
        if "sdk-python" in parts:
            measure_sdk_python(bench)
        if "sdk-js" in parts:
            measure_sdk_js(bench)
    finally:
        bench.close()
    for warning in bench.warnings:
        print(f"NOISY: {warning}")
    out = bench.build.parent / "bench.json"
    out.write_text(json.dumps({"date": time.strftime("%Y-%m-%d"), "cores": os.cpu_count(),
                               "rows": bench.rows, "figures": bench.figures,
                               "warnings": bench.warnings}, indent=1) + "\n")
    missed = [row[0] for row in bench.rows if row[4] is False]
    print(f"\n{out}: " + (f"missed: {', '.join(missed)}" if missed else "every target is met"))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
