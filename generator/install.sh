# Installs nodeinit from the seed. cloud-init runs it early on every boot, so that a power
# cut in the middle is repaired by the next one; it does nothing once the package is there.
# $1 and $2 are the SHA-256 of nodeinit-amd64.deb and nodeinit-arm64.deb.
set -eu
umask 022
say() {
	echo "nodeinit: $*" >&2
	echo "nodeinit: $*" 2>/dev/null >/dev/console || :
}
fail() {
	say "cannot install nodeinit from the seed: $*"
	exit 1
}

arch=$(dpkg --print-architecture)
case $arch in
amd64) sum=$1 ;;
arm64) sum=$2 ;;
*) fail "this machine is $arch, and the seed has packages for amd64 and arm64" ;;
esac

# What was installed from this very seed stays, and so does what has replaced it since.
stamp=/var/lib/nodeinit/seed.sha256
status=$(dpkg-query -W -f '${db:Status-Status}' nodeinit 2>/dev/null || :)
if [ "$status" = installed ] && [ "$(cat "$stamp" 2>/dev/null)" = "$sum" ]; then
	exit 0
fi

file=nodeinit-$arch.deb
disc=$(mktemp -d)
trap 'umount "$disc" 2>/dev/null || :; rmdir "$disc" 2>/dev/null || :' EXIT
package=
for dir in /var/lib/cloud/seed/nocloud /var/lib/cloud/seed/nocloud-net; do
	if [ -f "$dir/$file" ]; then package=$dir/$file; fi
done
if [ -z "$package" ]; then
	device=$(blkid -L CIDATA || blkid -L cidata || :)
	[ -n "$device" ] || fail "there is no disc labelled CIDATA; attach seed.iso and boot again"
	mount -o ro "$device" "$disc" || fail "the disc $device cannot be mounted"
	package=$disc/$file
	[ -f "$package" ] || fail "the disc $device has no $file; attach the seed.iso of this node"
fi

# dpkg reads the very bytes that were checked.
mkdir -p /var/lib/nodeinit
chmod 700 /var/lib/nodeinit
copy=/var/lib/nodeinit/$file
cp "$package" "$copy"
if ! echo "$sum  $copy" | sha256sum --check --status; then
	rm -f "$copy"
	fail "$file is not the one this node was built with; attach the seed.iso of the same build"
fi
DEBIAN_FRONTEND=noninteractive dpkg --force-confold --install "$copy" || fail "dpkg refuses $file; see /var/log/dpkg.log"
rm -f "$copy"
echo "$sum" >"$stamp.new"
sync "$stamp.new"
mv "$stamp.new" "$stamp"
say "installed from the seed"
