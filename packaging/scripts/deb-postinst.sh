#!/bin/sh
# $1 is what dpkg does, $2 the version configured before, empty the first time.
set -e

case "$1" in
configure | abort-remove) ;;
*) exit 0 ;;
esac

removed=/var/lib/nodeinit/.package-removed

# cloud-init may have made it before the package did.
chmod 0700 /etc/nodeinit

# Enabled when new or back after a removal; an upgrade keeps what the administrator chose.
if [ -z "$2" ] || [ -e "$removed" ]; then
	systemctl preset nodeinit.service
	action=start
else
	action=try-restart
fi
rm -f "$removed"

# In a chroot nothing runs. Nothing waits for the start either: the package may be
# installed by a boot that is not over.
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload
	systemctl --no-block "$action" nodeinit.service
fi
