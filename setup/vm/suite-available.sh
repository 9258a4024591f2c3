#!/bin/sh
# suite-available.sh SUITE: whether the mirror has a Debian suite that may be used. If not, says in one line why, and exits 1.
# A Release file says how long it may be used: what somebody holds back, apt refuses after that, and so is it here, unless
# TOUCHSTONE_VM_OUTDATED=yes.
set -eu
suite=$1
. "$(dirname "$0")/mirror.sh"
release=$(mktemp)
trap 'rm -f "$release"' EXIT

if ! wget --quiet --tries=2 --timeout=20 --output-document="$release" "$from/dists/$suite/InRelease"; then
  echo "the mirror does not have it, or cannot be reached"
  exit 1
fi
until=$(sed -n 's/^Valid-Until: //p' "$release" | head -n 1)
# Stable releases say nothing: they are not replaced day by day.
[ -n "$until" ] || exit 0
[ "$(date +%s)" -gt "$(date --date="$until" +%s)" ] || exit 0
if [ "${TOUCHSTONE_VM_OUTDATED:-}" = yes ]; then
  echo "the mirror's Release file is out of date since $until; used all the same" >&2
  exit 0
fi
echo "the mirror's Release file is out of date since $until (TOUCHSTONE_VM_OUTDATED=yes uses it all the same)"
exit 1
