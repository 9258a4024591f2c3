#!/bin/sh
# `npm run bench`: how fast a whole hash tree is verified, beside veritysetup. Arguments are the tool's own (see --help).
set -eu
cd "$(dirname "$0")/.."
. setup/ensure.sh
exec node dist/bench/main.js "$@"
