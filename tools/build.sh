#!/bin/sh
# Builds one part of the tree with the settings of ./run and ./test, for the test runner and for people.
#
#   tools/build.sh page                    client/dist
#   tools/build.sh npm FOLDER              the npm packages of a folder
#   tools/build.sh demo                    the demo catalogue
#   tools/build.sh release                 the page, the demo catalogue and build/release/onhand
#   tools/build.sh dev|tsan|bench [TARGET…]   build/dev and so on; the presets are in CMakePresets.json
#   tools/build.sh fuzz fuzz_targets       the fuzz programs; tools/fuzz.sh runs them
set -eu

root=$(cd "$(dirname "$0")/.." && pwd -P)
. "$root/tools/setup.sh"

lock_tree
set_environment
part=${1:-release}
[ "$#" -eq 0 ] || shift
case "$part" in
page) build_page ;;
npm) setup_npm_folder "$1" ;;
demo) build_demo_data ;;
release) build_release ;;
*)
    build_demo_data
    build_preset "$part" "$@"
    ;;
esac
