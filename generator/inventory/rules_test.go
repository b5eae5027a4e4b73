package inventory

import (
	"errors"
	"net/netip"
	"testing"

	"github.com/pgcgen/pgcgen/templates/component"
	"github.com/pgcgen/pgcgen/templates/platform"
)

func TestOverlap(t *testing.T) {
	for _, c := range []struct {
		a, b component.Port
		want bool
	}{
		{component.Port{Address: "10.0.0.1", Number: 1}, component.Port{Address: "10.0.0.1", Number: 1}, true},
		{component.Port{Address: "10.0.0.1", Number: 1}, component.Port{Address: "10.0.0.1", Number: 2}, false},
		{component.Port{Address: "10.0.0.1", Number: 1}, component.Port{Address: "127.0.0.1", Number: 1}, false},
		{component.Port{Address: "", Number: 1}, component.Port{Address: "127.0.0.1", Number: 1}, true},
		{component.Port{Address: "127.0.0.1", Number: 1}, component.Port{Address: "[::]", Number: 1}, true},
		{component.Port{Address: "*", Number: 1}, component.Port{Address: "0.0.0.0", Number: 2}, false},
	} {
		if got := overlap(c.a, c.b); got != c.want {
			t.Errorf("overlap(%v, %v) = %v", c.a, c.b, got)
		}
	}
}

func TestUnusableAddresses(t *testing.T) {
	for text, usable := range map[string]bool{
		"10.77.0.11/24":  true,
		"10.77.0.0/24":   false,
		"10.77.0.255/24": false,
		"10.77.0.255/16": true,
		"10.77.0.0/31":   true,
		"10.77.0.1/32":   true,
		"0.0.0.0/8":      false,
		"127.0.0.5/8":    false,
		"169.254.1.1/16": false,
		"224.0.0.18/24":  false,
		"2001:db8::1/64": true,
		"2001:db8::/64":  false,
		"fe80::1/64":     false,
		"::/0":           false,
	} {
		if got := unusable(netip.MustParsePrefix(text)); (got == "") != usable {
			t.Errorf("unusable(%s) = %q", text, got)
		}
	}
}

func TestWeakPasswords(t *testing.T) {
	for password, good := range map[string]bool{
		"":                            true, // to be generated
		"elevenchars":                 false,
		"Xk4-twelve-ok":               true,
		"Supersecretpostgrespasswd":   false, // whatever the case
		"appappapp2026":               false, // the user's name and digits
		"app-and-something-else":      true,
		"aaaaaaaaaaaaaaaa":            false,
		"tabs\tare\tnot\tprintable12": false,
	} {
		if got := weak(component.Secret(password), "app"); (got == "") != good {
			t.Errorf("weak(%q) = %q", password, got)
		}
	}
}

// D-SEC-01: the playbook's constants are refused wherever a password is taken.
func TestPlaybooksPasswordsAreRefused(t *testing.T) {
	for _, password := range []string{"supersecretpostgrespasswd", "repuserpasswd", "pgbouncer819mQ", "test_pass", "admin", "password"} {
		if weak(component.Secret(password), "app") == "" {
			t.Errorf("%s is accepted", password)
		}
	}
}

func TestNamesOfInterfaces(t *testing.T) {
	for name, good := range map[string]bool{"eth0": true, "enp1s0f0np0": true, "br-lan.10": true, "": false, "a b": false, "a/b": false, "a:b": false, "a;b": false, "sixteencharsname": false} {
		if got := interfacePattern.MatchString(name); got != good {
			t.Errorf("%q matches: %v", name, got)
		}
	}
}

func TestMostCommonNetworkWins(t *testing.T) {
	inv := Inventory{Nodes: []component.Node{
		{Address: netip.MustParsePrefix("10.1.0.1/24")},
		{Address: netip.MustParsePrefix("10.2.0.1/24")},
		{Address: netip.MustParsePrefix("10.2.0.2/24")},
		{},
	}}
	if got := inv.network().String(); got != "10.2.0.0/24" {
		t.Errorf("the network is %s", got)
	}
}

// A value that does not fit its place is a problem of the component's family.
func TestUnrenderable(t *testing.T) {
	inv := Inventory{Nodes: []component.Node{{Name: "pg1"}, {Name: "pg2"}}}
	c := component.Component{
		Name: "haproxy",
		On:   func(n component.Node) bool { return n.Name == "pg2" },
		Files: func(v component.View) ([]component.File, error) {
			return nil, errors.New("cannot render haproxy.cfg of " + v.Node.Name)
		},
	}
	got := unrenderable(inv, platform.Platform{}, c)
	if len(got) != 1 || got[0].Path != "haproxy" || got[0].Message != "cannot render haproxy.cfg of pg2" {
		t.Errorf("problems are %v", got)
	}
	c.On = func(component.Node) bool { return false }
	if got := unrenderable(inv, platform.Platform{}, c); len(got) > 0 {
		t.Errorf("a component that runs nowhere has problems: %v", got)
	}
}
