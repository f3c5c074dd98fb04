#!/bin/sh
# Runs a private PostgreSQL in the foreground until it gets SIGINT (or its caller dies): makes its data on the first
# call, and listens on 127.0.0.1 only. Root becomes the user postgres for it, because PostgreSQL refuses root.
#
#   tools/postgres.sh FOLDER PORT [SETTING=VALUE…]
#
# FOLDER/data has the data, FOLDER/password the password of the user onhand. For ./run --cluster and the benchmarks.
set -eu

folder=$1
port=$2
shift 2

owner=postgres
if [ "$(id -u)" -eq 0 ]; then
    set_owner="setpriv --reuid $owner --regid $owner --init-groups"
else
    owner=$(id -un)
    set_owner=
fi

bin=$(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
[ -x "${bin:-/nowhere}/postgres" ] || {
    echo "tools/postgres.sh: there is no PostgreSQL here (package postgresql)" >&2
    exit 1
}

mkdir -p "$folder"
cd "$folder"
folder=$(pwd -P)
# shellcheck disable=SC2086 # the command is meant to be split
$set_owner test -x "$folder" || {
    echo "tools/postgres.sh: the user $owner may not enter $folder" >&2
    exit 1
}

# Made beside its place and moved there, so that an interrupted start leaves nothing half done.
if [ ! -f data/PG_VERSION ]; then
    rm -rf new data
    install -d -m 700 -o "$owner" new
    od -A n -N 18 -t x1 /dev/urandom | tr -d ' \n' >password.new
    chmod 600 password.new
    [ "$(id -u)" -ne 0 ] || chown "$owner" password.new
    # shellcheck disable=SC2086
    $set_owner "$bin/initdb" --pgdata=new --username=onhand --pwfile=password.new --auth=scram-sha-256 --encoding=UTF8 \
        --locale=C.UTF-8 --data-checksums >/dev/null
    mv password.new password
    mv new data
fi

for setting in "$@"; do
    set -- "$@" -c "$setting"
    shift
done
# shellcheck disable=SC2086
exec setpriv ${set_owner#setpriv} --pdeathsig INT "$bin/postgres" -D data -c listen_addresses=127.0.0.1 -c port="$port" \
    -c unix_socket_directories= "$@"
