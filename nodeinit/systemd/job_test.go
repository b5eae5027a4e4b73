package systemd

import (
	"context"
	"errors"
	"strings"
	"syscall"
	"testing"

	godbus "github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"
)

func TestEveryResultButDoneIsAnError(t *testing.T) {
	for _, result := range []string{"canceled", "timeout", "failed", "dependency", "skipped", "invalid", "assert", "unsupported", "collected", "once", "frozen"} {
		f := &fakeBus{results: map[string]string{"start": result}, properties: map[string][]map[string]any{
			"a.service": {service("active", "running", "Requires", []string{"ok.mount", "bad.mount"})}, // even if it happens to run
			"ok.mount":  {service("active", "mounted")},
			"bad.mount": {service("failed", "failed", "Result", "exit-code", "ExecMainStatus", int32(32))},
		}}
		err := bus(f).Start(t.Context(), "a.service")
		var failure *JobError
		if !errors.As(err, &failure) || failure.Result != result || failure.Job != "start" || failure.Unit != "a.service" {
			t.Errorf("%s: %v", result, err)
			continue
		}
		if !strings.Contains(err.Error(), "its journal ends with: last words") {
			t.Errorf("%s: no journal in %v", result, err)
		}
		names := strings.Contains(err.Error(), "it requires bad.mount, which is failed (failed), it ended with exit-code, status 32")
		if names != (result == "dependency") || strings.Contains(err.Error(), "ok.mount") {
			t.Errorf("%s: dependencies in %v", result, err)
		}
	}
}

func TestDoneIsBelievedOnlyWithTheState(t *testing.T) {
	tests := map[string]struct {
		after map[string]any
		want  string // part of the error; empty for success
	}{
		"running":            {service("active", "running"), ""},
		"reloading already":  {service("reloading", "reload"), ""},
		"oneshot that ended": {service("inactive", "dead", "Type", "oneshot"), ""},
		"oneshot without its condition": {
			service("inactive", "dead", "Type", "oneshot", "ConditionResult", false), "not started because a condition does not hold"},
		"condition": {service("inactive", "dead", "ConditionResult", false, "Conditions", [][]any{
			{"ConditionPathExists", false, true, "/ok", int32(1)}, {"ConditionPathExists", false, false, "/etc/x", int32(-1)},
			{"ConditionVirtualization", true, true, "container", int32(-1)}}),
			"cannot start a.service: the unit is not started because ConditionPathExists=/etc/x and ConditionVirtualization=|!container does not hold"},
		"oneshot that systemd forgot": {
			map[string]any{"LoadState": "loaded", "ActiveState": "inactive", "SubState": "dead", "Type": "oneshot", "Result": "success"}, "the unit is inactive (dead)"},
		"ended":        {service("inactive", "dead"), "inactive (dead)"},
		"failed":       {service("failed", "failed", "Result", "exit-code", "ExecMainStatus", int32(2)), "failed (failed), it ended with exit-code, status 2"},
		"auto-restart": {service("activating", "auto-restart", "Result", "signal", "ExecMainStatus", int32(9), "NRestarts", uint32(3)), "activating (auto-restart), it ended with signal, status 9, restarted 3 times"},
		"masked":       {service("inactive", "dead", "LoadState", "masked"), "its unit file is masked"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := &fakeBus{results: map[string]string{"start": "done"}, properties: map[string][]map[string]any{"a.service": {tt.after}}}
			err := bus(f).Start(t.Context(), "a.service")
			if tt.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var failure *StateError
			if !errors.As(err, &failure) || !strings.Contains(err.Error(), tt.want) || failure.Lines == nil {
				t.Errorf("Start: %v, want %q in it", err, tt.want)
			}
		})
	}
}

func TestStartForgetsFailuresFirst(t *testing.T) {
	notLoaded := godbus.Error{Name: "org.freedesktop.systemd1.NoSuchUnit", Body: []any{"Unit a.service not loaded."}}
	f := &fakeBus{results: map[string]string{"start": "done"}, refusals: map[string]error{"reset-failed a.service": notLoaded},
		properties: map[string][]map[string]any{"a.service": {service("active", "running")}}}
	if err := bus(f).Start(t.Context(), "a.service"); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"reset-failed a.service", "start a.service replace"}, f.calls); diff != "" {
		t.Error(diff)
	}
	f.refusals["reset-failed a.service"] = godbus.Error{Name: "org.freedesktop.DBus.Error.AccessDenied"}
	if err := bus(f).Start(t.Context(), "a.service"); err == nil {
		t.Error("a refusal was ignored")
	}
}

func TestRestartNeedsANewInvocation(t *testing.T) {
	f := &fakeBus{results: map[string]string{"restart": "done"}, properties: map[string][]map[string]any{
		"a.service": {service("active", "running"), service("active", "running", "InvocationID", []byte{2})}}}
	if err := bus(f).Restart(t.Context(), "a.service"); err != nil {
		t.Error(err)
	}
	f.properties["a.service"] = []map[string]any{service("active", "running")}
	var failure *StateError
	if err := bus(f).Restart(t.Context(), "a.service"); !errors.As(err, &failure) {
		t.Errorf("the same invocation: %v", err)
	}
}

func TestReloadAndStop(t *testing.T) {
	noSuch := godbus.Error{Name: "org.freedesktop.systemd1.NoSuchUnit"}
	f := &fakeBus{results: map[string]string{"reload": "done", "stop": "done"}, refusals: map[string]error{"stop gone.service replace": noSuch},
		properties: map[string][]map[string]any{"a.service": {service("active", "running")}, "dead.service": {service("failed", "failed")}}}
	b, ctx := bus(f), t.Context()
	var failure *StateError
	if err := b.Reload(ctx, "a.service"); err != nil {
		t.Error(err)
	}
	if err := b.Reload(ctx, "dead.service"); !errors.As(err, &failure) {
		t.Errorf("after the reload it is dead: %v", err)
	}
	for _, unit := range []string{"dead.service", "gone.service"} {
		if err := b.Stop(ctx, unit); err != nil {
			t.Error(err)
		}
	}
	if err := b.Stop(ctx, "a.service"); !errors.As(err, &failure) {
		t.Errorf("after the stop it runs: %v", err)
	}
}

func TestWaitEndsWithContextAndConnection(t *testing.T) {
	stop := errors.New("told to stop")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(stop)
	if err := bus(&fakeBus{}).Start(ctx, "a.service"); !errors.Is(err, stop) || !strings.Contains(err.Error(), "its job goes on") {
		t.Errorf("Start: %v", err)
	}
	f := &fakeBus{lost: make(chan struct{})}
	close(f.lost)
	if err := bus(f).Start(t.Context(), "a.service"); !errors.Is(err, ErrDisconnected) {
		t.Errorf("Start: %v", err)
	}
}

func TestBusConnectsAgain(t *testing.T) {
	first, second := &fakeBus{}, &fakeBus{}
	b := bus(first, second)
	for range 2 {
		if _, err := b.State(t.Context(), "a.service"); err != nil {
			t.Fatal(err)
		}
	}
	first.broken = true
	if err := b.DaemonReload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(first.calls) != 0 || len(second.calls) != 1 {
		t.Errorf("first %v, second %v", first.calls, second.calls)
	}
}

// A write into a connection that systemd closed a moment ago fails before anything has
// marked the connection as broken.
func TestCallIsRepeatedOnceOnANewConnection(t *testing.T) {
	pipe := map[string]error{"daemon-reload": syscall.EPIPE}
	good := &fakeBus{}
	if err := bus(&fakeBus{refusals: pipe}, good).DaemonReload(t.Context()); err != nil || len(good.calls) != 1 {
		t.Errorf("DaemonReload: %v after %v", err, good.calls)
	}
	err := bus(&fakeBus{refusals: pipe}, &fakeBus{refusals: pipe}, good).DaemonReload(t.Context())
	if !errors.Is(err, ErrDisconnected) || !errors.Is(err, syscall.EPIPE) || len(good.calls) != 1 {
		t.Errorf("DaemonReload: %v", err)
	}
	refused := &fakeBus{refusals: map[string]error{"daemon-reload": godbus.Error{Name: "org.freedesktop.DBus.Error.AccessDenied"}}}
	if err := bus(refused).DaemonReload(t.Context()); err == nil || len(refused.calls) != 1 {
		t.Errorf("an answer was asked for again: %v", refused.calls)
	}
}
