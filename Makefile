# Thin on purpose: each target is one readable command.
.PHONY: help run check test test-full bench console

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1: /p' Makefile

run: ## build everything and serve on 127.0.0.1:7878, data in ./data
	@tests/lib/run.sh

check: ## format, lints, documentation, tidy, generated files, console, catalogue
	@tests/lib/check.sh

test: ## every test suite, with seconds per suite
	@tests/lib/test.sh

test-full: ## the same with the long forms
	@tests/lib/test.sh --full

bench: ## figures of the data plane as ratios to a bare proxy
	@cargo build --profile dist --locked -p server -p xtask
	@$${CARGO_TARGET_DIR:-target}/dist/xtask bench

console: ## the web console into console/dist, which the next build of the binary embeds
	@cd console && npm ci --no-fund --no-audit --loglevel=error && npm run --silent build
