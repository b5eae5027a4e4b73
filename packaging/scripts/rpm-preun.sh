#!/bin/sh
# $1 is the number of versions that remain: 0 for a removal.
set -e

[ "$1" -eq 0 ] || exit 0

if [ -d /run/systemd/system ]; then
	systemctl stop nodeinit.service
fi
systemctl disable nodeinit.service
