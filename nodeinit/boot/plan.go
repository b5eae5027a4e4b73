package boot

import (
	"slices"

	"github.com/pgcgen/pgcgen/nodeinit/sequence"
	"github.com/pgcgen/pgcgen/templates/component"
)

// plan is the whole bring-up. Steps run when those they come after are done; what is
// independent runs at the same time.
func (b *bringUp) plan() []sequence.Step {
	steps := []sequence.Step{
		{Name: "preflight", Title: "this machine is the one its spec describes", Run: b.preflight, Always: true},
		{Name: "mask", Title: "the distribution's own services are masked", After: after("preflight"), Run: b.mask},
		{Name: "packages", Title: "all packages are installed", After: after("mask"), Run: b.packages},
		{Name: "users", Title: "system users exist", After: after("packages"), Run: b.users},
		{Name: "certificates", Title: "certificates and keys are in place", After: after("users"), Run: b.certificates},
		{Name: "facts", Title: "the machine's facts are known", After: after("packages"), Run: b.gather, Always: true},
		{Name: "membership", Title: "it is decided how etcd starts", After: after("facts"), Run: b.decide, Always: true},
		{Name: "files", Title: "configuration and units are in place", After: after("certificates", "membership"), Run: b.files, Always: true},
	}
	for _, c := range b.components {
		steps = append(steps,
			sequence.Step{Name: c.Name + "/start", Title: c.Name + " is started", After: b.startAfter(c), Run: b.start(c), Always: true},
			sequence.Step{Name: c.Name + "/ready", Title: b.sentence(c), After: after(c.Name + "/start"), Run: b.ready(c), Always: true},
		)
	}
	if b.self.Has(component.RolePostgres) {
		steps = append(steps, sequence.Step{Name: "sql", Title: "roles, databases and PgBouncer's lookup exist", After: after("patroni/ready"), Run: b.sql, Always: true})
	}
	return append(steps, sequence.Step{
		Name: "verify", Title: "the cluster is healthy as seen from here", After: b.last(steps), Run: b.verify, Always: true,
	})
}

// startAfter names what must hold before a component is started: the components it needs
// on this node are ready. Patroni sleeps five seconds when etcd has no quorum yet, so
// starting it early makes it late.
func (b *bringUp) startAfter(c component.Component) []string {
	names := after("files")
	for _, needed := range c.Needs {
		if slices.ContainsFunc(b.components, func(o component.Component) bool { return o.Name == needed }) {
			names = append(names, needed+"/ready")
		}
	}
	return names
}

// last names the steps that no other step waits for.
func (b *bringUp) last(steps []sequence.Step) []string {
	waited := map[string]bool{}
	for _, s := range steps {
		for _, name := range s.After {
			waited[name] = true
		}
	}
	var names []string
	for _, s := range steps {
		if !waited[s.Name] {
			names = append(names, s.Name)
		}
	}
	return names
}

func after(names ...string) []string { return names }
