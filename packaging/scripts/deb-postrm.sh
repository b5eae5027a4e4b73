#!/bin/sh
set -e

if [ -d /run/systemd/system ]; then
	systemctl daemon-reload
fi

# The node's identity and journal. Databases and etcd data are not nodeinit's to remove.
if [ "$1" = purge ]; then
	rm -rf /etc/nodeinit /var/lib/nodeinit /run/nodeinit
fi
