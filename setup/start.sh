#!/bin/sh
# `npm start`: the main job from nothing. Arguments are the demonstration's own (--once, --tpm; see --help).
set -eu
cd "$(dirname "$0")/.."
. setup/ensure.sh
ensure_system_packages
ensure_node_packages
ensure_build
exec node dist/server/demo/main.js "$@"
