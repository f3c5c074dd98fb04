#!/bin/sh
# A PgBouncer of the tests' own in front of the server that postgres.sh started in FOLDER, in transaction mode: each
# transaction of a client may get another connection to the server. Few connections, so that they are shared.
#
#   tests/support/pgbouncer.sh start FOLDER   FOLDER/pooler_url then holds the address of the database "postgres"
#                                             through the pooler; other databases are reached the same way
#   tests/support/pgbouncer.sh stop FOLDER
set -eu

. "$(dirname "$0")/private_server.sh"

command=${1:-}
folder=${2:-}
[ -n "$folder" ] || die "usage: pgbouncer.sh start|stop FOLDER"
pooler=$folder/pooler

write_settings() {
    cat >"$pooler/pgbouncer.ini" <<END
[databases]
* = host=127.0.0.1 port=$(cat "$folder/port") user=onhand

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $1
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 2
max_client_conn = 100
logfile = $pooler/pgbouncer.log
pidfile = $pooler/pgbouncer.pid
END
}

is_running() {
    [ -f "$pooler/pgbouncer.pid" ] && kill -0 "$(cat "$pooler/pgbouncer.pid")" 2>/dev/null
}

start_pooler() {
    program=$(PATH=$PATH:/usr/sbin command -v pgbouncer) || die "PgBouncer is not installed (package pgbouncer)"
    mkdir -p "$pooler"
    [ "$(id -u)" != 0 ] || chown postgres "$pooler"
    tries=0
    while :; do
        port=$(free_port)
        write_settings "$port"
        # In the background it says that it is there by returning.
        if as_owner "$program" -q -d "$pooler/pgbouncer.ini" >"$folder/pooler.log" 2>&1; then
            break
        fi
        # Somebody took the port meanwhile.
        tries=$((tries + 1))
        [ "$tries" -lt 5 ] || {
            cat "$folder/pooler.log" >&2
            die "the pooler does not start"
        }
    done
    printf '%s\n' "postgresql://onhand@127.0.0.1:$port/postgres" >"$folder/pooler_url"
}

case "$command" in
start)
    [ -f "$folder/port" ] || die "no server was started in $folder"
    folder=$(cd "$folder" && pwd -P)
    pooler=$folder/pooler
    is_running || start_pooler
    ;;
stop)
    if is_running; then
        kill "$(cat "$pooler/pgbouncer.pid")"
    fi
    rm -rf "$pooler" "$folder/pooler_url" "$folder/pooler.log"
    ;;
*) die "unknown command $command" ;;
esac
