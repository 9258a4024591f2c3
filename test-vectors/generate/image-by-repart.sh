#!/bin/sh
# Makes the genuine images of test-vectors/image with systemd-repart, which writes them as vendors do. Needs systemd 257
# (Debian 13), erofs-utils, openssl and /proc; writes into the directory given. The keys are new each time and not kept, so
# the images differ in their signatures only; afterwards run generate/image.ts for the cases made from them.
set -eu
out=$(mkdir -p "$1" && cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.key
openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out p256.key
for key in rsa p256; do
  openssl req -x509 -new -key $key.key -subj "/CN=Touchstone test vectors $key" -days 3650 -out "$out/$key.pem"
done

tree() { # class name architecture
  case $1 in sysext) dir=usr/lib ;; confext) dir=etc ;; esac
  mkdir -p "$2/$dir/extension-release.d"
  printf 'ID=_any\nARCHITECTURE=%s\n%s_VERSION_ID=1.2.3\n' "$3" "$(echo "$1" | tr a-z A-Z)" \
    >"$2/$dir/extension-release.d/extension-release.$2"
}
image() { # class name architecture key [option]
  class=$1 name=$2 architecture=$3 key=$4
  shift 4
  find "$name" -exec touch -h -d @1700000000 {} +
  SOURCE_DATE_EPOCH=1700000000 systemd-repart --make-ddi="$class" --copy-source="$work/$name" --offline=yes \
    --architecture="$architecture" --seed=7f6cf5f0-3a1d-4c56-9d3c-0d4f9a4d7a11 \
    --private-key=$key.key --certificate="$out/$key.pem" "$@" "$name.raw" >/dev/null
  gzip -9 -n <"$name.raw" >"$out/$name.raw.gz"
}

tree sysext sysext-x86-64-rsa x86-64
echo hello >sysext-x86-64-rsa/usr/lib/hello
image sysext sysext-x86-64-rsa x86-64 rsa

tree sysext sysext-arm64-ecdsa arm64
image sysext sysext-arm64-ecdsa arm64 p256

tree confext confext-x86-64-ecdsa x86-64
echo 'key = value' >confext-x86-64-ecdsa/etc/hello.conf
image confext confext-x86-64-ecdsa x86-64 p256

tree confext confext-arm64-rsa arm64
image confext confext-arm64-rsa arm64 rsa

# 4096-byte sectors.
tree sysext sysext-large-sectors x86-64
image sysext sysext-large-sectors x86-64 rsa --sector-size=4096

# More than 128 data blocks, so that the hash tree has two levels.
tree sysext sysext-two-levels x86-64
seq 1 100000 | sed 's/.*/the same line/' >sysext-two-levels/usr/lib/lines
image sysext sysext-two-levels x86-64 rsa
