package systemdtest_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pgcgen/pgcgen/nodeinit/systemd"
	"github.com/pgcgen/pgcgen/nodeinit/systemd/systemdtest"
)

func TestManagerFollowsItsScript(t *testing.T) {
	var m systemdtest.Manager
	var hooked []string
	m.Hook(func(call string) { hooked = append(hooked, call) })
	failure := errors.New("no")
	m.Script("start etcd.service", failure)
	ctx := t.Context()
	if err := m.Start(ctx, "etcd.service"); !errors.Is(err, failure) {
		t.Errorf("first start: %v", err)
	}
	for range 2 {
		if err := m.Start(ctx, "etcd.service"); err != nil {
			t.Error(err)
		}
	}
	first, _ := m.State(ctx, "etcd.service")
	if err := m.Restart(ctx, "etcd.service"); err != nil {
		t.Error(err)
	}
	second, _ := m.State(ctx, "etcd.service")
	if !first.Active() || !second.Active() || first.InvocationID == second.InvocationID {
		t.Errorf("%+v, then %+v", first, second)
	}
	want := []string{"start etcd.service", "start etcd.service", "restart etcd.service"}
	if diff := cmp.Diff(want, hooked); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(append([]string{"start etcd.service"}, want...), m.Calls()); diff != "" {
		t.Error(diff)
	}
}

func TestManagerRefusesWhatSystemdRefuses(t *testing.T) {
	var m systemdtest.Manager
	ctx := t.Context()
	var refused *systemd.StateError
	if err := m.Mask(ctx, "patroni.service"); err != nil {
		t.Error(err)
	}
	if err := m.Start(ctx, "patroni.service"); !errors.As(err, &refused) {
		t.Errorf("start of a masked unit: %v", err)
	}
	if err := m.Enable(ctx, "patroni.service"); err == nil {
		t.Error("a masked unit was enabled")
	}
	if err := m.Reload(ctx, "haproxy.service"); !errors.As(err, &refused) {
		t.Errorf("reload of a unit that does not run: %v", err)
	}
	m.Set(systemd.State{Unit: "x.service", LoadState: "loaded", ActiveState: "failed"})
	if err := m.ResetFailed(ctx, "x.service"); err != nil {
		t.Error(err)
	}
	if s, err := m.State(ctx, "x.service"); err != nil || s.ActiveState != "inactive" {
		t.Errorf("%+v, %v", s, err)
	}
}
