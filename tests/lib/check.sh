#!/usr/bin/env bash
# Everything that can be checked without running the product. Each step prints its seconds; all steps run, then the verdict.
source "$(dirname "$0")/setup.sh"
need_toolchain
need_node
need python3 "Python 3.11 or newer"
mkdir -p target/check
failed=()

# step NAME COMMAND…: runs one check; its output is shown when it fails.
step() {
    local name=$1 start=$SECONDS log
    log="target/check/$name.log"
    shift
    if ("$@") >"$log" 2>&1 </dev/null; then
        printf 'ok      %-14s %4d s\n' "$name" $((SECONDS - start))
    else
        cat "$log"
        printf 'FAILED  %-14s %4d s\n' "$name" $((SECONDS - start))
        failed+=("$name")
    fi
}

documentation() {
    # Links to private items are fine: these pages are for those who work on the code.
    RUSTDOCFLAGS="-D warnings -A rustdoc::private_intra_doc_links" cargo doc --workspace --no-deps --document-private-items --locked
}

openapi_unchanged() {
    "$BUILT/examples/openapi" | diff -u openapi.json - ||
        { echo "openapi.json is stale: cargo run -p control --example openapi > openapi.json"; return 1; }
}

types_unchanged() {
    (cd console && npx --no-install openapi-typescript ../openapi.json -o "$ROOT/target/check/schema.d.ts")
    diff -u console/src/api/schema.d.ts target/check/schema.d.ts ||
        { echo "console/src/api/schema.d.ts is stale: cd console && npm run generate"; return 1; }
}

console() {
    (cd console && npm run --silent "$1")
}

dependencies() {
    cargo deny --offline check bans licenses sources
}

step format cargo fmt --all --check
npm_ci console
step console-lint console lint
step console-build console build
step console-test console test
step clippy cargo clippy --workspace --all-targets --locked -- -D warnings
step documentation documentation
step build build_debug
step tidy "$BUILT/xtask" tidy
step openapi openapi_unchanged
step types types_unchanged
step catalogue python3 crates/xtask/catalog/check.py
if command -v cargo-deny >/dev/null 2>&1; then
    step dependencies dependencies
else
    echo "not run: dependencies (cargo-deny is not installed; deny.toml holds the rules)"
fi
if [ ${#failed[@]} -gt 0 ]; then
    echo "check: ${#failed[@]} failed: ${failed[*]}"
    exit 1
fi
echo "check: all green in $SECONDS s"
