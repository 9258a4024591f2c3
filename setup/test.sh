#!/bin/sh
# `npm test`: installs what is missing, compiles, and runs every test. Arguments name test files by a part of their path.
set -eu
cd "$(dirname "$0")/.."
. setup/ensure.sh
pattern=${1:-}
# Compiled tests whose source is gone would run on: only those with a source count.
files=$(find verifier server test-vectors policies -name '*.test.ts' | grep -F -- "$pattern" | sort | sed 's|^|dist/|; s|\.ts$|.js|')
[ -n "$files" ] || fail "no test file has '$pattern' in its path"
# shellcheck disable=SC2086 # one argument a file
exec node --enable-source-maps --test --test-concurrency=2 --test-timeout=300000 $files
