// Package lab boots whole machines from out/ on this host and breaks them on purpose.
//
// A Lab is a network namespace with a bridge (package netns), a client host that tests act
// from, and machines (package nspawn) whose disks are overlays of shared images (package
// image). Machines know nothing of the host: they have their own init, cloud-init, network
// stack, hardware address and disk, and no way out except a proxy (package proxy) that a
// test may start for machines that install packages.
//
// # A machine's life
//
// Create gives a machine with an empty disk, Seed inserts the NoCloud disc of
// out/nodes/<node>, PowerOn starts it. PowerCut pulls the cable and then kills its init, so
// that its peers see silence and no FIN; the disk stays. Wipe empties the disk, which is
// what a replaced machine looks like. Faults between machines are rules on the bridge's
// ports: they catch broadcasts and moving addresses, and outlive a power cycle.
//
// # Why containers
//
// Three machines must boot in seconds on two cores without KVM. A container shares the
// host's kernel, so it cannot test what belongs to a kernel of one's own: watchdog devices,
// sysctls outside of net, loss of unflushed data. Machine names no container, so that an
// emulator can stand behind it too.
//
// # What was in the way
//
//   - systemd 256 and later refuse cgroup version 1. Every machine gets version 2, also on a
//     host that has both, and a cgroup of its own in each hierarchy, for systemd-nspawn
//     --keep-unit would otherwise put all of them into the lab's.
//   - systemd-nspawn derives the hardware address from the machine's name, and refuses to
//     move in an interface that the host's udev has not seen. So the lab makes the network
//     namespace with the interface in it, and systemd-nspawn boots the machine there.
//   - netplan matches permanent hardware addresses, which a virtual interface has not
//     (nspawn/adapt.go).
//   - networkd calls an interface configured when IPv6 is, too: it waits 2 seconds for the
//     link-local address, and on Debian 12 another 12 for a router that is not there. A seed
//     says "link-local: []" for a network without IPv6; so would one for real machines.
//   - A lab that crashed leaves machines running. Each supervisor has written down its
//     number and start time before it became one; the next lab of the same ID, or Reap,
//     ends exactly these.
package lab
