#!/bin/sh
# `npm run bench:appraise`: how many pieces of evidence a verifier decides about a second. Arguments are the tool's own (see
# --help).
set -eu
cd "$(dirname "$0")/.."
. setup/ensure.sh
exec node dist/bench/appraise.js "$@"
