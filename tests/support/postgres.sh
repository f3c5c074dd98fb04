#!/bin/sh
# A PostgreSQL server of the tests' own, in a folder of its own, with the settings a default installation has.
#
#   tests/support/postgres.sh start FOLDER [NAME=VALUE…]   makes the cluster when missing and starts it; FOLDER/url then
#                                                          holds the address of its database "postgres" (a socket), and
#                                                          FOLDER/tcp_url the same over 127.0.0.1. Settings of
#                                                          postgresql.conf may follow
#   tests/support/postgres.sh kill FOLDER                  ends it as a crash would (SIGQUIT); `start` brings it back
#   tests/support/postgres.sh stop FOLDER                  stops it and removes the folder
#
# PostgreSQL does not run as root: then everything is done as the user "postgres". The user of the tests is "onhand".
set -eu

. "$(dirname "$0")/private_server.sh"

command=${1:-}
folder=${2:-}
[ -n "$folder" ] || die "usage: postgres.sh start|kill|stop FOLDER"
shift 2

programs=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
[ -n "$programs" ] || die "PostgreSQL is not installed (package postgresql-15)"

# A socket's path has at most 107 bytes, so it lies in a short folder of its own.
socket_folder() {
    cat "$folder/sockets"
}

is_running() {
    [ -f "$folder/data/postmaster.pid" ] && as_owner "$programs/pg_ctl" -D "$folder/data" status >/dev/null 2>&1
}

make_cluster() {
    mkdir -p "$folder"
    folder=$(cd "$folder" && pwd -P)
    sockets=$(mktemp -d /tmp/onhand-pg-XXXXXX)
    printf '%s\n' "$sockets" >"$folder/sockets"
    mkdir -p "$folder/data"
    if [ "$(id -u)" = 0 ]; then
        chmod 755 "$folder"
        chown postgres "$folder/data" "$sockets"
    fi
    (cd / && as_owner "$programs/initdb" -D "$folder/data" -U onhand -A trust -E UTF8 --locale=C.UTF-8 \
        --no-instructions) >"$folder/initdb.log" 2>&1 || {
        cat "$folder/initdb.log" >&2
        die "initdb failed"
    }
    as_owner tee -a "$folder/data/postgresql.conf" >/dev/null <<END
listen_addresses = '127.0.0.1'
unix_socket_directories = '$sockets'
max_connections = 100
max_prepared_transactions = 0
logging_collector = off
log_min_messages = warning
END
}

start_server() {
    # /tmp may have been emptied since the cluster was made.
    mkdir -p "$(socket_folder)"
    [ "$(id -u)" != 0 ] || chown postgres "$(socket_folder)"
    for setting in "$@"; do
        printf "%s = '%s'\n" "${setting%%=*}" "${setting#*=}" |
            as_owner tee -a "$folder/data/postgresql.conf" >/dev/null
    done
    tries=0
    while :; do
        # Whoever comes back does so where its clients look for it, unless others keep that port.
        port=$(cat "$folder/port" 2>/dev/null || free_port)
        if (cd / && as_owner "$programs/pg_ctl" -D "$folder/data" -l "$folder/data/server.log" -o "-p $port" -w -t 60 \
            start) >"$folder/start.log" 2>&1; then
            break
        fi
        tries=$((tries + 1))
        [ "$tries" -lt 3 ] || rm -f "$folder/port"
        [ "$tries" -lt 5 ] || {
            cat "$folder/start.log" >&2
            as_owner tail -n 20 "$folder/data/server.log" >&2 || true
            die "the server does not start"
        }
        sleep 1
    done
    printf '%s\n' "$port" >"$folder/port"
    printf '%s\n' "postgresql://onhand@/postgres?host=$(socket_folder)&port=$port" >"$folder/url"
    printf '%s\n' "postgresql://onhand@127.0.0.1:$port/postgres" >"$folder/tcp_url"
}

stop_server() {
    is_running || return 0
    (cd / && as_owner "$programs/pg_ctl" -D "$folder/data" -m "$1" -w -t 60 stop) >/dev/null 2>&1 ||
        die "the server does not stop"
}

case "$command" in
start)
    [ -f "$folder/sockets" ] || make_cluster
    folder=$(cd "$folder" && pwd -P)
    is_running || start_server "$@"
    ;;
kill)
    folder=$(cd "$folder" && pwd -P)
    stop_server immediate
    ;;
stop)
    [ -d "$folder" ] || exit 0
    folder=$(cd "$folder" && pwd -P)
    [ ! -f "$folder/sockets" ] || {
        stop_server fast
        rm -rf "$(socket_folder)"
    }
    rm -rf "$folder"
    ;;
*) die "unknown command $command" ;;
esac
