# make run    install what is missing, build, simulate scenarios/peak.json
# make test   the same set-up, the whole test suite
# make install   the executable, its manual page, completions and scenarios under PREFIX (/usr/local)
# make deb    a Debian package in .build
# make example   reports/example, after a change of the model or of scenarios/peak.json
# make lint   formatting and style, as CI checks them

SWIFT ?= swift
# Tests are optimised, with assertions on: they simulate, and the invariants are asserted.
TEST_FLAGS = -c release --scratch-path .build/tests -Xswiftc -assert-config -Xswiftc Debug
export SWIFT_BACKTRACE = enable=no

PREFIX ?= /usr/local
# What is installed carries the Swift runtime in itself.
STATIC_FLAGS = -c release --scratch-path .build/static --static-swift-stdlib
SHARE = $(DESTDIR)$(PREFIX)/share

.PHONY: run build test lint format bench clean dependencies static install deb example

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

static: dependencies
	$(SWIFT) build $(STATIC_FLAGS) --product simrun

install: static
	install -Dm755 .build/static/release/simrun $(DESTDIR)$(PREFIX)/bin/simrun
	install -d $(SHARE)/man/man1 $(SHARE)/bash-completion/completions $(SHARE)/zsh/site-functions
	install -d $(SHARE)/fish/vendor_completions.d $(SHARE)/simrun/scenarios $(SHARE)/simrun/slurm
	.build/static/release/simrun man | gzip -9n > $(SHARE)/man/man1/simrun.1.gz
	.build/static/release/simrun completions bash > $(SHARE)/bash-completion/completions/simrun
	.build/static/release/simrun completions zsh > $(SHARE)/zsh/site-functions/_simrun
	.build/static/release/simrun completions fish > $(SHARE)/fish/vendor_completions.d/simrun.fish
	cp -R scenarios/. $(SHARE)/simrun/scenarios
	install -m755 scripts/slurm/sweep.sbatch $(SHARE)/simrun/slurm/sweep.sbatch

deb:
	scripts/package-deb

example: build
	scripts/remake-example

dependencies:
	@scripts/install-dependencies

clean:
	rm -rf .build
