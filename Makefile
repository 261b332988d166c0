# make run    install what is missing, build, simulate scenarios/peak.json
# make test   the same set-up, the whole test suite
# make lint   formatting and style, as CI checks them

SWIFT ?= swift
# Tests are optimised, with assertions on: they simulate, and the invariants are asserted.
TEST_FLAGS = -c release --scratch-path .build/tests -Xswiftc -assert-config -Xswiftc Debug
export SWIFT_BACKTRACE = enable=no

.PHONY: run build test lint format bench clean dependencies

run: build
	.build/release/simrun scenarios/peak.json

build: dependencies
	$(SWIFT) build -c release --product simrun

test: dependencies
	$(SWIFT) test $(TEST_FLAGS)

lint:
	$(SWIFT) format lint --strict --recursive --parallel Package.swift Sources Tests Benchmarks

format:
	$(SWIFT) format format --in-place --recursive --parallel Package.swift Sources Tests Benchmarks

bench: dependencies
	$(SWIFT) build -c release --product simbench
	.build/release/simbench engine

dependencies:
	@scripts/install-dependencies

clean:
	rm -rf .build
