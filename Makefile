# lotwise: see `make help`. Every target sets up what it needs; nothing is installed outside the checkout
# but by `make install`.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := build
.PHONY: help setup build run peers test test-all race fuzz lint fmt docs bench bench-check install clean

# cgo binds HiGHS; the version is stamped below, so Go need not ask git for it.
export CGO_ENABLED := 1
VERSION ?= 0.1.0-dev$(shell git rev-parse --short HEAD 2>/dev/null | sed 's/^/+/')
GO := go
BUILD := $(GO) build -buildvcs=false -trimpath -tags relocatable -ldflags '-X main.version=$(VERSION)'

PREFIX ?= /usr/local
DESTDIR ?=
CASE ?= usps2026
FUZZTIME ?= 30s
TESTFLAGS ?=
# The rooms that start goroutines, without their longest tests. The detector keeps memory of its own, so
# memory is no subject under it.
RACE ?= ./cmd/... ./models/equilibrium/... ./models/verify/... ./solver/...
RACEFLAGS := -race -short -skip '^TestMemory'

# golangci-lint comes by the Go module proxy and is built once, into a git-ignored folder.
GOLANGCI_VERSION := v2.15.0
GOLANGCI := .tools/golangci-lint-$(GOLANGCI_VERSION)
# The Python side of tests and benchmarks.
VENV := .tools/venv

help: ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 22

setup: ## find or fetch HiGHS and tell cgo where it is
	@solver/highs/setup.sh

build: setup ## build bin/lotwise
	@$(BUILD) -o bin/lotwise ./cmd/lotwise

run: build ## solve the main case into runs/usps2026 (CASE= for another)
	@bin/lotwise solve $(CASE) -o runs/$(notdir $(CASE)) --force

peers: $(VENV)/peers ## set up the other solvers that tests compare with

# With the peers required, a test that cannot compare fails rather than being skipped.
test: build peers ## run every test
	LOTWISE_PEERS=required $(GO) test $(strip $(TESTFLAGS) ./...)

test-all: setup ## run the random tests of bidders' problems at their full counts (a quarter of an hour)
	LOTWISE_CASES=all $(GO) test -count=1 -timeout 60m $(strip $(TESTFLAGS)) -v -run '^(TestOptimalBids|TestStopped|TestStoppedAtRandom)$$' ./models/bidding ./models/bilevel

race: setup ## run the tests of the concurrent rooms under the race detector
	$(GO) test $(strip $(RACEFLAGS) $(TESTFLAGS)) $(RACE)

fuzz: setup ## run each fuzz target for FUZZTIME (30s, or 5000x for so many inputs)
	@.ci/fuzz $(FUZZTIME)

lint: setup $(GOLANGCI) ## check style, formatting and the import rule
	$(GOLANGCI) run ./...

fmt: setup $(GOLANGCI) ## format the Go files
	$(GOLANGCI) fmt ./...

$(GOLANGCI):
	@echo "building golangci-lint $(GOLANGCI_VERSION), once" >&2
	@mkdir -p .tools && bin=$$(mktemp -d .tools/golangci.XXXXXX) && \
		GOBIN="$(CURDIR)/$$bin" $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION) && \
		mv "$$bin/golangci-lint" $@ && rmdir "$$bin"

docs: setup ## bring the tables of README.md up to date with the schemas
	LOTWISE_UPDATE=1 $(GO) test -count=1 -run '^TestReadme' .

bench: build $(VENV)/installed ## compare with the Python and command-line tools of the field
	@.ci/bench

bench-check: build $(VENV)/installed ## run each benchmark once, small
	@.ci/bench --quick

PIP := $(VENV)/bin/python -m pip --quiet --disable-pip-version-check install --only-binary=:all:

$(VENV)/bin/python:
	@python3 -m venv $(VENV) || { rm -rf $(VENV); echo "tests and benchmarks need Python's venv (Debian: apt-get install python3-venv)" >&2; exit 1; }

$(VENV)/peers: .ci/peers-requirements.txt | $(VENV)/bin/python
	@echo "installing the peer solvers CBC, GLPK and SCIP into $(VENV)" >&2
	@$(PIP) --require-hashes -r $<
	@touch $@

$(VENV)/installed: .ci/bench-requirements.txt $(VENV)/peers
	@$(PIP) -r $<
	@touch $@

install: build ## install into PREFIX (/usr/local); the installed copy runs from anywhere
	@install -d "$(DESTDIR)$(PREFIX)/bin"
	@# The system's HiGHS stays where it is; the bundled one goes along.
	@if grep -q lib/lotwise solver/highs/cgo_link_relocatable.go; then \
		install -d "$(DESTDIR)$(PREFIX)/lib/lotwise" && \
		install -m 644 .highs/lib/* "$(DESTDIR)$(PREFIX)/lib/lotwise/"; fi
	@install -m 755 bin/lotwise "$(DESTDIR)$(PREFIX)/bin/lotwise"
	@echo "installed $(DESTDIR)$(PREFIX)/bin/lotwise"

clean: ## remove everything that these targets made, runs too
	@rm -rf bin runs .highs .tools solver/highs/cgo_link_dev.go solver/highs/cgo_link_relocatable.go
