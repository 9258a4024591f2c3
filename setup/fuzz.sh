#!/bin/sh
# `npm run fuzz`: throws mutants of the test vectors at every parser. Arguments are the fuzzer's own (--mutants N; see --help).
set -eu
cd "$(dirname "$0")/.."
. setup/ensure.sh
exec node --enable-source-maps dist/fuzz/main.js "$@"
