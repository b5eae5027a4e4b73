package pki

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Expiry is when a certificate of this build ends.
type Expiry struct {
	// Name is the leaf's, or "authority " and the authority's.
	Name     string    `json:"name"`
	NotAfter time.Time `json:"not_after"`
	// Days are the whole days left; negative when it has ended.
	Days int `json:"days"`
	// Soon is set when it is time to warn.
	Soon bool `json:"soon"`
}

// String is the line a build prints.
func (e Expiry) String() string {
	return fmt.Sprintf("certificate %s expires in %d days, on %s", e.Name, e.Days, e.NotAfter.Format(time.DateOnly))
}

// Expiry lists the authorities and leaves this build has used, the first to end first.
//
// A leaf is reported as Soon inside Lifetimes.Warn, an authority in its last year: to
// replace it, every node must first be told to trust the old and the new one.
func (a *Authority) Expiry() []Expiry {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.state.conf.Now()
	entry := func(name string, end time.Time, warn time.Duration) Expiry {
		left := end.Sub(now)
		return Expiry{Name: name, NotAfter: end, Days: int(left / day), Soon: left < warn}
	}
	var list []Expiry
	for name, ca := range a.cas {
		list = append(list, entry("authority "+name, ca.Certificate.NotAfter, 365*day))
	}
	for name, l := range a.used {
		list = append(list, entry(name, l.NotAfter, a.life.Warn))
	}
	slices.SortFunc(list, func(x, y Expiry) int {
		return cmp.Or(x.NotAfter.Compare(y.NotAfter), cmp.Compare(x.Name, y.Name))
	})
	return list
}

// Issued lists the leaves this build has made rather than reused, by name.
func (a *Authority) Issued() []Leaf {
	a.mu.Lock()
	defer a.mu.Unlock()
	var list []Leaf
	for _, name := range slices.Sorted(maps.Keys(a.used)) {
		if l := a.used[name]; l.Reason != "" {
			list = append(list, l)
		}
	}
	return list
}

// DropUnused forgets the leaves that this build did not ask for, such as those of a node
// that has left, and returns their names: a key nobody needs is only there to be stolen.
func (a *Authority) DropUnused() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.state.mu.Lock()
	defer a.state.mu.Unlock()
	var dropped []string
	for _, name := range slices.Sorted(maps.Keys(a.state.file.Leaves)) {
		if _, ok := a.used[name]; !ok {
			delete(a.state.file.Leaves, name)
			a.state.changed = true
			dropped = append(dropped, name)
		}
	}
	return dropped
}
