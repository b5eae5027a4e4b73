// Package systemd starts, stops, enables and masks units over D-Bus, and believes neither a
// finished job nor an active unit alone: every answer is the job's result checked against
// the unit's state.
package systemd

import "context"

// Manager is what nodeinit asks of systemd. Unit names carry their suffix. Every call waits
// for its effect, or ends with ctx; the job itself then goes on, and asking again joins it.
type Manager interface {
	// Start starts a unit, whatever failures it has on record. A running unit is left
	// alone. The error is a *JobError or a *StateError when systemd could not do it.
	Start(ctx context.Context, unit string) error
	// Restart stops and starts a unit, or starts it when it does not run.
	Restart(ctx context.Context, unit string) error
	// Reload asks a running unit to read its files again; it is an error otherwise.
	Reload(ctx context.Context, unit string) error
	// Stop stops a unit; one that does not run or exist is stopped.
	Stop(ctx context.Context, unit string) error
	// Enable makes units start at boot; those that are enabled already stay so. It does
	// not start them. Enable before DaemonReload: a unit that nothing loaded refers to is
	// forgotten when it ends or is skipped, and with it the reason.
	Enable(ctx context.Context, units ...string) error
	// Mask makes it impossible to start units, persistently and whether they exist or not.
	// Running ones go on.
	Mask(ctx context.Context, units ...string) error
	// DaemonReload makes systemd read all unit files again.
	DaemonReload(ctx context.Context) error
	// ResetFailed forgets a unit's failures; a unit without any is fine.
	ResetFailed(ctx context.Context, unit string) error
	// State says where a unit stands; a unit that does not exist has LoadState "not-found".
	State(ctx context.Context, unit string) (State, error)
}
