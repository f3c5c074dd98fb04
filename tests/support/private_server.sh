# What the private servers of the tests share: sourced by postgres.sh and pgbouncer.sh, run by nobody.

die() {
    printf '%s\n' "$(basename "$0"): $*" >&2
    exit 1
}

# PostgreSQL and PgBouncer do not run as root: then everything is done as the user "postgres".
as_owner() {
    if [ "$(id -u)" = 0 ]; then
        runuser -u postgres -- "$@"
    else
        "$@"
    fi
}

# A port nobody listens on: one that the kernel gives. Another program may take it before the server does; then the
# next one is tried.
free_port() {
    perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 1)->sockport'
}
