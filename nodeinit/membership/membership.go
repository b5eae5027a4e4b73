// Package membership decides who may start etcd, and how.
//
// What is here is the plain static birth: every member of the inventory starts etcd as
// "new" with the same member list and token. etcd protects a member that has data, because
// it ignores the initial-* options then; it does not protect a cluster whose machines lose
// their disks while it is being born. Until the rendezvous protocol replaces this package,
// Warning says so wherever a person looks.
package membership

import (
	"fmt"

	"github.com/pgcgen/pgcgen/templates/component"
)

// Warning is what people must know about the way this cluster is born.
const Warning = "not safe against disk loss at first boot"

// Static answers from the inventory alone.
type Static struct {
	Topology   component.Topology
	Generation int
	// PeerURL is a node's etcd peer URL.
	PeerURL func(component.Node) string
}

// Birth is how etcd starts on every member: the whole list at once, under a token that no
// other cluster and no other generation has.
func (s Static) Birth() component.Birth {
	b := component.Birth{State: "new", Token: fmt.Sprintf("%s-%d", s.Topology.UUID, s.Generation)}
	for _, n := range s.Topology.With(component.RoleEtcd) {
		b.Members = append(b.Members, component.Member{Name: n.Name, PeerURL: s.PeerURL(n)})
	}
	return b
}
