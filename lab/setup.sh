#!/bin/bash
# setup.sh PACKAGE...: installs the Debian packages that the tests drive, if any is missing.
# Nothing they bring is started: this machine is a workshop, not a node.
set -euo pipefail
missing=()
for p in "$@"; do
	dpkg-query -W -f='${db:Status-Abbrev}' "$p" 2>/dev/null | grep -q '^ii' || missing+=("$p")
done
[ ${#missing[@]} -gt 0 ] || exit 0
[ "$(id -u)" = 0 ] || { echo "cannot install ${missing[*]}: run as root" >&2; exit 1; }
echo "installing ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
# Without this PostgreSQL's package would make and start a database of its own.
mkdir -p /etc/postgresql-common/createcluster.d
echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.d/pgcgen-tests.conf
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
	trap 'rm -f $policy' EXIT
	printf '#!/bin/sh\nexit 101\n' > $policy
	chmod +x $policy
fi
apt-get update -q
apt-get install -q -y --no-install-recommends "${missing[@]}"
