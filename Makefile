# `make` alone lists what there is. Every target says its verdict in its last line.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

WASM := dist/switchyard.wasm
SHA256 := $(if $(shell command -v sha256sum),sha256sum,shasum -a 256)
TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
WASM_LIMIT := 1165000
# Without it the linker writes every call and address in five bytes, most of which need one to three. Not among the flags
# of .cargo/config.toml: the linker takes it only where it writes no debug information.
WASM_LINK := -C link-arg=--compress-relocations

# need TOOL, WHAT TO DO
need = command -v $(1) >/dev/null || { echo "$(1) is missing: $(2)" >&2; exit 1; }
need-cargo = $(call need,cargo,install Rust from https://rustup.rs)

.PHONY: help run wasm wasm-panic reproducible oci test check e2e hosts chaos clients conformance bench figures soak size fuzz schema renderings clean

help: ## List the targets
	@grep -hE '^[a-z][a-z0-9-]*:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /\1\t/' | expand -t 14
	@echo "Begin with: make run"

run: wasm ## Start the gateway: with FILE=gateway.yaml, or with what the environment has, or with a mock
	@cargo build --quiet --release --bin switchyard
	@exec env SWITCHYARD_CACHE="$${SWITCHYARD_CACHE:-$(CURDIR)/.cache/switchyard}" $(TARGET_DIR)/release/switchyard run $(FILE)

wasm: ## Build the filter: dist/switchyard.wasm
	@$(need-cargo)
	@remap=$$(tools/remap.sh); cargo rustc --quiet --lib --profile wasm --target wasm32-unknown-unknown \
	  --config "target.wasm32-unknown-unknown.rustflags=[$$remap]" -- $(WASM_LINK)
	@mkdir -p dist
	@cp $(TARGET_DIR)/wasm32-unknown-unknown/wasm/switchyard.wasm $(WASM).new
	@mv $(WASM).new $(WASM)
	@echo "wasm: $(WASM), $$(wc -c <$(WASM)) bytes, sha256 $$($(SHA256) <$(WASM) | cut -c1-64)"

reproducible: wasm ## Build the filter again, elsewhere and from nothing: it must be the same to the byte
	@tools/reproducible.sh

oci: wasm ## Pack the filter as the image that Istio and Envoy Gateway pull: dist/oci, dist/switchyard-oci.tar
	@$(call need,python3,install Python 3)
	@python3 tools/oci.py $(WASM) dist

wasm-panic: ## Build a filter that fails when it is told to, for tests: dist/switchyard-panic.wasm
	@$(need-cargo)
	@cargo rustc --quiet --lib --profile wasm --config 'profile.wasm.lto=false' --config profile.wasm.codegen-units=8 \
	  --features inject-panic --target-dir $(TARGET_DIR)/panic --target wasm32-unknown-unknown
	@mkdir -p dist
	@cp $(TARGET_DIR)/panic/wasm32-unknown-unknown/wasm/switchyard.wasm dist/switchyard-panic.wasm.new
	@mv dist/switchyard-panic.wasm.new dist/switchyard-panic.wasm
	@echo "wasm-panic: dist/switchyard-panic.wasm"

test: ## Set up what the tests need, and run all of them
	@$(need-cargo)
	@tests/run.sh

check: ## Format, lints, licences and advisories
	@$(need-cargo)
	@cargo fmt --all --check
	@cargo clippy --quiet --workspace --all-targets -- -D warnings
	@cargo clippy --quiet --lib --target wasm32-unknown-unknown -- -D warnings
	@$(call need,cargo-deny,cargo install --locked cargo-deny)
	@cargo deny --log-level error check
	@echo "check: ok"

e2e: wasm ## Real Envoy, the compiled filter, providers that assert
	@tests/e2e.sh

hosts: wasm ## Where it runs: strict hosts, the renderings for each, a second build, and the end-to-end tests on every Envoy from 1.36
	@$(need-cargo)
	@tests/hosts.sh

chaos: wasm ## Failover under load: providers that misbehave in every way, real Envoy, k6
	@$(need-cargo)
	@tests/chaos.sh

clients: wasm ## Real SDKs and command-line tools, unmodified, against the gateway in real Envoy
	@$(need-cargo)
	@tests/clients.sh

conformance: ## Recorded traffic and a corpus of requests, against plain readers and the vendors' types
	@$(need-cargo)
	@tests/conformance.sh

bench: wasm ## Cost of a request, beside plain Envoy and an empty filter
	@benches/bench.sh

figures: wasm ## Failover: errors, times and cost, as in docs/failover.md
	@$(need-cargo)
	@benches/failover.sh

soak: wasm ## A million requests of every kind through real Envoy, or REQUESTS: no VM fails, memory does not grow
	@$(need-cargo)
	@tests/soak.sh

size: wasm ## Fail when the filter is larger than 1,165,000 bytes, or the README names another limit
	@limit=$$(sed -E 's/([0-9]{3})$$/,\1/; s/([0-9]{3}),/,\1,/' <<<$(WASM_LIMIT)); \
	grep -qF "the limit is $$limit" README.md || { echo "size: README.md does not name the limit of $$limit"; exit 1; }
	@bytes=$$(wc -c <$(WASM)); \
	if [ "$$bytes" -gt $(WASM_LIMIT) ]; then echo "size: $$bytes bytes, over the limit of $(WASM_LIMIT)"; exit 1; fi; \
	echo "size: $$bytes bytes, within $(WASM_LIMIT)"

fuzz: ## Fuzz each target for 60 seconds, or SECONDS_EACH
	@$(need-cargo)
	@$(call need,cargo-fuzz,cargo install --locked cargo-fuzz)
	@for target in $$(cargo fuzz list); do \
	  echo "fuzz: $$target"; RUSTC_BOOTSTRAP=1 cargo fuzz run "$$target" -- -max_total_time=$(or $(SECONDS_EACH),60) -rss_limit_mb=2048; \
	done
	@echo "fuzz: nothing found"

schema: ## Write docs/gateway.schema.json again
	@SWITCHYARD_WRITE=1 cargo test --quiet --lib the_committed_schema_is_current >/dev/null
	@echo "schema: docs/gateway.schema.json"

renderings: ## Write envoy/*.yaml again, from examples/*.yaml
	@SWITCHYARD_WRITE=1 cargo test --quiet --test cli committed_renderings >/dev/null
	@echo "renderings: $$(ls envoy/*.yaml | wc -l) files in envoy/"

clean: ## Remove what was built and fetched
	@rm -rf dist .cache .venv .venv-chaos $(TARGET_DIR) fuzz/target
	@echo "clean: done"
