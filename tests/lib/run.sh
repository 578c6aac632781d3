#!/usr/bin/env bash
# Builds console and binary, then serves on 127.0.0.1:7878 with its data in ./data.
source "$(dirname "$0")/setup.sh"
need_toolchain
if command -v npm >/dev/null 2>&1; then
    need_node
    npm_ci console
    # Built again only when something in it is newer than the last build.
    if [ ! -f console/dist/index.html ] ||
        [ -n "$(find console openapi.json -newer console/dist/index.html -type f \
            -not -path '*/node_modules/*' -not -path '*/dist/*' -print -quit)" ]; then
        say "building the console"
        (cd console && npm run --silent build >/dev/null)
    fi
else
    say "npm is missing: the binary is built without the web console"
fi
say "building portolan"
cargo build --release --locked --package server --bin portolan
exec "${CARGO_TARGET_DIR:-target}/release/portolan" serve --listen 127.0.0.1:7878 --data ./data
