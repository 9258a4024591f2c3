#!/bin/sh
# Builds verifier/node/native into an addon that digests hash trees several times faster. npm runs it at install; by hand:
# `sh setup/build-addon.sh`. The addon is optional: what it needs and is not here is named in one line, and the exit status
# is 0. Nothing is downloaded: the headers are those that the running Node.js came with.
set -u
cd "$(dirname "$0")/.." || exit 1
native=verifier/node/native
product=$native/build/Release/block_digests.node

without() {
  printf '%s\n' "touchstone: the native addon is not built ($*); JavaScript is used, which is slower" >&2
  exit 0
}

# One product serves every version of Node.js, so there is nothing to do while it is newer than its sources and loads here.
if [ -f "$product" ] && [ -z "$(find "$native" -name build -prune -o -type f -newer "$product" -print)" ] &&
  node -e 'require(process.argv[1])' "./$product" 2>/dev/null; then
  exit 0
fi

prefix=$(node -p 'require("path").resolve(fs.realpathSync(process.execPath), "../..")') || without 'node does not run'
[ -f "$prefix/include/node/node_api.h" ] || without "no headers of Node.js in $prefix/include/node"
for tool in python3 make "${CXX:-g++}"; do
  "$tool" --version >/dev/null 2>&1 || without "$tool does not run"
done

# npm puts its node-gyp on the PATH of its own scripts only.
gyp=$(command -v node-gyp) || {
  npm=$(command -v npm) || without 'neither node-gyp nor npm is there'
  gyp=$(dirname "$(readlink -f "$npm")")/../node_modules/node-gyp/bin/node-gyp.js
  [ -f "$gyp" ] || without 'npm has no node-gyp'
}

log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
# In a checkout, a warning is an error; a later compiler's new warnings are not the users' concern.
[ -e .git ] && export CXXFLAGS="${CXXFLAGS:-} -Werror"
case $gyp in *.js) set -- node "$gyp" ;; *) set -- "$gyp" ;; esac
if ! "$@" --directory="$native" --nodedir="$prefix" rebuild >"$log" 2>&1; then
  cat "$log" >&2
  without 'node-gyp failed, see above'
fi
node -e 'require(process.argv[1])' "./$product" 2>"$log" || {
  cat "$log" >&2
  without 'it does not load, see above'
}
