"""Checks of one token while a rule over all others is written into their rows.

A virtual machine is kept from running by its host now and then, for milliseconds, and no program on
it can help that. So real-time threads watch both cores meanwhile (stalls.cc), and of each slow check
the time in which one of the cores was away is taken off. Both figures are printed.
"""

import json
import subprocess
import time

SERVER_CORE, LOAD_CORE = 0, 1
SLOW_US = 300


def watch(bench, port, request, seconds):
    """Checks one after the other, of a token that nothing happens to, and the cores beside them."""
    def start(command):
        return subprocess.Popen(command, stdout=subprocess.PIPE)
    load = start(bench.pinned(LOAD_CORE, [
        bench.program("bench_load"), "--port", str(port), "--connections", "1",
        "--seconds", str(seconds), "--request-file", str(request), "--slow-us", str(SLOW_US)]))
    witnesses = [start([bench.program("bench_stalls"), "--core", str(core),
                        "--seconds", str(seconds)]) for core in (SERVER_CORE, LOAD_CORE)]
    return load, witnesses


def result(watched):
    load, witnesses = watched
    found = json.loads(load.stdout.read())
    outputs = [witness.stdout.read() for witness in witnesses]
    found["stalls"] = sorted(stall for output in outputs if output for stall in json.loads(output))
    found["is_witnessed"] = all(outputs)
    own = [own_ms(check, found["stalls"]) for check in found["slow"]]
    # Those that are not listed took less than SLOW_US, whatever held them up.
    found["own_max_ms"] = max(own, default=SLOW_US / 1000)
    return found


def own_ms(check, stalls):
    """How long a check took while both cores ran, in milliseconds. `stalls` are sorted."""
    sent, answered = check
    own, seen = answered - sent, sent
    for start, end in stalls:
        start, end = max(start, seen), min(end, answered)
        if end > start:
            own -= end - start
            seen = end
    return own / 1e6


def settle(server, session, action, load):
    """The rule's acknowledgement in ms, and the time until every row is written in s."""
    start = time.monotonic()
    begun = server.call("POST", "/v1/tokens/bulk", {
        "action": action, "filter": {"api": "licensing"}}, session)
    acknowledged = (time.monotonic() - start) * 1000
    found = result(load)
    while server.call("GET", "/v1/tokens/bulk/" + begun["id"], bearer=session)["state"] != "settled":
        time.sleep(0.2)
    return acknowledged, found, time.monotonic() - start


def measure(bench, server, check_text):
    """Last of all: it stops every token of its data."""
    tokens = bench.options.tokens
    print(f"\nA bulk rule over {tokens:,} tokens, and checks of another token meanwhile")
    session = server.session()
    watched = server.call("POST", "/v1/tokens", bearer=session, body={
        "name": "watched", "api": "latchkey", "kind": "opaque", "scopes": ["account:read"]})
    request = bench.scratch / "watched.http"
    request.write_text(check_text.replace("api/licensing/scope/license:read",
                                          "api/latchkey/scope/account:read")
                       .replace("{token}", watched["token"]), newline="")
    quiet = result(watch(bench, server.port, request, 10))
    found, acknowledged, settled = [], [], []
    for action in ("suspend", "revoke"):
        load = watch(bench, server.port, request, 10)
        time.sleep(0.5)
        for value, values in zip(settle(server, session, action, load),
                                 (acknowledged, found, settled)):
            values.append(value)
    bench.figures["bulk"] = {"quiet": quiet, "meanwhile": found, "acknowledged_ms": acknowledged,
                             "settled_seconds": settled}
    report(bench)


def report(bench):
    figures = bench.figures["bulk"]
    quiet, found = figures["quiet"], figures["meanwhile"]
    acknowledged = max(figures["acknowledged_ms"])
    bench.row("acknowledged after", f"{acknowledged:.1f}", "ms", "<= 50", acknowledged <= 50)
    if not all(each["is_witnessed"] for each in [quiet, *found]):
        bench.warnings.append("bulk: no real-time priority to tell the machine's stalls by")
    slowest = max(each["own_max_ms"] for each in found)
    bench.row("slowest check meanwhile, the machine's stalls taken off", f"{slowest:.2f}", "ms",
              "<= 2", slowest <= 2)
    bench.row("  the same without a rule", f"{quiet['own_max_ms']:.2f}", "ms")
    for name, each in (("meanwhile", max(found, key=lambda one: one["max_us"])),
                       ("without a rule", quiet)):
        longest = max(((end - start) / 1e6 for start, end in each["stalls"]), default=0)
        bench.row(f"  slowest as it was, {name}", f"{each['max_us'] / 1000:.2f}", "ms")
        bench.row(f"  longest of {len(each['stalls'])} stalls of the machine, {name}",
                  f"{longest:.2f}", "ms")
    bench.row("p99.99 meanwhile", f"{max(each['p9999_us'] for each in found) / 1000:.2f}", "ms")
    bench.row("every row written after", f"{max(figures['settled_seconds']):.0f}", "s")
