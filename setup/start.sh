#!/bin/sh
# `npm start`: the main job from nothing. Arguments are the demonstration's own (--once, --tpm; see --help).
set -eu
cd "$(dirname "$0")/.."
. setup/ensure.sh
exec node dist/server/demo/main.js "$@"
