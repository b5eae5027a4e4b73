package inventory

import (
	"net"
	"slices"

	"github.com/pgcgen/pgcgen/templates/component"
	"github.com/pgcgen/pgcgen/templates/platform"
)

// setDefaults fills what the inventory may leave out. The component families are completed
// later, for their defaults depend on the cluster.
func (inv *Inventory) setDefaults() {
	setDefault(&inv.Platform.Layout, platform.LayoutDistro)
	setDefault(&inv.PostgreSQL.Vendor, VendorClassic)
	setDefault(&inv.Packages.Source, SourceDistro)
	setDefault(&inv.Timings, component.ProfileNorm)
	setDefault(&inv.Target, defaultTarget)
	if inv.VIP.Set() {
		setDefault(&inv.VIP.Follow, component.FollowProxy)
	}
	for i := range inv.Nodes {
		n := &inv.Nodes[i]
		n.MAC = canonicalMAC(n.MAC)
		if len(n.Roles) == 0 {
			n.Roles = inv.defaultRoles()
		}
	}
	for i := range inv.PostgreSQL.Databases {
		setDefault(&inv.PostgreSQL.Databases[i].Owner, superuser)
	}
}

// defaultRoles are all roles; without a virtual address keepalived has nothing to keep.
func (inv *Inventory) defaultRoles() []component.Role {
	return slices.DeleteFunc(component.Roles(), func(r component.Role) bool {
		return r == component.RoleKeepalived && !inv.VIP.Set()
	})
}

// canonicalMAC spells a hardware address as Linux and netplan do: lower case with colons.
// What is none stays as it is, for the rules to refuse.
func canonicalMAC(text string) string {
	mac, err := net.ParseMAC(text)
	if err != nil {
		return text
	}
	return mac.String()
}

func setDefault[T comparable](v *T, value T) {
	var zero T
	if *v == zero {
		*v = value
	}
}
