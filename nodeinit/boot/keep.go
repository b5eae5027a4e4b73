package boot

import (
	"context"
	"errors"
	"time"

	"github.com/pgcgen/pgcgen/nodeinit/host"
	"github.com/pgcgen/pgcgen/nodeinit/sequence"
	"github.com/pgcgen/pgcgen/templates/component"
)

// keepEvery is how often a healthy node is looked at again.
const keepEvery = 30 * time.Second

// keep goes on after the bring-up: it keeps roles and databases where this node leads, and
// the status up to date.
func (b *bringUp) keep(ctx context.Context, board *board) error {
	for {
		if err := sleep(ctx, keepEvery); err != nil {
			return err
		}
		if b.self.Has(component.RolePostgres) {
			if _, err := b.reconcile(ctx); err != nil {
				b.Log.Warn("cannot keep roles and databases", "error", err)
			}
		}
		board.checked(runChecks(ctx, b.checks()))
	}
}

// journalFile records which steps are done for which spec.
const journalFile = "/var/lib/nodeinit/journal.json"

// journal keeps on the machine which steps are done.
func (a *Agent) journal() sequence.Store { return host.StateFile{Host: a.Host, Path: journalFile} }

// Verify runs every check once, for the command line. It changes nothing.
func (a *Agent) Verify(ctx context.Context) ([]Result, error) {
	b, err := a.loaded()
	if err != nil {
		return nil, err
	}
	if err := errors.Join(b.gather(ctx, nil), b.decide(ctx, nil)); err != nil {
		return nil, err
	}
	return runChecks(ctx, b.checks()), nil
}

// Planned is a step of the bring-up, for the command line.
type Planned struct {
	Step  string   `json:"step"`
	Title string   `json:"title"`
	After []string `json:"after,omitempty"`
}

// Plan lists the steps that Run would take on this machine.
func (a *Agent) Plan() ([]Planned, error) {
	b, err := a.loaded()
	if err != nil {
		return nil, err
	}
	var list []Planned
	for _, s := range b.plan() {
		list = append(list, Planned{Step: s.Name, Title: s.Title, After: s.After})
	}
	return list, nil
}
