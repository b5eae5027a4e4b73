package boot

import (
	"context"
	"fmt"

	"github.com/pgcgen/pgcgen/nodeinit/fault"
	"github.com/pgcgen/pgcgen/nodeinit/sequence"
	"github.com/pgcgen/pgcgen/templates/component"
)

// run is the function of a step.
type run = func(context.Context, *sequence.Report) error

// start makes a component's units run with the files that are in place. A unit that runs
// already is touched only when its files have changed, in the way the unit declares.
func (b *bringUp) start(c component.Component) run {
	return func(ctx context.Context, _ *sequence.Report) error {
		units, err := c.Units(b.view())
		if err != nil {
			return err
		}
		for _, u := range units {
			state, err := b.Systemd.State(ctx, u.Name)
			if err != nil {
				return err
			}
			if state.ActiveState == "active" {
				if err := b.apply(ctx, u, b.changed[c.Name]); err != nil {
					return err
				}
				continue
			}
			if err := b.checkPorts(c, state.ActiveState); err != nil {
				return err
			}
			if err := b.Systemd.Start(ctx, u.Name); err != nil {
				return err
			}
		}
		b.changed[c.Name] = false
		return nil
	}
}

func (b *bringUp) apply(ctx context.Context, u component.Unit, changed bool) error {
	if !changed {
		return nil
	}
	switch u.Change {
	case component.ChangeRestart:
		return b.Systemd.Restart(ctx, u.Name)
	case component.ChangeReload:
		return b.Systemd.Reload(ctx, u.Name)
	default:
		return nil
	}
}

// checkPorts names the process that holds a port before the component fails on it.
func (b *bringUp) checkPorts(c component.Component, active string) error {
	if c.Ports == nil || active != "inactive" {
		return nil
	}
	for _, p := range c.Ports(b.view()) {
		holder, taken, err := b.Host.PortHolder(p.Address, p.Number)
		if err != nil {
			return err
		}
		if taken {
			return fault.Blocked(fmt.Errorf("port %d of %s is taken by %s", p.Number, c.Name, holder),
				fmt.Sprintf("stop that process, or choose another port (%s in the inventory)", p.Setting))
		}
	}
	return nil
}

// sentence is what a component's readiness means, for plans and progress.
func (b *bringUp) sentence(c component.Component) string {
	if c.Ready == nil {
		return c.Name + " works"
	}
	return c.Ready(b.view()).Sentence
}

// ready waits until the component's probe holds.
func (b *bringUp) ready(c component.Component) run {
	return func(ctx context.Context, r *sequence.Report) error {
		if c.Ready == nil {
			return nil
		}
		check := func(ctx context.Context) error { return c.Ready(b.view()).Check(ctx, b.Host) }
		if c.Name != "patroni" {
			return r.Until(ctx, check)
		}
		healer := &healer{bringUp: b}
		return r.Until(ctx, func(ctx context.Context) error {
			err := check(ctx)
			if err != nil {
				healer.look(ctx)
			}
			return err
		})
	}
}
