#!/bin/sh
# `npm run test:vm`: tries Touchstone beside real systemd in virtual machines, and ends with a table of what was tried and
# seen. The first run makes the machines (setup/vm/build.sh). Arguments name test files by a part of their path.
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
pattern=${1:-}
files=$(find vm -name '*.test.ts' | grep -F -- "$pattern" | sort | sed 's|^|dist/|; s|\.ts$|.js|')
[ -n "$files" ] || fail "no test file in vm has '$pattern' in its path"
# Here it can say what it does; the tests find what it has made. Of the newest systemd there may be none: its case says so.
sh setup/vm/build.sh sid >/dev/null &
newest=$!
sh setup/vm/build.sh trixie >/dev/null
wait $newest || [ $? = 4 ] || exit 3

# Whatever ends the run, nothing of it stays: the machines die with the tests, and their files are in here.
TMPDIR=$(mktemp -d)
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
trap 'exit 130' INT TERM
TOUCHSTONE_VM_PRODUCT=$TMPDIR/product
node dist/vm/make-product-disk.js "$TOUCHSTONE_VM_PRODUCT" || fail "Touchstone could not be put on a disk for the virtual machines"
export TOUCHSTONE_VM_PRODUCT
# shellcheck disable=SC2086 # one argument a file
node --enable-source-maps --test --test-concurrency=2 --test-timeout=2400000 \
  --test-reporter=spec --test-reporter-destination=stdout \
  --test-reporter=./dist/vm/seen-table.js --test-reporter-destination=stdout $files
