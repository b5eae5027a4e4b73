// Package systemdtest has a scripted systemd.
package systemdtest

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/pgcgen/pgcgen/nodeinit/systemd"
)

// Manager is a systemd.Manager on which every unit exists and starts, unless the test says
// otherwise. The zero value is ready for use.
type Manager struct {
	mu      sync.Mutex
	calls   []string
	scripts map[string][]error
	units   map[string]systemd.State
	hook    func(call string)
	starts  uint32
}

// Script makes the next calls end with the given results, one each, nil meaning success:
// Script("start etcd.service", failure, nil). After them calls succeed again.
func (m *Manager) Script(call string, results ...error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.scripts == nil {
		m.scripts = map[string][]error{}
	}
	m.scripts[call] = append(m.scripts[call], results...)
}

// Set puts a unit into a state.
func (m *Manager) Set(state systemd.State) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.put(state)
}

// Hook is called with every successful call that changes something, after its effect, so
// that a test can pretend that a started program works.
func (m *Manager) Hook(f func(call string)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.hook = f
}

// Calls lists what was asked, except for states: "start etcd.service", "daemon-reload".
func (m *Manager) Calls() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.calls)
}

// Forget empties the list of calls.
func (m *Manager) Forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls = nil
}

// Start implements systemd.Manager.
func (m *Manager) Start(ctx context.Context, unit string) error {
	return m.do(ctx, "start "+unit, unit, func(s *systemd.State) error {
		if s.Active() {
			return nil
		}
		return m.run(s, "start")
	})
}

// Restart implements systemd.Manager.
func (m *Manager) Restart(ctx context.Context, unit string) error {
	return m.do(ctx, "restart "+unit, unit, func(s *systemd.State) error { return m.run(s, "restart") })
}

// Reload implements systemd.Manager.
func (m *Manager) Reload(ctx context.Context, unit string) error {
	return m.do(ctx, "reload "+unit, unit, func(s *systemd.State) error {
		if !s.Active() {
			return &systemd.StateError{Unit: unit, Job: "reload", State: *s}
		}
		return nil
	})
}

// Stop implements systemd.Manager.
func (m *Manager) Stop(ctx context.Context, unit string) error {
	return m.do(ctx, "stop "+unit, unit, func(s *systemd.State) error {
		s.ActiveState, s.SubState, s.MainPID = "inactive", "dead", 0
		return nil
	})
}

// Enable implements systemd.Manager.
func (m *Manager) Enable(ctx context.Context, units ...string) error {
	return m.each(ctx, "enable", units, func(s *systemd.State) error {
		if s.UnitFileState == "masked" {
			return fmt.Errorf("cannot enable %s: unit is masked", s.Unit)
		}
		s.UnitFileState = "enabled"
		return nil
	})
}

// Mask implements systemd.Manager.
func (m *Manager) Mask(ctx context.Context, units ...string) error {
	return m.each(ctx, "mask", units, func(s *systemd.State) error {
		s.UnitFileState, s.LoadState = "masked", "masked"
		return nil
	})
}

// DaemonReload implements systemd.Manager.
func (m *Manager) DaemonReload(ctx context.Context) error {
	return m.do(ctx, "daemon-reload", "", func(*systemd.State) error { return nil })
}

// ResetFailed implements systemd.Manager.
func (m *Manager) ResetFailed(ctx context.Context, unit string) error {
	return m.do(ctx, "reset-failed "+unit, unit, func(s *systemd.State) error {
		if s.ActiveState == "failed" {
			s.ActiveState, s.SubState = "inactive", "dead"
		}
		return nil
	})
}

// State implements systemd.Manager. Results can be scripted as "state etcd.service".
func (m *Manager) State(ctx context.Context, unit string) (systemd.State, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.next(ctx, "state "+unit); err != nil {
		return systemd.State{}, err
	}
	return m.get(unit), nil
}
