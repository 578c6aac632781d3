# Sourced by the scripts beside it: finds what they need and installs what is missing.
#
# Taken for granted: git, make, a C compiler, Rust, Node 20 and Python 3. Everything else is installed here, and said.
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$ROOT"
# Where the one debug build leaves its programs.
BUILT=${CARGO_TARGET_DIR:-target}/debug
export PATH="$HOME/.cargo/bin:$PATH"
# The fonts of the console and the sockets of the tests need a UTF-8 locale that exists everywhere.
export LC_ALL=C.UTF-8
# No compiled Python beside the sources.
export PYTHONDONTWRITEBYTECODE=1

say() {
    printf '%s\n' "$*" >&2
}

# need PROGRAM HINT: stops with exit code 2 when a program that cannot be installed here is missing.
need() {
    command -v "$1" >/dev/null 2>&1 && return
    say "missing: $1 ($2)"
    exit 2
}

is_debian() {
    [ -r /etc/debian_version ] && command -v apt-get >/dev/null 2>&1
}

# apt PACKAGE…: installs system packages, or says which are missing and stops.
apt() {
    if ! is_debian || [ "$(id -u)" -ne 0 ]; then
        say "missing packages: $* (install them with your package manager, or run this as root on Debian)"
        exit 2
    fi
    say "installing system packages: $*"
    mkdir -p target
    if ! { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@"; } \
        >target/apt.log 2>&1 </dev/null; then
        tail -20 target/apt.log >&2
        exit 2
    fi
}

need_toolchain() {
    need git "version control"
    need make "the targets of Makefile"
    need cc "a C compiler, for SQLite and the TLS library"
    need cargo "Rust, as rust-version in Cargo.toml says"
}

need_node() {
    need node "Node.js 20 or newer"
    need npm "comes with Node.js"
    if [ "$(node -p 'Number(process.versions.node.split(".")[0])')" -lt 20 ]; then
        say "Node.js $(node --version) is too old: 20 or newer is needed"
        exit 2
    fi
}

# npm_ci FOLDER: installs a folder's locked packages unless that very lock file is installed already.
npm_ci() {
    local stamp="$1/node_modules/.installed"
    if [ -f "$stamp" ] && cmp -s "$stamp" "$1/package-lock.json"; then
        return
    fi
    say "installing npm packages of $1"
    (cd "$1" && npm ci --no-fund --no-audit --loglevel=error </dev/null)
    cp "$1/package-lock.json" "$stamp"
}

# python_ready: a virtual environment with the pinned packages, in .venv.
python_ready() {
    need python3 "Python 3.11 or newer"
    if ! python3 -c 'import ensurepip, venv' >/dev/null 2>&1; then
        apt python3-venv
    fi
    local stamp=.venv/.installed
    if [ -f "$stamp" ] && cmp -s "$stamp" tests/requirements.txt; then
        return
    fi
    say "installing Python packages of tests/requirements.txt into .venv"
    [ -x .venv/bin/python ] || python3 -m venv .venv
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input -r tests/requirements.txt
    cp tests/requirements.txt "$stamp"
}

chromium_ready() {
    if [ ! -x "${PORTOLAN_TEST_CHROMIUM:-/usr/bin/chromium}" ]; then
        apt chromium
    fi
}

postgres_ready() {
    if ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 && ! command -v initdb >/dev/null 2>&1; then
        # The package must not start a cluster of its own.
        if is_debian && [ "$(id -u)" -eq 0 ] && [ ! -e /etc/postgresql-common/createcluster.conf ]; then
            mkdir -p /etc/postgresql-common
            echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
        fi
        apt postgresql
    fi
}

# Counts instructions where the machine has no counters of its own, as most virtual ones.
valgrind_ready() {
    command -v valgrind >/dev/null 2>&1 || apt valgrind
}

# The one debug build: checks and tests use its programs, so that nothing is built twice with other features.
build_debug() {
    cargo build --workspace --all-targets --locked
}
