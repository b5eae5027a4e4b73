// Package inventory reads what the user wrote: one YAML file that describes a cluster.
//
// Reading is strict and complete. Every problem is found in one run and carries its place
// in the file. There are two layers: decoding walks the YAML beside the Go types and knows
// nothing of clusters; rules look at the decoded values and speak logical paths
// ("nodes[2].address"), which are turned into positions afterwards.
package inventory

import (
	"github.com/pgcgen/pgcgen/templates"
	"github.com/pgcgen/pgcgen/templates/component"
	"github.com/pgcgen/pgcgen/templates/platform"
)

// Inventory is a cluster as its operator describes it.
type Inventory struct {
	// Cluster is the cluster's name: Patroni's scope, and the name of its state.
	Cluster    string            `yaml:"cluster"`
	Platform   Platform          `yaml:"platform"`
	PostgreSQL PostgreSQL        `yaml:"postgresql"`
	Packages   Packages          `yaml:"packages"`
	Network    component.Network `yaml:"network"`
	VIP        component.VIP     `yaml:"vip"`
	// Timings names the profile that all timings not given one by one are taken from.
	Timings component.Profile `yaml:"timings"`
	// Target is where the user-data goes, which decides how large it may be.
	Target string           `yaml:"target"`
	Nodes  []component.Node `yaml:"nodes"`

	templates.Settings `yaml:",inline"`

	// Digest is the SHA-256 of the file's bytes, in hexadecimal.
	Digest string `yaml:"-"`
}

// Platform is the operating system of the nodes and where its packages come from.
type Platform struct {
	OS     string          `yaml:"os"`
	Layout platform.Layout `yaml:"layout"`
}

// PostgreSQL is the database to install and what it must contain.
type PostgreSQL struct {
	Vendor    string               `yaml:"vendor"`
	Version   int                  `yaml:"version"`
	Users     []User               `yaml:"users"`
	Databases []component.Database `yaml:"databases"`
}

// User is a PostgreSQL role that people or applications log in with.
type User struct {
	component.Login `yaml:",inline"`
	// Password is generated into the state when it is empty.
	Password component.Secret `yaml:"password"`
}

// Packages is where the component packages come from.
type Packages struct {
	Source string `yaml:"source"`
	Proxy  string `yaml:"proxy"`
}

const (
	// SourceImage means that the machine's image has all packages, nodeinit's too.
	SourceImage = "image"
	// SourceDistro means that nodes install from the distribution's mirrors.
	SourceDistro = "distro"

	// VendorClassic is PostgreSQL as the community releases it.
	VendorClassic = "classic"
)

// Topology is what the components may know of the cluster; its UUID is not the
// inventory's to say.
func (inv Inventory) Topology() component.Topology {
	return component.Topology{
		Name:    inv.Cluster,
		Nodes:   inv.Nodes,
		VIP:     inv.VIP,
		Network: inv.Network,
		PostgreSQL: component.PostgreSQL{
			Vendor:    inv.PostgreSQL.Vendor,
			Version:   inv.PostgreSQL.Version,
			Users:     inv.logins(),
			Databases: inv.PostgreSQL.Databases,
		},
	}
}

func (inv Inventory) logins() []component.Login {
	var list []component.Login
	for _, u := range inv.PostgreSQL.Users {
		list = append(list, u.Login)
	}
	return list
}
