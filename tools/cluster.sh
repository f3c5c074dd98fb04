#!/bin/sh
# What ./run --cluster does once everything is built: PostgreSQL, Redis, three instances of Onhand and nginx on this
# machine, all private to the folder data/cluster and to 127.0.0.1. Looks after them until Ctrl+C or SIGTERM; what ends
# by itself is started again. The data stays, and the next start finds it.
#
#   tools/cluster.sh [--port N] [--host ADDRESS] [ARGS of onhand serve]
#
# The port is nginx's; the instances get the next three, PostgreSQL and Redis the tenth and eleventh after it.
set -eu

instances="1 2 3"
start_timeout_s=60
demo_timeout_s=300
instance_stop_s=15 # an instance answers what it accepted within ten
service_stop_s=60
failures_max=5 # of one program in a row, each within failure_window_s of its start
failure_window_s=10

root=$(cd "$(dirname "$0")/.." && pwd -P)
. "$root/tools/setup.sh"
PATH="$PATH:/usr/sbin:/sbin"
# The tests name theirs.
program=${ONHAND_BINARY:-$root/build/release/onhand}

# --- settings ----------------------------------------------------------------------------------------------------

# setting NAME DEFAULT: the environment, else .env, else the default.
setting() {
    value=$(printenv "$1" || sed -n "s/^\(export \)\{0,1\}$1=[\"']\{0,1\}\([^\"']*\).*/\2/p" .env 2>/dev/null | tail -n 1)
    printf '%s\n' "${value:-$2}"
}

# Takes --port and --host out of the arguments; the others are for the instances.
read_arguments() {
    port=$(setting PORT 3000)
    host=$(setting ONHAND_HOST 127.0.0.1)
    count=$#
    while [ "$count" -gt 0 ]; do
        argument=$1
        shift
        count=$((count - 1))
        case "$argument" in
        --port | --host)
            [ "$count" -gt 0 ] || die "$argument needs a value"
            if [ "$argument" = --port ]; then port=$1; else host=$1; fi
            shift
            count=$((count - 1))
            ;;
        --port=*) port=${argument#--port=} ;;
        --host=*) host=${argument#--host=} ;;
        --database | --database=* | --redis | --redis=*) die "--cluster brings its own database and Redis: $argument" ;;
        *) set -- "$@" "$argument" ;;
        esac
    done
    case "$port" in
    '' | *[!0-9]*) die "the port must be a number, is '$port'" ;;
    esac
    [ "$port" -ge 1 ] && [ "$port" -le 65500 ] || die "the port must be from 1 to 65500"
    postgres_port=$((port + 10))
    redis_port=$((port + 11))
    for argument in "$@"; do
        printf '%s\n' "$argument"
    done >"$folder/arguments"
}

# PostgreSQL refuses root, so root lends it the user postgres, who has to be able to enter the folder.
choose_folder() {
    folder=${CLUSTER_DATA:-$root/data/cluster}
    mkdir -p "$folder"
    if [ "$(id -u)" -eq 0 ] && ! setpriv --reuid postgres --regid postgres --init-groups test -x "$folder"; then
        folder=/var/lib/onhand-cluster
        mkdir -p "$folder"
        say "PostgreSQL's user may not enter ${CLUSTER_DATA:-$root/data/cluster}, so the data lies in $folder."
    fi
    folder=$(cd "$folder" && pwd -P)
    exec 8>"$folder/lock"
    flock -n 8 || die "another cluster runs on $folder"
    mkdir -p "$folder/log" "$folder/redis" "$folder/nginx"
    chmod 700 "$folder/redis" "$folder/nginx"
}

# --- the programs ------------------------------------------------------------------------------------------------

# Each program gets a process group of its own, so that Ctrl+C reaches only this script, and ends when this script is
# killed. The name is that of its log; what it was, and since when it runs, is in variables pid_NAME and since_NAME.
launch() {
    name=$1
    signal=$2
    shift 2
    setsid setpriv --pdeathsig "$signal" "$@" </dev/null >>"$folder/log/$name.log" 2>&1 8>&- &
    eval "pid_$name=$!"
    eval "since_$name=$(date +%s)"
}

start_program() {
    case "$1" in
    postgres)
        launch postgres INT "$root/tools/postgres.sh" "$folder/postgres" "$postgres_port" shared_buffers=256MB max_wal_size=2GB
        ;;
    redis) launch redis TERM redis-server "$folder/redis/redis.conf" ;;
    nginx) launch nginx TERM nginx -p "$folder/nginx" -e stderr -c "$folder/nginx/nginx.conf" -g 'daemon off;' ;;
    onhand*)
        set --
        while IFS= read -r argument; do
            set -- "$@" "$argument"
        done <"$folder/arguments"
        launch "onhand$number" TERM "$program" serve --host 127.0.0.1 --port "$((port + number))" "$@"
        ;;
    esac
}

pid_of() {
    eval "printf '%s' \"\${pid_$1:-}\""
}

# A program that ended and was not waited for yet is a zombie, and gone.
is_running() {
    pid=$(pid_of "$1")
    [ -n "$pid" ] && [ -d "/proc/$pid" ] && ! grep -q '^State:[[:space:]]*Z' "/proc/$pid/status" 2>/dev/null
}

fail() {
    say "--- the end of $folder/log/$1.log"
    tail -n 15 "$folder/log/$1.log" >&2
    stop_all
    die "$2"
}

# wait_for NAME SECONDS COMMAND…: until the command succeeds.
wait_for() {
    waited=$1
    tries=$(($2 * 10))
    shift 2
    until "$@" >/dev/null 2>&1; do
        [ -z "$stopping" ] || finish
        is_running "$waited" || fail "$waited" "$waited did not start"
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || fail "$waited" "$waited was not ready in time"
        sleep 0.1 || true
    done
}

psql_as_owner() {
    PGPASSWORD=$(cat "$folder/postgres/password") psql -h 127.0.0.1 -p "$postgres_port" -U onhand -XAtq "$@"
}

start_services() {
    start_program postgres
    redis_password=$(cat "$folder/redis/password" 2>/dev/null) || {
        redis_password=$(od -A n -N 18 -t x1 /dev/urandom | tr -d ' \n')
        printf '%s\n' "$redis_password" >"$folder/redis/password"
    }
    cat >"$folder/redis/redis.conf" <<END
bind 127.0.0.1
port $redis_port
requirepass $redis_password
dir $folder/redis
appendonly yes
save ""
maxmemory 256mb
maxmemory-policy noeviction
END
    start_program redis
    wait_for postgres "$start_timeout_s" psql_as_owner -d postgres -c 'SELECT 1'
    [ "$(psql_as_owner -d postgres -c "SELECT 1 FROM pg_database WHERE datname = 'onhand'")" = 1 ] ||
        psql_as_owner -d postgres -c 'CREATE DATABASE onhand'
    wait_for redis "$start_timeout_s" env REDISCLI_AUTH="$redis_password" redis-cli -e -p "$redis_port" ping
    # Not on the command line, which everybody on this machine can read.
    DATABASE_URL="postgresql://onhand:$(cat "$folder/postgres/password")@127.0.0.1:$postgres_port/onhand"
    REDIS_URL="redis://:$redis_password@127.0.0.1:$redis_port"
    ONHAND_TRUSTED_PROXIES=127.0.0.1 # nginx says who asks
    export DATABASE_URL REDIS_URL ONHAND_TRUSTED_PROXIES
}

# start_instance NUMBER: and waits until it is ready; the demo's first instance also until its catalogue is there.
start_instance() {
    number=$1
    start_program "onhand$number"
    wait_for "onhand$number" "$start_timeout_s" grep -q '^Onhand is ready at ' "$folder/log/onhand$number.log"
    if [ "$number" = 1 ] && grep -qx -e --demo "$folder/arguments"; then
        wait_for onhand1 "$demo_timeout_s" grep -q '"demo"' "$folder/log/onhand1.log"
    fi
}

# deploy/nginx.conf as it is but for the ports, in the smallest frame that nginx takes.
start_nginx() {
    case "$host" in
    *:*) listen="[$host]:$port" ;;
    *) listen="$host:$port" ;;
    esac
    sed -e "s/listen 80;/listen $listen;/" -e "s/127\.0\.0\.1:300\([123]\)/127.0.0.1:@\1/" "$root/deploy/nginx.conf" \
        >"$folder/nginx/onhand.conf"
    for number in $instances; do
        sed -i "s/127\.0\.0\.1:@$number/127.0.0.1:$((port + number))/" "$folder/nginx/onhand.conf"
    done
    {
        # Root's workers would otherwise be of a user who may not enter this folder.
        [ "$(id -u)" -ne 0 ] || echo "user root;"
        echo "pid $folder/nginx/nginx.pid;"
        echo "worker_rlimit_nofile 16384;"
        echo "worker_shutdown_timeout 2s;"
        echo "events { worker_connections 8192; }"
        echo "http {"
        echo "    access_log off;"
        for kind in client_body proxy fastcgi uwsgi scgi; do
            echo "    ${kind}_temp_path $folder/nginx/$kind;"
        done
        echo "    include $folder/nginx/onhand.conf;"
        echo "}"
    } >"$folder/nginx/nginx.conf"
    nginx -t -q -p "$folder/nginx" -e stderr -c "$folder/nginx/nginx.conf" >>"$folder/log/nginx.log" 2>&1 ||
        fail nginx "nginx does not take its settings"
    start_program nginx
    wait_for nginx "$start_timeout_s" test -s "$folder/nginx/nginx.pid"
}

# --- the end -----------------------------------------------------------------------------------------------------

# With what it has started: nginx's workers would keep the port when only their master is gone.
kill_group() {
    kill -s KILL -- "-$(pid_of "$1")" 2>/dev/null || true
}

# end_program NAME SIGNAL SECONDS: asks, waits, and at last ends it.
end_program() {
    is_running "$1" || return 0
    kill -s "$2" "$(pid_of "$1")" 2>/dev/null || return 0
    tries=$(($3 * 10))
    while is_running "$1"; do
        if [ "$tries" -eq 0 ] || [ "$stopping" = now ]; then
            kill_group "$1"
        fi
        tries=$((tries - 1))
        sleep 0.1 || true
    done
}

# The instances first and all at once: they answer what they accepted through nginx and into PostgreSQL.
stop_all() {
    stopping=${stopping:-yes}
    for number in $instances; do
        ! is_running "onhand$number" || kill -s TERM "$(pid_of "onhand$number")" 2>/dev/null || true
    done
    for number in $instances; do
        end_program "onhand$number" CONT "$instance_stop_s" # asked already
    done
    end_program nginx TERM "$instance_stop_s"
    end_program redis TERM "$service_stop_s"
    end_program postgres INT "$service_stop_s"
}

finish() {
    trap 'stopping=now' INT TERM HUP
    say "Stopping."
    stop_all
    exit 0
}

# --- the watch ---------------------------------------------------------------------------------------------------

# Starts a program again that ended. One that cannot stay up ends everything.
restart() {
    name=$1
    eval "since=\$since_$name failures=\${failures_$name:-0}"
    if [ $(($(date +%s) - since)) -lt "$failure_window_s" ]; then failures=$((failures + 1)); else failures=0; fi
    [ "$failures" -lt "$failures_max" ] || fail "$name" "$name ended $failures_max times in a row"
    eval "failures_$name=$failures"
    kill_group "$name"
    say "$name ended by itself; starting it again."
    number=${name#onhand}
    start_program "$name"
}

# The wait for a sleep in the background ends with a signal, and meanwhile the shell takes note of what ended.
watch() {
    while [ -z "$stopping" ]; do
        sleep 1 8>&- &
        wait $! || true
        for name in postgres redis nginx onhand1 onhand2 onhand3; do
            [ -z "$stopping" ] || break
            is_running "$name" || restart "$name"
        done
    done
}

announce() {
    case "$host" in
    127.0.0.1 | 0.0.0.0) address="http://localhost:$port" ;;
    *) address="http://$host:$port" ;;
    esac
    echo "Onhand is ready at $address"
    echo "  behind   nginx: instances on ports $((port + 1)) to $((port + 3)), PostgreSQL on $postgres_port, Redis on $redis_port"
    echo "  data     $folder (logs in $folder/log)"
    sed -n 's/^  sign in  .*/&/p' "$folder/log/onhand1.log" | tail -n 1
    echo "  stop     Ctrl+C"
}

stopping=
cd "$root"
choose_folder
read_arguments "$@"
for log in "$folder"/log/*.log; do
    [ ! -f "$log" ] || mv "$log" "$log.before"
done
trap 'stopping=yes' INT TERM HUP
start_services
for number in $instances; do
    start_instance "$number"
done
start_nginx
announce
watch
finish
