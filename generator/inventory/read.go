package inventory

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/pgcgen/pgcgen/templates/component"
)

// maxSize is the largest inventory file; a thousand nodes take some 150 KB.
const maxSize = 4 << 20

// Load reads an inventory file. The problems are everything wrong with it, warnings
// included; when there are errors among them the inventory must not be used. The error
// says why the file could not be read at all.
func Load(path string) (Inventory, Problems, error) {
	f, err := os.Open(path)
	if err != nil {
		return Inventory{}, nil, fmt.Errorf("cannot read inventory: %w", err)
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return Inventory{}, nil, fmt.Errorf("cannot read inventory: %w", err)
	}
	inv, problems := Read(path, data)
	return inv, problems, nil
}

// Read reads an inventory from memory; name is the file in messages.
//
// The inventory comes back complete: every setting left out has its default.
func Read(name string, data []byte) (Inventory, Problems) {
	sum := sha256.Sum256(data)
	inv := Inventory{Digest: hex.EncodeToString(sum[:])}
	r := newReader(name)
	if root := r.parse(data); root != nil {
		r.decode(root, &inv)
		inv.setDefaults()
		r.judge(rules(), inv)
		if platform, ok := inv.usable(); ok {
			inv.Settings = inv.WithDefaults(inv.Timings, inv.Topology())
			given := func(path string) bool { _, ok := r.marks[path]; return ok }
			r.components = true
			r.judge(componentRules(platform, given), inv)
		}
	}
	return inv, r.problems.sorted()
}

// rule looks at one aspect of a decoded inventory, defaults included. It must bear values
// that are missing or wrong: decoding and other rules report those.
type rule func(Inventory) []component.Problem

// judge applies rules and places what they find. What is said of a value that could not
// be read, or of something that contains or lies within one, would only be a consequence.
func (r *reader) judge(rules []rule, inv Inventory) {
	for _, rule := range rules {
		for _, p := range rule(inv) {
			if r.touchesUnread(p.Path) || r.follows(p.Path) {
				continue
			}
			severity := SeverityError
			if p.Warning {
				severity = SeverityWarning
			}
			r.add(r.locate(p.Path), Problem{Path: p.Path, Message: p.Message, Fix: p.Fix, Severity: severity})
		}
	}
}

func (r *reader) touchesUnread(path string) bool {
	for unread := range r.unread {
		if within(path, unread) || within(unread, path) {
			return true
		}
	}
	return false
}

// follows reports whether a component complains of a node's or the virtual address while
// the network's own rules have found an address to be wrong: one mistake is told once.
func (r *reader) follows(path string) bool {
	if !r.components || !strings.HasPrefix(path, "nodes[") && !within(path, "vip") {
		return false
	}
	return slices.ContainsFunc(r.problems, func(p Problem) bool {
		return p.Severity == SeverityError && strings.HasSuffix(p.Path, ".address")
	})
}

// within reports whether path is outer or a place inside it.
func within(path, outer string) bool {
	rest, ok := strings.CutPrefix(path, outer)
	return ok && (rest == "" || outer == "" || rest[0] == '.' || rest[0] == '[')
}

// locate finds the position of a logical path, or of the deepest thing around it that the
// file has.
func (r *reader) locate(path string) mark {
	for path != "" {
		if m, ok := r.marks[path]; ok {
			return m
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return r.marks[""]
}
