package systemdtest

import (
	"context"
	"fmt"

	"github.com/pgcgen/pgcgen/nodeinit/systemd"
)

func (m *Manager) each(ctx context.Context, verb string, units []string, effect func(*systemd.State) error) error {
	for _, unit := range units {
		if err := m.do(ctx, verb+" "+unit, unit, effect); err != nil {
			return err
		}
	}
	return nil
}

// do records a call, gives its scripted result or has its effect, and calls the hook.
func (m *Manager) do(ctx context.Context, call, unit string, effect func(*systemd.State) error) error {
	hook, err := m.record(ctx, call, unit, effect)
	if err == nil && hook != nil {
		hook(call)
	}
	return err
}

func (m *Manager) record(ctx context.Context, call, unit string, effect func(*systemd.State) error) (func(string), error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls = append(m.calls, call)
	if err := m.next(ctx, call); err != nil {
		return nil, err
	}
	state := m.get(unit)
	if err := effect(&state); err != nil {
		return nil, err
	}
	if unit != "" {
		m.put(state)
	}
	return m.hook, nil
}

// next takes the scripted result of a call.
func (m *Manager) next(ctx context.Context, call string) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("cannot %s: %w", call, err)
	}
	results := m.scripts[call]
	if len(results) == 0 {
		return nil
	}
	m.scripts[call] = results[1:]
	return results[0]
}

// run makes a unit run under a new invocation.
func (m *Manager) run(s *systemd.State, job string) error {
	if s.LoadState != "loaded" {
		return &systemd.StateError{Unit: s.Unit, Job: job, State: *s}
	}
	m.starts++
	s.ActiveState, s.SubState, s.Result = "active", "running", "success"
	s.ConditionResult, s.ConditionChecked = true, true
	s.MainPID, s.InvocationID = 1000+m.starts, fmt.Sprintf("%032x", m.starts)
	return nil
}

func (m *Manager) get(unit string) systemd.State {
	if s, ok := m.units[unit]; ok {
		return s
	}
	return systemd.State{Unit: unit, LoadState: "loaded", ActiveState: "inactive", SubState: "dead", UnitFileState: "disabled"}
}

func (m *Manager) put(state systemd.State) {
	if m.units == nil {
		m.units = map[string]systemd.State{}
	}
	m.units[state.Unit] = state
}

var _ systemd.Manager = (*Manager)(nil)
