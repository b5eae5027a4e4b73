// Package boot brings a machine up as its spec says and keeps it so.
//
// plan.go is the whole bring-up on one screen. Each step is idempotent: after a power cut
// only what is missing runs again, and running nodeinit on a healthy node changes nothing.
package boot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/pgcgen/pgcgen/nodeinit/host"
	"github.com/pgcgen/pgcgen/nodeinit/packages"
	"github.com/pgcgen/pgcgen/nodeinit/sequence"
	"github.com/pgcgen/pgcgen/nodeinit/spec"
	"github.com/pgcgen/pgcgen/nodeinit/systemd"
	"github.com/pgcgen/pgcgen/templates/component"
	"github.com/pgcgen/pgcgen/templates/platform"
)

// Agent is nodeinit on one machine.
type Agent struct {
	Host    *host.Host
	Systemd systemd.Manager
	// Installer makes the package manager of a platform.
	Installer func(platform.Platform) (packages.Installer, error)
	Log       *slog.Logger
	// Console shows one line per step to whoever stands before the machine.
	Console func(string)
	// Version is nodeinit's own.
	Version string
	Now     func() time.Time
}

// bringUp is one run of the agent for one spec.
type bringUp struct {
	*Agent
	spec       spec.Spec
	self       component.Node
	platform   platform.Platform
	components []component.Component
	installer  packages.Installer
	peers      *peers

	// facts is written by the facts and membership steps and read by those after them.
	facts component.Facts
	// changed names the components whose files differ from what their unit last read.
	changed map[string]bool
}

// newBringUp finds what the spec means on this machine.
func (a *Agent) newBringUp(s spec.Spec) (*bringUp, error) {
	p, err := s.Cluster.Platform()
	if err != nil {
		return nil, err
	}
	installer, err := a.Installer(p)
	if err != nil {
		return nil, err
	}
	b := &bringUp{Agent: a, spec: s, self: s.Self(), platform: p, installer: installer, changed: map[string]bool{}}
	b.facts = component.Facts{Versions: p.Versions, Bootstrap: true}
	for _, c := range s.Cluster.Settings.Components() {
		if c.On(b.self) {
			b.components = append(b.components, c)
		}
	}
	b.peers, err = newPeers(s)
	return b, err
}

func (b *bringUp) view() component.View {
	return b.spec.Cluster.View(b.self, b.platform, b.facts)
}

// Run waits for a spec, brings the machine up and stays, until ctx ends. A spec that must
// be refused leaves the machine untouched and is looked at again: repairing it is enough.
func (a *Agent) Run(ctx context.Context) error {
	board := newBoard(a)
	defer board.close()
	s, err := a.awaitSpec(ctx, board)
	if err != nil {
		return endedBy(ctx, err)
	}
	b, err := a.newBringUp(s)
	if err != nil {
		return fmt.Errorf("cannot use spec: %w", err)
	}
	seq, err := sequence.New(b.plan(), sequence.Options{
		Digest: s.Digest, Store: a.journal(), Observers: []func(sequence.Event){board.observe},
	})
	if err != nil {
		return err
	}
	board.begin(b, seq)
	if err := seq.Run(ctx); err != nil {
		return endedBy(ctx, err)
	}
	board.healthy()
	return endedBy(ctx, b.keep(ctx, board))
}

// endedBy hides the error of a run that was asked to end.
func endedBy(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
		return nil
	}
	return err
}
