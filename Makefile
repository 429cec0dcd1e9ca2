# Latchkey. `make` lists what there is.
.DEFAULT_GOAL := help
SHELL := /bin/bash
JOBS ?= $(shell nproc)
ARGS ?=
CYCLES ?= 10000
FUZZ_SECONDS ?= 3600

.PHONY: help run build test bench bench-peers soak format lint fuzz tsan clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## build the release binary and start the server (make run ARGS="--listen …")
	@build/release/latchkey serve $(ARGS)

build: ## build the release binary, build/release/latchkey
	@tools/install-deps build
	@cmake --preset release >build/configure.log 2>&1 || { cat build/configure.log; exit 1; }
	@cmake --build build/release --target latchkey -j$(JOBS)

test: ## build with sanitizers and run every test that needs no special hardware
	@tools/install-deps build test
	@cmake --preset dev >build/configure.log 2>&1 || { cat build/configure.log; exit 1; }
	@cmake --build build/dev -j$(JOBS)
	@tools/lint --changed
	@cd build/dev && ctest -j$(JOBS) --output-on-failure

bench: build ## measure against nginx and a plain loop; prints ratios
	@tools/install-deps test
	@cmake --build build/release -j$(JOBS)
	@PATH="$$(tools/node-path)" python3 bench/run.py

bench-peers: bench ## the same, with whatever other peers are installed
	@true

soak: ## the long campaigns: crash loops, fuzzing, thread sanitizer, whole-tree lint
	@$(MAKE) test
	@LATCHKEY_PROPERTY_SEQUENCES=100000 build/dev/authority_test --gtest_filter='WideningTest.*'
	@LATCHKEY_CRASH_CYCLES=$(CYCLES) LATCHKEY_BINARY=$(CURDIR)/build/dev/latchkey \
	  PYTHONPATH=tests/support /usr/bin/python3 -m unittest -v tests/crash/crash_test.py
	@LATCHKEY_FUZZ_SECONDS=1800 LATCHKEY_BINARY=$(CURDIR)/build/dev/latchkey \
	  PYTHONPATH=tests/support /usr/bin/python3 -m unittest -v tests/e2e/openapi_fuzz_test.py
	@$(MAKE) tsan fuzz
	@tools/lint

tsan: ## every unit test under the thread sanitizer
	@tools/install-deps build test
	@cmake --preset tsan && cmake --build build/tsan -j$(JOBS)
	@cd build/tsan && ctest -j$(JOBS) --output-on-failure -E '^(e2e|stories|crash)\.'

fuzz: ## each parser under libFuzzer (FUZZ_SECONDS each)
	@tools/install-deps build lint
	@cmake --preset fuzz && cmake --build build/fuzz -j$(JOBS) --target fuzzers
	@for target in build/fuzz/tests/*_fuzz; do \
	  mkdir -p build/corpus/$$(basename $$target); \
	  $$target -max_total_time=$(FUZZ_SECONDS) build/corpus/$$(basename $$target) \
	    tests/fuzz/corpus/$$(basename $$target) || exit 1; done

format: ## format every source file
	@tools/install-deps lint
	@git ls-files '*.h' '*.cc' | xargs clang-format-14 -i

lint: ## formatting and clang-tidy over the whole tree
	@tools/install-deps build test lint
	@cmake --preset dev >/dev/null
	@tools/lint

clean: ## remove everything that was built
	@rm -rf build
