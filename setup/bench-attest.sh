#!/bin/sh
# `npm run bench:attest`: how many challenges an endpoint answers a second, and what sharing a quote is worth. Arguments are
# the tool's own (see --help).
set -eu
cd "$(dirname "$0")/.."
. setup/ensure.sh
exec node dist/bench/attest.js "$@"
