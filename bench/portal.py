#!/usr/bin/env python3
"""How soon the portal's list of tokens is there, and how ten thousand of them scroll.

    bench/portal.py [--build build/release] [--tokens 10000] [--rounds 9]
"""

import argparse
import os
import pathlib
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parent.parent


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=str(SOURCE / "build" / "release"))
    parser.add_argument("--tokens", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    build = pathlib.Path(options.build).resolve()
    os.environ["LATCHKEY_BINARY"] = str(build / "latchkey")
    sys.path.insert(0, str(SOURCE / "tests" / "support"))
    from latchkey_server import EMAIL, PASSWORD, LatchkeyServer
    with LatchkeyServer() as server:
        server.stop()
        subprocess.run([str(build / "bench" / "bench_seed"), server.data, str(options.tokens),
                        "latchkey", os.path.join(server.scratch, "seeded")], check=True)
        server.start()
        subprocess.run(["node", str(SOURCE / "bench" / "portal.mjs"), server.url, EMAIL, PASSWORD,
                        str(options.tokens), str(options.rounds)], check=True)


if __name__ == "__main__":
    main()
