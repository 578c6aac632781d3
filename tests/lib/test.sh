#!/usr/bin/env bash
# Installs what the suites need, builds once, runs every suite and prints the table. `--full` takes the long forms.
source "$(dirname "$0")/setup.sh"
need_toolchain
need_node
python_ready
chromium_ready
postgres_ready
valgrind_ready
npm_ci console
npm_ci tests
npm_ci tests/agents
if [ ! -f console/dist/index.html ]; then
    say "building the console"
    (cd console && npm run --silent build >/dev/null)
fi
say "building"
build_debug
exec .venv/bin/python tests/lib/suites.py "$@"
