#!/bin/sh
# Builds the virtual machine's parts (kernel, initrd, root file system) for one Debian suite and prints the directory that
# has them: `sh setup/vm/build.sh trixie`. What is there already is used again: directories are named by a digest of what
# goes into them. The mirror is the one this machine's apt is configured for; nothing that is kept says which it was.
# Exits 4, saying why in one line, if the suite is not to be had from the mirror.
set -eu
cd "$(dirname "$0")/../.."
say() { printf '%s\n' "touchstone: $*" >&2; }
fail() { say "$*"; exit 3; }

suite=${1:?the Debian suite is missing}
[ "$(dpkg --print-architecture)" = amd64 ] || fail "the virtual machine is built on amd64 only"
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null 2>&1 || fail "run as root or install sudo: a root file system can only be made by root"
  exec sudo TOUCHSTONE_VM_OUTDATED="${TOUCHSTONE_VM_OUTDATED:-}" sh setup/vm/build.sh "$suite"
fi

cache=$PWD/.ci-cache/vm
mkdir -p "$cache"
digest() { sha256sum | cut -c 1-16; }
more=setup/vm/packages-$suite
[ -e "$more" ] || more=/dev/null
base=$cache/$suite-base-$({ echo "$suite" && cat setup/vm/packages "$more" setup/vm/debian-tree.sh setup/vm/mirror.sh; } | digest)
machine=$cache/$suite-$({ echo "${base##*/}" && cat setup/vm/*.sh setup/vm/guest/*; } | digest)

# make TARGET SCRIPT ARGUMENT...: has the script fill a directory (its last argument), which becomes TARGET once it is
# complete, in place of what earlier states of the scripts made.
make() {
  target=$1
  shift
  building=$(mktemp -d "$cache/building-XXXXXX")
  trap 'rm -rf "$building"' EXIT
  trap 'exit 130' INT TERM
  if ! sh "$@" "$building" >"$building.log" 2>&1; then
    tail -n 30 "$building.log" >&2
    rm -f "$building.log"
    fail "the virtual machine of Debian $suite could not be built"
  fi
  rm -f "$building.log"
  chmod 0755 "$building"
  rm -rf "${target%-*}"-????????????????
  mv "$building" "$target"
}

# Two runs at once: the second waits, and finds what the first made.
exec 9>"$cache/$suite.lock"
flock 9
if [ ! -d "$base" ]; then
  why=$(sh setup/vm/suite-available.sh "$suite") || { say "Debian $suite is left out: $why"; exit 4; }
  say "fetching Debian $suite for the virtual machine (some minutes; kept in .ci-cache/vm)"
  make "$base" setup/vm/debian-tree.sh "$suite"
fi
if [ ! -d "$machine" ]; then
  say "making the virtual machine's file systems"
  make "$machine" setup/vm/machine.sh "$base"
fi
printf '%s\n' "$machine"
