#!/bin/sh
# A private PostgreSQL for tests.
#
#   tests/postgres.sh start DIR    make (once) and start a cluster under DIR; prints its url as the last line
#   tests/postgres.sh stop DIR     stop exactly that cluster; its files stay
#
# The cluster listens on a free loopback port and on a socket in DIR, and flushes to disk: a ledger tested without flushes
# proves nothing. PostgreSQL refuses to run as root, so root runs it as another user.
set -eu

usage() {
    echo "usage: $0 start|stop DIR" >&2
    exit 2
}
[ $# -eq 2 ] || usage
action=$1
mkdir -p "$2"
dir=$(cd "$2" && pwd)

# The newest server on this machine; Debian keeps the programs out of PATH.
find_programs() {
    for candidate in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t/ -k5 -n -r); do
        if [ -x "$candidate/initdb" ] && [ -x "$candidate/pg_ctl" ]; then
            echo "$candidate"
            return
        fi
    done
    if command -v initdb >/dev/null 2>&1 && command -v pg_ctl >/dev/null 2>&1; then
        dirname "$(command -v pg_ctl)"
    fi
}

install_programs() {
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
        echo "PostgreSQL is not installed and cannot be installed here: install the package 'postgresql'" >&2
        exit 1
    fi
    echo "installing PostgreSQL" >&2
    # The package must not start a cluster of its own.
    mkdir -p /etc/postgresql-common
    [ -e /etc/postgresql-common/createcluster.conf ] || echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends postgresql; } >&2
}

as_owner() {
    if [ "$(id -u)" -ne 0 ]; then
        "$@"
    else
        (cd / && exec runuser -u "$owner" -- "$@")
    fi
}

free_port() {
    python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])' 2>/dev/null || perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport, "\n"'
}

programs=$(find_programs)
if [ -z "$programs" ] && [ "$action" = start ]; then
    install_programs
    programs=$(find_programs)
fi
owner=$(id -un)
if [ "$(id -u)" -eq 0 ]; then
    owner=postgres
    getent passwd postgres >/dev/null || owner=nobody
fi
data=$dir/data

case $action in
start)
    # A socket path may have at most 107 bytes; a deep DIR gets a short one beside the system's temporary files.
    sockets=$dir
    if [ ${#dir} -gt 80 ]; then
        sockets=$(mktemp -d)
        chmod 711 "$sockets"
    fi
    [ "$(id -u)" -ne 0 ] || chown "$owner" "$dir" "$sockets"
    if ! as_owner test -w "$dir"; then
        echo "user $owner cannot reach $dir: choose a folder below one that everybody may enter" >&2
        exit 1
    fi
    if [ ! -f "$data/PG_VERSION" ]; then
        as_owner "$programs/initdb" -D "$data" -U portolan -A trust -E UTF8 --locale=C.UTF-8 >"$dir/initdb.log" 2>&1 ||
            { cat "$dir/initdb.log" >&2; exit 1; }
    fi
    if ! as_owner "$programs/pg_ctl" -D "$data" status >/dev/null 2>&1; then
        port=$(free_port)
        echo "$port" >"$dir/port"
        as_owner "$programs/pg_ctl" -D "$data" -w -t 60 -l "$data/server.log" \
            -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories='$sockets' -c fsync=on -c max_connections=100" \
            start >"$dir/start.log" 2>&1 || { cat "$dir/start.log" "$data/server.log" >&2; exit 1; }
    fi
    echo "postgres://portolan@127.0.0.1:$(cat "$dir/port")/postgres"
    ;;
stop)
    if [ -z "$programs" ] || [ ! -f "$data/PG_VERSION" ]; then
        exit 0
    fi
    if as_owner "$programs/pg_ctl" -D "$data" status >/dev/null 2>&1; then
        as_owner "$programs/pg_ctl" -D "$data" -w -t 60 -m fast stop >/dev/null
    fi
    ;;
*)
    usage
    ;;
esac
