# Sourced by start.sh and test.sh from the top of the checkout: installs what is missing and says so, then compiles. Safe
# to run any number of times; touches the network only when something is missing. What a script needs besides goes into
# extra_packages, in the same form: a command and the Debian package that has it.

say() { printf '%s\n' "touchstone: $*" >&2; }
fail() { say "$*"; exit 3; }

# Debian packages by the command that shows each is there.
ensure_system_packages() {
  missing=
  while read -r tool package; do
    [ -n "$tool" ] || continue
    command -v "$tool" >/dev/null 2>&1 || case " $missing " in *" $package "*) ;; *) missing="$missing $package" ;; esac
  done <<EOF
tpm2_quote tpm2-tools
swtpm swtpm
swtpm_setup swtpm-tools
openssl openssl
veritysetup cryptsetup-bin
mkfs.erofs erofs-utils
systemd-repart systemd
mksquashfs squashfs-tools
mke2fs e2fsprogs
getfattr attr
flock util-linux
${extra_packages:-}
EOF
  # The loader of tpm2-tools finds its swtpm transport by library name, not by a command.
  ls /usr/lib/*/libtss2-tcti-swtpm.so* >/dev/null 2>&1 || missing="$missing libtss2-tcti-swtpm0"
  [ -z "$missing" ] && return 0
  command -v apt-get >/dev/null 2>&1 || fail "these Debian packages are missing and there is no apt-get:$missing"
  root=
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null 2>&1 || fail "run as root or install sudo: these Debian packages are missing:$missing"
    root=sudo
  fi
  say "installing Debian packages:$missing"
  apt_log=$(mktemp)
  # shellcheck disable=SC2086 # the list is meant to be split
  if ! { $root apt-get update -qq && $root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends $missing; } >"$apt_log" 2>&1 </dev/null; then
    cat "$apt_log" >&2
    rm -f "$apt_log"
    fail "apt-get could not install:$missing"
  fi
  rm -f "$apt_log"
}

# node_modules exactly as the lockfile says; a copy of the lockfile inside it tells whether it is.
ensure_node_packages() {
  node -e 'const [a,b]=process.versions.node.split(".").map(Number);process.exit(a>20||(a===20&&b>=19)?0:1)' ||
    fail "Node.js 20.19 or newer is needed; this is $(node --version 2>/dev/null || echo none)"
  cmp -s package-lock.json node_modules/.installed-from && return 0
  say "installing npm packages from the lockfile (npm ci)"
  npm ci --loglevel=error </dev/null >&2 || fail "npm ci failed"
  cp package-lock.json node_modules/.installed-from
}

ensure_build() {
  node node_modules/typescript/bin/tsc -p tsconfig.json || fail "the TypeScript sources do not compile"
}

ensure_system_packages
ensure_node_packages
ensure_build
