#!/bin/sh
# `npm run test:vm`: tries Touchstone beside real systemd in virtual machines, and ends with a table of what was tried and
# seen. The first run makes the machine (setup/vm/build.sh). Arguments name test files by a part of their path.
set -eu
cd "$(dirname "$0")/.."
# debootstrap and others are not on the PATH of every user.
PATH=$PATH:/usr/sbin:/sbin
extra_packages='qemu-system-x86_64 qemu-system-x86
debootstrap debootstrap
modprobe kmod
cpio cpio
xz xz-utils'
. setup/ensure.sh
# Here it can say what it does; the tests find what it has made.
sh setup/vm/build.sh trixie >/dev/null
pattern=${1:-}
files=$(find vm -name '*.test.ts' | grep -F -- "$pattern" | sort | sed 's|^|dist/|; s|\.ts$|.js|')
[ -n "$files" ] || fail "no test file in vm has '$pattern' in its path"

# Whatever ends the run, nothing of it stays: the machines die with the tests, and their files are in here.
TMPDIR=$(mktemp -d)
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
trap 'exit 130' INT TERM
# shellcheck disable=SC2086 # one argument a file
node --enable-source-maps --test --test-concurrency=2 --test-timeout=1200000 \
  --test-reporter=spec --test-reporter-destination=stdout \
  --test-reporter=./dist/vm/seen-table.js --test-reporter-destination=stdout $files
