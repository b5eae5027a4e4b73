// Package platform says what differs between operating systems and package layouts:
// package names, paths, users, units. It is data; no code elsewhere asks for an
// operating system's name.
package platform

import (
	"fmt"
	"slices"
	"strings"
)

// Layout is where the database's packages come from and where they put their files.
type Layout string

// LayoutDistro is the operating system's own packages.
const LayoutDistro Layout = "distro"

// Platform is one operating system with one layout.
type Platform struct {
	// OS is the name the inventory uses, as "debian-13".
	OS     string
	Layout Layout
	// ID and VersionID are what /etc/os-release says on such a machine.
	ID, VersionID string
	// Codename is the distribution's suite.
	Codename string
	// Manager installs packages: "apt".
	Manager string
	// PostgreSQL lists the major versions the layout offers, newest last.
	PostgreSQL []int
	// Versions are the upstream versions of the components in the stock release; rendering
	// depends on them, and the machine's own are used at boot.
	Versions map[string]string
	// Packages are the package names per component; %d is PostgreSQL's major version.
	Packages map[string][]string
	// Masks are the distribution's units per component; none of them ever runs.
	Masks map[string][]string
	// VersionPackage is the package whose version is the component's version.
	VersionPackage map[string]string
	// Paths of programs, by program name; %d is PostgreSQL's major version.
	Programs map[string]string
	// DataDir is where PostgreSQL's data lives; %d is the major version, %s the scope.
	DataDir string
	// SocketDir is PostgreSQL's unix_socket_directories.
	SocketDir string
}

// Find returns the platform with a name and layout.
func Find(os string, layout Layout) (Platform, error) {
	for _, p := range all() {
		if p.OS == os && p.Layout == layout {
			return p, nil
		}
	}
	return Platform{}, fmt.Errorf("cannot use platform %s with layout %s: known are %s", os, layout, strings.Join(Names(), ", "))
}

// Names lists the supported platforms as "os/layout".
func Names() []string {
	var names []string
	for _, p := range all() {
		names = append(names, p.OS+"/"+string(p.Layout))
	}
	slices.Sort(names)
	return names
}

// OSes lists the supported operating systems.
func OSes() []string {
	var names []string
	for _, p := range all() {
		if !slices.Contains(names, p.OS) {
			names = append(names, p.OS)
		}
	}
	slices.Sort(names)
	return names
}

// Offers reports whether the platform has a PostgreSQL major version.
func (p Platform) Offers(version int) bool { return slices.Contains(p.PostgreSQL, version) }

// PackagesOf names the packages of a component for a PostgreSQL major version.
func (p Platform) PackagesOf(component string, version int) []string {
	return fill(p.Packages[component], version)
}

// MasksOf names the distribution's units of a component.
func (p Platform) MasksOf(component string, version int) []string {
	return fill(p.Masks[component], version)
}

// Program is the path of a program for a PostgreSQL major version.
func (p Platform) Program(name string, version int) string {
	return fill([]string{p.Programs[name]}, version)[0]
}

func fill(patterns []string, version int) []string {
	out := make([]string, 0, len(patterns))
	for _, s := range patterns {
		out = append(out, strings.ReplaceAll(s, "%d", fmt.Sprint(version)))
	}
	return out
}

// VersionPackages names, per program, the package whose version is the program's, for a
// PostgreSQL major version.
func (p Platform) VersionPackages(version int) map[string]string {
	out := make(map[string]string, len(p.VersionPackage))
	for name, pkg := range p.VersionPackage {
		out[name] = fill([]string{pkg}, version)[0]
	}
	return out
}
