#!/bin/sh
# `npm test`: installs what is missing, compiles, and runs every test. Arguments name test files by a part of their path.
set -eu
cd "$(dirname "$0")/.."
# A compiler for the native addon, which the tests compare with the JavaScript; tools that judge; tools of test trees.
extra_packages='g++ g++
make make
python3 python3
fdisk fdisk
unshare util-linux'
. setup/ensure.sh
sh setup/build-addon.sh
pattern=${1:-}
# Compiled tests whose source is gone would run on: only those with a source count.
files=$(find verifier server test-vectors policies fuzz bench -name '*.test.ts' | grep -F -- "$pattern" | sort | sed 's|^|dist/|; s|\.ts$|.js|')
[ -n "$files" ] || fail "no test file has '$pattern' in its path"
# shellcheck disable=SC2086 # one argument a file
exec node --enable-source-maps --test --test-concurrency=2 --test-timeout=900000 $files
