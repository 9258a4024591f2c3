# Sourced: sets `from` to the Debian mirror that this machine's apt has, and passes on apt's proxy to those who fetch from it.
# Which mirror it was is nowhere kept.

mirror() {
  apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 'Identifier: Packages' | sed -n 's/^Debian|Debian|//p' | head -n 1
}
from=$(mirror)
if [ -z "$from" ]; then
  # apt knows whose index it is only once it has fetched it.
  apt-get update -qq
  from=$(mirror)
fi
[ -n "$from" ] || { echo "this machine's apt has no Debian mirror configured"; exit 1; }
from=${from%/}
# An option of apt's, which debootstrap's wget takes from the environment.
proxy=$(apt-config dump --format '%v%n' Acquire::http::Proxy)
[ -z "$proxy" ] || export http_proxy="$proxy" https_proxy="$proxy"
