package systemd

import (
	"context"
	"fmt"
)

// lastLines is how much of a unit's journal an error carries.
const lastLines = 5

// Start implements Manager.
func (b *Bus) Start(ctx context.Context, unit string) error {
	// A unit that failed too often is refused until its failures are forgotten.
	if err := b.ResetFailed(ctx, unit); err != nil {
		return err
	}
	state, err := b.job(ctx, unit, "start", connection.StartUnitContext)
	if err == nil && !state.started() {
		err = &StateError{Unit: unit, Job: "start", State: state, Lines: b.lines(ctx, unit)}
	}
	return err
}

// Restart implements Manager.
func (b *Bus) Restart(ctx context.Context, unit string) error {
	before, err := b.State(ctx, unit)
	if err == nil {
		err = b.ResetFailed(ctx, unit)
	}
	if err != nil {
		return err
	}
	state, err := b.job(ctx, unit, "restart", connection.RestartUnitContext)
	if err != nil {
		return err
	}
	if !state.started() || state.InvocationID == before.InvocationID {
		return &StateError{Unit: unit, Job: "restart", State: state, Lines: b.lines(ctx, unit)}
	}
	return nil
}

// Reload implements Manager.
func (b *Bus) Reload(ctx context.Context, unit string) error {
	state, err := b.job(ctx, unit, "reload", connection.ReloadUnitContext)
	if err == nil && !state.Active() {
		err = &StateError{Unit: unit, Job: "reload", State: state, Lines: b.lines(ctx, unit)}
	}
	return err
}

// Stop implements Manager.
func (b *Bus) Stop(ctx context.Context, unit string) error {
	state, err := b.job(ctx, unit, "stop", connection.StopUnitContext)
	if isNoSuchUnit(err) {
		return nil
	}
	if err == nil && state.ActiveState != "inactive" && state.ActiveState != "failed" {
		err = &StateError{Unit: unit, Job: "stop", State: state, Lines: b.lines(ctx, unit)}
	}
	return err
}

// job asks for a job, waits for its end and returns the unit's state after it.
func (b *Bus) job(ctx context.Context, unit, verb string,
	ask func(connection, context.Context, string, string, chan<- string) (int, error),
) (State, error) {
	// The connection serves no other job until the result is taken: it must have a place.
	ended := make(chan string, 1)
	var lost <-chan struct{}
	err := b.call(ctx, func(conn connection) error {
		lost = conn.Lost()
		_, err := ask(conn, ctx, unit, "replace", ended)
		return err
	})
	if err != nil {
		return State{}, fmt.Errorf("cannot %s %s: %w", verb, unit, err)
	}
	var result string
	select {
	case result = <-ended:
	case <-ctx.Done():
		return State{}, fmt.Errorf("cannot %s %s: its job goes on: %w", verb, unit, context.Cause(ctx))
	case <-lost:
		return State{}, fmt.Errorf("cannot %s %s: %w", verb, unit, ErrDisconnected)
	}
	state, err := b.State(ctx, unit)
	if err != nil || result == "done" {
		return state, err
	}
	failure := &JobError{Unit: unit, Job: verb, Result: result, State: state, Lines: b.lines(ctx, unit)}
	if result == "dependency" {
		failure.Dependencies = b.missing(ctx, state)
	}
	return state, failure
}

// missing finds the required units that do not run.
func (b *Bus) missing(ctx context.Context, of State) []State {
	var missing []State
	for _, unit := range of.Requirements {
		if state, err := b.State(ctx, unit); err == nil && !state.started() {
			missing = append(missing, state)
		}
	}
	return missing
}

// lines are the unit's last words; an error is worth reporting without them too.
func (b *Bus) lines(ctx context.Context, unit string) []string {
	if b.journal == nil {
		return nil
	}
	lines, err := b.journal(ctx, unit, lastLines)
	if err != nil {
		return nil
	}
	return lines
}
