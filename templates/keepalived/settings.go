package keepalived

import (
	"fmt"
	"hash/fnv"
	"time"

	"github.com/pgcgen/pgcgen/templates/component"
	"github.com/pgcgen/pgcgen/templates/haproxy"
)

// Settings are keepalived's options under their upstream names; those of its one check
// begin with check_.
type Settings struct {
	// VirtualRouterID tells VRRP instances on one network apart, 1 to 255. Unset, it is
	// computed from the cluster's name; two clusters on one network must not share it.
	VirtualRouterID int `json:"virtual_router_id,omitempty" yaml:"virtual_router_id"`
	// AdvertInt is the time between advertisements, in seconds; VRRP 3 knows hundredths. A
	// silent holder loses the address after a little more than three of them.
	AdvertInt float64 `json:"advert_int,omitempty" yaml:"advert_int"`
	// CheckInterval is the time between functional checks, in seconds, and what one may
	// take; CheckFall and CheckRise are how many must agree.
	CheckInterval int `json:"check_interval,omitempty" yaml:"check_interval"`
	CheckFall     int `json:"check_fall,omitempty" yaml:"check_fall"`
	CheckRise     int `json:"check_rise,omitempty" yaml:"check_rise"`
	// GARPMasterDelay is when gratuitous ARPs are repeated after taking the address, and
	// GARPMasterRefresh how often while holding it, in seconds: caches forget and are wrong.
	GARPMasterDelay   int `json:"garp_master_delay,omitempty" yaml:"garp_master_delay"`
	GARPMasterRefresh int `json:"garp_master_refresh,omitempty" yaml:"garp_master_refresh"`
}

type timing struct {
	advert         float64
	interval, fall int
}

// timings per profile. interval*fall is longer than HAProxy's downinter*rise: during a
// failover HAProxy learns of the new leader before this check gives up on HAProxy.
var timings = map[component.Profile]timing{
	component.ProfileFast: {0.5, 1, 3},
	component.ProfileNorm: {0.5, 2, 3},
	component.ProfileWide: {1, 3, 4},
	component.ProfileSlow: {2, 10, 3},
}

// WithDefaults fills what the inventory left out.
func (s Settings) WithDefaults(p component.Profile, c component.Topology) Settings {
	t := timings[p]
	component.Default(&s.VirtualRouterID, routerID(c.Name))
	component.Default(&s.AdvertInt, t.advert)
	component.Default(&s.CheckInterval, t.interval)
	component.Default(&s.CheckFall, t.fall)
	component.Default(&s.CheckRise, 1)
	component.Default(&s.GARPMasterDelay, 1)
	component.Default(&s.GARPMasterRefresh, 60)
	return s
}

// routerID spreads clusters over 1 to 255, so that two on one network rarely clash.
func routerID(cluster string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(cluster)) // never fails
	return int(h.Sum32()%255) + 1
}

// rules are checked on settings that have their defaults.
func (s Settings) rules(t component.Topology, h haproxy.Settings) []component.Problem {
	var out []component.Problem
	add := func(key, message, fix string) {
		out = append(out, component.Problem{Path: "keepalived." + key, Message: message, Fix: fix})
	}
	if s.VirtualRouterID < 1 || s.VirtualRouterID > 255 {
		add("virtual_router_id", fmt.Sprintf("%d is not between 1 and 255", s.VirtualRouterID), "choose a number that no other VRRP instance on this network has")
	}
	if s.AdvertInt < 0.01 || s.AdvertInt > 40.95 {
		add("advert_int", fmt.Sprintf("%v s is not between 0.01 and 40.95", s.AdvertInt), "use hundredths of a second, as 0.5 (RFC 5798)")
	}
	for _, n := range []struct {
		key   string
		value int
	}{{"check_interval", s.CheckInterval}, {"check_fall", s.CheckFall}, {"check_rise", s.CheckRise}, {"garp_master_delay", s.GARPMasterDelay}, {"garp_master_refresh", s.GARPMasterRefresh}} {
		if n.value < 1 {
			add(n.key, fmt.Sprintf("%d is less than 1", n.value), "set it to at least 1")
		}
	}
	patience, slowest := time.Duration(s.CheckInterval*s.CheckFall)*time.Second, h.Detects()
	if patience <= slowest {
		add("check_fall", fmt.Sprintf("%s of failed checks is no longer than the %s in which HAProxy finds a new leader: every failover would move the address", patience, slowest),
			"raise check_fall or check_interval, or lower haproxy.downinter")
	}
	return append(out, placement(t)...)
}

// placement reports what is wrong with where the address is and who may hold it.
func placement(t component.Topology) []component.Problem {
	members := t.With(component.RoleKeepalived)
	if len(members) == 0 {
		return nil
	}
	if !t.VIP.Set() {
		return []component.Problem{{Path: "vip", Message: "nodes have the role keepalived and there is no virtual address", Fix: "set vip.address, or remove the role"}}
	}
	var out []component.Problem
	if len(members) > firstPriority {
		out = append(out, component.Problem{Path: "nodes", Message: fmt.Sprintf("%d nodes have the role keepalived, and priorities go from %d down to 1", len(members), firstPriority), Fix: "give the role to fewer nodes"})
	}
	need := component.RoleHAProxy
	if t.VIP.Follow == component.FollowLeader {
		need = component.RolePostgres
	}
	for i, n := range t.Nodes {
		path := fmt.Sprintf("nodes[%d]", i)
		if !n.Has(component.RoleKeepalived) {
			continue
		}
		if !n.Has(need) {
			out = append(out, component.Problem{Path: path + ".roles", Message: fmt.Sprintf("%s could hold the virtual address and has nothing to serve on it", n.Name), Fix: fmt.Sprintf("add the role %s, or remove keepalived", need)})
		}
		if n.Address.Masked() != t.VIP.Address.Masked() {
			out = append(out, component.Problem{Path: path + ".address", Message: fmt.Sprintf("%s is on %s and the virtual address on %s: VRRP does not cross networks", n.Name, n.Address.Masked(), t.VIP.Address.Masked()), Fix: "put both on one network, or remove keepalived from the node"})
		}
	}
	return out
}
