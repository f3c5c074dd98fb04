#!/bin/sh
# Makes the demo data (build/demo) when its sources changed. Called by tools/setup.sh, which is sourced here for the
# npm set-up when the script runs on its own.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd -P)
. "$root/tools/setup.sh"
set_environment

stamp=$(hash_of tools/demo/make_demo.mjs tools/demo/package-lock.json)
if [ -f build/demo/orders.ndjson ] && [ "$(cat build/stamps/demo 2>/dev/null)" = "$stamp" ]; then
    exit 0
fi
mkdir -p build/stamps build/logs
setup_npm_folder tools/demo
node tools/demo/make_demo.mjs
echo "$stamp" >build/stamps/demo
