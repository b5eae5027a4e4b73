package systemd

import (
	"context"
	"errors"
	"fmt"
	"strings"

	godbus "github.com/godbus/dbus/v5"
)

// Enable implements Manager.
func (b *Bus) Enable(ctx context.Context, units ...string) error {
	if len(units) == 0 {
		return nil
	}
	err := b.call(ctx, func(conn connection) error {
		_, _, err := conn.EnableUnitFilesContext(ctx, units, false, false)
		return err
	})
	if err != nil {
		return fmt.Errorf("cannot enable %s: %w", strings.Join(units, ", "), err)
	}
	return nil
}

// Mask implements Manager. systemd reads its unit files again when anything changed, for it
// would start a unit that it has loaded before.
func (b *Bus) Mask(ctx context.Context, units ...string) error {
	if len(units) == 0 {
		return nil
	}
	changed := false
	err := b.call(ctx, func(conn connection) error {
		// Force replaces links to other units; a real file in the place is refused even so.
		changes, err := conn.MaskUnitFilesContext(ctx, units, false, true)
		changed = changed || len(changes) > 0
		return err
	})
	if err != nil {
		return fmt.Errorf("cannot mask %s: %w", strings.Join(units, ", "), err)
	}
	if !changed {
		return nil
	}
	return b.DaemonReload(ctx)
}

// DaemonReload implements Manager.
func (b *Bus) DaemonReload(ctx context.Context) error {
	b.reloading.Lock()
	defer b.reloading.Unlock()
	err := b.call(ctx, func(conn connection) error { return conn.ReloadContext(ctx) })
	if err != nil {
		return fmt.Errorf("cannot make systemd read its unit files: %w", err)
	}
	return nil
}

// ResetFailed implements Manager.
func (b *Bus) ResetFailed(ctx context.Context, unit string) error {
	err := b.call(ctx, func(conn connection) error { return conn.ResetFailedUnitContext(ctx, unit) })
	if err != nil && !isNoSuchUnit(err) { // not loaded: nothing on record
		return fmt.Errorf("cannot reset the failures of %s: %w", unit, err)
	}
	return nil
}

// State implements Manager.
func (b *Bus) State(ctx context.Context, unit string) (State, error) {
	var properties map[string]any
	err := b.call(ctx, func(conn connection) (err error) {
		properties, err = conn.GetAllPropertiesContext(ctx, unit)
		return err
	})
	if err != nil {
		return State{}, fmt.Errorf("cannot see the state of %s: %w", unit, err)
	}
	return stateOf(unit, properties), nil
}

func isNoSuchUnit(err error) bool {
	var failure godbus.Error
	return errors.As(err, &failure) && failure.Name == "org.freedesktop.systemd1.NoSuchUnit"
}
