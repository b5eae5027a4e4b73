#!/bin/sh
# $1 is the number of installed versions: 1 for an installation, 2 for an upgrade.
set -e

# cloud-init may have made it before the package did.
chmod 0700 /etc/nodeinit

# An upgrade keeps what the administrator chose.
action=try-restart
if [ "$1" -eq 1 ]; then
	systemctl preset nodeinit.service
	action=start
fi

# In a chroot nothing runs. Nothing waits for the start either: the package may be
# installed by a boot that is not over.
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload
	systemctl --no-block "$action" nodeinit.service
fi
