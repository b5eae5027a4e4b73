#!/bin/sh
set -e

# An upgrade leaves the daemon running until the new one replaces it.
[ "$1" = remove ] || exit 0

if [ -d /run/systemd/system ]; then
	systemctl stop nodeinit.service
fi
systemctl disable nodeinit.service
touch /var/lib/nodeinit/.package-removed
