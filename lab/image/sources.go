package image

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/pgcgen/pgcgen/lab/command"
)

// Source is one suite of one archive, as a line of sources.list(5) names it.
type Source struct {
	URI, Suite, Component string
}

// Line is the source in the one-line style of sources.list(5).
func (s Source) Line() string { return "deb " + s.URI + " " + s.Suite + " " + s.Component }

// pockets are the parts of a release that an image is made of; backports are not.
var pockets = []string{"", "-updates", "-security"}

// indexFormat asks apt for its package indexes, one per line; the fields are those of
// `apt-get indextargets` (apt's doc/acquire-additional-files.md).
const indexFormat = "$(REPO_URI) $(CODENAME) $(COMPONENT) $(ORIGIN)"

// HostSources are the Debian archives that this machine's own apt uses, with its own
// release replaced by suite: whatever mirror serves the host serves the images.
func HostSources(ctx context.Context, suite string) ([]Source, error) {
	indexes, err := command.Output(ctx, "apt-get", "indextargets", "--format", indexFormat, "Created-By: Packages")
	if err != nil {
		return nil, fmt.Errorf("cannot read apt's sources: %w", err)
	}
	release, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return nil, fmt.Errorf("cannot tell this machine's release: %w", err)
	}
	return sources(indexes, codename(string(release)), suite)
}

// Archives are the base addresses of the Debian archives that this machine's apt uses. All
// releases are below the same ones.
func Archives(ctx context.Context) ([]string, error) {
	found, err := HostSources(ctx, "any")
	if err != nil {
		return nil, err
	}
	var addresses []string
	for _, s := range found {
		if !slices.Contains(addresses, s.URI) {
			addresses = append(addresses, s.URI)
		}
	}
	return addresses, nil
}

// codename reads VERSION_CODENAME from os-release(5).
func codename(release string) string {
	for line := range strings.Lines(release) {
		if v, ok := strings.CutPrefix(strings.TrimSpace(line), "VERSION_CODENAME="); ok {
			return strings.Trim(v, `"'`)
		}
	}
	return ""
}

func sources(indexes, own, suite string) ([]Source, error) {
	var found []Source
	for line := range strings.Lines(indexes) {
		f := strings.Fields(line)
		if len(f) != 4 || f[3] != "Debian" || f[2] != "main" {
			continue
		}
		pocket, ok := strings.CutPrefix(f[1], own)
		s := Source{URI: f[0], Suite: suite + pocket, Component: f[2]}
		if ok && slices.Contains(pockets, pocket) && !slices.Contains(found, s) {
			found = append(found, s)
		}
	}
	if !slices.ContainsFunc(found, func(s Source) bool { return s.Suite == suite }) {
		return nil, fmt.Errorf("cannot find Debian's archive for %q in apt's configuration: add it and run apt-get update", own)
	}
	return found, nil
}

// checks are apt's settings about the age of an archive. A frozen mirror is used with them
// switched off, and then an image needs the same.
var checks = []string{"Acquire::Check-Valid-Until", "Acquire::Check-Date"}

// hostChecks returns those of the host's age checks that are set, as apt.conf(5) lines.
func hostChecks(ctx context.Context) ([]string, error) {
	argv := []string{"apt-config", "dump", "--no-empty", "--format", `%F "%v";%n`}
	dump, err := command.Output(ctx, append(argv, checks...)...)
	if err != nil {
		return nil, fmt.Errorf("cannot read apt's configuration: %w", err)
	}
	return strings.FieldsFunc(dump, func(r rune) bool { return r == '\n' }), nil
}
